//! Who may see, which parts, and who may act. The functions here are the only rules of access; every road asks them.

use std::fmt;

use crate::{
    CircleId, CollectionId, Hidden, Label, MemberId, PersonId, SubmissionId, Timestamp, Tlp, TokenId,
};

/// What `may_see` needs to know of the one who reads.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reader {
    /// The member he reads for; `None` for an anonymous visitor.
    pub member: Option<MemberId>,
    /// The name under which the node keeps what his member says without its own. Nobody else is told whose it is.
    pub alias: Option<MemberId>,
    /// The person, where the token names one.
    pub person: Option<PersonId>,
    /// The circles that the member or the person is in.
    pub circles: Vec<CircleId>,
    /// The members whose client his member is (TLP 2.0: AMBER reaches a recipient's clients).
    pub provider: Vec<MemberId>,
    /// He is the client of others only, not a member in his own right: what is for "the members" is for his provider.
    pub client_only: bool,
    /// The highest label that his token lets through.
    pub ceiling: Tlp,
}

impl Reader {
    /// A visitor without a token: CLEAR only, and only where the node lets visitors in at all.
    #[must_use]
    pub fn anonymous() -> Reader {
        Reader {
            member: None,
            alias: None,
            person: None,
            circles: Vec::new(),
            provider: Vec::new(),
            client_only: false,
            ceiling: Tlp::Clear,
        }
    }

    /// A reader for `member`, in no circle, up to RED.
    #[must_use]
    pub fn of(member: MemberId) -> Reader {
        Reader { member: Some(member), ceiling: Tlp::Red, ..Reader::anonymous() }
    }

    /// Whether his member said what bears this label, by its name or without it.
    #[must_use]
    pub fn is_author(&self, label: &Label) -> bool {
        self.speaks_for(label.author)
    }

    /// Whether this is his member, or what it says without its name is kept under this.
    #[must_use]
    pub fn speaks_for(&self, source: MemberId) -> bool {
        self.member.is_some() && (self.member == Some(source) || self.alias == Some(source))
    }
}

/// Whether this reader may see a statement under this label, now. The one gate for whatever leaves.
///
/// In order: the token's ceiling; then visitors see CLEAR; then the author's own member sees its own, RED too: TLP
/// binds recipients, not the source; then RED is for the persons named; then AMBER+STRICT, AMBER and GREEN are for the
/// recipients, or for all members where none is named, and AMBER for their clients too; CLEAR is for everybody. An
/// embargo holds back everybody but the author and those named, whatever the TLP and whatever the clock says: only
/// the act of lifting, which writes a new label, ends it. So `now` opens nothing here; it is an argument because
/// membership in time (charters, expiring circles) is decided at this place.
#[must_use]
pub fn may_see(reader: &Reader, label: &Label, _now: Timestamp) -> bool {
    is_for(reader, label, label.tlp)
}

/// Which parts of a statement that he may see are not for this reader, now; `None` where all of it is. A part is for whom
/// the whole would be for if it bore the part's TLP, so the author's own member sees every part below its token's ceiling.
#[must_use]
pub fn hidden_parts(reader: &Reader, label: &Label, _now: Timestamp) -> Option<Hidden> {
    label.parts?;
    let seen = Tlp::ALL.into_iter().rev().find(|tlp| is_for(reader, label, *tlp));
    label.hidden_above(seen.unwrap_or(Tlp::Clear))
}

/// Which rule lets a reader see a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// His member said it.
    Author,
    /// He is named in person.
    Person,
    /// His member is named.
    Member,
    /// His member is in a circle that is named, by this id.
    Circle(CircleId),
    /// He is the client of a member that is named.
    Client,
    /// Nobody is named, so it is for the members of the node.
    Community,
    /// It is for everybody.
    Everybody,
}

/// Which rule keeps a statement from a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Barrier {
    /// His token lets nothing so high through.
    Ceiling,
    /// It is not for visitors.
    Visitor,
    /// It is RED, and he is none of the persons named.
    Person,
    /// It is under embargo, and he is none of those named.
    Embargo,
    /// It is for others by name.
    NotNamed,
    /// It is for members in their own right, and he is the client of one.
    ClientOnly,
}

/// Which rule decides what [`may_see`] answers.
///
/// # Errors
/// The rule that keeps it from him.
pub fn why(reader: &Reader, label: &Label, _now: Timestamp) -> Result<Reason, Barrier> {
    decided(reader, label, label.tlp)
}

// Whether what bears a TLP, and all else of this label, is for a reader. What is for him under one is under every wider.
fn is_for(reader: &Reader, label: &Label, tlp: Tlp) -> bool {
    decided(reader, label, tlp).is_ok()
}

