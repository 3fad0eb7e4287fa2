//! §3.2: the common properties, and the types that they are made of (§2.5, §2.11, §7.2.3.1).

use crate::finding::{Findings, Path};
use crate::types::{
    Extensions, Flag, Hashes, Items, LanguageTag, List, LowerText, Read, Reference, Rule, Seen,
    SpecVersionText, Text, ToIdentity, ToMarking, VersionTime, Whole,
};
use strictjson::{Node, Object};

/// The common properties of an object, borrowed, as far as they are there and of the right type.
///
/// It never fails: what is missing or wrong is `None`, empty or the default, and [`check`](crate::check()) names it.
#[derive(Debug, Clone, Copy)]
pub struct Common<'a> {
    /// The object itself.
    pub object: &'a Object<'a>,
    /// `type`.
    pub kind: Option<&'a str>,
    /// `spec_version`.
    pub spec_version: Option<&'a str>,
    /// `id`.
    pub id: Option<&'a str>,
    /// `created_by_ref`.
    pub created_by_ref: Option<&'a str>,
    /// `created`, as written.
    pub created: Option<&'a str>,
    /// `modified`, as written.
    pub modified: Option<&'a str>,
    /// `revoked`; false when absent.
    pub revoked: bool,
    /// `labels`.
    pub labels: Items<'a, Text>,
    /// `confidence`, 0 to 100 in a conforming object.
    pub confidence: Option<i64>,
    /// `lang`.
    pub lang: Option<&'a str>,
    /// `external_references`.
    pub external_references: Items<'a, ExternalReference<'a>>,
    /// `object_marking_refs`.
    pub object_marking_refs: Items<'a, Text>,
    /// `granular_markings`.
    pub granular_markings: Items<'a, GranularMarking<'a>>,
    /// `defanged`; false when absent.
    pub defanged: bool,
    /// `extensions`.
    pub extensions: Option<&'a Object<'a>>,
}

static NO_MEMBERS: Object<'static> = Object { members: Vec::new() };

/// The common properties of a node, quickly; a node that is no object has none.
#[must_use]
pub fn common<'a>(node: &'a Node<'a>) -> Common<'a> {
    Common::from_object(node.as_object().unwrap_or(&NO_MEMBERS))
}

impl<'a> Common<'a> {
    /// Reads them in one pass over the members.
    #[must_use]
    pub fn from_object(object: &'a Object<'a>) -> Common<'a> {
        let mut common = Common {
            object,
            kind: None,
            spec_version: None,
            id: None,
            created_by_ref: None,
            created: None,
            modified: None,
            revoked: false,
            labels: Items::none(),
            confidence: None,
            lang: None,
            external_references: Items::none(),
            object_marking_refs: Items::none(),
            granular_markings: Items::none(),
            defanged: false,
            extensions: None,
        };
        for member in &object.members {
            let node = &member.node;
            match member.key.as_ref() {
                "type" => common.kind = node.as_str(),
                "spec_version" => common.spec_version = node.as_str(),
                "id" => common.id = node.as_str(),
                "created_by_ref" => common.created_by_ref = node.as_str(),
                "created" => common.created = node.as_str(),
                "modified" => common.modified = node.as_str(),
                "revoked" => common.revoked = node.as_bool().unwrap_or(false),
                "labels" => common.labels = items(node),
                "confidence" => common.confidence = node.as_i64(),
                "lang" => common.lang = node.as_str(),
                "external_references" => common.external_references = items(node),
                "object_marking_refs" => common.object_marking_refs = items(node),
                "granular_markings" => common.granular_markings = items(node),
                "defanged" => common.defanged = node.as_bool().unwrap_or(false),
                "extensions" => common.extensions = node.as_object(),
                _ => {}
            }
        }
        common
    }

    /// What tells versions of this object apart: `modified`, else `created`, as written (§3.6). `None` for objects
    /// that have no versions.
    #[must_use]
    pub fn version(&self) -> Option<&'a str> {
        self.modified.or(self.created)
    }

    /// A member that is a string.
    #[must_use]
    pub fn text(&self, property: &str) -> Option<&'a str> {
        self.object.get(property).and_then(Node::as_str)
    }

    /// `name`, which many types have.
    #[must_use]
    pub fn name(&self) -> Option<&'a str> {
        self.text("name")
    }

    /// `value`, which addresses, domain names and URLs have.
    #[must_use]
    pub fn value(&self) -> Option<&'a str> {
        self.text("value")
    }

    /// `description`.
    #[must_use]
    pub fn description(&self) -> Option<&'a str> {
        self.text("description")
    }

    /// `aliases`.
    #[must_use]
    pub fn aliases(&self) -> Items<'a, Text> {
        self.object.get("aliases").map_or(Items::none(), items)
    }
}

/// The list that a node holds; an empty one when it holds none.
fn items<'a, T: Read>(node: &'a Node<'a>) -> Items<'a, T> {
    let list: Option<Seen<'a, List<T>>> = List::<T>::read(node);
    list.unwrap_or(Items::none())
}

shape! {
    /// A pointer to something outside of STIX (§2.5).
    ExternalReference, EXTERNAL_REFERENCE: "external-reference", "STIX 2.1 §2.5" {
        required source_name: Text,
        optional description: Text,
        optional url: Text,
        optional hashes: Hashes,
        optional external_id: Text,
    }
    rules [Rule::OneOf(&["description", "url", "external_id"]), Rule::Own(reference_forms)]
}

