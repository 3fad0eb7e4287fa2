//! Who may see what, read from the rules once more, slowly: one statement, one reader, one question. Nothing here asks the
//! node.

use model::{Label, MemberId, Origin, PersonId, Role, Tlp};

use super::people::{Collection, Holds, Token};
use super::said::{Kind, Mark, Said};
use super::world::{Deed, Post, Recalled, World};

/// Somebody who reads.
#[derive(Clone)]
pub struct Reader<'w> {
    /// His token; a visitor has none.
    pub token: Option<&'w Token>,
}

/// A statement that stands.
pub struct Stands<'w> {
    /// The number of the deed.
    pub deed: usize,
    /// Its place in the deed.
    pub place: usize,
    /// What is said.
    pub said: &'w Said,
    /// Under which label.
    pub label: Label,
    /// The place of the collection that it was sent through.
    pub via: Option<usize>,
}

/// What a submitter was told of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// It is new, or a claim: it is served.
    Taken,
    /// It was refused.
    Refused,
    /// It was known, or is kept and not served.
    Known,
    /// It waits for a curator.
    Held,
}

/// What the submitters were told of each object: by number of the deed, by place.
pub type Served = Vec<(usize, Vec<Told>)>;

/// What was told of an object.
pub fn told(served: &Served, deed: usize, place: usize) -> Option<Told> {
    let of_deed = served.iter().find(|(of, _)| *of == deed);
    of_deed.and_then(|(_, places)| places.get(place)).copied()
}

/// Whether what was taken back counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// It does: what stood at some time.
    Ever,
    /// It does not: what stands when all is done.
    Last,
}

/// What stands.
pub fn stands<'w>(world: &'w World, served: &Served, when: When) -> Vec<Stands<'w>> {
    let mut standing: Vec<Stands<'w>> = Vec::new();
    for (number, deed) in &world.deeds {
        let is_served = |place: usize| told(served, *number, place) == Some(Told::Taken);
        match deed {
            Deed::Direct { said, .. } => {
                for (place, (said, label)) in said.iter().enumerate().filter(|(place, _)| is_served(*place)) {
                    standing.push(Stands { deed: *number, place, said, label: label.clone(), via: None });
                }
            }
            Deed::Post(post) => {
                for (place, said) in post.said.iter().enumerate().filter(|(place, _)| is_served(*place)) {
                    let label = label(world, post, said);
                    standing.push(Stands { deed: *number, place, said, label, via: post.collection });
                }
            }
            Deed::Withdraw { .. } | Deed::Erase { .. } | Deed::Recall { .. } if when == When::Ever => {}
            Deed::Recall { so_far: Recalled::InForce, .. } => {}
            // Whoever recalls what he said himself says of it that it is revoked, and what it was, under the same label.
            Deed::Recall { token, member, so_far: Recalled::Done } => {
                let is_own = world.tokens.get(*token).is_some_and(|token| token.member == *member);
                standing.retain(|one| {
                    let is_said_again = is_own
                        && one.label.origin == Origin::Shown
                        && one.said.kind != Kind::Marking
                        && !one.said.kind.is_observable();
                    one.label.author != *member || is_said_again
                });
            }
            Deed::Withdraw { token, id } => {
                let by = world.tokens.get(*token).map(|token| token.member);
                standing.retain(|one| one.said.id != *id || Some(one.label.author) != by);
            }
            Deed::Erase { id, .. } => standing.retain(|one| one.said.id != *id),
        }
    }
    standing
}

/// Who a post is from.
pub fn source(world: &World, post: &Post) -> MemberId {
    world.tokens.get(post.token).map_or(MemberId(uuid::Uuid::nil()), |token| token.member)
}

// The label of what is sent: its own TLP, else what it was sent under; RED as long as its terms are not said.
fn label(world: &World, post: &Post, said: &Said) -> Label {
    let source = source(world, post);
    let tlp = match &said.mark {
        Mark::Tlp(tlp) => *tlp,
        Mark::None => post.default,
        Mark::Terms(id) => {
            let by = |other: &Post| self::source(world, other);
            let says_terms = |deed: &Deed| match deed {
                Deed::Post(other) => by(other) == source && says(other, id),
                _ => false,
            };
            let is_held =
                world.deeds.iter().any(|(_, deed)| says_terms(deed) || is_for_all(world, post, deed, id));
            if is_held { post.default } else { Tlp::Red }
        }
    };
    Label::new(source, tlp)
}

