//! Worlds made up: every class of label, every way for one statement to meet another.

use model::circle::Shows;
use model::{Embargo, Label, Origin, Role, Timestamp, Tlp};

use super::people::{BEGIN, Circle, Client, Collection, Holds, Member, Person, Token, uuid};
use super::said::{Kind, Mark, Said, in_number, object_id};
use super::world::{Deed, Post, Recalled, World};
use crate::generate::Random;

/// Members of a world, the node's own among them.
const MEMBERS: usize = 5;
/// The place of the collection whose submissions wait for a curator.
const CURATED: usize = 6;
/// Deeds by the store alone, and deeds over roads.
const DIRECT: usize = 8;
const OVER_ROADS: usize = 22;

/// Deeds of a world.
pub const fn deeds() -> usize {
    DIRECT + OVER_ROADS + 1
}

/// The world of that number of a seed.
pub fn world(seed: u64, number: u64) -> World {
    let mut random = Random::new(seed.wrapping_mul(0xD134_2543_DE82_EF95) ^ number);
    let members: Vec<Member> = (0..MEMBERS).map(|n| Member::new(number, n)).collect();
    let persons = persons(number, &members);
    let collections = collections(number, &members);
    let circles = circles(number, &members);
    let tokens = tokens(number, &members, &persons, &mut random);
    let world = World {
        number,
        anonymous: random.below(2) == 0,
        assets: true,
        clients: clients(number, &members),
        members,
        persons,
        tokens,
        collections,
        circles,
        deeds: Vec::new(),
        known_tokens: Vec::new(),
        known_collections: Vec::new(),
    };
    Planner { world, random, ids: 0, numbers: 0, held: Vec::new() }.plan()
}

// One who is a client and nothing else, in every second world; and one who is a member, too, in every third.
fn clients(world: u64, members: &[Member]) -> Vec<Client> {
    let rows = [(world.is_multiple_of(2), 3, 1, true), (world.is_multiple_of(3), 4, 2, false)];
    let there = rows.into_iter().filter(|(is, ..)| *is);
    there
        .filter_map(|(_, client, provider, only)| {
            let (member, provider) = (members.get(client)?.id, members.get(provider)?.id);
            Some(Client { member, provider, only })
        })
        .collect()
}

fn persons(world: u64, members: &[Member]) -> Vec<Person> {
    let some = members.iter().skip(1).flat_map(|member| [member, member]).enumerate();
    some.map(|(n, member)| Person {
        id: model::PersonId(uuid(world, 5, n)),
        member: member.id,
        name: in_number('n', n),
    })
    .collect()
}

fn collections(world: u64, members: &[Member]) -> Vec<Collection> {
    let second = members.get(2).map(|member| member.id).into_iter().collect();
    let rows = [
        (Holds::All, Tlp::Red, Tlp::Green),
        (Holds::All, Tlp::Amber, Tlp::Amber),
        (Holds::Types(&["indicator", "malware", "relationship"]), Tlp::Red, Tlp::Amber),
        (Holds::UpTo(Tlp::Green), Tlp::Green, Tlp::Clear),
        (Holds::Sent, Tlp::Red, Tlp::Clear),
        (Holds::Of(second), Tlp::AmberStrict, Tlp::Green),
        (Holds::Sent, Tlp::Red, Tlp::Green),
    ];
    let numbered = rows.into_iter().enumerate();
    numbered
        .map(|(n, (holds, ceiling, default))| Collection {
            id: model::CollectionId(uuid(world, 4, n)),
            title: in_number('c', n),
            alias: (n % 2 == 0).then(|| in_number('a', n)),
            holds,
            ceiling,
            default,
            curated: n == CURATED,
        })
        .collect()
}

fn circles(world: u64, members: &[Member]) -> Vec<Circle> {
    let rows = [(&[1, 2][..], Shows::Organisations), (&[2, 3, 4], Shows::Count), (&[4, 0], Shows::Persons)];
    let numbered = rows.into_iter().enumerate();
    numbered
        .map(|(n, (places, shows))| Circle {
            id: model::CircleId(uuid(world, 6, n)),
            name: in_number('o', n),
            members: places.iter().filter_map(|at| members.get(*at).map(|member| member.id)).collect(),
            shows,
        })
        .collect()
}