fn decided(reader: &Reader, label: &Label, tlp: Tlp) -> Result<Reason, Barrier> {
    if tlp > reader.ceiling {
        return Err(Barrier::Ceiling);
    }
    let Some(member) = reader.member else {
        let is_open = tlp == Tlp::Clear && label.embargo.is_none();
        return if is_open { Ok(Reason::Everybody) } else { Err(Barrier::Visitor) };
    };
    if reader.is_author(label) {
        return Ok(Reason::Author);
    }
    let to = &label.recipients;
    let person = reader.person.filter(|person| to.persons.contains(person)).map(|_| Reason::Person);
    if tlp == Tlp::Red {
        return person.ok_or(Barrier::Person);
    }
    let by_member = || to.members.contains(&member).then_some(Reason::Member);
    let by_circle = || {
        let circle = reader.circles.iter().find(|circle| to.circles.contains(circle));
        circle.map(|circle| Reason::Circle(*circle))
    };
    let named = person.or_else(by_member).or_else(by_circle);
    if label.embargo.is_some() {
        return named.ok_or(Barrier::Embargo);
    }
    let community = match tlp {
        Tlp::Clear => return Ok(named.unwrap_or(Reason::Everybody)),
        // GREEN is the community's; an author who names recipients narrows it to them, which a source may.
        // Who was a member's client and is nobody's any more is none of theirs.
        Tlp::Green | Tlp::Amber if to.is_empty() && !(reader.client_only && reader.provider.is_empty()) => {
            Ok(Reason::Community)
        }
        Tlp::Green | Tlp::Amber if client_of_named(reader, label) => Ok(Reason::Client),
        _ if !to.is_empty() => Err(Barrier::NotNamed),
        _ if reader.client_only => Err(Barrier::ClientOnly),
        _ => Ok(Reason::Community),
    };
    named.map_or(community, Ok)
}

fn client_of_named(reader: &Reader, label: &Label) -> bool {
    reader.provider.iter().any(|provider| label.recipients.members.contains(provider))
}

/// What a token's bearer is trusted to do. A token may carry several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Reads.
    Reader,
    /// Reads, and submits sightings and observations.
    Sensor,
    /// Reads, submits, annotates, withdraws what is his member's.
    Analyst,
    /// As analyst, and works the quarantine and the queue.
    Curator,
    /// Persons and tokens of his own member.
    OrganisationAdministrator,
    /// Members, tokens, collections, withdrawal and erasure, the node. Sees nothing by this role.
    Administrator,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 6] = [
        Role::Reader,
        Role::Sensor,
        Role::Analyst,
        Role::Curator,
        Role::OrganisationAdministrator,
        Role::Administrator,
    ];

    /// The word used on the command line, in JSON and on pages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Role::Reader => "reader",
            Role::Sensor => "sensor",
            Role::Analyst => "analyst",
            Role::Curator => "curator",
            Role::OrganisationAdministrator => "organisation-administrator",
            Role::Administrator => "administrator",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.name() == name)
    }

    const fn bit(self) -> u8 {
        1 << (self as u8)
    }
}

/// A set of roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Roles(u8);

impl Roles {
    /// No role.
    pub const NONE: Roles = Roles(0);

    /// These roles.
    #[must_use]
    pub fn of(roles: &[Role]) -> Roles {
        Roles(roles.iter().fold(0, |bits, role| bits | role.bit()))
    }

    /// These and one more.
    #[must_use]
    pub fn with(self, role: Role) -> Roles {
        Roles(self.0 | role.bit())
    }

    /// Whether a role is among them.
    #[must_use]
    pub fn has(self, role: Role) -> bool {
        self.0 & role.bit() != 0
    }

    /// Whether any of these is.
    #[must_use]
    pub fn has_any(self, roles: &[Role]) -> bool {
        roles.iter().any(|role| self.has(*role))
    }

    /// The roles, the least first.
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| self.has(*role))
    }

    /// As a small number for the store.
    #[must_use]
    pub fn bits(self) -> u8 {
        self.0
    }

    /// From the store's number; bits of no role are dropped.
    #[must_use]
    pub fn from_bits(bits: u8) -> Roles {
        Roles(bits & 0b11_1111)
    }
}

/// What a token may be used for, beside its roles: the smaller of the two counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// See.
    Read,
    /// Submit, annotate, withdraw one's own.
    Write,
    /// Members, persons, tokens, collections, the node.
    Manage,
}

