//! What sensors read: the files that carry values to them, written item by item.
//!
//! A [`Format`] has one or more [`File`]s. For each, whoever writes it makes a [`Writer`], calls [`Writer::head`], then
//! [`Writer::item`] for every item, then [`Writer::tail`], and sends on what gathers in his buffer whenever he likes. No
//! writer holds the set: it remembers the last value and the widest one around it, and the rules of Suricata four bytes for
//! each rule.
//!
//! # The order
//! Items come in the order of their observables' keys, and for one key the mode that matches most comes first. So a domain
//! comes right before all below it, and a network before those within it, and what is covered already is left out as the
//! items go by. An item that comes too late is passed over, so a file is never broken by it.
//!
//! # What is not written
//! A format says what it can say, or nothing ([`Outcome`]): never a value in a wider or other meaning than the item's. Every
//! value and every text is a stranger's. What could leave its line, field, quote or comment is passed over when it is a value
//! and made harmless when it is a text. Names at or above a public suffix never stand for those below them, networks that
//! nobody has are not written, and sensors that do something are told neither of a name of a single label nor of the address of
//! nothing: that is the business of whoever decides, and is looked at here once more.
//!
//! # Whole or torn
//! Where a format has comments, the first lines say which node wrote it, as of when, and for how many seconds that is meant to
//! be trusted, and the last one is `complete: N entries`. A file without its last line is torn. For nftables and ipset a torn
//! file changes nothing: its braces are open, or its sets are never swapped.

mod accord;
mod cover;
pub mod csv_cell;
mod dns;
pub mod elastic;
mod form;
pub mod ipset;
mod lists;
pub mod nftables;
pub mod rpz;
mod rules;
pub mod sections;
pub mod sets;
pub mod shared;
mod sid;
mod squid;
mod sum;
mod tables;
mod text;
mod zeek;

use std::cmp::Ordering;
use std::fmt;

use model::matching::{Mode, Refused, stand};
use model::observable::Kind;
use model::protect::{Action, Does};
use model::{Observable, Timestamp, Tlp};

use form::{Form, Part};

pub use accord::Said;
pub use elastic::Stamp;
pub use sid::{IsTaken, Numbers, SIDS, SIDS_OF_SETS, SIDS_OF_SHARED, shared_sid, sid};
pub use sum::Sum;
pub use text::{is_line, is_name};

/// A value that a sensor is to know of, and what is known of it.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    /// The value.
    pub value: &'a Observable,
    /// How it is meant.
    pub mode: Mode,
    /// What may be done about it.
    pub action: Action,
    /// Until when; `None` is until it is taken back.
    pub until: Option<Timestamp>,
    /// How sure its source is, 0 to 100.
    pub confidence: Option<u8>,
    /// The id of the object that says it.
    pub object: &'a str,
    /// The name of its source; empty where that is withheld.
    pub source: &'a str,
    /// What is said of it, in a few words; may be empty.
    pub note: &'a str,
    /// Whom it may be told.
    pub tlp: Tlp,
    /// When what is said of it changed last: the revision of a rule.
    pub modified: Timestamp,
    /// The rules that it is, as their author wrote them; empty for all other values.
    pub rules: &'a str,
    /// The number of its rule, where the caller keeps such numbers; else it is derived ([`sid`]).
    pub sid: Option<u32>,
    /// What it does when that ends, and until when, one behind the other as long as something is left; agents that keep a copy are told.
    pub then: &'a [Does],
}

/// What the first lines of a file say.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// As of when the items hold.
    pub as_of: Timestamp,
    /// The name of the node.
    pub node: &'a str,
    /// For how many seconds from then on the file is meant to be trusted.
    pub trusted_s: u32,
    /// From where on changes are told, for who keeps what the file has up to date.
    pub cursor: Option<&'a str>,
}

/// What became of an item in one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was written as it is meant.
    Written,
    /// It was written as far as the format can say it, which is less than it means; tells what is missing.
    InPart(Reason),
    /// What was written before it says it already.
    Covered,
    /// Another file of the format tells what became of it.
    Elsewhere,
    /// It was not written.
    PassedOver(Reason),
}

/// Why an item was passed over, or not said in full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The format has no place for values of this kind.
    Kind,
    /// The format cannot say the mode.
    Mode,
    /// The format cannot say that names below are meant too.
    Subdomains,
    /// Nothing may be done about it that sensors of this format do.
    Action,
    /// It ended before the file's time.
    Expired,
    /// It is at or above a public suffix, and meant for all below.
    PublicSuffix,
    /// It is a network that nobody has, so that most of it is strangers'.
    TooWide,
    /// Its path has too many folders.
    TooDeep,
    /// It is a name of a single label, the address of nothing, or a name that means something else to the format.
    Reserved,
    /// It has characters that would not stay within their line or field.
    Characters,
    /// It is longer than the format takes.
    TooLong,
    /// All numbers that its rule could have are taken.
    Number,
    /// It came after an item that it should have come before.
    Order,
    /// Its rules are held.
    Held,
    /// A name of its rules is another's in this file.
    Name,
}

