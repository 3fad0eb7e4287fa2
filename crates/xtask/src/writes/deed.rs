//! What somebody tries to write, how its target is spelled, and how it is done to a node.

use model::Tlp;
use node::{Annotation, Caller, Disclose, Error, ImportOptions, NewRetention, NewToken, Node, Relabel};
use uuid::Uuid;

/// Something to write.
#[derive(Debug, Clone)]
pub enum Deed {
    /// A token revoked.
    RevokeToken(String),
    /// A token made.
    AddToken(Asked),
    /// A person revoked.
    RevokePerson(String),
    /// A person of this member added, with a name.
    AddPerson(String, String),
    /// A member revoked.
    RevokeMember(String),
    /// A collection revoked.
    RevokeCollection(String),
    /// An object taken back: through a collection or none, and which versions.
    Withdraw(Option<String>, String, Vec<String>),
    /// An object given another label.
    Relabel(String, Tlp),
    /// An object erased.
    Erase(String),
    /// An object said.
    Submit(Said),
    /// A note on an object.
    Note(String),
    /// An object revoked.
    RevokeObject(String),
    /// A circle left.
    Leave(String),
    /// A member expelled from a circle.
    Expel(String, String),
    /// A circle ended.
    EndCircle(String),
    /// An invitation made.
    Invite(String),
    /// A rule of retention added, for so many days.
    Rule(u32),
    /// An object given to an authority.
    Disclose(Given),
}

/// An object to give to an authority.
#[derive(Debug, Clone)]
pub struct Given {
    /// Which.
    pub object: String,
    /// The participants are not told for so many seconds.
    pub sealed_s: Option<i64>,
    /// Whose token agrees, and its secret.
    pub second: Option<(Uuid, String)>,
    /// The node asks for that of who gives what it holds.
    pub four_eyes: bool,
}

/// A token to make.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Of which member.
    pub member: String,
    /// Naming which person.
    pub person: Option<String>,
    /// With which role.
    pub role: &'static str,
    /// Up to which label.
    pub ceiling: Option<Tlp>,
    /// For how long, in seconds.
    pub expire_s: Option<u64>,
    /// Reading and writing this collection alone.
    pub collection: Option<String>,
}

/// An object to say.
#[derive(Debug, Clone)]
pub struct Said {
    /// Through which collection.
    pub collection: Option<String>,
    /// For which member.
    pub member: Option<String>,
    /// Under which id.
    pub object: String,
    /// In which version.
    pub version: u64,
    /// Under which label.
    pub tlp: Tlp,
}

impl Said {
    /// It as STIX.
    pub fn json(&self) -> String {
        let Said { object, version, .. } = self;
        let at = format!("2026-01-{:02}T00:00:00.000Z", 1 + version % 28);
        format!(
            r#"{{"type":"indicator","spec_version":"2.1","id":"{object}","created":"2026-01-01T00:00:00.000Z","modified":"{at}","valid_from":"2026-01-01T00:00:00Z","pattern_type":"stix","pattern":"[ipv4-addr:value = '198.51.100.{version}']","name":"said"}}"#
        )
    }
}

impl Deed {
    /// What names the thing it is done to.
    pub fn target(&self) -> Option<String> {
        self.clone().target_mut().cloned()
    }

    /// The same, done to something else.
    pub fn to_another(&self, other: &str) -> Deed {
        let mut deed = self.clone();
        if let Some(name) = deed.target_mut() {
            other.clone_into(name);
        }
        deed
    }

    fn target_mut(&mut self) -> Option<&mut String> {
        match self {
            Deed::RevokeToken(name)
            | Deed::RevokePerson(name)
            | Deed::AddPerson(name, _)
            | Deed::RevokeMember(name)
            | Deed::RevokeCollection(name)
            | Deed::Withdraw(_, name, _)
            | Deed::Relabel(name, _)
            | Deed::Erase(name)
            | Deed::Note(name)
            | Deed::RevokeObject(name)
            | Deed::Leave(name)
            | Deed::Expel(name, _)
            | Deed::EndCircle(name)
            | Deed::Invite(name) => Some(name),
            Deed::AddToken(asked) => Some(&mut asked.member),
            Deed::Disclose(given) => Some(&mut given.object),
            Deed::Submit(_) | Deed::Rule(_) => None,
        }
    }

