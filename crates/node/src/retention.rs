//! How long statements are kept: rules by type and source, and the charters of circles, run as erasures.

use model::gate::{self, Positions};
use model::{Action, MemberId, Timestamp};
use serde::{Deserialize, Serialize};
use store::directory::{Change, RETENTION as RULES};
use store::record::{Again, Item};

use crate::charters::Looked;
use crate::directory::{member_for, not_found};
use crate::roster::Roster;
use crate::withdraw::act_by;
use crate::{Caller, Error, Kind, NewRetention, Node, random, views};

/// Most rules: each is a pass over the record once a day, and each hour over what has become old enough since.
const MAX_RULES: usize = 100;
/// Longest time that a rule may name, in days: a hundred years.
const MAX_DAYS: u32 = 36_525;
/// Statements that are erased in one transaction.
pub(crate) const PAGE: usize = 500;
const DAY_S: i64 = 86_400;

/// A rule as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    id: String,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    days: u32,
    added: String,
}

impl Rule {
    fn source(&self) -> Option<MemberId> {
        self.source.as_deref().and_then(|source| source.parse().ok())
    }

    // What was added before this is no longer kept.
    fn keeps_from(&self, now: Timestamp) -> Timestamp {
        now.plus_seconds(-i64::from(self.days) * DAY_S)
    }

    fn view(&self, roster: &Roster) -> views::RetentionRule {
        views::RetentionRule {
            id: self.id.clone(),
            kind: self.kind.clone(),
            source: self.source().map(|source| roster.named(source)),
            days: self.days,
            added: self.added.clone(),
        }
    }
}

impl Node {
    /// Adds a rule: statements of this type, of this source, are erased so many days after they were added.
    ///
    /// # Errors
    /// [`Kind::Forbidden`]; [`Kind::NotFound`] for the member; [`Kind::Invalid`] for a rule that names neither type
    /// nor source, or keeps nothing for a day; [`Kind::Conflict`] for one that stands, and for more than 100.
    pub fn add_retention(&self, caller: &Caller, new: &NewRetention) -> Result<views::RetentionRule, Error> {
        self.judged(caller, |roster, caller| {
            Node::allowed(caller, &Action::Operate)?;
            let source = new.source.as_deref().map(|name| member_for(roster, caller, name)).transpose()?;
            let rule = Rule {
                id: random::uuid()?.to_string(),
                kind: new.kind.as_deref().map(checked_type).transpose()?,
                source: source.map(|member| member.id.to_string()),
                days: new.days,
                added: self.now().to_string(),
            };
            let mut rules = self.retention_rules()?;
            check(&rule, &rules)?;
            let view = rule.view(roster);
            let id = rule.id.clone();
            rules.push(rule);
            let by = Node::authorized(roster, caller, gate::Put, gate::RetentionRules)?;
            self.change(by, caller, ("retention.add", id), &[kept(&rules)?])?;
            Ok(view)
        })
    }

    /// The rules, in the order in which they were added.
    ///
    /// # Errors
    /// [`Kind::Forbidden`].
    pub fn retention(&self, caller: &Caller) -> Result<Vec<views::RetentionRule>, Error> {
        Node::allowed(caller, &Action::Operate)?;
        let roster = self.roster();
        Ok(self.retention_rules()?.iter().map(|rule| rule.view(&roster)).collect())
    }

    /// Removes a rule. What it erased stays erased.
    ///
    /// # Errors
    /// [`Kind::Forbidden`]; [`Kind::NotFound`].
    pub fn remove_retention(&self, caller: &Caller, id: &str) -> Result<views::RetentionRule, Error> {
        self.judged(caller, |roster, caller| {
            Node::allowed(caller, &Action::Operate)?;
            let mut rules = self.retention_rules()?;
            let place = rules.iter().position(|rule| rule.id == id);
            let place = place.ok_or_else(|| not_found("retention rule", id))?;
            let removed = rules.remove(place);
            let by = Node::authorized(roster, caller, gate::Put, gate::RetentionRules)?;
            self.change(by, caller, ("retention.remove", removed.id.clone()), &[kept(&rules)?])?;
            Ok(removed.view(roster))
        })
    }

