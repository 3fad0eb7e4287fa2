//! §7.1 and §7.3: language content and extension definitions.

use crate::finding::{Findings, Path};
use crate::types::{List, Reference, Rule, Term, Text, Time, ToAny, Translations};
use crate::vocab::ExtensionType;
use strictjson::{Node, Object};

object! {
    /// The text of an object in other languages (§7.1).
    LanguageContent, LANGUAGE_CONTENT: "language-content", "STIX 2.1 §7.1" {
        required object_ref: Reference<ToAny>,
        optional object_modified: Time,
        required contents: Translations,
    }
    rules []
}

object! {
    /// What an extension of STIX adds, and by whom (§7.3).
    ExtensionDefinition, EXTENSION_DEFINITION: "extension-definition", "STIX 2.1 §7.3.1" {
        required name: Text,
        optional description: Text,
        required schema: Text,
        required version: Text,
        required extension_types: List<Term<ExtensionType>>,
        optional extension_properties: List<Text>,
    }
    rules [Rule::Own(extension_properties)]
}

/// §7.3.1: names of properties go with extensions that add them at the top level.
fn extension_properties(findings: &mut Findings, object: &Object<'_>, path: &Path<'_>, clause: &'static str) {
    let types = object.get("extension_types").and_then(Node::as_array).unwrap_or(&[]);
    let toplevel = types.iter().any(|node| node.as_str() == Some("toplevel-property-extension"));
    match (toplevel, object.contains_key("extension_properties")) {
        (false, true) => {
            findings.must(&path.key("extension_properties"), "extension-properties", clause, || {
                "only a `toplevel-property-extension` may list properties".into()
            })
        }
        (true, false) => findings.should(path, "extension-properties", clause, || {
            "a `toplevel-property-extension` should list its properties".into()
        }),
        _ => {}
    }
    if !object.contains_key("description") {
        findings.should(path, "extension-not-described", clause, || "`description` should be there".into());
    }
}
