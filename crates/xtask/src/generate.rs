//! Made-up STIX 2.1 objects, the same for the same seed: about 868 bytes each, as real feeds have them.

use std::fmt::Write;

/// A small random number generator (SplitMix64): fast, seeded, good enough to make test data.
pub struct Random(u64);

impl Random {
    /// The same numbers for the same seed.
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// The next 64 bits.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below a bound.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    /// Whether it is the one in so many.
    pub fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }

    /// One of these.
    pub fn one_of<T: Copy + Default>(&mut self, of: &[T]) -> T {
        of.get(self.below(of.len() as u64) as usize).copied().unwrap_or_default()
    }
}

/// The id of the `n`th object of a seed, and the object as JSON.
pub fn object(seed: u64, n: u64) -> (String, String) {
    match n % 10 {
        0..=5 => indicator(seed, n),
        6 => malware(seed, n),
        _ => relationship(seed, n),
    }
}

/// A bundle of `count` objects from number `from` on, for streams and requests.
pub fn envelope(seed: u64, from: u64, count: u64) -> String {
    let objects: Vec<String> = (from..from + count).map(|n| object(seed, n).1).collect();
    format!("{{\"objects\":[{}]}}", objects.join(","))
}

/// The `n`th identifier of a seed.
pub fn uuid(seed: u64, n: u64) -> String {
    let mut random = Random::new(seed ^ n.wrapping_mul(0xD134_2543_DE82_EF95));
    let (a, b) = (random.next(), random.next());
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        a >> 32,
        a >> 16 & 0xffff,
        a & 0xfff,
        b >> 48 & 0xfff,
        b & 0xffff_ffff_ffff
    )
}

fn time(n: u64) -> String {
    format!(
        "2026-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        1 + n % 9,
        1 + n % 28,
        n % 24,
        n / 24 % 60,
        n / 7 % 60,
        n % 1000
    )
}

const WORDS: &[&str] = &[
    "beacon",
    "loader",
    "campaign",
    "phishing",
    "infrastructure",
    "observed",
    "credential",
    "delivery",
    "staging",
    "exfiltration",
    "persistence",
    "registered",
    "recently",
    "targeting",
    "logistics",
    "energy",
    "hospitals",
    "toolkit",
];

fn prose(random: &mut Random, length: usize) -> String {
    let mut text = String::new();
    while text.len() < length {
        let word = WORDS.get(random.below(WORDS.len() as u64) as usize).copied().unwrap_or_default();
        text.push_str(word);
        text.push(' ');
    }
    text.truncate(length);
    text
}

/// The address that indicator `n` is about, for looking it up.
pub fn address(seed: u64, n: u64) -> String {
    let bits = Random::new(seed ^ n).next();
    format!("{}.{}.{}.{}", 1 + bits % 222, bits >> 8 & 255, bits >> 16 & 255, 1 + (bits >> 24) % 254)
}

fn indicator(seed: u64, n: u64) -> (String, String) {
    let random = &mut Random::new(seed.wrapping_add(n));
    let id = format!("indicator--{}", uuid(seed, n));
    let at = time(n);
    let address = address(seed, n);
    let description = prose(random, 280);
    let mut object = String::with_capacity(900);
    let _ = write!(
        object,
        "{{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"{id}\",\"created\":\"{at}\",\"modified\":\"{at}\",\
         \"name\":\"C2 address {address}\",\"description\":\"{description}\",\"indicator_types\":[\"malicious-activity\"],\
         \"pattern\":\"[ipv4-addr:value = '{address}'] OR [domain-name:value = 'h{n}.bad-{}.example']\",\
         \"pattern_type\":\"stix\",\"valid_from\":\"{at}\",\"confidence\":{},\"labels\":[\"made-up\",\"batch-{}\"],\
         \"external_references\":[{{\"source_name\":\"made up\",\"external_id\":\"M{n}\"}}],\
         \"object_marking_refs\":[\"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb\"]}}",
        random.below(5000),
        random.below(100),
        n / 1000
    );
    (id, object)
}

fn malware(seed: u64, n: u64) -> (String, String) {
    let random = &mut Random::new(seed.wrapping_add(n));
    let id = format!("malware--{}", uuid(seed, n));
    let at = time(n);
    let object = format!(
        "{{\"type\":\"malware\",\"spec_version\":\"2.1\",\"id\":\"{id}\",\"created\":\"{at}\",\"modified\":\"{at}\",\
         \"name\":\"Family {n}\",\"description\":\"{}\",\"malware_types\":[\"remote-access-trojan\"],\"is_family\":true,\
         \"aliases\":[\"alias-{n}\"],\
         \"object_marking_refs\":[\"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb\"]}}",
        prose(random, 480)
    );
    (id, object)
}

fn relationship(seed: u64, n: u64) -> (String, String) {
    let random = &mut Random::new(seed.wrapping_add(n));
    let id = format!("relationship--{}", uuid(seed, n));
    let at = time(n);
    let group = n - n % 10;
    let object = format!(
        "{{\"type\":\"relationship\",\"spec_version\":\"2.1\",\"id\":\"{id}\",\"created\":\"{at}\",\"modified\":\"{at}\",\
         \"relationship_type\":\"indicates\",\"source_ref\":\"indicator--{}\",\"target_ref\":\"malware--{}\",\
         \"description\":\"{}\",\
         \"object_marking_refs\":[\"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb\"]}}",
        uuid(seed, group + n % 6),
        uuid(seed, group + 6),
        prose(random, 380)
    );
    (id, object)
}
