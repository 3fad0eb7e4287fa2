//! A report for people in one file of HTML: pictures first, then a row for each indicator. It has no script and loads nothing; whatever
//! strangers wrote is made inert, defanged and escaped.

use std::collections::BTreeMap;
use std::io::{self, Write};

use model::Timestamp;
use model::inert::defanged;

use super::Grade;
use crate::known::Known;
use crate::tally::{Row, Tally};

/// How it looks: by day and by night, narrow and wide.
const STYLE: &str = include_str!("html.css");
/// Nothing is loaded and nothing runs, whatever somebody may have brought into it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
/// Bars of a picture.
const BARS: usize = 12;
/// Columns of the picture of days; where there are more days, several are put together.
const COLUMNS: usize = 90;
/// Characters of a name in a picture.
const NAME: usize = 38;
/// Microseconds in a day.
const DAY: i64 = 86_400_000_000;

/// What is reported.
#[derive(Debug)]
pub struct Report<'r> {
    /// What the hits came to.
    pub tally: &'r Tally,
    /// The rows that are shown, in the order in which to look at them, and how each is judged.
    pub rows: &'r [(&'r Row, Option<&'r Grade>)],
    /// How many rows there are in all.
    pub all_rows: usize,
    /// Lines that were gone through.
    pub lines: u64,
    /// Logs that could not be read to their end, and why.
    pub errors: &'r [(String, String)],
    /// The time.
    pub now: Timestamp,
}

/// Writes a report.
///
/// # Errors
/// It cannot be written.
pub fn html(report: &Report<'_>, known: &Known, out: &mut dyn Write) -> io::Result<()> {
    let Report { tally, rows, .. } = report;
    let logs = tally.logs.len() as u64 + tally.more_logs;
    let found = match tally.hits {
        0 => "Nothing found".to_owned(),
        hits => format!("{} of {}", counted(hits, "hit"), counted(report.all_rows as u64, "indicator")),
    };
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n<title>{found}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <main>\n<h1>{found}</h1>\n<p class=\"faint\">in {} of {}, compared with {}, {} UTC</p>\n",
        counted(report.lines, "line"),
        counted(logs, "log"),
        counted(known.taken, "indicator"),
        at(report.now),
    )?;
    for (log, why) in report.errors {
        writeln!(out, "<p class=\"alert\">Not read to its end: {}: {}</p>", safe(log), safe(why))?;
    }
    if tally.hits > 0 {
        pictures(report, out)?;
        writeln!(out, "<h2>What to look at first</h2>\n<ol>")?;
        for (row, grade) in rows.iter() {
            item(row, *grade, (tally, known), out)?;
        }
        writeln!(out, "</ol>")?;
        let more = report.all_rows.saturating_sub(rows.len());
        if more > 0 {
            writeln!(out, "<p class=\"faint\">and {} more indicators</p>", grouped(more as u64))?;
        }
        if tally.other_rows > 0 {
            let others = grouped(tally.other_rows);
            writeln!(
                out,
                "<p class=\"faint\">and {others} hits of further indicators, which have no row</p>"
            )?;
        }
    }
    out.write_all(b"</main>\n</body>\n</html>\n")
}

fn pictures(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let tally = report.tally;
    writeln!(out, "<div class=\"pictures\">")?;
    days(&tally.days, out)?;
    let owned = |(name, hits): (&String, &u64)| (name.clone(), *hits);
    let mut tops: Vec<(String, u64)> =
        report.rows.iter().map(|(row, _)| (row.seen.clone(), row.hits)).collect();
    most(&mut tops, 0);
    bars("Indicators with the most hits", &tops, out)?;
    let mut kinds: Vec<_> = tally.kinds.iter().map(|(kind, hits)| ((*kind).to_owned(), *hits)).collect();
    most(&mut kinds, 0);
    bars("Hits by kind", &kinds, out)?;
    for (title, of, others) in [
        ("Hits by who says it", &tally.sources, tally.other_sources),
        ("Hits by host", &tally.hosts, tally.other_hosts),
    ] {
        let mut of: Vec<_> = of.iter().map(owned).collect();
        most(&mut of, others);
        bars(title, &of, out)?;
    }
    let mut logs: Vec<_> = tally.logs.iter().filter(|(_, hits)| *hits > 0).cloned().collect();
    most(&mut logs, tally.other_logs);
    bars("Hits by log", &logs, out)?;
    writeln!(out, "</div>")
}

// The ones with the most hits; all beyond are one.
fn most(of: &mut Vec<(String, u64)>, others: u64) {
    of.sort_by(|one, other| (other.1, &one.0).cmp(&(one.1, &other.0)));
    let beyond: u64 = of.iter().skip(BARS).map(|(_, hits)| hits).sum::<u64>() + others;
    of.truncate(BARS);
    if beyond > 0 {
        of.push(("others".to_owned(), beyond));
    }
}