impl Verb {
    /// Every verb.
    pub const ALL: [Verb; 3] = [Verb::Read, Verb::Write, Verb::Manage];

    /// The word used on the command line and in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Verb::Read => "read",
            Verb::Write => "write",
            Verb::Manage => "manage",
        }
    }
}

/// The collections that a token is good for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CollectionScope {
    /// These, and nothing outside a collection.
    Only(Vec<CollectionId>),
    /// All, now and later, and the record outside of them.
    All,
}

impl CollectionScope {
    /// Whether a collection is in scope.
    #[must_use]
    pub fn covers(&self, collection: CollectionId) -> bool {
        match self {
            CollectionScope::All => true,
            CollectionScope::Only(some) => some.contains(&collection),
        }
    }
}

/// Who asks: what authentication found out.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Principal {
    /// The token, if one was shown.
    pub token: Option<TokenId>,
    /// What he may see.
    pub reader: Reader,
    /// His roles.
    pub roles: Roles,
    /// What his token may be used for.
    pub verbs: Vec<Verb>,
    /// Collections he may read.
    pub read: CollectionScope,
    /// Collections he may write.
    pub write: CollectionScope,
}

impl Principal {
    /// A visitor without a token.
    #[must_use]
    pub fn anonymous() -> Principal {
        Principal {
            token: None,
            reader: Reader::anonymous(),
            roles: Roles::NONE,
            verbs: vec![Verb::Read],
            read: CollectionScope::All,
            write: CollectionScope::Only(Vec::new()),
        }
    }

    /// The one who owns the folder: administrator and analyst of the node's own member.
    #[must_use]
    pub fn operator(reader: Reader) -> Principal {
        Principal {
            token: None,
            reader,
            roles: Roles::of(&[Role::Administrator, Role::Analyst]),
            verbs: Verb::ALL.to_vec(),
            read: CollectionScope::All,
            write: CollectionScope::All,
        }
    }

    /// No token was shown.
    #[must_use]
    pub fn is_anonymous(&self) -> bool {
        self.reader.member.is_none()
    }
}

/// What somebody wants to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Look up, search, open an object, outside any collection. What is shown is `may_see`'s.
    Read,
    /// Read through a collection.
    ReadCollection(CollectionId),
    /// Submit through a collection.
    WriteCollection(CollectionId),
    /// Submit outside any collection.
    Submit,
    /// Submit a sighting or an observation, which a sensor may.
    SubmitObservation,
    /// Say a note, an opinion, a tag.
    Annotate,
    /// Withdraw a statement of this member, through a collection or outside any.
    Withdraw(MemberId, Option<CollectionId>),
    /// Remove body and salt of a statement for good.
    Erase,
    /// Look into the quarantine.
    ReadQuarantine,
    /// Work the queue of a collection, or of what comes outside of any.
    Curate(Option<CollectionId>),
    /// Add and revoke members.
    ManageMembers,
    /// Add and revoke persons of this member.
    ManagePersons(MemberId),
    /// Add, list and revoke tokens of this member that carry these roles.
    ManageTokens(MemberId, Roles),
    /// Add, change and revoke collections.
    ManageCollections,
    /// Backup, rebuild, retention, figures of the node.
    Operate,
    /// See the circles that one's member is in.
    SeeCircles,
    /// Make an informal circle; invite, join, leave and moderate as the charter lets one's member.
    ActInCircles,
    /// Agree to a charter for one's member: make, upgrade and join formal circles.
    GovernCircles,
    /// Make formal circles for others.
    FoundCircles,
    /// See what one's member declares as its own: networks, domains, mail domains.
    SeeAssets,
    /// Declare for one's member what is its own, and take that back.
    DeclareAssets,
    /// See what one's member lets act at its sensors.
    SeePolicy,
    /// Say for one's member what it lets act.
    SetPolicy,
    /// Give what one sees to an authority under compulsion, and have that recorded.
    Disclose,
    /// Tell the node what one's member's sensors saw.
    Observe,
    /// See how widely something was seen at one's member, and what of it is known.
    SeeObserved,
    /// Erase what one's member's sensors saw.
    ForgetObserved,
    /// Report for an agent beside one's member's sensors how far it is.
    ReportEdge,
    /// See what one's member's agents beside sensors reported.
    SeeEdges,
}

