//! A history as a plan: who does what, one step after the other. The same seed, the same steps. A step that makes no sense
//! where it stands, since others were dropped, is passed over.

use model::Tlp;
use model::circle::Curation;

use super::cast::START;
use super::deeds::Expected;
use super::paper::{Paper, SECOND};
use crate::generate::Random;

/// Members beside the node's own.
pub const MEMBERS: usize = 4;
/// Objects that are spoken of.
pub const OBJECTS: usize = 8;
/// Names of circles.
pub const CIRCLES: [&str; 3] = ["One", "Two", "Three"];
/// Values that indicators speak of.
pub const VALUES: usize = 6;
/// Steps of a history.
pub const STEPS: u64 = 28;
/// Clients at the beginning; others come later.
const CLIENTS: u64 = 5;
/// Steps in which circles are made and things are said, before anything else.
const EARLY: u64 = 6;
/// So often a step is thrown again.
const THROWS: u64 = 8;

/// What is said: the object, the version, and in which of two wordings.
pub type Word = (usize, usize, usize);

/// A label as it is asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Of what brings none of its own.
    pub tlp: Tlp,
    /// To whom.
    pub to: To,
    /// Held back, until this many hours from now, or for no time that is said.
    pub embargo: Option<Option<i64>>,
}

/// To whom something is said, by places.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct To {
    /// By the name of a circle.
    pub circle: Option<usize>,
    /// Members.
    pub members: Vec<usize>,
    /// Persons.
    pub persons: Vec<usize>,
}

/// Another label; what is left out stays.
#[derive(Debug, Clone)]
pub struct Change {
    /// The TLP.
    pub tlp: Option<Tlp>,
    /// To whom.
    pub to: Option<To>,
    /// Held back, as in [`Asked::embargo`].
    pub embargo: Option<Option<i64>>,
    /// No longer held back.
    pub lift: bool,
}

/// Which versions are taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Every one.
    All,
    /// The last.
    Last,
    /// The first.
    First,
}

/// How something that waits is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// A curator takes it upon himself.
    Take,
    /// He lets it in, or is the first of two.
    Release,
    /// He sends it back.
    Return,
    /// He says that this object says it already.
    Merge(usize),
}

/// How a client asks for what is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By `next` while there is more, by the time of the last page from then on.
    Next,
    /// By times alone.
    Times,
    /// As the first, with times cut to milliseconds.
    Millis,
}

/// A token that is handed out.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// Whose.
    pub member: usize,
    /// The person that it names.
    pub person: Option<usize>,
    /// Up to where it reads.
    pub ceiling: Tlp,
    /// The collections that it is good for, if not for all.
    pub only: Option<Vec<usize>>,
    /// It writes too.
    pub writes: bool,
    /// And works the queue.
    pub curates: bool,
}

/// A collection that is made.
#[derive(Debug, Clone, Copy)]
pub struct NewCollection {
    /// What is in it.
    pub holds: Holds,
    /// Nothing above.
    pub ceiling: Tlp,
    /// Who looks first at what is sent through it.
    pub looks: Curation,
}

/// What is in a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Everything.
    All,
    /// Indicators.
    Indicators,
    /// What is no higher.
    UpTo(Tlp),
}

/// Somebody who asks again and again for what is new.
#[derive(Debug, Clone, Copy)]
pub struct NewClient {
    /// The place of his token; a visitor has none.
    pub token: Option<usize>,
    /// Through a collection.
    pub collection: Option<usize>,
    /// How.
    pub way: Way,
    /// So many at a time.
    pub limit: usize,
}

