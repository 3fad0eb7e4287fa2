//! Made-up indicators whose values are somebody's: no private addresses, no public suffixes, nothing for examples.

use crate::generate::{self, Random};

/// An indicator.
#[derive(Clone)]
pub struct Indicator {
    /// Its id.
    pub id: String,
    /// As JSON.
    pub json: String,
}

/// Networks whose addresses are handed out to many.
const FIRST_OCTETS: [u64; 10] = [5, 37, 45, 77, 91, 103, 141, 176, 185, 212];
const SEED: u64 = 71;

/// Indicators as an envelope of TAXII.
pub fn envelope(indicators: impl Iterator<Item = Indicator>) -> String {
    let objects: Vec<String> = indicators.map(|one| one.json).collect();
    format!("{{\"objects\":[{}]}}", objects.join(","))
}

/// The `n`th of those that are stored: of a hundred 40 domains, 29 URLs, 20 addresses, networks and sockets, 10 digests and an
/// address for mail, each with a value of its own.
pub fn stored(n: u64) -> Indicator {
    indicator(SEED, n, &pattern(n))
}

fn pattern(n: u64) -> String {
    let name = format!("{}.evil-{}.com", word(n), n % 50_021);
    let random = &mut Random::new(SEED ^ n);
    let mut digest =
        |length: usize| -> String { (0..length / 16).map(|_| format!("{:016x}", random.next())).collect() };
    match n % 100 {
        0..40 => format!("[domain-name:value = '{name}']"),
        40..69 => format!("[url:value = 'http://{name}/p/{n}.php']"),
        69..86 => format!("[ipv4-addr:value = '{}']", address(n)),
        86 => format!("[ipv6-addr:value = '2a02:{:x}:{:x}::{:x}']", n >> 16 & 0xffff, n & 0xffff, 1 + n % 9),
        87 => format!("[ipv4-addr:value ISSUBSET '46.{}.{}.0/24']", (n / 100) >> 8 & 255, (n / 100) & 255),
        88 => format!(
            "[network-traffic:dst_ref.value = '{}' AND network-traffic:dst_port = {}]",
            address(n),
            1024 + n % 60_000
        ),
        89..95 => format!("[file:hashes.'SHA-256' = '{}']", digest(64)),
        95..98 => format!("[file:hashes.MD5 = '{}']", digest(32)),
        98 => format!("[file:hashes.'SHA-1' = '{}{n:08x}']", digest(32)),
        _ => format!("[email-addr:value = 'billing{n}@{name}']"),
    }
}

/// A value that one sensor blocks by its address and another by its name.
pub struct Added {
    /// The indicator.
    pub indicator: Indicator,
    /// Its address.
    pub address: String,
    /// Its name.
    pub name: String,
}

/// The `n`th of those that a run adds.
pub fn added(run: u64, n: u64) -> Added {
    // Runs on one folder do not meet, as long as they are seconds apart.
    let bits = run.wrapping_mul(65_537).wrapping_add(n.wrapping_mul(40_503)) & 0x00ff_ffff;
    let address = format!("188.{}.{}.{}", bits >> 16, bits >> 8 & 255, bits & 255);
    let name = format!("new{n}.run-{run}.com");
    let pattern = format!("[ipv4-addr:value = '{address}'] OR [domain-name:value = '{name}']");
    Added { indicator: indicator(run, n, &pattern), address, name }
}

fn word(n: u64) -> String {
    format!("{:x}", Random::new(n).next() & 0xffff_ffff) + &n.to_string()
}

fn address(n: u64) -> String {
    let first = FIRST_OCTETS.get((n % 10) as usize).copied().unwrap_or(5);
    // Odd, so that no two of one network are the same.
    let rest = (n / 10).wrapping_mul(7_368_787) & 0x00ff_ffff;
    format!("{first}.{}.{}.{}", rest >> 16, rest >> 8 & 255, rest & 255)
}

fn indicator(seed: u64, n: u64, pattern: &str) -> Indicator {
    let id = format!("indicator--{}", generate::uuid(seed, n));
    let at = format!("2026-0{}-1{}T0{}:{:02}:00.000Z", 1 + n % 9, n % 10, n / 7 % 10, n % 60);
    let pattern = pattern.replace('\\', "\\\\").replace('"', "\\\"");
    let json = format!(
        "{{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"{id}\",\"created\":\"{at}\",\"modified\":\"{at}\",\
         \"name\":\"Made up {n}\",\"indicator_types\":[\"malicious-activity\"],\"pattern\":\"{pattern}\",\
         \"pattern_type\":\"stix\",\"valid_from\":\"{at}\",\"confidence\":{},\
         \"object_marking_refs\":[\"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb\"]}}",
        30 + n % 70
    );
    Indicator { id, json }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use model::observable::guess;
    use model::protect::innocent;

    use super::*;

    #[test]
    fn values_differ_and_are_somebodys() {
        let mut patterns = HashSet::new();
        for n in 0..20_000 {
            let pattern = pattern(n);
            if let Some(value) = pattern.split('\'').nth(1).and_then(|text| guess(text).ok()) {
                assert_eq!(innocent(&value), None, "{pattern}");
            }
            assert!(patterns.insert(pattern));
        }
        for n in 0..1_000 {
            let Added { address, name, .. } = added(1_790_000_000, n);
            assert_eq!(innocent(&guess(&address).unwrap()), None);
            assert!(patterns.insert(address) && patterns.insert(name));
        }
    }
}
