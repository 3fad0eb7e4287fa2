//! Who takes part in a world.

use model::circle::{Curation, Shows};
use model::{
    Charter, CircleId, CollectionId, Definition, Iep, MemberId, MembershipId, PermittedActions, PersonId,
    Role, Roles, Timestamp, Tlp, TokenId, Verb,
};
use store::directory::{self, Change};
use uuid::Uuid;

use super::said::in_number;
use super::world::World;
use crate::generate::Random;

/// When every world begins.
pub const BEGIN: &str = "2031-01-01T00:00:00Z";

/// An organisation.
#[derive(Clone)]
pub struct Member {
    /// Its id.
    pub id: MemberId,
    /// Its name, a canary.
    pub name: String,
    /// The STIX identity that is bound to it.
    pub identity: String,
}

/// Somebody of a member.
#[derive(Clone)]
pub struct Person {
    /// Their id.
    pub id: PersonId,
    /// Their member.
    pub member: MemberId,
    /// Their name, a canary.
    pub name: String,
}

/// A token, with its secret.
#[derive(Clone)]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// What its bearer shows.
    pub secret: String,
    /// Its member.
    pub member: MemberId,
    /// The person it names.
    pub person: Option<PersonId>,
    /// Its name, a canary.
    pub name: String,
    /// Its roles.
    pub roles: Vec<Role>,
    /// The places of the collections that it reads; `None` is all.
    pub read: Option<Vec<usize>>,
    /// Its ceiling.
    pub ceiling: Tlp,
    /// It can be used from this network only.
    pub network: Option<&'static str>,
    /// Its client profile.
    pub profile: Option<&'static str>,
}

/// That a member is another's client.
#[derive(Debug, Clone, Copy)]
pub struct Client {
    /// The client.
    pub member: MemberId,
    /// Whose.
    pub provider: MemberId,
    /// It is nothing else.
    pub only: bool,
}

/// A circle.
#[derive(Clone)]
pub struct Circle {
    /// Its id.
    pub id: CircleId,
    /// Its name, a canary.
    pub name: String,
    /// Who is in it.
    pub members: Vec<MemberId>,
    /// Whether they see who else is.
    pub shows: Shows,
}

/// A collection.
#[derive(Clone)]
pub struct Collection {
    /// Its id.
    pub id: CollectionId,
    /// Its title, a canary.
    pub title: String,
    /// Its other address, if it has one.
    pub alias: Option<String>,
    /// What is in it.
    pub holds: Holds,
    /// Nothing above this is.
    pub ceiling: Tlp,
    /// The label of what arrives without one.
    pub default: Tlp,
    /// A curator looks at what is sent through it first.
    pub curated: bool,
}

/// What is in a collection.
#[derive(Clone, PartialEq, Eq)]
pub enum Holds {
    /// Everything.
    All,
    /// These types.
    Types(&'static [&'static str]),
    /// What is under no higher label.
    UpTo(Tlp),
    /// What was sent through it.
    Sent,
    /// What these members say.
    Of(Vec<MemberId>),
}

impl Holds {
    /// As an operator writes it.
    pub fn filter(&self) -> String {
        match self {
            Holds::All => String::new(),
            Holds::Types(types) => format!("type in ({})", types.join(", ")),
            Holds::UpTo(tlp) => format!("label <= {}", tlp.name().to_lowercase()),
            Holds::Sent => "via = this".to_owned(),
            Holds::Of(members) => {
                let ids: Vec<String> = members.iter().map(|id| id.0.to_string()).collect();
                format!("source in ({})", ids.join(", "))
            }
        }
    }
}

/// The `n`th of what has a UUID of a kind in a world.
pub fn uuid(world: u64, kind: u16, n: usize) -> Uuid {
    let high = (world << 32) ^ (u64::from(kind) << 16) ^ 0x5eed;
    Uuid::from_u64_pair(high & !0xf000 | 0x4000, 0x8000_0000_0000_0000 | n as u64)
}

impl Member {
    /// The `n`th member of a world.
    pub fn new(world: u64, n: usize) -> Member {
        Member {
            id: MemberId(uuid(world, 1, n)),
            name: if n == 0 { "This organisation".to_owned() } else { in_number('m', n) },
            identity: format!("identity--{}", uuid(world, 2, n)),
        }
    }
}

impl Member {
    /// Under what is kept that it says without its name.
    fn alias(&self) -> MemberId {
        MemberId(Uuid::from_u128(!self.id.0.as_u128()))
    }
}

impl Circle {
    fn changes(&self, begin: Timestamp) -> Vec<Change> {
        // Its policy is told to whom the circle is told, so it bears the same canary.
        let permitted_actions = PermittedActions::InternallyVisible;
        let iep = Iep { name: self.name.clone(), permitted_actions, ..Iep::default() };
        let charter = Charter { shows: self.shows, ceiling: Tlp::Red, iep, ..Charter::default() };
        let definition = Definition { id: self.id, name: self.name.clone(), charter };
        let mut changes = vec![Change::Circle(directory::Circle {
            id: self.id,
            definition: definition.canonical(),
            audiences: vec![self.id],
            created: begin,
            expires: None,
            revoked: None,
        })];
        for member in &self.members {
            // In both worlds the same, whoever else is in it.
            let id = Uuid::from_u128(self.id.0.as_u128() ^ member.0.as_u128().rotate_left(64));
            changes.push(Change::Membership(directory::Membership {
                id: MembershipId(id),
                circle: self.id,
                member: *member,
                person: None,
                agreed: definition.digest(),
                since: begin,
                revoked: None,
                kept: 0,
            }));
        }
        changes
    }
}