fn bars(title: &str, of: &[(String, u64)], out: &mut dyn Write) -> io::Result<()> {
    // One bar says nothing.
    let longest = of.iter().map(|(_, hits)| *hits).max().unwrap_or(0);
    if of.len() < 2 || longest == 0 {
        return Ok(());
    }
    let height = of.len() * 36 + 4;
    writeln!(
        out,
        "<figure><h2>{title}</h2><svg viewBox=\"0 0 360 {height}\" role=\"img\" aria-label=\"{title}\">"
    )?;
    for (place, (name, hits)) in of.iter().enumerate() {
        let (top, width) = (place * 36, (hits * 356).div_ceil(longest).max(2));
        let shown: String = name.chars().take(NAME).collect();
        let more = if shown.len() < name.len() { "…" } else { "" };
        writeln!(
            out,
            "<text x=\"0\" y=\"{}\">{}{more}</text><text x=\"358\" y=\"{}\" text-anchor=\"end\">{}</text>\
             <rect{} x=\"0\" y=\"{}\" width=\"{width}\" height=\"10\"/>",
            top + 13,
            safe(&shown),
            top + 13,
            grouped(*hits),
            if place == BARS { " class=\"others\"" } else { "" },
            top + 18,
        )?;
    }
    writeln!(out, "</svg></figure>")
}

// From the first day to the last, so that days without hits are seen as such.
fn days(of: &BTreeMap<i64, u64>, out: &mut dyn Write) -> io::Result<()> {
    let (Some((first, _)), Some((last, _))) = (of.first_key_value(), of.last_key_value()) else {
        return Ok(());
    };
    let span = usize::try_from(last.saturating_sub(*first)).unwrap_or(usize::MAX).saturating_add(1);
    let each = span.div_ceil(COLUMNS);
    let mut columns = vec![0_u64; span.div_ceil(each)];
    for (day, hits) in of {
        let place = usize::try_from(day - first).unwrap_or(0) / each;
        if let Some(column) = columns.get_mut(place) {
            *column += hits;
        }
    }
    let tallest = columns.iter().copied().max().unwrap_or(1).max(1);
    let title = match each {
        1 => "Hits by day".to_owned(),
        each => format!("Hits by day, {each} days a column"),
    };
    writeln!(
        out,
        "<figure class=\"wide\"><h2>{title}</h2><p class=\"ends faint\">up to {}</p>\
         <svg viewBox=\"0 0 900 150\" role=\"img\" aria-label=\"{title}\"><line x1=\"0\" y1=\"149\" x2=\"900\" y2=\"149\"/>",
        grouped(tallest)
    )?;
    let all = columns.len().max(1);
    let width = (900 / all).saturating_sub(2).clamp(1, 40);
    for (place, hits) in columns.iter().enumerate().filter(|(_, hits)| **hits > 0) {
        let height = (hits * 148).div_ceil(tallest).max(2);
        let (left, top) = (place * 900 / all, 149 - height);
        let from = day(first.saturating_add(i64::try_from(place * each).unwrap_or(0)));
        writeln!(
            out,
            "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\"><title>{from}: {}</title></rect>",
            grouped(*hits)
        )?;
    }
    writeln!(
        out,
        "</svg><p class=\"ends\"><span>{}</span><span>{}</span></p></figure>",
        day(*first),
        day(*last)
    )
}

fn item(
    row: &Row,
    grade: Option<&Grade>,
    (tally, known): (&Tally, &Known),
    out: &mut dyn Write,
) -> io::Result<()> {
    let named = known.named(row.id);
    write!(out, "<li>")?;
    if let Some(grade) = grade {
        let name = grade.urgency.name();
        write!(out, "<span class=\"grade {name}\">{name}</span>")?;
    }
    let (seen, hits) = (safe(&row.seen), counted(row.hits, "hit"));
    write!(out, "<span class=\"value\">{seen}</span> {} · {hits}", row.kind.name())?;
    if let (Some(first), Some(last)) = (row.first, row.last) {
        write!(out, " · {} to {}", at(first), at(last))?;
    }
    if let Some(grade) = grade.filter(|grade| !grade.why.is_empty()) {
        write!(out, "<p class=\"small\">why: {}</p>", safe(&grade.why))?;
    }
    if !row.hosts.is_empty() {
        let hosts: Vec<String> = row.hosts.iter().map(|host| safe(host)).collect();
        write!(out, "<p class=\"small\">at {}</p>", hosts.join(", "))?;
    }
    write!(out, "<p class=\"small faint\">known as {}", safe(named.value))?;
    for (before, text) in [("said by ", named.source), ("", named.label), ("", named.object)] {
        if !text.is_empty() {
            write!(out, " · {before}{}", safe(text))?;
        }
    }
    let (log, place) = row.at;
    let log = tally.logs.get(log).map_or("another log", |(log, _)| log.as_str());
    writeln!(out, " · first in {} at byte {}</p></li>", safe(log), grouped(place))
}

