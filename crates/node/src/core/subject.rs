//! Whom an erasure is about: a value, and whether something says it, in whichever way it is written.

use model::observable::{Kind, Observable, guess, normalise, refang, refang_text};
use strictjson::{Limits, Node, Value};

use super::index::fold;
use super::observables::observables;

/// Shortest subject, in characters: anything shorter is everywhere.
const SHORTEST: usize = 4;
/// Longest subject, in characters.
const LONGEST: usize = 2_000;

/// A value that statements are looked through for.
#[derive(Debug, Clone)]
pub struct Subject {
    observable: Option<Observable>,
    /// How it may be written, folded.
    forms: Vec<String>,
    bounds: Bounds,
    kind: &'static str,
}

/// What ends a value in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bounds {
    /// A name, a digest: letters and digits go on.
    Word,
    /// A domain, an address: dots and hyphens go on too.
    Host,
    /// An email address.
    Mail,
    /// A URL.
    Url,
    /// A STIX id.
    Id,
}

/// How something says a subject.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Says {
    /// It does.
    pub it: bool,
    /// It says a longer value that holds it, such as a name below a domain.
    pub longer: bool,
}

impl Subject {
    /// Reads a subject: an address, a domain, a URL, an email address, a digest, a STIX id, else a name or any text. Defanged
    /// values are understood.
    ///
    /// # Errors
    /// Why it is none, in words.
    pub fn read(raw: &str) -> Result<Subject, String> {
        let text = raw.trim();
        let length = text.chars().count();
        if !(SHORTEST..=LONGEST).contains(&length) {
            return Err(format!("a subject has {SHORTEST} to {LONGEST} characters"));
        }
        if store::record::ObjectKey::parse(text).is_some() {
            return Ok(Subject { observable: None, forms: vec![fold(text)], bounds: Bounds::Id, kind: "id" });
        }
        // A name with spaces in it is a name, whatever stands in it.
        let observable = if text.contains(char::is_whitespace) { None } else { guess(text).ok() };
        // What looks like the name of a file may as well be that of a person.
        let observable = observable.filter(|found| found.kind() != Kind::FileName);
        let mut forms = vec![fold(text), fold(&refang(text))];
        forms.extend(observable.iter().map(|found| fold(found.text())));
        let kind = observable.as_ref().map(Observable::kind);
        let bounds = match kind {
            Some(Kind::Ipv4 | Kind::Ipv6 | Kind::Cidr4 | Kind::Cidr6 | Kind::IpPort | Kind::Domain) => {
                Bounds::Host
            }
            Some(Kind::Email) => Bounds::Mail,
            Some(Kind::Url) => Bounds::Url,
            _ => Bounds::Word,
        };
        let escaped: Vec<String> = forms.iter().map(|form| form.replace('@', "%40")).collect();
        forms.extend(escaped);
        if bounds == Bounds::Url {
            let bare: Vec<String> = forms.iter().map(|form| form.trim_end_matches('/').to_owned()).collect();
            forms.extend(bare);
        }
        forms.sort_unstable();
        forms.dedup();
        Ok(Subject { observable, forms, bounds, kind: kind.map_or("text", Kind::name) })
    }

    /// What it is: the name of a kind of observable, `id` or `text`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// Whether a text says it.
    #[must_use]
    pub fn in_text(&self, text: &str) -> Says {
        let plain = fold(text);
        let undone = fold(&refang_text(text));
        let mut says = self.in_folded(&plain);
        if undone != plain {
            says = says.or(self.in_folded(&undone));
        }
        says
    }

    /// Whether bytes say it: those of JSON by what its texts say and its observables are, others as text.
    #[must_use]
    pub fn in_bytes(&self, bytes: &[u8]) -> Says {
        match strictjson::parse(bytes, &Limits::default()) {
            Ok(node) => self.in_object(&node),
            Err(_) => self.in_text(&String::from_utf8_lossy(bytes)),
        }
    }

    fn in_object(&self, node: &Node<'_>) -> Says {
        let mut says = Says::default();
        let mut todo = vec![node];
        while let Some(node) = todo.pop() {
            match &node.value {
                Value::String(text) => says = says.or(self.in_text(text)),
                Value::Number(number) => says = says.or(self.in_text(&number.text)),
                Value::Array(items) => todo.extend(items),
                Value::Object(object) => {
                    for member in object.iter() {
                        says = says.or(self.in_text(&member.key));
                        todo.push(&member.node);
                    }
                }
                _ => {}
            }
            if says.it {
                return says;
            }
        }
        let key = self.observable.as_ref().map(Observable::key);
        let is_mentioned = |key| observables(node).observables.iter().any(|one| one.observable.key() == key);
        Says { it: key.is_some_and(is_mentioned), ..says }
    }

    fn in_folded(&self, text: &str) -> Says {
        let mut says = Says::default();
        for form in &self.forms {
            for (at, _) in text.match_indices(form.as_str()) {
                let before = text.get(..at).unwrap_or_default();
                let after = text.get(at + form.len()..).unwrap_or_default();
                if self.bounds.end(before, after) {
                    return Says { it: true, longer: false };
                }
                says.longer = true;
            }
        }
        says.or(Says { it: self.written_otherwise(text), longer: false })
    }