/// Something that is done.
#[derive(Debug, Clone)]
pub enum Step {
    /// Objects are said, each in a version, together; by the member's name or without it.
    Say { token: usize, unnamed: bool, said: Vec<Word>, asked: Asked, collection: Option<usize> },
    /// A curator answers something that waits, by its place among all that ever waited.
    Answer { token: usize, waiting: usize, how: How },
    /// The hub asks of each object who said it without a name, and erases those that this member did.
    EraseOrigin { member: usize },
    /// The jobs do their round.
    Housekeep,
    /// What stands gets another label.
    Relabel { token: usize, object: usize, change: Change },
    /// Versions are taken back.
    Withdraw { token: usize, object: usize, which: Which },
    /// All that a member said of an object is recalled.
    Recall { token: usize, object: usize },
    /// Everything under an id is erased.
    Erase { object: usize },
    /// What is older is let go, of indicators or of tools.
    Retain { indicators: bool, days: u32 },
    /// A circle is made.
    Found { token: usize, circle: usize, keeps: bool, looks: Curation, ceiling: Tlp, days: Option<u32> },
    /// Somebody joins by an invitation.
    Join { token: usize, circle: usize },
    /// Somebody leaves.
    Leave { token: usize, circle: usize },
    /// Somebody puts a member out.
    Expel { token: usize, circle: usize, member: usize },
    /// Somebody ends it.
    End { token: usize, circle: usize },
    /// The node is told of which sector a member is; the first is none.
    Sector { member: usize, sector: usize },
    /// Somebody declares a value as his member's own, or takes that back.
    Asset { token: usize, value: usize, declares: bool },
    /// The node is told whose client a member is, and whether it is nothing else.
    Clients { member: usize, of: Vec<usize>, only: bool },
    /// A token is handed out.
    AddToken(NewToken),
    /// And does nothing from now on.
    RevokeToken { token: usize },
    /// Nor do those of a person.
    RevokePerson { person: usize },
    /// Nor those of a member.
    RevokeMember { member: usize },
    /// A collection is made.
    AddCollection(NewCollection),
    /// And is there no more.
    RevokeCollection { collection: usize },
    /// The clock is put forward or back, in minutes.
    Clock { minutes: i64 },
    /// The node is stopped and started.
    Restart,
    /// Its views are made again.
    Rebuild,
    /// It is copied, and goes on as the copy.
    Restore,
    /// Somebody begins to ask for what is new.
    Begin(NewClient),
    /// He asks: to the end, or for so many pages. Then, where he did not come to the end, he forgets how far he was.
    Poll { client: usize, pages: Option<usize>, forgets: bool },
}

/// The steps of the history of that number of a seed.
pub fn history(seed: u64, number: u64) -> Vec<Step> {
    let random = Random::new(seed.wrapping_mul(0xD134_2543_DE82_EF95) ^ number.wrapping_mul(0x9E37_79B9));
    let mut planner =
        Planner { random, tokens: TOKENS.len(), collections: COLLECTIONS.len(), clients: 0, waiting: 0 };
    let mut steps: Vec<Step> = Vec::new();
    for _ in 0..CLIENTS {
        steps.push(planner.client());
        planner.clients += 1;
    }
    let mut paper = Paper::new(START);
    for n in 0..STEPS {
        let mut step = planner.step(n);
        // Most of what would be refused, or makes no sense, is thrown again.
        for _ in 0..THROWS {
            let begins = matches!(step, Step::Begin(_));
            let futile =
                matches!(paper.expected(&step), Expected::Refused | Expected::Nothing | Expected::Count(0));
            if begins || !futile || planner.chance(5) {
                break;
            }
            step = planner.step(n);
        }
        if let Some(told) = paper.expected(&step).told() {
            paper.apply(&step, &told);
        }
        paper.tick += 1;
        paper.now += SECOND;
        paper.enter_as_expected();
        planner.waiting = paper.waiting.len();
        (planner.tokens, planner.collections) = (paper.tokens.len(), paper.collections.len());
        planner.clients += usize::from(matches!(step, Step::Begin(_)));
        steps.push(step);
        while planner.chance(60) {
            steps.push(planner.poll());
        }
    }
    steps
}

/// The tokens that every history begins with: member, person, ceiling, whether it writes, whether it works the queue.
pub const TOKENS: [(usize, Option<usize>, Tlp, bool, bool); 10] = [
    (0, None, Tlp::Red, true, false),
    (1, None, Tlp::Red, true, false),
    (2, None, Tlp::Red, true, false),
    (3, None, Tlp::Red, true, false),
    (0, Some(0), Tlp::Red, true, true),
    (1, Some(1), Tlp::AmberStrict, false, false),
    (2, None, Tlp::Green, true, false),
    (3, Some(3), Tlp::Red, false, false),
    (1, None, Tlp::Red, true, true),
    (2, None, Tlp::AmberStrict, true, true),
];
/// Those of them that work the queue.
const CURATORS: [usize; 3] = [4, 8, 9];

/// Whose each person is.
pub const PERSONS: [usize; 4] = [0, 1, 2, 3];

