//! Any object, by its type.

use crate::bundle::Bundle;
use crate::common::{Common, common};
use crate::marking::MarkingDefinition;
use crate::meta::{ExtensionDefinition, LanguageContent};
use crate::sco::email::{EmailAddress, EmailMessage};
use crate::sco::file::{Artifact, Directory, File};
use crate::sco::host::{Mutex, Process, Software, UserAccount, WindowsRegistryKey, X509Certificate};
use crate::sco::network::{
    AutonomousSystem, DomainName, Ipv4Address, Ipv6Address, MacAddress, NetworkTraffic, Url,
};
use crate::sdo::{
    AttackPattern, Campaign, CourseOfAction, Grouping, Identity, Incident, Indicator, Infrastructure,
    IntrusionSet, Location, Malware, MalwareAnalysis, Note, ObservedData, Opinion, Report, ThreatActor, Tool,
    Vulnerability,
};
use crate::sro::{Relationship, Sighting};
use strictjson::Node;

/// Declares the variants and how they are told apart.
macro_rules! objects {
    ($($view:ident $name:literal,)*) => {
        /// A typed view of any object, borrowed from its node.
        #[derive(Debug, Clone, Copy)]
        pub enum Object<'a> {
            $(
                #[doc = concat!("`", $name, "`.")]
                $view($view<'a>),
            )*
            /// A type that the standard does not define.
            Custom(Common<'a>),
        }

        impl<'a> Object<'a> {
            /// Reads an object by its `type`; `None` when it has none, or lacks a property that its type requires.
            #[must_use]
            pub fn from_node(node: &'a Node<'a>) -> Option<Object<'a>> {
                match node.get("type")?.as_str()? {
                    $($name => $view::from_node(node).map(Object::$view),)*
                    _ => Some(Object::Custom(common(node))),
                }
            }

            /// The common properties.
            #[must_use]
            pub fn common(&self) -> &Common<'a> {
                match self {
                    $(Object::$view(view) => &view.common,)*
                    Object::Custom(common) => common,
                }
            }
        }

        /// The types that have a view, for the test that none is missing.
        #[cfg(test)]
        const VIEWED: &[&str] = &[$($name,)*];
    };
}

objects! {
    AttackPattern "attack-pattern",
    Campaign "campaign",
    CourseOfAction "course-of-action",
    Grouping "grouping",
    Identity "identity",
    Incident "incident",
    Indicator "indicator",
    Infrastructure "infrastructure",
    IntrusionSet "intrusion-set",
    Location "location",
    Malware "malware",
    MalwareAnalysis "malware-analysis",
    Note "note",
    ObservedData "observed-data",
    Opinion "opinion",
    Report "report",
    ThreatActor "threat-actor",
    Tool "tool",
    Vulnerability "vulnerability",
    Relationship "relationship",
    Sighting "sighting",
    Artifact "artifact",
    AutonomousSystem "autonomous-system",
    Directory "directory",
    DomainName "domain-name",
    EmailAddress "email-addr",
    EmailMessage "email-message",
    File "file",
    Ipv4Address "ipv4-addr",
    Ipv6Address "ipv6-addr",
    MacAddress "mac-addr",
    Mutex "mutex",
    NetworkTraffic "network-traffic",
    Process "process",
    Software "software",
    Url "url",
    UserAccount "user-account",
    WindowsRegistryKey "windows-registry-key",
    X509Certificate "x509-certificate",
    LanguageContent "language-content",
    MarkingDefinition "marking-definition",
    ExtensionDefinition "extension-definition",
    Bundle "bundle",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_a_view() {
        for definition in crate::family::DEFINITIONS {
            assert!(VIEWED.contains(&definition.shape.name), "{}", definition.shape.name);
        }
        assert_eq!(VIEWED.len(), crate::family::DEFINITIONS.len());
    }
}