/// The reasons and what they are called.
const REASONS: [(Reason, &str); 15] = [
    (Reason::Kind, "kind"),
    (Reason::Mode, "mode"),
    (Reason::Subdomains, "subdomains"),
    (Reason::Action, "action"),
    (Reason::Expired, "expired"),
    (Reason::PublicSuffix, "public-suffix"),
    (Reason::TooWide, "too-wide"),
    (Reason::TooDeep, "too-deep"),
    (Reason::Reserved, "reserved"),
    (Reason::Characters, "characters"),
    (Reason::TooLong, "too-long"),
    (Reason::Number, "number"),
    (Reason::Order, "order"),
    (Reason::Held, "held"),
    (Reason::Name, "name"),
];

impl Reason {
    /// Every reason.
    pub fn all() -> impl Iterator<Item = Reason> {
        REASONS.into_iter().map(|(reason, _)| reason)
    }

    /// What it is called in answers and counts.
    #[must_use]
    pub fn name(self) -> &'static str {
        REASONS.iter().find(|(reason, _)| *reason == self).map_or("", |(_, name)| name)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reason::Kind => "the format has no place for values of this kind",
            Reason::Mode => "the format cannot say that it is meant so",
            Reason::Subdomains => "the format cannot say that names below are meant too",
            Reason::Action => "nothing may be done about it that sensors of this format do",
            Reason::Expired => "it ended before",
            Reason::PublicSuffix => "strangers' names are below it",
            Reason::TooWide => "a network that nobody has",
            Reason::TooDeep => "a path of too many folders",
            Reason::Reserved => {
                "a name or an address that is not to be stopped, or means something else to the format"
            }
            Reason::Characters => "characters that would not stay within their field",
            Reason::TooLong => "longer than the format takes",
            Reason::Number => "all numbers that its rule could have are taken",
            Reason::Order => "it came too late",
            Reason::Held => "its rules do not pass",
            Reason::Name => "a name of its rules is another's in this file",
        })
    }
}

/// What a family of sensors reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Zeek's intelligence framework.
    Zeek,
    /// Suricata's datasets, and the rules that use them and say what they cannot.
    Suricata,
    /// Suricata's rules, one for each item.
    SuricataRules,
    /// A response policy zone.
    Rpz,
    /// Local zones of Unbound.
    Unbound,
    /// A file of hosts.
    Hosts,
    /// AdGuard Home, and Pi-hole.
    Adguard,
    /// Lists for Squid's access rules.
    Squid,
    /// Named sets of nftables.
    Nftables,
    /// Sets of ipset.
    Ipset,
    /// Documents of ECS, for Elastic's bulk requests.
    Elastic,
    /// One table of everything.
    Csv,
    /// A list for each kind.
    Plain,
    /// Lists for Wazuh.
    WazuhCdb,
    /// Lookups of Splunk Enterprise Security.
    SplunkCsv,
    /// Lines for the agent beside sensors that follows the stream of changes.
    Accord,
    /// Rules of Sigma that members share.
    Sigma,
    /// Rules of YARA that members share.
    Yara,
}

/// The formats and what they are called.
const FORMATS: [(Format, &str, &[File]); 18] = [
    (Format::Zeek, "zeek", form::ZEEK),
    (Format::Suricata, "suricata", form::SURICATA),
    (Format::SuricataRules, "suricata-rules", form::SURICATA_RULES),
    (Format::Rpz, "rpz", form::RPZ),
    (Format::Unbound, "unbound", form::UNBOUND),
    (Format::Hosts, "hosts", form::HOSTS),
    (Format::Adguard, "adguard", form::ADGUARD),
    (Format::Squid, "squid", form::SQUID),
    (Format::Nftables, "nftables", form::NFTABLES),
    (Format::Ipset, "ipset", form::IPSET),
    (Format::Elastic, "elastic", form::ELASTIC),
    (Format::Csv, "csv", form::CSV),
    (Format::Plain, "plain", form::PLAIN),
    (Format::WazuhCdb, "wazuh-cdb", form::WAZUH_CDB),
    (Format::SplunkCsv, "splunk-csv", form::SPLUNK_CSV),
    (Format::Accord, "accord", form::ACCORD),
    (Format::Sigma, "sigma", form::SIGMA),
    (Format::Yara, "yara", form::YARA),
];

