//! Judging one object against the standard.
//!
//! What is said about absent data is limited to what the standard requires, and to names and descriptions where it asks
//! for them; that a hash, a language or a port *should* have been given too is left unsaid, since it says nothing about
//! the data that is there.

mod dictionary;
mod extension;
mod identity;
mod rules;
mod value;

use crate::family::{Definition, Family, definition_of};
use crate::finding::{Checked, Findings, Path, quoted};
use crate::id::check_type_name;
use crate::types::{Property, Shape};
use crate::{Limits, SpecVersion};
use extension::Custom;
use strictjson::{Member, Node, Object};

/// Checks one object: a STIX object of any type, or a bundle with its objects, whose findings then have pointers from
/// the bundle.
///
/// The object is taken to be of STIX 2.1; [`detect`] tells which version it follows, and for one of 2.0 check what
/// [`upgrade`](crate::upgrade()) makes of it.
#[must_use]
pub fn check(node: &Node<'_>, limits: &Limits) -> Checked {
    let mut findings = Findings::new(*limits);
    check_at(&mut findings, node, &Path::Root);
    findings.finish()
}

/// Checks what stands at a path: the object itself, or one in a bundle.
fn check_at(findings: &mut Findings, node: &Node<'_>, path: &Path<'_>) {
    let Some(object) = node.as_object() else {
        findings.must(path, "not-an-object", "STIX 2.1 §3.2", || {
            format!("a STIX object is a JSON object, not {}", node.a_kind())
        });
        return;
    };
    let Some(kind) = object.get("type").and_then(Node::as_str) else {
        findings
            .must(path, "missing-property", "STIX 2.1 §3.2", || "`type` must be there, as a string".into());
        return;
    };
    match definition_of(kind) {
        Some(definition) => standard_object(findings, object, definition, path),
        None => custom_object(findings, object, kind, path),
    }
    identity::check(findings, object, kind, path);
}

/// An object of a type that the standard defines.
fn standard_object(findings: &mut Findings, object: &Object<'_>, definition: &Definition, path: &Path<'_>) {
    let judge = Judge {
        definition: Some(definition),
        custom: Custom::of(object),
        defanged: object.get("defanged").and_then(Node::as_bool).unwrap_or(false),
    };
    judge.members(findings, object, &[definition.shape, definition.family.common()], path);
    judge.markings(findings, object, path);
}

/// An object of a type that the standard does not define (§7.3, §11.2).
fn custom_object(findings: &mut Findings, object: &Object<'_>, kind: &str, path: &Path<'_>) {
    let custom = Custom::of(object);
    if let Err(error) = check_type_name(kind) {
        findings.must(&path.key("type"), "type-name", "STIX 2.1 §3.1", || {
            format!("{} is no type name: {error}", quoted(kind))
        });
    }
    if custom.new_object.is_none() {
        findings.should(&path.key("type"), "custom-object", "STIX 2.1 §11.2", || {
            format!("{} is a custom type; new types should be defined by an extension", quoted(kind))
        });
        if !kind.starts_with("x-") {
            findings.should(&path.key("type"), "custom-object-prefix", "STIX 2.1 §11.2.1", || {
                format!("{} should begin with `x-`", quoted(kind))
            });
        }
    }
    let judge = Judge { definition: None, custom, defanged: false };
    judge.members(findings, object, &[custom_family(object, custom).common()], path);
    judge.markings(findings, object, path);
}

/// The family whose common properties a custom object has: what its extension says, else what it looks like. Without an
/// extension, one that is not versioned can only be an observable.
fn custom_family(object: &Object<'_>, custom: Custom) -> Family {
    let versioned = object.contains_key("created") || object.contains_key("modified");
    custom.new_object.unwrap_or(if versioned { Family::Domain } else { Family::Observable })
}

/// What is known about an object while its values are judged.
struct Judge<'d> {
    /// `None` for custom types.
    definition: Option<&'d Definition>,
    custom: Custom,
    /// Defanged values are broken on purpose (§3.2), so rules about their form do not apply.
    defanged: bool,
}