/// Whether a post says terms.
pub fn says(post: &Post, terms: &str) -> bool {
    post.said.iter().any(|one| one.kind == Kind::Marking && one.id == terms)
}

/// Whether a deed says terms that count for what another member sends: those of the node's own member do for everybody who sees
/// them.
pub fn is_for_all(world: &World, post: &Post, deed: &Deed, terms: &str) -> bool {
    let Deed::Post(other) = deed else { return false };
    let author = source(world, other);
    let is_own = world.members.first().is_some_and(|own| own.id == author);
    let sender = Reader { token: world.tokens.get(post.token) };
    is_own
        && says(other, terms)
        && sender.is_for(world, &Label::new(author, other.default), other.default, Tlp::Red)
}

impl Reader<'_> {
    /// His member.
    pub fn member(&self) -> Option<MemberId> {
        self.token.map(|token| token.member)
    }

    fn person(&self) -> Option<PersonId> {
        self.token.and_then(|token| token.person)
    }

    /// Up to where he reads.
    pub fn ceiling(&self) -> Tlp {
        self.token.map_or(Tlp::Clear, |token| token.ceiling)
    }

    /// He has a role that reads.
    pub fn reads(&self) -> bool {
        let roles = [Role::Reader, Role::Sensor, Role::Analyst, Role::Curator];
        self.token.is_none_or(|token| token.has(&roles))
    }

    /// He administers the node: what is told of the node as such is for him.
    pub fn operates(&self) -> bool {
        self.token.is_some_and(|token| token.has(&[Role::Administrator]))
    }

    /// He is told that there are refused arrivals of others.
    pub fn curates(&self) -> bool {
        self.token.is_some_and(|token| token.has(&[Role::Administrator, Role::Curator]))
    }

    /// He reads through this collection, by its place.
    pub fn reads_collection(&self, at: usize) -> bool {
        let scope = self.token.and_then(|token| token.read.as_ref());
        self.reads() && scope.is_none_or(|places| places.contains(&at))
    }

    /// Whether something under this label, with this TLP, is for him, up to a ceiling. TLP 2.0, and DESIGN's labels.
    fn is_for(&self, world: &World, label: &Label, tlp: Tlp, ceiling: Tlp) -> bool {
        if tlp > ceiling.min(self.ceiling()) {
            return false;
        }
        let (Some(member), person) = (self.member(), self.person()) else {
            // "Visitors see CLEAR"; an embargo holds back everybody who is not named.
            return tlp == Tlp::Clear && label.embargo.is_none();
        };
        let person_is_named = person.is_some_and(|person| label.recipients.persons.contains(&person));
        let circle_is_named = world
            .circles
            .iter()
            .any(|circle| label.recipients.circles.contains(&circle.id) && circle.members.contains(&member));
        let member_is_named = label.recipients.members.contains(&member) || circle_is_named;
        let nobody_is_named = label.recipients.is_empty();
        // "AMBER ... and its clients"; who is nothing but a client is none of the members.
        let is_client = |of: &dyn Fn(&MemberId) -> bool| {
            world.clients.iter().any(|one| one.member == member && of(&one.provider))
        };
        let only = world.clients.iter().any(|one| one.member == member && one.only);
        let up_to_amber = tlp <= Tlp::Amber;
        let by_provider = up_to_amber && is_client(&|provider| label.recipients.members.contains(provider));
        let nobody_is_named = nobody_is_named && (up_to_amber || !only);
        if member == label.author {
            // "Authors see their own."
            true
        } else if tlp == Tlp::Red {
            // "RED names persons; with no person named, the author member alone."
            person_is_named
        } else if label.embargo.is_some() {
            person_is_named || member_is_named
        } else if tlp == Tlp::Clear {
            true
        } else {
            nobody_is_named || person_is_named || member_is_named || by_provider
        }
    }

    /// Whether he sees a statement on some road of his, and whether its part too.
    pub fn sees(&self, world: &World, one: &Stands<'_>) -> (bool, bool) {
        if !self.reads() {
            return (false, false);
        }
        let scope = self.token.and_then(|token| token.read.clone());
        let ceilings: Vec<Tlp> = match scope {
            None => vec![Tlp::Red],
            Some(places) => {
                let all = places.iter().filter_map(|at| Some((*at, world.collections.get(*at)?)));
                all.filter(|(at, collection)| holds(collection, *at, one))
                    .map(|(_, one)| one.ceiling)
                    .collect()
            }
        };
        let sees = |tlp: Tlp| ceilings.iter().any(|ceiling| self.is_for(world, &one.label, tlp, *ceiling));
        let whole = sees(one.label.tlp);
        let part = one.said.part.unwrap_or(Tlp::Clear).max(one.label.tlp);
        (whole, whole && sees(part))
    }

    /// Whether a statement would be for him but for the scope of his token, and its part.
    pub fn would_see(&self, world: &World, one: &Stands<'_>) -> (bool, bool) {
        let places = self.token.and_then(|token| token.read.clone()).unwrap_or_default();
        let ceilings = places.iter().filter_map(|at| world.collections.get(*at)).map(|one| one.ceiling);
        let ceiling = ceilings.max().unwrap_or(Tlp::Red);
        let whole = self.reads() && self.is_for(world, &one.label, one.label.tlp, ceiling);
        let part = one.said.part.unwrap_or(Tlp::Clear).max(one.label.tlp);
        (whole, whole && self.is_for(world, &one.label, part, ceiling))
    }

    /// Whether he is told who says a statement that he sees.
    pub fn is_told_source(&self, label: &Label) -> bool {
        label.origin == Origin::Shown || self.member() == Some(label.author)
    }

    /// Whether what became of a submission is for him: it is his token's, or that of his member's tokens that read no
    /// higher than his, where it went.
    pub fn is_told(&self, world: &World, post: &Post) -> bool {
        let (Some(own), Some(made_by)) = (self.token, world.tokens.get(post.token)) else { return false };
        if own.id == made_by.id {
            return true;
        }
        let reads = match post.collection {
            Some(at) => self.reads_collection(at),
            None => self.reads() && own.read.is_none(),
        };
        own.member == made_by.member && made_by.ceiling <= own.ceiling && reads
    }
}

