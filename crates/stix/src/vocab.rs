//! §10: vocabularies and enumerations, with the additions of Errata 01.

/// The terms of a vocabulary.
pub struct Vocabulary {
    /// Its name in the standard.
    pub name: &'static str,
    /// Its clause.
    pub clause: &'static str,
    /// Whether other terms may be used (§2.14) or not (§2.4).
    pub openness: Openness,
    /// The terms, sorted.
    pub terms: &'static [&'static str],
}

/// Whether terms beside the listed ones may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Openness {
    /// An enumeration: the value MUST be one of the terms.
    Closed,
    /// A vocabulary: the value SHOULD be one of the terms.
    Open,
}

impl Vocabulary {
    /// Whether the text is one of the terms.
    #[must_use]
    pub fn contains(&self, text: &str) -> bool {
        self.terms.binary_search(&text).is_ok()
    }
}

/// The vocabulary behind a name of this module.
pub trait VocabularyTable {
    /// The terms.
    const TABLE: &'static Vocabulary;
}

/// Declares the vocabularies; terms are sorted by their bytes, which a test holds.
macro_rules! vocabularies {
    ($($(#[$doc:meta])* $name:ident: $text:literal, $clause:literal, $openness:ident [$($term:literal,)*];)*) => {
        $(
            $(#[$doc])*
            pub struct $name;

            impl VocabularyTable for $name {
                const TABLE: &'static Vocabulary = &Vocabulary {
                    name: $text,
                    clause: $clause,
                    openness: Openness::$openness,
                    terms: &[$($term,)*],
                };
            }
        )*

        /// All vocabularies of §10, in its order.
        pub static ALL: &[&Vocabulary] = &[$($name::TABLE,)*];
    };
}

vocabularies! {
    /// Kinds of user accounts (§10.1).
    AccountType: "account-type-ov", "STIX 2.1 §10.1", Open [
        "facebook", "ldap", "nis", "openid", "radius", "skype", "tacacs", "twitter", "unix",
        "windows-domain", "windows-local",
    ];
    /// Why somebody attacks (§10.2).
    AttackMotivation: "attack-motivation-ov", "STIX 2.1 §10.2", Open [
        "accidental", "coercion", "dominance", "ideology", "notoriety", "organizational-gain",
        "personal-gain", "personal-satisfaction", "revenge", "unpredictable",
    ];
    /// What resources an attacker has (§10.3).
    AttackResourceLevel: "attack-resource-level-ov", "STIX 2.1 §10.3", Open [
        "club", "contest", "government", "individual", "organization", "team",
    ];
    /// How an artifact is encrypted (§10.4).
    EncryptionAlgorithm: "encryption-algorithm-enum", "STIX 2.1 §10.4", Closed [
        "AES-256-GCM", "ChaCha20-Poly1305", "mime-type-indicated",
    ];
    /// What an extension adds (§10.5).
    ExtensionType: "extension-type-enum", "STIX 2.1 §10.5", Closed [
        "new-sco", "new-sdo", "new-sro", "property-extension", "toplevel-property-extension",
    ];
    /// What a grouping has in common (§10.6).
    GroupingContext: "grouping-context-ov", "STIX 2.1 §10.6", Open [
        "malware-analysis", "suspicious-activity", "unspecified",
    ];
    /// Hashing algorithms (§10.7).
    HashingAlgorithm: "hash-algorithm-ov", "STIX 2.1 §10.7", Open [
        "MD5", "SHA-1", "SHA-256", "SHA-512", "SHA3-256", "SHA3-512", "SSDEEP", "TLSH",
    ];
    /// Kinds of identities (§10.8).
    IdentityClass: "identity-class-ov", "STIX 2.1 §10.8", Open [
        "class", "group", "individual", "organization", "system", "unknown",
    ];
    /// Programming languages (§10.9).
    ImplementationLanguage: "implementation-language-ov", "STIX 2.1 §10.9", Open [
        "applescript", "bash", "c", "c#", "c++", "go", "java", "javascript", "lua", "objective-c", "perl",
        "php", "powershell", "python", "ruby", "rust", "scala", "swift", "typescript", "visual-basic",
        "x86-32", "x86-64",
    ];
    /// What an indicator indicates (§10.10).
    IndicatorType: "indicator-type-ov", "STIX 2.1 §10.10", Open [
        "anomalous-activity", "anonymization", "attribution", "benign", "compromised",
        "malicious-activity", "unknown",
    ];
    /// Industry sectors (§10.11).
    IndustrySector: "industry-sector-ov", "STIX 2.1 §10.11", Open [
        "aerospace", "agriculture", "automotive", "chemical", "commercial", "communications",
        "construction", "dams", "defense", "education", "emergency-services", "energy", "entertainment",
        "financial-services", "government", "government-local", "government-national",
        "government-public-services", "government-regional", "healthcare", "hospitality-leisure",
        "infrastructure", "insurance", "legal", "manufacturing", "mining", "non-profit", "nuclear",
        "pharmaceuticals", "retail", "technology", "telecommunications", "transportation", "utilities",
        "water",
    ];
    /// Kinds of infrastructure (§10.12).
    InfrastructureType: "infrastructure-type-ov", "STIX 2.1 §10.12", Open [
        "amplification", "anonymization", "botnet", "command-and-control", "control-system",
        "exfiltration", "firewall", "hosting-malware", "hosting-target-lists", "phishing",
        "reconnaissance", "routers-switches", "staging", "unknown", "workstation",
    ];
    /// Results of malware analyses (§10.13).
    MalwareResult: "malware-result-ov", "STIX 2.1 §10.13", Open [
        "benign", "malicious", "suspicious", "unknown",
    ];
    /// What malware can do (§10.14).
    MalwareCapability: "malware-capabilities-ov", "STIX 2.1 §10.14", Open [
        "accesses-remote-machines", "anti-debugging", "anti-disassembly", "anti-emulation",
        "anti-memory-forensics", "anti-sandbox", "anti-vm", "captures-input-peripherals",
        "captures-output-peripherals", "captures-system-state-data", "cleans-traces-of-infection",
        "commits-fraud", "communicates-with-c2", "compromises-data-availability",
        "compromises-data-integrity", "compromises-system-availability", "controls-local-machine",
        "degrades-security-software", "degrades-system-updates", "determines-c2-server", "emails-spam",
        "escalates-privileges", "evades-av", "exfiltrates-data", "fingerprints-host", "hides-artifacts",
        "hides-executing-code", "infects-files", "infects-remote-machines", "installs-other-components",
        "persists-after-system-reboot", "prevents-artifact-access", "prevents-artifact-deletion",
        "probes-network-environment", "self-modifies", "steals-authentication-credentials",
        "violates-system-operational-integrity",
    ];
    /// Kinds of malware (§10.15).
    MalwareType: "malware-type-ov", "STIX 2.1 §10.15", Open [
        "adware", "backdoor", "bootkit", "bot", "ddos", "downloader", "dropper", "exploit-kit",
        "keylogger", "ransomware", "remote-access-trojan", "resource-exploitation",
        "rogue-security-software", "rootkit", "screen-capture", "spyware", "trojan", "unknown", "virus",
        "webshell", "wiper", "worm",
    ];
    /// Address families of sockets (§10.16).
    SocketAddressFamily: "network-socket-address-family-enum", "STIX 2.1 §10.16", Closed [
        "AF_APPLETALK", "AF_BTH", "AF_INET", "AF_INET6", "AF_IPX", "AF_IRDA", "AF_NETBIOS", "AF_UNSPEC",
    ];
    /// Types of sockets (§10.17).
    SocketType: "network-socket-type-enum", "STIX 2.1 §10.17", Closed [
        "SOCK_DGRAM", "SOCK_RAW", "SOCK_RDM", "SOCK_SEQPACKET", "SOCK_STREAM",
    ];
    /// How far one agrees (§10.18).
    OpinionValue: "opinion-enum", "STIX 2.1 §10.18", Closed [
        "agree", "disagree", "neutral", "strongly-agree", "strongly-disagree",
    ];
    /// Pattern languages (§10.19).
    PatternType: "pattern-type-ov", "STIX 2.1 §10.19", Open [
        "pcre", "sigma", "snort", "stix", "suricata", "yara",
    ];
    /// Processor architectures (§10.20).
    ProcessorArchitecture: "processor-architecture-ov", "STIX 2.1 §10.20", Open [
        "alpha", "arm", "ia-64", "mips", "powerpc", "sparc", "x86", "x86-64",
    ];
    /// Regions of the world (§10.21).
    Region: "region-ov", "STIX 2.1 §10.21", Open [
        "africa", "americas", "antarctica", "asia", "australia-new-zealand", "caribbean",
        "central-america", "central-asia", "eastern-africa", "eastern-asia", "eastern-europe", "europe",
        "latin-america-caribbean", "melanesia", "micronesia", "middle-africa", "northern-africa",
        "northern-america", "northern-europe", "oceania", "polynesia", "south-america",
        "south-eastern-asia", "southern-africa", "southern-asia", "southern-europe", "western-africa",
        "western-asia", "western-europe",
    ];
    /// What a report is about (§10.22).
    ReportType: "report-type-ov", "STIX 2.1 §10.22", Open [
        "attack-pattern", "campaign", "identity", "incident", "indicator", "intrusion-set", "malware",
        "observed-data", "threat-actor", "threat-report", "tool", "vulnerability",
    ];
    /// Kinds of threat actors (§10.23).
    ThreatActorType: "threat-actor-type-ov", "STIX 2.1 §10.23", Open [
        "activist", "competitor", "crime-syndicate", "criminal", "hacker", "insider-accidental",
        "insider-disgruntled", "nation-state", "private-sector", "sensationalist", "spy", "terrorist",
        "unknown",
    ];
    /// Roles of threat actors (§10.24).
    ThreatActorRole: "threat-actor-role-ov", "STIX 2.1 §10.24", Open [
        "agent", "director", "independent", "infrastructure-architect", "infrastructure-operator",
        "malware-author", "sponsor",
    ];
    /// Skills of threat actors (§10.25).
    ThreatActorSophistication: "threat-actor-sophistication-ov", "STIX 2.1 §10.25", Open [
        "advanced", "expert", "innovator", "intermediate", "minimal", "none", "strategic",
    ];
    /// Kinds of tools (§10.26).
    ToolType: "tool-type-ov", "STIX 2.1 §10.26", Open [
        "credential-exploitation", "denial-of-service", "exploitation", "information-gathering",
        "network-capture", "remote-access", "unknown", "vulnerability-scanning",
    ];
    /// Integrity levels of Windows processes (§10.27).
    WindowsIntegrityLevel: "windows-integrity-level-enum", "STIX 2.1 §10.27", Closed [
        "high", "low", "medium", "system",
    ];
    /// Kinds of PE binaries (§10.28).
    WindowsPeBinaryType: "windows-pebinary-type-ov", "STIX 2.1 §10.28", Open [
        "dll", "exe", "sys",
    ];
    /// Types of registry values (§10.29).
    WindowsRegistryDatatype: "windows-registry-datatype-enum", "STIX 2.1 §10.29", Closed [
        "REG_BINARY", "REG_DWORD", "REG_DWORD_BIG_ENDIAN", "REG_DWORD_LITTLE_ENDIAN", "REG_EXPAND_SZ",
        "REG_FULL_RESOURCE_DESCRIPTION", "REG_INVALID_TYPE", "REG_LINK", "REG_MULTI_SZ", "REG_NONE",
        "REG_QWORD", "REG_RESOURCE_LIST", "REG_RESOURCE_REQUIREMENTS_LIST", "REG_SZ",
    ];
    /// How Windows services start (§10.30).
    WindowsServiceStartType: "windows-service-start-type-enum", "STIX 2.1 §10.30", Closed [
        "SERVICE_AUTO_START", "SERVICE_BOOT_START", "SERVICE_DEMAND_START", "SERVICE_DISABLED",
        "SERVICE_SYSTEM_ALERT",
    ];
    /// Types of Windows services (§10.31).
    WindowsServiceType: "windows-service-type-enum", "STIX 2.1 §10.31", Closed [
        "SERVICE_FILE_SYSTEM_DRIVER", "SERVICE_KERNEL_DRIVER", "SERVICE_WIN32_OWN_PROCESS",
        "SERVICE_WIN32_SHARE_PROCESS",
    ];
    /// States of Windows services (§10.32).
    WindowsServiceStatus: "windows-service-status-enum", "STIX 2.1 §10.32", Closed [
        "SERVICE_CONTINUE_PENDING", "SERVICE_PAUSED", "SERVICE_PAUSE_PENDING", "SERVICE_RUNNING",
        "SERVICE_START_PENDING", "SERVICE_STOPPED", "SERVICE_STOP_PENDING",
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_sorted_and_found() {
        assert_eq!(ALL.len(), 32);
        for vocabulary in ALL {
            assert!(vocabulary.terms.is_sorted_by(|left, right| left < right), "{}", vocabulary.name);
            assert!(vocabulary.terms.iter().all(|term| vocabulary.contains(term)), "{}", vocabulary.name);
            assert!(!vocabulary.contains("no-such-term"));
        }
    }
}
