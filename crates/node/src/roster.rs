//! The directory in memory, with what every request looks up. A change makes a new one; readers keep theirs.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use model::access::CollectionScope;
use model::{CollectionId, MemberId, PersonId, Principal, Reader, Recipients, Timestamp, TokenId};
use store::directory::{Client, Collection, Directory, Epoch, Member, Person, Token};
use uuid::Uuid;

use crate::circles::known::Circles;
use crate::core::assets::Assets;
use crate::core::filter::{self, Facts, Predicate};
use crate::core::recalls::{Reach, Rule, Rules};
use crate::{Caller, Error, Kind, views};

/// One state of the directory.
#[derive(Debug)]
pub(crate) struct Roster {
    directory: Directory,
    own: MemberId,
    digests: HashMap<[u8; 32], usize>,
    certificates: HashMap<[u8; 32], usize>,
    tokens: HashMap<TokenId, usize>,
    members: HashMap<MemberId, usize>,
    aliases: HashMap<MemberId, usize>,
    persons: HashMap<PersonId, usize>,
    collections: HashMap<CollectionId, usize>,
    identities: HashMap<String, MemberId>,
    providers: HashMap<MemberId, Vec<MemberId>>,
    predicates: HashMap<CollectionId, Predicate>,
    circles: Circles,
    assets: HashMap<MemberId, Arc<Assets>>,
    none: Arc<Assets>,
    recalls: Recalls,
}

/// What is recalled as a whole and not taken back yet, each statement of it.
#[derive(Debug, Default)]
pub(crate) struct Recalls {
    /// How many such recalls there ever were.
    pub(crate) count: u32,
    pub(crate) active: Vec<Rule>,
    pub(crate) reaches: Vec<Reach>,
}

impl Roster {
    /// Indexes a directory. The node's own member must be in it.
    pub(crate) fn new(directory: Directory, recalls: Rules) -> Result<Roster, Error> {
        let own = directory.members.iter().find(|member| member.own).map(|member| member.id);
        let own = own.ok_or_else(|| Error::new(Kind::Internal, "the directory has no member of its own"))?;
        let mut roster = Roster {
            own,
            digests: places(&directory.tokens, |token| Some(token.digest)),
            certificates: places(&directory.tokens, |token| token.certificate),
            tokens: places(&directory.tokens, |token| Some(token.id)),
            members: places(&directory.members, |member| Some(member.id)),
            aliases: places(&directory.members, |member| Some(member.alias)),
            persons: places(&directory.persons, |person| Some(person.id)),
            collections: places(&directory.collections, |collection| Some(collection.id)),
            identities: directory.identities.iter().cloned().collect(),
            providers: providers(&directory),
            predicates: HashMap::new(),
            circles: Circles::new(&directory)?,
            assets: assets(&directory),
            none: Arc::default(),
            recalls: Recalls {
                count: recalls.count,
                reaches: recalls.active.iter().map(Rule::reach).collect(),
                active: recalls.active,
            },
            directory,
        };
        roster.predicates = roster.directory.collections.iter().map(|one| roster.compile(one)).collect();
        Ok(roster)
    }

    // A filter was compiled before it was written, so it can fail here only if a release changed the language: then
    // the collection shows nothing rather than too much.
    fn compile(&self, collection: &Collection) -> (CollectionId, Predicate) {
        let member = |name: &str| self.member_named(name).map(|member| member.id);
        let compiled = filter::parse(&collection.filter).and_then(|read| read.compile(collection.id, member));
        let predicate = compiled.unwrap_or_else(|error| {
            tracing::error!(collection = %collection.id, %error, "a collection's filter cannot be read");
            Predicate::nothing()
        });
        (collection.id, predicate)
    }

    /// Which state this is.
    pub(crate) fn epoch(&self) -> Epoch {
        self.directory.epoch
    }

    /// The whole directory.
    pub(crate) fn directory(&self) -> &Directory {
        &self.directory
    }

    /// The node's own member.
    pub(crate) fn own(&self) -> MemberId {
        self.own
    }

    /// The token with this digest of its text.
    pub(crate) fn token_by_digest(&self, digest: &[u8; 32]) -> Option<&Token> {
        self.directory.tokens.get(*self.digests.get(digest)?)
    }

    /// The token that a client certificate stands for.
    pub(crate) fn token_by_certificate(&self, digest: &[u8; 32]) -> Option<&Token> {
        self.directory.tokens.get(*self.certificates.get(digest)?)
    }

    /// A token, revoked or not.
    pub(crate) fn token(&self, id: TokenId) -> Option<&Token> {
        self.directory.tokens.get(*self.tokens.get(&id)?)
    }

    /// A member, revoked or not.
    pub(crate) fn member(&self, id: MemberId) -> Option<&Member> {
        self.directory.members.get(*self.members.get(&id)?)
    }

