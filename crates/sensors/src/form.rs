//! The files of all formats, and what writes each.

use model::observable::Kind;

use super::accord::Lines;
use super::elastic::Elastic;
use super::ipset::Ipset;
use super::lists::{Cdb, Plain};
use super::nftables::Nftables;
use super::rpz::Rpz;
use super::rules::Rules;
use super::sets::{SETS, Set, SetFile};
use super::sid::Given;
use super::squid::Squid;
use super::tables::{Everything, Lookup, Table};
use super::zeek::Zeek;
use super::{
    File, Head, Item, Outcome, Reason, Sum, accord, dns, elastic, ipset, lists, nftables, rules, shared,
    squid, tables, zeek,
};

/// What writes a file: its first lines, each item, its last lines.
pub(super) trait Form {
    /// The first lines.
    fn head(&mut self, out: &mut Vec<u8>, head: &Head<'_>);

    /// An item of one of the file's kinds, or why it is passed over.
    fn item(&mut self, out: &mut Vec<u8>, item: &Item<'_>) -> Result<Outcome, Reason>;

    /// The last lines, after so many items.
    fn tail(&mut self, out: &mut Vec<u8>, entries: u64);

    /// What it remembers of the items before, as far as that matters to those from a key on.
    fn rest(&self, _next: &[u8]) -> Vec<u8> {
        Vec::new()
    }

    /// Goes on in the middle of a file, with what was remembered there.
    fn resume(&mut self, _rest: &[u8]) {}

    /// The file is written in pieces, each of which stays as it is while others change.
    fn in_pieces(&mut self) {}

    /// Takes away the sum of the lines so far, where the last line tells one.
    fn take_sum(&mut self) -> Sum {
        Sum::default()
    }

    /// Adds the sum of lines that others wrote.
    fn add_sum(&mut self, _sum: Sum) {}

    /// The numbers of its rules, where it gives such.
    fn numbers(&mut self) -> Option<&mut Given> {
        None
    }
}

/// Which file.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part {
    Zeek,
    /// Rules beside datasets.
    RulesOfSets,
    /// Rules alone.
    Rules,
    Set(&'static SetFile),
    Rpz,
    Unbound,
    Hosts,
    Adguard,
    Squid(&'static squid::List),
    Nftables,
    Ipset,
    Elastic,
    Csv,
    Plain(&'static lists::List),
    Cdb(&'static lists::CdbList),
    Splunk(&'static Table),
    Accord,
    SharedSuricata,
    SharedSigma,
    SharedYara,
}

/// What DNS knows.
const NAMES: &[Kind] = &[Kind::Domain];

impl Part {
    pub(super) fn kinds(self) -> &'static [Kind] {
        match self {
            Part::Zeek => zeek::KINDS,
            Part::RulesOfSets => rules::KINDS_BESIDE_SETS,
            Part::Rules => rules::KINDS,
            Part::Set(file) => file.set.kinds,
            Part::Rpz | Part::Unbound | Part::Hosts | Part::Adguard => NAMES,
            Part::Squid(list) => list.kinds,
            Part::Nftables => nftables::KINDS,
            Part::Ipset => ipset::KINDS,
            Part::Elastic => elastic::KINDS,
            Part::Csv => Kind::VALUES,
            Part::Plain(list) => list.kinds,
            Part::Cdb(list) => list.kinds,
            Part::Splunk(table) => table.kinds,
            Part::Accord => accord::KINDS,
            Part::SharedSuricata => &[Kind::SuricataRule],
            Part::SharedSigma => &[Kind::SigmaRule],
            Part::SharedYara => &[Kind::YaraRule],
        }
    }

    pub(super) fn form(self, head: &Head<'_>) -> Box<dyn Form + Send> {
        match self {
            Part::Zeek => Box::new(Zeek::new(head)),
            Part::RulesOfSets => Box::new(Rules::beside_sets()),
            Part::Rules => Box::new(Rules::alone()),
            Part::Set(file) => Box::new(Set(file)),
            Part::Rpz => Box::new(Rpz::default()),
            Part::Unbound => Box::new(dns::Unbound::default()),
            Part::Hosts => Box::new(dns::Hosts::default()),
            Part::Adguard => Box::new(dns::Adguard::default()),
            Part::Squid(list) => Box::new(Squid::new(list)),
            Part::Nftables => Box::new(Nftables::new(head)),
            Part::Ipset => Box::new(Ipset::new(head)),
            Part::Elastic => Box::new(Elastic::new(head)),
            Part::Csv => Box::new(Everything),
            Part::Plain(list) => Box::new(Plain(list)),
            Part::Cdb(_) => Box::new(Cdb::default()),
            Part::Splunk(table) => Box::new(Lookup(table)),
            Part::Accord => Box::new(Lines::default()),
            Part::SharedSuricata => Box::new(shared::Suricata::default()),
            Part::SharedSigma => Box::new(shared::Sigma::default()),
            Part::SharedYara => Box::new(shared::Yara::default()),
        }
    }
}

/// Plain text in UTF-8.
const TEXT: &str = "text/plain; charset=utf-8";
const TABLE: &str = "text/csv; charset=utf-8";

const fn file(name: &'static str, content_type: &'static str, part: Part) -> File {
    File { name, content_type, part }
}

pub(super) const ZEEK: &[File] = &[file("accord.intel", TEXT, Part::Zeek)];
pub(super) const SURICATA_RULES: &[File] =
    &[file("accord.rules", TEXT, Part::Rules), file("shared.rules", TEXT, Part::SharedSuricata)];
pub(super) const SIGMA: &[File] = &[file("accord.yml", "application/yaml", Part::SharedSigma)];
pub(super) const YARA: &[File] = &[file("accord.yar", TEXT, Part::SharedYara)];
pub(super) const RPZ: &[File] = &[file("accord.rpz", "text/dns", Part::Rpz)];
pub(super) const UNBOUND: &[File] = &[file("accord-unbound.conf", TEXT, Part::Unbound)];
pub(super) const HOSTS: &[File] = &[file("accord.hosts", TEXT, Part::Hosts)];
pub(super) const ADGUARD: &[File] = &[file("accord-adguard.txt", TEXT, Part::Adguard)];
pub(super) const NFTABLES: &[File] = &[file("accord.nft", TEXT, Part::Nftables)];
pub(super) const IPSET: &[File] = &[file("accord.ipset", TEXT, Part::Ipset)];
pub(super) const ELASTIC: &[File] = &[file("accord.ndjson", "application/x-ndjson", Part::Elastic)];
pub(super) const ACCORD: &[File] = &[file("accord.ndjson", "application/x-ndjson", Part::Accord)];
pub(super) const CSV: &[File] = &[file("accord.csv", TABLE, Part::Csv)];

pub(super) const SQUID: &[File] = &[
    file("accord-domains.squid", TEXT, Part::Squid(&squid::DOMAINS)),
    file("accord-addresses.squid", TEXT, Part::Squid(&squid::ADDRESSES)),
    file("accord-networks.squid", TEXT, Part::Squid(&squid::NETWORKS)),
];

pub(super) const WAZUH_CDB: &[File] = &[
    file("accord-address", TEXT, Part::Cdb(&lists::CDB_ADDRESSES)),
    file("accord-domain", TEXT, Part::Cdb(&lists::CDB_DOMAINS)),
    file("accord-url", TEXT, Part::Cdb(&lists::CDB_URLS)),
    file("accord-digest", TEXT, Part::Cdb(&lists::CDB_DIGESTS)),
];

pub(super) const SPLUNK_CSV: &[File] = &[
    file("accord_ip_intel.csv", TABLE, Part::Splunk(&tables::IP_INTEL)),
    file("accord_domain_intel.csv", TABLE, Part::Splunk(&tables::DOMAIN_INTEL)),
    file("accord_http_intel.csv", TABLE, Part::Splunk(&tables::HTTP_INTEL)),
    file("accord_file_intel.csv", TABLE, Part::Splunk(&tables::FILE_INTEL)),
    file("accord_email_intel.csv", TABLE, Part::Splunk(&tables::EMAIL_INTEL)),
];

/// The rules, a file for each dataset (what is to be told of, and what is to be stopped), and rules that members share.
#[expect(clippy::indexing_slicing, reason = "in a constant, where the compiler would see it")]
pub(super) const SURICATA: &[File] = &{
    const NONE: File = file("", TEXT, Part::RulesOfSets);
    let mut files = [NONE; SETS.len() + 2];
    files[0] = file("accord.rules", TEXT, Part::RulesOfSets);
    let mut nth = 0;
    while nth < SETS.len() {
        files[nth + 1] = file(SETS[nth].file, TEXT, Part::Set(&SETS[nth]));
        nth += 1;
    }
    files[nth + 1] = file("shared.rules", TEXT, Part::SharedSuricata);
    files
};

#[expect(clippy::indexing_slicing, reason = "in a constant, where the compiler would see it")]
pub(super) const PLAIN: &[File] = &{
    const NONE: File = file("", TEXT, Part::Rules);
    let mut files = [NONE; lists::LISTS.len()];
    let mut nth = 0;
    while nth < lists::LISTS.len() {
        files[nth] = file(lists::LISTS[nth].file, TEXT, Part::Plain(&lists::LISTS[nth]));
        nth += 1;
    }
    files
};
