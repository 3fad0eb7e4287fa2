//! The decision, and what it went by.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::policy::{Policy, Rule};
use super::{Action, Fact, decay, innocent};
use crate::matching::Mode;
use crate::observable::{Kind, Observable};
use crate::{MemberId, Timestamp, circle::words};

words! {
    /// What is asked on the way, in this order.
    GateKind {
        /// Whether it is valid at this time.
        #[default]
        Valid = "valid",
        /// Whether its author says that it is harmful.
        Harmful = "harmful",
        /// What its label permits.
        Permitted = "permitted",
        /// Which rule of the receiver's policy it comes under, and what that lets it do.
        Rule = "rule",
        /// Whether its author is sure enough.
        Confidence = "confidence",
        /// What is left of it by now.
        Score = "score",
        /// Whether its source said too much on that day.
        PerDay = "per-day",
        /// Whether members call it a mistake.
        Mistaken = "mistaken",
        /// Whether it is everybody's.
        Innocent = "innocent",
        /// Whether it is on a warning list.
        WarningList = "warning-list",
        /// Whether too many hosts here touched it lately.
        Prevalence = "prevalence",
        /// Whether enough origins agree.
        Origins = "origins",
    }
}

/// A gate and how it was passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// Which.
    pub kind: GateKind,
    /// The [`Fact`] that it was asked of, by its place; `None` for what is asked of the value.
    pub fact: Option<usize>,
    /// The most that it lets the value do; `None` for nothing.
    pub lets: Option<Action>,
    /// What it went by, in words: the list, the rule, the figure.
    pub by: String,
    /// The time that it went by.
    pub at: Option<Timestamp>,
}

/// A warning list that a value is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Warned<'a> {
    /// The name of the list.
    pub list: &'a str,
    /// It is not the value that is on it but something below: the list is asked of what stands for that too.
    pub below: bool,
}

/// What the receiver's own hosts did lately with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// So many hosts touched it.
    pub hosts: u64,
    /// Of so many that were seen at all.
    pub of_hosts: u64,
    /// Since then.
    pub since: Timestamp,
}

/// What is asked beside what is said.
#[derive(Debug, Clone, Copy)]
pub struct Local<'a> {
    /// The receiver's policy.
    pub policy: &'a Policy,
    /// The warning lists that the value is on.
    pub warned: &'a [Warned<'a>],
    /// What the receiver's hosts did with it, where that is known.
    pub seen: Option<Seen>,
    /// The time.
    pub now: Timestamp,
}

/// What a value does in one mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// How it is meant.
    pub mode: Mode,
    /// What it does; `None` for nothing.
    pub action: Option<Action>,
    /// Until when, if nothing changes; `None` without an end.
    pub until: Option<Timestamp>,
    /// So many origins say it, of those that let it do this.
    pub origins: usize,
    /// The fact that it rests on, by its place: the one that carries the longest.
    pub fact: Option<usize>,
}

/// Whose word it is, when copies count once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Origin {
    Feed(u64),
    Member(MemberId),
}

/// What one fact lets the value do.
#[derive(Debug, Clone, Copy)]
struct Said {
    fact: usize,
    mode: Mode,
    most: Action,
    needs: u32,
    until_then: Option<Action>,
    until: Timestamp,
    origin: Origin,
}

const HOUR_S: i64 = 3_600;

