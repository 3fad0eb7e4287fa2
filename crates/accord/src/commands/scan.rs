//! `accord scan`: logs against what is known.

mod files;
mod follow;
mod hashed;
mod judged;
mod reported;
mod told;

use std::io::{self, IsTerminal, Read, Write};
use std::ops::ControlFlow;
use std::path::Path;

use model::Timestamp;
use scan::{Clock, Format, Known, Map};

use super::Session;
use super::shield::{Kept, Unusable};
use crate::arguments::{Scan, ScanOutput};
use crate::failure::{Exit, Failure};
use crate::settings::{Loaded, read_seconds};
use crate::terminal::{Output, Progress, inert, remark};
use crate::transport::Call;
use files::Files;
use told::{How, Teller};

/// What the arguments come to.
struct Asked {
    format: Option<Format>,
    how: How,
    clock: Clock,
    way: scan::Way,
    limit: usize,
}

/// Goes through logs with a file of what is known. No node is asked.
///
/// # Errors
/// The arguments make no sense; the file cannot be read, or holds nothing.
pub fn against_file(scan: &Scan, loaded: &Loaded, output: &mut Output) -> Result<Exit, Failure> {
    let asked = asked(scan, output.json)?;
    let path = scan.against.as_deref().unwrap_or(Path::new("-"));
    if path == Path::new("-") && reads_input(scan) {
        return Err(Failure::usage("standard input cannot be both the logs and what they are compared with"));
    }
    if path == Path::new("-") {
        let known = read_known(io::stdin().lock())?;
        return go(scan, &asked, &known, ("-", &|| {}), output)?.end(asked.limit);
    }
    let name = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let name = name.to_string_lossy();
    match Kept::open(path) {
        Ok(kept) => {
            if let Some(warning) = kept.age_warning(loaded, path).filter(|_| !output.quiet) {
                remark(&warning);
            }
            go(scan, &asked, &kept.known, (&name, &|| kept.look()), output)?.end(asked.limit)
        }
        Err(Unusable::Foreign) => {
            let unreadable =
                |error: io::Error| Failure::usage(format!("`{}` cannot be read: {error}", path.display()));
            let known = read_known(std::fs::File::open(path).map_err(unreadable)?)?;
            go(scan, &asked, &known, (&name, &|| {}), output)?.end(asked.limit)
        }
        Err(why) => Err(Failure::usage(why.told(path))),
    }
}

/// Writes what was seen in logs as events, which `accord events` sends. No node is asked.
///
/// # Errors
/// The arguments make no sense; the output cannot be written.
pub fn events(scan: &Scan, output: &mut Output) -> Result<Exit, Failure> {
    let asked = asked(scan, output.json)?;
    let files = Files::of(&scan.paths)?;
    let inputs = files.inputs(asked.format, asked.clock);
    let mut exit = Exit::Ok;
    let left =
        scan::events(inputs, asked.way.map.as_ref(), asked.how.since, &mut |event| output.line(event))?;
    output.flush()?;
    if left.lines > 0 {
        let lines = super::counted(left.lines, "line");
        remark(&format!("{lines} left out: they say no time, or no host of yours"));
    }
    for (name, error) in &left.unread {
        exit = Exit::Usage;
        remark(&format!("`{}` was not read to its end: {}", inert(name), inert(error)));
    }
    Ok(exit)
}

