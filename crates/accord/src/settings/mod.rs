//! What an operator sets: by `accord.toml` in the data folder, by `ACCORD_*` variables, by flags; the later wins.
//!
//! Each setting is one entry below, with its documentation, default and unit; the file, the environment, `--set`,
//! `accord config show` and docs/cli.md all follow from it.

mod layers;
mod value;

pub use layers::{Loaded, Origin, PlaceFlags, load};
pub use value::{Bytes, LogFormat, Raw, Seconds, Secret, Value, read_seconds};

use std::path::PathBuf;
use std::time::Duration;

use model::Tlp;

use crate::failure::Failure;

/// One setting, as data.
pub struct Field {
    /// `section.name`, as `accord config show` and the file have it.
    pub key: &'static str,
    /// What it means.
    pub doc: &'static str,
    /// The unit or the form of the value.
    pub unit: &'static str,
    /// Its value.
    pub show: fn(&Settings) -> serde_json::Value,
    /// Takes a value; the error says what is expected.
    take: fn(&mut Settings, &Raw) -> Result<(), &'static str>,
}

impl Field {
    /// The variable that sets it: `ACCORD_` and the key in capitals.
    pub fn variable(&self) -> String {
        format!("ACCORD_{}", self.key.replace('.', "_").to_ascii_uppercase())
    }
}