    /// Runs the rules now, and then what charters let go, as the node does every hour; or only counts what they would reach. A
    /// statement that two reach is counted for the first, or for both when nothing is erased. When it answers, what the round
    /// of the node itself erased just before is overwritten too, although it is not counted.
    ///
    /// # Errors
    /// [`Kind::Forbidden`]; that of the first rule or label that failed, when all others were kept to.
    pub fn run_retention(&self, caller: &Caller, dry_run: bool) -> Result<views::RetentionRun, Error> {
        Node::allowed(caller, &Action::Operate)?;
        self.retain(caller, dry_run, &mut Looked::default(), &|| false)
    }

    /// The same as a job: it goes on where it stopped, and begins anew once a day.
    pub(crate) fn retain_hourly(&self, stop: &dyn Fn() -> bool) -> Result<views::RetentionRun, Error> {
        let mut looked = self.inner.let_go.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        looked.renew(self.now());
        self.retain(&self.operator(), false, &mut looked, stop)
    }

    fn retain(
        &self,
        caller: &Caller,
        dry_run: bool,
        looked: &mut Looked,
        stop: &dyn Fn() -> bool,
    ) -> Result<views::RetentionRun, Error> {
        let mut run = views::RetentionRun { dry_run, statements: 0, charters: 0, rules: Vec::new() };
        // What fails holds up nothing else, and is tried again with the next run.
        let mut failed = None;
        let rules = self.retention_rules().unwrap_or_else(|error| {
            failed = Some(error);
            Vec::new()
        });
        for rule in rules {
            let statements = self.keep_rule(caller, &rule, dry_run, looked, stop).unwrap_or_else(|error| {
                tracing::error!(%error, rule = rule.id, "a rule of retention failed");
                failed.get_or_insert(error);
                0
            });
            run.statements += statements;
            run.rules.push(views::RetentionReached { rule: rule.view(&self.roster()), statements });
        }
        run.charters = self.keep_charters(caller, dry_run, looked, stop).unwrap_or_else(|error| {
            failed.get_or_insert(error);
            0
        });
        run.statements += run.charters;
        // Also where it reached nothing: another round may have erased it, and be overwriting it still.
        if !dry_run {
            self.finish_erasures();
        }
        failed.map_or(Ok(run), Err)
    }

    // Answers how many statements it reached, behind what was looked at already.
    fn keep_rule(
        &self,
        caller: &Caller,
        rule: &Rule,
        dry_run: bool,
        looked: &mut Looked,
        stop: &dyn Fn() -> bool,
    ) -> Result<u64, Error> {
        let mut reached = 0;
        let from = looked.rules.entry(rule.id.clone()).or_default();
        while !stop() {
            let source = rule.source();
            let until = rule.keeps_from(self.now());
            let snapshot = self.inner.store.snapshot()?;
            let (old, next) = snapshot.added_before(until, rule.kind.as_deref(), source, *from, PAGE)?;
            drop(snapshot);
            reached += match (old.is_empty(), dry_run) {
                (true, _) => 0,
                (false, true) => old.len() as u64,
                (false, false) => match self.let_go(caller, rule, &old)? {
                    Some(gone) => gone,
                    None => break,
                },
            };
            *from = next;
            if old.is_empty() {
                break;
            }
        }
        Ok(reached)
    }

    // `None` when the rule stands no more. Rules change with the directory, so what is erased by one that was removed
    // meanwhile is refused as stale, and looked at again.
    fn let_go(&self, caller: &Caller, rule: &Rule, positions: &[u64]) -> Result<Option<u64>, Error> {
        self.judged(caller, |roster, caller| {
            Node::allowed(caller, &Action::Operate)?;
            if !self.retention_rules()?.contains(rule) {
                return Ok(None);
            }
            let mut act = act_by(caller, "erase");
            act.push("reason", "retention");
            act.push("rule", rule.id.clone());
            act.push("days", rule.days.to_string());
            let body = strictjson::canonical(&act.into());
            let audit = self.audit_of(caller, "retention", rule.id.clone());
            let erase = Item::Erase { positions: positions.to_vec(), again: Again::Taken, body };
            let by = Node::authorized(roster, caller, gate::Erase, Positions(positions.to_vec()))?;
            self.erase_positions(by, caller, erase, audit).map(Some)
        })
    }

