//! What is said to circles is let go when the charters say so that its authors agreed to. The rule is [`model::kept`]'s.
//!
//! Label by label, in the order in which things entered under it, page by page. Authors and circles are in the label, so its
//! term is that of all that bears it, but for what was said without a name. Each page is judged on the directory and the record as
//! they are, and erased only if they still are: whoever agrees, leaves or relabels meanwhile is not passed over.

use std::collections::{HashMap, HashSet};

use model::gate::{self, Positions};
use model::kept::Term;
use model::{Action, CircleId, Label, Timestamp};
use store::directory::CircleAct;
use store::kept::Said;
use store::read::LabelId;
use store::record::{Again, Item};

use crate::retention::PAGE;
use crate::roster::Roster;
use crate::withdraw::{Acts, act_by};
use crate::writing::Failure;
use crate::{Caller, Error, Kind, Node};

/// What was due and had to wait is looked at again after this time, in seconds: a day.
const AGAIN_S: i64 = 86_400;
/// What circles are told was done, when something that stood and was said to them is erased.
pub(crate) const LET_GO: &str = "let-go";

/// How far the hourly job looked, so that it costs what has become due since, and not what waits or stays.
#[derive(Debug, Default)]
pub(crate) struct Looked {
    begun: Timestamp,
    /// Under each label of circles.
    last: HashMap<LabelId, Said>,
    /// By each rule of retention, by its id: before this position.
    pub(crate) rules: HashMap<String, u64>,
}

impl Looked {
    /// Begins anew once a day.
    pub(crate) fn renew(&mut self, now: Timestamp) {
        if !(self.begun..self.begun.plus_seconds(AGAIN_S)).contains(&now) {
            *self = Looked { begun: now, ..Looked::default() };
        }
    }
}

/// One round.
struct Round<'a> {
    node: &'a Node,
    caller: &'a Caller,
    dry_run: bool,
    reached: u64,
    /// The audit has its row.
    audited: bool,
    /// The circles that were told.
    told: HashSet<CircleId>,
}

impl Node {
    /// Lets go what is due, or only counts it. Answers how many statements; or the first error, when all else was let go.
    pub(crate) fn keep_charters(
        &self,
        caller: &Caller,
        dry_run: bool,
        looked: &mut Looked,
        stop: &dyn Fn() -> bool,
    ) -> Result<u64, Error> {
        let labels = self.inner.store.snapshot()?.labels_of_circles()?;
        let mut failed = None;
        let mut round =
            Round { node: self, caller, dry_run, reached: 0, audited: false, told: HashSet::new() };
        for (id, label) in &labels {
            while !stop() {
                match round.page((*id, label), looked.last.get(id)) {
                    Ok(Some(last)) => drop(looked.last.insert(*id, last)),
                    Ok(None) => break,
                    // What is said of all the time does not hold up the rest.
                    Err(error) if error.kind == Kind::Unavailable => {
                        tracing::warn!(%error, "what charters let go is tried again");
                        break;
                    }
                    Err(error) => {
                        tracing::error!(%error, "what charters let go under a label failed");
                        failed.get_or_insert(error);
                        break;
                    }
                }
            }
        }
        failed.map_or(Ok(round.reached), Err)
    }
}

