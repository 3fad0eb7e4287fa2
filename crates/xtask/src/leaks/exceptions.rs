//! Where two worlds may differ, or a canary may stand, and why. There is nothing else.

use super::oracle::Reader;

/// Roads on which a member's tokens are told of what the member itself sent, refused and taken back alike.
const ABOUT_OWN: [&str; 5] =
    ["taxiiStatus", "showSubmission", "listQuarantine", "showQuarantined", "listAudit"];

/// Whether a road tells of what one's own member sent.
pub fn is_about_own(operation: &str) -> bool {
    ABOUT_OWN.contains(&operation)
}

/// Takes out of a trace how many others see an object: its author is told that of those whom he may not know, and his own
/// world has none of them.
pub fn without_others(text: String) -> String {
    match (text.find("\"others\":[{\"count\""), text.find("],\"kept_from\":")) {
        (Some(from), Some(to)) if from < to => {
            let (before, after) = (text.get(..from).unwrap_or_default(), text.get(to..).unwrap_or_default());
            format!("{before}\"others\":[{after}")
        }
        _ => text,
    }
}

/// Answers about the node as a machine: how much it holds, how much it does. For those who operate it; nobody else is let
/// in, and no canary stands in them.
const OF_THE_NODE: [&str; 4] = ["metrics", "listAudit", "listReads", "statistics"];

/// Whether an answer is about the machine, for this reader.
pub fn is_of_the_node(operation: &str, reader: &Reader<'_>) -> bool {
    reader.operates() && OF_THE_NODE.contains(&operation)
}

/// Ids of refused arrivals are numbers of all members together. To be mended, and then removed here.
pub fn is_waiting(operation: &str) -> bool {
    matches!(operation, "listQuarantine" | "showQuarantined")
}

/// Takes out of an answer what is known to tell of hidden neighbours. To be mended, and then removed here:
/// the microseconds within a commit count the entries of it, seen or not.
pub fn known(text: String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find("2031-") {
        out.push_str(rest.get(..at).unwrap_or_default());
        rest = rest.get(at..).unwrap_or_default();
        if rest.get(19..23) == Some(" UTC") {
            out.push_str("<time on a page>");
            rest = rest.get(23..).unwrap_or_default();
            continue;
        }
        let time: Option<model::Timestamp> = rest.get(..27).and_then(|time| time.parse().ok());
        match time {
            Some(time) => {
                out.push_str(
                    &model::Timestamp(time.0.div_euclid(1000) + i64::from(time.0 % 1000 != 0)).0.to_string(),
                );
                rest = rest.get(27..).unwrap_or_default();
            }
            None => {
                out.push_str("2031-");
                rest = rest.get(5..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
    out
}
