//! Which types there are, of which family, and where their tables are.

use crate::types::Shape;
use crate::{common, marking, meta, sco, sdo, sro};

/// The families of objects (§3.2): each has common properties of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// STIX domain objects (§4).
    Domain,
    /// STIX relationship objects (§5).
    Relationship,
    /// STIX cyber-observable objects (§6).
    Observable,
    /// Language content (§7.1).
    Language,
    /// Marking definitions (§7.2).
    Marking,
    /// Extension definitions (§7.3).
    Extension,
    /// The bundle (§8), which is no STIX object.
    Bundle,
}

impl Family {
    /// The table of its common properties.
    pub(crate) fn common(self) -> &'static Shape {
        match self {
            Family::Domain | Family::Relationship => &common::DOMAIN,
            Family::Observable => &common::OBSERVABLE,
            Family::Language => &common::LANGUAGE,
            Family::Marking => &common::MARKING,
            Family::Extension => &common::EXTENSION,
            Family::Bundle => &common::ENVELOPE,
        }
    }
}

/// What the standard says about a type.
pub(crate) struct Definition {
    pub(crate) family: Family,
    /// The table of its own properties.
    pub(crate) shape: &'static Shape,
    /// The properties that a deterministic id is made of (§3.4), for cyber-observable objects.
    pub(crate) contributing: &'static [&'static str],
    /// The predefined extensions (§3.10).
    pub(crate) extensions: &'static [&'static Shape],
}

/// The family of a type of the standard; `None` for custom types.
#[must_use]
pub fn family_of(kind: &str) -> Option<Family> {
    definition_of(kind).map(|definition| definition.family)
}

/// What the standard says about a type; `None` for custom types.
pub(crate) fn definition_of(kind: &str) -> Option<&'static Definition> {
    let at = DEFINITIONS.binary_search_by(|definition| definition.shape.name.cmp(kind)).ok()?;
    DEFINITIONS.get(at)
}

const fn plain(family: Family, shape: &'static Shape) -> Definition {
    Definition { family, shape, contributing: &[], extensions: &[] }
}

const fn observable(shape: &'static Shape, contributing: &'static [&'static str]) -> Definition {
    Definition { family: Family::Observable, shape, contributing, extensions: &[] }
}

const fn extended(
    shape: &'static Shape,
    contributing: &'static [&'static str],
    extensions: &'static [&'static Shape],
) -> Definition {
    Definition { family: Family::Observable, shape, contributing, extensions }
}

/// Every type of the standard, sorted by name, which a test holds.
pub(crate) static DEFINITIONS: &[Definition] = &[
    observable(&sco::file::ARTIFACT, &["hashes", "payload_bin"]),
    plain(Family::Domain, &sdo::ATTACK_PATTERN),
    observable(&sco::network::AUTONOMOUS_SYSTEM, &["number"]),
    plain(Family::Bundle, &crate::bundle::BUNDLE),
    plain(Family::Domain, &sdo::CAMPAIGN),
    plain(Family::Domain, &sdo::COURSE_OF_ACTION),
    observable(&sco::file::DIRECTORY, &["path"]),
    observable(&sco::network::DOMAIN_NAME, &["value"]),
    observable(&sco::email::EMAIL_ADDRESS, &["value"]),
    observable(&sco::email::EMAIL_MESSAGE, &["from_ref", "subject", "body"]),
    plain(Family::Extension, &meta::EXTENSION_DEFINITION),
    extended(
        &sco::file::FILE,
        &["hashes", "name", "extensions", "parent_directory_ref"],
        &[
            &sco::file::ARCHIVE_EXT,
            &sco::file::NTFS_EXT,
            &sco::file::PDF_EXT,
            &sco::file::RASTER_IMAGE_EXT,
            &sco::file::WINDOWS_PEBINARY_EXT,
        ],
    ),
    plain(Family::Domain, &sdo::GROUPING),
    plain(Family::Domain, &sdo::IDENTITY),
    plain(Family::Domain, &sdo::INCIDENT),
    plain(Family::Domain, &sdo::INDICATOR),
    plain(Family::Domain, &sdo::INFRASTRUCTURE),
    plain(Family::Domain, &sdo::INTRUSION_SET),
    observable(&sco::network::IPV4_ADDRESS, &["value"]),
    observable(&sco::network::IPV6_ADDRESS, &["value"]),
    plain(Family::Language, &meta::LANGUAGE_CONTENT),
    plain(Family::Domain, &sdo::LOCATION),
    observable(&sco::network::MAC_ADDRESS, &["value"]),
    plain(Family::Domain, &sdo::MALWARE),
    plain(Family::Domain, &sdo::MALWARE_ANALYSIS),
    plain(Family::Marking, &marking::MARKING_DEFINITION),
    observable(&sco::host::MUTEX, &["name"]),
    extended(
        &sco::network::NETWORK_TRAFFIC,
        &["start", "end", "src_ref", "dst_ref", "src_port", "dst_port", "protocols", "extensions"],
        &[
            &sco::network::HTTP_REQUEST_EXT,
            &sco::network::ICMP_EXT,
            &sco::network::SOCKET_EXT,
            &sco::network::TCP_EXT,
        ],
    ),
    plain(Family::Domain, &sdo::NOTE),
    plain(Family::Domain, &sdo::OBSERVED_DATA),
    plain(Family::Domain, &sdo::OPINION),
    extended(&sco::host::PROCESS, &[], &[&sco::host::WINDOWS_PROCESS_EXT, &sco::host::WINDOWS_SERVICE_EXT]),
    plain(Family::Relationship, &sro::RELATIONSHIP),
    plain(Family::Domain, &sdo::REPORT),
    plain(Family::Relationship, &sro::SIGHTING),
    observable(&sco::host::SOFTWARE, &["name", "cpe", "swid", "vendor", "version"]),
    plain(Family::Domain, &sdo::THREAT_ACTOR),
    plain(Family::Domain, &sdo::TOOL),
    observable(&sco::network::URL, &["value"]),
    extended(
        &sco::host::USER_ACCOUNT,
        &["account_type", "user_id", "account_login"],
        &[&sco::host::UNIX_ACCOUNT_EXT],
    ),
    plain(Family::Domain, &sdo::VULNERABILITY),
    observable(&sco::host::WINDOWS_REGISTRY_KEY, &["key", "values"]),
    observable(&sco::host::X509_CERTIFICATE, &["hashes", "serial_number"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_are_sorted_and_complete() {
        assert!(DEFINITIONS.is_sorted_by(|left, right| left.shape.name < right.shape.name));
        let count = |family| DEFINITIONS.iter().filter(|definition| definition.family == family).count();
        assert_eq!(
            (count(Family::Domain), count(Family::Relationship), count(Family::Observable)),
            (19, 2, 18)
        );
        for definition in DEFINITIONS {
            // `Judge` keeps which properties it has seen in the bits of one number.
            assert!(definition.shape.properties.len() <= 64);
            for name in definition.contributing {
                let own = definition.shape.properties.iter().any(|property| property.name == *name);
                assert!(own || *name == "extensions", "{} has {name}", definition.shape.name);
            }
        }
    }
}