/// The collections that every history begins with.
pub const COLLECTIONS: [NewCollection; 5] = [
    NewCollection { holds: Holds::All, ceiling: Tlp::Red, looks: Curation::None },
    NewCollection { holds: Holds::Indicators, ceiling: Tlp::Amber, looks: Curation::None },
    NewCollection { holds: Holds::UpTo(Tlp::Green), ceiling: Tlp::Red, looks: Curation::None },
    NewCollection { holds: Holds::All, ceiling: Tlp::Red, looks: Curation::One },
    NewCollection { holds: Holds::Indicators, ceiling: Tlp::AmberStrict, looks: Curation::FourEyes },
];
/// The first of those that are curated, and how many there are.
const CURATED: (usize, usize) = (3, 2);

struct Planner {
    random: Random,
    tokens: usize,
    collections: usize,
    clients: usize,
    waiting: usize,
}

impl Planner {
    fn below(&mut self, bound: usize) -> usize {
        self.random.below(bound as u64) as usize
    }

    fn chance(&mut self, of_hundred: usize) -> bool {
        self.below(100) < of_hundred
    }

    fn tlp(&mut self) -> Tlp {
        match self.below(10) {
            0 => Tlp::Clear,
            1..=3 => Tlp::Green,
            4..=6 => Tlp::Amber,
            7 | 8 => Tlp::AmberStrict,
            _ => Tlp::Red,
        }
    }

    fn to(&mut self) -> To {
        let mut to = To::default();
        match self.below(10) {
            0..=3 => to.circle = Some(self.below(CIRCLES.len())),
            4 => to.members.push(self.below(MEMBERS)),
            5 => to.persons.push(self.below(PERSONS.len())),
            6 => {
                to.circle = Some(self.below(CIRCLES.len()));
                to.members.push(self.below(MEMBERS));
            }
            _ => {}
        }
        to
    }

    fn embargo(&mut self) -> Option<Option<i64>> {
        match self.below(12) {
            0 => Some(None),
            1 => Some(Some(self.below(40) as i64)),
            _ => None,
        }
    }

    fn writer(&mut self) -> usize {
        match self.below(8) {
            7 => self.below(self.tokens),
            6 => 4,
            n => n % MEMBERS,
        }
    }

    fn say(&mut self) -> Step {
        let tlp = self.tlp();
        let to = self.to();
        // What is RED is for persons.
        let to = if tlp == Tlp::Red && self.chance(80) {
            let persons = if self.chance(50) { vec![self.below(PERSONS.len())] } else { Vec::new() };
            To { persons, ..To::default() }
        } else {
            to
        };
        let said = (0..=self.below(3)).map(|_| self.word()).collect();
        let collection = match self.below(100) {
            0..=9 => Some(self.below(self.collections)),
            10..=21 => Some(CURATED.0 + self.below(CURATED.1)),
            _ => None,
        };
        Step::Say {
            token: self.writer(),
            unnamed: self.chance(15),
            said,
            asked: Asked { tlp, to, embargo: self.embargo() },
            collection,
        }
    }

    fn word(&mut self) -> Word {
        (self.below(OBJECTS), self.below(4), usize::from(self.chance(20)))
    }

    fn curator(&mut self) -> usize {
        let at = self.below(CURATORS.len());
        CURATORS.get(at).copied().unwrap_or_default()
    }

    fn answer(&mut self) -> Step {
        let token = if self.chance(10) { self.below(self.tokens) } else { self.curator() };
        let how = match self.below(10) {
            0 => How::Take,
            1 => How::Return,
            2 => How::Merge(self.below(OBJECTS)),
            _ => How::Release,
        };
        Step::Answer { token, waiting: self.below(self.waiting.max(1)), how }
    }

    fn early(&mut self) -> Step {
        match self.below(14) {
            0..=2 => self.found(),
            3..=5 => self.join(),
            6 => self.clients(),
            7 | 8 => self.sector(),
            _ => self.say(),
        }
    }

    // Mostly of the same sector, so that some share one.
    fn sector(&mut self) -> Step {
        Step::Sector {
            member: self.below(MEMBERS),
            sector: [1, 1, 1, 2, 0].get(self.below(5)).copied().unwrap_or(1),
        }
    }

    fn clients(&mut self) -> Step {
        let of = (0..self.below(3)).map(|_| self.below(MEMBERS)).collect();
        Step::Clients { member: self.below(MEMBERS), of, only: self.chance(50) }
    }

    fn found(&mut self) -> Step {
        Step::Found {
            token: self.writer(),
            circle: self.below(CIRCLES.len()),
            keeps: self.chance(40),
            looks: if self.chance(15) { Curation::One } else { Curation::None },
            ceiling: if self.chance(70) { Tlp::AmberStrict } else { Tlp::Amber },
            days: if self.chance(40) { Some(1 + self.below(4) as u32) } else { None },
        }
    }

