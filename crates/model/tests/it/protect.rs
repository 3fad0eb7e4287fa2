//! What may act, and what is told of why.

use model::matching::{Mode, Nearness};
use model::observable::{Kind, guess};
use model::protect::{
    Action, FALLS, Fact, Falling, From, Gate, GateKind, ListGrade, Local, Mistaken, MistakenBy, Policy,
    Prevalence, Rule, Seen, Verdict, Warned, decay, falling, judge,
};
use model::{CircleId, MemberId, PermittedActions, Timestamp, Tlp};
use uuid::Uuid;

const DAY_S: i64 = 86_400;

fn now() -> Timestamp {
    Timestamp(1_788_220_800_000_000)
}

fn member(n: u128) -> MemberId {
    MemberId(Uuid::from_u128(n))
}

fn fact(source: u128) -> Fact {
    Fact {
        source: member(source),
        own: source == 0,
        released: false,
        circles: Vec::new(),
        tlp: Tlp::Amber,
        permits: PermittedActions::default(),
        mode: Mode::Exact,
        entered: now().plus_seconds(-3_600),
        valid_from: None,
        valid_until: None,
        confidence: None,
        origin: None,
        benign: false,
        beyond: false,
        sighted: None,
        mistaken: Mistaken::default(),
    }
}

fn rule(from: From) -> Rule {
    Rule {
        name: "a rule".to_owned(),
        from,
        circle: None,
        kinds: Vec::new(),
        ceiling: Tlp::Red,
        action: Some(Action::Block),
        origins: 1,
        until_then: None,
        hours: None,
        confidence: 0,
        score: 0,
        per_day: 0,
        subdomains: false,
    }
}

/// "What our sector's desk releases blocks for 24 h at n = 1; everyone else's alerts until two origins agree."
fn story() -> Policy {
    Policy {
        rules: vec![
            Rule { hours: Some(24), ..rule(From::Desk) },
            Rule { origins: 2, until_then: Some(Action::Alert), ..rule(From::Anyone) },
        ],
        ..Policy::default()
    }
}

fn judged(value: &str, facts: &[Fact], policy: &Policy) -> Vec<Verdict> {
    judge(&guess(value).unwrap(), facts, &Local { policy, warned: &[], seen: None, now: now() }, None)
}

fn action(facts: &[Fact], policy: &Policy) -> Option<Action> {
    let verdicts = judged("evil.example.co", facts, policy);
    assert!(verdicts.len() <= 1, "{verdicts:?}");
    verdicts.first().and_then(|verdict| verdict.action)
}

fn gates(value: &str, facts: &[Fact], local: &Local<'_>) -> Vec<Gate> {
    let mut gates = Vec::new();
    let verdicts = judge(&guess(value).unwrap(), facts, local, Some(&mut |gate| gates.push(gate)));
    assert_eq!(
        verdicts,
        judge(&guess(value).unwrap(), facts, local, None),
        "who asks why is told what is done"
    );
    gates
}

#[test]
fn the_desks_word_blocks_for_a_day_and_others_alert_until_two_origins_agree() {
    let policy = story();
    let released = Fact { released: true, ..fact(1) };
    let [verdict] = judged("evil.example.co", std::slice::from_ref(&released), &policy)[..] else { panic!() };
    assert_eq!((verdict.action, verdict.origins, verdict.fact), (Some(Action::Block), 1, Some(0)));
    assert_eq!(verdict.until, Some(released.entered.plus_seconds(DAY_S)));
    let old = Fact { entered: now().plus_seconds(-DAY_S), ..released };
    assert_eq!(action(std::slice::from_ref(&old), &policy), None, "the day is over, at its last moment");
    // The first rule that fits decides, also where it lets nothing through any more.
    assert_eq!(action(&[old, fact(2)], &policy), Some(Action::Alert));
    assert_eq!(action(&[fact(1)], &policy), Some(Action::Alert));
    assert_eq!(action(&[fact(1), fact(1)], &policy), Some(Action::Alert), "one says it twice");
    assert_eq!(action(&[fact(1), fact(2)], &policy), Some(Action::Block));
}

