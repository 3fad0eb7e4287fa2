//! Suricata's datasets, and the rules that use them.
//!
//! A dataset is found by a hash, so a million values cost a rule or three. Each kind has two: what is to be told of, and
//! what is to be stopped. Files of strings have a value in Base64 on each line and no comments, so nothing says in them that
//! they are whole: `accord.rules` does, and the checksums that are served beside.
//!
//! Digests of files are in lists for keywords of their own. These have comments, for what does not begin with a digit of a
//! digest is passed over, and they must hold something, or Suricata refuses the rules that name them: so each begins
//! with a digest that no file has.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::matching::Mode;
use model::observable::Kind;
use model::protect::Action;

use super::form::Form;
use super::sid::SIDS_OF_SETS;
use super::text::{closing, opening, put};
use super::{Head, Item, Outcome, Reason};

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spelling {
    /// In Base64.
    Base64,
    /// As it is.
    Plain,
    /// Pairs of digits with colons between them, in Base64: a certificate as Suricata prints it.
    Pairs,
}

/// What values of some kinds are looked for in.
#[derive(Debug)]
pub(super) struct Of {
    /// What its rules call it.
    word: &'static str,
    pub(super) kinds: &'static [Kind],
    spelling: Spelling,
    /// A dataset's type and bounds; `None` is a list of digests for a keyword of its own.
    dataset: Option<&'static str>,
    /// Protocol and buffer, or keyword, of each rule.
    rules: &'static [(&'static str, &'static str)],
}

/// Room for a million values. The buckets are there from the beginning, 8 MB of them, and more than eight values in each make a start slow.
const LARGE: &str = "string,memcap 1gb,hashsize 131072";
const ADDRESSES_LARGE: &str = "ip,memcap 1gb,hashsize 131072";
const SMALL: &str = "string,memcap 256mb";

const DOMAIN: Of = Of {
    word: "domain",
    kinds: &[Kind::Domain],
    spelling: Spelling::Base64,
    dataset: Some(LARGE),
    rules: &[("dns", "dns.query; to_lowercase;"), ("tls", "tls.sni; to_lowercase;"), ("http", "http.host;")],
};
const ADDRESS: Of = Of {
    word: "address",
    kinds: &[Kind::Ipv4, Kind::Ipv6],
    spelling: Spelling::Plain,
    dataset: Some(ADDRESSES_LARGE),
    rules: &[("ip", "ip.src;"), ("ip", "ip.dst;")],
};
const MD5: Of = Of {
    word: "md5",
    kinds: &[Kind::Md5],
    spelling: Spelling::Plain,
    dataset: None,
    rules: &[("http", "filemd5"), ("smtp", "filemd5"), ("smb", "filemd5"), ("ftp-data", "filemd5")],
};
const SHA1: Of = Of {
    word: "sha1",
    kinds: &[Kind::Sha1],
    spelling: Spelling::Plain,
    dataset: None,
    rules: &[("http", "filesha1"), ("smtp", "filesha1"), ("smb", "filesha1"), ("ftp-data", "filesha1")],
};
const SHA256: Of = Of {
    word: "sha256",
    kinds: &[Kind::Sha256],
    spelling: Spelling::Plain,
    dataset: None,
    rules: &[
        ("http", "filesha256"),
        ("smtp", "filesha256"),
        ("smb", "filesha256"),
        ("ftp-data", "filesha256"),
    ],
};
const JA3: Of = of_word("ja3", &[Kind::Ja3], &[("tls", "ja3.hash;")]);
const JA3S: Of = of_word("ja3s", &[Kind::Ja3s], &[("tls", "ja3s.hash;")]);
const HASSH: Of = of_word("hassh", &[Kind::Hassh], &[("ssh", "ssh.hassh;")]);
const HASSH_SERVER: Of = of_word("hassh-server", &[Kind::HasshServer], &[("ssh", "ssh.hassh.server;")]);
const USER_AGENT: Of = of_word("user-agent", &[Kind::UserAgent], &[("http", "http.user_agent;")]);
const CERTIFICATE: Of = Of {
    spelling: Spelling::Pairs,
    ..of_word("certificate", &[Kind::CertSha1], &[("tls", "tls.cert_fingerprint;")])
};

const fn of_word(
    word: &'static str,
    kinds: &'static [Kind],
    rules: &'static [(&'static str, &'static str)],
) -> Of {
    Of { word, kinds, spelling: Spelling::Base64, dataset: Some(SMALL), rules }
}

/// A dataset and its file.
#[derive(Debug)]
pub(super) struct SetFile {
    pub(super) file: &'static str,
    action: Action,
    pub(super) set: &'static Of,
}

const fn alert(file: &'static str, set: &'static Of) -> SetFile {
    SetFile { file, action: Action::Alert, set }
}

const fn block(file: &'static str, set: &'static Of) -> SetFile {
    SetFile { file, action: Action::Block, set }
}

/// Every dataset. The place of each gives its rules their numbers, so new ones come last.
pub(super) const SETS: &[SetFile] = &[
    alert("accord-alert-domain.lst", &DOMAIN),
    block("accord-block-domain.lst", &DOMAIN),
    alert("accord-alert-address.lst", &ADDRESS),
    block("accord-block-address.lst", &ADDRESS),
    alert("accord-alert-md5.lst", &MD5),
    block("accord-block-md5.lst", &MD5),
    alert("accord-alert-sha1.lst", &SHA1),
    block("accord-block-sha1.lst", &SHA1),
    alert("accord-alert-sha256.lst", &SHA256),
    block("accord-block-sha256.lst", &SHA256),
    alert("accord-alert-ja3.lst", &JA3),
    block("accord-block-ja3.lst", &JA3),
    alert("accord-alert-ja3s.lst", &JA3S),
    block("accord-block-ja3s.lst", &JA3S),
    alert("accord-alert-hassh.lst", &HASSH),
    block("accord-block-hassh.lst", &HASSH),
    alert("accord-alert-hassh-server.lst", &HASSH_SERVER),
    block("accord-block-hassh-server.lst", &HASSH_SERVER),
    alert("accord-alert-user-agent.lst", &USER_AGENT),
    block("accord-block-user-agent.lst", &USER_AGENT),
    alert("accord-alert-certificate.lst", &CERTIFICATE),
    block("accord-block-certificate.lst", &CERTIFICATE),
];