    fn join(&mut self) -> Step {
        Step::Join { token: self.writer(), circle: self.below(CIRCLES.len()) }
    }

    fn change(&mut self) -> Change {
        let lift = self.chance(25);
        Change {
            tlp: if self.chance(50) { Some(self.tlp()) } else { None },
            to: if self.chance(50) { Some(self.to()) } else { None },
            embargo: if lift { None } else { self.embargo() },
            lift,
        }
    }

    fn step(&mut self, n: u64) -> Step {
        // First there is something to speak of.
        if n < EARLY {
            return self.early();
        }
        let circle = self.below(CIRCLES.len());
        match self.below(130) {
            0..=29 => self.say(),
            30..=44 => {
                Step::Relabel { token: self.writer(), object: self.below(OBJECTS), change: self.change() }
            }
            45 | 46 => Step::Recall { token: self.writer(), object: self.below(OBJECTS) },
            47..=51 => {
                let which = [Which::All, Which::Last, Which::First];
                let which = which.get(self.below(3)).copied().unwrap_or(Which::All);
                Step::Withdraw { token: self.writer(), object: self.below(OBJECTS), which }
            }
            52 | 53 => Step::Erase { object: self.below(OBJECTS) },
            54 => Step::Retain { indicators: self.chance(60), days: 1 + self.below(4) as u32 },
            55..=57 => self.found(),
            58..=68 => self.join(),
            69..=73 => Step::Leave { token: self.writer(), circle },
            74..=76 => Step::Expel { token: self.writer(), circle, member: self.below(MEMBERS) },
            77 => Step::End { token: self.writer(), circle },
            78 | 79 => self.add_token(),
            80 => Step::RevokeToken { token: self.below(self.tokens) },
            81 if self.chance(50) => Step::RevokePerson { person: self.below(PERSONS.len()) },
            82 if self.chance(50) => Step::RevokeMember { member: self.below(MEMBERS) },
            83 | 84 => self.add_collection(),
            85 if self.chance(50) => Step::RevokeCollection { collection: self.below(self.collections) },
            // Odd numbers, so that nothing is a whole number of days old.
            86..=91 => Step::Clock { minutes: 7 + self.below(5_000) as i64 },
            92 | 93 => Step::Clock { minutes: -7 - self.below(3_000) as i64 },
            94 => Step::Restart,
            95 => Step::Rebuild,
            96 => Step::Restore,
            97..=113 => self.answer(),
            114 | 118 => Step::EraseOrigin { member: self.below(MEMBERS) },
            115 => Step::Housekeep,
            // The desk lets in what came to it.
            116 | 117 => Step::Clock { minutes: 3 + self.below(9) as i64 },
            120 | 121 => self.sector(),
            122 | 123 => {
                let value = self.below(VALUES);
                Step::Asset { token: self.writer(), value, declares: self.chance(70) }
            }
            124..=127 => self.clients(),
            _ => self.client(),
        }
    }

    fn add_token(&mut self) -> Step {
        let member = self.below(MEMBERS);
        let person = if self.chance(40) { Some(member) } else { None };
        let only = match self.chance(40) {
            true => Some(vec![self.below(self.collections)]),
            false => None,
        };
        let (writes, curates) = (only.is_none(), only.is_none() && self.chance(30));
        Step::AddToken(NewToken { member, person, ceiling: self.tlp(), writes, curates, only })
    }

    fn add_collection(&mut self) -> Step {
        let holds = match self.below(3) {
            0 => Holds::All,
            1 => Holds::Indicators,
            _ => Holds::UpTo(self.tlp()),
        };
        Step::AddCollection(NewCollection { holds, ceiling: self.tlp(), looks: Curation::None })
    }

    fn client(&mut self) -> Step {
        Step::Begin(NewClient {
            token: if self.chance(8) { None } else { Some(self.below(self.tokens)) },
            collection: if self.chance(25) { Some(self.below(self.collections)) } else { None },
            way: match self.below(3) {
                0 => Way::Next,
                1 => Way::Times,
                _ => Way::Millis,
            },
            limit: 1 + self.below(6),
        })
    }

    fn poll(&mut self) -> Step {
        let pages = if self.chance(50) { Some(1 + self.below(2)) } else { None };
        Step::Poll { client: self.below(self.clients), pages, forgets: self.chance(20) }
    }
}