/// Goes through logs with the indicators that one may see at a node.
///
/// # Errors
/// The node refuses, or cannot be asked; the arguments make no sense.
pub async fn against_node(session: &mut Session<'_>, scan: &Scan, loaded: &Loaded) -> Result<Exit, Failure> {
    let asked = asked(scan, session.output.json)?;
    let call = Call::get(&["export"]).query("format", "csv").query("type", "indicator");
    let mut reply = session.transport.send(call).await?.accepted().await?;
    let progress = Progress::waiting("what is known", session.output);
    let (reader, mut writer) =
        io::pipe().map_err(|error| Failure::network(format!("cannot start: {error}")))?;
    let reading = std::thread::spawn(move || Known::read(reader, seed()));
    while let Some(chunk) = reply.chunk().await? {
        // Whoever reads it stops only where he says why.
        if writer.write_all(&chunk).is_err() {
            break;
        }
    }
    drop(writer);
    let known = reading.join().map_err(|_| Failure::usage("what is known could not be read"))?;
    drop(progress);
    let known = known
        .map_err(|why| Failure::usage(why.to_string()).hint("is there an indicator that you may see?"))?;
    let mut output = Output::new(session.output.json, session.output.quiet);
    let node = super::shield::node_of(loaded);
    let mut teller = go(scan, &asked, &known, (&node, &|| {}), &mut output)?;
    let at_node = at_node(session, scan, &asked, &mut teller).await;
    // Whatever became of the node, what was found is told.
    let exit = teller.end(asked.limit)?;
    at_node.map(|()| exit)
}

// What was found, judged by the node and reported to it, as far as it is asked for. What cannot be judged is not reported: it may be noise.
async fn at_node(
    session: &Session<'_>,
    scan: &Scan,
    asked: &Asked,
    teller: &mut Teller<'_>,
) -> Result<(), Failure> {
    if matches!(asked.how.form, ScanOutput::Text | ScanOutput::Html) || scan.report.is_some() {
        judged::judge(session, teller).await?;
    }
    if let Some(how) = scan.report {
        let reported = reported::report(session, teller, how).await?;
        teller.reported(reported)?;
    }
    Ok(())
}

fn go<'g>(
    scan: &Scan,
    asked: &Asked,
    known: &'g Known,
    (name, look): (&str, &(dyn Fn() + Sync)),
    output: &'g mut Output,
) -> Result<Teller<'g>, Failure> {
    if let Some(first) = &known.first_left_out
        && !output.quiet
        && !output.json
    {
        let left_out = super::counted(known.left_out, "value");
        let first = inert(first);
        remark(&format!("{left_out} of what is known left out; the first is {first}"));
    }
    if scan.follow {
        return follow::follow(scan, asked, known, (name, look), output);
    }
    let files = Files::of(&scan.paths)?;
    let progress = Progress::new("scanned", files.bytes(), output.quiet || output.json);
    let read = files.read();
    let mut teller = Teller::new(known, asked.how, output);
    let inputs: Box<dyn Iterator<Item = scan::Input<'static>> + Send> = match scan.files {
        true => Box::new(hashed::inputs(files.into_paths(), &read, asked.way.threads, asked.clock)),
        false => Box::new(files.inputs(asked.format, asked.clock)),
    };
    let now = || {
        look();
        known.now()
    };
    let gone_through = scan::run_until(&now, inputs, &asked.way, &mut |told| {
        teller.take(told, &mut |hits| progress.at(read.bytes(), hits));
        // Nobody reads what is told any more.
        if teller.is_done() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    drop(progress);
    gone_through.map_err(|fault| Failure::usage(format!("what is known cannot be read: {fault}")))?;
    Ok(teller)
}

fn read_known(input: impl Read) -> Result<Known, Failure> {
    Known::read(input, seed()).map_err(|why| {
        Failure::usage(why.to_string())
            .hint("a value a line, or CSV with a column `value`, such as of `accord export --format csv`")
    })
}

// Of this run alone: nobody who writes an indicator knows where in the table it will lie.
pub fn seed() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    std::hash::RandomState::new().build_hasher().finish()
}

fn reads_input(scan: &Scan) -> bool {
    scan.paths.is_empty() || scan.paths.iter().any(|path| path == Path::new("-"))
}