impl Reader<'_> {
    /// Whether he looks at what waits: he curates where it was sent, and would see all of it that was not refused when it came.
    pub fn looks_at(&self, world: &World, served: &Served, deed: usize, post: &Post) -> bool {
        let Some(token) = self.token.filter(|_| is_held(served, deed)) else { return false };
        let scope = token.read.as_ref();
        let there = post.collection.is_some_and(|at| scope.is_none_or(|places| places.contains(&at)));
        let sees = |said: &Said| {
            let label = label(world, post, said);
            let part = said.part.unwrap_or(Tlp::Clear).max(label.tlp);
            self.is_for(world, &label, label.tlp, Tlp::Red) && self.is_for(world, &label, part, Tlp::Red)
        };
        let waits = |(at, _): &(usize, &Said)| told(served, deed, *at) == Some(Told::Held);
        let mut waiting = post.said.iter().enumerate().filter(waits);
        token.has(&[Role::Curator]) && there && waiting.all(|(_, said)| sees(said))
    }
}

/// Whether what was sent waits for a curator, but for what of it was refused.
fn is_held(served: &Served, deed: usize) -> bool {
    served.iter().any(|(of, places)| *of == deed && places.contains(&Told::Held))
}

/// Whether a statement is in a collection, but for the collection's ceiling.
fn holds(collection: &Collection, at: usize, one: &Stands<'_>) -> bool {
    match &collection.holds {
        Holds::All => true,
        Holds::Types(types) => types.contains(&one.said.kind.name()),
        Holds::UpTo(tlp) => one.label.tlp <= *tlp,
        Holds::Sent => one.via == Some(at),
        // What is said without a name is in no collection of somebody's: that would name him.
        Holds::Of(members) => one.label.origin == Origin::Shown && members.contains(&one.label.author),
    }
}