#[test]
fn what_is_warned_of_below_holds_what_stands_for_it_and_nothing_else() {
    let policy = Policy { rules: vec![rule(From::Anyone)], ..Policy::default() };
    let warned = [Warned { list: "Top 1000", below: true }];
    let local = Local { policy: &policy, warned: &warned, seen: None, now: now() };
    for (mode, action) in [
        (Mode::Exact, Action::Block),
        (Mode::MailDomain, Action::Block),
        (Mode::Subdomains, Action::Context),
        (Mode::Wildcard, Action::Context),
    ] {
        let verdicts =
            judge(&guess("hosting.example.co").unwrap(), &[Fact { mode, ..fact(1) }], &local, None);
        assert_eq!(verdicts[0].action, Some(action), "{mode:?}");
    }
    let both = [Fact { mode: Mode::Subdomains, ..fact(1) }, fact(2)];
    let verdicts = judge(&guess("hosting.example.co").unwrap(), &both, &local, None);
    let does: Vec<_> = verdicts.iter().map(|verdict| (verdict.mode, verdict.action)).collect();
    assert_eq!(
        does,
        [(Mode::Subdomains, Some(Action::Context)), (Mode::Exact, Some(Action::Block))],
        "nobody takes a block away by saying more"
    );
}

#[test]
fn copies_of_one_feed_count_once() {
    let policy = story();
    let copy = |source| Fact { origin: Some(77), ..fact(source) };
    assert_eq!(action(&[copy(1), copy(2), copy(3)], &policy), Some(Action::Alert));
    assert_eq!(action(&[copy(1), copy(2), fact(3)], &policy), Some(Action::Block));
    assert_eq!(action(&[copy(1), Fact { origin: Some(78), ..fact(1) }], &policy), Some(Action::Block));
}

#[test]
fn agreement_ends_with_the_last_of_so_many() {
    let until = |days: i64| Some(now().plus_seconds(days * DAY_S));
    let ends = |days: i64| Fact { valid_until: until(days), ..fact(days.cast_unsigned().into()) };
    let verdicts = judged("203.0.112.9", &[ends(1), ends(9), ends(5), fact(99)], &story());
    assert_eq!((verdicts[0].action, verdicts[0].until), (Some(Action::Block), until(9)));
    let verdicts = judged("203.0.112.9", &[ends(1), ends(9), ends(5)], &story());
    assert_eq!(verdicts[0].until, until(5));
}

#[test]
fn each_gate_lowers_what_is_done() {
    let policy = Policy { rules: vec![rule(From::Anyone)], ..Policy::default() };
    let at = |days: i64| Some(now().plus_seconds(days * DAY_S));
    let permits = |permits| Fact { permits, ..fact(1) };
    for (of, done) in [
        (fact(1), Some(Action::Block)),
        (Fact { valid_from: at(1), ..fact(1) }, None),
        (Fact { valid_from: Some(now()), ..fact(1) }, Some(Action::Block)),
        (Fact { valid_until: Some(now()), ..fact(1) }, None),
        (Fact { benign: true, ..fact(1) }, None),
        (permits(PermittedActions::None), None),
        (permits(PermittedActions::ContactForInstruction), None),
        (permits(PermittedActions::InternallyVisible), Some(Action::Alert)),
        (permits(PermittedActions::ExternallyVisibleIndirect), Some(Action::Block)),
    ] {
        assert_eq!(action(std::slice::from_ref(&of), &policy), done, "{of:?}");
    }
    assert_eq!(action(&[fact(1)], &Policy::default()), None, "no rule, no act");
    let of = |rule: Rule, of: Fact| action(&[of], &Policy { rules: vec![rule], ..Policy::default() });
    let base = || rule(From::Anyone);
    assert_eq!(of(Rule { confidence: 51, ..base() }, fact(1)), None, "who says nothing is half sure");
    assert_eq!(of(Rule { confidence: 50, ..base() }, fact(1)), Some(Action::Block));
    assert_eq!(of(Rule { ceiling: Tlp::Green, ..base() }, fact(1)), None);
    assert_eq!(of(Rule { kinds: vec![Kind::Url], ..base() }, fact(1)), None);
    assert_eq!(of(Rule { circle: Some(CircleId(Uuid::nil())), ..base() }, fact(1)), None);
    let inside = Fact { circles: vec![CircleId(Uuid::nil())], ..fact(1) };
    assert_eq!(of(Rule { circle: Some(CircleId(Uuid::nil())), ..base() }, inside), Some(Action::Block));
    assert_eq!(of(rule(From::Member(member(2))), fact(1)), None);
    assert_eq!(of(rule(From::Own), fact(0)), Some(Action::Block));
    assert_eq!(of(Rule { action: None, ..base() }, fact(1)), None);
    let loud = |beyond| Fact { beyond, ..fact(1) };
    assert_eq!(of(Rule { per_day: 10, ..base() }, loud(false)), Some(Action::Block));
    assert_eq!(of(Rule { per_day: 10, ..base() }, loud(true)), Some(Action::Alert));
    assert_eq!(of(base(), loud(true)), Some(Action::Block), "where the rule has no limit");
}

