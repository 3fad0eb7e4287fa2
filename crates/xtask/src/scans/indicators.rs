//! What is known: each indicator follows from its number, so that ten millions of them need no memory here.

use std::io::{self, Read};
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::bench::scan::made_up::{address, digest, of, suffix, word};

/// 1 March 2026.
pub const BEGINS: i64 = 1_772_323_200;
pub const DAY: i64 = 86_400;
/// 3 March, when some begin to hold, and 10 March, when they no longer do.
pub const FROM: i64 = BEGINS + 2 * DAY;
pub const UNTIL: i64 = BEGINS + 9 * DAY;
/// Where others begin or end.
pub const MIDDLE: i64 = BEGINS + 6 * DAY + DAY / 2;

/// What an indicator says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    /// A name and nothing below it.
    Name,
    /// A name and all below it.
    Under,
    /// All below a name.
    Below,
    V4,
    V6,
    Net4,
    Net6,
    Port4,
    Port6,
    Url,
    /// With `https`.
    Secure,
    /// On a port of its own.
    OnPort,
    /// All below a folder.
    Folder,
    Sha256,
    Sha1,
    Md5,
    Mail,
    /// All mail of a domain.
    MailOf,
    Ja3,
    /// The address of a [`Says::V4`] once more, from 3 to 10 March.
    Twin,
}

const ALL: [Says; 20] = [
    Says::Name,
    Says::Under,
    Says::Below,
    Says::V4,
    Says::V6,
    Says::Net4,
    Says::Net6,
    Says::Port4,
    Says::Port6,
    Says::Url,
    Says::Secure,
    Says::OnPort,
    Says::Folder,
    Says::Sha256,
    Says::Sha1,
    Says::Md5,
    Says::Mail,
    Says::MailOf,
    Says::Ja3,
    Says::Twin,
];

/// Public suffixes that are known as names: what is below them is strangers'.
pub const SUFFIXES: [&str; 3] = ["duckdns.org", "github.io", "co.uk"];

/// So many indicators, and [`SUFFIXES`] behind them.
#[derive(Debug, Clone, Copy)]
pub struct Indicators {
    count: u64,
    seed: u64,
}

impl Indicators {
    pub fn new(count: u64, seed: u64) -> Indicators {
        let of_each = ALL.len() as u64;
        Indicators { count: count.max(of_each).next_multiple_of(of_each), seed }
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.count + SUFFIXES.len() as u64
    }

    /// The number of one that says this.
    pub fn one(&self, says: Says, random: u64) -> u64 {
        let at = ALL.iter().position(|one| *one == says).unwrap_or(0) as u64;
        let of_each = ALL.len() as u64;
        random % (self.count / of_each) * of_each + at
    }

    /// The one that says the same as this address.
    pub fn twin(&self, n: u64) -> u64 {
        n + 16
    }

    /// The number of one of [`SUFFIXES`].
    pub fn suffix(&self, nth: u64) -> u64 {
        self.count + nth
    }

    pub fn says(n: u64) -> Says {
        ALL.get((n % ALL.len() as u64) as usize).copied().unwrap_or(Says::Name)
    }

    fn own(&self, n: u64) -> crate::generate::Random {
        of(n ^ self.seed << 32)
    }

    /// The name in it. Each has another; those of URLs and of mail are no other's.
    pub fn name(&self, n: u64) -> String {
        let mut own = self.own(n);
        format!("{}{n}x.{}", word(&mut own), suffix(&mut own))
    }

    /// Path and query of a URL.
    pub fn target(&self, n: u64) -> String {
        let mut own = self.own(n ^ 1 << 50);
        format!("/{}/{:x}/{}.php?id={}", word(&mut own), own.below(1 << 20), word(&mut own), own.below(1000))
    }

    /// A folder, with the slash behind it.
    pub fn folder(&self, n: u64) -> String {
        let mut own = self.own(n ^ 1 << 50);
        format!("/{}/{:x}/", word(&mut own), own.below(1 << 20))
    }

    /// An address with an odd end; those of nobody are even.
    pub fn v4(&self, n: u64) -> String {
        address(n ^ (self.seed & 0xff) << 20, 1)
    }

    pub fn v6(&self, n: u64) -> Ipv6Addr {
        let low = self.own(n).next();
        Ipv6Addr::from(0x2a01_u128 << 112 | u128::from(n) << 64 | u128::from(low | 1))
    }

    /// A network of IPv4 in a /24 of its own: its first address, and how long its prefix is.
    pub fn net4(&self, n: u64) -> (Ipv4Addr, u32) {
        // An odd factor gives each number below 2^21 another.
        let place = (n / ALL.len() as u64).wrapping_mul(0x1d_ead5) & 0x1f_ffff;
        (Ipv4Addr::from(192 << 24 | (place as u32) << 8), 25 + (n / 20 % 6) as u32)
    }

    /// A /48.
    pub fn net6(&self, n: u64) -> u128 {
        0x2a02_u128 << 112 | u128::from(n & 0xffff_ffff) << 80
    }

