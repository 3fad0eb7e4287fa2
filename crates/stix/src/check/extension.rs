//! §3.2, §3.10, §7.3, §11.3: extensions.

use super::{Judge, dictionary, value::wrong_type};
use crate::family::{DEFINITIONS, Family};
use crate::finding::{Findings, Path, quoted};
use crate::id::Id;
use crate::types::Shape;
use crate::vocab::{ExtensionType, VocabularyTable};
use strictjson::{Node, Object};

const CLAUSE: &str = "STIX 2.1 §3.2";

/// What the extensions of an object announce.
#[derive(Clone, Copy, Default)]
pub(super) struct Custom {
    /// The family of a new type.
    pub(super) new_object: Option<Family>,
    /// Whether there are new properties at the top level.
    pub(super) toplevel: bool,
}

impl Custom {
    /// Reads what the extensions of an object say of themselves.
    pub(super) fn of(object: &Object<'_>) -> Custom {
        let mut custom = Custom::default();
        let Some(extensions) = object.get("extensions").and_then(Node::as_object) else { return custom };
        for member in extensions {
            match member.node.get("extension_type").and_then(Node::as_str) {
                Some("new-sdo") => custom.new_object = Some(Family::Domain),
                Some("new-sco") => custom.new_object = Some(Family::Observable),
                Some("new-sro") => custom.new_object = Some(Family::Relationship),
                Some("toplevel-property-extension") => custom.toplevel = true,
                _ => {}
            }
        }
        custom
    }
}

impl Judge<'_> {
    /// The `extensions` of an object.
    pub(super) fn extensions(&self, findings: &mut Findings, node: &Node<'_>, path: &Path<'_>) {
        let Some(extensions) = node.as_object() else {
            return wrong_type(findings, node, path, "a dictionary", CLAUSE);
        };
        if extensions.is_empty() {
            findings.must(path, "empty-dictionary", "STIX 2.1 §2.3", || {
                "a dictionary must have at least one entry".into()
            });
        }
        for member in extensions {
            let at = path.key(&member.key);
            let predefined = self.definition.map_or(&[][..], |definition| definition.extensions);
            let Some(extension) = member.node.as_object() else {
                wrong_type(findings, &member.node, &at, "an object", CLAUSE);
                continue;
            };
            match predefined.iter().find(|shape| shape.name == member.key) {
                Some(shape) => self.nested(findings, extension, shape, &at),
                None if member.key.starts_with("extension-definition--") => {
                    self.defined_extension(findings, &member.key, extension, &at);
                }
                None => self.custom_extension(findings, &member.key, extension, &at),
            }
        }
    }

    /// The members of an object inside an object.
    pub(super) fn nested(
        &self,
        findings: &mut Findings,
        object: &Object<'_>,
        shape: &Shape,
        path: &Path<'_>,
    ) {
        let inner = Judge { definition: None, ..*self };
        for member in object {
            let at = path.key(&member.key);
            match shape.properties.iter().find(|property| property.name == member.key) {
                Some(property) => inner.value(findings, &property.kind, &member.node, &at, shape.clause),
                None => {
                    // §3.2 lets every extension say its type; predefined ones need not.
                    if member.key != "extension_type" {
                        undeclared(findings, &member.key, &at);
                    }
                    dictionary::custom_value(findings, &member.node, &at, 0);
                }
            }
        }
        for property in shape
            .properties
            .iter()
            .filter(|property| property.required && !object.contains_key(property.name))
        {
            findings.must(path, "missing-property", shape.clause, || {
                format!("`{}` must be there", property.name)
            });
        }
        for rule in shape.rules {
            super::rules::apply(findings, rule, object, shape, path);
        }
    }

    /// An extension by an extension definition (§7.3): it says its type, and does not redefine what there is.
    fn defined_extension(&self, findings: &mut Findings, key: &str, extension: &Object<'_>, at: &Path<'_>) {
        if let Err(error) = Id::parse(key) {
            findings.must(at, "identifier", "STIX 2.1 §2.9", || {
                format!("{} is no identifier: {error}", quoted(key))
            });
        }
        let Some(node) = extension.get("extension_type") else {
            findings.must(at, "missing-property", CLAUSE, || "`extension_type` must be there".into());
            return properties_of_extension(findings, extension, at);
        };
        match node.as_str() {
            Some(kind) if !ExtensionType::TABLE.contains(kind) => {
                findings.must(&at.key("extension_type"), "enumeration", CLAUSE, || {
                    format!("{} is not in the enumeration `{}`", quoted(kind), ExtensionType::TABLE.name)
                });
            }
            Some(kind @ ("new-sdo" | "new-sco" | "new-sro")) if self.definition.is_some() => {
                findings.must(&at.key("extension_type"), "extension-redefines", "STIX 2.1 §7.3", || {
                    format!(
                        "{} on an object of the standard: extensions must not redefine its types",
                        quoted(kind)
                    )
                });
            }
            Some(_) => {}
            None => wrong_type(findings, node, &at.key("extension_type"), "a string", CLAUSE),
        }
        properties_of_extension(findings, extension, at);
    }

    /// An extension by its name alone: the deprecated way, for observables (§11.3), or a mistake.
    fn custom_extension(&self, findings: &mut Findings, key: &str, extension: &Object<'_>, at: &Path<'_>) {
        const DEPRECATED: &str = "STIX 2.1 §11.3.1";
        let elsewhere =
            DEFINITIONS.iter().flat_map(|definition| definition.extensions).any(|shape| shape.name == key);
        let observable = self.definition.is_none_or(|definition| definition.family == Family::Observable);
        findings.should(at, "custom-extension", if observable { "STIX 2.1 §11.3" } else { CLAUSE }, || {
            let what = if elsewhere {
                "belongs to another type"
            } else {
                "is not the id of an extension definition"
            };
            format!("the extension {} {what}", quoted(key))
        });
        let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        if observable
            && !((3..=250).contains(&key.len()) && key.bytes().all(allowed) && key.ends_with("-ext"))
        {
            findings.must(at, "extension-name", DEPRECATED, || {
                format!(
                    "{} is not made of 3 to 250 of a-z, 0-9 and hyphen, with `-ext` at the end",
                    quoted(key)
                )
            });
        }
        if extension.is_empty() {
            findings.must(at, "empty-object", DEPRECATED, || {
                "an extension must have one or more properties".into()
            });
        }
        properties_of_extension(findings, extension, at);
    }
}

/// The properties that an extension brings: their names (§7.3.2.1) and what holds for every value.
fn properties_of_extension(findings: &mut Findings, extension: &Object<'_>, path: &Path<'_>) {
    for member in extension {
        let at = path.key(&member.key);
        property_name(findings, &member.key, &at);
        dictionary::custom_value(findings, &member.node, &at, 0);
    }
}

/// A property inside an object that no table declares.
fn undeclared(findings: &mut Findings, name: &str, at: &Path<'_>) {
    property_name(findings, name, at);
    findings.should(at, "custom-property", "STIX 2.1 §11.1", || {
        format!("{} is a custom property; new properties should be defined by an extension", quoted(name))
    });
}

fn property_name(findings: &mut Findings, name: &str, at: &Path<'_>) {
    if !crate::value::is_property_name(name) {
        findings.must(at, "property-name", "STIX 2.1 §7.3.2.1", || {
            format!("{} is not made of 3 to 250 of a-z, 0-9 and underscore", quoted(name))
        });
    }
}
