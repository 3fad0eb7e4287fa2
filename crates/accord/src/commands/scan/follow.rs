//! Logs that are followed: what is there, then what comes, through rotation, from where it was left.
//!
//! Rounds: each looks at what there is of the logs, goes through what is new from the positions on, and waits. A position is moved when what
//! stands before it was told and written out, so whoever dies in between tells some of it again and loses nothing.

mod inputs;
mod look;
mod positions;

use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use scan::{Known, Told};
use tokio::signal::unix::{SignalKind, signal};

use super::Asked;
use super::told::Teller;
use crate::arguments::Scan;
use crate::failure::{Exit, Failure};
use crate::terminal::{Output, inert, remark};
use look::Look;
use positions::Positions;

/// How long a round waits for the next, at least.
const PAUSE: Duration = Duration::from_millis(500);
/// And so many times as long as it looked: folders of very many files are looked at less often.
const PAUSE_PER_LOOK: u32 = 10;
/// How long positions wait to be written within a round.
const KEEP: Duration = Duration::from_secs(1);

/// Goes through logs until somebody ends it. `name` is what they are compared with; `look` is called before each piece.
///
/// # Errors
/// The positions cannot be read or kept; what is named is not there; what is known cannot be read any more.
pub fn follow<'g>(
    scan: &Scan,
    asked: &Asked,
    known: &'g Known,
    (name, look): (&str, &(dyn Fn() + Sync)),
    output: &'g mut Output,
) -> Result<Teller<'g>, Failure> {
    let stop = Stop::watch()?;
    let path = match &scan.state {
        Some(path) => path.clone(),
        None => positions::usual(&scan.paths, name)?,
    };
    if !output.quiet && !output.json {
        remark(&format!("positions are kept in `{}`", inert(&path.to_string_lossy())));
    }
    let quiet = output.quiet;
    let mut looks = Look::new(&scan.paths, Positions::open(path)?, quiet)?;
    let mut teller = Teller::new(known, asked.how, output);
    let now = || {
        look();
        known.now()
    };
    loop {
        let began = Instant::now();
        let going = looks.look();
        let looked = began.elapsed();
        if !going.is_empty() {
            teller.now_is((crate::system_clock())());
            let inputs = inputs::inputs(&going, asked.format, asked.clock);
            let mut round = Round { looks: &mut looks, going: &going, begun: 0, kept: began, stop: &stop };
            let mut failed = None;
            let gone_through = scan::run_until(&now, inputs, &asked.way, &mut |told| {
                round.take(told, &mut teller).unwrap_or_else(|failure| {
                    failed = Some(failure);
                    ControlFlow::Break(())
                })
            });
            gone_through.map_err(|fault| Failure::usage(format!("what is known cannot be read: {fault}")))?;
            if let Some(failure) = failed {
                return Err(failure);
            }
        }
        if teller.is_done() {
            return Ok(teller);
        }
        looks.keep()?;
        if stop.within(PAUSE.max(looked * PAUSE_PER_LOOK)) {
            return Ok(teller);
        }
    }
}

/// What is told in a round.
struct Round<'r> {
    looks: &'r mut Look,
    going: &'r [look::Going],
    /// How many logs were begun.
    begun: usize,
    /// When positions were kept.
    kept: Instant,
    stop: &'r Stop,
}

impl Round<'_> {
    fn take(&mut self, told: Told<'_>, teller: &mut Teller<'_>) -> Result<ControlFlow<()>, Failure> {
        self.begun += usize::from(matches!(told, Told::Begun { .. }));
        let going = self.going.get(self.begun.wrapping_sub(1));
        let is_done = matches!(told, Told::Done { .. });
        let (mut reached, mut ended) = (None, None);
        match &told {
            Told::Done { place, .. } => reached.clone_from(place),
            Told::Ended(end) => ended = Some(end.error.clone()),
            Told::Begun { .. } | Told::Hit(_) => {}
        }
        teller.take(told, &mut |_| {});
        // What was not written out was not told.
        if teller.is_done() {
            return Ok(ControlFlow::Break(()));
        }
        if let (Some(going), Some(place)) = (going, reached) {
            self.looks.reached(going, &place);
        }
        if let (Some(going), Some(error)) = (going, ended) {
            self.looks.ended(going, error);
        }
        if is_done && self.kept.elapsed() >= KEEP {
            self.looks.keep()?;
            self.kept = Instant::now();
        }
        let is_over = is_done && self.stop.is_asked();
        Ok(if is_over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }
}

/// Whether somebody asked to stop.
struct Stop {
    asked: Receiver<()>,
    was: std::cell::Cell<bool>,
}

impl Stop {
    /// Waits for SIGINT and SIGTERM from now on. The second of them ends at once.
    fn watch() -> Result<Stop, Failure> {
        let failed = |error: std::io::Error| Failure::network(format!("cannot watch for signals: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let (ask, asked) = channel();
        let (ready, is_ready) = channel();
        std::thread::spawn(move || {
            runtime.block_on(async {
                let both = signal(SignalKind::terminate())
                    .and_then(|terminate| Ok((terminate, signal(SignalKind::interrupt())?)));
                let (mut terminate, mut interrupt) = match both {
                    Ok(both) => both,
                    Err(error) => return drop(ready.send(Err(error))),
                };
                let _whoever_waits = ready.send(Ok(()));
                for is_second in [false, true] {
                    tokio::select! {
                        _ = terminate.recv() => {}
                        _ = interrupt.recv() => {}
                    }
                    if is_second {
                        std::process::exit(Exit::Interrupted as i32);
                    }
                    let _nobody_waits_any_more = ask.send(());
                }
            });
        });
        match is_ready.recv() {
            Ok(Err(error)) => Err(failed(error)),
            _ => Ok(Stop { asked, was: std::cell::Cell::new(false) }),
        }
    }

    fn is_asked(&self) -> bool {
        self.within(Duration::ZERO)
    }

    /// Waits so long for it.
    fn within(&self, pause: Duration) -> bool {
        let is = self.was.get() || !matches!(self.asked.recv_timeout(pause), Err(RecvTimeoutError::Timeout));
        self.was.set(is);
        is
    }
}