#[test]
fn what_is_old_or_called_a_mistake_is_worth_less_and_what_is_seen_again_more() {
    let policy = Policy {
        rules: vec![Rule { score: 30, ..rule(From::Anyone) }],
        decay: vec![(Kind::Domain, decay::Model { days: 10, speed: 100 })],
        ..Policy::default()
    };
    let aged = |days: i64| Fact { entered: now().plus_seconds(-days * DAY_S), ..fact(1) };
    assert_eq!(action(&[aged(3)], &policy), Some(Action::Block));
    assert_eq!(action(&[aged(5)], &policy), None);
    let sighted = Fact { sighted: Some(now()), ..aged(5) };
    assert_eq!(action(&[sighted], &policy), Some(Action::Block));
    assert_eq!(
        action(&[Fact { mistaken: Mistaken { members: 2, ..Mistaken::default() }, ..aged(0) }], &policy),
        None
    );
    let verdicts = judged("evil.example.co", &[aged(0)], &policy);
    let until = verdicts[0].until.unwrap();
    assert!(
        until > now().plus_seconds(4 * DAY_S - 3_600) && until < now().plus_seconds(5 * DAY_S),
        "{until}"
    );
}

#[test]
fn what_members_call_a_mistake_is_taken_away_as_the_policy_says_and_ones_own_word_by_oneself() {
    let policy =
        |by: MistakenBy| Policy { rules: vec![rule(From::Anyone)], mistaken: by, ..Policy::default() };
    let called = |members, here| Fact { mistaken: Mistaken { members, here, last: Some(now()) }, ..fact(1) };
    let two = policy(MistakenBy::default());
    assert_eq!(action(&[called(1, false)], &two), Some(Action::Block));
    assert_eq!(action(&[called(2, false)], &two), Some(Action::Alert));
    assert_eq!(action(&[called(1, true)], &two), None);
    assert_eq!(
        action(&[called(9, false)], &policy(MistakenBy { members: 0, at_most: None })),
        Some(Action::Block)
    );
    assert_eq!(action(&[called(1, false)], &policy(MistakenBy { members: 1, at_most: None })), None);
    let own = Fact { own: true, ..called(5, false) };
    assert_eq!(action(&[own], &two), Some(Action::Block));
    assert_eq!(action(&[called(2, false), fact(2)], &two), Some(Action::Block), "another says it as well");
}

#[test]
fn what_is_everybodys_does_nothing_whoever_says_it() {
    let policy = Policy { rules: vec![rule(From::Anyone)], ..Policy::default() };
    for innocent in ["github.io", "198.41.0.4", "10.0.0.1", "0.0.0.0/8", "printer.local"] {
        assert_eq!(judged(innocent, &[fact(0), fact(1), fact(2)], &policy)[0].action, None, "{innocent}");
    }
    assert_eq!(judged("evil.github.io", &[fact(1)], &policy)[0].action, Some(Action::Block));
}

