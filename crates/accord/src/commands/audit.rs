//! `accord audit`: what was done, for people and for what collects logs.

use model::Timestamp;
use serde_json::Value;

use super::{Session, flag, list, number, text};
use crate::arguments::{AuditFormat, AuditList, ReadsList};
use crate::failure::{Exit, Failure};
use crate::terminal::{Output, Table};
use crate::transport::Call;

/// Facility 13 (log audit), severity 6 (informational), as RFC 5424 §6.2.1 has them.
const PRIORITY: u32 = 13 * 8 + 6;
/// How grave rows are, of 0 to 10 of the Common Event Format.
const SEVERITY: u32 = 3;
/// Rows of a table, unless more are asked for.
const LISTED: u64 = 50;
/// The longest MSGID, in characters (RFC 5424 §6).
const MSGID_LENGTH: usize = 32;

/// Lists the newest rows, or follows them from where a collector was.
///
/// # Errors
/// The node refuses, or cannot be asked.
pub async fn run(session: &mut Session<'_>, asked: AuditList) -> Result<Exit, Failure> {
    let format = match asked.format {
        AuditFormat::Text if session.output.json && asked.after.is_some() => AuditFormat::JsonLines,
        format => format,
    };
    if asked.after.is_none() && (format == AuditFormat::Text || asked.limit.is_some()) {
        return newest(session, format, asked.limit.unwrap_or(LISTED)).await;
    }
    let mut after = asked.after.unwrap_or(0);
    loop {
        let answer = session.ask(Call::get(&["audit"]).query("after", after.to_string())).await?;
        let rows = list(&answer, "/audit");
        if format == AuditFormat::Text {
            table(session.output, rows)?;
        }
        for row in rows {
            line(session.output, format, row)?;
            after = number(row, "/id");
        }
        if rows.is_empty() || !flag(&answer, "/more") {
            return Ok(Exit::Ok);
        }
    }
}

// The newest rows: as text the newest first, and in the order of time for what collects them.
async fn newest(session: &mut Session<'_>, format: AuditFormat, limit: u64) -> Result<Exit, Failure> {
    let answer = session.ask(Call::get(&["audit"]).query("limit", limit.to_string())).await?;
    let rows = list(&answer, "/audit");
    match format {
        AuditFormat::Text if session.output.json => session.output.document(&rows)?,
        AuditFormat::Text => table(session.output, rows)?,
        _ => rows.iter().rev().try_for_each(|row| line(session.output, format, row))?,
    }
    Ok(Exit::Ok)
}

fn line(output: &mut Output, format: AuditFormat, row: &Value) -> Result<(), Failure> {
    match format {
        AuditFormat::Text => Ok(()),
        AuditFormat::JsonLines => output.line(&row.to_string()),
        AuditFormat::Syslog => output.line(&syslog(row)),
        AuditFormat::Cef => output.line(&cef(row)),
    }
}

/// Lists who read how much.
///
/// # Errors
/// The node refuses, or cannot be asked.
pub async fn reads(session: &mut Session<'_>, asked: ReadsList) -> Result<Exit, Failure> {
    let call = Call::get(&["reads"]).query("limit", asked.limit.to_string());
    let answer = session.ask(call.query_some("before", asked.before.as_deref())).await?;
    let (output, rows) = (&mut *session.output, list(&answer, "/reads"));
    if output.json {
        output.document(&rows)?;
        return Ok(Exit::Ok);
    }
    if rows.is_empty() {
        output.line("nothing was read")?;
        return Ok(Exit::Ok);
    }
    let mut table = Table::new(&["at", "road", "label", "entries", "member", "token", "collection"]);
    for row in rows {
        let entries = number(row, "/entries").to_string();
        let (at, verb, label) = (text(row, "/at"), text(row, "/verb"), text(row, "/label"));
        let name = |of: &str| text(row, &format!("/{of}/name")).to_owned();
        table.row([at, verb, label, &entries, &name("member"), &name("token"), &name("collection")]);
    }
    table.write(output)?;
    if flag(&answer, "/more") && !output.quiet {
        let last = rows.last().map_or("", |row| text(row, "/at"));
        crate::terminal::remark(&format!("older ones with --before {last}"));
    }
    Ok(Exit::Ok)
}

fn table(output: &mut Output, rows: &[Value]) -> Result<(), Failure> {
    if rows.is_empty() {
        return output.line("nothing was done");
    }
    let mut table = Table::new(&["id", "at", "what", "on", "token", "member"]);
    for row in rows {
        let id = number(row, "/id").to_string();
        let (at, verb) = (text(row, "/at"), text(row, "/verb"));
        let name = text(row, "/target_name");
        let target = if name.is_empty() { text(row, "/target") } else { name };
        table.row([&id, at, verb, target, text(row, "/token/name"), text(row, "/member/name")]);
    }
    table.write(output)
}

