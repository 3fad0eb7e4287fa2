//! One object: who says it, its versions, what others claim, one step around it, and the object itself.

use std::sync::Arc;

use askama::Template;
use model::inert::defanged;
use node::views::{CirclePolicy, LedgerRow, Saying, ValueSaid};
use serde::Deserialize;

use super::picture::{Star, star};
use super::session::Sessions;
use super::show::{Row, Step, instant, text};
use super::{Frame, caller_or_sign_in, render};
use crate::routes::Outcome;
use crate::{Request, blocking};

#[derive(Template)]
#[template(path = "object.html")]
struct Page {
    frame: Frame,
    head: Row,
    /// What recipients may do with it; empty where everything.
    permitted: &'static str,
    /// The policies of circles that it is said to, in words.
    policies: Vec<String>,
    /// What it says of itself, a paragraph each.
    description: Vec<String>,
    pattern: String,
    star: Star,
    related: Vec<Step>,
    related_more: bool,
    /// Values that others say too, or that are on warning lists.
    values: Vec<ValueRow>,
    values_more: bool,
    versions: Vec<Row>,
    claims: Vec<Row>,
    /// Who knew what, when; empty where it is not kept.
    ledger: Vec<Happened>,
    ledger_more: bool,
    json: String,
}

/// Shows it.
pub(super) async fn page(request: Request, sessions: Arc<Sessions>) -> Outcome {
    request.query.only(&["version"])?;
    let caller = match caller_or_sign_in(&request, &sessions) {
        Ok(caller) => caller,
        Err(to_sign_in) => return Ok(*to_sign_in),
    };
    let version = request.query.one("version")?.filter(|version| !version.is_empty());
    let view = blocking::brief(|| request.node.object(&caller, request.param("id"), version))?;
    // A visitor is told of nothing that a ledger is kept of.
    let ledger = match caller.principal.is_anonymous() {
        true => None,
        false => {
            let id = request.param("id");
            Some(blocking::brief(|| request.node.ledger(&caller, id, false, (None, Some(HAPPENED))))?)
        }
    };
    let head = Row::of(&view.summary);
    let related = Step::all(&view.related);
    let said = Said::read(view.object.get());
    render(&Page {
        frame: Frame::new(&request, Some(&caller)),
        permitted: view.summary.permitted_actions.unwrap_or_default(),
        policies: view.policies.iter().map(policy).collect(),
        description: paragraphs(said.description.as_deref().unwrap_or_default()),
        pattern: defanged(said.pattern.as_deref().unwrap_or_default()),
        star: star(&head.kind, &related),
        head,
        related,
        related_more: view.related_more,
        values: view.values.iter().map(ValueRow::of).collect(),
        values_more: view.values_more,
        versions: Row::all(&view.versions),
        claims: Row::all(&view.claims),
        ledger_more: ledger.as_ref().is_some_and(|ledger| ledger.more),
        ledger: ledger.iter().flat_map(|ledger| &ledger.rows).map(Happened::of).collect(),
        json: pretty(view.object.get()),
    })
}

// A policy in one line: what it asks for, in the words of IEP 2.0.
fn policy(policy: &CirclePolicy) -> String {
    let CirclePolicy { circle, in_force, iep } = policy;
    let mut words = vec![
        format!("encrypt in transit: {}", iep.encrypt_in_transit),
        format!("permitted actions: {}", iep.permitted_actions),
        format!("affected party notifications: {}", iep.affected_party_notifications),
        format!("attribution: {}", iep.attribution),
        format!("unmodified resale: {}", iep.unmodified_resale),
    ];
    words.extend(iep.external_references.iter().map(|one| text(one)));
    let name = iep.name.as_deref().map(|name| format!(" “{}”", text(name))).unwrap_or_default();
    let state = match (in_force, &iep.start_date, &iep.end_date) {
        (true, _, None) => String::new(),
        (true, _, Some(end)) => format!(" until {}", instant(end)),
        (false, ..) => " (not in force now)".to_owned(),
    };
    format!("{}{name}{state}: {}", text(&circle.name), words.join("; "))
}

