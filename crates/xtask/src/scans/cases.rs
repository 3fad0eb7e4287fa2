//! What stands in a line, and which indicators that is: planted, right beside what is planted, or nobody's. It is told by whoever puts it
//! there, and by no matcher.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::indicators::{Indicators, SUFFIXES, Says};
use crate::bench::scan::made_up::{address, digest, suffix, word};
use crate::generate::Random;

/// What a place in a line may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    #[default]
    Address,
    /// An address and a port.
    Endpoint,
    Name,
    Url,
    Hash,
    Mail,
    Ja3,
}

/// What it holds.
#[derive(Debug, Clone)]
pub enum Seen {
    Address(String),
    Endpoint(String, u16),
    Name(String),
    Url(Url),
    Hash(String),
    Mail(String),
    Ja3(String),
}

/// A URL, in its parts.
#[derive(Debug, Clone)]
pub struct Url {
    pub scheme: &'static str,
    /// Addresses of IPv6 in brackets.
    pub host: String,
    pub port: u16,
    /// The port is written though it is the one of the scheme.
    pub tells_port: bool,
    pub target: String,
}

impl Url {
    fn new(scheme: &'static str, host: String, target: String) -> Url {
        let port = if scheme == "https" { 443 } else { 80 };
        Url { scheme, host, port, tells_port: false, target }
    }

    /// The host, with the port where it is written.
    pub fn authority(&self) -> String {
        let usual = if self.scheme == "https" { 443 } else { 80 };
        match self.tells_port || self.port != usual {
            true => format!("{}:{}", self.host, self.port),
            false => self.host.clone(),
        }
    }

    pub fn whole(&self) -> String {
        format!("{}://{}{}", self.scheme, self.authority(), self.target)
    }

    /// Path, and query if there is one.
    pub fn parts(&self) -> (&str, Option<&str>) {
        match self.target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (&self.target, None),
        }
    }
}

/// Something, and the indicators that it is as long as they hold.
type Case = (Seen, Vec<u64>);

/// Makes cases.
pub struct Cases<'c> {
    pub of: Indicators,
    pub random: &'c mut Random,
}

