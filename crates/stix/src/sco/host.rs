//! §6.11, §6.13, §6.14, §6.16 to §6.18: mutexes, processes, software, accounts, registry keys, certificates.

use crate::types::{
    CpeText, Dictionary, DictionaryOfStrings, Flag, Hashes, Integer, LanguageTag, List, PriorityText,
    Reference, RegistryKeyText, Rule, Term, Text, Time, ToFile, ToNetworkTraffic, ToProcess, ToUserAccount,
};
use crate::vocab::{
    AccountType, WindowsIntegrityLevel, WindowsRegistryDatatype, WindowsServiceStartType,
    WindowsServiceStatus, WindowsServiceType,
};

object! {
    /// A mutual exclusion object (§6.11).
    Mutex, MUTEX: "mutex", "STIX 2.1 §6.11" {
        required name: Text,
    }
    rules []
}

object! {
    /// A program as it runs (§6.13).
    Process, PROCESS: "process", "STIX 2.1 §6.13" {
        optional is_hidden: Flag,
        optional pid: Integer,
        optional created_time: Time,
        optional cwd: Text,
        optional command_line: Text,
        optional environment_variables: DictionaryOfStrings,
        optional opened_connection_refs: List<Reference<ToNetworkTraffic>>,
        optional creator_user_ref: Reference<ToUserAccount>,
        optional image_ref: Reference<ToFile>,
        optional parent_ref: Reference<ToProcess>,
        optional child_refs: List<Reference<ToProcess>>,
    }
    rules [Rule::NotEmptyOrExtended]
}

shape! {
    /// A process of Windows (§6.13.2).
    WindowsProcessExtension, WINDOWS_PROCESS_EXT: "windows-process-ext", "STIX 2.1 §6.13.2" {
        optional aslr_enabled: Flag,
        optional dep_enabled: Flag,
        optional priority: PriorityText,
        optional owner_sid: Text,
        optional window_title: Text,
        optional startup_info: Dictionary,
        optional integrity_level: Term<WindowsIntegrityLevel>,
    }
    rules [Rule::NotEmpty]
}

shape! {
    /// A service of Windows (§6.13.3).
    WindowsServiceExtension, WINDOWS_SERVICE_EXT: "windows-service-ext", "STIX 2.1 §6.13.3" {
        optional service_name: Text,
        optional descriptions: List<Text>,
        optional display_name: Text,
        optional group_name: Text,
        optional start_type: Term<WindowsServiceStartType>,
        optional service_dll_refs: List<Reference<ToFile>>,
        optional service_type: Term<WindowsServiceType>,
        optional service_status: Term<WindowsServiceStatus>,
    }
    rules [Rule::NotEmpty]
}

object! {
    /// Software (§6.14).
    Software, SOFTWARE: "software", "STIX 2.1 §6.14" {
        required name: Text,
        optional cpe: CpeText,
        optional swid: Text,
        optional languages: List<LanguageTag>,
        optional vendor: Text,
        optional version: Text,
    }
    rules []
}

object! {
    /// An account of any system (§6.16).
    UserAccount, USER_ACCOUNT: "user-account", "STIX 2.1 §6.16" {
        optional user_id: Text,
        optional credential: Text,
        optional account_login: Text,
        optional account_type: Term<AccountType>,
        optional display_name: Text,
        optional is_service_account: Flag,
        optional is_privileged: Flag,
        optional can_escalate_privs: Flag,
        optional is_disabled: Flag,
        optional account_created: Time,
        optional account_expires: Time,
        optional credential_last_changed: Time,
        optional account_first_login: Time,
        optional account_last_login: Time,
    }
    rules [Rule::NotEmptyOrExtended]
}

shape! {
    /// An account of a Unix system (§6.16.2).
    UnixAccountExtension, UNIX_ACCOUNT_EXT: "unix-account-ext", "STIX 2.1 §6.16.2" {
        optional gid: Integer,
        optional groups: List<Text>,
        optional home_dir: Text,
        optional shell: Text,
    }
    rules [Rule::NotEmpty]
}

object! {
    /// A key of the Windows registry (§6.17).
    WindowsRegistryKey, WINDOWS_REGISTRY_KEY: "windows-registry-key", "STIX 2.1 §6.17" {
        optional key: RegistryKeyText,
        optional values: List<WindowsRegistryValue<'static>>,
        optional modified_time: Time,
        optional creator_user_ref: Reference<ToUserAccount>,
        optional number_of_subkeys: Integer,
    }
    rules [Rule::NotEmpty]
}

shape! {
    /// A value of the Windows registry (§6.17.2).
    WindowsRegistryValue, WINDOWS_REGISTRY_VALUE: "windows-registry-value-type", "STIX 2.1 §6.17.2" {
        optional name: Text,
        optional data: Text,
        optional data_type: Term<WindowsRegistryDatatype>,
    }
    rules [Rule::NotEmpty]
}

object! {
    /// An X.509 certificate (§6.18).
    X509Certificate, X509_CERTIFICATE: "x509-certificate", "STIX 2.1 §6.18" {
        optional is_self_signed: Flag,
        optional hashes: Hashes,
        optional version: Text,
        optional serial_number: Text,
        optional signature_algorithm: Text,
        optional issuer: Text,
        optional validity_not_before: Time,
        optional validity_not_after: Time,
        optional subject: Text,
        optional subject_public_key_algorithm: Text,
        optional subject_public_key_modulus: Text,
        optional subject_public_key_exponent: Integer,
        optional x509_v3_extensions: X509V3Extensions<'static>,
    }
    rules [Rule::NotEmpty]
}

shape! {
    /// The standard extensions of an X.509 v3 certificate (§6.18.2).
    X509V3Extensions, X509_V3_EXTENSIONS: "x509-v3-extensions-type", "STIX 2.1 §6.18.2" {
        optional basic_constraints: Text,
        optional name_constraints: Text,
        optional policy_constraints: Text,
        optional key_usage: Text,
        optional extended_key_usage: Text,
        optional subject_key_identifier: Text,
        optional authority_key_identifier: Text,
        optional subject_alternative_name: Text,
        optional issuer_alternative_name: Text,
        optional subject_directory_attributes: Text,
        optional crl_distribution_points: Text,
        optional inhibit_any_policy: Text,
        optional private_key_usage_period_not_before: Time,
        optional private_key_usage_period_not_after: Time,
        optional certificate_policies: Text,
        optional policy_mappings: Text,
    }
    rules [Rule::NotEmpty]
}