fn asked(scan: &Scan, json: bool) -> Result<Asked, Failure> {
    let form = scan.output.unwrap_or(if json { ScanOutput::Json } else { ScanOutput::Text });
    if json && form != ScanOutput::Json {
        return Err(Failure::usage("`--json` and another `--output` cannot both be"));
    }
    if scan.files && reads_input(scan) {
        return Err(Failure::usage("`--files` looks up files: name them, or a folder"));
    }
    if scan.follow && reads_input(scan) {
        return Err(
            Failure::usage("`--follow` needs files or folders").hint("lines of a pipe are told as they come")
        );
    }
    if scan.follow && matches!(form, ScanOutput::Stix | ScanOutput::Html) {
        return Err(Failure::usage("what is told at the end alone cannot be followed")
            .hint("`--output` text, json, ocsf or ecs"));
    }
    if scan.paths.is_empty() && io::stdin().is_terminal() {
        return Err(Failure::usage("there is no log to go through")
            .hint("name one or a folder, such as `accord scan /var/log`, or pipe lines to it"));
    }
    let format = scan.format.as_deref().map(|name| {
        Format::from_name(name).ok_or_else(|| {
            let names: Vec<&str> = Format::all().map(Format::name).collect();
            Failure::usage(format!("`{name}` is no format of logs"))
                .hint(format!("one of {}", names.join(", ")))
        })
    });
    let map = (!scan.column.is_empty())
        .then(|| Map::read(&scan.column).map_err(|why| Failure::usage(format!("`--column`: {why}"))));
    let map = map.transpose()?;
    if scan.format.is_some() && (map.is_some() || scan.format.as_deref() == Some(Format::Mapped.name())) {
        return Err(Failure::usage("`--column` says what a log holds, and no `--format` beside it"));
    }
    let now = (crate::system_clock())();
    let since = scan.since.as_deref().map(|text| {
        since(text, now).ok_or_else(|| {
            Failure::usage(format!("`{text}` is no time"))
                .hint("so long ago, such as 90d or 12h, a day such as 2026-03-05, or a time (RFC 3339)")
        })
    });
    let east = scan.zone.as_deref().map(|text| {
        zone(text)
            .ok_or_else(|| Failure::usage(format!("`{text}` is no offset from UTC")).hint("such as +02:00"))
    });
    Ok(Asked {
        format: format.transpose()?,
        how: How {
            form,
            since: since.transpose()?,
            now,
            reports: scan.report.is_some(),
            files: scan.files,
            follows: scan.follow,
        },
        clock: Clock { latest: Some(now), east: east.transpose()?.unwrap_or(0) },
        way: scan::Way {
            threads: scan
                .threads
                .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)),
            map,
        },
        limit: scan.limit,
    })
}

fn since(text: &str, now: Timestamp) -> Option<Timestamp> {
    if let Some(ago) = read_seconds(text) {
        return Some(now.plus_seconds(-i64::try_from(ago).ok()?));
    }
    let day = format!("{text}T00:00:00Z");
    text.parse().or_else(|_| day.parse()).ok()
}

fn zone(text: &str) -> Option<i64> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return (text == "Z").then_some(0),
    };
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    ((0..=14).contains(&hours) && (0..60).contains(&minutes)).then(|| sign * (hours * 3_600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_offsets() {
        let now: Timestamp = "2026-03-10T12:00:00Z".parse().unwrap();
        let is = |text: &str, at: &str| assert_eq!(since(text, now), at.parse().ok(), "{text}");
        is("2d", "2026-03-08T12:00:00Z");
        is("2026-03-05", "2026-03-05T00:00:00Z");
        is("2026-03-05T06:00:00Z", "2026-03-05T06:00:00Z");
        assert_eq!(since("yesterday", now), None);
        assert_eq!((zone("+02:30"), zone("-05:00"), zone("Z")), (Some(9_000), Some(-18_000), Some(0)));
        assert!(["2", "+2", "+99:00", "", "+1:75"].into_iter().all(|text| zone(text).is_none()));
    }
}