    /// The member that said what is kept under an alias: to judge by, never to tell.
    pub(crate) fn behind(&self, alias: MemberId) -> Option<&Member> {
        self.directory.members.get(*self.aliases.get(&alias)?)
    }

    /// Whether what is kept under this id was said by a member, by its name or without it.
    pub(crate) fn is_of(&self, source: MemberId, member: MemberId) -> bool {
        source == member || self.behind(source).is_some_and(|behind| behind.id == member)
    }

    /// A member by name or UUID. A revoked one only by UUID, so that its name can be used again.
    pub(crate) fn member_named(&self, name: &str) -> Option<&Member> {
        if let Some(member) = parsed(name).and_then(|uuid| self.member(MemberId(uuid))) {
            return Some(member);
        }
        self.directory.members.iter().find(|member| member.name == name && member.revoked.is_none())
    }

    /// Every member of this name or UUID, revoked or not: what they said stays, and is told under their name.
    pub(crate) fn members_called(&self, name: &str) -> impl Iterator<Item = MemberId> {
        let by_id = parsed(name).map(MemberId);
        let members = self.directory.members.iter();
        members.filter(move |member| member.name == name || by_id == Some(member.id)).map(|member| member.id)
    }

    /// A person, revoked or not.
    pub(crate) fn person(&self, id: PersonId) -> Option<&Person> {
        self.directory.persons.get(*self.persons.get(&id)?)
    }

    /// A person of a member, by name or UUID; a revoked one only by UUID.
    pub(crate) fn person_named(&self, member: MemberId, name: &str) -> Option<&Person> {
        let by_id = parsed(name).and_then(|uuid| self.person(PersonId(uuid)));
        if let Some(person) = by_id.filter(|person| person.member == member) {
            return Some(person);
        }
        let mut persons = self.directory.persons.iter();
        persons.find(|person| person.member == member && person.name == name && person.revoked.is_none())
    }

    /// A collection, revoked or not.
    pub(crate) fn collection(&self, id: CollectionId) -> Option<&Collection> {
        self.directory.collections.get(*self.collections.get(&id)?)
    }

    /// A collection that is not revoked, by UUID, alias or title.
    pub(crate) fn collection_named(&self, name: &str) -> Option<&Collection> {
        if let Some(collection) = parsed(name).and_then(|uuid| self.collection(CollectionId(uuid))) {
            return Some(collection).filter(|collection| collection.revoked.is_none());
        }
        let live = |collection: &&Collection| collection.revoked.is_none();
        let mut by_alias = self.directory.collections.iter().filter(live);
        let mut by_title = self.directory.collections.iter().filter(live);
        by_alias
            .find(|collection| collection.alias.as_deref() == Some(name))
            .or_else(|| by_title.find(|collection| collection.title == name))
    }

    /// The circles.
    pub(crate) fn circles(&self) -> &Circles {
        &self.circles
    }

    /// What is recalled as a whole.
    pub(crate) fn recalls(&self) -> &Recalls {
        &self.recalls
    }

    /// What a member declares as its own.
    pub(crate) fn assets_of(&self, member: MemberId) -> &Arc<Assets> {
        self.assets.get(&member).unwrap_or(&self.none)
    }

    /// What each member that takes part declares as its own: for judging alone, and never to tell whose it is.
    pub(crate) fn assets(&self) -> impl Iterator<Item = &Assets> {
        let live = |id: &MemberId| self.member(*id).is_some_and(|member| member.revoked.is_none());
        self.assets.iter().filter(move |(id, _)| live(id)).map(|(_, assets)| &**assets)
    }

    /// What is in a collection.
    pub(crate) fn predicate(&self, id: CollectionId) -> Option<&Predicate> {
        self.predicates.get(&id)
    }

    /// Every collection that has a filter. Revoked ones too: what is in a collection follows from the statement and
    /// the filter alone, so that a rebuild finds the same whenever it is made.
    pub(crate) fn filtered(&self) -> impl Iterator<Item = (CollectionId, &Predicate)> {
        let filtered = self.directory.collections.iter().filter(|one| !one.filter.is_empty());
        filtered.filter_map(|one| Some((one.id, self.predicate(one.id)?)))
    }

    /// The collections with a filter that a statement is in.
    pub(crate) fn collections_of(&self, facts: &Facts<'_>) -> Vec<CollectionId> {
        self.filtered().filter(|(_, predicate)| predicate.matches(facts)).map(|(id, _)| id).collect()
    }

    /// The member that a STIX identity is bound to.
    pub(crate) fn bound_to(&self, identity: &str) -> Option<MemberId> {
        self.identities.get(identity).copied()
    }

