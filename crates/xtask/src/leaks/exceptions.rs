//! Where two worlds may differ, or a canary may stand, and why. There is nothing else.

use std::collections::BTreeSet;

use super::oracle::Reader;

/// Roads on which a member's tokens are told of what the member itself sent, refused and taken back alike.
const ABOUT_OWN: [&str; 8] = [
    "traceObject",
    "taxiiStatus",
    "showSubmission",
    "listSubmissions",
    "listQuarantine",
    "showQuarantined",
    "listAudit",
    "queuePage",
];

/// Whether a road tells of what one's own member sent.
pub fn is_about_own(operation: &str) -> bool {
    ABOUT_OWN.contains(&operation)
}

/// Whether a road tells curators of what waits.
pub fn is_of_the_queue(operation: &str) -> bool {
    operation.contains("Queue") || operation == "queuePage"
}

/// Whoever works the quarantine is told of whom something was refused, also of a member of which he sees nothing.
pub fn is_name_of_refused(operation: &str, reader: &Reader<'_>, word: &str) -> bool {
    reader.curates() && matches!(operation, "listQuarantine" | "showQuarantined") && word.starts_with("qm")
}

/// Takes out of a trace, and of each preview, how many others see an object: its author is told that of those whom he may not
/// know, and his own world has none of them.
pub fn without_others(text: String) -> String {
    let (begin, end) = ("\"others\":[", "],\"kept_from\":");
    let mut left = String::new();
    let mut rest = text.as_str();
    while let Some((before, behind)) = rest.split_once(begin) {
        let counted = behind.split_once(end).filter(|(counts, _)| counts.starts_with("{\"count\""));
        left.push_str(before);
        left.push_str(begin);
        rest = behind;
        if let Some((_, after)) = counted {
            left.push_str(end);
            rest = after;
        }
    }
    left.push_str(rest);
    left
}

/// The author that a reader names in what he says: whose an identity is stands in the directory, and whoever names one is told
/// that it is another member's also where he is told nothing else of that member, since nobody is to be taken for another. In
/// his own world nobody has the identity of a member that he does not meet, so such a one he does not name.
pub fn met_author(author: Option<String>, met: &BTreeSet<String>) -> Option<String> {
    author.filter(|identity| met.contains(identity))
}

/// Takes out of what a recall answers who was lent some of it: that is told of those who recalled alone, by what was read, and
/// the others' reads are not in his own world.
pub fn without_holders(text: String) -> String {
    match text.find(",\"held\":{\"members\":") {
        Some(from) => text.get(..from).unwrap_or_default().to_owned(),
        None => text,
    }
}

/// Takes out of a recall how often it was tried in vain: that goes by the clock on the wall.
pub fn without_attempts(text: String) -> String {
    let mut left = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, behind)) = rest.split_once(",\"retry\":{") {
        left.push_str(before);
        rest = behind.split_once('}').map_or("", |(_, after)| after);
    }
    left.push_str(rest);
    left
}

/// Takes out which commit within a second something entered with, where that second is the one in which all that a member said was taken
/// back. That is said under one label after the other, and while the clock stands still each commit has the next millisecond: in life
/// what lies between two of them goes by the disk. In which order they entered is compared all the same.
pub fn without_moments(text: &str, second: &str) -> String {
    let begin = format!("{second}.");
    let mut pieces = text.split(begin.as_str());
    let mut left = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        left.push_str(&begin);
        match piece.split_once('Z').filter(|(digits, _)| digits.len() == 6) {
            Some((_, rest)) => left.push_str(&format!("<a moment>Z{rest}")),
            None => left.push_str(piece),
        }
    }
    left
}

/// Takes out of a trace who got it, for the same reason: only what was read in lists, exports and the stream stands there.
pub fn without_getters(text: String) -> String {
    let mut left = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, behind)) = rest.split_once(",\"got") {
        left.push_str(before);
        let end = if behind.starts_with("\":{") { "}" } else { "" };
        let after = match behind.strip_prefix("_by_others\":") {
            Some(count) => count.trim_start_matches(|one: char| one.is_ascii_digit()),
            None => match behind.split_once(end).filter(|_| !end.is_empty()) {
                Some((_, after)) => after,
                None => {
                    left.push_str(",\"got");
                    behind
                }
            },
        };
        rest = after;
    }
    left.push_str(rest);
    left
}

/// Answers about the node as a machine: how much it holds, how much it does. For those who operate it; nobody else is let
/// in, and no canary stands in them.
/// So is that something was recalled as a whole, whose it was and how far that is: an administrator could do it himself, and is told so
/// of members of whom he sees nothing.
const OF_THE_NODE: [&str; 10] = [
    "metrics",
    "listRecalls",
    "listAudit",
    "listReads",
    "statistics",
    "eraseObject",
    "eraseSubject",
    "runRetention",
    "check",
    "rebuild",
];

/// Whether an answer is about the machine, for this reader.
pub fn is_of_the_node(operation: &str, reader: &Reader<'_>) -> bool {
    // An administrator takes back what his member could see, also where no role of his reads it.
    let takes_back = operation == "withdrawObject" && !reader.reads();
    // Whoever works the quarantine is told that something was refused, also where that is for a reason that he does not see.
    let works = reader.curates() && matches!(operation, "listQuarantine" | "showQuarantined");
    // Why something was refused to a token of the same member that is good for more is told in the submission's status: what
    // of it the scope leaves out is open, so for tokens of some collections only canaries are looked for.
    let scoped = reader.token.is_some_and(|token| token.read.is_some());
    scoped || works || reader.operates() && (takes_back || OF_THE_NODE.contains(&operation))
}
