//! What logs are compared with: the CSV of a node's indicators, or a list of values.

mod read;

use std::io::Read;

use shield::Knowledge;

/// What is known, and what to call it.
pub struct Known {
    /// What is asked.
    pub knowledge: Knowledge<Vec<u8>>,
    /// How many values were taken.
    pub taken: u64,
    /// How many were not: they have no normal form, must not be meant so, or say nothing that is a time.
    pub left_out: u64,
    /// The first of these, and why.
    pub first_left_out: Option<String>,
    /// Of each entry: value, object, source and label, one behind the other.
    texts: String,
    ends: Vec<[usize; 4]>,
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
        read::read(input, seed)
    }

    /// What an entry is called.
    #[must_use]
    pub fn named(&self, id: u64) -> Named<'_> {
        let at = usize::try_from(id).unwrap_or(usize::MAX);
        let ends = self.ends.get(at).copied().unwrap_or_default();
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |[.., end]| *end);
        let [value, object, source, label] = ends;
        let text = |from: usize, to: usize| self.texts.get(from..to).unwrap_or_default();
        Named {
            value: text(start, value),
            object: text(value, object),
            source: text(object, source),
            label: text(source, label),
        }
    }
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
                   evil.example,domain,indicator,indicator--1,TLP:GREEN,ACME,2026-03-03T00:00:00Z,2026-03-10T00:00:00Z,false\n\
                   gone.example,domain,indicator,indicator--2,TLP:RED,ACME,,,true\n\
                   seen.example,domain,domain-name,domain-name--3,,ACME,,,false\n";
        let known = Known::read(csv.as_bytes(), 7).unwrap();
        assert_eq!((known.taken, known.left_out), (2, 0));
        assert_eq!(
            known.named(0),
            Named { value: "evil.example", object: "indicator--1", source: "ACME", label: "TLP:GREEN" }
        );
        let ask = |value: &str| known.knowledge.ask(&model::observable::guess(value).unwrap()).unwrap();
        let found = ask("evil.example");
        assert_eq!(found.len(), 1);
        assert!(found[0].entry.held_at("2026-03-05T00:00:00Z".parse().ok()));
        assert!(!found[0].entry.held_at("2026-03-11T00:00:00Z".parse().ok()));
        assert!(ask("seen.example").is_empty());
        assert!(ask("gone.example").iter().all(|found| found.entry.revoked));
    }
}
