//! The Traffic Light Protocol: the marking definitions of TLP 1 (STIX 2.1 §7.2.1.4) and of TLP 2.0, which are an
//! extension that the OASIS committee published with fixed ids.

/// A level of TLP 2.0, from the most open to the most closed. The white of TLP 1 is clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// TLP:CLEAR: no limit on disclosure.
    Clear,
    /// TLP:GREEN: the recipient's community.
    Green,
    /// TLP:AMBER: the recipient's organisation and its clients.
    Amber,
    /// TLP:AMBER+STRICT: the recipient's organisation only.
    AmberStrict,
    /// TLP:RED: the recipient in person.
    Red,
}

/// Which TLP a marking speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Version {
    /// TLP 1, as STIX 2.0 and 2.1 define it.
    One,
    /// TLP 2.0 of FIRST.
    Two,
}

/// A marking definition of the Traffic Light Protocol.
#[derive(Debug, PartialEq, Eq)]
pub struct Marking {
    /// Which TLP it speaks.
    pub version: Version,
    /// Its level.
    pub level: Level,
    /// Its id.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its term: what `tlp` or `tlp_2_0` says.
    pub term: &'static str,
    /// When it was created.
    pub created: &'static str,
    /// The marking definition as JSON, to be given out.
    pub object: &'static str,
}

/// The id of the extension that the markings of TLP 2.0 use.
pub const EXTENSION: &str = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d";

/// Declares the markings, so that the object always says what the other fields say.
macro_rules! markings {
    (
        one { $($one:ident $one_id:literal $one_name:literal $one_term:literal,)* }
        two { $($two:ident $two_id:literal $two_name:literal $two_term:literal,)* }
    ) => {
        /// All markings: TLP 1, then TLP 2.0, each from the most open to the most closed.
        pub static MARKINGS: &[Marking] = &[
            $(Marking {
                version: Version::One,
                level: Level::$one,
                id: concat!("marking-definition--", $one_id),
                name: $one_name,
                term: $one_term,
                created: "2017-01-20T00:00:00.000Z",
                object: concat!(
                    r#"{"type":"marking-definition","spec_version":"2.1","id":"marking-definition--"#, $one_id,
                    r#"","created":"2017-01-20T00:00:00.000Z","definition_type":"tlp","name":""#, $one_name,
                    r#"","definition":{"tlp":""#, $one_term, r#""}}"#,
                ),
            },)*
            $(Marking {
                version: Version::Two,
                level: Level::$two,
                id: concat!("marking-definition--", $two_id),
                name: $two_name,
                term: $two_term,
                created: "2022-10-01T00:00:00.000Z",
                object: concat!(
                    r#"{"type":"marking-definition","spec_version":"2.1","id":"marking-definition--"#, $two_id,
                    r#"","created":"2022-10-01T00:00:00.000Z","name":""#, $two_name,
                    r#"","extensions":{"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d":"#,
                    r#"{"extension_type":"property-extension","tlp_2_0":""#, $two_term, r#""}}}"#,
                ),
            },)*
        ];
    };
}

markings! {
    one {
        Clear "613f2e26-407d-48c7-9eca-b8e91df99dc9" "TLP:WHITE" "white",
        Green "34098fce-860f-48ae-8e50-ebd3cc5e41da" "TLP:GREEN" "green",
        Amber "f88d31f6-486f-44da-b317-01333bde0b82" "TLP:AMBER" "amber",
        Red "5e57c739-391a-4eb3-b6be-7d15ca92d5ed" "TLP:RED" "red",
    }
    two {
        Clear "94868c89-83c2-464b-929b-a1a8aa3c8487" "TLP:CLEAR" "clear",
        Green "bab4a63c-aed9-4cf5-a766-dfca5abac2bb" "TLP:GREEN" "green",
        Amber "55d920b0-5e8b-4f79-9ee9-91f868d9b421" "TLP:AMBER" "amber",
        AmberStrict "939a9414-2ddd-4d32-a0cd-375ea402b003" "TLP:AMBER+STRICT" "amber+strict",
        Red "e828b379-4e03-4974-9ac4-e53a884c97c1" "TLP:RED" "red",
    }
}

/// The marking that has this id.
#[must_use]
pub fn marking(id: &str) -> Option<&'static Marking> {
    MARKINGS.iter().find(|marking| marking.id == id)
}

/// The level that a marking with this id sets; `None` for other markings.
#[must_use]
pub fn level(id: &str) -> Option<Level> {
    marking(id).map(|marking| marking.level)
}

impl Level {
    /// The marking of this level; TLP 1 has none for [`Level::AmberStrict`].
    #[must_use]
    pub fn marking(self, version: Version) -> Option<&'static Marking> {
        MARKINGS.iter().find(|marking| marking.version == version && marking.level == self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_directions_and_conforming_objects() {
        for marking in MARKINGS {
            assert_eq!(level(marking.id), Some(marking.level));
            assert_eq!(marking.level.marking(marking.version), Some(marking));
            let node = strictjson::parse(marking.object.as_bytes(), &strictjson::Limits::default()).unwrap();
            let checked = crate::check(&node, &crate::Limits::default());
            assert!(checked.findings.is_empty(), "{}: {checked:?}", marking.name);
        }
        assert_eq!(level("marking-definition--00000000-0000-4000-8000-000000000000"), None);
        assert_eq!(Level::AmberStrict.marking(Version::One), None);
        assert!(
            Level::Clear < Level::Green
                && Level::Amber < Level::AmberStrict
                && Level::AmberStrict < Level::Red
        );
    }
}