/// Makes the struct of each section, its defaults, [`Settings`] and [`FIELDS`] from one list.
macro_rules! settings {
    ($( $(#[doc = $about:literal])+ $section:ident: $Section:ident {
        $( $(#[doc = $doc:literal])+ $name:ident: $Kind:ty = $default:expr, $unit:literal; )+
    } )+) => {
        $(
            $(#[doc = $about])+
            #[derive(Debug, Clone)]
            pub struct $Section { $( $(#[doc = $doc])+ pub $name: $Kind, )+ }

            impl Default for $Section {
                fn default() -> Self {
                    $Section { $( $name: $default, )+ }
                }
            }
        )+

        /// Everything that can be set.
        #[derive(Debug, Clone, Default)]
        pub struct Settings { $( $(#[doc = $about])+ pub $section: $Section, )+ }

        /// Every setting, in the order in which they are shown.
        pub static FIELDS: &[Field] = &[ $( $( Field {
            key: concat!(stringify!($section), ".", stringify!($name)),
            doc: concat!($($doc),+),
            unit: $unit,
            show: |settings| Value::show(&settings.$section.$name),
            take: |settings, raw| {
                settings.$section.$name = Value::read(raw)?;
                Ok(())
            },
        }, )+ )+ ];
    };
}

settings! {
    /// What the node is.
    node: NodeSection {
        /// What the node is called, on pages and in TAXII's discovery.
        title: String = "Accord".to_owned(), "text";
        /// A sentence about it.
        description: String = String::new(), "text";
        /// Whom to write to about it, such as an e-mail address.
        contact: String = String::new(), "text";
        /// The name of the organisation that runs it, taken once, when the folder is made.
        organisation: String = "This organisation".to_owned(), "text";
        /// Visitors without a token see what is TLP:CLEAR, and collections whose ceiling that is. Otherwise they see nothing.
        anonymous: bool = false, "true or false";
        /// The label of objects that arrive without TLP outside a collection.
        default_label: Tlp = Tlp::Amber, "TLP label";
        /// What is said without a name enters at whole multiples of this, at most a day; 0 is at once.
        desk_interval: Seconds = Seconds(600), "seconds";
        /// The least number of members among whom one stays without a name, and who share a sector that is told.
        desk_members: usize = 5, "members";
        /// How long it is kept who read how much; at least 1.
        keep_reads: usize = 90, "days";
    }
    /// Values that mean nothing by themselves.
    warninglists: WarninglistsSection {
        /// A folder of lists as the MISP project has them, in JSON; what is on one leads from nobody to anybody.
        folder: Option<PathBuf> = None, "path";
    }
    /// Where it listens, and as what it is known there.
    listen: ListenSection {
        /// Addresses to listen on.
        addresses: Vec<String> = vec!["127.0.0.1:8470".to_owned()], "list of host:port";
        /// The address that clients use, when there is a proxy in front; a path is the base of every route.
        public_url: Option<String> = None, "http or https URL";
        /// The path below which every route lies, when it is not that of `public_url`.
        base_path: Option<String> = None, "path";
        /// Proxies whose `Forwarded` and `X-Forwarded-*` headers are believed.
        trusted_proxies: Vec<String> = Vec::new(), "list of networks";
        /// Certificate chain in PEM; with it, every address speaks TLS. Read again when the file changes.
        tls_certificate: Option<PathBuf> = None, "path";
        /// The certificate's private key in PEM.
        tls_key: Option<PathBuf> = None, "path";
        /// Authorities in PEM whose client certificates may stand for a token.
        tls_client_ca: Option<PathBuf> = None, "path";
        /// A header whose value is taken as a token, beside `Authorization` and `X-API-Key`.
        token_header: Option<String> = None, "header name";
        /// `/metrics` answers the loopback interface without a token.
        metrics_on_loopback: bool = false, "true or false";
    }
    /// How much one request may bring or ask for.
    limits: LimitsSection {
        /// Length of a TAXII or JSON request's content. Imports are streamed: over the network `limits.inflated` holds for them.
        content: Bytes = Bytes(32 << 20), "bytes";
        /// The same, once inflated; and all of an import that comes over the network.
        inflated: Bytes = Bytes(256 << 20), "bytes";
        /// Largest page.
        page: usize = 5_000, "objects";
        /// Submissions of more objects are answered first and sequenced after.
        asynchronous: usize = 5_000, "objects";
        /// Connections at the same time; more wait.
        connections: usize = 1_024, "connections";
        /// From the first byte of a request to the end of its headers.
        header_timeout: Seconds = Seconds(15), "seconds";
        /// The longest silence inside a request's content, and the longest wait for a client to take an answer.
        idle_timeout: Seconds = Seconds(30), "seconds";
        /// From the wish to stop to the end of the last answer.
        drain_timeout: Seconds = Seconds(10), "seconds";
    }
    /// Submissions that wait for a curator, where a collection or a circle asks for that.
    queue: QueueSection {
        /// How long one may wait before it is overdue; at least 1.
        days: usize = 3, "days";
        /// What nobody answered in time goes back to its submitter, so that each is answered. Otherwise it waits on, and is counted.
        return_overdue: bool = false, "true or false";
        /// A member's share of a day of what is curated; more is told to curators. 0 is no limit.
        objects_per_day: usize = 0, "objects";
        /// Only submissions in which one of these checks finds something wait, and the rest passes: context, warning-list,
        /// personal-data, duplicate, cap, refused. Empty is everything.
        holds: Vec<String> = Vec::new(), "list of checks";
    }
    /// What is given to an authority under compulsion.
    disclosure: DisclosureSection {
        /// What the node holds is given only where an administrator agrees by a token of theirs.
        four_eyes: bool = false, "true or false";
        /// How long a disclosure may be sealed at most; at least 1. Each time it is sealed for longer is an act of its own.
        seal: usize = 365, "days";
    }
    /// What members' sensors saw of late, told by `accord events`.
    seen: SeenSection {
        /// For how long it is kept; 0 keeps nothing.
        days: usize = 90, "days";
        /// How much of it is kept, of all members together, each an equal share; its oldest days go first.
        size: Bytes = Bytes(1 << 30), "bytes";
    }
    /// What scans on this machine know without a node.
    shield: ShieldSection {
        /// How long ago a file of `accord shield pull` may have been compared with its node before scans warn; 0 is never.
        max_age: Seconds = Seconds(86_400), "seconds";
    }
    /// What it tells on standard error while it runs.
    log: LogSection {
        /// `text` for people, `json` for machines: one object a line.
        format: LogFormat = LogFormat::Text, "text or json";
        /// What is logged, as a `tracing` filter such as `info` or `web=debug,info`.
        level: String = "info".to_owned(), "filter";
    }
}

impl Settings {
    /// The part that the node takes.
    pub fn node(&self) -> node::Settings {
        node::Settings {
            title: self.node.title.clone(),
            description: self.node.description.clone(),
            contact: self.node.contact.clone(),
            organisation: self.node.organisation.clone(),
            anonymous: self.node.anonymous,
            default_label: self.node.default_label,
            keep_reads_days: u32::try_from(self.node.keep_reads).unwrap_or(u32::MAX),
            warning_lists: self.warninglists.folder.clone(),
            max_content_bytes: self.limits.content.0,
            max_inflated_bytes: self.limits.inflated.0,
            page_limit: self.limits.page,
            asynchronous_objects: self.limits.asynchronous,
            desk_interval_s: u32::try_from(self.node.desk_interval.0.min(86_400)).unwrap_or(86_400),
            desk_members: self.node.desk_members,
            queue_days: u32::try_from(self.queue.days).unwrap_or(u32::MAX),
            queue_returns_overdue: self.queue.return_overdue,
            queue_objects_per_day: self.queue.objects_per_day as u64,
            queue_holds: self.queue.holds.clone(),
            disclosure_four_eyes: self.disclosure.four_eyes,
            disclosure_seal_days: u32::try_from(self.disclosure.seal).unwrap_or(u32::MAX),
            seen_days: u32::try_from(self.seen.days).unwrap_or(u32::MAX),
            seen_bytes: self.seen.size.0 as u64,
        }
    }

    /// The part that the way in takes.
    ///
    /// # Errors
    /// A network or an address that cannot be read; one half of certificate and key.
    pub fn web(&self) -> Result<web::WebSettings, Failure> {
        let listen = &self.listen;
        let wrong = |key: &str, why: &str| Failure::usage(format!("`listen.{key}`: {why}"));
        let network = |text: &String| text.parse().map_err(|error: String| wrong("trusted_proxies", &error));
        if listen.tls_certificate.is_some() != listen.tls_key.is_some() {
            return Err(wrong("tls_certificate", "needs `listen.tls_key`, and that needs it"));
        }
        if listen.tls_client_ca.is_some() && listen.tls_certificate.is_none() {
            let why = "needs `listen.tls_certificate` and `listen.tls_key`: certificates of clients are shown over TLS alone";
            return Err(wrong("tls_client_ca", why));
        }
        let settings = web::WebSettings {
            public_url: listen.public_url.clone(),
            base_path: listen.base_path.clone(),
            trusted_proxies: listen.trusted_proxies.iter().map(network).collect::<Result<_, Failure>>()?,
            tls_certificate: listen.tls_certificate.clone(),
            tls_key: listen.tls_key.clone(),
            tls_client_authorities: listen.tls_client_ca.clone(),
            token_header: listen.token_header.clone(),
            metrics_on_loopback: listen.metrics_on_loopback,
            max_connections: self.limits.connections,
            header_timeout: Duration::from_secs(self.limits.header_timeout.0),
            idle_timeout: Duration::from_secs(self.limits.idle_timeout.0),
            drain_timeout: Duration::from_secs(self.limits.drain_timeout.0),
        };
        settings.check_addresses().map_err(|(key, why)| wrong(key, &why))?;
        Ok(settings)
    }
}
