//! Members, persons and collections. Tokens have a file of their own.

use model::gate::{PersonOf, Put, Revoke};
use model::{Action, CollectionId, Label, MemberId, PersonId, Roles, Tlp, may_act};
use store::directory::{Change, Collection, Member, Person};

use crate::addressed::Addressed;
use crate::core::filter;
use crate::reading::reads;
use crate::roster::Roster;
use crate::tokens::carried;
use crate::{Caller, Error, Kind, NewCollection, NewMember, Node, random, views};

/// Objects an hour of a member that is added without saying how many.
const OBJECTS_PER_HOUR: u64 = 1_000_000;
/// Bytes an hour of a member that is added without saying how many: 8 GiB.
const BYTES_PER_HOUR: u64 = 8 << 30;
/// Longest name of a member, a person, a token, a collection, in characters.
const NAME_CHARACTERS: usize = 200;

impl Node {
    /// Adds a member.
    ///
    /// # Errors
    /// [`Kind::Forbidden`]; [`Kind::Conflict`] for a name or an identity that is taken; [`Kind::Invalid`].
    pub fn add_member(&self, caller: &Caller, new: &NewMember) -> Result<views::Member, Error> {
        self.judged(caller, |roster, caller| {
            Node::allowed(caller, &Action::ManageMembers)?;
            let name = checked_name("a member", &new.name)?;
            if roster.member_named(&name).is_some() {
                let message = format!("there is a member `{name}` already");
                return Err(Error::new(Kind::Conflict, message).into());
            }
            let identity = match &new.identity {
                Some(identity) => free_identity(roster, identity)?,
                None => format!("identity--{}", random::uuid()?),
            };
            let member = Member {
                id: MemberId(random::uuid()?),
                name,
                created: self.now(),
                revoked: None,
                own: false,
                objects_per_hour: new.objects_per_hour.unwrap_or(OBJECTS_PER_HOUR),
                bytes_per_hour: new.bytes_per_hour.unwrap_or(BYTES_PER_HOUR),
                alias: MemberId(random::uuid()?),
                sector: checked_sector(new.sector.as_deref().unwrap_or_default())?,
                client_only: false,
            };
            let changes = [Change::Member(member.clone()), Change::Identity(identity.clone(), member.id)];
            let by = Node::authorized(roster, caller, Put, member.id)?;
            self.change(by, caller, ("member.add", member.id.to_string()), &changes)?;
            let identities = vec![identity];
            Ok(views::Member { identities, ..member_view(roster, &member) })
        })
    }

    /// Says of which sector a member is, for what it says without its name from then on; empty is none.
    ///
    /// # Errors
    /// [`Kind::Forbidden`]; [`Kind::NotFound`]; [`Kind::Invalid`].
    pub fn set_sector(&self, caller: &Caller, name: &str, sector: &str) -> Result<views::Member, Error> {
        self.judged(caller, |roster, caller| {
            Node::allowed(caller, &Action::ManageMembers)?;
            let member = roster.member_named(name).ok_or_else(|| not_found("member", name))?;
            let member = Member { sector: checked_sector(sector)?, ..member.clone() };
            let change = [Change::Member(member.clone())];
            let by = Node::authorized(roster, caller, Put, member.id)?;
            self.change(by, caller, ("member.sector", member.id.to_string()), &change)?;
            Ok(member_view(roster, &member))
        })
    }

    /// The members this caller may know of: all for an administrator, his own for everybody else.
    ///
    /// # Errors
    /// [`Kind::Unauthenticated`] for visitors.
    pub fn members(&self, caller: &Caller) -> Result<Vec<views::Member>, Error> {
        let own = signed_in(caller)?;
        let roster = self.roster();
        let all = may_act(&caller.principal, &Action::ManageMembers).is_ok();
        let members = roster.directory().members.iter().filter(|member| all || member.id == own);
        Ok(members.map(|member| member_view(&roster, member)).collect())
    }

    /// Revokes a member, by name or id: its tokens do nothing from then on. Once more changes nothing.
    ///
    /// # Errors
    /// [`Kind::Forbidden`]; [`Kind::NotFound`]; [`Kind::Conflict`] for the node's own member.
    pub fn revoke_member(&self, caller: &Caller, name: &str) -> Result<views::Member, Error> {
        self.judged(caller, |roster, caller| {
            Node::allowed(caller, &Action::ManageMembers)?;
            let member = roster.member_named(name).ok_or_else(|| not_found("member", name))?;
            if member.own {
                return Err(Error::new(Kind::Conflict, "the node's own member cannot be revoked").into());
            }
            let revoked = Member { revoked: member.revoked.or(Some(self.now())), ..member.clone() };
            if member.revoked.is_none() {
                let change = [Change::Member(revoked.clone())];
                let by = Node::authorized(roster, caller, Revoke, member.id)?;
                self.change(by, caller, ("member.revoke", member.id.to_string()), &change)?;
            }
            Ok(member_view(roster, &revoked))
        })
    }

