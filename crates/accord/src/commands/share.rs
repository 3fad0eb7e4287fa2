//! `accord share`: a look at what is about to leave, a question, and what became of it.

use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

use model::observable::guess;
use node::core::warning::WarningLists;
use serde_json::{Value, json};

use super::{Session, counted, flag, list, number, preview, text};
use crate::arguments::Share;
use crate::failure::{Exit, Failure};
use crate::terminal::{Output, Style, confirmed, defanged, inert, remark};
use crate::transport::Call;

/// The longest input, in bytes.
const LONGEST: u64 = 8 << 20;
/// Values that an alarm names to people.
const NAMED: usize = 5;

/// Shares files, one submission each, or standard input. Exit code 1 if objects were refused.
///
/// # Errors
/// The node refuses, or cannot be asked; nobody is there to confirm; it was not confirmed.
pub async fn run(session: &mut Session<'_>, share: Share) -> Result<Exit, Failure> {
    let own = share.own.as_deref().map(own_assets).transpose()?;
    let files = if share.files.is_empty() { vec![PathBuf::from("-")] } else { share.files.clone() };
    let mut exit = Exit::Ok;
    for file in &files {
        exit = exit.max(one(session, &share, own.as_ref(), file).await?);
    }
    Ok(exit)
}

async fn one(
    session: &mut Session<'_>,
    share: &Share,
    own: Option<&WarningLists>,
    file: &Path,
) -> Result<Exit, Failure> {
    let input = read(file)?;
    let send = |dry_run: bool| {
        let call = Call::post(&["share"])
            .query_some("tlp", share.tlp.as_deref())
            .query_each("to", &share.to)
            .query_some("embargo", share.embargo.as_deref())
            .query_some("until", share.until.as_deref())
            .query_some("description", share.description.as_deref())
            .query_each("about", &share.about)
            .query_some("reference", share.reference.as_deref())
            .query_some("expire", share.expire.as_deref());
        let call = if dry_run { call.query("dry_run", "true") } else { call };
        call.stream(Box::new(io::Cursor::new(input.clone())), Some(input.len() as u64))
    };
    let mut look = session.ask(send(true)).await?;
    add_own(&mut look, own);
    let is_asked = !share.yes && !share.dry_run;
    if !session.output.json && (is_asked || share.dry_run) {
        write_look(session.output, &look)?;
        session.output.flush()?;
    }
    if share.dry_run {
        if session.output.json {
            session.output.document(&look)?;
        }
        return Ok(exit_of(&look));
    }
    let is_ours = list(&look, "/alarms").iter().any(|alarm| text(alarm, "/what") == "own");
    // What is one's own leaves only by a word at the terminal.
    if share.yes && is_ours {
        let failure =
            Failure::usage("some of it is your own: you declared it, or it is on the list of `--own`");
        return Err(failure.hint("take it out, or share it on a terminal without `--yes`"));
    }
    let what = counted(number(&look, "/summary/objects"), "object");
    if is_asked && !confirmed(false, &format!("Share {what} as {}?", text(&look, "/preview/label")))? {
        return Err(Failure::usage("nothing was shared"));
    }
    let mut done = session.ask(send(false)).await?;
    add_own(&mut done, own);
    if session.output.json {
        session.output.document(&done)?;
    } else {
        write_done(session.output, &done)?;
    }
    Ok(exit_of(&done))
}

fn exit_of(answer: &Value) -> Exit {
    if number(answer, "/summary/rejected") > 0 { Exit::Finding } else { Exit::Ok }
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    let unreadable = |error: io::Error| Failure::usage(format!("cannot read `{}`: {error}", file.display()));
    let mut input = Vec::new();
    if file == Path::new("-") {
        if io::stdin().is_terminal() {
            remark("paste what you want to share, and end with Ctrl-D on a line of its own");
        }
        io::stdin().take(LONGEST + 1).read_to_end(&mut input).map_err(unreadable)?;
    } else {
        let opened = std::fs::File::open(file).map_err(unreadable)?;
        opened.take(LONGEST + 1).read_to_end(&mut input).map_err(unreadable)?;
    }
    if input.len() as u64 > LONGEST {
        let failure = Failure::usage(format!("`{}` is longer than {LONGEST} bytes", file.display()));
        return Err(failure.hint("`accord import` takes streams of any length"));
    }
    Ok(input)
}

fn own_assets(file: &Path) -> Result<WarningLists, Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::usage(format!("cannot read `{}`: {error}", file.display())))?;
    let mut own = WarningLists::default();
    own.take_lines("your own", &text);
    own.sort();
    Ok(own)
}

