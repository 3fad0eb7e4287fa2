//! How fast it is on a document with an `objects` array:
//! `cargo run --release -p strictjson --example strictjson_speed -- bundle.json`.
#![expect(clippy::print_stdout, reason = "an example shows what it measured")]

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;
use strictjson::split::{self, Splitter};
use strictjson::{Limits, canonical, parse, write};

fn main() -> Result<(), Box<dyn Error>> {
    let limits = Limits { bytes: 1 << 30, ..Limits::default() };
    for name in std::env::args().skip(1) {
        let bytes = std::fs::read(&name)?;
        let node = parse(&bytes, &limits)?;
        println!("{name}: MB (10^6 bytes) a second, the best of seven runs");
        measure("serde_json::Value", &bytes, || {
            serde_json::from_slice::<serde_json::Value>(black_box(&bytes))?;
            Ok(())
        })?;
        measure("parse", &bytes, || parse(black_box(&bytes), &limits).map(drop).map_err(Into::into))?;
        measure("split", &bytes, || split(black_box(&bytes), |_| Ok(())))?;
        measure("split and parse", &bytes, || {
            split(black_box(&bytes), |piece| parse(piece, &limits).map(drop).map_err(Into::into))
        })?;
        measure("write", &bytes, || {
            let mut out = Vec::new();
            write::node(&mut out, black_box(&node));
            black_box(out);
            Ok(())
        })?;
        measure("canonical", &bytes, || {
            black_box(canonical(black_box(&node)));
            Ok(())
        })?;
    }
    Ok(())
}

fn measure(
    what: &str,
    bytes: &[u8],
    mut work: impl FnMut() -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let mut best: f64 = 0.0;
    for _ in 0..7 {
        let start = Instant::now();
        work()?;
        best = best.max(bytes.len() as f64 / start.elapsed().as_secs_f64() / 1e6);
    }
    println!("{what:18} {best:6.0}");
    Ok(())
}

/// Takes a document apart in chunks of 64 KiB.
fn split(
    bytes: &[u8],
    mut each: impl FnMut(&[u8]) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let mut splitter = Splitter::new("objects", split::Limits::default());
    for chunk in bytes.chunks(65_536) {
        splitter.push(chunk);
        while let Some(piece) = splitter.next_piece() {
            each(piece?.content?)?;
        }
    }
    Ok(())
}