    fn retention_rules(&self) -> Result<Vec<Rule>, Error> {
        let Some(kept) = self.inner.store.meta(RULES)? else { return Ok(Vec::new()) };
        serde_json::from_slice(&kept).map_err(|error| {
            Error::new(Kind::Internal, format!("the rules of retention are damaged: {error}"))
        })
    }
}

fn kept(rules: &[Rule]) -> Result<Change, Error> {
    let text = serde_json::to_vec(rules)
        .map_err(|error| Error::new(Kind::Internal, format!("rules of retention: {error}")))?;
    Ok(Change::Meta(RULES, (!rules.is_empty()).then_some(text)))
}

fn check(rule: &Rule, rules: &[Rule]) -> Result<(), Error> {
    if rule.kind.is_none() && rule.source.is_none() {
        let error = Error::new(Kind::Invalid, "a retention rule names a type, a source, or both");
        return Err(error.hint("such as `--type observed-data --days 90`"));
    }
    if rule.days == 0 || rule.days > MAX_DAYS {
        return Err(Error::new(Kind::Invalid, format!("a rule keeps for 1 to {MAX_DAYS} days")));
    }
    if rules.len() >= MAX_RULES {
        return Err(Error::new(Kind::Conflict, format!("there are {MAX_RULES} rules already")));
    }
    let same = |other: &&Rule| (&other.kind, &other.source) == (&rule.kind, &rule.source);
    if let Some(other) = rules.iter().find(same) {
        let message = format!("a rule for these keeps for {} days already", other.days);
        return Err(Error::new(Kind::Conflict, message).hint(format!("remove `{}` first", other.id)));
    }
    Ok(())
}

// A name of a STIX type (STIX 2.1 §3.1); whether there is anything of it does not matter.
fn checked_type(kind: &str) -> Result<String, Error> {
    let kind = kind.trim();
    let plain = kind.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    if plain && (3..=250).contains(&kind.len()) {
        return Ok(kind.to_owned());
    }
    Err(Error::new(Kind::Invalid, format!("`{kind}` is no type such as `indicator`")))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;
    use crate::{ImportOptions, Settings};

    const HOUR_US: i64 = 3_600_000_000;

    #[test]
    fn the_job_looks_at_what_became_old_since_and_at_all_of_it_once_a_day() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(AtomicI64::new(1_788_220_800_000_000));
        let time = Arc::clone(&clock);
        let settings = Settings { organisation: "ACME".to_owned(), ..Settings::default() };
        let now = Arc::new(move || Timestamp(time.load(Ordering::SeqCst)));
        let node = Node::open(folder.path(), settings, now).unwrap();
        // The node's own round is another.
        node.stop();
        let operator = node.operator();
        let say = |kind: &str, n: u8| {
            let object = format!(
                r#"{{"type":"{kind}","spec_version":"2.1","id":"{kind}--00000000-0000-4000-8000-{n:012}",
                "created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","name":"one"}}"#
            );
            let submitted = node.submit(&operator, &ImportOptions::default(), object.as_bytes()).unwrap();
            assert_eq!(submitted.success, 1);
        };
        let rule = NewRetention { kind: Some("tool".to_owned()), source: None, days: 2 };
        let rule = node.add_retention(&operator, &rule).unwrap().id;
        let round = |hours: i64| {
            clock.fetch_add(hours * HOUR_US, Ordering::SeqCst);
            let gone = node.retain_hourly(&|| false).unwrap().statements;
            (gone, node.inner.let_go.lock().unwrap().rules[&rule])
        };
        say("tool", 1);
        say("campaign", 2);
        assert_eq!(round(1), (0, 0));
        clock.fetch_add(HOUR_US, Ordering::SeqCst);
        say("tool", 3);
        // What stays is passed over, and what is not old enough yet is not.
        assert_eq!(round(47), (1, 2));
        assert_eq!(round(0), (0, 2));
        // A day's first round begins anew, and finds what there is to find.
        assert_eq!(round(24), (1, 3));
        assert_eq!(node.run_retention(&operator, true).unwrap().statements, 0);
    }
}
