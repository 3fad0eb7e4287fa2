//! Client profiles: what a kind of client needs that the standard does not give it.
//!
//! This table is the only place that knows a client's name. A token names its profile; a token that names none, and a
//! visitor, get the one whose clients say so in `User-Agent`, else the standard. Most clients cannot be told apart by
//! `User-Agent`: the OpenCTI connector, Cortex XSOAR and scripts all say `taxii2-client`, OpenCTI's own ingester says
//! what axios says. For those the token is the place.

mod rewrite;

use node::ListEntry;

/// What a kind of client needs.
#[derive(Debug, PartialEq, Eq)]
pub struct Profile {
    /// The name by which tokens choose it.
    pub name: &'static str,
    /// What its clients begin their `User-Agent` with; empty where that tells nothing.
    pub user_agents: &'static [&'static str],
    /// What an envelope without objects looks like.
    pub empty: Empty,
    /// What `X-TAXII-Date-Added-Last` says on a page without objects.
    pub last_of_empty: LastOfEmpty,
    /// Whether each object says which STIX it is.
    pub spec_version: SpecVersion,
    /// Which TLP markings an object bears.
    pub markings: Markings,
    /// Why, and how we know.
    pub reason: &'static str,
}

/// What an envelope without objects looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Empty {
    /// Without `objects`: TAXII 2.1 §2 forbids empty lists.
    Omitted,
    /// `"objects":[]`.
    List,
}

/// What `X-TAXII-Date-Added-Last` says on a page without objects, where the standard says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastOfEmpty {
    /// It is not there.
    Omitted,
    /// The `added_after` of the request: nothing is newer.
    AddedAfter,
}

/// Whether each object says which STIX it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpecVersion {
    /// As its author wrote it: STIX 2.1 §3.2 makes it optional on observables.
    AsWritten,
    /// Always.
    Always,
}

/// Which TLP markings an object bears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Markings {
    /// As its author wrote them.
    AsWritten,
    /// Those, and the TLP 1 marking of its label. AMBER+STRICT has none and gets RED, which is never looser.
    WithTlp1,
}

/// Every profile. The first is the standard.
pub static PROFILES: [Profile; 5] = [
    Profile {
        name: "standard",
        user_agents: &[],
        empty: Empty::Omitted,
        last_of_empty: LastOfEmpty::Omitted,
        spec_version: SpecVersion::AsWritten,
        markings: Markings::AsWritten,
        reason: "TAXII 2.1 as written. taxii2-client 2.3.0 and stix2 3.0.2 were run against it.",
    },
    Profile {
        name: "elastic",
        user_agents: &["Elastic-Filebeat/", "Elastic-Agent/"],
        empty: Empty::List,
        last_of_empty: LastOfEmpty::AddedAfter,
        spec_version: SpecVersion::AsWritten,
        markings: Markings::AsWritten,
        reason: "Elastic Agent ti_custom, cel.yml.hbs: maps over `body.objects` without asking whether it is there, \
                 and takes its cursor from X-TAXII-Date-Added-Last of every answer, empty ones too. User-Agent: \
                 elastic-agent-libs, useragent.UserAgent(\"Filebeat\").",
    },
    Profile {
        name: "opencti",
        user_agents: &[],
        empty: Empty::Omitted,
        last_of_empty: LastOfEmpty::AddedAfter,
        spec_version: SpecVersion::Always,
        markings: Markings::AsWritten,
        reason: "OpenCTI external-import/taxii2, client_taxii.py: reads `spec_version` of the first object and goes \
                 into its TAXII 2.0 loop when there is none. ingestionManager.ts: without the header it goes on from \
                 its own clock.",
    },
    Profile {
        name: "xsoar",
        user_agents: &[],
        empty: Empty::List,
        last_of_empty: LastOfEmpty::Omitted,
        spec_version: SpecVersion::AsWritten,
        markings: Markings::WithTlp1,
        reason: "Cortex XSOAR, TAXII2ApiModule.py: knows the four TLP 1 ids only, and works around envelopes without \
                 `objects`.",
    },
    Profile {
        name: "tlp1",
        user_agents: &[],
        empty: Empty::Omitted,
        last_of_empty: LastOfEmpty::Omitted,
        spec_version: SpecVersion::AsWritten,
        markings: Markings::WithTlp1,
        reason: "Any consumer from before August 2022, when FIRST published TLP 2.0: it knows the markings of STIX \
                 2.1 §7.2.1.4 only.",
    },
];

impl Profile {
    /// The profile as the standard has it.
    #[must_use]
    pub fn standard() -> &'static Profile {
        let [standard, ..] = &PROFILES;
        standard
    }

    /// The profile of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Profile> {
        PROFILES.iter().find(|profile| profile.name == name)
    }

    /// The profile of a token, else of a `User-Agent`, else the standard.
    #[must_use]
    pub fn of(token: Option<&str>, user_agent: Option<&str>) -> &'static Profile {
        let by_agent = |agent: &str| {
            PROFILES.iter().find(|profile| profile.user_agents.iter().any(|begin| agent.starts_with(begin)))
        };
        token
            .and_then(Profile::named)
            .or_else(|| user_agent.and_then(by_agent))
            .unwrap_or(Profile::standard())
    }

    /// Whether each object is served as its author wrote it, byte for byte.
    #[must_use]
    pub fn is_as_written(&self) -> bool {
        self.spec_version == SpecVersion::AsWritten && self.markings == Markings::AsWritten
    }

    /// Writes an entry's object as this kind of client needs it. As the author wrote it, byte for byte, wherever the
    /// profile does not say otherwise.
    pub fn write(&self, entry: &ListEntry<'_>, to: &mut Vec<u8>) {
        if self.is_as_written() || rewrite::write(self, entry, to).is_none() {
            to.extend_from_slice(entry.wire);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_chooses_then_the_user_agent() {
        let of = |token, agent| Profile::of(token, agent).name;
        let elastic = Some("Elastic-Filebeat/8.15.0 (linux; amd64; abc; 2024-08-01; x)");
        assert_eq!(of(None, None), "standard");
        assert_eq!(of(None, Some("taxii2-client/2.3.0")), "standard");
        assert_eq!(of(None, elastic), "elastic");
        assert_eq!(of(Some("xsoar"), elastic), "xsoar");
        assert_eq!(of(Some("standard"), elastic), "standard");
        assert_eq!(of(Some("gone"), elastic), "elastic");
    }
}
