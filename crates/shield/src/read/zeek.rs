//! What the columns of Zeek's logs are, by their names.

use model::observable::Kind;

use super::{Field, Layout, Lines, Unlaid};
use crate::observe::{Escapes, without_escapes};

/// Names of columns and what they are. Of a name that means something else in two logs the more telling one counts: what is no value
/// of its kind matches nothing.
const COLUMNS: &[(&str, &[Field])] = &[
    ("ts", &[Field::Time]),
    ("id.orig_h", &[Field::Address(0)]),
    ("id.orig_p", &[Field::Port(0)]),
    ("id.resp_h", &[Field::Address(1)]),
    ("id.resp_p", &[Field::Port(1), Field::UrlPort]),
    ("query", &[Field::Value(Kind::Domain)]),
    ("answers", &[Field::Host]),
    ("host", &[Field::UrlHost]),
    ("uri", &[Field::UrlTarget]),
    ("referrer", &[Field::Value(Kind::Url)]),
    ("user_agent", &[Field::Value(Kind::UserAgent)]),
    ("server_name", &[Field::Value(Kind::Domain)]),
    ("tx_hosts", &[Field::Address(2)]),
    ("rx_hosts", &[Field::Address(3)]),
    ("filename", &[Field::Value(Kind::FileName)]),
    ("md5", &[Field::Value(Kind::Md5)]),
    ("sha1", &[Field::Value(Kind::Sha1)]),
    ("sha256", &[Field::Value(Kind::Sha256)]),
    ("ja3", &[Field::Value(Kind::Ja3)]),
    ("ja3s", &[Field::Value(Kind::Ja3s)]),
    ("ja4", &[Field::Value(Kind::Ja4)]),
    ("ja4s", &[Field::Value(Kind::Ja4s)]),
    ("hassh", &[Field::Value(Kind::Hassh)]),
    ("hasshServer", &[Field::Value(Kind::HasshServer)]),
    ("mailfrom", &[Field::Value(Kind::Email)]),
    ("rcptto", &[Field::Value(Kind::Email)]),
    ("from", &[Field::Value(Kind::Email)]),
    ("to", &[Field::Value(Kind::Email)]),
    ("cc", &[Field::Value(Kind::Email)]),
    ("reply_to", &[Field::Value(Kind::Email)]),
    ("helo", &[Field::Host]),
    ("path", &[Field::Host]),
    ("x_originating_ip", &[Field::Address(4)]),
    ("mac", &[Field::Value(Kind::Mac)]),
    ("assigned_addr", &[Field::Address(5)]),
    ("client_addr", &[Field::Address(6)]),
    ("server_addr", &[Field::Address(7)]),
    ("src", &[Field::Address(8)]),
    ("dst", &[Field::Address(9)]),
    ("requested_addr", &[Field::Address(10)]),
    ("client_fqdn", &[Field::Value(Kind::Domain)]),
    ("data_channel.resp_h", &[Field::Address(11)]),
    ("san.dns", &[Field::Value(Kind::Domain)]),
    ("san.ip", &[Field::Address(12)]),
    ("san.email", &[Field::Value(Kind::Email)]),
    ("san.uri", &[Field::Value(Kind::Url)]),
    ("proxied", &[Field::Text]),
    ("msg", &[Field::Text]),
    ("sub", &[Field::Text]),
    ("seen.indicator", &[Field::Text]),
    ("arg", &[Field::Value(Kind::Url)]),
    ("cert_chain_fps", &[Field::Value(Kind::CertSha256)]),
    ("fingerprint", &[Field::Value(Kind::CertSha256)]),
];

/// Columns of several values, where the log does not tell which are.
const LISTS: &[&str] = &[
    "answers",
    "tx_hosts",
    "rx_hosts",
    "rcptto",
    "to",
    "cc",
    "path",
    "san.dns",
    "san.ip",
    "san.email",
    "san.uri",
    "cert_chain_fps",
];

/// The longest line of a head that is taken, in bytes, and how many columns it may name. No log of Zeek comes near either.
const HEAD_BYTES: usize = 64 << 10;
const COLUMNS_MAX: usize = 4_096;

/// What a log tells of itself in the lines in front of its records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    /// `None` where it is no single byte.
    separator: Option<u8>,
    set_separator: u8,
    empty: Vec<u8>,
    unset: Vec<u8>,
    fields: String,
    types: String,
}

impl Default for Head {
    fn default() -> Head {
        Head {
            separator: Some(b'\t'),
            set_separator: b',',
            empty: b"(empty)".to_vec(),
            unset: b"-".to_vec(),
            fields: String::new(),
            types: String::new(),
        }
    }
}

impl Head {
    /// Takes a line that begins with `#`; gives whether it changes what the columns are.
    pub(super) fn take(&mut self, line: &[u8]) -> bool {
        if let Some(said) = line.strip_prefix(b"#separator ") {
            // Whatever was told before was another log's.
            let separator = match without_escapes(said).as_slice() {
                [one] => Some(*one),
                _ => None,
            };
            *self = Head { separator, ..Head::default() };
            return false;
        }
        let Some(separator) = self.separator else { return false };
        let Some(at) = memchr::memchr(separator, line) else { return false };
        let (name, said) = line.split_at(at);
        let said = said.get(1..).unwrap_or_default();
        let is_within =
            line.len() <= HEAD_BYTES && memchr::memchr_iter(separator, said).count() < COLUMNS_MAX;
        if !is_within {
            // What stands in columns of no name is not gone through, rather than by the names of those before.
            if name == b"#fields" {
                (self.fields, self.types) = (String::new(), String::new());
            }
            return name == b"#fields";
        }
        match name {
            b"#set_separator" => self.set_separator = without_escapes(said).first().copied().unwrap_or(b','),
            b"#empty_field" => self.empty = said.to_vec(),
            b"#unset_field" => self.unset = said.to_vec(),
            b"#fields" => (self.fields, self.types) = (as_text(said), String::new()),
            b"#types" => self.types = as_text(said),
            _ => return false,
        }
        matches!(name, b"#fields" | b"#types") && !self.fields.is_empty()
    }