// First the one who writes for each member, in their order.
fn tokens(world: u64, members: &[Member], persons: &[Person], random: &mut Random) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut add = |member: &Member, roles: &[Role], more: &mut dyn FnMut(&mut Token)| {
        let mut token = Token::new(world, tokens.len(), member.id, roles);
        more(&mut token);
        tokens.push(token);
    };
    for (n, member) in members.iter().enumerate() {
        let roles: &[Role] = if n == 0 { &[Role::Administrator, Role::Analyst] } else { &[Role::Analyst] };
        add(member, roles, &mut |_| {});
    }
    for member in members.iter().skip(1).take(3) {
        let person = persons.iter().filter(|person| person.member == member.id).nth(random.below(2) as usize);
        let profiles = [None, Some("elastic"), Some("opencti"), Some("xsoar"), Some("tlp1")];
        let profile = profiles.get(random.below(5) as usize).copied().flatten();
        add(member, &[Role::Reader], &mut |token| token.person = person.map(|person| person.id));
        for ceiling in [Tlp::Clear, Tlp::Green, Tlp::Amber, Tlp::AmberStrict] {
            add(member, &[Role::Analyst], &mut |token| {
                token.ceiling = ceiling;
                token.profile = profile;
            });
        }
        add(member, &[Role::Sensor], &mut |_| {});
        add(member, &[Role::Curator], &mut |token| token.profile = profile);
        add(member, &[Role::OrganisationAdministrator], &mut |_| {});
        add(member, &[Role::OrganisationAdministrator, Role::Reader], &mut |token| {
            token.ceiling = Tlp::Amber;
        });
        add(member, &[Role::Curator], &mut |token| token.ceiling = Tlp::Amber);
        add(member, &[Role::Curator], &mut |token| token.read = Some(vec![0, CURATED]));
        for read in [vec![1], vec![2, 4], vec![3], vec![5], vec![CURATED]] {
            add(member, &[Role::Analyst], &mut |token| token.read = Some(read.clone()));
        }
        add(member, &[Role::Reader], &mut |token| token.network = Some("192.0.2.0/24"));
    }
    for (n, roles) in [&[Role::Administrator][..], &[Role::Administrator, Role::Reader]].iter().enumerate() {
        if let Some(member) = members.get(n) {
            add(member, roles, &mut |_| {});
        }
    }
    tokens
}

struct Planner {
    world: World,
    random: Random,
    ids: usize,
    numbers: usize,
    // Ids of what waits for a curator.
    held: Vec<String>,
}

impl Planner {
    fn plan(mut self) -> World {
        for n in 0..DIRECT + OVER_ROADS {
            let deed = if n < DIRECT { self.direct() } else { self.over_roads() };
            self.world.deeds.push((n, deed));
        }
        self.recall();
        self.world
    }

    // In two worlds of three all that a member said is recalled, by itself or by the node's administrator: somewhere on the way, where
    // it is carried out; or at the end, where it stays in force. By chance of its own: the rest of a world is as it would be without.
    fn recall(&mut self) {
        let mut random = Random::new(self.world.number.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x7EC);
        let by_itself = random.below(2) == 0;
        let at = random.below(MEMBERS as u64) as usize;
        let place = DIRECT + OVER_ROADS / 2 + random.below(OVER_ROADS as u64 / 2) as usize;
        let Some(member) = self.world.members.get(at).map(|one| one.id) else { return };
        let token = if by_itself { at } else { 0 };
        let recall = |so_far| Deed::Recall { token, member, so_far };
        // A person that a reader does not know is in no world of his own, so nothing could be said to it there.
        let names_persons = self.world.deeds.iter().any(|(_, deed)| match deed {
            Deed::Direct { source, said } => {
                *source == member && said.iter().any(|(_, label)| !label.recipients.persons.is_empty())
            }
            _ => false,
        });
        match self.world.number % 3 {
            1 if names_persons => {}
            1 => {
                if let Some((_, deed)) = self.world.deeds.get_mut(place) {
                    *deed = recall(Recalled::Done);
                }
            }
            2 => self.world.deeds.push((DIRECT + OVER_ROADS, recall(Recalled::InForce))),
            _ => {}
        }
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.random.below(100) < percent
    }

    fn tlp(&mut self) -> Tlp {
        Tlp::ALL.get(self.random.below(5) as usize).copied().unwrap_or(Tlp::Red)
    }

