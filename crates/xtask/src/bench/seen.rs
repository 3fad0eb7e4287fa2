//! `bench seen`: what it costs to count what sensors saw, and to ask for it, with little and with much of it there.

use std::collections::BTreeMap;
use std::time::Instant;

use model::observable::guess;
use model::{MemberId, Timestamp};
use node::core::event::{Times, read};
use store::find::Keys;
use store::seen::{Bounds, Day, Event, Seen};

use super::cpu;
use crate::Outcome;
use crate::generate::Random;

/// How much to measure.
#[derive(clap::Args)]
pub struct Options {
    /// Events, in all.
    #[arg(long, default_value_t = 2_000_000)]
    events: u64,
    /// Hosts that they are of.
    #[arg(long, default_value_t = 2_000)]
    hosts: u64,
    /// Days that they are spread over.
    #[arg(long, default_value_t = 20)]
    days: u64,
    /// Tenths that are told one by one: whether costs grow.
    #[arg(long, default_value_t = 10)]
    parts: u64,
}

/// Events of one request.
const BATCH: u64 = 5_000;
/// The last day.
const TODAY: i64 = 20_600;
/// Questions of each kind.
const ASKED: u64 = 2_000;

/// Runs it. Prints figures and judges none.
///
/// # Errors
/// What kept it from measuring.
#[expect(clippy::print_stdout, reason = "it is what the command is for")]
pub fn run(options: &Options) -> Outcome {
    let folder = tempfile::tempdir()?;
    let seen = Seen::new(folder.path(), |_| {});
    let member = MemberId(uuid::Uuid::from_u128(1));
    let bounds = Bounds { from: Day(0), bytes: u64::MAX >> 1 };
    let mut random = Random::new(7);
    let per_part = options.events / options.parts.max(1);
    let mut rates = BTreeMap::new();
    for part in 0..options.parts {
        let (mut reading, mut adding, mut done) = (0.0, 0.0, 0);
        while done < per_part {
            let day = TODAY - (options.days - 1 - part * options.days / options.parts.max(1)) as i64;
            let lines: Vec<String> = (0..BATCH).map(|_| line(&mut random, day, options.hosts)).collect();
            let before = cpu::own_seconds()?;
            let events = understood(&lines)?;
            let between = cpu::own_seconds()?;
            seen.add(member, &events, bounds)?;
            reading += between - before;
            adding += cpu::own_seconds()? - between;
            done += BATCH;
        }
        let rate = done as f64 / (reading + adding);
        rates.insert(part, rate);
        println!(
            "part {part}: {done} events, {rate:.0} a CPU-second: {:.1} us to understand, {:.1} us to count",
            reading / done as f64 * 1e6,
            adding / done as f64 * 1e6
        );
    }
    let (first, last) = (rates.values().next().copied(), rates.values().last().copied());
    let ratio = last.unwrap_or(0.0) / first.unwrap_or(1.0);
    println!("events a CPU-second, the last part to the first: {ratio:.2}");
    let sizes = seen.sizes()?;
    println!(
        "{} rows and {} prints in {} bytes: {:.1} a row without prints, {:.1} with; counted as {}",
        sizes.rows,
        sizes.prints,
        sizes.bytes,
        (sizes.bytes as f64 - sizes.prints as f64 * 26.0) / sizes.rows as f64,
        sizes.bytes as f64 / sizes.rows as f64,
        sizes.counted
    );
    ask(&seen, member, &mut random)
}

#[expect(clippy::print_stdout, reason = "it is what the command is for")]
fn ask(seen: &Seen, member: MemberId, random: &mut Random) -> Outcome {
    let began = Instant::now();
    for _ in 0..ASKED {
        let key = guess(&name(random))?.key().to_vec();
        seen.prevalence(member, &[Keys::One(&key)], Day(0))?;
    }
    println!("prevalence of one value: {:.0} us", began.elapsed().as_secs_f64() / ASKED as f64 * 1e6);
    let began = Instant::now();
    let common = seen.common(member, Day(0), 1.0, 5)?;
    println!("what is common: {} of it, made in {:.2} s", common.len(), began.elapsed().as_secs_f64());
    let began = Instant::now();
    for _ in 0..1_000_000 / 4 {
        let _has = common.has(b"\x01some.key.of.no.length.in.particular", true);
    }
    println!("whether a value is: {:.0} ns", began.elapsed().as_secs_f64() * 4e3);
    Ok(())
}

// Few names are asked for often, most seldom.
fn name(random: &mut Random) -> String {
    let scale = 1 << random.below(20);
    let number = random.below(scale);
    format!("h{}.d{number}.example.net", number % 3)
}

fn line(random: &mut Random, day: i64, hosts: u64) -> String {
    let time = Timestamp(Day(day).begins().0 + random.below(86_400_000_000).cast_signed());
    let (host, name, id) = (random.below(hosts), name(random), random.next());
    let number = random.below(1 << 18);
    let address = format!("203.{}.{}.{}", number >> 16, number >> 8 & 255, number & 255);
    format!(
        r#"{{"time":"{time}","host":"host-{host}","observables":["{name}","{address}"],"id":"{id:016x}"}}"#
    )
}

fn understood(lines: &[String]) -> Outcome<Vec<Event>> {
    let times = Times { from: Timestamp(0), now: Day(TODAY + 1).begins() };
    let read = lines.iter().map(|line| read(line.as_bytes(), times).map(|told| told.event));
    read.collect::<Result<_, _>>().map_err(|(why, _)| why.into())
}