    /// The words that the audit may say of it.
    pub fn verbs(&self) -> &'static [&'static str] {
        match self {
            Deed::RevokeToken(_) => &["token.revoke"],
            Deed::AddToken(_) => &["token.add"],
            Deed::RevokePerson(_) => &["person.revoke"],
            Deed::AddPerson(..) => &["person.add"],
            Deed::RevokeMember(_) => &["member.revoke"],
            Deed::RevokeCollection(_) => &["collection.revoke"],
            Deed::Withdraw(..) => &["withdraw"],
            Deed::Relabel(..) => &["relabel"],
            Deed::Erase(_) => &["erase"],
            Deed::Submit(_) | Deed::Note(_) | Deed::RevokeObject(_) => &["submit", "erased.again"],
            Deed::Rule(_) => &["retention.add"],
            Deed::Disclose(_) => &["disclose"],
            Deed::Leave(_) | Deed::Expel(..) | Deed::EndCircle(_) | Deed::Invite(_) => &[],
        }
    }

    /// Tries it.
    pub fn done(&self, node: &Node, by: &Caller) -> Result<(), Error> {
        match self {
            Deed::RevokeToken(name) => node.revoke_token(by, name).map(drop),
            Deed::AddToken(asked) => node.add_token(by, &asked.token()).map(drop),
            Deed::RevokePerson(name) => node.revoke_person(by, name).map(drop),
            Deed::AddPerson(member, name) => node.add_person(by, member, name).map(drop),
            Deed::RevokeMember(name) => node.revoke_member(by, name).map(drop),
            Deed::RevokeCollection(name) => node.revoke_collection(by, name).map(drop),
            Deed::Withdraw(through, object, versions) => {
                node.withdraw(by, through.as_deref(), object, versions).map(drop)
            }
            Deed::Relabel(object, tlp) => {
                let asked = Relabel { tlp: Some(*tlp), ..Relabel::default() };
                node.relabel(by, object, &asked).map(drop)
            }
            Deed::Erase(object) => node.erase(by, object, "a generated reason").map(drop),
            Deed::Submit(said) => {
                let (collection, member) = (said.collection.clone(), said.member.clone());
                let options =
                    ImportOptions { collection, member, tlp: Some(said.tlp), ..ImportOptions::default() };
                node.submit(by, &options, said.json().as_bytes()).map(drop)
            }
            Deed::Note(object) => {
                node.annotate(by, object, &Annotation::Note("looked at".to_owned()), None).map(drop)
            }
            Deed::RevokeObject(object) => node.annotate(by, object, &Annotation::Revoke, None).map(drop),
            Deed::Leave(circle) => node.leave_circle(by, circle).map(drop),
            Deed::Expel(circle, member) => node.expel(by, circle, member).map(drop),
            Deed::EndCircle(circle) => node.revoke_circle(by, circle).map(drop),
            Deed::Invite(circle) => node.invite(by, circle, None).map(drop),
            Deed::Rule(days) => {
                let kind = Some("x-nothing".to_owned());
                node.add_retention(by, &NewRetention { kind, source: None, days: *days }).map(drop)
            }
            Deed::Disclose(given) => {
                let asked = Disclose {
                    objects: vec![given.object.clone()],
                    authority: "A court".to_owned(),
                    basis: "An order".to_owned(),
                    sealed_until: given.sealed_s.map(|seconds| node.now().plus_seconds(seconds)),
                    second: given.second.as_ref().map(|(_, secret)| secret.clone()),
                    ..Disclose::default()
                };
                node.disclose(by, &asked).map(drop)
            }
        }
    }
}

impl Asked {
    fn token(&self) -> NewToken {
        let some: Vec<String> = self.collection.iter().cloned().collect();
        NewToken {
            member: self.member.clone(),
            person: self.person.clone(),
            roles: vec![self.role.to_owned()],
            ceiling: self.ceiling,
            expire_s: self.expire_s,
            read: some.clone(),
            write: some,
            ..NewToken::default()
        }
    }
}
