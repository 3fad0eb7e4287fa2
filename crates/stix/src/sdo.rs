//! §4: the STIX domain objects, in the order of the standard.

use crate::common::KillChainPhase;
use crate::types::{
    Container, CountryText, Decimal, Flag, Float, List, LowerText, Reference, ReservedValue, Rule, Term,
    Text, Time, ToAny, ToFileOrArtifact, ToObservable, ToObservableOrRelationship, ToSample, ToSoftware,
    Whole,
};
use crate::vocab::{
    AttackMotivation, AttackResourceLevel, GroupingContext, IdentityClass, ImplementationLanguage,
    IndicatorType, IndustrySector, InfrastructureType, MalwareCapability, MalwareResult, MalwareType,
    OpinionValue, PatternType, ProcessorArchitecture, Region, ReportType, ThreatActorRole,
    ThreatActorSophistication, ThreatActorType, ToolType,
};

mod rules;

object! {
    /// How adversaries attempt to compromise targets (§4.1).
    AttackPattern, ATTACK_PATTERN: "attack-pattern", "STIX 2.1 §4.1" {
        required name: Text,
        optional description: Text,
        optional aliases: List<Text>,
        optional kill_chain_phases: List<KillChainPhase<'static>>,
    }
    rules []
}

object! {
    /// Malicious activities over a time against certain targets (§4.2).
    Campaign, CAMPAIGN: "campaign", "STIX 2.1 §4.2" {
        required name: Text,
        optional description: Text,
        optional aliases: List<Text>,
        optional first_seen: Time,
        optional last_seen: Time,
        optional objective: Text,
    }
    rules [Rule::NotBefore("last_seen", "first_seen")]
}

object! {
    /// An action to prevent or answer an attack (§4.3).
    CourseOfAction, COURSE_OF_ACTION: "course-of-action", "STIX 2.1 §4.3" {
        required name: Text,
        optional description: Text,
        optional action: ReservedValue,
    }
    rules []
}

object! {
    /// Objects that share a context (§4.4).
    Grouping, GROUPING: "grouping", "STIX 2.1 §4.4" {
        optional name: Text,
        optional description: Text,
        required context: Term<GroupingContext>,
        required object_refs: List<Reference<ToAny>>,
    }
    rules []
}

object! {
    /// A person, an organisation, a group, or a class of them (§4.5).
    Identity, IDENTITY: "identity", "STIX 2.1 §4.5" {
        required name: Text,
        optional description: Text,
        optional roles: List<Text>,
        optional identity_class: Term<IdentityClass>,
        optional sectors: List<Term<IndustrySector>>,
        optional contact_information: Text,
    }
    rules []
}

object! {
    /// An incident; a stub in this version of the standard (§4.6).
    Incident, INCIDENT: "incident", "STIX 2.1 §4.6" {
        required name: Text,
        optional description: Text,
    }
    rules []
}

object! {
    /// A pattern that detects suspicious or malicious activity (§4.7).
    Indicator, INDICATOR: "indicator", "STIX 2.1 §4.7" {
        optional name: Text,
        optional description: Text,
        optional indicator_types: List<Term<IndicatorType>>,
        required pattern: Text,
        required pattern_type: Term<PatternType>,
        optional pattern_version: Text,
        required valid_from: Time,
        optional valid_until: Time,
        optional kill_chain_phases: List<KillChainPhase<'static>>,
    }
    rules [Rule::After("valid_until", "valid_from"), Rule::Own(rules::indicator), Rule::Own(rules::pattern)]
}

object! {
    /// Systems, services and resources that serve some purpose (§4.8).
    Infrastructure, INFRASTRUCTURE: "infrastructure", "STIX 2.1 §4.8" {
        required name: Text,
        optional description: Text,
        optional infrastructure_types: List<Term<InfrastructureType>>,
        optional aliases: List<Text>,
        optional kill_chain_phases: List<KillChainPhase<'static>>,
        optional first_seen: Time,
        optional last_seen: Time,
    }
    rules [Rule::NotBefore("last_seen", "first_seen")]
}

object! {
    /// Adversarial behaviours and resources thought to be run by one organisation (§4.9).
    IntrusionSet, INTRUSION_SET: "intrusion-set", "STIX 2.1 §4.9" {
        required name: Text,
        optional description: Text,
        optional aliases: List<Text>,
        optional first_seen: Time,
        optional last_seen: Time,
        optional goals: List<Text>,
        optional resource_level: Term<AttackResourceLevel>,
        optional primary_motivation: Term<AttackMotivation>,
        optional secondary_motivations: List<Term<AttackMotivation>>,
    }
    rules [Rule::NotBefore("last_seen", "first_seen")]
}

object! {
    /// A place on earth (§4.10).
    Location, LOCATION: "location", "STIX 2.1 §4.10" {
        optional name: Text,
        optional description: Text,
        optional latitude: Decimal<-90, 90>,
        optional longitude: Decimal<-180, 180>,
        optional precision: Float,
        optional region: Term<Region>,
        optional country: CountryText,
        optional administrative_area: Text,
        optional city: Text,
        optional street_address: Text,
        optional postal_code: Text,
    }
    rules [
        Rule::OneOf(&["region", "country", "latitude", "longitude"]),
        Rule::Needs("latitude", "longitude"),
        Rule::Needs("longitude", "latitude"),
        Rule::Needs("precision", "latitude"),
        Rule::Needs("precision", "longitude"),
    ]
}

