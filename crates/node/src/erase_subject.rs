//! Erasing all that says something of somebody or something: whatever the record holds of it, whoever said it, and what is
//! kept beside the record; with an account of what remains, and why.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::gate::{self, Positions};
use model::{Action, Label, MemberId, Tlp};
use store::record::{Again, Item};
use store::upkeep::{Beside, Says};

use crate::core::filter::shown_source;
use crate::core::subject::Subject;
use crate::holders::{Holding, Target};
use crate::roster::Roster;
use crate::withdraw::{act_by, checked_reason};
use crate::{Caller, EraseSubject, Error, Kind, Node, views};

/// Positions that are looked through on one snapshot, and erased by one act.
const PAGE: u64 = 500;
/// So often it is looked again for what was said meanwhile.
const PASSES: usize = 5;
/// So long arrivals that wait are given to be sequenced.
const ARRIVALS: Duration = Duration::from_secs(30);
const ARRIVALS_STEP: Duration = Duration::from_millis(100);

/// A statement that says it.
#[derive(Debug)]
struct Found {
    position: u64,
    object: String,
    kind: String,
    label: Label,
}

/// What was found of the record.
#[derive(Debug, Default)]
struct Looked {
    found: Vec<Found>,
    longer: u64,
    /// The positions before this were looked through.
    end: u64,
}

impl Node {
    /// Erases every statement that says something of a subject, whoever said it, of every version, withdrawn ones too; what
    /// was refused and what submitters were told of it; and empties the log that the bytes went through. An administrator
    /// does so without seeing any of it: he is told how much there is, of which type and of whom. With `dry_run` he is told
    /// that alone; either way the audit has a row. The subject itself is written down nowhere.
    ///
    /// # Errors
    /// [`Kind::Forbidden`]; [`Kind::Invalid`] for no subject, without a reason, or with one that names the subject, since
    /// the reason stays; [`Kind::NotFound`] when nothing that says it is held.
    pub fn erase_subject(
        &self,
        caller: &Caller,
        asked: &EraseSubject,
    ) -> Result<views::SubjectErased, Error> {
        let subject = self.judged(caller, |roster, caller| {
            Node::allowed(caller, &Action::Erase)?;
            let subject = Subject::read(&asked.subject).map_err(|why| Error::new(Kind::Invalid, why))?;
            if !asked.dry_run {
                reason_for(&subject, &asked.reason)?;
            }
            let verb = if asked.dry_run { "erase.subject.look" } else { "erase.subject" };
            let by = Node::authorized(roster, caller, gate::Erase, gate::Record)?;
            self.change(by, caller, (verb, subject.kind().to_owned()), &[])?;
            Ok(subject)
        })?;
        let says = says(&subject);
        let mut looked = Looked::default();
        self.look(&subject, &mut looked)?;
        let beside = self.inner.store.snapshot()?.beside(&says)?;
        let roster = self.roster();
        let targets: Vec<Target> = looked.found.iter().map(Found::target).collect();
        let held = self.holders(&roster, &targets)?;
        let mut answer = views::SubjectErased {
            dry_run: asked.dry_run,
            subject: subject.kind(),
            ..account(&roster, &looked, &beside)
        };
        answer.held = self.held_by(&held);
        if asked.dry_run {
            answer.backups = self.known_backups(false)?;
        } else {
            self.erase_all(caller, asked, &subject, &says, &mut looked)?;
            answer = views::SubjectErased { held: answer.held, ..account(&roster, &looked, &beside) };
            answer.subject = subject.kind();
            answer.backups = self.known_backups(true)?;
        }
        let filled = asked.dry_run || self.inner.store.fill_gaps()?;
        let log_is_clear = asked.dry_run || self.inner.store.clear_log()?;
        answer.remains = self.remains(&roster, &subject, &looked, &says, &answer)?;
        let left = [(filled, "gaps", GAPS), (log_is_clear, "log", LOG)];
        let left = left.into_iter().filter(|(done, ..)| !done);
        answer.remains.extend(left.map(|(_, what, why)| views::Remains {
            what,
            count: None,
            why: why.to_owned(),
        }));
        if answer.statements + answer.refused + answer.told + beside.waiting == 0 {
            let error = Error::new(Kind::NotFound, "nothing that is held here says it");
            return Err(error.hint("it may be written in a way that is not understood; try another one"));
        }
        Ok(answer)
    }