#[test]
fn lists_hold_back_by_their_grade_and_what_is_common_here_alerts_only() {
    let grade = |name: &str, at_most| ListGrade { name: name.to_owned(), at_most };
    let policy = Policy {
        rules: vec![rule(From::Anyone)],
        lists: vec![grade("*VPN*", Action::Block), grade("*cloud*", Action::Alert)],
        prevalence: Prevalence { share: 100, hosts: 3 },
        ..Policy::default()
    };
    let value = guess("203.0.112.9").unwrap();
    let of = |lists: &[&'static str], seen| {
        let warned: Vec<Warned<'_>> = lists.iter().map(|list| Warned { list, below: false }).collect();
        judge(&value, &[fact(1)], &Local { policy: &policy, warned: &warned, seen, now: now() }, None)[0]
            .action
    };
    assert_eq!(of(&["known vpn ranges"], None), Some(Action::Block));
    assert_eq!(of(&["known vpn ranges", "A cloud"], None), Some(Action::Alert));
    assert_eq!(of(&["A cloud", "Top 1000"], None), Some(Action::Context));
    let seen = |hosts, of_hosts| Some(Seen { hosts, of_hosts, since: now() });
    assert_eq!(of(&[], seen(2, 2)), Some(Action::Block));
    assert_eq!(of(&[], seen(20, 1_000)), Some(Action::Alert));
}

#[test]
fn a_domain_stands_for_those_below_it_where_the_policy_says_so() {
    let policy = Policy { rules: vec![Rule { subdomains: true, ..rule(From::Anyone) }], ..Policy::default() };
    let modes = |value: &str, facts: &[Fact]| {
        judged(value, facts, &policy).iter().map(|verdict| (verdict.mode, verdict.action)).collect::<Vec<_>>()
    };
    assert_eq!(modes("evil.example.co", &[fact(1)]), [(Mode::Subdomains, Some(Action::Block))]);
    assert_eq!(modes("duckdns.org", &[fact(1)]), [(Mode::Exact, None)]);
    // Two modes of one value, where the narrower does more.
    let said = Policy {
        rules: vec![
            Rule { kinds: vec![Kind::Domain], ..rule(From::Own) },
            Rule { action: Some(Action::Alert), ..rule(From::Anyone) },
        ],
        ..Policy::default()
    };
    let wide = Fact { mode: Mode::Subdomains, ..fact(1) };
    let told: Vec<_> = judged("evil.example.co", &[fact(0), wide.clone()], &said)
        .iter()
        .map(|verdict| (verdict.mode, verdict.action))
        .collect();
    assert_eq!(told, [(Mode::Subdomains, Some(Action::Alert)), (Mode::Exact, Some(Action::Block))]);
    let told = judged("evil.example.co", &[fact(2), wide], &said);
    assert_eq!((told.len(), told[0].mode, told[0].origins), (1, Mode::Subdomains, 1));
}

#[test]
fn why_is_every_gate_in_order_with_what_it_went_by() {
    let policy = story();
    let local = Local {
        policy: &policy,
        warned: &[Warned { list: "Top 1000", below: false }],
        seen: None,
        now: now(),
    };
    let gates = gates("evil.example.co", &[fact(1), fact(2)], &local);
    let of_first: Vec<_> = gates.iter().filter(|gate| gate.fact == Some(0)).map(|gate| gate.kind).collect();
    assert_eq!(
        of_first,
        [GateKind::Valid, GateKind::Permitted, GateKind::Rule, GateKind::Confidence, GateKind::Score]
    );
    let told: Vec<_> = gates.iter().filter(|gate| gate.fact.is_none()).collect();
    let told: Vec<_> = told.iter().map(|gate| (gate.kind, gate.lets, gate.by.as_str())).collect();
    assert_eq!(
        told,
        [
            (GateKind::Innocent, Some(Action::Block), "it may be somebody's"),
            (GateKind::WarningList, Some(Action::Context), "Top 1000"),
            (GateKind::Prevalence, Some(Action::Block), "what hosts here did lately is not known"),
            (GateKind::Origins, Some(Action::Context), "2 origins say so"),
        ]
    );
}

/// A number below a bound, from a state that goes on.
fn below(state: &mut u64, bound: u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) % bound
}