impl Format {
    /// Every format.
    pub fn all() -> impl Iterator<Item = Format> {
        FORMATS.into_iter().map(|(format, ..)| format)
    }

    /// What it is called in addresses, settings and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        FORMATS.iter().find(|(format, ..)| *format == self).map_or("", |(_, name, _)| name)
    }

    /// The format of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Format> {
        FORMATS.iter().find(|(_, of_format, _)| *of_format == name).map(|(format, ..)| *format)
    }

    /// Its files. Their names stay as they are: sensors are set up with them.
    #[must_use]
    pub fn files(self) -> &'static [File] {
        FORMATS.iter().find(|(format, ..)| *format == self).map_or(&[], |(.., files)| files)
    }

    /// The least that must be allowed for an item to be written: sensors of the format do no less.
    #[must_use]
    pub fn least_action(self) -> Action {
        match self {
            Format::Zeek | Format::Csv | Format::Accord => Action::Context,
            Format::Suricata
            | Format::SuricataRules
            | Format::Sigma
            | Format::Yara
            | Format::Elastic
            | Format::WazuhCdb
            | Format::SplunkCsv => Action::Alert,
            Format::Rpz
            | Format::Unbound
            | Format::Hosts
            | Format::Adguard
            | Format::Squid
            | Format::Nftables
            | Format::Ipset
            | Format::Plain => Action::Block,
        }
    }

    /// Whether how long something stays is counted from the file's time, and not told as a time.
    #[must_use]
    pub fn counts_down(self) -> bool {
        matches!(self, Format::Nftables | Format::Ipset)
    }

    /// What is put into the bytes of pieces when they are given, where each item says something of the whole file.
    #[must_use]
    pub fn stamp(self, as_of: Timestamp) -> Option<Stamp> {
        (self == Format::Elastic).then(|| Stamp::new(as_of))
    }

    /// Looks at what keeps an item out of every file of the format, whatever else it says.
    ///
    /// # Errors
    /// Why it is kept out.
    pub fn admits(self, item: &Item<'_>, as_of: Timestamp) -> Result<(), Reason> {
        if item.until.is_some_and(|until| until <= as_of) {
            return Err(Reason::Expired);
        }
        if item.action < self.least_action() {
            return Err(Reason::Action);
        }
        let kind = item.value.kind();
        // What stands as it is needs no asking, but for networks, which may be everybody's.
        if item.mode != Mode::Exact || matches!(kind, Kind::Cidr4 | Kind::Cidr6) {
            stand(item.value, item.mode).map_err(|refused| match refused {
                Refused::PublicSuffix => Reason::PublicSuffix,
                Refused::TooWide => Reason::TooWide,
                Refused::TooDeep => Reason::TooDeep,
                _ => Reason::Mode,
            })?;
        }
        let does_something = self == Format::Accord && item.action > Action::Context;
        if self.least_action() == Action::Context && !does_something {
            return Ok(());
        }
        let is_nothing =
            matches!(kind, Kind::Ipv4 | Kind::Ipv6) && item.value.key().iter().skip(1).all(|byte| *byte == 0);
        let is_single_label = kind == Kind::Domain && !item.value.text().contains('.');
        if is_nothing || is_single_label { Err(Reason::Reserved) } else { Ok(()) }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A file of a format.
#[derive(Debug)]
pub struct File {
    /// What it is called, without a folder.
    pub name: &'static str,
    /// Its media type.
    pub content_type: &'static str,
    /// What writes it.
    part: Part,
}

impl File {
    /// The kinds whose items it may hold; items of others are for another file, or for none.
    #[must_use]
    pub fn kinds(&self) -> &'static [Kind] {
        self.part.kinds()
    }

    /// Whether it holds rules that members share and no values.
    #[must_use]
    pub fn is_of_rules(&self) -> bool {
        self.kinds().iter().all(|kind| kind.is_rule())
    }
}

/// Writes one file, item by item.
pub struct Writer {
    format: Format,
    form: Box<dyn Form + Send>,
    as_of: Timestamp,
    /// The kinds that the file has.
    kinds: &'static [Kind],
    /// The kinds whose items it tells of when they are not written: of each kind one file does.
    answers_for: Vec<Kind>,
    /// The key and the mode of the last item.
    last: Option<(Vec<u8>, Mode)>,
    entries: u64,
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer")
            .field("format", &self.format)
            .field("entries", &self.entries)
            .finish_non_exhaustive()
    }
}

