//! Identifiers: random UUIDs, one type per kind, so that one cannot be handed over for another.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                Uuid::parse_str(text).map($name)
            }
        }
    };
}

identifier! {
    /// An organisation, or a researcher, that takes part.
    MemberId
}
identifier! {
    /// Somebody of a member.
    PersonId
}
identifier! {
    /// A named audience.
    CircleId
}
identifier! {
    /// A member's being in a circle, from joining to leaving.
    MembershipId
}
identifier! {
    /// An invitation to a circle. Not its secret.
    InvitationId
}
identifier! {
    /// That a member is another's client, from when to when.
    ClientId
}
identifier! {
    /// A token that a member's client carries. Not its secret.
    TokenId
}
identifier! {
    /// A TAXII collection.
    CollectionId
}
identifier! {
    /// One arrival.
    SubmissionId
}
identifier! {
    /// What a member declares as its own.
    AssetId
}

/// A STIX id, split: the type name and the UUID.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey {
    /// `indicator`, `x-custom`, …
    pub kind: String,
    /// The rest.
    pub uuid: Uuid,
}

impl ObjectKey {
    /// Splits an id at its `--`; `None` when it has none, or no UUID after it.
    #[must_use]
    pub fn parse(id: &str) -> Option<ObjectKey> {
        let (kind, uuid) = id.split_once("--")?;
        // Only the one form that STIX writes: other forms of the same UUID are other ids.
        let parsed = Uuid::try_parse(uuid).ok().filter(|_| uuid.len() == 36 && !kind.is_empty())?;
        Some(ObjectKey { kind: kind.to_owned(), uuid: parsed })
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}--{}", self.kind, self.uuid.hyphenated())
    }
}
