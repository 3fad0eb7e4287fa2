//! An answer without what is made anew each time: by design, for each the reason. Everything else is compared byte by byte.

use super::ask::Reply;

/// Status, headers and content of an answer, to compare with that of another world.
pub fn plain(reply: &Reply, submissions: &[(usize, String)]) -> String {
    let mut text = format!("{}\n", reply.status);
    let is_coded = reply.headers.iter().any(|(name, _)| name == "content-encoding");
    for (name, value) in &reply.headers {
        // How far random cursors can be made shorter is random, too.
        if is_coded && name == "content-length" {
            continue;
        }
        // It says that the answer is long enough to be coded, and how long it is may hang on counts that are told.
        if name == "vary" {
            continue;
        }
        text.push_str(&format!("{name}: {value}\n"));
    }
    text.push('\n');
    text.push_str(&String::from_utf8_lossy(&reply.body));
    // How often an import tells how far it is goes by the clock on the wall.
    if text.contains("{\"event\":\"progress\"") {
        let lines: Vec<&str> =
            text.lines().filter(|line| !line.starts_with("{\"event\":\"progress\"")).collect();
        text = lines.join("\n");
    }
    // Submissions are named at random. In each world the one of the same deed gets the same name.
    for (number, id) in submissions {
        let (name, named) = (format!("\"id\":\"{id}\""), format!("\"id\":\"<{number}>\""));
        text = text.replace(&name, &named);
        if id.len() == 36 {
            text = text.replace(id.as_str(), &format!("<{number}>"));
        }
    }
    // Cursors are sealed under a random nonce. What they hold is compared by following them.
    text = without_cursors(&text);
    // The word of a session is random.
    text = blanked(&text, "set-cookie: accord=", ';');
    // Secrets of tokens are random.
    text = blanked(&text, "\"secret\":\"", '"');
    // When tokens of one's own organisation were last shown is for whoever administers them: it counts what they sent.
    text = without(&text, ",\"last_used\":\"", '"');
    let text = made_ids(&text);
    // The digest of a circle that was just made is one of its random id, too.
    if text.contains("\\nid <made>") { blanked(&text, "\"digest\":\"", '"') } else { text }
}

/// A text without cursors. They are random letters, and so may spell a canary by chance.
pub fn without_cursors(text: &str) -> String {
    let text = blanked(&blanked(text, "\"next\":\"", '"'), "next=", '"');
    // Those of the stream, and the digest of a file that has one.
    let text = blanked(&blanked(&text, "\"cursor\":\"", '"'), "\"sum\":\"", '"');
    blanked(&text, "\nid: ", '\n')
}

fn without(text: &str, begin: &str, end: char) -> String {
    let mut pieces = text.split(begin);
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        out.push_str(piece.split_once(end).map_or("", |(_, rest)| rest));
    }
    out
}

// What stands between a beginning and an end becomes its length.
fn blanked(text: &str, begin: &str, end: char) -> String {
    let mut pieces = text.split(begin);
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (value, rest) = piece.split_at(piece.find(end).unwrap_or(piece.len()));
        out.push_str(&format!("{begin}<{} characters>{rest}", value.len()));
    }
    out
}

// Ids that the node makes are random UUIDs: those of no plan, and of no standard, are all the same.
fn made_ids(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('-') {
        let begin = at.saturating_sub(8);
        let candidate = rest.get(begin..begin + 36).filter(|id| at >= 8 && is_uuid(id));
        match candidate {
            Some(id) if !is_planned(id) => {
                out.push_str(rest.get(..begin).unwrap_or_default());
                out.push_str("<made>");
                rest = rest.get(begin + 36..).unwrap_or_default();
            }
            Some(_) => {
                out.push_str(rest.get(..begin + 36).unwrap_or_default());
                rest = rest.get(begin + 36..).unwrap_or_default();
            }
            None => {
                out.push_str(rest.get(..=at).unwrap_or_default());
                rest = rest.get(at + 1..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
    out
}

fn is_uuid(text: &str) -> bool {
    text.bytes().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase(),
    })
}

fn is_planned(id: &str) -> bool {
    id.contains("-ac0d-4ac0-8ac0-")
        || id.contains("-8000-00000000")
        || stix::tlp::MARKINGS.iter().any(|marking| marking.id.ends_with(id))
}

/// The cursor that an answer tells, for the next page.
pub fn next_of(reply: &Reply) -> Option<String> {
    let text = String::from_utf8_lossy(&reply.body);
    let behind = |begin: &str| {
        let at = text.find(begin)? + begin.len();
        let rest = text.get(at..)?;
        rest.get(..rest.find(['"', '&'])?).map(str::to_owned)
    };
    behind("\"next\":\"").or_else(|| behind("next=")).filter(|next| !next.is_empty())
}
