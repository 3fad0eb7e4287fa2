//! What each command does: a call to a node, and its answer written for people or programs.

mod asset;
mod audit;
mod circle;
pub mod config;
mod data;
mod disclose;
pub mod documents;
pub mod edge;
mod edges;
mod erase;
mod export;
mod follow;
mod import;
mod ledger;
mod login;
mod lookup;
mod manage;
mod notify;
mod operation;
mod preview;
mod protect;
mod queue;
mod recall;
mod scan;
mod seen;
mod serve;
mod share;
mod shield;
mod show;
mod verdict;

use serde_json::Value;

use crate::arguments::{
    AssetCommand, CircleCommand, CollectionCommand, Command, MemberCommand, PolicyCommand, ShieldCommand,
    TokenCommand,
};
use crate::failure::{Exit, Failure};
use crate::settings::Loaded;
use crate::terminal::{Output, Progress, inert_document};
use crate::transport::{Absent, Call, Transport, refusal};

/// Runs a command that needs settings.
///
/// # Errors
/// Why it failed.
pub fn run(command: Command, loaded: &Loaded, output: &mut Output) -> Result<Exit, Failure> {
    match command {
        Command::Serve(_) => serve::run(loaded, output),
        Command::Config(_) => config::show(loaded, output),
        Command::Restore(restore) => operation::restore(loaded, &restore, output),
        Command::Scan(scan) if scan.events => scan::events(&scan, output),
        Command::Scan(scan) if scan.against.is_some() => scan::against_file(&scan, loaded, output),
        Command::Shield(ShieldCommand::Status(asked)) => shield::status(loaded, &asked.file, output),
        command => {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(|error| Failure::network(format!("cannot start: {error}")))?;
            let exit = runtime.block_on(ask(command, loaded, output));
            // A thread may still wait for a terminal's input; it must not hold up our end.
            runtime.shutdown_background();
            exit
        }
    }
}

async fn ask(command: Command, loaded: &Loaded, output: &mut Output) -> Result<Exit, Failure> {
    if let Command::Login(login) = command {
        return login::run(loaded, login, output).await;
    }
    let transport = Transport::find(loaded, absent(&command), output).await?;
    let mut session = Session { transport, output };
    match command {
        Command::Whoami => login::whoami(&mut session).await,
        Command::Lookup(lookup) => lookup::run(&mut session, lookup).await,
        Command::Scan(scan) => scan::against_node(&mut session, &scan, loaded).await,
        Command::Shield(command) => shield::run(&mut session, loaded, command).await,
        Command::Claims(claims) => show::claims(&mut session, claims).await,
        Command::Search(search) => show::search(&mut session, search).await,
        Command::Show(show) => show::show(&mut session, show).await,
        Command::Import(import) => import::run(&mut session, import).await,
        Command::Share(share) => share::run(&mut session, share).await,
        Command::Export(export) => export::run(&mut session, export).await,
        Command::Status(status) => data::status(&mut session, status).await,
        Command::Note(note) => data::note(&mut session, note).await,
        Command::Opinion(opinion) => data::opinion(&mut session, opinion).await,
        Command::Tag(tag) => data::tag(&mut session, tag).await,
        Command::Revoke(revoke) => data::revoke(&mut session, revoke).await,
        Command::Withdraw(withdraw) => data::withdraw(&mut session, withdraw).await,
        Command::Recall(recall) => recall::run(&mut session, recall).await,
        Command::Edges => edges::run(&mut session).await,
        Command::Preview(preview) => preview::preview(&mut session, preview).await,
        Command::Trace(trace) => preview::trace(&mut session, trace).await,
        Command::Ledger(asked) => ledger::run(&mut session, asked).await,
        Command::Disclose(asked) => disclose::run(&mut session, asked).await,
        Command::Relabel(relabel) => data::relabel(&mut session, relabel).await,
        Command::Erase(erase) => data::erase(&mut session, erase).await,
        Command::Origin(origin) => data::origin(&mut session, origin).await,
        Command::Member(member) => manage::member(&mut session, member).await,
        Command::Person(person) => manage::person(&mut session, person).await,
        Command::Circle(circle) => circle::run(&mut session, circle).await,
        Command::Asset(asset) => asset::run(&mut session, asset).await,
        Command::Events(events) => seen::events(&mut session, events).await,
        Command::Seen(asked) => seen::seen(&mut session, asked).await,
        Command::Hits(asked) => seen::hits(&mut session, asked).await,
        Command::Policy(policy) => protect::policy(&mut session, policy).await,
        Command::Mistaken(mistaken) => verdict::mistaken(&mut session, mistaken).await,
        Command::Sighted(sighted) => verdict::sighted(&mut session, sighted).await,
        Command::Why(why) => protect::why(&mut session, why).await,
        Command::Stream(follow) => follow::run(&mut session, follow).await,
        Command::Feed => protect::feeds(&mut session).await,
        Command::Collection(collection) => manage::collection(&mut session, collection).await,
        Command::Token(token) => manage::token(&mut session, token).await,
        Command::Queue(command) => queue::run(&mut session, command).await,
        Command::Submissions => queue::submissions(&mut session).await,
        Command::Quarantine(quarantine) => operation::quarantine(&mut session, quarantine).await,
        Command::Audit(audit) => audit::run(&mut session, audit).await,
        Command::Reads(reads) => audit::reads(&mut session, reads).await,
        Command::Retention(retention) => operation::retention(&mut session, retention).await,
        Command::Statistics => operation::statistics(&mut session).await,
        Command::Backup(backup) => operation::backup(&mut session, backup).await,
        Command::Rebuild => operation::rebuild(&mut session).await,
        Command::Check => operation::check(&mut session).await,
        Command::Serve(_)
        | Command::Edge(_)
        | Command::Login(_)
        | Command::Config(_)
        | Command::Restore(_)
        | Command::Completions(_)
        | Command::Man
        | Command::Version => Err(Failure::usage("this command needs no node")),
    }
}