/// A refusal. What a client is told is the renderer's choice; this text is for the log and for the principal himself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// Nobody is signed in, and this needs somebody.
    Anonymous,
    /// No role of his allows it; any of these would.
    Role(Roles),
    /// His token is not good for it.
    Scope,
    /// It is for the member whose it is.
    Owner,
    /// It takes another pair of eyes.
    FourEyes,
    /// It is for the one who owns the node's folder, and no token is enough.
    Machine,
    /// Another administrator has to agree.
    Second,
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Denied::Anonymous => f.write_str("this needs a token"),
            Denied::Role(would) => {
                f.write_str("no role of this token allows it; it takes the role ")?;
                for (place, role) in would.iter().enumerate() {
                    write!(f, "{}`{}`", if place == 0 { "" } else { " or " }, role.name())?;
                }
                Ok(())
            }
            Denied::Scope => f.write_str("this token's scope does not cover it"),
            Denied::Owner => f.write_str("only the member whose it is may do it"),
            Denied::FourEyes => f.write_str(
                "somebody else has to let it in, who did not send it and has not let it in already",
            ),
            Denied::Machine => f.write_str("this is for who owns the node's folder, at the machine"),
            Denied::Second => f.write_str("an administrator of the node has to agree, by a token of theirs"),
        }
    }
}

impl std::error::Error for Denied {}

/// Whether this principal may do this. What he then sees is [`may_see`]'s to say, object by object.
///
/// # Errors
/// The first thing that stands against it: nobody signed in, role, scope.
pub fn may_act(principal: &Principal, action: &Action) -> Result<(), Denied> {
    let needs = needed(action);
    let Some(member) = principal.reader.member else {
        let open = matches!(action, Action::Read | Action::ReadCollection(_));
        return if open { Ok(()) } else { Err(Denied::Anonymous) };
    };
    let allows = |roles| role_allows(roles, (principal, member), action);
    if !allows(principal.roles) {
        let would = Role::ALL.into_iter().filter(|role| allows(Roles::of(&[*role])));
        return Err(Denied::Role(would.fold(Roles::NONE, Roles::with)));
    }
    // Verbs come second: a token has none that its roles do not need, and what he lacks is the role then.
    if !principal.verbs.contains(&needs) {
        return Err(Denied::Scope);
    }
    let covered = match action {
        Action::Read => principal.read == CollectionScope::All,
        Action::ReadCollection(id) => principal.read.covers(*id),
        Action::WriteCollection(id) => principal.write.covers(*id),
        Action::Submit | Action::SubmitObservation | Action::Annotate | Action::Withdraw(_, None) => {
            principal.write == CollectionScope::All
        }
        Action::Observe | Action::ForgetObserved => principal.write == CollectionScope::All,
        Action::SeeCircles
        | Action::SeeAssets
        | Action::SeePolicy
        | Action::SeeObserved
        | Action::ReportEdge
        | Action::SeeEdges => principal.read == CollectionScope::All,
        Action::Curate(None) => {
            principal.read == CollectionScope::All && principal.write == CollectionScope::All
        }
        Action::Curate(Some(id)) => principal.read.covers(*id) && principal.write.covers(*id),
        Action::ActInCircles
        | Action::GovernCircles
        | Action::DeclareAssets
        | Action::SetPolicy
        | Action::Disclose => principal.write == CollectionScope::All,
        // What is taken back is named by its content, so both rights are needed (TAXII 2.1 §5.7).
        Action::Withdraw(_, Some(id)) => principal.read.covers(*id) && principal.write.covers(*id),
        _ => true,
    };
    if covered { Ok(()) } else { Err(Denied::Scope) }
}

fn needed(action: &Action) -> Verb {
    match action {
        Action::Read
        | Action::ReadCollection(_)
        | Action::SeeCircles
        | Action::SeeAssets
        | Action::SeePolicy
        | Action::SeeObserved
        | Action::ReportEdge
        | Action::SeeEdges => Verb::Read,
        Action::WriteCollection(_)
        | Action::Submit
        | Action::SubmitObservation
        | Action::Annotate
        | Action::ActInCircles
        | Action::DeclareAssets
        | Action::SetPolicy
        | Action::Disclose
        | Action::Observe
        | Action::ForgetObserved
        | Action::Curate(_)
        | Action::Withdraw(..) => Verb::Write,
        Action::Erase
        | Action::ReadQuarantine
        | Action::ManageMembers
        | Action::ManagePersons(_)
        | Action::ManageTokens(..)
        | Action::ManageCollections
        | Action::GovernCircles
        | Action::FoundCircles
        | Action::Operate => Verb::Manage,
    }
}

