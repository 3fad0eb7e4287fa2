//! Values of all shapes, made up from a seed.

/// SplitMix64.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    pub fn pick<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }
}

const LABELS: &[&str] =
    &["a", "b", "www", "x-1", "_dmarc", "xn--bcher-kva", "bücher", "B", "co", "1", "a--b"];
const SUFFIXES: &[&str] = &[
    "com",
    "co.uk",
    "github.io",
    "kawasaki.jp",
    "ck",
    "www.ck",
    "example",
    "duckdns.org",
    "COM",
    "0x1f",
    "7",
];

/// A name, plain or not.
pub fn name(random: &mut Random) -> String {
    let mut name = String::new();
    for _ in 0..random.below(4) {
        name.push_str(random.pick(LABELS));
        name.push_str(random.pick(&[".", ".", ".", ".", ".", ".", ".", "[.]", "。"]));
    }
    name.push_str(random.pick(SUFFIXES));
    name.push_str(random.pick(&["", "", "", "", "", "", ".", "..", " ", "%"]));
    name
}

pub fn address(random: &mut Random) -> String {
    let (a, b) = (random.below(3), random.below(3));
    match random.below(14) {
        0..=6 => format!("10.{a}.0.{b}"),
        7 => format!("::ffff:10.{a}.0.{b}"),
        8 => format!("2001:db8:{a}::{b}"),
        9 => format!("2001:0DB8:{a}:0::{b}"),
        10 => format!("[2001:db8:{a}::{b}]"),
        11 => format!("fe80::{a}%eth0"),
        12 => format!("10.{a}.0.{b}:80"),
        _ => random
            .pick(&["010.1.0.1", "10.1.0", "0", "1.2.3.4.5", "10.1.0.256", "10[.]1.0.1", "::"])
            .to_owned(),
    }
}

pub fn host(random: &mut Random) -> String {
    let host = match random.below(4) {
        0 => address(random),
        _ => name(random),
    };
    match random.below(5) {
        0 => format!("{host}:{}", random.pick(&["80", "8080", "443", "0080", "", "x", "99999"])),
        _ => host,
    }
}

pub fn target(random: &mut Random) -> String {
    let mut target = String::from(random.pick(&["/", "/", "/", "/", "/", "", "//", "\\", "*", "-", "?"]));
    for _ in 0..random.below(5) {
        target
            .push_str(random.pick(&[
                "a", "b", "A", "%61", "%", "a b", "é", ".", "..", ".a", "[a]", "(.)", "@", "~", "*",
            ]));
        target.push_str(random.pick(&["/", "/", "/", "//", "", "?", "/?", "#", "?a=/", ":"]));
    }
    target
}

pub fn url(random: &mut Random) -> String {
    let scheme = random.pick(&[
        "http://", "http://", "https://", "HTTP://", "hxxp://", "ftp://", "http:/", "http:///", "ws://",
    ]);
    let user = random.pick(&["", "", "", "", "", "u@", "u:p@"]);
    format!("{scheme}{user}{}{}", host(random), target(random))
}

/// Something that goes into a field of any kind.
pub fn any(random: &mut Random) -> String {
    match random.below(8) {
        0 | 1 => name(random),
        2 => address(random),
        3 => host(random),
        4 | 5 => url(random),
        6 => format!("{}@{}", random.pick(&["a", "A.b", "a+t", "\"q\""]), name(random)),
        _ => digest(random),
    }
}

pub fn digest(random: &mut Random) -> String {
    let length = [31, 32, 40, 56, 64, 96, 128][random.below(7)];
    let digit = random.pick(&["a", "A", "0", "9", "f", "g"]);
    digit.repeat(length)
}