/// What becomes of a folder that is named and not there: whoever adds something makes it, whoever asks has mistyped.
fn absent(command: &Command) -> Absent {
    let makes = match command {
        Command::Member(member) => matches!(member, MemberCommand::Add(_)),
        Command::Circle(circle) => matches!(circle, CircleCommand::Add(_)),
        Command::Collection(collection) => matches!(collection, CollectionCommand::Add(_)),
        Command::Token(token) => matches!(token, TokenCommand::Add(_)),
        Command::Asset(asset) => matches!(asset, AssetCommand::Add(_)),
        Command::Policy(policy) => matches!(policy, PolicyCommand::Set(_)),
        Command::Events(_) => true,
        Command::Import(import) => !import.dry_run,
        Command::Share(share) => !share.dry_run,
        _ => false,
    };
    if makes { Absent::Make } else { Absent::Refuse }
}

/// The text of a file; `-` is standard input.
fn text_of(path: &std::path::Path) -> Result<String, Failure> {
    let read = match path.to_str() {
        Some("-") => std::io::read_to_string(std::io::stdin()),
        _ => std::fs::read_to_string(path),
    };
    read.map_err(|error| Failure::usage(format!("`{}` cannot be read: {error}", path.display())))
}

/// A node to talk to, and where to write what it says.
struct Session<'a> {
    transport: Transport,
    output: &'a mut Output,
}

impl Session<'_> {
    /// Asks for a document. For people, every text in it is inert from here on.
    async fn ask(&self, call: Call) -> Result<Value, Failure> {
        let document = self.ask_as_it_is(call).await?;
        Ok(if self.output.json { document } else { inert_document(document) })
    }

    /// Asks for work that takes long, and shows how far it is until the document comes.
    async fn watch(&self, call: Call, what: &str) -> Result<Value, Failure> {
        let progress = Progress::waiting(what, self.output);
        let mut reply = self.transport.send(call.query("progress", "true")).await?.accepted().await?;
        while let Some(mut event) = reply.next_document().await? {
            let kind = event.as_object_mut().and_then(|fields| fields.remove("event")).unwrap_or_default();
            match kind.as_str() {
                Some("progress") => progress.done(number(&event, "/done"), number(&event, "/of")),
                Some("problem") => {
                    let status = u16::try_from(number(&event, "/status")).unwrap_or(500);
                    let status = http::StatusCode::from_u16(status);
                    let status = status.unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
                    return Err(refusal(status, &event, None));
                }
                _ => return Ok(if self.output.json { event } else { inert_document(event) }),
            }
        }
        Err(Failure::network("the answer broke off before the end")
            .hint("it may go on; look at the node's log"))
    }

    /// Asks for a document, whatever it holds.
    async fn ask_as_it_is(&self, call: Call) -> Result<Value, Failure> {
        self.transport.send(call).await?.accepted().await?.document().await
    }
}

/// The text at a pointer, or nothing.
fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The number at a pointer, or 0.
fn number(value: &Value, pointer: &str) -> u64 {
    value.pointer(pointer).and_then(Value::as_u64).unwrap_or_default()
}

/// Whether it is true at a pointer.
fn flag(value: &Value, pointer: &str) -> bool {
    value.pointer(pointer).and_then(Value::as_bool).unwrap_or_default()
}

/// The list at a pointer, or an empty one.
fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The texts, or the names, in a list, joined for people.
fn joined(value: &Value, pointer: &str) -> String {
    let texts = list(value, pointer).iter().map(|item| item.as_str().unwrap_or_else(|| text(item, "/name")));
    texts.collect::<Vec<_>>().join(", ")
}

/// Who said an object, as far as one is told.
fn said_by(summary: &Value) -> String {
    let (source, by) = (text(summary, "/source/name"), text(summary, "/vouched/by/name"));
    let sector = match text(summary, "/vouched/sector") {
        "" => String::new(),
        sector => format!(" of the sector {sector}"),
    };
    match (source, by) {
        (source, "") => source.to_owned(),
        ("", by) => format!("a member{sector} ({by} vouches)"),
        (source, _) => format!("{source}, without its name"),
    }
}

/// The day of a time.
fn day(time: &str) -> &str {
    time.split('T').next().unwrap_or_default()
}

/// A number and its noun: `1 object`, `2 objects`, `12,345 objects`.
fn counted(count: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(count), if count == 1 { "" } else { "s" })
}

/// A number with its thousands set apart.
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (count, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(count), text);
        }
        assert_eq!(counted(1, "object"), "1 object");
        assert_eq!(counted(2_000, "object"), "2,000 objects");
    }
}
