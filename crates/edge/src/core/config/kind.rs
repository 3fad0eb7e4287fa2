//! What a sensor is, and when two of them are the same.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use model::observable::Kind;
use sensors::Format;

/// What a sensor is, and what its kind needs.
#[derive(Debug, Clone)]
pub enum SensorKind {
    /// Files of a format, and what is run when they changed.
    File {
        /// The format.
        format: Format,
        /// Where they lie.
        folder: PathBuf,
        /// What is run then: words, no shell.
        reload: Vec<String>,
        /// Not more often than this.
        every: Duration,
    },
    /// A file of rules that members share, and what is run when it changed.
    Rules {
        /// The format.
        format: Format,
        /// Where it lies.
        folder: PathBuf,
        /// What is run then: words, no shell.
        reload: Vec<String>,
        /// It is not fetched more often than this.
        every: Duration,
        /// What is run on one before it is put in place: words, with the file behind them; empty for no check.
        check: Vec<String>,
    },
    /// Named sets of nftables.
    Nftables {
        /// How `nft` is called.
        command: Vec<String>,
    },
    /// Sets of ipset.
    Ipset {
        /// How `ipset` is called.
        command: Vec<String>,
    },
    /// Datasets and rules of Suricata, through its command socket.
    Suricata {
        /// The socket.
        socket: PathBuf,
        /// Where the lists and the rules lie.
        folder: PathBuf,
        /// Rules are not loaded anew more often than this.
        every: Duration,
        /// Rules that members share are held too, and checked by this: how `suricata` is called; empty for no check.
        rules: Option<Vec<String>>,
    },
    /// Local zones of Unbound.
    Unbound {
        /// How `unbound-control` is called.
        command: Vec<String>,
        /// Where the file lies that `unbound.conf` includes.
        folder: PathBuf,
    },
    /// A response policy zone, given to resolvers that are its secondaries.
    Rpz {
        /// Where it answers.
        listen: Vec<SocketAddr>,
        /// The zone's name.
        zone: String,
        /// Who is told of changes.
        secondaries: Vec<SocketAddr>,
        /// The name of the key that queries are signed with, and the file with its secret in Base64.
        key: Option<(String, PathBuf)>,
    },
    /// Documents of Elastic.
    Elastic {
        /// Its address.
        url: String,
        /// The index: one of the edge's own.
        index: String,
        /// The file with the key, as Elastic encodes it; `None` is without one.
        api_key_file: Option<PathBuf>,
        /// Authorities in PEM to trust beside the system's.
        ca: Option<PathBuf>,
    },
}

impl SensorKind {
    /// What reports call it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            SensorKind::File { .. } | SensorKind::Rules { .. } => "file",
            SensorKind::Nftables { .. } => "nftables",
            SensorKind::Ipset { .. } => "ipset",
            SensorKind::Suricata { .. } => "suricata",
            SensorKind::Unbound { .. } => "unbound",
            SensorKind::Elastic { .. } => "elastic",
            SensorKind::Rpz { .. } => "rpz",
        }
    }

    /// The format whose rules say what the sensor holds.
    #[must_use]
    pub fn format(&self) -> Format {
        match self {
            SensorKind::File { format, .. } | SensorKind::Rules { format, .. } => *format,
            SensorKind::Nftables { .. } => Format::Nftables,
            SensorKind::Ipset { .. } => Format::Ipset,
            SensorKind::Suricata { .. } => Format::Suricata,
            SensorKind::Unbound { .. } => Format::Unbound,
            SensorKind::Elastic { .. } => Format::Elastic,
            SensorKind::Rpz { .. } => Format::Rpz,
        }
    }

    /// Whether rules that members share are held for it.
    #[must_use]
    pub fn holds_rules(&self) -> bool {
        matches!(self, SensorKind::Rules { .. } | SensorKind::Suricata { rules: Some(_), .. })
    }

    /// Where it writes files for others to read.
    fn folder(&self) -> Option<&Path> {
        match self {
            SensorKind::File { folder, .. }
            | SensorKind::Rules { folder, .. }
            | SensorKind::Suricata { folder, .. }
            | SensorKind::Unbound { folder, .. } => Some(folder),
            _ => None,
        }
    }

    /// Whether both write a file of the same name into the same folder: each would put half of the other's in its place.
    pub(super) fn shares_files(&self, other: &SensorKind) -> bool {
        let names = |kind: &SensorKind| kind.format().files().iter().map(|file| file.name);
        let is_same = self.folder().zip(other.folder()).is_some_and(|(one, other)| one == other);
        is_same && names(self).any(|name| names(other).any(|of| of == name))
    }

    /// Whether both fill the very same thing: each would take away what the other one put there.
    pub(super) fn is_the_same_as(&self, other: &SensorKind) -> bool {
        match (self, other) {
            (SensorKind::Nftables { command }, SensorKind::Nftables { command: other })
            | (SensorKind::Ipset { command }, SensorKind::Ipset { command: other })
            | (SensorKind::Unbound { command, .. }, SensorKind::Unbound { command: other, .. }) => {
                command == other
            }
            (SensorKind::Suricata { socket, .. }, SensorKind::Suricata { socket: other, .. }) => {
                socket == other
            }
            (SensorKind::Rpz { listen, .. }, SensorKind::Rpz { listen: other, .. }) => {
                listen.iter().any(|address| other.contains(address))
            }
            (
                SensorKind::Elastic { url, index, .. },
                SensorKind::Elastic { url: other_url, index: other, .. },
            ) => url == other_url && index == other,
            _ => false,
        }
    }

    /// The kinds of values that it may hold.
    #[must_use]
    pub fn kinds(&self) -> Vec<Kind> {
        let mut kinds: Vec<Kind> =
            self.format().files().iter().flat_map(|file| file.kinds()).copied().collect();
        kinds.sort_unstable_by_key(|kind| kind.byte());
        kinds.dedup();
        kinds
    }
}