impl Writer {
    /// A writer for a file of the format, and its first lines into `out`.
    #[must_use]
    pub fn head(format: Format, file: &File, head: &Head<'_>, out: &mut Vec<u8>) -> Writer {
        let mut form = file.part.form(head);
        form.head(out, head);
        let files = format.files();
        let answers = |kind: &Kind| {
            let first = files.iter().find(|of_format| of_format.kinds().contains(kind)).or(files.first());
            first.is_some_and(|first| first.name == file.name)
        };
        Writer {
            format,
            form,
            as_of: head.as_of,
            kinds: file.kinds(),
            answers_for: Kind::ALL.iter().copied().filter(answers).collect(),
            last: None,
            entries: 0,
        }
    }

    /// A writer for a file that is written in pieces: its first lines are in `out`. What some formats say in each item of the whole file
    /// is put in when that is given ([`Format::stamp`]).
    #[must_use]
    pub fn of_pieces(format: Format, file: &File, head: &Head<'_>, out: &mut Vec<u8>) -> Writer {
        let mut writer = Writer::head(format, file, head, out);
        writer.form.in_pieces();
        writer
    }

    /// A writer that goes on in the middle of such a file, between two keys, with what was remembered there.
    #[must_use]
    pub fn resumed(format: Format, file: &File, head: &Head<'_>, rest: &[u8]) -> Writer {
        let mut writer = Writer::of_pieces(format, file, head, &mut Vec::new());
        writer.form.resume(rest);
        let _of_the_first_lines = writer.take_sum();
        writer
    }

    /// What is to be remembered where items from a key on, which was not written yet, follow by themselves.
    #[must_use]
    pub fn rest(&self, next: &[u8]) -> Vec<u8> {
        self.form.rest(next)
    }

    /// The sum of the lines since this was asked for last, where the last line of the file tells one.
    pub fn take_sum(&mut self) -> Sum {
        self.form.take_sum()
    }

    /// The numbers of rules since this was asked for last, in a file of pieces.
    pub fn take_numbers(&mut self) -> Numbers {
        self.form.numbers().map(|given| given.take_piece()).unwrap_or_default()
    }

    /// Numbers for which this holds are not given: rules before these have them.
    pub fn beside(&mut self, is_taken: IsTaken) {
        if let Some(given) = self.form.numbers() {
            given.beside(is_taken);
        }
    }

    /// Writes the last lines of a file of pieces whose first lines this has written: behind so many entries, whose lines have this sum,
    /// and what was remembered behind the last piece.
    pub fn tail_behind(mut self, out: &mut Vec<u8>, entries: u64, sum: Sum, rest: &[u8]) {
        self.form.add_sum(sum);
        self.form.resume(rest);
        self.form.tail(out, entries);
    }

    /// What is written.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// Writes an item, or says why not. Of all files of a format just one says of an item anything but [`Outcome::Elsewhere`],
    /// so what they say adds up to the items.
    pub fn item(&mut self, out: &mut Vec<u8>, item: &Item<'_>) -> Outcome {
        let outcome = self.judged(out, item).unwrap_or_else(Outcome::PassedOver);
        match outcome {
            Outcome::Written | Outcome::InPart(_) => {
                self.entries += 1;
                outcome
            }
            _ if self.answers_for.contains(&item.value.kind()) => outcome,
            _ => Outcome::Elsewhere,
        }
    }

    fn judged(&mut self, out: &mut Vec<u8>, item: &Item<'_>) -> Result<Outcome, Reason> {
        if !self.kinds.contains(&item.value.kind()) {
            return Err(Reason::Kind);
        }
        if self.follow(item)? {
            return Ok(Outcome::Covered);
        }
        self.format.admits(item, self.as_of)?;
        self.form.item(out, item)
    }

    /// Whether the item is the last one again; an error when it should have come before that.
    fn follow(&mut self, item: &Item<'_>) -> Result<bool, Reason> {
        let key = item.value.key();
        let Some((last, mode)) = &mut self.last else {
            self.last = Some((key.to_vec(), item.mode));
            return Ok(false);
        };
        // The widest mode comes first.
        match last.as_slice().cmp(key).then(item.mode.cmp(mode)) {
            Ordering::Greater => return Err(Reason::Order),
            Ordering::Equal => return Ok(true),
            Ordering::Less => {}
        }
        last.clear();
        last.extend_from_slice(key);
        *mode = item.mode;
        Ok(false)
    }

    /// Writes the last lines. Answers how many items the file holds.
    pub fn tail(mut self, out: &mut Vec<u8>) -> u64 {
        self.form.tail(out, self.entries);
        self.entries
    }
}