    pub fn port(&self, n: u64) -> u16 {
        1024 + (self.own(n).below(50_000)) as u16
    }

    /// A digest of so many digits.
    pub fn hash(&self, n: u64, digits: usize) -> String {
        let mut all = digest(n ^ self.seed << 40);
        all.truncate(digits);
        all
    }

    /// Who writes the mail of a [`Says::Mail`].
    pub fn mailbox(&self, n: u64) -> String {
        format!("{}.{}", word(&mut self.own(n ^ 1 << 51)), n % 1000)
    }

    /// From when and until when it holds; `None` where it was taken back.
    pub fn holds(&self, n: u64) -> Option<(Option<i64>, Option<i64>)> {
        if n >= self.count {
            return Some((None, None));
        }
        match (Indicators::says(n), self.own(n ^ 1 << 52).below(20)) {
            (Says::Twin, _) | (_, 0 | 1) => Some((Some(FROM), Some(UNTIL))),
            (_, 2) => None,
            (_, 3) => Some((Some(MIDDLE), None)),
            (_, 4) => Some((None, Some(MIDDLE))),
            _ => Some((None, None)),
        }
    }

    /// Whether it held then; of a line that says no time, whether it was taken back.
    pub fn held(&self, n: u64, at: Option<i64>) -> bool {
        let Some((from, until)) = self.holds(n) else { return false };
        let Some(at) = at else { return true };
        from.is_none_or(|from| from <= at) && until.is_none_or(|until| at < until)
    }

    /// As people write it, and its kind where nothing else tells it.
    pub fn value(&self, n: u64) -> (String, &'static str) {
        if let Some(suffix) = n.checked_sub(self.count).and_then(|nth| SUFFIXES.get(nth as usize)) {
            return ((*suffix).to_owned(), "domain");
        }
        let value = match Indicators::says(n) {
            Says::Name => self.name(n),
            Says::Under => format!(".{}", self.name(n)),
            Says::Below => format!("*.{}", self.name(n)),
            Says::V4 => self.v4(n),
            Says::Twin => self.v4(n - 16),
            Says::V6 => self.v6(n).to_string(),
            Says::Net4 => {
                let (first, length) = self.net4(n);
                format!("{first}/{length}")
            }
            Says::Net6 => format!("{}/48", Ipv6Addr::from(self.net6(n))),
            Says::Port4 => format!("{}:{}", self.v4(n), self.port(n)),
            Says::Port6 => format!("[{}]:{}", self.v6(n), self.port(n)),
            Says::Url => format!("http://{}{}", self.name(n), self.target(n)),
            Says::Secure => format!("https://{}{}", self.name(n), self.target(n)),
            Says::OnPort => format!("http://{}:{}{}", self.name(n), self.port(n), self.target(n)),
            Says::Folder => format!("http://{}{}*", self.name(n), self.folder(n)),
            Says::Sha256 => self.hash(n, 64),
            Says::Sha1 => self.hash(n, 40),
            Says::Md5 => self.hash(n, 32),
            Says::Mail => format!("{}@{}", self.mailbox(n), self.name(n)),
            Says::MailOf => format!("@{}", self.name(n)),
            Says::Ja3 => return (self.hash(n, 32), "ja3"),
        };
        (value, "")
    }

    /// All of them as CSV, made while it is read.
    pub fn csv(self) -> Csv {
        Csv { of: self, next: 0, ready: b"value,kind,id,valid_from,valid_until,revoked\n".to_vec(), given: 0 }
    }

    fn row(&self, n: u64) -> String {
        let (value, kind) = self.value(n);
        let (from, until) = self.holds(n).unwrap_or_default();
        let [from, until] = [from, until].map(|at| at.map_or(String::new(), |at| format!("{}Z", stamp(at))));
        let revoked = self.holds(n).is_none();
        // Two that say the same of the same time are two all the same.
        let id = uuid::Uuid::from_u128(u128::from(n) | 4 << 76 | 2 << 62);
        format!("{value},{kind},indicator--{id},{from},{until},{revoked}\n")
    }
}

/// Indicators as CSV.
pub struct Csv {
    of: Indicators,
    next: u64,
    ready: Vec<u8>,
    given: usize,
}

/// Rows that are made at once.
const ROWS: u64 = 1000;

impl Read for Csv {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.given == self.ready.len() {
            let end = (self.next + ROWS).min(self.of.count());
            self.ready = (self.next..end).flat_map(|n| self.of.row(n).into_bytes()).collect();
            (self.next, self.given) = (end, 0);
        }
        let read = self.ready.get(self.given..).unwrap_or_default().read(into)?;
        self.given += read;
        Ok(read)
    }
}

/// A time in March 2026 by day, hour, minute and second.
pub fn clock(at: i64) -> [i64; 4] {
    let since = at - BEGINS;
    [since / DAY + 1, since / 3600 % 24, since / 60 % 60, since % 60]
}

/// `2026-03-05T12:34:56`
pub fn stamp(at: i64) -> String {
    let [day, hour, minute, second] = clock(at);
    format!("2026-03-{day:02}T{hour:02}:{minute:02}:{second:02}")
}