    /// Adds a person.
    ///
    /// # Errors
    /// [`Kind::Forbidden`]; [`Kind::NotFound`] for a member that this caller does not know;
    /// [`Kind::Conflict`] for a name that the member has already.
    pub fn add_person(&self, caller: &Caller, member: &str, name: &str) -> Result<views::Person, Error> {
        self.judged(caller, |roster, caller| {
            let member = member_for(roster, caller, member)?;
            Node::allowed(caller, &Action::ManagePersons(member.id))?;
            not_revoked(member)?;
            let name = checked_name("a person", name)?;
            if roster.person_named(member.id, &name).is_some() {
                let message = format!("`{}` has a person `{name}` already", member.name);
                return Err(Error::new(Kind::Conflict, message).into());
            }
            let id = PersonId(random::uuid()?);
            let person = Person { id, member: member.id, name, created: self.now(), revoked: None };
            let change = [Change::Person(person.clone())];
            let of = PersonOf { person: id, member: member.id, carried: Roles::NONE };
            let by = Node::authorized(roster, caller, Put, of)?;
            self.change(by, caller, ("person.add", id.to_string()), &change)?;
            Ok(person_view(roster, &person))
        })
    }

    /// The persons this caller may know of: all for an administrator, his own member's for everybody else.
    ///
    /// # Errors
    /// [`Kind::Unauthenticated`] for visitors.
    pub fn persons(&self, caller: &Caller) -> Result<Vec<views::Person>, Error> {
        let own = signed_in(caller)?;
        let roster = self.roster();
        let all = may_act(&caller.principal, &Action::ManageMembers).is_ok();
        let persons = roster.directory().persons.iter().filter(|person| all || person.member == own);
        Ok(persons.map(|person| person_view(&roster, person)).collect())
    }

    /// Revokes a person, by id, by `member/name`, or by the name alone within the caller's member: tokens that name
    /// them do nothing from then on.
    ///
    /// # Errors
    /// [`Kind::Forbidden`]; [`Kind::NotFound`].
    pub fn revoke_person(&self, caller: &Caller, name: &str) -> Result<views::Person, Error> {
        self.judged(caller, |roster, caller| {
            let own = signed_in(caller)?;
            let by_id = name.parse().ok().and_then(|id| roster.person(id));
            let split = name.split_once('/');
            let by_name = || match split {
                Some((member, person)) => roster.person_named(roster.member_named(member)?.id, person),
                None => roster.person_named(own, name),
            };
            let known = |person: &&Person| {
                person.member == own || may_act(&caller.principal, &Action::ManageMembers).is_ok()
            };
            let person = by_id.or_else(by_name).filter(known).ok_or_else(|| not_found("person", name))?;
            let carried = carried(roster, person.id, self.now());
            let of = PersonOf { person: person.id, member: person.member, carried };
            let by = Node::authorized(roster, caller, Revoke, of)?;
            let revoked = Person { revoked: person.revoked.or(Some(self.now())), ..person.clone() };
            if person.revoked.is_none() {
                let change = [Change::Person(revoked.clone())];
                self.change(by, caller, ("person.revoke", person.id.to_string()), &change)?;
            }
            Ok(person_view(roster, &revoked))
        })
    }

    /// Adds a collection.
    ///
    /// # Errors
    /// [`Kind::Forbidden`]; [`Kind::Conflict`] for a title or an alias that is taken; [`Kind::Invalid`] for a filter
    /// that cannot be read, with its place.
    pub fn add_collection(&self, caller: &Caller, new: &NewCollection) -> Result<views::Collection, Error> {
        let adding = self.adding();
        let added = self.judged(caller, |roster, caller| {
            Node::allowed(caller, &Action::ManageCollections)?;
            let recipients = recipients(roster, caller, &new.to, self.now())?;
            let collection = checked_collection(roster, new, CollectionId(random::uuid()?), self.now())?;
            let collection = Collection { recipients, ..collection };
            if !collection.filter.is_empty() {
                self.note_filling(collection.id)?;
            }
            let change = [Change::Collection(collection.clone())];
            let by = Node::authorized(roster, caller, Put, collection.id)?;
            self.change(by, caller, ("collection.add", collection.id.to_string()), &change)?;
            Ok(collection_view(roster, caller, &collection))
        })?;
        drop(adding);
        self.fill_collections()?;
        Ok(added)
    }