    fn direct(&mut self) -> Deed {
        let by = self.random.below(MEMBERS as u64) as usize;
        let source = self.world.members.get(by).map_or(model::MemberId(uuid::Uuid::nil()), |one| one.id);
        let mut said = Vec::new();
        for _ in 0..1 + self.random.below(5) {
            let mut label = Label::new(source, self.tlp());
            if self.chance(30) {
                label.origin = Origin::Withheld;
            }
            let mut one = self.said(by, &Kind::SAID, label.origin == Origin::Shown);
            one.mark = Mark::None;
            for _ in 0..self.random.below(3) {
                let member = self.random.below(MEMBERS as u64) as usize;
                label.recipients.members.extend(self.world.members.get(member).map(|one| one.id));
            }
            for _ in 0..self.random.below(3) {
                let person = self.random.below(8) as usize;
                label.recipients.persons.extend(self.world.persons.get(person).map(|one| one.id));
            }
            if self.chance(30) {
                let circle = self.random.below(3) as usize;
                let circle = self.world.circles.get(circle).filter(|one| one.members.contains(&source));
                label.recipients.circles.extend(circle.map(|one| one.id));
            }
            label.recipients.members.sort();
            label.recipients.members.dedup();
            label.recipients.persons.sort();
            label.recipients.persons.dedup();
            if self.chance(25) {
                let begin: Timestamp = BEGIN.parse().unwrap_or(Timestamp(0));
                let until = begin.plus_seconds(if self.random.below(2) == 0 { 100 } else { 1_000_000 });
                label.embargo = Some(Embargo { case: "VU 7".to_owned(), until: Some(until) });
            }
            said.push((one, label));
        }
        Deed::Direct { source, said }
    }

    fn over_roads(&mut self) -> Deed {
        let by = self.random.below(MEMBERS as u64) as usize;
        match self.random.below(100) {
            0..8 => match self.said_before(|_| true) {
                // Whoever takes back what others said does so by what he himself sees of them, which is no part of the
                // world of everybody who saw it.
                Some(one) => Deed::Withdraw { token: by.max(1), id: one.id },
                None => self.post(by),
            },
            8..12 => match self.said_before(|_| true) {
                Some(one) => Deed::Erase { token: 0, id: one.id },
                None => self.post(by),
            },
            12..24 => self.held_post(by),
            _ => self.post(by),
        }
    }

    // It waits for a curator. What is said in it nobody else says anything of: whether it is let in later goes by what its submitter sees
    // of others, and who lets it in sees that.
    fn held_post(&mut self, by: usize) -> Deed {
        let mut said = Vec::new();
        for _ in 0..1 + self.random.below(3) {
            let kind = Kind::SAID.get(self.random.below(Kind::SAID.len() as u64) as usize).copied();
            let kind = kind.unwrap_or(Kind::Note);
            let links = matches!(kind, Kind::Relationship | Kind::Sighting);
            let is_object = |about: &Said| !matches!(about.kind, Kind::Relationship | Kind::Sighting);
            let about = (0..2).map(|_| self.some_id(|about| !links || is_object(about))).collect();
            let mark = if self.chance(60) { Mark::Tlp(self.tlp()) } else { Mark::None };
            let part = if self.chance(25) { Some(self.tlp()) } else { None };
            let author = self.world.members.get(by).map(|member| member.identity.clone());
            let author = author.filter(|_| self.chance(50));
            said.push(Said { about, mark, part, author, ..self.new_said(kind) });
        }
        self.held.extend(said.iter().map(|one| one.id.clone()));
        let default = self.world.collections.get(CURATED).map_or(Tlp::Green, |one| one.default);
        let taxii = self.chance(60);
        Deed::Post(Post { token: by, collection: Some(CURATED), default, taxii, said })
    }