fn any_fact(state: &mut u64) -> Fact {
    let day = |state: &mut u64| now().plus_seconds(below(state, 40).cast_signed() * DAY_S / 2);
    Fact {
        released: below(state, 3) == 0,
        entered: now().plus_seconds(-(below(state, 20).cast_signed()) * DAY_S / 4),
        valid_from: (below(state, 4) == 0).then(|| now().plus_seconds(-DAY_S)),
        valid_until: (below(state, 3) == 0).then(|| day(state)),
        confidence: (below(state, 2) == 0).then(|| u8::try_from(below(state, 101)).unwrap()),
        origin: (below(state, 5) == 0).then(|| below(state, 2)),
        mode: if below(state, 4) == 0 { Mode::Subdomains } else { Mode::Exact },
        mistaken: Mistaken { members: u32::try_from(below(state, 4)).unwrap(), ..Mistaken::default() },
        ..fact(u128::from(below(state, 4)))
    }
}

#[test]
fn until_is_when_time_alone_takes_an_action_away_or_lowers_it_and_no_sooner() {
    let policy = Policy {
        rules: vec![
            Rule { hours: Some(72), score: 10, ..rule(From::Desk) },
            Rule { confidence: 20, score: 30, ..rule(From::Own) },
            Rule { origins: 2, until_then: Some(Action::Alert), score: 20, ..rule(From::Anyone) },
        ],
        decay: vec![(Kind::Domain, decay::Model { days: 15, speed: 150 })],
        ..Policy::default()
    };
    let value = guess("evil.example.co").unwrap();
    let (mut state, mut ended, mut lowered) = (7, 0, 0);
    for round in 0..3_000 {
        let facts: Vec<Fact> = (0..=below(&mut state, 5)).map(|_| any_fact(&mut state)).collect();
        let of = |now| judge(&value, &facts, &Local { policy: &policy, warned: &[], seen: None, now }, None);
        for verdict in of(now()).iter().filter(|verdict| verdict.action.is_some()) {
            // What a wider mode covers later was as much before.
            let at = |time| {
                let later = of(time);
                let covers = later.iter().filter(|one| one.mode.covers(verdict.mode));
                covers.map(|one| one.action).max().flatten()
            };
            let end = verdict.until.unwrap_or(now().plus_seconds(1_000 * DAY_S));
            let length = end.0 - now().0;
            for part in 0..8 {
                // A score is known to the minute.
                let time = Timestamp(now().0 + length / 8 * part - 60_000_000).max(now());
                assert!(at(time) >= verdict.action, "{round}: {verdict:?} {time} {facts:?}");
            }
            if verdict.until.is_some() {
                let behind = at(end.plus_seconds(60));
                let of_mode = of(end.plus_seconds(60));
                let of_mode = of_mode.iter().find(|one| one.mode == verdict.mode).and_then(|one| one.action);
                assert!(of_mode < verdict.action || behind > of_mode, "{round}: {verdict:?} {facts:?}");
                ended += usize::from(behind.is_none());
                lowered += usize::from(behind.is_some());
            }
        }
    }
    assert!(ended > 100 && lowered > 100, "{ended} {lowered}");
}

/// What is done at a time by who was told this once, and goes on by his own clock.
fn held(told: &[Falling], nearness: Nearness, time: Timestamp) -> Option<Action> {
    let does = |one: &Falling| {
        let now = (one.verdict.action, one.verdict.until);
        let then = one.then.iter().map(|(action, until)| (Some(*action), *until));
        let mut all = std::iter::once(now).chain(then);
        all.find(|(_, until)| until.is_none_or(|until| until > time)).and_then(|(action, _)| action)
    };
    told.iter().filter(|one| one.verdict.mode.admits(nearness)).filter_map(does).max()
}

/// Looks at each time at which something of it ends, and between these. Answers how many follow on the first at most, and how many ends
/// left something.
#[track_caller]
fn follows(facts: &[Fact], policy: &Policy) -> (usize, usize) {
    let value = guess("evil.example.co").unwrap();
    let local = |now: Timestamp| Local { policy, warned: &[], seen: None, now };
    let verdicts = judge(&value, facts, &local(now()), None);
    let told = falling(&value, facts, &local(now()), &verdicts);
    assert!(verdicts.iter().all(|verdict| told.iter().any(|one| one.verdict == *verdict)));
    assert!(told.is_sorted_by(|one, next| one.verdict.mode > next.verdict.mode), "{told:?}");
    let of_now = told.iter().map(|one| one.verdict.until);
    let of_then = told.iter().flat_map(|one| &one.then).map(|(_, until)| *until);
    let mut times: Vec<Timestamp> = of_now.chain(of_then).flatten().collect();
    times.push(now());
    times.sort_unstable();
    let between = times.windows(2).map(|two| Timestamp(two[0].0.midpoint(two[1].0)));
    times.extend(between.collect::<Vec<_>>());
    let mut left = 0;
    for time in times {
        let judged = judge(&value, facts, &local(time), None);
        for nearness in [Nearness::Same, Nearness::Parent] {
            let meant = judged.iter().filter(|one| one.mode.admits(nearness));
            let then = meant.filter_map(|one| one.action).max();
            assert_eq!(
                held(&told, nearness, time),
                then,
                "{time} {nearness:?} {facts:?} {told:?} {judged:?}"
            );
            left += usize::from(then.is_some());
        }
    }
    (told.iter().map(|one| one.then.len()).max().unwrap_or_default(), left)
}

