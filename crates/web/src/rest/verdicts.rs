//! What members found out of what others say: that it was seen, that it is a mistake.

use http::Method;
use node::{Saying, Sighted, SightedOn, VerdictOf};

use super::content::{self, Fields};
use super::{JSON, listed, named, no_query, row};
use crate::answer::Answer;
use crate::routes::{Access, Need, Outcome};
use crate::{Failure, Request, Route, blocking};

const WORDS: &[&str] = &["mistaken", "sighted"];

pub fn routes() -> Vec<Route> {
    vec![
        row(
            Method::POST,
            "/api/v1/verdicts",
            "addVerdict",
            "Says of indicators, by value or id, that they are a mistake or were seen: STIX opinions and sightings.",
            Access::Needs(Need::Annotate),
            verdict,
        )
        .takes(JSON, named("VerdictRequest"))
        .gives(200, "The indicators that are meant, and what became of what was said.", JSON, named("VerdictsGiven")),
        row(
            Method::POST,
            "/api/v1/sightings",
            "reportSightings",
            "Says how often indicators were seen, each on a day (UTC): one STIX sighting for each, and none where as much was said before.",
            Access::Needs(Need::Annotate),
            report,
        )
        .takes(JSON, named("SightingsReport"))
        .gives(200, "How many were said.", JSON, named("SightingsReported")),
    ]
}

async fn verdict(mut request: Request) -> Outcome {
    no_query(&request)?;
    let bytes = content::bytes(&mut request).await?;
    let known =
        ["of", "verdict", "reason", "count", "first_seen", "last_seen", "context", "tlp", "without_name"];
    let fields = Fields::read(&bytes, &known)?;
    let of = fields.required_texts("of")?;
    let said = fields.word("verdict", |word| WORDS.iter().find(|known| **known == word), WORDS)?;
    let verdict = match said.copied().unwrap_or("mistaken") {
        "sighted" => VerdictOf::Sighted(Sighted {
            count: fields.count("count")?,
            first: fields.time("first_seen")?,
            last: fields.time("last_seen")?,
            context: fields.text("context")?,
        }),
        _ => VerdictOf::Mistaken(fields.text("reason")?),
    };
    let others: &[&str] = match &verdict {
        VerdictOf::Mistaken(_) => &["count", "first_seen", "last_seen", "context"],
        VerdictOf::Sighted(_) => &["reason"],
    };
    if let Some(other) = others.iter().find(|name| fields.has(name)) {
        return Err(Failure::invalid(format!("`/{other}` does not go with this verdict")));
    }
    let saying =
        Saying { tlp: fields.tlp("tlp")?, without_name: fields.flag("without_name")?.unwrap_or(false) };
    let caller = request.caller()?.clone();
    let given = blocking::long(move || request.node.verdict(&caller, &of, &verdict, saying)).await??;
    listed("given", &given)
}

async fn report(mut request: Request) -> Outcome {
    no_query(&request)?;
    let bytes = content::bytes(&mut request).await?;
    let fields = Fields::read(&bytes, &["sightings"])?;
    let known = ["indicator", "count", "first_seen", "last_seen", "context"];
    let read = |one: &Fields<'_>| -> Result<SightedOn, Failure> {
        let last = one.time("last_seen")?.ok_or_else(|| Failure::invalid("`last_seen` is missing"))?;
        Ok(SightedOn {
            indicator: one.required("indicator")?,
            count: one.count("count")?.unwrap_or(1),
            first: one.time("first_seen")?.unwrap_or(last),
            last,
            context: one.text("context")?,
        })
    };
    let sighted = fields.documents("sightings", &known)?;
    let sighted: Vec<SightedOn> = sighted.iter().map(read).collect::<Result<_, _>>()?;
    let caller = request.caller()?.clone();
    let reported = blocking::long(move || request.node.report(&caller, &sighted)).await??;
    Answer::json(&reported)
}
