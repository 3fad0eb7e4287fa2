//! Rules that members share, for a Suricata beside the edge or for whoever reads Sigma or YARA: fetched, checked, and put in place of the
//! last good ones.
//!
//! An engine reads all rules at once, so one that it refuses must not hold up the others, nor keep what was taken back: the lines that
//! Suricata names are left out; where that does not help, what stood before stays but for what was taken back.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use sensors::Format;

use super::files::put;
use crate::child;
use crate::core::config::SensorKind;
use crate::core::shared_rules::{RuleFile, lines_named, why, without};
use crate::known::{Shared, Touched};
use crate::slot::Slot;
use crate::upstream::{Ask, Upstream, content};

/// The file for Suricata, of the format of the same name.
const SURICATA: &str = "shared.rules";
/// They are fetched at least so often: time alone may end some.
const LOOK: Duration = Duration::from_secs(60);
/// How often it is looked whether there is something to fetch.
const STEP: Duration = Duration::from_millis(200);
/// How long the head of the answer may take, and each piece of it.
const ANSWER: Duration = Duration::from_secs(60);
/// The longest file, in bytes.
const LONGEST: usize = 64 << 20;
/// A check may take so many times as long as an exchange with the sensor.
const CHECK_TIMES: u32 = 6;
/// How often what Suricata names is left out and the rest checked again.
const ROUNDS: usize = 3;

/// Holds the rules of a sensor, if its owner wants them, until all is to end.
pub(crate) fn run(shared: &Shared, slot: &Slot, upstream: &dyn Upstream) {
    let (format, name, of, (folder, every, check)) = match &slot.sensor.kind {
        SensorKind::Suricata { folder, every, rules: Some(check), .. } => {
            (Format::Suricata, SURICATA, RuleFile::Suricata, (folder, every, check))
        }
        SensorKind::Rules { format, folder, every, check, .. } => {
            let file = format.files().first().zip(RuleFile::of(*format));
            let Some((file, of)) = file else { return };
            (*format, file.name, of, (folder, every, check))
        }
        _ => return,
    };
    let tlp = shared.config.tlp.name().to_ascii_lowercase().replace('+', "%2B");
    let holding = Holding {
        of,
        name,
        path: format!("/feeds/{}/{name}?tlp={tlp}", format.name()),
        folder: folder.clone(),
        check: check.clone(),
        logs: shared.config.state.join(&slot.sensor.name).join("check"),
        timeout: slot.sensor.timeout * CHECK_TIMES,
    };
    let (mut seen, mut looked, mut judged) = (0, None::<Instant>, None);
    let mut end_s = of.first_end(&holding.standing());
    while !shared.is_stopping() {
        let now_s = shared.now().0.div_euclid(1_000_000);
        if end_s.is_some_and(|end_s| end_s <= now_s) {
            match holding.expire(now_s) {
                Ok(()) => {
                    slot.rules_are_new.store(true, Ordering::Release);
                    slot.touch(&Touched::Nothing);
                    end_s = of.first_end(&holding.standing());
                }
                // It is tried again with the next look.
                Err(why) => {
                    slot.state().rules = Some(why);
                    end_s = None;
                }
            }
        }
        let changes = shared.changes();
        let waited = |span: Duration| looked.is_none_or(|looked: Instant| looked.elapsed() >= span);
        if waited(LOOK) || (changes != seen && waited(*every)) {
            (seen, looked) = (changes, Some(Instant::now()));
            match holding.look(upstream, &mut judged, now_s) {
                Some(done) => {
                    if !done.is_refused {
                        slot.rules_are_of(changes);
                    }
                    note(slot, done);
                }
                None => seen = u64::MAX,
            }
            let standing = holding.standing();
            end_s = of.first_end(&standing);
            if let SensorKind::Rules { .. } = slot.sensor.kind {
                slot.state().entries = of.rules(&standing).len() as u64;
            }
        }
        shared.pause(STEP);
    }
}

/// What came of a look.
#[derive(Default)]
struct Done {
    installed: bool,
    /// The node did not give what it has: what was taken back may stand.
    is_refused: bool,
    wrong: Option<String>,
}

fn note(slot: &Slot, done: Done) {
    let mut state = slot.state();
    if let Some(wrong) = done.wrong.as_ref().filter(|wrong| state.rules.as_ref() != Some(wrong)) {
        tracing::error!(sensor = slot.sensor.name, error = wrong.as_str(), "rules that members share");
    }
    state.rules = done.wrong;
    drop(state);
    if done.installed {
        slot.rules_are_new.store(true, Ordering::Release);
        slot.touch(&Touched::Nothing);
    }
}

/// What was judged last: the rules as they came, and what was wrong with them.
type Judged = Option<(String, Option<String>)>;

struct Holding {
    of: RuleFile,
    /// The file's name, and where the node has it.
    name: &'static str,
    path: String,
    folder: PathBuf,
    check: Vec<String>,
    logs: PathBuf,
    timeout: Duration,
}