/// What a value does here, in each mode that somebody means it in, and why: `tell` is given each gate where it is wanted.
///
/// Whatever is covered by a wider mode that does as much for as long is left out.
pub fn judge(
    value: &Observable,
    facts: &[Fact],
    local: &Local<'_>,
    mut tell: Option<&mut dyn FnMut(Gate)>,
) -> Vec<Verdict> {
    let (mut said, mut modes): (Vec<Said>, Vec<Mode>) = (Vec::new(), Vec::new());
    for (place, fact) in facts.iter().enumerate() {
        let mut at = At { tell: tell.as_deref_mut(), fact: Some(place) };
        let (mode, one) = asked_of(value, (place, fact), local, &mut at);
        modes.push(mode);
        said.extend(one);
    }
    let most = asked_of_value(value, local, &mut At { tell: tell.as_deref_mut(), fact: None });
    // The widest first.
    modes.sort_unstable_by(|one, other| other.cmp(one));
    modes.dedup();
    let mut verdicts: Vec<Verdict> = Vec::new();
    for mode in modes {
        let most = if mode.reaches_below() { most.with_below } else { most.alone };
        let verdict = agreed(mode, &said, most, &mut At { tell: tell.as_deref_mut(), fact: None });
        let covered = |wide: &Verdict| {
            wide.mode.covers(mode) && wide.action >= verdict.action && ends(wide.until) >= ends(verdict.until)
        };
        if !verdicts.iter().any(covered) {
            verdicts.push(verdict);
        }
    }
    verdicts
}

fn ends(until: Option<Timestamp>) -> Timestamp {
    until.unwrap_or(Timestamp::MAX)
}

/// Whom gates are told, and of which fact.
struct At<'t, 'f> {
    tell: Option<&'t mut (dyn FnMut(Gate) + 'f)>,
    fact: Option<usize>,
}

impl At<'_, '_> {
    fn gate(
        &mut self,
        kind: GateKind,
        lets: Option<Action>,
        at: Option<Timestamp>,
        by: impl FnOnce() -> Cow<'static, str>,
    ) {
        if let Some(tell) = self.tell.as_mut() {
            tell(Gate { kind, fact: self.fact, lets, by: by().into_owned(), at });
        }
    }
}

// How a fact means the value, and what it lets it do. Each gate is asked even where an earlier one let nothing through, for who wants to know.
fn asked_of(
    value: &Observable,
    (place, fact): (usize, &Fact),
    local: &Local<'_>,
    at: &mut At<'_, '_>,
) -> (Mode, Option<Said>) {
    let now = local.now;
    let mut most = Some(Action::Block);
    let mut lower = |lets: Option<Action>| most = most.min(lets);

    let (lets, time, by) = if fact.valid_from.is_some_and(|from| now < from) {
        (None, fact.valid_from, "not valid yet")
    } else if fact.valid_until.is_some_and(|until| until <= now) {
        (None, fact.valid_until, "not valid any more")
    } else {
        (Some(Action::Block), fact.valid_until, "valid")
    };
    lower(lets);
    at.gate(GateKind::Valid, lets, time, || by.into());
    if fact.benign {
        lower(None);
        at.gate(GateKind::Harmful, None, None, || "its author says that it is benign".into());
    }
    let permitted = Action::permitted(fact.permits);
    lower(permitted);
    at.gate(GateKind::Permitted, permitted, None, || fact.permits.name().into());

    let Some(rule) = local.policy.rule(fact, value.kind()) else {
        at.gate(GateKind::Rule, None, None, || "no rule of the policy is for it".into());
        return (fact.mode, None);
    };
    let until_rule = until_rule(fact, rule);
    let ended = until_rule.is_some_and(|until| until <= now);
    let lets = if ended { None } else { rule.action };
    lower(lets);
    at.gate(GateKind::Rule, lets, until_rule, || rule_in_words(rule, ended).into());

    let confidence = fact.confidence.unwrap_or(decay::UNSAID);
    let lets = (confidence >= rule.confidence).then_some(Action::Block);
    lower(lets);
    at.gate(GateKind::Confidence, lets, None, || {
        format!("{confidence}, at least {}", rule.confidence).into()
    });

    let model = local.policy.decay(value.kind());
    let since = since(fact);
    // What is dated ahead is as new as it gets.
    let score = decay::score(fact.confidence, since.min(now), fact.mistaken.members, model, now);
    let until = until(fact, rule, model, now);
    // When too little is left is told to the second beforehand: from then on it is so.
    let lets = (score >= rule.score && until > now).then_some(Action::Block);
    lower(lets);
    at.gate(GateKind::Score, lets, Some(since), || score_in_words(score, rule, fact, model).into());

    if rule.per_day > 0 {
        let lets = if fact.beyond { Action::Alert } else { Action::Block };
        lower(Some(lets));
        at.gate(GateKind::PerDay, Some(lets), Some(fact.entered), || {
            let place = if fact.beyond { "behind" } else { "among" };
            format!("{place} the first {} values of its source on that day", rule.per_day).into()
        });
    }
    if fact.mistaken.members > 0 {
        let lets = mistaken_lets(fact, local.policy);
        lower(lets);
        at.gate(GateKind::Mistaken, lets, fact.mistaken.last, || {
            mistaken_in_words(fact, local.policy).into()
        });
    }
    let mode = rule.mode(fact.mode, value);
    let said = most.map(|most| Said {
        fact: place,
        mode,
        most,
        needs: rule.origins.max(1),
        until_then: rule.until_then,
        until,
        origin: fact.origin.map_or(Origin::Member(fact.source), Origin::Feed),
    });
    (mode, said)
}

