//! The search box: a value is looked up, words are searched for; one box for both.

use std::sync::Arc;

use askama::Template;
use model::inert::defanged;
use node::views::ObjectPage;
use node::{Caller, Error, Kind, SearchQuery};

use super::session::Sessions;
use super::show::{MentionRow, Row, text};
use super::{Frame, caller_or_sign_in, render};
use crate::rest::query;
use crate::routes::Outcome;
use crate::{Failure, Request, blocking};

/// Values looked up at once.
const VALUES: usize = 20;
/// Mentions of each value.
const MENTIONS: usize = 25;
/// Objects on a page.
const OBJECTS: usize = 50;
/// Objects of the very name.
const NAMED: usize = 10;

#[derive(Template)]
#[template(path = "search.html")]
struct Search {
    frame: Frame,
    answers: Vec<Answer>,
    /// What bears the words as its name or alias: whoever types a name looks for these, and texts that mention it are many.
    named: Vec<Row>,
    objects: Vec<Row>,
    next: String,
    kind: String,
    nothing: bool,
    /// Everything asked for was a value, and was looked up; the words were not searched for.
    only_values: bool,
}

struct Answer {
    /// Not defanged: for the address of another page.
    asked: String,
    value: String,
    kind: String,
    hit: bool,
    active: bool,
    mentions: Vec<MentionRow>,
    more: bool,
}

/// Shows it.
pub(super) async fn page(request: Request, sessions: Arc<Sessions>) -> Outcome {
    request.query.only(&["q", "type", "words", "next"])?;
    let caller = match caller_or_sign_in(&request, &sessions) {
        Ok(caller) => caller,
        Err(to_sign_in) => return Ok(*to_sign_in),
    };
    let asked = request.query.one("q")?.unwrap_or_default().trim().to_owned();
    let words = query::flag(&request.query, "words")?;
    let kind = request.query.one("type")?.unwrap_or_default().to_owned();
    // A form and a link carry what is empty as well: here that is as if it were left out.
    let next = request.query.one("next")?.filter(|next| !next.is_empty()).map(str::to_owned);
    let values: Vec<String> = asked.split_whitespace().take(VALUES).map(str::to_owned).collect();
    let looked_up = match (&next, values.is_empty()) {
        (None, false) if values.len() == 1 => {
            blocking::brief(|| request.node.lookup(&caller, &values, MENTIONS))?
        }
        (None, false) => {
            let (node, caller) = (request.node.clone(), caller.clone());
            blocking::long(move || node.lookup(&caller, &values, MENTIONS)).await??
        }
        _ => Vec::new(),
    };
    let answers: Vec<Answer> = looked_up
        .iter()
        .filter(|answer| answer.error.is_none() && answer.value.is_some())
        .map(|answer| Answer {
            asked: answer.value.clone().unwrap_or_else(|| answer.query.clone()),
            value: defanged(answer.value.as_deref().unwrap_or(&answer.query)),
            kind: answer.kind.clone().unwrap_or_default(),
            hit: answer.hit,
            active: answer.mentions.iter().any(|mention| mention.active),
            mentions: answer.mentions.iter().map(MentionRow::of).collect(),
            more: answer.more,
        })
        .collect();
    // The words of an address are numbers, which stand in all sorts of texts: that is no answer to what is known of it.
    let only_values = !words && kind.is_empty() && !answers.is_empty() && answers.len() == looked_up.len();
    let first_page = next.is_none() && kind.is_empty();
    let query = SearchQuery {
        text: (!asked.is_empty()).then(|| asked.clone()),
        types: if kind.is_empty() { Vec::new() } else { vec![kind.clone()] },
        limit: Some(OBJECTS),
        next,
        ..SearchQuery::default()
    };
    let found = match only_values {
        true => Ok(None),
        false => search(&request, &caller, query).await?.map(Some),
    };
    let found = match found {
        Ok(found) => found,
        // Text of which no word can be searched for finds nothing; the lookup above still answers.
        Err(error) if error.kind == Kind::Invalid && !answers.is_empty() => None,
        Err(error) => return Err(error.into()),
    };
    let named = match first_page && found.is_some() && !asked.is_empty() {
        true => named(&request, &caller, &asked).await?,
        false => Vec::new(),
    };
    let objects = found.as_ref().map(|found| Row::all(&found.objects)).unwrap_or_default();
    let mut frame = Frame::new(&request, Some(&caller));
    frame.query = text(&asked);
    render(&Search {
        nothing: objects.is_empty() && named.is_empty() && !answers.iter().any(|answer| answer.hit),
        next: found.and_then(|found| found.next).unwrap_or_default(),
        frame,
        answers,
        named,
        objects,
        kind,
        only_values,
    })
}

/// The objects that bear exactly this name or alias, the newest first.
async fn named(request: &Request, caller: &Caller, name: &str) -> Result<Vec<Row>, Failure> {
    let query = SearchQuery { alias: Some(name.to_owned()), limit: Some(NAMED), ..SearchQuery::default() };
    Ok(Row::all(&search(request, caller, query).await??.objects))
}

// On a thread that may block: words that many texts have, or few of a rare type, take longer than other requests should wait.
async fn search(
    request: &Request,
    caller: &Caller,
    query: SearchQuery,
) -> Result<Result<ObjectPage, Error>, Failure> {
    let (node, caller) = (request.node.clone(), caller.clone());
    blocking::long(move || node.search(&caller, &query)).await
}