    fn post(&mut self, by: usize) -> Deed {
        let collections = self.world.collections.iter().filter(|one| !one.curated).count() as u64;
        let collection = self.chance(60).then(|| self.random.below(collections) as usize);
        let default = match collection.and_then(|at| self.world.collections.get(at)) {
            Some(collection) => collection.default,
            None => self.tlp(),
        };
        let sensor = self.sensor_of(by).filter(|_| collection.is_none());
        let sensor = sensor.filter(|_| self.random.below(5) == 0);
        let kinds: &[Kind] = if sensor.is_some() { &Kind::OBSERVED } else { &Kind::SAID };
        let mut said = Vec::new();
        for _ in 0..1 + self.random.below(6) {
            let mut one = self.said(by, kinds, true);
            if self.chance(10) && sensor.is_none() {
                let terms = self.terms(by);
                one.mark = Mark::Terms(terms.id.clone());
                // Before it, behind it, or never.
                match self.random.below(3) {
                    0 => said.push(terms),
                    1 => {
                        said.push(one);
                        said.push(terms);
                        continue;
                    }
                    _ => {}
                }
            }
            said.push(one);
        }
        let taxii = collection.is_some() && self.chance(60);
        Deed::Post(Post { token: sensor.unwrap_or(by), collection, default, taxii, said })
    }

    fn sensor_of(&self, by: usize) -> Option<usize> {
        let member = self.world.members.get(by)?.id;
        self.world.tokens.iter().position(|token| token.member == member && token.roles == [Role::Sensor])
    }

    fn terms(&mut self, _by: usize) -> Said {
        let mut terms = self.new_said(Kind::Marking);
        terms.about.clear();
        terms
    }

    fn said_before(&mut self, is: impl Fn(&Said) -> bool) -> Option<Said> {
        let all: Vec<&Said> =
            self.world.all_said().filter(|one| one.kind != Kind::Marking && is(one)).collect();
        let all: Vec<&Said> = all.into_iter().filter(|one| !self.held.contains(&one.id)).collect();
        let at = self.random.below(all.len() as u64) as usize;
        all.get(at).map(|one| Said::clone(one))
    }

    fn new_said(&mut self, kind: Kind) -> Said {
        let (number, id) = (self.numbers, self.ids);
        self.numbers += 1;
        self.ids += 1;
        Said {
            number,
            kind,
            id: object_id(kind, id),
            version: 0,
            author: None,
            mark: Mark::None,
            part: None,
            without_part: false,
            about: Vec::new(),
            broken: false,
            shares: false,
        }
    }

    // Something new, or something under an id of before: again, in a new version, in other bytes.
    fn said(&mut self, by: usize, kinds: &[Kind], named: bool) -> Said {
        let kind = kinds.get(self.random.below(kinds.len() as u64) as usize).copied().unwrap_or(Kind::Note);
        let mut one = self.new_said(kind);
        let of_kind = |before: &Said| kinds.contains(&before.kind) && !before.broken;
        if self.chance(35)
            && let Some(before) = self.said_before(of_kind)
        {
            if self.chance(15) {
                return before;
            }
            // Observables have no versions (STIX 2.1 §3.1).
            let more = if before.kind.is_observable() { 0 } else { self.random.below(3) as usize };
            let version = before.version + more;
            one = Said { number: one.number, version, ..before };
        }
        one.mark = if self.chance(60) { Mark::Tlp(self.tlp()) } else { Mark::None };
        one.part = if self.chance(25) { Some(self.tlp()) } else { None };
        one.shares = self.chance(30);
        one.broken = !one.kind.is_observable() && self.chance(4);
        one.author = match self.random.below(10) {
            0..4 if named => self.world.members.get(by).map(|member| member.identity.clone()),
            4 if named => {
                let other = self.random.below(MEMBERS as u64) as usize;
                self.world.members.get(other).map(|member| member.identity.clone())
            }
            _ => None,
        };
        let count = if one.kind == Kind::Report { 1 + self.random.below(4) } else { 2 };
        // Relationships and sightings are of objects, not of each other (STIX 2.1 §5.1, §5.2).
        let links = matches!(one.kind, Kind::Relationship | Kind::Sighting);
        let is_object = |about: &Said| !matches!(about.kind, Kind::Relationship | Kind::Sighting);
        let fits = |about: &Said| !links || is_object(about);
        one.about = (0..count).map(|_| self.some_id(fits)).collect();
        one
    }

    // Of something that was said, or will be, or never.
    fn some_id(&mut self, is: impl Fn(&Said) -> bool) -> String {
        match self.said_before(is) {
            Some(before) if self.chance(90) => before.id,
            _ => object_id(Kind::Malware, self.ids + self.random.below(6) as usize),
        }
    }
}