// Compared here: what is one's own is nobody's business, the node's neither.
fn add_own(answer: &mut Value, own: Option<&WarningLists>) {
    let Some(own) = own else { return };
    let values = list(answer, "/values").iter().filter_map(Value::as_str);
    let is_own = |value: &&str| guess(value).is_ok_and(|value| !own.of(&value).is_empty());
    let found: Vec<String> = values.filter(is_own).map(str::to_owned).collect();
    if found.is_empty() {
        return;
    }
    let why = "your own, by the list of `--own`";
    let alarm = json!({ "what": "own", "count": found.len(), "why": why, "values": found });
    if let Some(alarms) = answer.pointer_mut("/alarms").and_then(Value::as_array_mut) {
        alarms.insert(0, alarm);
    }
}

fn write_look(output: &mut Output, look: &Value) -> Result<(), Failure> {
    let objects = counted(number(look, "/summary/objects"), "object");
    let values = counted(list(look, "/values").len() as u64, "value");
    let format = text(look, "/format");
    output.line(&format!("{}  {objects} of {format}, {values}", output.paint(Style::Strong, "to share")))?;
    write_said(output, look)?;
    write_alarms(output, look)?;
    write_refused(output, look)?;
    preview::write_waiting(output, look.pointer("/summary").unwrap_or(&Value::Null))?;
    let labels = list(look, "/labels");
    if labels.is_empty() {
        return preview::write(output, look.pointer("/preview").unwrap_or(&Value::Null)).map(drop);
    }
    // By their own markings; the one that is asked for is of what brings none.
    for label in labels {
        output.line(&format!("{} as", counted(number(label, "/objects"), "object")))?;
        preview::write(output, label.pointer("/preview").unwrap_or(&Value::Null))?;
    }
    Ok(())
}

// "3 of 10 already said by ..."
fn write_said(output: &mut Output, look: &Value) -> Result<(), Failure> {
    let (others, of) = (number(look, "/said/by_others"), number(look, "/said/of"));
    if others > 0 {
        let name = |by: &Value| match text(by, "/source/name") {
            "" => "others".to_owned(),
            name => inert(name).into_owned(),
        };
        let names: Vec<String> = list(look, "/said/by").iter().map(name).collect();
        output.line(&format!(
            "  {others} of {of} already said by {}, as far as you may see",
            names.join(", ")
        ))?;
    }
    let known = number(look, "/summary/duplicates");
    if known > 0 {
        output.line(&format!("  {} said by you before, as it is", counted(known, "object")))?;
    }
    Ok(())
}

fn write_alarms(output: &mut Output, look: &Value) -> Result<(), Failure> {
    for alarm in list(look, "/alarms") {
        let values = list(alarm, "/values").iter().filter_map(Value::as_str).take(NAMED).map(defanged);
        let values: Vec<String> = values.collect();
        let more =
            if number(alarm, "/count") > values.len() as u64 && !values.is_empty() { ", ..." } else { "" };
        let head = output.paint(Style::Alert, "look");
        let (what, why) = (inert(text(alarm, "/what")), inert(text(alarm, "/why")));
        let count = number(alarm, "/count");
        output.line(&format!("  {head} {what} {count}: {why}"))?;
        if !values.is_empty() {
            output.line(&format!("       {}{more}", values.join(", ")))?;
        }
    }
    Ok(())
}

fn write_refused(output: &mut Output, look: &Value) -> Result<(), Failure> {
    for outcome in list(look, "/refused") {
        let message = defanged(text(outcome, "/message"));
        let head = output.paint(Style::Alert, "refused");
        output.line(&format!("  {head}  {}  {message}", inert(text(outcome, "/id"))))?;
    }
    Ok(())
}

fn write_done(output: &mut Output, done: &Value) -> Result<(), Failure> {
    let new = match number(done, "/summary/pending") {
        0 => counted(number(done, "/summary/new"), "new object"),
        pending => format!("{} that will enter later", counted(pending, "object")),
    };
    let head = output.paint(Style::Good, "shared");
    let submission = inert(text(done, "/summary/submission"));
    output.line(&format!(
        "{head}  {new}  as {}  submission {submission}",
        inert(text(done, "/preview/label"))
    ))?;
    write_said(output, done)?;
    if flag(done, "/preview/visitors") {
        output.line("  visitors without a token see it")?;
    }
    preview::write_waiting(output, done.pointer("/summary").unwrap_or(&Value::Null))?;
    write_refused(output, done)
}
