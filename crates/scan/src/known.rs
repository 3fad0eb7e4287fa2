//! What logs are compared with: the CSV of a node's indicators, a list of values, or a file that was made of these.

mod called;
mod file;
mod read;

use std::io::{self, Read, Write};
use std::sync::{Arc, PoisonError, RwLock};

use serde_json::Value;
use shield::{Knowledge, Source};

use crate::run::Asked;
use called::Called;
use file::Compiled;
pub use file::{Part, Unopened};

/// What is known, and what to call it.
pub struct Known {
    now: RwLock<Arc<Asked<Part>>>,
    /// How many values were taken.
    pub taken: u64,
    /// How many were not: they have no normal form, must not be meant so, or say nothing that is a time.
    pub left_out: u64,
    /// The first of these, and why.
    pub first_left_out: Option<String>,
    /// What was noted of a file when it was written: when, from where, as of which position. Of anything else nothing.
    pub notes: Value,
    names: Names,
}

/// What entries are called.
enum Names {
    /// Of each entry: value, object, source and label, one behind the other.
    Read { texts: String, ends: Vec<[usize; 4]> },
    /// Of those that were found.
    Called(Arc<Called>),
}

/// What was read of a list or of CSV: to be asked, or to be written.
pub struct Made {
    set: Vec<u8>,
    /// How many values were taken.
    pub taken: u64,
    /// How many were not.
    pub left_out: u64,
    /// The first of these, and why.
    pub first_left_out: Option<String>,
    texts: String,
    ends: Vec<[usize; 4]>,
}

impl Made {
    /// Reads as [`Known::read`]; nothing at all may be known, too.
    ///
    /// # Errors
    /// The input cannot be read.
    pub fn read(input: impl Read, seed: u64) -> Result<Made, Unknown> {
        read::read(input, seed)
    }

    /// Writes a file that [`Known::open`] reads, with these notes.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, notes: &Value, out: &mut impl Write) -> io::Result<()> {
        file::write(&Compiled { set: &self.set, texts: &self.texts, ends: &self.ends }, notes, out)
    }
}

/// What an entry is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named<'k> {
    /// The value that the indicator has, as it was written.
    pub value: &'k str,
    /// The object that says it; empty for a list.
    pub object: &'k str,
    /// Who says it; empty for a list.
    pub source: &'k str,
    /// Under which label, such as `TLP:AMBER`; empty for a list.
    pub label: &'k str,
}

/// Why nothing could be compared.
#[derive(Debug)]
pub struct Unknown(String);

impl std::fmt::Display for Unknown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unknown {}

impl Known {
    /// Reads a CSV file whose header names a column of values (`value`, and `kind`, `id`, `source`, `valid_from`, `valid_until` and
    /// `revoked` if it has them), or else a list: a value a line, behind it what is divided from it by a blank, and comments behind
    /// `#`; a file of hosts; rules of a blocker. Columns may stand between commas, semicolons, tabs or bars. Of a row whose time or
    /// revocation cannot be read nothing is taken. Of the CSV of a node, indicators count. `seed` is random: it keeps what others wrote from slowing the table down.
    ///
    /// # Errors
    /// The input cannot be read, or holds nothing that can be compared.
    pub fn read(input: impl Read, seed: u64) -> Result<Known, Unknown> {
        let made = Made::read(input, seed)?;
        if made.taken == 0 {
            let why = made.first_left_out.map(|first| format!(": the first is {first}")).unwrap_or_default();
            return Err(Unknown(format!("there is nothing to compare with{why}")));
        }
        let knowledge = Knowledge::open(Part::all(made.set)).map_err(|why| Unknown(why.to_string()))?;
        Ok(Known {
            now: RwLock::new(Arc::new(Asked { knowledge, call: Box::new(|id| id) })),
            taken: made.taken,
            left_out: made.left_out,
            first_left_out: made.first_left_out,
            notes: Value::Null,
            names: Names::Read { texts: made.texts, ends: made.ends },
        })
    }

    /// Opens a file that [`Made::write`] wrote. All of it is compared with its digests; then the table is held, and the rest is read
    /// where something hit.
    ///
    /// # Errors
    /// It is something else, torn, damaged, or of a form that is not known here.
    pub fn open(file: Arc<dyn Source + Send + Sync>) -> Result<Known, Unopened> {
        let called = Arc::new(Called::default());
        let opened = file::open(file)?;
        Ok(Known {
            taken: opened.texts.entries,
            left_out: 0,
            first_left_out: None,
            notes: opened.notes.clone(),
            now: RwLock::new(asked(opened, &called)),
            names: Names::Called(called),
        })
    }

    /// Takes up another file in place of the one that was opened: what is gone through from here on is compared with that.
    ///
    /// # Errors
    /// As [`Known::open`]; what was known before stays.
    pub fn renew(&self, file: Arc<dyn Source + Send + Sync>) -> Result<(), Unopened> {
        let Names::Called(called) = &self.names else { return Err(Unopened::Foreign) };
        let asked = asked(file::open(file)?, called);
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = asked;
        Ok(())
    }