    /// Revokes a collection, by title, alias or id. What is in it stays in the record.
    ///
    /// # Errors
    /// [`Kind::Forbidden`]; [`Kind::NotFound`].
    pub fn revoke_collection(&self, caller: &Caller, name: &str) -> Result<views::Collection, Error> {
        self.judged(caller, |roster, caller| {
            Node::allowed(caller, &Action::ManageCollections)?;
            let collection = roster.collection_named(name).ok_or_else(|| not_found("collection", name))?;
            let revoked = Collection { revoked: Some(self.now()), ..collection.clone() };
            let change = [Change::Collection(revoked.clone())];
            let by = Node::authorized(roster, caller, Revoke, collection.id)?;
            self.change(by, caller, ("collection.revoke", collection.id.to_string()), &change)?;
            Ok(collection_view(roster, caller, &revoked))
        })
    }

    /// The collections that this caller reads, writes or manages, in stable order.
    pub fn collections(&self, caller: &Caller) -> Vec<views::Collection> {
        let roster = self.roster();
        let live = roster.directory().collections.iter().filter(|collection| collection.revoked.is_none());
        live.filter(|collection| is_known(caller, collection))
            .map(|collection| collection_view(&roster, caller, collection))
            .collect()
    }

    /// One of them, by UUID, alias or title.
    ///
    /// # Errors
    /// [`Kind::NotFound`].
    pub fn collection(&self, caller: &Caller, name: &str) -> Result<views::Collection, Error> {
        let roster = self.roster();
        let collection = roster.collection_named(name).filter(|collection| is_known(caller, collection));
        let collection = collection.ok_or_else(|| not_found("collection", name))?;
        Ok(collection_view(&roster, caller, collection))
    }
}

/// The caller's member.
pub(crate) fn signed_in(caller: &Caller) -> Result<MemberId, Error> {
    caller.principal.reader.member.ok_or_else(|| Error::from(model::Denied::Anonymous))
}

/// There is nothing of that name, or nothing that this caller may know of.
pub(crate) fn not_found(what: &str, name: &str) -> Error {
    let error = Error::new(Kind::NotFound, format!("there is no {what} `{name}`"));
    match what {
        "member" | "person" | "collection" | "token" => {
            error.hint(format!("`accord {what} list` shows those that you may know of"))
        }
        _ => error,
    }
}

/// A member by name or id, as far as this caller knows any but his own.
pub(crate) fn member_for<'r>(roster: &'r Roster, caller: &Caller, name: &str) -> Result<&'r Member, Error> {
    let own = signed_in(caller)?;
    let all = may_act(&caller.principal, &Action::ManageMembers).is_ok();
    let member = roster.member_named(name).filter(|member| all || member.id == own);
    member.ok_or_else(|| not_found("member", name))
}

/// A revoked member gets nothing new.
pub(crate) fn not_revoked(member: &Member) -> Result<(), Error> {
    if member.revoked.is_none() {
        return Ok(());
    }
    Err(Error::new(Kind::Conflict, format!("the member `{}` is revoked", member.name)))
}

/// A name that can be shown in one line and is no id.
pub(crate) fn checked_name(of: &str, name: &str) -> Result<String, Error> {
    let name = name.trim();
    let wrong =
        |why: &str| Err(Error::new(Kind::Invalid, format!("`{name}` cannot be the name of {of}: {why}")));
    if name.is_empty() {
        return wrong("it is empty");
    }
    if name.chars().count() > NAME_CHARACTERS {
        return wrong("it is longer than 200 characters");
    }
    if name.chars().any(char::is_control) {
        return wrong("it holds control characters");
    }
    if uuid::Uuid::try_parse(name).is_ok() {
        return wrong("it reads as an id");
    }
    Ok(name.to_owned())
}

fn free_identity(roster: &Roster, identity: &str) -> Result<String, Error> {
    let uuid = identity.strip_prefix("identity--").filter(|uuid| uuid.len() == 36);
    let Some(uuid) = uuid.and_then(|uuid| uuid::Uuid::try_parse(uuid).ok()) else {
        return Err(Error::new(Kind::Invalid, format!("`{identity}` is no id of an identity")));
    };
    let identity = format!("identity--{uuid}");
    match roster.bound_to(&identity) {
        None => Ok(identity),
        Some(_) => Err(Error::new(Kind::Conflict, format!("`{identity}` is bound to a member already"))),
    }
}