/// §4.1 and §4.19: CAPEC and CVE ids have a form. Sources are compared as the standard writes them, in lower case.
fn reference_forms(findings: &mut Findings, object: &Object<'_>, path: &Path<'_>, _clause: &'static str) {
    let text = |name| object.get(name).and_then(Node::as_str);
    let (Some(source), Some(id)) = (text("source_name"), text("external_id")) else { return };
    let numbered = |prefix: &str| {
        id.strip_prefix(prefix).is_some_and(|rest| {
            !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
        })
    };
    let (fine, clause) = match source {
        "capec" => (numbered("CAPEC-"), "STIX 2.1 §4.1"),
        "cve" => (numbered("CVE-"), "STIX 2.1 §4.19"),
        _ => return,
    };
    if !fine {
        findings.must(&path.key("external_id"), "external-id-form", clause, || {
            format!("{} is not an identifier of `{source}`", crate::finding::quoted(id))
        });
    }
}

shape! {
    /// A phase of a kill chain (§2.11).
    KillChainPhase, KILL_CHAIN_PHASE: "kill-chain-phase", "STIX 2.1 §2.11" {
        required kill_chain_name: LowerText,
        required phase_name: LowerText,
    }
    rules []
}

shape! {
    /// A marking of parts of an object (§7.2.3.1).
    GranularMarking, GRANULAR_MARKING: "granular-marking", "STIX 2.1 §7.2.3.1" {
        optional lang: LanguageTag,
        optional marking_ref: Reference<ToMarking>,
        required selectors: List<Text>,
    }
    rules [Rule::OneOf(&["lang", "marking_ref"]), Rule::NotBoth("lang", "marking_ref")]
}

/// A confidence, 0 to 100.
type Confidence = Whole<0, 100>;

// The common properties that each family of objects has, with what is required (the table of §3.2).

shape_table! {
    DOMAIN: "domain object", "STIX 2.1 §3.2" {
        required kind as "type": Text,
        required spec_version: SpecVersionText,
        required id: Text,
        optional created_by_ref: Reference<ToIdentity>,
        required created: VersionTime,
        required modified: VersionTime,
        optional revoked: Flag,
        optional labels: List<Text>,
        optional confidence: Confidence,
        optional lang: LanguageTag,
        optional external_references: List<ExternalReference<'static>>,
        optional object_marking_refs: List<Reference<ToMarking>>,
        optional granular_markings: List<GranularMarking<'static>>,
        optional extensions: Extensions,
    }
    rules [Rule::NotBefore("modified", "created")]
}

shape_table! {
    OBSERVABLE: "cyber-observable object", "STIX 2.1 §3.2" {
        required kind as "type": Text,
        required id: Text,
        optional spec_version: SpecVersionText,
        optional object_marking_refs: List<Reference<ToMarking>>,
        optional granular_markings: List<GranularMarking<'static>>,
        optional defanged: Flag,
        optional extensions: Extensions,
    }
    rules []
}

shape_table! {
    LANGUAGE: "language-content", "STIX 2.1 §3.2" {
        required kind as "type": Text,
        required spec_version: SpecVersionText,
        required id: Text,
        optional created_by_ref: Reference<ToIdentity>,
        required created: VersionTime,
        required modified: VersionTime,
        optional revoked: Flag,
        optional labels: List<Text>,
        optional confidence: Confidence,
        optional external_references: List<ExternalReference<'static>>,
        optional object_marking_refs: List<Reference<ToMarking>>,
        optional granular_markings: List<GranularMarking<'static>>,
        optional extensions: Extensions,
    }
    rules [Rule::NotBefore("modified", "created")]
}

shape_table! {
    MARKING: "marking-definition", "STIX 2.1 §3.2" {
        required kind as "type": Text,
        required spec_version: SpecVersionText,
        required id: Text,
        optional created_by_ref: Reference<ToIdentity>,
        required created: VersionTime,
        optional external_references: List<ExternalReference<'static>>,
        optional object_marking_refs: List<Reference<ToMarking>>,
        optional granular_markings: List<GranularMarking<'static>>,
        optional extensions: Extensions,
    }
    rules []
}

shape_table! {
    EXTENSION: "extension-definition", "STIX 2.1 §3.2" {
        required kind as "type": Text,
        required spec_version: SpecVersionText,
        required id: Text,
        required created_by_ref: Reference<ToIdentity>,
        required created: VersionTime,
        required modified: VersionTime,
        optional revoked: Flag,
        optional labels: List<Text>,
        optional external_references: List<ExternalReference<'static>>,
        optional object_marking_refs: List<Reference<ToMarking>>,
        optional granular_markings: List<GranularMarking<'static>>,
    }
    rules [Rule::NotBefore("modified", "created")]
}

shape_table! {
    ENVELOPE: "bundle", "STIX 2.1 §8" {
        required kind as "type": Text,
        required id: Text,
    }
    rules []
}

/// Whether some family has a common property of this name.
pub(crate) fn is_common(name: &str) -> bool {
    name == "defanged" || DOMAIN.properties.iter().any(|property| property.name == name)
}
