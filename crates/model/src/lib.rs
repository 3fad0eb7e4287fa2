//! Accord's nouns and rules. Values in, values out: nothing here reads a clock or does I/O.
//!
//! - [`circle`]: named audiences and their charters.
//! - [`id`]: what members, persons, circles, tokens and collections are called.
//! - [`iep`]: policies of FIRST IEP 2.0.
//! - [`inert`]: text of strangers, made harmless to show.
//! - [`time`]: instants in microseconds, and their RFC 3339 text.
//! - [`kept`]: for how long charters let a node keep what is said to circles.
//! - [`label`]: who a statement is for: author, TLP 2.0 of the whole and of parts, recipients, embargo, permitted actions, origin.
//! - [`access`]: [`access::may_see`], [`access::hidden_parts`] and [`access::may_act`], the only rules of access in the house.
//! - [`gate`]: [`gate::authorize`], the only way to an [`Authorized`], without which nothing is written.
//! - [`observable`]: addresses, domains, URLs, digests and the like in one normal form, and their keys.
//! - [`matching`]: what an indicator's value stands under, and what is asked for a value that was seen.
//! - [`protect`]: what a sensor may do about a value that is known to be bad.
//! - [`token`]: the secret that a client carries: its text, its check, its digest.

pub mod access;
pub mod circle;
pub mod gate;
pub mod id;
pub mod iep;
pub mod inert;
pub mod kept;
pub mod label;
pub mod matching;
pub mod observable;
pub mod protect;
pub mod time;
pub mod token;

pub use access::{Action, Denied, Principal, Reader, Role, Roles, Verb, hidden_parts, may_act, may_see};
pub use circle::{Charter, Definition};
pub use gate::{Authorized, Epoch, Facts, authorize};
pub use id::{
    AssetId, CircleId, ClientId, CollectionId, InvitationId, MemberId, MembershipId, ObjectKey, PersonId,
    SubmissionId, TokenId,
};
pub use iep::Iep;
pub use label::{Audience, Embargo, Hidden, Label, Origin, Parts, PermittedActions, Recipients, Tlp};
pub use observable::{Observable, Unfit};
pub use time::Timestamp;
