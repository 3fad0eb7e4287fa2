//! What to do about what was seen, by what the node answers to `why`.

use scan::out::{Grade, Urgency};
use serde_json::Value;

use crate::commands::{Session, counted, flag, list, number, text};
use crate::failure::Failure;
use crate::transport::Call;

use super::told::Teller;

/// Indicators that are asked for: the first of those that were seen.
const ASKED: usize = 5_000;
/// Values of one request.
const BATCH: usize = 100;
/// How long the query of one request is at most, in bytes: servers take a line of 8 KiB, and the path stands in it too.
const QUERY: usize = 7 << 10;
/// Gates that say that something is nobody's enemy.
const NOISE: [&str; 4] = ["warning-list", "innocent", "mistaken", "harmful"];
/// Sources and reasons that are named.
const NAMED: usize = 3;

/// Asks for what was seen, and lets the teller know.
///
/// # Errors
/// The node refuses, or cannot be asked.
pub async fn judge(session: &Session<'_>, teller: &mut Teller<'_>) -> Result<(), Failure> {
    for part in batches(teller.seen(ASKED)) {
        let values: Vec<String> = part.iter().map(|(_, seen)| seen.clone()).collect();
        let document = session.ask(Call::get(&["why"]).query_each("value", &values)).await?;
        for ((id, _), answer) in part.iter().zip(list(&document, "/answers")) {
            teller.judged(*id, grade(answer));
        }
    }
    Ok(())
}

// A value that is too long for any request is not asked for.
fn batches(seen: Vec<(u64, String)>) -> Vec<Vec<(u64, String)>> {
    let (mut batches, mut held) = (Vec::<Vec<_>>::new(), 0);
    for one in seen {
        // With its name, and each byte that must be encoded as three.
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        let length = 7 + one.1.bytes().map(|byte| if is_plain(byte) { 1 } else { 3 }).sum::<usize>();
        if length > QUERY {
            continue;
        }
        match batches.last_mut().filter(|batch| batch.len() < BATCH && held + length <= QUERY) {
            Some(batch) => batch.push(one),
            None => {
                held = 0;
                batches.push(vec![one]);
            }
        }
        held += length;
    }
    batches
}

fn grade(answer: &Value) -> Grade {
    let known = list(answer, "/known");
    let said = || known.iter().flat_map(|known| list(known, "/said"));
    let gates = || known.iter().chain(said()).flat_map(|of| list(of, "/gates"));
    let stops = |gate: &&Value| matches!(text(gate, "/lets"), "nothing" | "context");
    let is_noise = |gate: &&Value| stops(gate) && NOISE.contains(&text(gate, "/gate"));
    let urgency = match text(answer, "/action") {
        "block" => Urgency::Block,
        "alert" => Urgency::Alert,
        _ if gates().any(|gate| is_noise(&gate)) => Urgency::Noise,
        _ if known.is_empty() => Urgency::Unjudged,
        _ => Urgency::Context,
    };
    let mut why = Vec::new();
    // What holds it back is said first: for noise only that counts.
    let held: Vec<&Value> = match urgency {
        Urgency::Noise => gates().filter(is_noise).collect(),
        Urgency::Context => gates().filter(stops).collect(),
        _ => Vec::new(),
    };
    let mut reasons: Vec<String> =
        held.iter().map(|gate| format!("{}: {}", text(gate, "/gate"), text(gate, "/by"))).collect();
    reasons.dedup();
    reasons.truncate(NAMED);
    why.extend(reasons);
    let mut sources: Vec<&str> = Vec::new();
    for one in said() {
        let source = match (flag(one, "/own"), text(one, "/source/name")) {
            (true, _) => "your own organisation",
            (_, "") => "origin withheld",
            (_, name) => name,
        };
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    if !sources.is_empty() {
        let more = sources.len().saturating_sub(NAMED);
        sources.truncate(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        why.push(format!("said by {}{more}", sources.join(", ")));
    }
    let verdicts = known.iter().flat_map(|known| list(known, "/verdicts")).filter(|one| flag(one, "/meets"));
    if let Some(origins) = verdicts.map(|one| number(one, "/origins")).max().filter(|origins| *origins > 0) {
        why.push(counted(origins, "origin"));
    }
    for (what, pointer) in [("seen by", "/sighted/members"), ("called a mistake by", "/mistaken/members")] {
        if let Some(members) = said().map(|one| number(one, pointer)).max().filter(|members| *members > 0) {
            why.push(format!("{what} {}", counted(members, "member")));
        }
    }
    Grade { urgency, why: why.join("; ") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(action: &str, gate: &str, lets: &str) -> Value {
        json!({ "action": action, "known": [{
            "verdicts": [{ "meets": true, "origins": 2 }],
            "gates": [{ "gate": gate, "lets": lets, "by": "the list" }],
            "said": [
                { "own": false, "source": { "name": "ACME" }, "gates": [{ "gate": "valid", "lets": "block", "by": "valid" }],
                  "sighted": { "members": 3 } },
                { "own": true, "gates": [] },
            ],
        }] })
    }

    #[test]
    fn a_request_is_no_longer_than_servers_take() {
        let seen =
            |lengths: &[usize]| (0..).zip(lengths).map(|(id, length)| (id, "/".repeat(*length))).collect();
        let sizes = |lengths: &[usize]| batches(seen(lengths)).iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(sizes(&[1; 250]), [100, 100, 50]);
        // Each is 3 times 1,000 bytes and its name: two are within 7 KiB, and three are not.
        assert_eq!(sizes(&[1_000; 5]), [2, 2, 1]);
        assert_eq!(sizes(&[1, 5_000, 1]), [2]);
        assert!(batches(Vec::new()).is_empty());
    }

    #[test]
    fn a_grade_says_what_to_do_and_why() {
        let is = |answer: Value, urgency: Urgency, why: &str| {
            assert_eq!(grade(&answer), Grade { urgency, why: why.to_owned() });
        };
        let said = "said by ACME, your own organisation; 2 origins; seen by 3 members";
        is(answer("block", "warning-list", "block"), Urgency::Block, said);
        is(answer("alert", "prevalence", "alert"), Urgency::Alert, said);
        is(
            answer("nothing", "warning-list", "nothing"),
            Urgency::Noise,
            &format!("warning-list: the list; {said}"),
        );
        is(answer("nothing", "score", "nothing"), Urgency::Context, &format!("score: the list; {said}"));
        is(json!({ "action": "nothing", "known": [] }), Urgency::Unjudged, "");
    }
}