fn role_allows(roles: Roles, (principal, own): (&Principal, MemberId), action: &Action) -> bool {
    use Role::{Administrator, Analyst, Curator, OrganisationAdministrator, Reader, Sensor};
    match action {
        Action::Read | Action::ReadCollection(_) => roles.has_any(&[Reader, Sensor, Analyst, Curator]),
        Action::WriteCollection(_) | Action::SubmitObservation => roles.has_any(&[Sensor, Analyst, Curator]),
        Action::Submit | Action::Annotate => roles.has_any(&[Analyst, Curator]),
        Action::Withdraw(owner, _) => {
            roles.has(Administrator)
                || (principal.reader.speaks_for(*owner) && roles.has_any(&[Analyst, Curator]))
        }
        Action::ReadQuarantine => roles.has_any(&[Curator, Administrator]),
        Action::Curate(_) => roles.has(Curator),
        Action::Erase
        | Action::ManageMembers
        | Action::ManageCollections
        | Action::FoundCircles
        | Action::Operate => roles.has(Administrator),
        Action::SeeCircles | Action::SeeAssets | Action::SeePolicy | Action::SeeEdges => {
            roles.has_any(&[Reader, Analyst, Curator, OrganisationAdministrator])
        }
        Action::ActInCircles
        | Action::DeclareAssets
        | Action::SetPolicy
        | Action::Disclose
        | Action::ForgetObserved => roles.has_any(&[Analyst, OrganisationAdministrator]),
        // What reads for sensors says what became of it.
        Action::ReportEdge => roles.has_any(&[Reader, Sensor, Analyst]),
        Action::Observe => roles.has_any(&[Sensor, Analyst]),
        Action::SeeObserved => roles.has(Analyst),
        Action::GovernCircles => roles.has(OrganisationAdministrator),
        Action::ManagePersons(of) => roles.has(Administrator) || own_organisation(roles, own, *of),
        // A lower role never acts on a principal with more rights than its own organisation can hold.
        Action::ManageTokens(of, carried) => {
            roles.has(Administrator)
                || (own_organisation(roles, own, *of) && !carried.has_any(&[Administrator, Curator]))
        }
    }
}

fn own_organisation(roles: Roles, own: MemberId, of: MemberId) -> bool {
    own == of && roles.has(Role::OrganisationAdministrator)
}

/// A submission that waits for a curator, as far as the rules go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Which.
    pub submission: SubmissionId,
    /// The labels that its objects will bear, circles as they are now.
    pub labels: Vec<Label>,
    /// The collection that it came through, if through one.
    pub collection: Option<CollectionId>,
    /// Who sent it: by which token, and which person it names.
    pub sent: (Option<TokenId>, Option<PersonId>),
    /// From AMBER on it takes two curators.
    pub four_eyes: bool,
    /// The first of two who let it in, likewise.
    pub approved: Option<(Option<TokenId>, Option<PersonId>)>,
}

/// What somebody's letting in comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// It enters.
    Whole,
    /// Another curator has to let it in, too.
    First,
}

/// Whether a curator sees a submission that waits, and takes, returns or merges it: he works that queue, and sees all of every
/// object in it once it has entered. The submitter sees its own by another rule.
///
/// # Errors
/// The first thing that stands against it.
pub fn may_curate(principal: &Principal, waiting: &Waiting, now: Timestamp) -> Result<(), Denied> {
    may_act(principal, &Action::Curate(waiting.collection))?;
    let reader = &principal.reader;
    let sees = |label: &Label| may_see(reader, label, now) && hidden_parts(reader, label, now).is_none();
    match !waiting.labels.is_empty() && waiting.labels.iter().all(sees) {
        true => Ok(()),
        false => Err(Denied::Scope),
    }
}

/// Whether a curator lets it in: never who sent it; and where the charter asks for four eyes, from AMBER on nobody of the
/// member that sent it, and two who are not the same.
///
/// # Errors
/// As [`may_curate`], and [`Denied::FourEyes`].
pub fn may_release(principal: &Principal, waiting: &Waiting, now: Timestamp) -> Result<Release, Denied> {
    may_curate(principal, waiting, now)?;
    let is = |(token, person): (Option<TokenId>, Option<PersonId>)| {
        principal.token == token || (person.is_some() && principal.reader.person == person)
    };
    if is(waiting.sent) {
        return Err(Denied::FourEyes);
    }
    if !waiting.four_eyes || waiting.labels.iter().all(|label| label.strictest() < Tlp::Amber) {
        return Ok(Release::Whole);
    }
    if waiting.labels.iter().any(|label| principal.reader.is_author(label)) {
        return Err(Denied::FourEyes);
    }
    match waiting.approved {
        None => Ok(Release::First),
        Some(first) if is(first) => Err(Denied::FourEyes),
        Some(_) => Ok(Release::Whole),
    }
}