    // From where it was looked to last up to the end of now.
    fn look(&self, subject: &Subject, looked: &mut Looked) -> Result<(), Error> {
        let end = self.inner.store.snapshot()?.end();
        while looked.end < end {
            let (from, before) = (looked.end, end.min(looked.end + PAGE));
            // A snapshot for each page: whoever keeps one keeps the log from being emptied.
            self.inner.store.snapshot()?.every_body(from, before, &mut |stored| {
                let mut says = subject.in_bytes(&stored.body);
                if let Some(wire) = stored.wire.as_deref().filter(|_| !says.it) {
                    let more = subject.in_bytes(wire);
                    says.it |= more.it;
                    says.longer |= more.longer;
                }
                let object = stored.object.to_string();
                if says.it || subject.in_text(&object).it {
                    let (position, kind) = (stored.position, stored.object.kind);
                    looked.found.push(Found { position, object, kind, label: stored.label });
                } else if says.longer {
                    looked.longer += 1;
                }
            })?;
            looked.end = before;
        }
        Ok(())
    }

    fn erase_all(
        &self,
        caller: &Caller,
        asked: &EraseSubject,
        subject: &Subject,
        says: &Says,
        looked: &mut Looked,
    ) -> Result<(), Error> {
        let mut done = 0;
        for pass in 0..PASSES {
            let positions: Vec<u64> = looked.found.iter().skip(done).map(|one| one.position).collect();
            done = looked.found.len();
            for some in positions.chunks(PAGE as usize) {
                self.erase_some(caller, asked, subject, some)?;
            }
            if pass == 0 {
                self.await_arrivals(says)?;
            }
            // What was said while it was looked for.
            self.look(subject, looked)?;
            if looked.found.len() == done {
                break;
            }
        }
        self.judged(caller, |roster, caller| {
            let by = Node::authorized(roster, caller, gate::Erase, gate::Record)?;
            Ok(self.inner.store.forget(by, Arc::clone(says))?)
        })?;
        self.finish_erasures();
        Ok(())
    }

    fn erase_some(
        &self,
        caller: &Caller,
        asked: &EraseSubject,
        subject: &Subject,
        positions: &[u64],
    ) -> Result<u64, Error> {
        self.judged(caller, |roster, caller| {
            Node::allowed(caller, &Action::Erase)?;
            let mut act = act_by(caller, "erase");
            act.push("subject", subject.kind());
            act.push("reason", reason_for(subject, &asked.reason)?);
            let body = strictjson::canonical(&act.into());
            let audit = self.audit_of(caller, "erase", subject.kind().to_owned());
            let erase = Item::Erase { positions: positions.to_vec(), again: Again::Refused, body };
            let by = Node::authorized(roster, caller, gate::Erase, Positions(positions.to_vec()))?;
            self.erase_positions(by, caller, erase, audit)
        })
    }

    // What was accepted and waits says nothing yet that can be erased: it is sequenced first.
    fn await_arrivals(&self, says: &Says) -> Result<(), Error> {
        let begun = Instant::now();
        self.inner.jobs.arrived();
        // What waits for a curator, or for its time at the desk, waits longer than this, and is told as what remains.
        while begun.elapsed() < ARRIVALS
            && !self.inner.store.waiting(self.now())?.is_empty()
            && self.inner.store.snapshot()?.beside(says)?.waiting > 0
        {
            std::thread::sleep(ARRIVALS_STEP);
        }
        Ok(())
    }

    fn held_by(&self, held: &BTreeMap<MemberId, Holding>) -> views::SubjectHeld {
        let mut roads: BTreeMap<&str, u64> = BTreeMap::new();
        for (road, answers) in held.values().flat_map(|one| &one.roads) {
            *roads.entry(road).or_default() += answers;
        }
        let roads = roads.into_iter();
        views::SubjectHeld {
            members: held.len() as u64,
            answers: held.values().map(Holding::answers).sum(),
            roads: roads.map(|(road, answers)| views::RoadCount { road: road.to_owned(), answers }).collect(),
            days: self.settings().keep_reads_days,
        }
    }

    fn remains(
        &self,
        roster: &Roster,
        subject: &Subject,
        looked: &Looked,
        says: &Says,
        answer: &views::SubjectErased,
    ) -> Result<Vec<views::Remains>, Error> {
        let beside = self.inner.store.snapshot()?.beside(says)?;
        let there = answer.backups.iter().filter(|one| one.there && !one.listed).count() as u64;
        let gone = answer.backups.iter().filter(|one| !one.there).count() as u64;
        let listed = answer.backups.iter().filter(|one| one.listed).count() as u64;
        let is_clear = |one: &Found| one.label.tlp == Tlp::Clear;
        let visitors = self.settings().anonymous && looked.found.iter().any(is_clear);
        let known = |what, count: u64, why: &str| {
            (count > 0).then(|| views::Remains { what, count: Some(count), why: why.to_owned() })
        };
        let said = |what, holds: bool, why: &str| {
            holds.then(|| views::Remains { what, count: None, why: why.to_owned() })
        };
        let all = [
            known("leaves", answer.statements, LEAVES),
            known("readers", answer.held.members, READERS),
            said("visitors", visitors, VISITORS),
            known("backups", there, BACKUPS),
            known("backups-listed", listed, LISTED),
            known("backups-elsewhere", gone, ELSEWHERE),
            known("waiting", if answer.dry_run { 0 } else { beside.waiting }, WAITING),
            known("longer", answer.longer, LONGER),
            known("directory", in_directory(roster, subject), DIRECTORY),
            known("audit", beside.audit, AUDIT),
            known("labels", beside.labels, LABELS),
        ];
        Ok(all.into_iter().flatten().collect())
    }
}