impl Holding {
    // `None` where the node cannot be asked: that is an alarm of its own when it lasts.
    fn look(&self, upstream: &dyn Upstream, judged: &mut Judged, now_s: i64) -> Option<Done> {
        let of = self.of;
        let came = match self.fetch(upstream) {
            Ok(came) => of.without_ended(&came?, now_s),
            Err(wrong) => return Some(Done { is_refused: true, wrong: Some(wrong), ..Done::default() }),
        };
        let as_they_came = of.rules(&came).join("\n");
        let standing = self.standing();
        let is_same = judged.as_ref().filter(|(known, _)| *known == as_they_came);
        if let Some((_, wrong)) = is_same.filter(|_| of.is_whole(&standing)) {
            return Some(Done { wrong: wrong.clone(), ..Done::default() });
        }
        let (wanted, wrong, is_judged) = match self.checked(&came) {
            Ok((wanted, wrong)) => (wanted, wrong, true),
            Err(Refused { why, is_verdict }) => {
                let why =
                    format!("rules that members share are not taken, and the last good ones stay: {why}");
                (of.still(&standing, &came), Some(why), is_verdict)
            }
        };
        *judged = is_judged.then(|| (as_they_came, wrong.clone()));
        if of.is_whole(&standing) && of.rules(&standing) == of.rules(&wanted) || wanted.is_empty() {
            return Some(Done { wrong, ..Done::default() });
        }
        Some(match put(&self.folder, self.name, wanted.as_bytes()) {
            Ok(()) => Done { installed: true, wrong, ..Done::default() },
            Err(why) => {
                *judged = None;
                Done { is_refused: true, wrong: Some(why), ..Done::default() }
            }
        })
    }

    /// The file that is in place.
    fn standing(&self) -> String {
        std::fs::read_to_string(self.folder.join(self.name)).unwrap_or_default()
    }

    /// Takes out what has ended: rules have no clock of their own.
    fn expire(&self, now_s: i64) -> Result<(), String> {
        put(&self.folder, self.name, self.of.without_ended(&self.standing(), now_s).as_bytes())
    }

    fn fetch(&self, upstream: &dyn Upstream) -> Result<Option<String>, String> {
        let ask = Ask { method: "GET", path: self.path.clone(), content: None };
        let Ok(mut answer) = upstream.ask(ask, ANSWER) else { return Ok(None) };
        let code = answer.code();
        let Ok(bytes) = content(&mut *answer, ANSWER, LONGEST) else { return Ok(None) };
        if code != 200 {
            return Err(format!("the node refuses the rules that members share: {code}"));
        }
        let text = String::from_utf8(bytes).ok().filter(|text| self.of.is_whole(text));
        text.map(Some).ok_or_else(|| "the rules that members share did not come whole".to_owned())
    }

    // What of it is taken, and what is wrong with the rest.
    fn checked(&self, came: &str) -> Result<(String, Option<String>), Refused> {
        let (mut text, mut wrong) = (came.to_owned(), None);
        if self.check.is_empty() {
            return Ok((text, wrong));
        }
        for _ in 0..ROUNDS {
            let Err(refused) = self.check(&text) else { return Ok((text, wrong)) };
            let lines = match self.of {
                RuleFile::Suricata => lines_named(&refused.why),
                // Others say where in words of their own.
                RuleFile::Sections(_) => BTreeSet::new(),
            };
            let is_new = |line: &usize| text.lines().nth(line - 1).is_some_and(|line| !line.starts_with('#'));
            if !refused.is_verdict || lines.contains(&0) || !lines.iter().any(is_new) {
                return Err(Refused { why: why(&refused.why), ..refused });
            }
            text = without(&text, &lines);
            let of = if lines.len() == 1 { "a rule" } else { "rules" };
            wrong.get_or_insert_with(|| format!("{of} that members share left out: {}", why(&refused.why)));
        }
        Err(Refused { why: wrong.unwrap_or_default(), is_verdict: true })
    }

    fn check(&self, text: &str) -> Result<(), Refused> {
        let here = |why: String| Refused { why, is_verdict: false };
        let told = |error: std::io::Error| here(format!("`{}`: {error}", self.logs.display()));
        // Suricata writes a log where it is told to, and adds to it each time; the file is in the same folder.
        if self.logs.exists() {
            std::fs::remove_dir_all(&self.logs).map_err(told)?;
        }
        std::fs::create_dir_all(&self.logs).map_err(told)?;
        let candidate = self.logs.join(self.name);
        std::fs::write(&candidate, text).map_err(told)?;
        let (candidate, logs) = (candidate.display().to_string(), self.logs.display().to_string());
        let of_suricata = ["-T", "-S", &candidate, "-l", &logs];
        let more = if self.of == RuleFile::Suricata { &of_suricata[..] } else { &[&*candidate] };
        child::said(&self.check, more, b"", self.timeout).map_err(|failed| match failed {
            child::Failed::Ended(said) => Refused { why: said, is_verdict: true },
            child::Failed::Not(why) => here(why),
        })?;
        Ok(())
    }
}

/// That rules are not taken.
struct Refused {
    why: String,
    /// The engine says so; otherwise it could not be asked, and is asked again.
    is_verdict: bool,
}