    // An address of IPv6 has many forms.
    fn written_otherwise(&self, text: &str) -> bool {
        let Some(own) = self.observable.as_ref().filter(|found| found.kind() == Kind::Ipv6) else {
            return false;
        };
        let mut words = text.split(|c: char| !(c.is_ascii_hexdigit() || c == ':' || c == '.'));
        words.any(|word| {
            let word = word.trim_end_matches('.');
            (word.contains("::") || word.matches(':').count() == 7)
                && normalise(Kind::Ipv6, word).is_ok_and(|found| found.key() == own.key())
        })
    }
}

impl Says {
    fn or(self, other: Says) -> Says {
        Says { it: self.it || other.it, longer: self.longer || other.longer }
    }
}

impl Bounds {
    // Whether a value ends here on both sides.
    fn end(self, before: &str, after: &str) -> bool {
        let last = before.chars().next_back();
        let mut next = after.chars();
        let (first, second) = (next.next(), next.next());
        let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let one_of = |c: Option<char>, signs: &str| c.is_some_and(|c| signs.contains(c));
        // A dot that ends a sentence ends the value.
        let goes_on = |signs: &str| {
            word(first)
                || one_of(first, signs) && (word(second) || one_of(second, signs) || first == Some('_'))
        };
        match self {
            Bounds::Word => !word(last) && !word(first),
            Bounds::Host => !(word(last) || one_of(last, ".-_") || goes_on(".-_")),
            Bounds::Mail => !(word(last) || one_of(last, "._%+-") || goes_on(".-_")),
            Bounds::Url => !word(last) && !goes_on("/?#=&%-_.~@:+"),
            Bounds::Id => !(word(last) || last == Some('-') || word(first) || first == Some('-')),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(subject: &str, kind: &str, says: &[&str], longer: &[&str], not: &[&str]) {
        let subject = Subject::read(subject).unwrap();
        assert_eq!(subject.kind(), kind);
        for text in says {
            assert!(subject.in_text(text).it, "`{text}` says {subject:?}");
            let json = strictjson::canonical(&Node::from(*text));
            assert!(subject.in_bytes(&json).it, "{}", json.escape_ascii());
        }
        for text in longer {
            assert_eq!(subject.in_text(text), Says { it: false, longer: true }, "`{text}`");
        }
        for text in not {
            assert_eq!(subject.in_text(text), Says::default(), "`{text}`");
        }
    }

    #[test]
    fn a_value_is_found_however_it_is_written_and_not_in_a_longer_one() {
        check(
            "198[.]51[.]100[.]7",
            "ipv4",
            &[
                "198.51.100.7",
                "from 198[.]51[.]100[.]7.",
                "[ipv4-addr:value = '198.51.100.7']",
                "198.51.100.7:443",
            ],
            &["198.51.100.77", "1198.51.100.7", "198.51.100.7.example.com"],
            &["198.51.100.8"],
        );
        check(
            "Ada@Example.COM",
            "email",
            &[
                "mailto:ada@example.com",
                "<ada[@]example[.]com>",
                "ada[at]example[dot]com",
                "q=ada%40example.com",
            ],
            &["bada@example.com", "ada@example.com.invalid", "x.ada@example.com"],
            &["ada at example"],
        );
        check(
            "example.com",
            "domain",
            &["http://EXAMPLE.com/a", "at example[.]com, they", "ada@example.com", "example.com."],
            &["www.example.com", "example.com.invalid", "an-example.com"],
            &["example.org"],
        );
        check(
            "hxxps://evil[.]example/a",
            "url",
            &["https://evil.example/a", "see hxxps[:]//evil[.]example/a."],
            &["https://evil.example/a/b", "https://evil.example/abc"],
            &["https://evil.example/"],
        );
        check("Ada  Lovelace", "text", &["by ada\nLOVELACE, who"], &["Ada Lovelaces"], &["Ada L."]);
        check("2001:db8::7", "ipv6", &["2001:0DB8:0:0:0:0:0:7"], &["2001:db8::77"], &["2001:db8::8"]);
        let id = "identity--11111111-1111-4111-8111-111111111111";
        check(id, "id", &[id], &[&format!("x-{id}")], &["identity--1"]);
        for short in ["", "  a ", "abc"] {
            assert!(Subject::read(short).is_err());
        }
    }

    #[test]
    fn an_observable_is_found_by_what_it_is() {
        let subject = Subject::read("AS64500").unwrap();
        let object = br#"{"type":"autonomous-system","number":64500}"#;
        assert!(subject.in_bytes(object).it);
        let subject = Subject::read("2001:db8::7").unwrap();
        let object = br#"{"type":"indicator","pattern":"[ipv6-addr:value = '2001:0db8::0007']","pattern_type":"stix"}"#;
        assert!(subject.in_bytes(object).it);
        let escaped = br#"{"description":"\u0061da@example.com"}"#;
        assert!(Subject::read("ada@example.com").unwrap().in_bytes(escaped).it);
    }
}