impl Token {
    /// The `n`th token of a world: of a member, with these roles, good for everything.
    pub fn new(world: u64, n: usize, member: MemberId, roles: &[Role]) -> Token {
        let mut random = Random::new(world ^ (n as u64).wrapping_mul(0x9E37_79B9));
        let mut bytes = [0_u8; 32];
        for eight in bytes.chunks_mut(8) {
            eight.copy_from_slice(&random.next().to_le_bytes());
        }
        Token {
            id: TokenId(uuid(world, 3, n)),
            secret: model::token::text(&bytes),
            member,
            person: None,
            name: in_number('t', n),
            roles: roles.to_vec(),
            read: None,
            ceiling: Tlp::Red,
            network: None,
            profile: None,
        }
    }

    /// Whether it carries one of these roles.
    pub fn has(&self, roles: &[Role]) -> bool {
        self.roles.iter().any(|role| roles.contains(role))
    }
}

/// The changes that add those who take part in a world to an empty directory.
pub fn changes(
    world: &World,
    begin: Timestamp,
) -> Result<Vec<Change>, Box<dyn std::error::Error + Send + Sync>> {
    let World { members, persons, circles, .. } = world;
    let mut changes = Vec::new();
    for member in members {
        changes.push(Change::Member(directory::Member {
            id: member.id,
            name: member.name.clone(),
            created: begin,
            revoked: None,
            own: member.name == "This organisation",
            objects_per_hour: 0,
            bytes_per_hour: 0,
            alias: member.alias(),
            sector: String::new(),
            client_only: world.clients.iter().any(|one| one.member == member.id && one.only),
        }));
        changes.push(Change::Identity(member.identity.clone(), member.id));
    }
    for one in &world.clients {
        changes.push(Change::Client(directory::Client {
            id: model::ClientId(Uuid::from_u128(
                one.member.0.as_u128() ^ one.provider.0.as_u128().rotate_left(64),
            )),
            member: one.member,
            provider: one.provider,
            since: begin,
            revoked: None,
        }));
    }
    // What is somebody's own is what others speak of.
    for member in members.iter().filter(|_| world.assets) {
        let number = member.id.0.as_u128();
        let domain = format!("d{}.{}", number % 3, super::said::SHARED_DOMAIN);
        let network = (number % 2 == 0).then(|| "198.18.0.0/15".to_owned());
        for (at, text) in [Some(domain), network].into_iter().flatten().enumerate() {
            let id = model::AssetId(uuid::Uuid::from_u128(number.rotate_left(64) ^ at as u128));
            changes.push(Change::Asset(directory::Asset { id, member: member.id, text, added: begin }));
        }
    }
    for person in persons {
        changes.push(Change::Person(directory::Person {
            id: person.id,
            member: person.member,
            name: person.name.clone(),
            created: begin,
            revoked: None,
        }));
    }
    for collection in world.live_collections() {
        changes.push(Change::Collection(directory::Collection {
            id: collection.id,
            title: collection.title.clone(),
            description: String::new(),
            alias: collection.alias.clone(),
            filter: collection.holds.filter(),
            ceiling: collection.ceiling,
            default_label: collection.default,
            curation: if collection.curated { Curation::One } else { Curation::None },
            desk: false,
            recipients: String::new(),
            created: begin,
            revoked: None,
        }));
    }
    for token in world.live_tokens() {
        changes.push(Change::Token(token_row(token, &world.collections, begin)?));
    }
    for circle in circles {
        changes.extend(circle.changes(begin));
    }
    Ok(changes)
}

fn token_row(
    token: &Token,
    all: &[Collection],
    begin: Timestamp,
) -> Result<directory::Token, Box<dyn std::error::Error + Send + Sync>> {
    let ids = |places: &Vec<usize>| places.iter().filter_map(|at| all.get(*at).map(|one| one.id)).collect();
    let network = |text: &str| -> Option<(std::net::IpAddr, u8)> {
        let (address, length) = text.split_once('/')?;
        Some((address.parse().ok()?, length.parse().ok()?))
    };
    Ok(directory::Token {
        id: token.id,
        digest: model::token::digest(&token.secret),
        member: token.member,
        person: token.person,
        name: token.name.clone(),
        roles: Roles::of(&token.roles),
        verbs: Verb::ALL.to_vec(),
        read: token.read.as_ref().map(ids),
        write: token.read.as_ref().map(ids),
        ceiling: token.ceiling,
        networks: token.network.and_then(network).into_iter().collect(),
        certificate: None,
        profile: token.profile.map(str::to_owned),
        created: begin,
        expires: begin.plus_seconds(300 * 86_400),
        revoked: None,
        once: false,
        last_used: None,
    })
}