impl Round<'_> {
    // Answers the last that was looked at; `None` when there is no more.
    fn page(&mut self, (id, label): (LabelId, &Label), behind: Option<&Said>) -> Result<Option<Said>, Error> {
        let (node, dry_run, audited) = (self.node, self.dry_run, self.audited);
        let untold = |roster: &Roster| {
            let circles = circles_of(roster, label).into_iter();
            circles.filter(|id| !self.told.contains(id)).collect::<Vec<_>>()
        };
        let (last, reached, told) = node.judged(self.caller, |roster, caller| {
            Node::allowed(caller, &Action::Erase)?;
            let now = node.now();
            let is_unnamed = roster.behind(label.author).is_some();
            let circles = roster.circles();
            let term = if is_unnamed { circles.shortest_unnamed(label) } else { circles.term(label) };
            let Some(before) = term.keeps_from(now) else { return Ok((None, 0, Vec::new())) };
            let snapshot = node.inner.store.snapshot()?;
            let looked = snapshot.said_to_circles(id, before, behind, PAGE, is_unnamed)?;
            let upto = snapshot.end();
            drop(snapshot);
            let is_due = |said: &&Said| {
                let own = || circles.term_unnamed(label, said.first, said.entered).keeps_from(now);
                // What would stand again without it goes first: what a revocation takes back, and of what was said without a
                // name, where each has a term of its own, every earlier version.
                !said.takes_back && (!is_unnamed || own().is_some_and(|from| said.entered < from))
            };
            let due: Vec<u64> = looked.iter().filter(is_due).map(|said| said.position).collect();
            let count = due.len() as u64;
            // Of what was taken back before, who came later knows nothing.
            let tells = looked.iter().filter(is_due).any(|said| said.stands);
            let told = if tells { untold(roster) } else { Vec::new() };
            if !due.is_empty() && !dry_run {
                let by = Node::authorized(roster, caller, gate::Erase, Positions(due.clone()))?;
                let days = term.days().filter(|_| !is_unnamed);
                let mut acts = acts(node, roster, caller, (label, days), due);
                acts.audit.retain(|_| !audited);
                acts.circle_acts = told.iter().map(|circle| let_go(*circle, now)).collect();
                node.append_act_at(now, by.resting_on(upto), caller, acts)?;
            }
            Ok::<_, Failure>((looked.last().copied(), count, told))
        })?;
        self.reached += reached;
        self.audited |= reached > 0;
        self.told.extend(told);
        Ok(last)
    }
}

// The circles that a label names, by their own ids.
fn circles_of(roster: &Roster, label: &Label) -> Vec<CircleId> {
    let of = |id: &CircleId| roster.circles().with_audience(*id).map_or(*id, |known| known.circle.id);
    let mut circles: Vec<CircleId> = label.recipients.circles.iter().map(of).collect();
    circles.sort_unstable();
    circles.dedup();
    circles
}

// The act says by which circles' charters, and after how many days where that tells nothing of who said it. The audit says
// once that charters were kept, and nothing of whose: that is told to the members of each circle.
fn acts(
    node: &Node,
    roster: &Roster,
    caller: &Caller,
    (label, days): (&Label, Option<u32>),
    positions: Vec<u64>,
) -> Acts {
    let circles = circles_of(roster, label);
    let mut act = act_by(caller, "erase");
    act.push("reason", "charter");
    let ids = circles.iter().map(|id| strictjson::Node::from(id.to_string()));
    act.push("circles", ids.collect::<Vec<_>>());
    if let Some(days) = days {
        act.push("days", days.to_string());
    }
    let body = strictjson::canonical(&act.into());
    Acts {
        items: vec![Item::Erase { positions, again: Again::Taken, body }],
        audit: vec![node.audit_of(caller, "retention", "charters".to_owned())],
        circle_acts: Vec::new(),
    }
}

fn let_go(circle: CircleId, at: Timestamp) -> CircleAct {
    CircleAct { circle, at, member: None, token: None, verb: LET_GO.to_owned(), about: None }
}

