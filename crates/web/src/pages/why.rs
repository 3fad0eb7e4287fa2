//! Why a value is blocked, alerts, or is left alone: what comes of it first, then every gate in its order. Whoever may say that an
//! indicator is a mistake says so here.

use std::sync::Arc;

use askama::Template;
use http::Method;
use node::views::{Gate, Given, Known, Said, SourceRecord, Verdict, Voices, Why};
use node::{Caller, Saying, VerdictOf};

use super::session::{self, Sessions};
use super::show::{Span, instant, label_class, name, sentence, text};
use super::{Frame, caller_or_sign_in, render, to_sign_in};
use crate::request::Query;
use crate::routes::{Access, Outcome, Schema, ValueKind};
use crate::{Failure, Request, Route, blocking};

/// The longest value that a page is asked for, in bytes: what a sensor matches by is far shorter.
const LONGEST: usize = 8 << 10;
/// The longest form, in bytes.
const FORM_BYTES: usize = 32 << 10;
/// Gates that are told at the head, at most.
const HOLDING: usize = 4;

/// Its rows of the table.
pub(super) fn routes(sessions: &Arc<Sessions>) -> Vec<Route> {
    let row =
        |method, operation, summary| {
            let sessions = Arc::clone(sessions);
            let run = move |request: Request| page(request, Arc::clone(&sessions));
            Route::new(crate::routes::Family::Page, method, "/why", operation, summary, Access::Open, run)
                .gives(200, "The page.", super::HTML, Schema::Text)
        };
    vec![
        row(Method::GET, "whyPage", "What a value does at one's own member's sensors, and why.").query(
            "value",
            ValueKind::Text,
            "A value, defanged or not, or the id of an indicator.",
        ),
        row(Method::POST, "sayMistaken", "Calls indicators a mistake, and shows why anew.")
            .takes("application/x-www-form-urlencoded", Schema::Text),
    ]
}

#[derive(Template)]
#[template(path = "why.html")]
struct Page {
    frame: Frame,
    /// What the box holds.
    asked: String,
    /// Why there is no answer.
    wrong: Vec<Span>,
    /// What became of what the reader said.
    told: Vec<String>,
    answer: Option<Shown>,
}

/// Shows it; what a form says is done before.
async fn page(mut request: Request, sessions: Arc<Sessions>) -> Outcome {
    let is_form = request.method == Method::POST;
    if is_form {
        session::same_site(&request)?;
    }
    let caller = match caller_or_sign_in(&request, &sessions) {
        Ok(caller) if is_form && caller.principal.is_anonymous() => return Ok(to_sign_in(&request)),
        Ok(caller) => caller,
        Err(to_sign_in) => return Ok(*to_sign_in),
    };
    let (asked, told) = if is_form {
        let form = super::form(&mut request, FORM_BYTES).await?;
        form.only(&["value", "of", "reason"])?;
        (value_of(&form)?, say(&request, &caller, &form).await?)
    } else {
        request.query.only(&["value"])?;
        (value_of(&request.query)?, Vec::new())
    };
    let mut page = Page {
        frame: Frame::new(&request, Some(&caller)),
        asked: String::new(),
        wrong: Vec::new(),
        told,
        answer: None,
    };
    match asked {
        None => {}
        Some(asked) if asked.len() > LONGEST => {
            page.wrong = sentence(&format!("that is longer than {LONGEST} bytes, as no value is"));
        }
        Some(asked) => {
            let (node, who) = (request.node.clone(), caller.clone());
            let values = [asked.clone()];
            let answers = blocking::long(move || node.why(&who, &values)).await??;
            let may_speak = request.node.may_give_verdicts(&caller);
            for answer in &answers {
                match &answer.error {
                    Some(error) => {
                        page.wrong = sentence(&format!("`{}`: {error}", name(&asked).replace('`', "'")))
                    }
                    None => page.answer = Some(Shown::of(answer, &page.frame.member, may_speak)),
                }
            }
            page.asked = text(&asked);
        }
    }
    render(&page)
}