// From when on it decays.
fn since(fact: &Fact) -> Timestamp {
    [fact.valid_from, fact.sighted].into_iter().flatten().fold(fact.entered, Timestamp::max)
}

fn until_rule(fact: &Fact, rule: &Rule) -> Option<Timestamp> {
    rule.hours.map(|hours| fact.entered.plus_seconds(i64::from(hours) * HOUR_S))
}

fn until(fact: &Fact, rule: &Rule, model: decay::Model, now: Timestamp) -> Timestamp {
    let lasts = decay::lasts(fact.confidence, since(fact).min(now), fact.mistaken.members, model, rule.score);
    let ends = [fact.valid_until, until_rule(fact, rule), lasts];
    ends.into_iter().flatten().fold(Timestamp::MAX, Timestamp::min)
}

/// When time alone has taken away what a fact lets a value of this kind do, at the latest; `None` where it never does. What no rule is
/// for has ended when it entered.
#[must_use]
pub fn ends_by_itself(fact: &Fact, kind: Kind, policy: &Policy, now: Timestamp) -> Option<Timestamp> {
    let Some(rule) = policy.rule(fact, kind) else { return Some(fact.entered) };
    Some(until(fact, rule, policy.decay(kind), now)).filter(|until| *until < Timestamp::MAX)
}

fn rule_in_words(rule: &Rule, ended: bool) -> String {
    let action = rule.action.map_or("nothing", Action::name);
    match (ended, rule.hours, rule.until_then) {
        (true, Some(hours), _) => format!("{}: {action} for {hours} h, which are over", rule.name),
        (_, Some(hours), _) => format!("{}: {action} for {hours} h", rule.name),
        _ if rule.origins > 1 => {
            let then = rule.until_then.map_or("nothing", Action::name);
            format!("{}: {action} when {} origins agree, {then} until then", rule.name, rule.origins)
        }
        _ => format!("{}: {action}", rule.name),
    }
}

fn score_in_words(score: u8, rule: &Rule, fact: &Fact, model: decay::Model) -> String {
    let seen = if fact.sighted.is_some_and(|seen| seen > fact.entered) { " since it was seen" } else { "" };
    let mistaken = match fact.mistaken.members {
        0 => String::new(),
        1 => ", and 1 member calls it a mistake".to_owned(),
        many => format!(", and {many} members call it a mistake"),
    };
    format!("{score}, at least {}; nothing is left after {} days{seen}{mistaken}", rule.score, model.days)
}

// One's own word takes it away here at once; others' as the policy says, but for what one's own organisation says.
fn mistaken_lets(fact: &Fact, policy: &Policy) -> Option<Action> {
    let by = policy.mistaken.members;
    let enough = by > 0 && fact.mistaken.members >= by && !fact.own;
    match (fact.mistaken.here, enough) {
        (true, _) => None,
        (false, true) => policy.mistaken.at_most,
        (false, false) => Some(Action::Block),
    }
}