object! {
    /// Malicious code, as a family or an instance (§4.11).
    Malware, MALWARE: "malware", "STIX 2.1 §4.11" {
        optional name: Text,
        optional description: Text,
        optional malware_types: List<Term<MalwareType>>,
        required is_family: Flag,
        optional aliases: List<Text>,
        optional kill_chain_phases: List<KillChainPhase<'static>>,
        optional first_seen: Time,
        optional last_seen: Time,
        optional operating_system_refs: List<Reference<ToSoftware>>,
        optional architecture_execution_envs: List<Term<ProcessorArchitecture>>,
        optional implementation_languages: List<Term<ImplementationLanguage>>,
        optional capabilities: List<Term<MalwareCapability>>,
        optional sample_refs: List<Reference<ToFileOrArtifact>>,
    }
    rules [Rule::NotBefore("last_seen", "first_seen"), Rule::Own(rules::malware)]
}

object! {
    /// The results of one analysis of malware (§4.12).
    MalwareAnalysis, MALWARE_ANALYSIS: "malware-analysis", "STIX 2.1 §4.12" {
        required product: LowerText,
        optional version: Text,
        optional host_vm_ref: Reference<ToSoftware>,
        optional operating_system_ref: Reference<ToSoftware>,
        optional installed_software_refs: List<Reference<ToSoftware>>,
        optional configuration_version: Text,
        optional modules: List<Text>,
        optional analysis_engine_version: Text,
        optional analysis_definition_version: Text,
        optional submitted: Time,
        optional analysis_started: Time,
        optional analysis_ended: Time,
        optional result_name: Text,
        optional result: Term<MalwareResult>,
        optional analysis_sco_refs: List<Reference<ToObservable>>,
        optional sample_ref: Reference<ToSample>,
    }
    rules [Rule::OneOf(&["result", "analysis_sco_refs"])]
}

object! {
    /// Text that adds context to objects (§4.13).
    Note, NOTE: "note", "STIX 2.1 §4.13" {
        optional abstract_text as "abstract": Text,
        required content: Text,
        optional authors: List<Text>,
        required object_refs: List<Reference<ToAny>>,
    }
    rules []
}

object! {
    /// What was seen on systems and networks (§4.14).
    ObservedData, OBSERVED_DATA: "observed-data", "STIX 2.1 §4.14" {
        required first_observed: Time,
        required last_observed: Time,
        required number_observed: Whole<1, 999_999_999>,
        optional objects: Container,
        optional object_refs: List<Reference<ToObservableOrRelationship>>,
    }
    rules [
        Rule::NotBefore("last_observed", "first_observed"),
        Rule::OneOf(&["objects", "object_refs"]),
        Rule::NotBoth("objects", "object_refs"),
        Rule::Own(rules::observed_data),
    ]
}

object! {
    /// How far somebody agrees with an object (§4.15).
    Opinion, OPINION: "opinion", "STIX 2.1 §4.15" {
        optional explanation: Text,
        optional authors: List<Text>,
        required opinion: Term<OpinionValue>,
        required object_refs: List<Reference<ToAny>>,
    }
    rules []
}

object! {
    /// A published collection of threat intelligence (§4.16).
    Report, REPORT: "report", "STIX 2.1 §4.16" {
        required name: Text,
        optional description: Text,
        optional report_types: List<Term<ReportType>>,
        required published: Time,
        required object_refs: List<Reference<ToAny>>,
    }
    rules []
}

object! {
    /// People, groups or organisations with malicious intent (§4.17).
    ThreatActor, THREAT_ACTOR: "threat-actor", "STIX 2.1 §4.17" {
        required name: Text,
        optional description: Text,
        optional threat_actor_types: List<Term<ThreatActorType>>,
        optional aliases: List<Text>,
        optional first_seen: Time,
        optional last_seen: Time,
        optional roles: List<Term<ThreatActorRole>>,
        optional goals: List<Text>,
        optional sophistication: Term<ThreatActorSophistication>,
        optional resource_level: Term<AttackResourceLevel>,
        optional primary_motivation: Term<AttackMotivation>,
        optional secondary_motivations: List<Term<AttackMotivation>>,
        optional personal_motivations: List<Term<AttackMotivation>>,
    }
    rules [Rule::NotBefore("last_seen", "first_seen")]
}

object! {
    /// Legitimate software that attackers use (§4.18).
    Tool, TOOL: "tool", "STIX 2.1 §4.18" {
        required name: Text,
        optional description: Text,
        optional tool_types: List<Term<ToolType>>,
        optional aliases: List<Text>,
        optional kill_chain_phases: List<KillChainPhase<'static>>,
        optional tool_version: Text,
    }
    rules []
}

object! {
    /// A weakness that can be exploited (§4.19).
    Vulnerability, VULNERABILITY: "vulnerability", "STIX 2.1 §4.19" {
        required name: Text,
        optional description: Text,
    }
    rules []
}
