//! STIX 2.1: objects, markings and patterns, checked and viewed; STIX 2.0 read as 2.1.
//!
//! [`check()`] judges one object against the standard: every MUST that one object can break is a finding with its place
//! and its clause, every SHOULD that it does not follow is a warning. [`Object`] and the views in [`sdo`], [`sro`],
//! [`sco`], [`meta`] and [`marking`] borrow typed fields from the same tree. Both come from one table per type, in the
//! order of the standard. Nothing is dropped: what no table declares stays in the tree and is reported as the standard
//! says. Clauses are those of the OASIS Standard of June 2021 with Errata 01.
//!
//! Nothing here does I/O, reads a clock or draws random numbers.
//!
//! ```
//! let text = br#"{"type": "ipv4-addr", "id": "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4", "value": "198.51.100.3"}"#;
//! let node = strictjson::parse(text, &strictjson::Limits::default())?;
//! let checked = stix::check(&node, &stix::Limits::default());
//! assert!(checked.is_acceptable() && checked.findings.is_empty());
//!
//! let Some(stix::Object::Ipv4Address(address)) = stix::Object::from_node(&node) else { unreachable!() };
//! assert_eq!(address.value, "198.51.100.3");
//! assert_eq!(address.common.id, stix::sco_id(&node).map(|id| id.to_string()).as_deref());
//! # Ok::<(), strictjson::Error>(())
//! ```

#[macro_use]
mod table;

pub mod bundle;
pub mod check;
pub mod common;
pub mod family;
pub mod finding;
pub mod id;
pub mod marking;
pub mod meta;
mod object;
pub mod pattern;
pub mod redact;
pub mod reference;
pub mod sco;
pub mod sco_id;
pub mod sdo;
pub mod sro;
pub mod timestamp;
pub mod tlp;
pub mod types;
mod upgrade;
mod value;
pub mod vocab;

pub use check::{check, detect};
pub use common::{Common, common};
pub use family::{Family, family_of};
pub use finding::{Checked, Finding, Severity};
pub use id::{Id, IdError};
pub use object::Object;
pub use reference::{Link, references};
pub use sco_id::sco_id;
pub use timestamp::{Timestamp, TimestampError};
pub use upgrade::{Upgraded, upgrade};

/// What a check may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Findings listed for one check; the rest is counted in one more, which weighs as much as the worst of them. With
    /// 0 the check says as fast as it can whether an object is acceptable.
    pub findings: usize,
    /// What the pattern of an indicator may cost.
    pub pattern: pattern::Limits,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { findings: 100, pattern: pattern::Limits::default() }
    }
}

/// A version of the standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SpecVersion {
    /// STIX 2.0.
    V20,
    /// STIX 2.1.
    V21,
}