fn mistaken_in_words(fact: &Fact, policy: &Policy) -> String {
    let of = match policy.mistaken.members {
        _ if fact.own => "which takes nothing away from your own word".to_owned(),
        0 => "which takes nothing away".to_owned(),
        many => format!("of {many} that take it away"),
    };
    match (fact.mistaken.here, fact.mistaken.members) {
        (true, _) => "your own organisation calls it a mistake".to_owned(),
        (false, 1) => format!("1 member calls it a mistake, {of}"),
        (false, many) => format!("{many} members call it a mistake, {of}"),
    }
}

/// The most that the value may do, whoever says it.
struct Most {
    /// Where it is meant alone.
    alone: Option<Action>,
    /// Where it stands for what is below it too.
    with_below: Option<Action>,
}

fn asked_of_value(value: &Observable, local: &Local<'_>, at: &mut At<'_, '_>) -> Most {
    let (mut most, mut below) = (Some(Action::Block), Some(Action::Block));
    let innocent = innocent(value);
    let lets = if innocent.is_some() { None } else { Some(Action::Block) };
    most = most.min(lets);
    at.gate(GateKind::Innocent, lets, None, || innocent.unwrap_or("it may be somebody's").into());
    for warned in local.warned {
        let lets = Some(local.policy.grade(warned.list));
        let held = if warned.below { &mut below } else { &mut most };
        *held = (*held).min(lets);
        at.gate(GateKind::WarningList, lets, None, || match warned.below {
            true => format!("{}: names below it are on it", warned.list).into(),
            false => warned.list.to_owned().into(),
        });
    }
    if local.warned.is_empty() {
        at.gate(GateKind::WarningList, Some(Action::Block), None, || "on none".into());
    }
    let rule = &local.policy.prevalence;
    if let Some(seen) = local.seen {
        let common = rule.is_reached(seen.hosts, seen.of_hosts);
        let lets = Some(if common { Action::Alert } else { Action::Block });
        most = most.min(lets);
        at.gate(GateKind::Prevalence, lets, Some(seen.since), || {
            format!("{} of {} hosts touched it", seen.hosts, seen.of_hosts).into()
        });
    } else {
        at.gate(GateKind::Prevalence, Some(Action::Block), None, || {
            "what hosts here did lately is not known".into()
        });
    }
    Most { alone: most, with_below: most.min(below) }
}

// The most that enough origins agree on, among what covers this mode.
fn agreed(mode: Mode, said: &[Said], most: Option<Action>, at: &mut At<'_, '_>) -> Verdict {
    let mut verdict = Verdict { mode, action: None, until: None, origins: 0, fact: None };
    let Some(most) = most else { return verdict };
    for level in [Action::Block, Action::Alert, Action::Context].into_iter().filter(|level| *level <= most) {
        let carry: Vec<&Said> =
            said.iter().filter(|one| one.mode.covers(mode) && one.most >= level).collect();
        let mut origins: BTreeMap<Origin, Timestamp> = BTreeMap::new();
        for one in &carry {
            let until = origins.entry(one.origin).or_insert(one.until);
            *until = one.until.max(*until);
        }
        let mut latest: Vec<Timestamp> = origins.values().copied().collect();
        latest.sort_unstable_by(|one, other| other.cmp(one));
        for one in carry {
            let needs = if one.until_then.is_some_and(|then| then >= level) { 1 } else { one.needs };
            // Fewer agree once the last of so many ends.
            let others = latest.get(needs as usize - 1).copied();
            let Some(until) = others.map(|others| if needs == 1 { one.until } else { others.min(one.until) })
            else {
                continue;
            };
            if verdict.action.is_none() || until > ends(verdict.until) {
                verdict.action = Some(level);
                verdict.until = Some(until).filter(|until| *until < Timestamp::MAX);
                verdict.fact = Some(one.fact);
                verdict.origins = origins.len();
            }
        }
        if verdict.action.is_some() {
            break;
        }
    }
    at.gate(GateKind::Origins, verdict.action, verdict.until, || match verdict.origins {
        1 => "1 origin says so".into(),
        many => format!("{many} origins say so").into(),
    });
    verdict
}