    /// The STIX identities of a member.
    pub(crate) fn identities(&self, member: MemberId) -> Vec<String> {
        let bound = self.directory.identities.iter().filter(|(_, of)| *of == member);
        bound.map(|(identity, _)| identity.clone()).collect()
    }

    /// Id and name of a member, for answers.
    pub(crate) fn named(&self, id: MemberId) -> views::Named {
        let name = self.member(id).map(|member| member.name.clone()).unwrap_or_default();
        views::Named { id: id.to_string(), name }
    }

    /// Whether a token can be used at this time: itself, its person and its member neither revoked nor expired.
    pub(crate) fn is_live(&self, token: &Token, now: Timestamp) -> bool {
        token.revoked.is_none()
            && token.expires > now
            && self.member(token.member).is_some_and(|member| member.revoked.is_none())
            && token.person.is_none_or(|id| self.person(id).is_some_and(|person| person.revoked.is_none()))
    }

    /// The members whose client a member is.
    pub(crate) fn providers(&self, member: MemberId) -> &[MemberId] {
        self.providers.get(&member).map_or(&[], Vec::as_slice)
    }

    /// The clients of a member.
    pub(crate) fn clients(&self, provider: MemberId) -> impl Iterator<Item = MemberId> {
        let of = move |one: &&Client| one.provider == provider && one.revoked.is_none();
        let live = |one: &Client| self.member(one.member).is_some_and(|member| member.revoked.is_none());
        self.directory.clients.iter().filter(of).filter(move |one| live(one)).map(|one| one.member)
    }

    /// Whether among those that a label names is one who is a client and no member in its own right.
    pub(crate) fn names_clients(&self, to: &Recipients) -> bool {
        let is_client = |id: MemberId| self.member(id).is_some_and(|member| member.client_only);
        to.members.iter().any(|id| is_client(*id))
            || to.persons.iter().filter_map(|id| self.person(*id)).any(|person| is_client(person.member))
            || to
                .circles
                .iter()
                .filter_map(|id| self.circles.with_audience(*id))
                .any(|circle| circle.members().any(|membership| is_client(membership.member)))
    }

    /// Whoever reads for a member, at this time.
    pub(crate) fn reader(&self, member: MemberId, now: Timestamp) -> Reader {
        Reader {
            alias: self.member(member).map(|member| member.alias),
            provider: self.providers(member).to_vec(),
            client_only: self.member(member).is_some_and(|member| member.client_only),
            circles: self.circles.audiences(member, now),
            ..Reader::of(member)
        }
    }

    /// The one who carries a token.
    pub(crate) fn caller(&self, token: &Token, now: Timestamp) -> Caller {
        let reader =
            Reader { person: token.person, ceiling: token.ceiling, ..self.reader(token.member, now) };
        let scope = |some: &Option<Vec<CollectionId>>| match some {
            None => CollectionScope::All,
            Some(some) => CollectionScope::Only(some.clone()),
        };
        Caller {
            principal: Principal {
                token: Some(token.id),
                reader,
                roles: token.roles,
                verbs: token.verbs.clone(),
                read: scope(&token.read),
                write: scope(&token.write),
            },
            member_name: self.member(token.member).map(|member| member.name.clone()).unwrap_or_default(),
            profile: token.profile.clone(),
            facts: self.epoch(),
            accepted: None,
        }
    }
}

// Whoever is revoked has no clients.
fn providers(directory: &Directory) -> HashMap<MemberId, Vec<MemberId>> {
    let gone: HashSet<MemberId> =
        directory.members.iter().filter(|one| one.revoked.is_some()).map(|one| one.id).collect();
    let mut providers: HashMap<MemberId, Vec<MemberId>> = HashMap::new();
    for one in directory.clients.iter().filter(|one| one.revoked.is_none() && !gone.contains(&one.provider)) {
        providers.entry(one.member).or_default().push(one.provider);
    }
    providers.values_mut().for_each(|some| some.sort_unstable());
    providers
}

fn assets(directory: &Directory) -> HashMap<MemberId, Arc<Assets>> {
    let mut texts: HashMap<MemberId, Vec<&str>> = HashMap::new();
    for asset in &directory.assets {
        texts.entry(asset.member).or_default().push(&asset.text);
    }
    texts.into_iter().map(|(member, texts)| (member, Arc::new(Assets::new(texts.into_iter())))).collect()
}

fn parsed(text: &str) -> Option<Uuid> {
    // Only the hyphenated form names something here, so that a title such as 32 hexadecimal digits stays a title.
    if text.len() == 36 { Uuid::try_parse(text).ok() } else { None }
}

fn places<T, K: Eq + std::hash::Hash>(rows: &[T], key: impl Fn(&T) -> Option<K>) -> HashMap<K, usize> {
    rows.iter().enumerate().filter_map(|(place, row)| Some((key(row)?, place))).collect()
}