/// Who holds what was told, and goes on by its own clock whenever something of it ends, does what is judged then.
#[test]
fn what_follows_on_what_ends_is_what_is_judged_then() {
    let mut kinds = Vec::new();
    for mode in [Mode::Exact, Mode::Subdomains, Mode::Wildcard] {
        for hours in [Some(1), Some(5), None] {
            for source in [1, 2] {
                let until = hours.map(|hours| now().plus_seconds(hours * 3_600));
                kinds.push(Fact { mode, valid_until: until, ..fact(source) });
                kinds.push(Fact { released: true, mode, valid_until: until, ..fact(source) });
            }
        }
    }
    let (policy, mut fell, mut left) = (story(), 0, 0);
    for one in &kinds {
        for other in &kinds {
            for third in &kinds[..13] {
                let found = follows(&[one.clone(), other.clone(), third.clone()], &policy);
                (fell, left) = (fell + found.0, left + found.1);
            }
        }
    }
    assert!(fell > 1_000 && left > 1_000, "{fell} {left}");
}

#[test]
fn a_block_falls_to_an_alert_and_that_to_what_is_told_and_all_of_it_is_known_beforehand() {
    let policy = Policy {
        rules: vec![
            Rule { hours: Some(72), score: 10, ..rule(From::Desk) },
            Rule { action: Some(Action::Alert), score: 30, ..rule(From::Own) },
            Rule { origins: 2, until_then: Some(Action::Context), score: 20, ..rule(From::Anyone) },
        ],
        decay: vec![(Kind::Domain, decay::Model { days: 15, speed: 150 })],
        ..Policy::default()
    };
    let in_hours = |hours: i64| Some(now().plus_seconds(hours * 3_600));
    let facts = [
        Fact { valid_until: in_hours(9), ..fact(1) },
        Fact { valid_until: in_hours(5), ..fact(0) },
        Fact { released: true, valid_until: in_hours(1), ..fact(2) },
    ];
    let value = guess("evil.example.co").unwrap();
    let local = Local { policy: &policy, warned: &[], seen: None, now: now() };
    let told = falling(&value, &facts, &local, &judge(&value, &facts, &local, None));
    assert_eq!((told[0].verdict.action, told[0].verdict.until), (Some(Action::Block), in_hours(1)));
    assert_eq!(told[0].then, [(Action::Alert, in_hours(5)), (Action::Context, in_hours(9))]);
    // However many say it, in whatever mode, and whatever makes an end of it.
    let (mut state, mut most, mut left) = (11, 0, 0);
    for _ in 0..5_000 {
        let facts: Vec<Fact> = (0..=below(&mut state, 8)).map(|_| any_fact(&mut state)).collect();
        let found = follows(&facts, &policy);
        (most, left) = (most.max(found.0), left + found.1);
    }
    assert!(most >= 2 && left > 1_000, "{most} {left}");
    // What becomes valid in time goes on with it: not for ever, though.
    let one_behind_the_other: Vec<Fact> = (0..50)
        .map(|n| Fact {
            valid_from: in_hours(n),
            valid_until: in_hours(n + 2),
            ..fact(n.cast_unsigned().into())
        })
        .collect();
    let told =
        falling(&value, &one_behind_the_other, &local, &judge(&value, &one_behind_the_other, &local, None));
    assert_eq!(told[0].then.len(), FALLS);
}
