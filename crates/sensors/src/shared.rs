//! Rules that members share, all of a language in one file. Each is read once more before it is written: what would break the file,
//! or reach into another's rule, is passed over.

use model::protect::Action;
use rules::{sigma, suricata, yara};
use sha2::{Digest, Sha256};

use super::form::Form;
use super::rules::{revision, word};
use super::sid::{CANDIDATES, Given, print};
use super::text::{closing, opening, put};
use super::{Head, Item, Outcome, Reason, sections};

/// What stands in a rule's metadata before the time at which it ends, in seconds since 1970.
const UNTIL: &str = "accord_until";

/// When a rule of the file of Suricata's ends, in seconds since 1970; `None` where it does when it is taken back.
///
/// What its author says of it stands before what is said here, so the last one counts.
#[must_use]
pub fn ends(rule: &str) -> Option<i64> {
    let (_, said) = rule
        .rsplit_once("; metadata:accord_object ")
        .or_else(|| rule.rsplit_once("metadata:accord_object "))?;
    let (said, _) = said.split_once(';')?;
    let until = said.split(", ").find_map(|word| word.strip_prefix(UNTIL))?;
    until.trim().parse().ok()
}

/// Rules of Suricata, with numbers of their own.
#[derive(Debug, Default)]
pub(super) struct Suricata {
    given: Given,
}

impl Form for Suricata {
    fn head(&mut self, out: &mut Vec<u8>, head: &Head<'_>) {
        opening(out, "#", "rules for Suricata that members share", head);
    }

    fn item(&mut self, out: &mut Vec<u8>, item: &Item<'_>) -> Result<Outcome, Reason> {
        let rules = suricata::read(item.rules).map_err(|_| Reason::Held)?;
        let allowed =
            if item.action >= Action::Block { suricata::Action::Drop } else { suricata::Action::Alert };
        let revision = revision(item.modified).parse().unwrap_or(1);
        let mut lines = String::new();
        for rule in &rules {
            let number = self.given.shared(item.object, rule.sid).ok_or(Reason::Number)?;
            let (object, tlp, own) = (word(item.object), word(item.tlp.name()), rule.sid);
            let mut metadata = format!("accord_object {object}, accord_tlp {tlp}, accord_author_sid {own}");
            // Rules have no clock: an agent takes it out when it ends, also while the node is away.
            if let Some(until) = item.until {
                metadata.push_str(&format!(", {UNTIL} {}", until.0.div_euclid(1_000_000)));
            }
            // It does what its author has it do, as far as that is allowed.
            lines.push_str(&rule.written(rule.action.min(allowed), number, revision, &metadata));
            lines.push('\n');
        }
        put(out, &[&lines]);
        Ok(Outcome::Written)
    }

    fn tail(&mut self, out: &mut Vec<u8>, entries: u64) {
        closing(out, "#", entries);
    }

    fn in_pieces(&mut self) {
        self.given.in_pieces();
    }

    fn numbers(&mut self) -> Option<&mut Given> {
        Some(&mut self.given)
    }
}

/// Rules of Sigma, each a document of YAML.
#[derive(Debug, Default)]
pub(super) struct Sigma {
    // Ids and names.
    given: Given,
}

impl Form for Sigma {
    fn head(&mut self, out: &mut Vec<u8>, head: &Head<'_>) {
        opening(out, "#", "rules of Sigma that members share", head);
    }

    fn item(&mut self, out: &mut Vec<u8>, item: &Item<'_>) -> Result<Outcome, Reason> {
        let rules = sigma::read(item.rules).map_err(|_| Reason::Held)?;
        let mut names: Vec<u64> = rules
            .rules
            .iter()
            .filter_map(|rule| rule.name.as_ref())
            .map(|name| print("name", name))
            .collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        // Each is asked for, so that it is known whose coming and going changes that.
        let free = names.iter().filter(|name| self.given.is_free(**name)).count();
        if free < all {
            return Err(Reason::Name);
        }
        names.iter().for_each(|name| {
            self.given.take(*name);
        });
        // An id that another rule of the file has already is replaced by one that is derived from the object.
        let mut place = 0;
        let written = rules.written(|rule| {
            place += 1;
            let mut is_new = |id: &String| self.given.take(print("id", id));
            let own = rule.id.clone().filter(&mut is_new);
            own.or_else(|| (0..CANDIDATES).map(|nth| id_of(item.object, place, nth)).find(is_new))
        });
        sections::put(out, sections::Language::Sigma, item, &written);
        Ok(Outcome::Written)
    }

    fn tail(&mut self, out: &mut Vec<u8>, entries: u64) {
        closing(out, "#", entries);
    }

    fn in_pieces(&mut self) {
        self.given.in_pieces();
    }

    fn numbers(&mut self) -> Option<&mut Given> {
        Some(&mut self.given)
    }
}

/// Rules of YARA, their names behind a prefix that is their object's.
#[derive(Debug, Default)]
pub(super) struct Yara {
    // Prefixes.
    given: Given,
}

impl Form for Yara {
    fn head(&mut self, out: &mut Vec<u8>, head: &Head<'_>) {
        opening(out, "//", "rules of YARA that members share", head);
    }

    fn item(&mut self, out: &mut Vec<u8>, item: &Item<'_>) -> Result<Outcome, Reason> {
        let rules = yara::read(item.rules).map_err(|_| Reason::Held)?;
        let mut candidates = (0..CANDIDATES).map(|nth| prefix_of(item.object, nth));
        let prefix =
            candidates.find(|prefix| self.given.take(print("prefix", prefix))).ok_or(Reason::Name)?;
        // Each brings its own, as often as it may be there already: those before it may end.
        let imports: String = rules.modules.iter().map(|module| format!("import \"{module}\"\n")).collect();
        sections::put(out, sections::Language::Yara, item, &(imports + &rules.written(&prefix)));
        Ok(Outcome::Written)
    }

    fn tail(&mut self, out: &mut Vec<u8>, entries: u64) {
        closing(out, "//", entries);
    }

    fn in_pieces(&mut self) {
        self.given.in_pieces();
    }

    fn numbers(&mut self) -> Option<&mut Given> {
        Some(&mut self.given)
    }
}

fn digits_of(sign: &str, object: &str, place: u32, nth: u32) -> String {
    let mut digest = Sha256::new();
    digest.update(sign);
    digest.update(place.to_be_bytes());
    digest.update(nth.to_be_bytes());
    digest.update(object);
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

// A UUID of the version that says how it is made by itself (RFC 9562 §5.8).
fn id_of(object: &str, place: u32, nth: u32) -> String {
    let digits = digits_of("accord sigma", object, place, nth);
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    format!("{}-{}-8{}-8{}-{}", part(0, 8), part(8, 12), part(12, 15), part(15, 18), part(18, 30))
}

fn prefix_of(object: &str, nth: u32) -> String {
    format!("accord_{}_", digits_of("accord yara", object, 0, nth).get(..16).unwrap_or_default())
}