/// For how many days what a member says under a label is kept, by the charters that it agreed to. `None` where no charter
/// lets it go, and for what is without a name: that goes by what others agreed to, too.
pub(crate) fn kept_days(roster: &Roster, label: &Label) -> Option<u32> {
    let named = Some(label).filter(|label| roster.behind(label.author).is_none());
    named.map_or(Term::Unlimited, |label| roster.circles().term(label)).days()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use model::{Charter, Tlp};

    use super::*;
    use crate::{ImportOptions, NewCircle, Settings};

    fn object(version: &str, more: &str) -> String {
        format!(
            r#"{{"type":"tool","spec_version":"2.1","id":"tool--00000000-0000-4000-8000-000000000001",
            "created":"2026-01-01T00:00:00.000Z","modified":"{version}","name":"one"{more}}}"#
        )
    }

    /// A node with a circle whose charter keeps for a day. Its own rounds are over.
    struct Kept {
        node: Node,
        folder: tempfile::TempDir,
        clock: Arc<AtomicI64>,
    }

    impl Kept {
        fn new() -> Kept {
            let folder = tempfile::tempdir().unwrap();
            let clock = Arc::new(AtomicI64::new(1_788_220_800_000_000));
            let time = Arc::clone(&clock);
            let settings = Settings { organisation: "ACME".to_owned(), ..Settings::default() };
            let now = Arc::new(move || Timestamp(time.load(Ordering::SeqCst)));
            let node = Node::open(folder.path(), settings, now).unwrap();
            node.stop();
            let charter = Charter {
                formal: true,
                agreement: "We keep to it.".to_owned(),
                retention_days: Some(1),
                ..Charter::default()
            };
            let new = NewCircle { name: "E".to_owned(), charter: Some(charter), ..NewCircle::default() };
            node.add_circle(&node.operator(), &new).unwrap();
            Kept { node, folder, clock }
        }

        fn later(&self, hours: i64) {
            self.clock.fetch_add(hours * 3_600_000_000, Ordering::SeqCst);
        }

        fn say(&self, to: &[&str], version: &str, more: &str) {
            let to = to.iter().map(|name| (*name).to_owned()).collect();
            let options = ImportOptions { to, tlp: Some(Tlp::Amber), ..ImportOptions::default() };
            let object = object(version, more);
            let submitted = self.node.submit(&self.node.operator(), &options, object.as_bytes());
            assert_eq!(submitted.unwrap().success, 1);
        }

        // Whether a file of the folder has this.
        fn holds(&self, text: &str) -> bool {
            std::fs::read_dir(self.folder.path()).unwrap().any(|file| {
                let bytes = std::fs::read(file.unwrap().path()).unwrap();
                memchr::memmem::find(&bytes, text.as_bytes()).is_some()
            })
        }
    }

    #[test]
    fn the_job_looks_at_what_waits_once_a_day_and_at_the_rest_as_it_becomes_due() {
        let kept = Kept::new();
        let node = &kept.node;
        let operator = node.operator();
        let round = || node.retain_hourly(&|| false).unwrap().charters;
        let looked = || node.inner.let_go.lock().unwrap().last.values().next().copied();
        assert_eq!((round(), looked()), (0, None), "there is nothing to look at");
        kept.say(&[], "2026-01-01T00:00:00.000Z", "");
        kept.say(&["circle:E"], "2026-02-01T00:00:00.000Z", r#","revoked":true"#);
        kept.later(25);
        assert_eq!(round(), 0);
        let waits = looked().unwrap();
        assert!(waits.takes_back);
        node.withdraw(&operator, None, "tool--00000000-0000-4000-8000-000000000001", &["first".to_owned()])
            .unwrap();
        kept.later(1);
        assert_eq!((round(), looked()), (0, Some(waits)), "it is not looked at again so soon");
        assert_eq!(node.run_retention(&operator, true).unwrap().charters, 1, "but where somebody asks");
        kept.later(24);
        assert_eq!((round(), round()), (1, 0));
    }

    #[test]
    fn what_another_round_erased_just_before_is_overwritten_when_a_round_answers() {
        let kept = Kept::new();
        let canary = "q1zcanary";
        kept.say(&["circle:E"], "2026-01-01T00:00:00.000Z", &format!(r#","labels":["{canary}"]"#));
        kept.later(25);
        // The hourly round has erased it, and comes to what it left only then.
        let node = &kept.node;
        assert_eq!(
            node.keep_charters(&node.operator(), false, &mut Looked::default(), &|| false).unwrap(),
            1
        );
        assert!(kept.holds(canary), "the index has it until then");
        assert_eq!(node.run_retention(&node.operator(), false).unwrap().statements, 0);
        assert!(!kept.holds(canary));
    }
}