fn checked_collection(
    roster: &Roster,
    new: &NewCollection,
    id: CollectionId,
    now: model::Timestamp,
) -> Result<Collection, Error> {
    let title = checked_name("a collection", &new.title)?;
    // A title is an address too, so it must not be another's alias.
    let taken = |name: &str| roster.collection_named(name).is_some();
    let conflict = |name: &str| Error::new(Kind::Conflict, format!("there is a collection `{name}` already"));
    if taken(&title) {
        return Err(conflict(&title));
    }
    if let Some(alias) = &new.alias {
        let plain = |byte| matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.');
        let is_path_step = matches!(alias.as_str(), "." | "..");
        if alias.len() > 64 || !alias.bytes().all(plain) || is_path_step {
            let error = Error::new(Kind::Invalid, format!("`{alias}` cannot be an alias"));
            return Err(error.hint("use letters, digits, `-`, `_` and `.`, at most 64"));
        }
        if taken(&checked_name("a collection", alias)?) {
            return Err(conflict(alias));
        }
    }
    let member = |name: &str| roster.member_named(name).map(|member| member.id);
    let filter = filter::with_ids(new.filter.trim(), member).map_err(|error| {
        Error::new(Kind::Invalid, format!("the filter `{}` cannot be read: {error}", new.filter))
            .hint("such as `type in (indicator, malware) and label <= green`")
    })?;
    let ceiling = new.ceiling.unwrap_or(Tlp::Red);
    if let Some(label) = new.default_label.filter(|label| *label > ceiling) {
        let message = format!("the default label {label} is above the ceiling {ceiling}");
        return Err(Error::new(Kind::Invalid, message));
    }
    Ok(Collection {
        id,
        title,
        description: new.description.clone(),
        alias: new.alias.clone(),
        filter,
        ceiling,
        default_label: new.default_label.unwrap_or(Tlp::Amber),
        curation: new.curation,
        desk: new.desk,
        recipients: String::new(),
        created: now,
        revoked: None,
    })
}

fn is_known(caller: &Caller, collection: &Collection) -> bool {
    let may = |action: Action| may_act(&caller.principal, &action).is_ok();
    reads(caller, collection) || may(Action::WriteCollection(collection.id)) || may(Action::ManageCollections)
}

// By ids, as far as who adds the collection may know them.
fn recipients(
    roster: &Roster,
    caller: &Caller,
    to: &[String],
    now: model::Timestamp,
) -> Result<String, Error> {
    let own = signed_in(caller)?;
    let found = Addressed { to: to.to_vec(), embargo: None }.find(roster, caller, own, now)?;
    Ok(Addressed::of(roster, &Label::new(own, Tlp::Amber).to(found.audience)).to_text())
}

fn collection_view(roster: &Roster, caller: &Caller, collection: &Collection) -> views::Collection {
    let may = |action: Action| may_act(&caller.principal, &action).is_ok();
    views::Collection {
        id: collection.id.to_string(),
        name: collection.title.clone(),
        description: collection.description.clone(),
        alias: collection.alias.clone(),
        filter: collection.filter.clone(),
        ceiling: collection.ceiling.to_string(),
        default_label: collection.default_label.to_string(),
        curation: collection.curation.name(),
        without_name: collection.desk,
        to: Addressed::from_text(&collection.recipients).known(roster, caller),
        can_read: reads(caller, collection),
        can_write: may(Action::WriteCollection(collection.id)),
    }
}

pub(crate) fn member_view(roster: &Roster, member: &Member) -> views::Member {
    views::Member {
        client_of: roster.providers(member.id).iter().map(|id| roster.named(*id)).collect(),
        client_only: member.client_only,
        clients: roster.clients(member.id).map(|id| roster.named(id)).collect(),
        id: member.id.to_string(),
        name: member.name.clone(),
        identities: roster.identities(member.id),
        created: member.created.to_string(),
        revoked: member.revoked.map(|at| at.to_string()),
        objects_per_hour: member.objects_per_hour,
        bytes_per_hour: member.bytes_per_hour,
        sector: Some(member.sector.clone()).filter(|sector| !sector.is_empty()),
    }
}

// A line of a label: nothing is no sector.
fn checked_sector(sector: &str) -> Result<String, Error> {
    let sector = sector.trim();
    if sector.is_empty() { Ok(String::new()) } else { checked_name("a sector", sector) }
}

fn person_view(roster: &Roster, person: &Person) -> views::Person {
    views::Person {
        id: person.id.to_string(),
        name: person.name.clone(),
        member: roster.named(person.member),
        created: person.created.to_string(),
        revoked: person.revoked.map(|at| at.to_string()),
    }
}