/// A value, and a line for each who says it.
struct ValueRow {
    value: String,
    kind: String,
    said: Vec<String>,
}

impl ValueRow {
    fn of(view: &ValueSaid) -> ValueRow {
        let times = |one: &Saying| match one.first == one.last {
            true => text(&one.first),
            false => format!("{} to {}", text(&one.first), text(&one.last)),
        };
        let line = |one: &Saying| {
            let source =
                one.source.as_ref().map_or_else(|| "origin not shown".to_owned(), |one| text(&one.name));
            let objects = if one.objects == 1 { "object" } else { "objects" };
            format!("{source}: {} {objects}, {}", one.objects, times(one))
        };
        let mut said: Vec<String> = view.who.said.iter().map(line).collect();
        if view.who.more {
            said.push("more than 100 statements say it; these are the newest".to_owned());
        }
        let lists = view.who.warning_lists.iter();
        said.extend(lists.map(|list| format!("on the list “{}”, so it leads to nobody", text(list))));
        ValueRow { value: defanged(&view.value), kind: text(&view.kind), said }
    }
}

/// A row of the ledger.
struct Happened {
    at: String,
    who: String,
    what: String,
}

impl Happened {
    fn of(row: &LedgerRow) -> Happened {
        let road = row.road.as_deref().unwrap_or_default();
        let embargo = if row.embargo == Some(true) { ", under embargo" } else { "" };
        let label = row.label.as_deref().unwrap_or_default();
        let what = match (row.what, &row.until) {
            ("said", _) => format!("said it, {label}{embargo}"),
            ("relabelled", _) => format!("gave it another label, {label}{embargo}"),
            ("could-see", None) => "could see it from then on".to_owned(),
            ("could-see", Some(until)) => format!("could see it, until {}", instant(until)),
            ("given", _) => format!("was given it first, by “{}”", text(road)),
            ("disclosed", _) => row.disclosure.as_ref().map_or_else(String::new, |one| {
                format!("disclosed it under compulsion to {} ({})", text(&one.authority), text(&one.basis))
            }),
            ("withdrawn", _) => "it was taken back".to_owned(),
            ("erased", _) => "its bytes were removed".to_owned(),
            (other, _) => other.to_owned(),
        };
        let nobody = if matches!(row.what, "withdrawn" | "erased") { "" } else { "a member" };
        let member = row.member.as_ref().map_or_else(|| nobody.to_owned(), |member| text(&member.name));
        let who = match &row.person {
            Some(person) => format!("{} of {member}", text(&person.name)),
            None => member,
        };
        Happened { at: instant(&row.at), who, what }
    }
}

/// Rows of the ledger on a page; the command line has all of them.
const HAPPENED: usize = 50;
/// The longest description that stands above the object, in characters; the object has all of it.
const DESCRIPTION_LENGTH: usize = 4_000;

/// What of an object is for people to read first.
#[derive(Default, Deserialize)]
struct Said {
    description: Option<String>,
    pattern: Option<String>,
}

impl Said {
    // An object of a custom type may have something else under these names: then it has nothing to be read first.
    fn read(json: &str) -> Said {
        serde_json::from_str(json).unwrap_or_default()
    }
}

fn paragraphs(text: &str) -> Vec<String> {
    let mut shown: String = text.chars().take(DESCRIPTION_LENGTH).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown.lines().filter(|line| !line.trim().is_empty()).map(defanged).collect()
}

// The object, a member a line, its invisible characters written out.
fn pretty(json: &str) -> String {
    let value = serde_json::from_str::<serde_json::Value>(json);
    let lines =
        value.and_then(|value| serde_json::to_string_pretty(&value)).unwrap_or_else(|_| json.to_owned());
    lines.lines().map(text).collect::<Vec<_>>().join("\n")
}
