//! Generated histories of circles against a slow reading of the rules: who joined, left, was expelled, and what was said when.

use std::collections::{BTreeMap, BTreeSet};

use model::circle::Leavers;
use model::{Charter, Tlp};
use node::{Caller, ImportOptions};

use crate::circle_rules::{bring, circle, members};
use crate::write_world::{FIRST, World, envelope, id, indicator, strings};

const BOTH: &[&str] = &["analyst", "organisation-administrator"];
const MEMBERS: [&str; 5] = ["Blue", "Green", "Grey", "Black", "White"];
const CIRCLES: [(&str, Leavers); 3] =
    [("One", Leavers::Close), ("Two", Leavers::Keep), ("Three", Leavers::Close)];

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        // Numerical Recipes' generator: nothing hangs on its quality.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

/// A circle as a reader of its charter would keep it on paper.
#[derive(Default)]
struct Paper {
    keeps: bool,
    /// In the order of joining.
    inside: Vec<usize>,
    said: BTreeSet<u32>,
    kept: BTreeMap<usize, BTreeSet<u32>>,
}

impl Paper {
    fn part(&mut self, member: usize, expelled: bool) {
        self.inside.retain(|one| *one != member);
        let kept = if self.keeps && !expelled { self.said.clone() } else { BTreeSet::new() };
        self.kept.insert(member, kept);
    }

    fn end(&mut self) {
        for member in self.inside.clone() {
            self.part(member, false);
        }
    }

    fn shows(&self, member: usize, object: u32) -> bool {
        let kept = || self.kept.get(&member).is_some_and(|kept| kept.contains(&object));
        self.said.contains(&object) && (self.inside.contains(&member) || kept())
    }
}

#[test]
fn histories_end_as_on_paper() {
    let mut seen = (0, 0);
    for seed in 1..=6 {
        let found = history(seed);
        seen = (seen.0 + found.0, seen.1 + found.1);
    }
    assert!(seen.0 > 100 && seen.1 > 200, "{seen:?}");
}

// How often something of another was seen, and how often it was not.
fn history(seed: u64) -> (usize, usize) {
    let (world, mut dice) = (World::new(), Dice(seed));
    let callers = members(&world, &MEMBERS, BOTH);
    // A circle that ended may be made again under its name: it is another one.
    let mut papers: Vec<(usize, Paper)> = Vec::new();
    let mut authors: BTreeMap<u32, usize> = BTreeMap::new();
    let mut seen = (0, 0);
    for step in 0..60u32 {
        let (place, member, other) = (dice.roll(CIRCLES.len()), dice.roll(5), dice.roll(5));
        let (name, leavers) = CIRCLES[place];
        let node = &world.node;
        let by = |member: usize| &callers[member];
        let live = papers.iter_mut().rfind(|(of, paper)| *of == place && !paper.inside.is_empty());
        let Some((_, paper)) = live else {
            let charter = Charter { leavers, ..Charter::default() };
            node.add_circle(by(member), &circle(name, Some(charter))).unwrap();
            let keeps = leavers == Leavers::Keep;
            papers.push((place, Paper { keeps, inside: vec![member], ..Paper::default() }));
            continue;
        };
        let is_in = paper.inside.contains(&member);
        match dice.roll(10) {
            0..=3 if !is_in => {
                bring(node, by(paper.inside[0]), name, by(member));
                paper.inside.push(member);
            }
            0..=5 if is_in => {
                let options = ImportOptions {
                    to: strings(&[&format!("circle:{name}")]),
                    tlp: Some(Tlp::Amber),
                    ..Default::default()
                };
                let object = envelope(&[indicator(step, FIRST, "")]);
                assert_eq!(node.submit(by(member), &options, object.as_bytes()).unwrap().success, 1);
                paper.said.insert(step);
                authors.insert(step, member);
            }
            6 | 7 if is_in => {
                node.leave_circle(by(member), name).unwrap();
                paper.part(member, false);
            }
            8 if is_in && paper.inside[0] == member && paper.inside.contains(&other) && other != member => {
                node.expel(by(member), name, MEMBERS[other]).unwrap();
                paper.part(other, true);
            }
            9 if is_in && paper.inside[0] == member && dice.roll(3) == 0 => {
                node.revoke_circle(by(member), name).unwrap();
                paper.end();
            }
            _ => assert_eq!(node.circle(by(member), name).is_ok(), is_in),
        }
        if step % 6 == 5 {
            seen = look(&world, &papers, &authors, seen);
        }
    }
    look(&world, &papers, &authors, seen)
}

fn look(
    world: &World,
    papers: &[(usize, Paper)],
    authors: &BTreeMap<u32, usize>,
    mut seen: (usize, usize),
) -> (usize, usize) {
    for (member, name) in MEMBERS.iter().enumerate() {
        let caller: Caller = world.token(name, BOTH);
        let listed: BTreeSet<String> = world.listed(&caller, None).into_iter().map(|(id, _)| id).collect();
        for (object, author) in authors {
            let own = *author == member;
            let expected = own || papers.iter().any(|(_, paper)| paper.shows(member, *object));
            assert_eq!(listed.contains(&id(*object)), expected, "{name}, object {object}");
            seen.0 += usize::from(expected && !own);
            seen.1 += usize::from(!expected);
        }
    }
    seen
}