// A box that was left empty asks for nothing.
fn value_of(query: &Query) -> Result<Option<String>, Failure> {
    Ok(query.one("value")?.map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned))
}

// What `accord mistaken` does, and what became of it.
async fn say(request: &Request, caller: &Caller, form: &Query) -> Result<Vec<String>, Failure> {
    let of: Vec<String> = form.all("of").map(str::to_owned).collect();
    if of.is_empty() {
        return Err(Failure::invalid("nothing is named that is a mistake"));
    }
    let reason = form.one("reason")?.map(str::trim).filter(|reason| !reason.is_empty()).map(str::to_owned);
    let (node, who) = (request.node.clone(), caller.clone());
    let verdict = VerdictOf::Mistaken(reason);
    let saying = Saying { tlp: None, without_name: false };
    let given = blocking::long(move || node.verdict(&who, &of, &verdict, saying)).await??;
    Ok(given.iter().map(became).collect())
}

fn became(given: &Given) -> String {
    let message = given.outcome.as_ref().and_then(|outcome| outcome.message.as_deref()).unwrap_or_default();
    let id = text(&given.indicator);
    match given.outcome.as_ref().map(|outcome| outcome.state) {
        None => format!("{id}: you call it a mistake already."),
        Some("rejected") => format!("{id}: refused: {}", text(message)),
        Some("pending") => format!("{id}: {}", text(message)),
        Some(_) => format!("{id}: called a mistake; it does nothing at your sensors any more."),
    }
}

/// An answer.
struct Shown {
    value: String,
    kind: String,
    /// The id that was asked for, where that is one.
    id: String,
    class: &'static str,
    /// What comes of it, in a word or two.
    outcome: &'static str,
    /// Until when, where it ends.
    until: String,
    /// Where.
    place: String,
    /// By what.
    meaning: String,
    /// The line of the policy that it comes under.
    rule: String,
    /// What keeps it from doing more.
    holding: Vec<String>,
    /// Who calls it a mistake.
    mistaken: Vec<String>,
    /// Why rules are held.
    held: String,
    known: Vec<KnownRow>,
    more: bool,
}

impl Shown {
    fn of(why: &Why, member: &str, may_speak: bool) -> Shown {
        let value = why.value.as_deref().unwrap_or(&why.query);
        let deciding = deciding(why);
        let (class, outcome) = match why.action.as_str() {
            "block" => ("hit", "Blocked"),
            "alert" => ("warned", "Alerts, and is not blocked"),
            "context" => ("past", "Only informs"),
            _ => ("clean", "Nothing is done"),
        };
        let place = match member {
            "" => "sensors under this node's default policy".to_owned(),
            member => format!("the sensors of {member}"),
        };
        let voices = why.known.iter().flat_map(|known| &known.said).filter_map(|said| {
            let of = said_by(said);
            said.mistaken.as_ref().map(|voices| format!("{}, of what {of} says", members(voices)))
        });
        let meaning = match deciding {
            Some((known, verdict)) => in_words(known, verdict),
            None if why.held.is_some() => String::new(),
            None => "No indicator that you see says it by itself.".to_owned(),
        };
        Shown {
            value: name(value),
            kind: text(why.kind.as_deref().unwrap_or_default()),
            id: if value.starts_with("indicator--") { text(value) } else { String::new() },
            class,
            outcome,
            until: deciding
                .and_then(|(_, verdict)| verdict.until.as_deref())
                .map(instant)
                .unwrap_or_default(),
            place,
            meaning,
            rule: deciding.and_then(|(known, verdict)| rule(known, verdict)).unwrap_or_default(),
            holding: deciding.map(|(known, verdict)| holding(known, verdict)).unwrap_or_default(),
            mistaken: voices.collect(),
            held: why.held.as_deref().map(text).unwrap_or_default(),
            known: why.known.iter().map(|known| KnownRow::of(known, may_speak)).collect(),
            more: why.more,
        }
    }
}