const LEAVES: &str = "position, id and commitment of each stay, so that the order of the record can be proven; the \
    commitment says nothing without its salt, which is gone. Ids of rows and of observables are digests of a value";
const READERS: &str =
    "members that were lent some of it hold what they took; the node cannot take it back: tell them";
const VISITORS: &str = "what is TLP:CLEAR may have been read by visitors, whose reads are not written down";
const BACKUPS: &str = "backups hold it until they are deleted; restore them with `--erasures` and this folder, or its \
    files `erasures`, `revocations` and `disclosures`, and it is erased again before they serve";
const LISTED: &str = "backups hold it until they are deleted; the list of erasures lies beside them, so a restore erases it \
    again before it serves";
const ELSEWHERE: &str = "backups that were made are not where they were made: wherever they are, they hold it; put this \
    folder's files `erasures`, `revocations` and `disclosures` beside them";
const WAITING: &str = "submissions that were accepted wait to be sequenced, or for a curator; erase once more when they are answered";
const LONGER: &str = "statements say a longer value that holds it; erase that too, if it is meant";
const DIRECTORY: &str = "members, persons, tokens or collections have it in their names: revoke them; names stay, so that \
    it is known who said what";
const AUDIT: &str = "rows of the audit name it, as the id of what something was done on";
const LABELS: &str = "embargoes name it as their case; labels stay with what they are committed to";
const GAPS: &str = "words of what was erased may lie in gaps between rows, since somebody reads for long; they are overwritten \
    within an hour after he has ended";
const LOG: &str = "the write-ahead log still has it, since somebody reads for long; it is emptied when he has ended, at the \
    latest when the node stops";

impl Found {
    fn target(&self) -> Target {
        Target { position: self.position, label: self.label.clone() }
    }
}

fn says(subject: &Subject) -> Says {
    let subject = subject.clone();
    Arc::new(move |bytes: &[u8]| {
        // Whole arrivals are streams of objects, or rows: nothing that is parsed as one.
        subject.in_bytes(bytes).it || subject.in_text(&String::from_utf8_lossy(bytes)).it
    })
}

fn reason_for(subject: &Subject, reason: &str) -> Result<String, Error> {
    let reason = checked_reason(reason)?;
    let says = subject.in_text(&reason);
    if says.it || says.longer {
        let error = Error::new(Kind::Invalid, "the reason names the subject, and it stays in the record");
        return Err(error.hint("name the law, the order, or the number of the request instead"));
    }
    Ok(reason)
}

fn account(roster: &Roster, looked: &Looked, beside: &Beside) -> views::SubjectErased {
    let objects: BTreeSet<&str> = looked.found.iter().map(|one| one.object.as_str()).collect();
    let mut by: BTreeMap<(&str, Option<MemberId>), u64> = BTreeMap::new();
    for one in &looked.found {
        *by.entry((&one.kind, shown_source(&one.label))).or_default() += 1;
    }
    let by = by.into_iter().map(|((kind, source), statements)| views::SubjectCount {
        kind: kind.to_owned(),
        source: source.map(|member| roster.named(member)),
        statements,
    });
    views::SubjectErased {
        statements: looked.found.len() as u64,
        objects: objects.len() as u64,
        by: by.collect(),
        longer: looked.longer,
        refused: beside.refused,
        told: beside.told,
        ..views::SubjectErased::default()
    }
}

// Circles are their members' alone, and nobody else is told that there are any.
fn in_directory(roster: &Roster, subject: &Subject) -> u64 {
    let directory = roster.directory();
    let members = directory.members.iter().map(|one| &one.name);
    let persons = directory.persons.iter().map(|one| &one.name);
    let tokens = directory.tokens.iter().map(|one| &one.name);
    let collections =
        directory.collections.iter().flat_map(|one| [&one.title, &one.description, &one.filter]);
    let names = members.chain(persons).chain(tokens).chain(collections);
    names.filter(|name| subject.in_text(name).it).count() as u64
}