// RFC 5424 §6; the structured part of the row is JSON, since names in brackets need an enterprise number.
fn syslog(row: &Value) -> String {
    let msgid: String =
        text(row, "/verb").chars().filter(char::is_ascii_graphic).take(MSGID_LENGTH).collect();
    let msgid = if msgid.is_empty() { "-" } else { &msgid };
    format!("<{PRIORITY}>1 {} - accord - {msgid} - {}", text(row, "/at"), ascii(&row.to_string()))
}

// JSON in ASCII alone: UTF-8 would have to begin with a byte order mark (RFC 5424 §6.4), which readers of JSON refuse.
fn ascii(json: &str) -> String {
    let mut plain = String::with_capacity(json.len());
    let mut units = [0; 2];
    for one in json.chars() {
        match one.is_ascii() {
            true => plain.push(one),
            false => one.encode_utf16(&mut units).iter().for_each(|unit| plain += &format!("\\u{unit:04x}")),
        }
    }
    plain
}

// CEF:Version|Device Vendor|Device Product|Device Version|Device Event Class ID|Name|Severity|Extension
fn cef(row: &Value) -> String {
    let verb = header(text(row, "/verb"));
    let at = text(row, "/at").parse::<Timestamp>().map_or(0, |at| at.0.div_euclid(1_000));
    let mut line = format!(
        "CEF:0|Accord|accord|{}|{verb}|{verb}|{SEVERITY}|externalId={} rt={at}",
        env!("CARGO_PKG_VERSION"),
        number(row, "/id")
    );
    let fields = [
        ("act", "/verb"),
        ("suser", "/person/name"),
        ("suid", "/token/id"),
        ("sourceServiceName", "/token/name"),
        ("cs1", "/member/name"),
        ("cs2", "/target"),
    ];
    for (key, pointer) in fields {
        let value = text(row, pointer);
        if !value.is_empty() {
            line += &format!(" {key}={}", extension(value));
        }
        match key {
            "cs1" if !value.is_empty() => line += " cs1Label=member",
            "cs2" if !value.is_empty() => line += " cs2Label=target",
            _ => {}
        }
    }
    line
}

fn header(text: &str) -> String {
    text.replace('\\', "\\\\").replace('|', "\\|").replace(char::is_control, " ")
}

fn extension(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('=', "\\=").replace('\r', "\\r").replace('\n', "\\n");
    escaped.replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn row() -> Value {
        json!({
            "id": 7, "at": "2026-03-01T12:00:00.000250Z", "verb": "member.add", "target": "a=b\nc\\",
            "token": { "id": "t", "name": "ops | night" }, "member": { "id": "m", "name": "ACME = us" },
        })
    }

    #[test]
    fn syslog_lines_have_the_header_of_the_standard() {
        let line = syslog(&row());
        assert!(line.starts_with("<110>1 2026-03-01T12:00:00.000250Z - accord - member.add - {\""), "{line}");
        assert_eq!(line.lines().count(), 1);
        let (_, message) = line.split_once(" - {").unwrap();
        let back: Value = serde_json::from_str(&format!("{{{message}")).unwrap();
        assert_eq!(back, row());
        assert!(syslog(&json!({ "verb": "" })).contains(" - accord - - - "));
        // UTF-8 would need a byte order mark, and some readers end a line at U+2028.
        let foreign = json!({ "verb": "member.add", "target_name": "Bär \u{2028}🛡" });
        let line = syslog(&foreign);
        assert!(line.is_ascii() && line.contains("B\\u00e4r \\u2028\\ud83d\\udee1"), "{line}");
        let (_, message) = line.split_once(" - {").unwrap();
        assert_eq!(serde_json::from_str::<Value>(&format!("{{{message}")).unwrap(), foreign);
    }

    #[test]
    fn cef_lines_escape_what_would_end_a_field() {
        assert_eq!(
            cef(&row()),
            format!(
                "CEF:0|Accord|accord|{}|member.add|member.add|3|externalId=7 rt=1772366400000 act=member.add suid=t \
                 sourceServiceName=ops | night cs1=ACME \\= us cs1Label=member cs2=a\\=b\\nc\\\\ cs2Label=target",
                env!("CARGO_PKG_VERSION")
            )
        );
        assert_eq!(header("a|b\\\n"), "a\\|b\\\\ ");
    }
}