// What the answer rests on: the closest that does the most.
fn deciding(why: &Why) -> Option<(&Known, &Verdict)> {
    let all = why.known.iter().flat_map(|known| known.verdicts.iter().map(move |verdict| (known, verdict)));
    let mut meant = all.filter(|(_, verdict)| verdict.meets);
    meant.find(|(_, verdict)| verdict.action == why.action)
}

// Who the verdict rests on; where it rests on nobody, the newest who says it.
fn resting<'w>(known: &'w Known, verdict: &Verdict) -> Option<&'w Said> {
    let rests_on = verdict.rests_on.as_deref();
    known.said.iter().find(|said| Some(said.id.as_str()) == rests_on).or(known.said.first())
}

fn rule(known: &Known, verdict: &Verdict) -> Option<String> {
    let gates = &resting(known, verdict)?.gates;
    gates.iter().find(|gate| gate.gate == "rule").map(|gate| text(&gate.by))
}

// The gates that lower it, those of the value first, each once; and how many agree, where more would do more.
fn holding(known: &Known, verdict: &Verdict) -> Vec<String> {
    if verdict.action == "block" {
        return Vec::new();
    }
    let said = resting(known, verdict).map(|said| said.gates.as_slice()).unwrap_or_default();
    let mut told: Vec<String> = Vec::new();
    for gate in known.gates.iter().chain(said).filter(|gate| gate.lets != "block") {
        let line = format!("{}: {} ({})", text(&gate.gate), text(&gate.by), lets(&gate.lets));
        if !told.contains(&line) {
            told.push(line);
        }
    }
    if told.is_empty() {
        told.push(format!("{} by now", counted(verdict.origins as u64, "origin says so", "origins say so")));
    }
    told.truncate(HOLDING);
    told
}

fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

// What is meant, and what that is to the value.
fn in_words(known: &Known, verdict: &Verdict) -> String {
    let of = match known.nearness.as_str() {
        "same" => String::new(),
        near => format!(" ({})", nearness(near)),
    };
    format!("{}{of} is meant {}.", name(&known.value), mode(&verdict.mode))
}

fn nearness(word: &str) -> String {
    let known = match word {
        "same" => "the value itself",
        "alias" => "another name of it",
        "without-query" => "it without its query",
        "folder" => "a folder of it",
        "host-above" => "a page on its host or above",
        "port" => "the address and port that it leads to",
        "host" => "its host",
        "mail-domain" => "its mail domain",
        "file-name" => "the name of the file",
        "network" => "a network around it",
        "range" => "a range of cards around it",
        "parent" => "a domain above it",
        other => return text(other),
    };
    known.to_owned()
}

fn mode(word: &str) -> String {
    let known = match word {
        "exact" => "alone",
        "mail-domain" => "with all its mail",
        "any-query" => "with any query",
        "path-prefix" => "with all below its path",
        "host-path" => "with all below its path and its host",
        "network" => "with all in it",
        "wildcard" => "as all below it, and not itself",
        "subdomains" => "with all below it",
        other => return text(other),
    };
    known.to_owned()
}

fn lets(action: &str) -> &'static str {
    match action {
        "block" => "everything",
        "alert" => "an alert at most",
        "context" => "at most to inform",
        _ => "nothing",
    }
}

fn members(voices: &Voices) -> String {
    let own = if voices.own { ", your own organisation among them" } else { "" };
    let last = voices.last.as_deref().map(|last| format!(", last {}", instant(last))).unwrap_or_default();
    format!("{}{own}{last}", counted(voices.members as u64, "member", "members"))
}

fn said_by(said: &Said) -> String {
    match (said.own, &said.source) {
        (true, _) => "your own organisation".to_owned(),
        (false, Some(source)) => text(&source.name),
        (false, None) => "somebody whose name is not shown".to_owned(),
    }
}

/// Something that is said by itself.
struct KnownRow {
    value: String,
    nearness: String,
    verdicts: Vec<String>,
    said: Vec<SaidRow>,
    gates: Vec<GateRow>,
    /// What of it can be called a mistake by this reader, by id.
    to_speak_of: Vec<String>,
}