impl Cases<'_> {
    /// Of ten, three are planted, four right beside something that is known, three nobody's.
    pub fn one(&mut self, sort: Sort) -> Case {
        match self.random.below(10) {
            0..3 => self.planted(sort),
            3..7 => (self.beside(sort), Vec::new()),
            _ => (self.nobodys(sort), Vec::new()),
        }
    }

    fn pick(&mut self, says: Says) -> u64 {
        self.of.one(says, self.random.next())
    }

    /// Something that is known, written in one of the ways in which it may be seen.
    pub fn planted(&mut self, sort: Sort) -> Case {
        match sort {
            Sort::Name => {
                let (name, ids) = self.planted_name();
                (Seen::Name(self.varied_name(name)), ids)
            }
            Sort::Address => {
                let (address, ids) = self.planted_address();
                (Seen::Address(self.varied_address(&address)), ids)
            }
            Sort::Endpoint => {
                let (address, port, ids) = self.planted_endpoint();
                (Seen::Endpoint(self.varied_address(&address), port), ids)
            }
            Sort::Url => self.planted_url(),
            Sort::Hash => {
                let (says, digits) = match self.random.below(3) {
                    0 => (Says::Sha256, 64),
                    1 => (Says::Sha1, 40),
                    _ => (Says::Md5, 32),
                };
                let n = self.pick(says);
                let hash = self.of.hash(n, digits);
                let hash = if self.random.one_in(3) { hash.to_ascii_uppercase() } else { hash };
                (Seen::Hash(hash), vec![n])
            }
            Sort::Mail => self.planted_mail(),
            Sort::Ja3 => {
                let n = self.pick(Says::Ja3);
                (Seen::Ja3(self.of.hash(n, 32)), vec![n])
            }
        }
    }

    fn label(&mut self) -> String {
        match self.random.below(3) {
            0 => "www".to_owned(),
            1 => format!("{}.{}", word(self.random), word(self.random)),
            _ => format!("a{:x}", self.random.below(1 << 30)),
        }
    }

    fn planted_name(&mut self) -> (String, Vec<u64>) {
        let (says, below) = match self.random.below(20) {
            0..7 => (Says::Name, false),
            7..10 => (Says::Under, false),
            10..14 => (Says::Under, true),
            14..19 => (Says::Below, true),
            _ => {
                let nth = self.random.below(SUFFIXES.len() as u64);
                let name = SUFFIXES.get(nth as usize).copied().unwrap_or_default();
                return (name.to_owned(), vec![self.of.suffix(nth)]);
            }
        };
        let n = self.pick(says);
        let name = self.of.name(n);
        (if below { format!("{}.{name}", self.label()) } else { name }, vec![n])
    }

    fn varied_name(&mut self, name: String) -> String {
        match self.random.below(6) {
            0 => name.to_ascii_uppercase(),
            1 => format!("{name}."),
            _ => name,
        }
    }

    fn planted_v4(&mut self) -> (String, Vec<u64>) {
        if self.random.one_in(3) {
            let n = self.pick(Says::Net4);
            let (first, length) = self.of.net4(n);
            let inside = self.random.below(1 << (32 - length)) as u32;
            return (Ipv4Addr::from(u32::from(first) + inside).to_string(), vec![n]);
        }
        let n = self.pick(Says::V4);
        (self.of.v4(n), vec![n, self.of.twin(n)])
    }

    pub fn planted_address(&mut self) -> (String, Vec<u64>) {
        match self.random.below(5) {
            0 => {
                let n = self.pick(Says::V6);
                (self.of.v6(n).to_string(), vec![n])
            }
            1 => {
                let n = self.pick(Says::Net6);
                let inside = u128::from(self.random.next());
                (Ipv6Addr::from(self.of.net6(n) | inside).to_string(), vec![n])
            }
            _ => self.planted_v4(),
        }
    }

    fn planted_endpoint(&mut self) -> (String, u16, Vec<u64>) {
        match self.random.below(4) {
            0 => {
                let (address, ids) = self.planted_address();
                (address, 1 + self.random.below(65_000) as u16, ids)
            }
            1 => {
                let n = self.pick(Says::Port6);
                (self.of.v6(n).to_string(), self.of.port(n), vec![n])
            }
            _ => {
                let n = self.pick(Says::Port4);
                (self.of.v4(n), self.of.port(n), vec![n])
            }
        }
    }

    fn varied_address(&mut self, address: &str) -> String {
        let Ok(v6) = address.parse::<Ipv6Addr>() else {
            return if self.random.one_in(10) { format!("::ffff:{address}") } else { address.to_owned() };
        };
        match self.random.below(4) {
            0 => v6.to_string().to_ascii_uppercase(),
            1 => {
                let groups: Vec<String> =
                    v6.segments().iter().map(|segment| format!("{segment:04x}")).collect();
                groups.join(":")
            }
            _ => address.to_owned(),
        }
    }

    fn planted_url(&mut self) -> Case {
        let (mut url, ids) = match self.random.below(10) {
            0..3 => {
                let n = self.pick(Says::Url);
                (Url::new("http", self.of.name(n), self.of.target(n)), vec![n])
            }
            3 | 4 => {
                let n = self.pick(Says::Secure);
                (Url::new("https", self.of.name(n), self.of.target(n)), vec![n])
            }
            5 => {
                let n = self.pick(Says::OnPort);
                let url = Url::new("http", self.of.name(n), self.of.target(n));
                (Url { port: self.of.port(n), ..url }, vec![n])
            }
            6 | 7 => {
                let n = self.pick(Says::Folder);
                let target = format!("{}{}.bin", self.of.folder(n), self.label());
                (Url::new("http", self.of.name(n), target), vec![n])
            }
            8 => {
                let (name, ids) = self.planted_name();
                (Url::new("http", name, self.target()), ids)
            }
            _ => match self.random.one_in(2) {
                true => {
                    let (address, ids) = self.planted_v4();
                    (Url::new("http", address, self.target()), ids)
                }
                false => {
                    let n = self.pick(Says::Port4);
                    let url = Url::new("http", self.of.v4(n), self.target());
                    (Url { port: self.of.port(n), ..url }, vec![n])
                }
            },
        };
        match self.random.below(5) {
            0 => url.host = url.host.to_ascii_uppercase(),
            1 => url.tells_port = true,
            2 => url.target = format!("/.{}", url.target),
            3 if url.host.ends_with(|c: char| c.is_ascii_alphabetic()) => url.host.push('.'),
            _ => {}
        }
        (Seen::Url(url), ids)
    }

    fn planted_mail(&mut self) -> Case {
        let (local, name, ids) = match self.random.below(5) {
            0 | 1 => {
                let n = self.pick(Says::Mail);
                (self.of.mailbox(n), self.of.name(n), vec![n])
            }
            2 | 3 => {
                let n = self.pick(Says::MailOf);
                (self.mailbox(), self.of.name(n), vec![n])
            }
            _ => {
                let (name, ids) = self.planted_name();
                (self.mailbox(), name, ids)
            }
        };
        let name = if self.random.one_in(4) { name.to_ascii_uppercase() } else { name };
        (Seen::Mail(format!("{local}@{name}")), ids)
    }

    fn mailbox(&mut self) -> String {
        format!("{}{}", word(self.random), self.random.below(100))
    }

    /// What only looks like something that is known.
    fn beside(&mut self, sort: Sort) -> Seen {
        match sort {
            Sort::Name => Seen::Name(self.beside_name()),
            Sort::Address => Seen::Address(self.beside_address()),
            Sort::Endpoint => {
                let says = self.random.one_of(&[true, false]);
                let n = self.pick(if says { Says::Port4 } else { Says::Port6 });
                let address = if says { self.of.v4(n) } else { self.of.v6(n).to_string() };
                match self.random.one_in(2) {
                    true => Seen::Endpoint(address, self.of.port(n) + 1),
                    false => Seen::Endpoint(self.beside_address(), self.of.port(n)),
                }
            }
            Sort::Url => Seen::Url(self.beside_url()),
            Sort::Hash | Sort::Ja3 => {
                let n = self.pick(if sort == Sort::Hash { Says::Md5 } else { Says::Ja3 });
                let mut hash = self.of.hash(n, 32);
                let last = hash.pop();
                hash.push(if last == Some('0') { '1' } else { '0' });
                match sort {
                    // The same digits are no file's digest where they are a client's.
                    Sort::Ja3 if self.random.one_in(2) => {
                        let n = self.pick(Says::Md5);
                        Seen::Ja3(self.of.hash(n, 32))
                    }
                    Sort::Ja3 => Seen::Ja3(hash),
                    _ if self.random.one_in(2) => {
                        let n = self.pick(Says::Ja3);
                        Seen::Hash(self.of.hash(n, 32))
                    }
                    _ => Seen::Hash(hash),
                }
            }
            Sort::Mail => {
                let says = if self.random.one_in(2) { Says::Mail } else { Says::MailOf };
                let n = self.pick(says);
                let (local, name) = (self.of.mailbox(n), self.of.name(n));
                Seen::Mail(match (Indicators::says(n), self.random.below(2)) {
                    (Says::Mail, 0) => format!("x{local}@{name}"),
                    (Says::Mail, _) => format!("{local}@www.{name}"),
                    (_, 0) => format!("{local}@mail.{name}"),
                    _ => format!("{local}@x{name}"),
                })
            }
        }
    }

    fn beside_name(&mut self) -> String {
        let says = match self.random.below(4) {
            0 => Says::Name,
            1 => Says::Under,
            2 => Says::Below,
            _ => Says::MailOf,
        };
        let n = self.pick(says);
        let name = self.of.name(n);
        match (says, self.random.below(4)) {
            (_, 0) => format!("x{name}"),
            (_, 1) => format!("{name}.{}", self.good_name()),
            // One of a public suffix's, which is known as a name.
            (_, 2) => {
                format!("{}-{n}.{}", word(self.random), self.random.one_of(&SUFFIXES))
            }
            (Says::Name, _) => format!("{}.{name}", self.label()),
            (Says::Below | Says::MailOf, _) => name,
            _ => format!("{name}x.{}", suffix(self.random)),
        }
    }

    fn beside_address(&mut self) -> String {
        match self.random.below(6) {
            0 => {
                let n = self.pick(Says::V6);
                Ipv6Addr::from(u128::from(self.of.v6(n)) ^ 1).to_string()
            }
            1 => {
                let n = self.pick(Says::Net6);
                Ipv6Addr::from(self.of.net6(n) ^ 1 << 112 | 1).to_string()
            }
            2 => {
                let n = self.pick(Says::Net4);
                let (first, length) = self.of.net4(n);
                Ipv4Addr::from(u32::from(first) + (1 << (32 - length))).to_string()
            }
            // `11.2.3.45` of `1.2.3.4`, in halves.
            3 => {
                let n = self.pick(Says::V4);
                format!("1{}", self.of.v4(n))
            }
            4 => {
                let n = self.pick(Says::V4);
                let v4 = self.of.v4(n);
                let (net, last) = v4.rsplit_once('.').unwrap_or_default();
                match last.parse::<u32>() {
                    Ok(last) if last < 25 => format!("{net}.{last}{}", self.random.below(5) * 2),
                    Ok(last) => format!("{net}.{}", last ^ 1),
                    Err(_) => v4,
                }
            }
            _ => {
                let n = self.pick(Says::V4);
                let v4 = self.of.v4(n);
                let (net, last) = v4.rsplit_once('.').unwrap_or_default();
                format!("{net}.{}", last.parse::<u32>().unwrap_or(1) ^ 1)
            }
        }
    }

    fn beside_url(&mut self) -> Url {
        let says = match self.random.below(3) {
            0 => Says::Url,
            1 => Says::OnPort,
            _ => Says::Folder,
        };
        let n = self.pick(says);
        let (name, target) = (self.of.name(n), self.of.target(n));
        match (says, self.random.below(4)) {
            (Says::Folder, 0 | 1) => {
                let folder = self.of.folder(n);
                let near = format!("{}x/{}.bin", folder.trim_end_matches('/'), self.label());
                Url::new("http", name, near)
            }
            (Says::OnPort, 0 | 1) => Url::new("http", name, target),
            (Says::Url, 0) => Url { port: 8080, ..Url::new("http", name, target) },
            (Says::Url, 1) => Url::new("http", name, format!("{target}0")),
            (_, 2) => Url::new("http", format!("x{name}"), target),
            _ => Url::new("http", name, self.target()),
        }
    }

    /// What nobody knows anything of.
    pub fn nobodys(&mut self, sort: Sort) -> Seen {
        match sort {
            Sort::Name => Seen::Name(self.good_name()),
            Sort::Address => Seen::Address(self.good_address()),
            Sort::Endpoint => Seen::Endpoint(self.good_address(), self.random.below(60_000) as u16 + 1),
            Sort::Url => {
                let scheme = self.random.one_of(&["http", "https"]);
                Seen::Url(Url::new(scheme, self.good_name(), self.target()))
            }
            Sort::Hash => {
                let mut hash = digest(self.random.next() | 1 << 63);
                hash.truncate(self.random.one_of(&[32, 40, 64]));
                Seen::Hash(hash)
            }
            Sort::Mail => Seen::Mail(format!("{}@{}", self.mailbox(), self.good_name())),
            Sort::Ja3 => {
                let mut hash = digest(self.random.next() | 1 << 63);
                hash.truncate(32);
                Seen::Ja3(hash)
            }
        }
    }

    pub fn good_name(&mut self) -> String {
        let name = format!("{}-{}.{}", word(self.random), self.random.below(5000), suffix(self.random));
        if self.random.one_in(2) { format!("{}.{name}", self.label()) } else { name }
    }

    pub fn good_address(&mut self) -> String {
        address(self.random.below(5000), 0)
    }

    fn target(&mut self) -> String {
        let (one, other) = (word(self.random), word(self.random));
        format!("/{one}/{:x}/{other}.js?v={}", self.random.next() >> 30, self.random.below(100))
    }
}
