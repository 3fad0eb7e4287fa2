//! `accord hits --walk`: going through what was seen and is known, and saying what it is.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{page_of, write_hit};
use crate::arguments::Hits;
use crate::commands::{Session, counted, flag, list, number, text};
use crate::failure::{Exit, Failure};
use crate::settings::read_seconds;
use crate::terminal::{Style, inert};
use crate::transport::Call;

/// What is said of a hit.
enum Said {
    True,
    False,
    Ignored,
    Nothing,
    Enough,
}

/// Goes through the hits. What is said of each is said at once, so it may be ended at any.
///
/// # Errors
/// The node refuses, or cannot be asked.
pub async fn walk(session: &mut Session<'_>, asked: &Hits) -> Result<Exit, Failure> {
    if session.output.json {
        return Err(Failure::usage("`--walk` asks people, and `--json` answers programs"));
    }
    let until = until(asked)?;
    let (mut next, mut met, mut input) = (None, 0, io::stdin().lines());
    loop {
        let page = page_of(session, asked, next.as_deref()).await?;
        for hit in list(&page, "/hits") {
            met += 1;
            write_hit(session.output, hit)?;
            session.output.flush()?;
            let done = match answer(&mut input, asked)? {
                Said::Enough => return Ok(Exit::Finding),
                Said::Nothing => continue,
                Said::True => say_true(session, hit).await?,
                Said::False => say_false(session, hit).await?,
                Said::Ignored => {
                    let body = json!({ "values": [text(hit, "/value")], "until": until });
                    session.ask(Call::post(&["hits", "ignored"]).json(body)).await?;
                    format!("ignored for {}", asked.ignored_for)
                }
            };
            let done = session.output.paint(Style::Good, &inert(&done));
            session.output.line(&format!("  {done}\n"))?;
        }
        next = Some(text(&page, "/next").to_owned()).filter(|next| !next.is_empty());
        if next.is_none() {
            break;
        }
    }
    session.output.line(&match met {
        0 => "nothing that was seen is known".to_owned(),
        met => format!("that was all: {}", counted(met, "hit")),
    })?;
    Ok(if met > 0 { Exit::Finding } else { Exit::Ok })
}

/// Ignores values, or ignores them no longer.
///
/// # Errors
/// The node refuses, or cannot be asked.
pub async fn ignore(session: &mut Session<'_>, asked: &Hits) -> Result<Exit, Failure> {
    let body = match asked.ignore.is_empty() {
        true => json!({ "values": asked.heed }),
        false => json!({ "values": asked.ignore, "until": until(asked)? }),
    };
    let answer = session.ask(Call::post(&["hits", "ignored"]).json(body)).await?;
    if session.output.json {
        session.output.document(&answer)?;
        return Ok(Exit::Ok);
    }
    let values = counted(number(&answer, "/values"), "value");
    session.output.line(&match text(&answer, "/until") {
        "" => format!("{values} ignored no longer"),
        until => format!("{values} ignored until {}", inert(until)),
    })?;
    Ok(Exit::Ok)
}

fn until(asked: &Hits) -> Result<String, Failure> {
    let seconds = read_seconds(&asked.ignored_for).and_then(|seconds| i64::try_from(seconds).ok());
    let seconds = seconds.filter(|seconds| *seconds > 0).ok_or_else(|| {
        Failure::usage(format!("`{}` is no time", asked.ignored_for)).hint("such as 12h or 90d")
    })?;
    Ok((crate::system_clock())().plus_seconds(seconds).to_string())
}

// Whoever says nothing more has said enough.
fn answer(input: &mut io::Lines<io::StdinLock<'static>>, asked: &Hits) -> Result<Said, Failure> {
    let question = format!("  [t]rue, [f]alse, [i]gnore for {}, [s]kip, [q]uit? ", inert(&asked.ignored_for));
    loop {
        let shown = io::stderr().write_all(question.as_bytes()).and_then(|()| io::stderr().flush());
        let line = shown.and_then(|()| input.next().transpose());
        let line = line.map_err(|error| Failure::usage(format!("nobody answers: {error}")))?;
        match line.as_deref().map(str::trim) {
            Some("t" | "true") => return Ok(Said::True),
            Some("f" | "false") => return Ok(Said::False),
            Some("i" | "ignore") => return Ok(Said::Ignored),
            Some("s" | "skip" | "") => return Ok(Said::Nothing),
            None | Some("q" | "quit") => return Ok(Said::Enough),
            Some(_) => {}
        }
    }
}

// It is a sighting of the day that it was seen last on: said once, however often.
async fn say_true(session: &Session<'_>, hit: &Value) -> Result<String, Failure> {
    let (id, last) = (text(hit, "/indicator/id"), text(hit, "/last"));
    let body = json!({ "sightings": [{ "indicator": id, "count": 1, "last_seen": last }] });
    let answer = session.ask(Call::post(&["sightings"]).json(body)).await?;
    Ok(match (number(&answer, "/said"), number(&answer, "/known"), number(&answer, "/pending")) {
        (1.., _, _) => "said to have been seen".to_owned(),
        (_, 1.., _) => "said to have been seen already".to_owned(),
        (_, _, 1..) => "it waits for a curator".to_owned(),
        _ => format!("not said: {}", text(&answer, "/why_refused")),
    })
}

async fn say_false(session: &Session<'_>, hit: &Value) -> Result<String, Failure> {
    let body = json!({ "of": [text(hit, "/indicator/id")], "verdict": "mistaken" });
    let answer = session.ask(Call::post(&["verdicts"]).json(body)).await?;
    let given = list(&answer, "/given").first().unwrap_or(&Value::Null);
    Ok(match (flag(given, "/known"), text(given, "/outcome/state")) {
        (true, _) => "you call it a mistake already".to_owned(),
        (_, "rejected") => format!("refused: {}", text(given, "/outcome/message")),
        _ => "called a mistake".to_owned(),
    })
}