/// A stranger's text, defanged and without what HTML means by itself.
fn safe(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 16);
    for character in defanged(text).chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

fn counted(count: u64, what: &str) -> String {
    format!("{} {what}{}", grouped(count), if count == 1 { "" } else { "s" })
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + 6);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

fn at(time: Timestamp) -> String {
    let text = time.to_string();
    text.get(..19).unwrap_or(&text).replace('T', " ")
}

fn day(number: i64) -> String {
    let midnight = Timestamp(number.saturating_mul(DAY)).to_string();
    midnight.get(..10).unwrap_or(&midnight).to_owned()
}

#[cfg(test)]
mod tests {
    use shield::Kind;

    use super::super::Urgency;
    use super::super::tests::hit;
    use super::*;
    use crate::Hit;

    fn page(hits: &[Hit], csv: &str, why: &str) -> String {
        let known = Known::read(csv.as_bytes(), 7).unwrap();
        let mut tally = Tally::default();
        tally.begin("dns.log\"><script>");
        hits.iter().for_each(|hit| tally.add(hit, known.named(hit.id).source));
        let rows = tally.rows(&|_| Urgency::Unjudged);
        let grade = Grade { urgency: Urgency::Noise, why: why.to_owned() };
        let rows: Vec<_> = rows.into_iter().map(|row| (row, Some(&grade))).collect();
        let errors = [("torn.gz".to_owned(), "<i>it broke off</i>".to_owned())];
        let now = "2026-04-01T00:00:00Z".parse().unwrap();
        let all_rows = tally.indicators();
        let report = Report { tally: &tally, rows: &rows, all_rows, lines: 1_234, errors: &errors, now };
        let mut bytes = Vec::new();
        html(&report, &known, &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn what_strangers_wrote_is_inert() {
        let evil = "<script>alert(1)</script>";
        let csv = format!(
            "value,kind,id,source\nevil.example,domain,indicator--00000000-0000-4000-8000-000000000001,\"{evil}\"\n"
        );
        let one = Hit {
            host: Some(format!("h\u{202e}{evil}")),
            ..hit(Kind::Url, "http://evil.example/<img src=x onerror=alert(1)>", Some("2026-03-05T12:00:00Z"))
        };
        let page = page(&[one], &csv, "'\"><svg onload=alert(1)>");
        for open in [
            "<script",
            "<img",
            "<i>",
            "<svg onload",
            "\u{202e}",
            "http://evil",
            "evil.example",
            " src=\"",
            "href",
            "url(",
        ] {
            assert!(!page.contains(open), "{open}: {page}");
        }
        // No element but those that are written here, and no attribute that runs.
        let tags: std::collections::BTreeSet<&str> = page
            .split('<')
            .skip(1)
            .map(|tag| tag.trim_start_matches('/').split([' ', '>', '\n']).next().unwrap_or_default())
            .collect();
        let ours = [
            "!doctype", "body", "div", "figure", "h1", "h2", "head", "html", "li", "line", "main", "meta",
            "ol", "p", "rect", "span", "style", "svg", "text", "title",
        ];
        assert!(tags.iter().all(|tag| ours.contains(tag)), "{tags:?}");
        assert!(
            page.contains("default-src 'none'") && page.contains("hxxp://evil[.]example/&lt;img"),
            "{page}"
        );
        assert_eq!(page.matches("<h1>").count(), 1);
    }

    #[test]
    fn pictures_come_first_and_count_all() {
        let csv = "value,kind,id,source\nevil.example,domain,indicator--00000000-0000-4000-8000-000000000001,ACME\nbad.example,domain,indicator--00000000-0000-4000-8000-000000000002,Other\n";
        let hits: Vec<Hit> = (0..1_000)
            .map(|n| {
                let time = format!("{}-{:02}-01T00:00:00Z", 2024 + n % 2, n % 12 + 1);
                Hit {
                    id: u64::from(n % 4 == 0),
                    host: Some(format!("h{n}")),
                    ..hit(Kind::Domain, "seen", Some(&time))
                }
            })
            .collect();
        let page = page(&hits, csv, "");
        assert!(page.find("<svg").unwrap() < page.find("<ol>").unwrap());
        assert!(
            page.contains("<h1>1,000 hits of 2 indicators</h1>") && page.contains("in 1,234 lines of 1 log,")
        );
        // Twelve hosts have a bar, and the others one.
        assert!(page.contains(">others</text>") && page.contains(">988</text>"), "{page}");
        assert!(
            page.contains("<span>2024-01-01</span>") && page.contains("<span>2025-12-01</span>"),
            "{page}"
        );
        let titles = page.matches("<title>2").count();
        assert!((12..=24).contains(&titles), "{titles}");
        let nothing = super::tests::page(&[], csv, "");
        assert!(nothing.contains("<h1>Nothing found</h1>") && !nothing.contains("<svg"));
    }
}