/// How many rules a dataset may have: their numbers are that far apart.
const RULES_OF_A_SET: usize = 10;

/// A value of a dataset, as Suricata's socket takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// The dataset's name.
    pub set: &'static str,
    /// The dataset's type.
    pub of_type: &'static str,
    /// The value as it stands in the dataset's file.
    pub value: String,
    /// What the dataset's rules do.
    pub action: Action,
}

/// The value in the datasets of its kind, one for each action. Empty for what no dataset has: it stands in rules, or in a list of digests.
#[must_use]
pub fn elements(kind: Kind, mode: Mode, text: &str) -> Vec<Element> {
    if !matches!(mode, Mode::Exact | Mode::Network) {
        return Vec::new();
    }
    let of_kind = SETS.iter().filter(|file| file.set.kinds.contains(&kind));
    let element = |file: &'static SetFile| {
        let of_type = file.set.dataset?.split(',').next()?;
        let (set, action) = (file.file.trim_end_matches(".lst"), file.action);
        Some(Element { set, of_type, value: file.set.spelled(text), action })
    };
    of_kind.filter_map(element).collect()
}

/// Writes a dataset's file.
#[derive(Debug)]
pub(super) struct Set(pub(super) &'static SetFile);

impl Form for Set {
    fn head(&mut self, out: &mut Vec<u8>, head: &Head<'_>) {
        if let Some(digits) = self.0.set.digits() {
            let what = format!("digests for Suricata: {}", self.0.set.word);
            opening(out, "#", &what, head);
            put(out, &[&"0".repeat(digits), "\n"]);
        }
    }

    fn item(&mut self, out: &mut Vec<u8>, item: &Item<'_>) -> Result<Outcome, Reason> {
        match item.mode {
            Mode::Exact | Mode::Network => {}
            Mode::Subdomains | Mode::Wildcard => return Ok(Outcome::Elsewhere),
            _ => return Err(Reason::Mode),
        }
        if item.action != self.0.action {
            return Ok(Outcome::Elsewhere);
        }
        let text = item.value.text();
        put(out, &[&self.0.set.spelled(text), "\n"]);
        Ok(Outcome::Written)
    }

    fn tail(&mut self, out: &mut Vec<u8>, entries: u64) {
        if self.0.set.digits().is_some() {
            closing(out, "#", entries);
        }
    }
}

impl Of {
    /// A value as it stands in the file.
    fn spelled(&self, text: &str) -> String {
        match self.spelling {
            Spelling::Plain => text.to_owned(),
            Spelling::Base64 => STANDARD.encode(text),
            Spelling::Pairs => STANDARD.encode(pairs(text)),
        }
    }

    /// How many digits the digests of a list have; `None` for a dataset.
    fn digits(&self) -> Option<usize> {
        match (self.dataset, self.kinds) {
            (None, [Kind::Md5]) => Some(32),
            (None, [Kind::Sha1]) => Some(40),
            (None, _) => Some(64),
            (Some(_), _) => None,
        }
    }
}

/// Digits with colons between pairs of them.
pub(super) fn pairs(digits: &str) -> String {
    let (pairs, _) = digits.as_bytes().as_chunks::<2>();
    let pairs: Vec<&str> = pairs.iter().filter_map(|pair| std::str::from_utf8(pair).ok()).collect();
    pairs.join(":")
}

/// Appends the rules that use the datasets.
pub(super) fn rules_of_sets(out: &mut Vec<u8>) {
    for (place, file) in SETS.iter().enumerate() {
        for (nth, (protocol, place_in)) in file.set.rules.iter().enumerate() {
            let (verb, does) = verb(file.action);
            put(
                out,
                &[
                    verb,
                    " ",
                    protocol,
                    " any any -> any any (msg:\"Accord ",
                    file.set.word,
                    " ",
                    does,
                    "\"; ",
                ],
            );
            match file.set.dataset {
                Some(of_type) => {
                    let name = file.file.trim_end_matches(".lst");
                    put(
                        out,
                        &[place_in, " dataset:isset,", name, ",type ", of_type, ",load ", file.file, "; "],
                    );
                }
                None => put(out, &[place_in, ":", file.file, "; "]),
            }
            if *protocol == "ip" {
                put(out, &[seldom(file.action)]);
            }
            let number = SIDS_OF_SETS.start + u32::try_from(place * RULES_OF_A_SET + nth).unwrap_or(0);
            put(out, &["sid:", &number.to_string(), "; rev:1;)\n"]);
        }
    }
}

/// What a rule does, and how its message says it.
pub(super) fn verb(action: Action) -> (&'static str, &'static str) {
    if action == Action::Block { ("drop", "blocked") } else { ("alert", "seen") }
}

/// An address is in every packet of a flow: what is only told of is told once a minute.
pub(super) fn seldom(action: Action) -> &'static str {
    if action == Action::Block { "" } else { "threshold:type limit, track by_both, seconds 60, count 1; " }
}