    /// What is asked now.
    #[must_use]
    pub fn now(&self) -> Arc<Asked<Part>> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What an entry is called.
    #[must_use]
    pub fn named(&self, id: u64) -> Named<'_> {
        let (texts, ends) = match &self.names {
            Names::Read { texts, ends } => (texts, ends),
            Names::Called(called) => {
                let [value, object, source, label] =
                    called.name(id).map_or([""; 4], |name| name.each_ref().map(String::as_str));
                return Named { value, object, source, label };
            }
        };
        let at = usize::try_from(id).unwrap_or(usize::MAX);
        let start = at.checked_sub(1).and_then(|before| ends.get(before)).map_or(0, |[.., end]| *end);
        let [value, object, source, label] = ends.get(at).copied().unwrap_or_default();
        let text = |from: usize, to: usize| texts.get(from..to).unwrap_or_default();
        Named {
            value: text(start, value),
            object: text(value, object),
            source: text(object, source),
            label: text(source, label),
        }
    }
}

fn asked(opened: file::Opened, called: &Arc<Called>) -> Arc<Asked<Part>> {
    let (texts, called) = (opened.texts, Arc::clone(called));
    Arc::new(Asked { knowledge: opened.knowledge, call: Box::new(move |id| texts.call(id, &called)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_values() {
        let known = Known::read(&b"# ours\n203.0.113.7\t9\n\nhxxp://evil[.]example/a,b\nco.uk.\n!!\n"[..], 7)
            .unwrap();
        assert_eq!((known.taken, known.left_out), (3, 1));
        assert_eq!(known.named(0), Named { value: "203.0.113.7", object: "", source: "", label: "" });
        assert_eq!(known.named(1).value, "hxxp://evil[.]example/a,b");
        assert!(known.first_left_out.unwrap().starts_with("`!!`"));
        assert!(Known::read(&b""[..], 7).is_err() && Known::read(&b"!!\n"[..], 7).is_err());
    }

    #[test]
    fn the_csv_of_a_node() {
        let csv = "value,kind,object_type,id,tlp,source,valid_from,valid_until,revoked\n\
                   evil.example,domain,indicator,indicator--00000000-0000-4000-8000-000000000001,TLP:GREEN,ACME,2026-03-03T00:00:00Z,2026-03-10T00:00:00Z,false\n\
                   gone.example,domain,indicator,indicator--00000000-0000-4000-8000-000000000002,TLP:RED,ACME,,,true\n\
                   seen.example,domain,domain-name,domain-name--3,,ACME,,,false\n";
        let known = Known::read(csv.as_bytes(), 7).unwrap();
        assert_eq!((known.taken, known.left_out), (2, 0));
        assert_eq!(
            known.named(0),
            Named {
                value: "evil.example",
                object: "indicator--00000000-0000-4000-8000-000000000001",
                source: "ACME",
                label: "TLP:GREEN"
            }
        );
        let ask = |value: &str| known.now().knowledge.ask(&model::observable::guess(value).unwrap()).unwrap();
        let found = ask("evil.example");
        assert_eq!(found.len(), 1);
        assert!(found[0].entry.held_at("2026-03-05T00:00:00Z".parse().ok()));
        assert!(!found[0].entry.held_at("2026-03-11T00:00:00Z".parse().ok()));
        assert!(ask("seen.example").is_empty());
        assert!(ask("gone.example").iter().all(|found| found.entry.revoked));
    }

    fn written(values: &str) -> Vec<u8> {
        let mut out = Vec::new();
        let made = Made::read(values.as_bytes(), 7).unwrap();
        made.write(&serde_json::json!({ "as_of": 9 }), &mut out).unwrap();
        out
    }

    fn found(known: &Known, value: &str) -> Vec<String> {
        let asked = known.now();
        let found = asked.knowledge.ask(&model::observable::guess(value).unwrap()).unwrap();
        found.iter().map(|found| known.named((asked.call)(found.entry.id)).value.to_owned()).collect()
    }

    #[test]
    fn a_file_says_what_it_was_made_of_and_another_takes_its_place() {
        let known = Known::open(Arc::new(written("203.0.113.7\nhxxp://evil[.]example/a\n"))).unwrap();
        assert_eq!((known.taken, &known.notes["as_of"]), (2, &9.into()));
        assert_eq!(found(&known, "http://evil.example/a"), ["hxxp://evil[.]example/a"]);
        assert_eq!(found(&known, "203.0.113.7"), ["203.0.113.7"]);
        let before = (known.now().call)(0);
        known.renew(Arc::new(written("new.example\n203.0.113.7\n"))).unwrap();
        assert!(found(&known, "http://evil.example/a").is_empty());
        assert_eq!(
            (found(&known, "new.example"), (known.now().call)(1)),
            (vec!["new.example".to_owned()], before)
        );
        assert!(known.renew(Arc::new(b"203.0.113.7\n".to_vec())).is_err());
        assert_eq!(found(&known, "203.0.113.7"), ["203.0.113.7"]);
        assert!(Known::open(Arc::new(written(""))).is_ok_and(|known| known.taken == 0));
    }

    #[test]
    fn a_file_that_is_torn_damaged_foreign_or_too_new_is_told() {
        let whole = written("203.0.113.7\nevil.example\n");
        let why = |bytes: &[u8]| Known::open(Arc::new(bytes.to_vec())).err().map(|why| why.to_string());
        for length in 0..whole.len() {
            assert!(why(&whole[..length]).is_some(), "{length}");
        }
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x10;
            assert!(why(&damaged).is_some(), "{at}");
        }
        assert!(why(&whole[..whole.len() - 1]).unwrap().contains("torn"));
        assert!(why(&[&whole[..], b"x"].concat()).unwrap().contains("torn"));
        assert!(why(b"203.0.113.7\n").unwrap().contains("not a file"));
        let newer = [&whole[..8], &[2], &whole[9..]].concat();
        assert!(why(&newer).unwrap().contains("form 2"));
    }
}