impl Judge<'_> {
    /// The members of an object against its tables: each value, what is missing, and what binds several.
    fn members(&self, findings: &mut Findings, object: &Object<'_>, shapes: &[&Shape], path: &Path<'_>) {
        let mut seen = [0_u64; 2];
        for member in &object.members {
            let rows = shapes.iter().zip(&mut seen);
            let found = rows
                .filter_map(|(shape, seen)| row(shape, &member.key).map(|(at, row)| (shape, seen, at, row)))
                .next();
            match found {
                Some((shape, seen, at, property)) => {
                    *seen |= 1 << at;
                    self.value(findings, &property.kind, &member.node, &path.key(&member.key), shape.clause);
                }
                None => self.undeclared(findings, member, path),
            }
        }
        for (shape, seen) in shapes.iter().zip(seen) {
            for (at, property) in shape.properties.iter().enumerate() {
                if property.required && seen & (1 << at) == 0 {
                    findings.must(path, "missing-property", shape.clause, || {
                        format!("`{}` must be there", property.name)
                    });
                }
            }
            for rule in shape.rules {
                rules::apply(findings, rule, object, shape, path);
            }
        }
    }

    /// A member of the object itself that no table declares.
    fn undeclared(&self, findings: &mut Findings, member: &Member<'_>, path: &Path<'_>) {
        let at = path.key(&member.key);
        let name = member.key.as_ref();
        if name == "defanged" {
            findings.must(&at, "property-not-applicable", "STIX 2.1 §3.2", || {
                "`defanged` must only be used on cyber-observable objects".into()
            });
        } else if crate::common::is_common(name) {
            findings.should(&at, "property-not-applicable", "STIX 2.1 §3.2", || {
                format!("`{name}` is not applicable to this type")
            });
        } else if matches!(name, "severity" | "username" | "phone_number" | "action") {
            findings.must(&at, "reserved-property", "STIX 2.1 §3.8", || {
                format!("`{name}` is reserved for future use")
            });
        } else {
            self.custom_property(findings, name, &at);
        }
        dictionary::custom_value(findings, &member.node, &at, 0);
    }

    /// The name of a custom property, and whether an extension announces it (§7.3.2.1, §11.1.1).
    fn custom_property(&self, findings: &mut Findings, name: &str, at: &Path<'_>) {
        if !crate::value::is_property_name(name) {
            findings.must(at, "property-name", "STIX 2.1 §11.1.1", || {
                format!("{} is not made of 3 to 250 of a-z, 0-9 and underscore", quoted(name))
            });
        }
        // The properties of a custom type are its own.
        let Some(definition) = self.definition else { return };
        if !self.custom.toplevel && definition.family != Family::Bundle {
            findings.should(at, "custom-property", "STIX 2.1 §11.1", || {
                format!(
                    "{} is a custom property; new properties should be defined by an extension",
                    quoted(name)
                )
            });
            if !name.starts_with("x_") {
                findings.should(at, "custom-property-prefix", "STIX 2.1 §11.1.1", || {
                    format!("{} should begin with `x_`", quoted(name))
                });
            }
        }
    }

    /// §7.2.3.1: the selectors of granular markings select something.
    fn markings(&self, findings: &mut Findings, object: &Object<'_>, path: &Path<'_>) {
        let Some(markings) = object.get("granular_markings").and_then(Node::as_array) else { return };
        let list = path.key("granular_markings");
        let mut steps_left = crate::reference::MAX_SELECTOR_STEPS;
        for (place, marking) in markings.iter().enumerate() {
            let selectors = marking.get("selectors").and_then(Node::as_array).unwrap_or(&[]);
            for (index, node) in selectors.iter().enumerate() {
                let Some(selector) = node.as_str() else { continue };
                if steps_left == 0 {
                    findings.must(&list, "too-many-selectors", "STIX 2.1 §7.2.3.1", || {
                        "more selectors than can be judged in an object of this size".into()
                    });
                    return;
                }
                if crate::reference::select_in(object, selector, &mut steps_left).is_none() {
                    let marking = list.index(place);
                    let at = marking.key("selectors");
                    findings.must(&at.index(index), "selector", "STIX 2.1 §7.2.3.1", || {
                        format!("{} selects nothing in this object", quoted(selector))
                    });
                }
            }
        }
    }
}

/// The row of a table, with its place.
fn row<'s>(shape: &'s Shape, name: &str) -> Option<(usize, &'s Property)> {
    shape.properties.iter().enumerate().find(|(_, property)| property.name == name)
}

/// Which version of the standard an object follows, given what its bundle states (`spec_version` of a bundle, which
/// only STIX 2.0 has).
///
/// An object of 2.1 says so, but a cyber-observable object need not; in 2.0 there are none outside of observed data. So
/// what says nothing and is no observable is of 2.0.
#[must_use]
pub fn detect(node: &Node<'_>, bundle_version: Option<&str>) -> SpecVersion {
    let Some(object) = node.as_object() else { return SpecVersion::V21 };
    match object.get("spec_version").and_then(Node::as_str) {
        Some("2.0") => return SpecVersion::V20,
        Some(_) if object.get("type").and_then(Node::as_str) != Some("bundle") => return SpecVersion::V21,
        _ => {}
    }
    let kind = object.get("type").and_then(Node::as_str).unwrap_or_default();
    match crate::family::family_of(kind) {
        Some(Family::Observable | Family::Language | Family::Extension) => SpecVersion::V21,
        Some(Family::Bundle) => SpecVersion::V21,
        Some(_) => SpecVersion::V20,
        None if Custom::of(object).new_object.is_some() => SpecVersion::V21,
        None if bundle_version == Some("2.0") => SpecVersion::V20,
        None => match custom_family(object, Custom::default()) {
            Family::Observable => SpecVersion::V21,
            _ => SpecVersion::V20,
        },
    }
}