    /// What was told, in lines; of nothing none.
    pub(super) fn lines(&self) -> Option<String> {
        if *self == Head::default() {
            return None;
        }
        let Some(separator) = self.separator else { return Some("#separator \\x09\\x09\n".to_owned()) };
        let mut lines = format!("#separator \\x{separator:02x}\n");
        let mut tell = |name: &str, said: &str| {
            lines.push_str(&format!("#{name}{}{said}\n", char::from(separator)));
        };
        tell("set_separator", &format!("\\x{:02x}", self.set_separator));
        tell("empty_field", &String::from_utf8_lossy(&self.empty));
        tell("unset_field", &String::from_utf8_lossy(&self.unset));
        for (name, said) in [("fields", &self.fields), ("types", &self.types)] {
            if !said.is_empty() {
                tell(name, said);
            }
        }
        Some(lines)
    }

    /// The layout that it tells.
    pub(super) fn layout(&self) -> Result<Layout, Unlaid> {
        let separator = self.separator.ok_or(Unlaid::Nothing)?;
        let split = |text: &str| text.split(char::from(separator)).map(str::to_owned).collect::<Vec<_>>();
        let (names, types) = (split(&self.fields), split(&self.types));
        let known = |name: &str| COLUMNS.iter().find(|(known, _)| *known == name).map(|(_, fields)| *fields);
        let has_target = names.iter().any(|name| name == "uri");
        let (mut columns, mut all) = (Vec::new(), Vec::new());
        for (at, name) in names.iter().enumerate() {
            let of_type = types.get(at).filter(|_| !self.types.is_empty());
            let is_list = match of_type {
                Some(of_type) => ["set[", "vector[", "table["].iter().any(|list| of_type.starts_with(list)),
                None => LISTS.contains(&name.as_str()),
            };
            let is_address = of_type.is_some_and(|of_type| {
                matches!(of_type.as_str(), "addr" | "subnet" | "set[addr]" | "vector[addr]")
            });
            // What people add to logs has names of their own.
            let unknown: &[Field] = if is_address { &[Field::Host] } else { &[] };
            for field in known(name).unwrap_or(unknown) {
                // Without a target a host is no part of a URL.
                let field = match field {
                    Field::UrlHost if !has_target => Field::Host,
                    Field::UrlPort if !has_target => continue,
                    field => *field,
                };
                columns.push(at);
                all.push((name.clone(), field, is_list.then_some(self.set_separator)));
            }
        }
        let usual = Head::default();
        let is_usual = self.empty == usual.empty && self.unset == usual.unset;
        let unset = if is_usual { Vec::new() } else { vec![self.empty.clone(), self.unset.clone()] };
        let shape = Lines::Columns { separator, columns, comment: Some(b'#'), unset };
        Layout::of(shape, Escapes::Zeek, &all)
    }
}

fn as_text(said: &[u8]) -> String {
    String::from_utf8_lossy(said.trim_ascii_end()).into_owned()
}

pub(super) fn layout(fields: &str) -> Result<Layout, Unlaid> {
    Head { fields: as_text(fields.as_bytes()), ..Head::default() }.layout()
}

pub(super) fn json() -> Result<Layout, Unlaid> {
    let all = COLUMNS.iter().flat_map(|(name, fields)| fields.iter().map(move |field| (*name, *field)));
    Layout::json(&all.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_told_again_as_it_was() {
        assert_eq!(Layout::zeek_by_header().header(), None);
        for head in [
            "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n#fields\tts\tquery\n#types\ttime\tstring\n",
            "#fields\tts\thost\turi\n",
            "#separator |\n#set_separator|;\n#empty_field|none\n#unset_field|~\n#fields|ts|answers\n",
            "#separator \\x09\\x09\n",
            "#separator |\n",
        ] {
            let taken = |lines: &str| {
                let mut head = Head::default();
                lines.lines().for_each(|line| {
                    head.take(line.as_bytes());
                });
                head
            };
            let told = taken(head).lines().unwrap();
            assert_eq!(taken(&told), taken(head), "{head}: {told}");
        }
    }

    #[test]
    fn a_head_is_taken_up_to_its_bounds() {
        let line = |columns: usize, name: &str| format!("#fields{}", format!("\t{name}").repeat(columns));
        let names = |line: &str| {
            let mut head = Head::default();
            assert!(head.take(b"#fields\tquery") && head.take(line.as_bytes()));
            head.fields.len()
        };
        assert_eq!(names(&line(4_096, "host")), 4_096 * 5 - 1);
        assert_eq!(names(&line(4_097, "host")), 0);
        assert_eq!(names(&line(1, &"h".repeat(65_528))), 65_528);
        assert_eq!(names(&line(1, &"h".repeat(65_529))), 0);
        let mut head = Head::default();
        assert!(
            head.take(b"#fields\tquery")
                && !head.take(line(5_000, "x").replace("fields", "types").as_bytes())
        );
        assert_eq!((head.fields.as_str(), head.types.as_str()), ("query", ""));
    }
}