impl KnownRow {
    fn of(known: &Known, may_speak: bool) -> KnownRow {
        let line = |verdict: &Verdict| {
            let what = match verdict.action.as_str() {
                "block" => "is blocked",
                "alert" => "alerts",
                "context" => "only informs",
                _ => "does nothing",
            };
            let until = verdict.until.as_deref().map(|until| format!(" until {}", instant(until)));
            let origins = counted(verdict.origins as u64, "origin", "origins");
            let aside = if verdict.meets { "" } else { ", which does not mean what was asked" };
            let until = until.unwrap_or_default();
            format!("Meant {}, it {what}{until}, by {origins}{aside}.", mode(&verdict.mode))
        };
        let is_open = |said: &&Said| !said.mistaken.as_ref().is_some_and(|voices| voices.own);
        let to_speak_of = match may_speak {
            true => known.said.iter().filter(is_open).map(|said| text(&said.id)).collect(),
            false => Vec::new(),
        };
        KnownRow {
            value: name(&known.value),
            nearness: nearness(&known.nearness),
            verdicts: known.verdicts.iter().map(line).collect(),
            said: known.said.iter().map(SaidRow::of).collect(),
            gates: known
                .gates
                .iter()
                .map(GateRow::of)
                .chain(known.verdicts.iter().map(GateRow::agreed))
                .collect(),
            to_speak_of,
        }
    }

    fn call_it(&self) -> String {
        match self.to_speak_of.len() {
            1 => "Call it a mistake".to_owned(),
            many => format!("Call all {many} a mistake"),
        }
    }
}

/// Who says it.
struct SaidRow {
    id: String,
    source: String,
    label: String,
    label_class: &'static str,
    entered: String,
    /// What others say of it and of its source, a line each.
    voices: Vec<String>,
    gates: Vec<GateRow>,
    /// Its own organisation can say that it is a mistake, beside others that can be called one.
    can_be_mistaken: bool,
}

impl SaidRow {
    fn of(said: &Said) -> SaidRow {
        let mut voices = Vec::new();
        voices.extend(said.mistaken.as_ref().map(|of| format!("Called a mistake by {}.", members(of))));
        voices.extend(said.sighted.as_ref().map(|of| format!("Seen by {}.", members(of))));
        voices.extend(said.record.as_ref().map(record));
        SaidRow {
            id: text(&said.id),
            source: said_by(said),
            label: text(&said.label),
            label_class: label_class(&said.label),
            entered: instant(&said.entered),
            voices,
            gates: said.gates.iter().map(GateRow::of).collect(),
            can_be_mistaken: !said.mistaken.as_ref().is_some_and(|voices| voices.own),
        }
    }
}

fn record(record: &SourceRecord) -> String {
    let least = if record.more { "at least " } else { "" };
    let indicators = |number| counted(number, "indicator", "indicators");
    let others = |number| counted(number, "other", "others");
    format!(
        "Its source: {least}{} seen by {}, {} called a mistake by {}.",
        indicators(record.sighted),
        others(record.sighted_by),
        indicators(record.mistaken),
        others(record.mistaken_by),
    )
}

/// A gate.
struct GateRow {
    gate: String,
    passed: bool,
    lets: &'static str,
    by: String,
    at: String,
}

impl GateRow {
    fn of(gate: &Gate) -> GateRow {
        GateRow {
            gate: text(&gate.gate),
            passed: gate.lets == "block",
            lets: lets(&gate.lets),
            by: text(&gate.by),
            at: gate.at.as_deref().map(instant).unwrap_or_default(),
        }
    }

    // The last gate: how many say it independently, in each mode.
    fn agreed(verdict: &Verdict) -> GateRow {
        let origins = counted(verdict.origins as u64, "origin says so", "origins say so");
        GateRow {
            gate: "origins".to_owned(),
            passed: verdict.action == "block",
            lets: lets(&verdict.action),
            by: format!("{origins}, meant {}", mode(&verdict.mode)),
            at: verdict.until.as_deref().map(instant).unwrap_or_default(),
        }
    }
}
