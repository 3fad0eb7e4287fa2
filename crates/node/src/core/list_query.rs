//! What a list asks for, in normal form: checked, and merged with the cursor that it continues.

use model::Timestamp;
use serde::{Deserialize, Serialize};
use store::read::VersionSpec;
use store::record::ObjectKey;
use uuid::Uuid;

use crate::{Error, Kind, ListQuery};

/// Most values of one filter. A request line holds fewer.
const MAX_VALUES: usize = 1_000;

/// The filters of a list, sorted and without repetition, so that equal filters are equal values and equal cursors.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Filters {
    /// Only what was added after, in microseconds.
    #[serde(rename = "a", skip_serializing_if = "Option::is_none")]
    pub added_after: Option<i64>,
    /// `match[id]`
    #[serde(rename = "i", skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<String>,
    /// `match[type]`
    #[serde(rename = "t", skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<String>,
    /// `match[version]`, times as the six-digit text of their instant.
    #[serde(rename = "v", skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<String>,
    /// `match[spec_version]`
    #[serde(rename = "s", skip_serializing_if = "Vec::is_empty")]
    pub spec_versions: Vec<String>,
}

/// The name of a type: of any letters, but one.
///
/// # Errors
/// [`Kind::Invalid`] for several in one, which would find nothing.
pub(crate) fn type_name(name: &str) -> Result<String, Error> {
    if name.contains(|letter: char| letter == ',' || letter.is_whitespace()) {
        let error = Error::new(Kind::Invalid, format!("`{name}` is no type"));
        return Err(error.hint("name each of several types by itself"));
    }
    Ok(name.to_owned())
}

impl Filters {
    /// Reads the filters of a request.
    ///
    /// # Errors
    /// [`Kind::Invalid`], with the value that makes no sense (TAXII 2.1 §3.4: a malformed parameter is an error; an
    /// unknown type is not).
    pub fn read(query: &ListQuery) -> Result<Filters, Error> {
        let filters = Filters {
            added_after: query.added_after.map(|at| at.0),
            ids: normal("match[id]", &query.ids, |id| object_key(id).map(|key| id_text(&key)))?,
            types: normal("match[type]", &query.types, type_name)?,
            versions: normal("match[version]", &query.versions, version_word)?,
            spec_versions: normal("match[spec_version]", &query.spec_versions, spec_version)?,
        };
        if filters.versions.len() > 1 && filters.versions.iter().any(|word| word == "all") {
            return Err(Error::new(
                Kind::Invalid,
                "`all` cannot stand beside other versions in `match[version]`",
            ));
        }
        Ok(filters)
    }

    /// The filters of a page that continues another: what the request leaves out comes from the cursor, what it
    /// repeats must be the same.
    ///
    /// # Errors
    /// [`Kind::Invalid`] where the two contradict each other.
    pub fn continued(self, before: Filters) -> Result<Filters, Error> {
        let same = self.added_after.is_none_or(|at| Some(at) == before.added_after)
            && [
                (&self.ids, &before.ids),
                (&self.types, &before.types),
                (&self.versions, &before.versions),
                (&self.spec_versions, &before.spec_versions),
            ]
            .into_iter()
            .all(|(now, before)| now.is_empty() || now == before);
        if same {
            return Ok(before);
        }
        Err(Error::new(Kind::Invalid, "a filter contradicts the one that `next` continues")
            .hint("repeat the filters as they were, or leave them out, or ask again without `next`"))
    }

    /// The objects wanted; empty is all.
    #[must_use]
    pub fn objects(&self) -> Vec<ObjectKey> {
        self.ids.iter().filter_map(|id| object_key(id).ok()).collect()
    }

    /// The versions wanted; empty is the last.
    #[must_use]
    pub fn version_specs(&self) -> Vec<VersionSpec> {
        let spec = |word: &String| match word.as_str() {
            "last" => Some(VersionSpec::Last),
            "first" => Some(VersionSpec::First),
            "all" => Some(VersionSpec::All),
            time => time.parse().ok().map(VersionSpec::At),
        };
        self.versions.iter().filter_map(spec).collect()
    }

    /// Whether STIX 2.1 is among the versions wanted. It is the only one that is served.
    #[must_use]
    pub fn wants_served_version(&self) -> bool {
        self.spec_versions.is_empty() || self.spec_versions.iter().any(|version| version == "2.1")
    }
}

fn normal(
    name: &str,
    values: &[String],
    read: impl Fn(&str) -> Result<String, Error>,
) -> Result<Vec<String>, Error> {
    if values.len() > MAX_VALUES {
        return Err(Error::new(Kind::Invalid, format!("more than {MAX_VALUES} values in `{name}`")));
    }
    let mut read = values.iter().map(|value| read(value.trim())).collect::<Result<Vec<_>, _>>()?;
    read.sort_unstable();
    read.dedup();
    Ok(read)
}

fn version_word(word: &str) -> Result<String, Error> {
    if matches!(word, "last" | "first" | "all") {
        return Ok(word.to_owned());
    }
    word.parse::<Timestamp>().map(|at| at.to_string()).map_err(|_| {
        Error::new(
            Kind::Invalid,
            format!("`{word}` is no version: use `last`, `first`, `all` or an RFC 3339 time in UTC"),
        )
    })
}

fn spec_version(text: &str) -> Result<String, Error> {
    let number = |part: &str| !part.is_empty() && part.len() < 4 && part.bytes().all(|b| b.is_ascii_digit());
    match text.split_once('.') {
        Some((major, minor)) if number(major) && number(minor) => Ok(text.to_owned()),
        _ => Err(Error::new(Kind::Invalid, format!("`{text}` is no version of STIX such as `2.1`"))),
    }
}

/// Splits a STIX id into its type and UUID (STIX 2.1 §2.9).
///
/// # Errors
/// [`Kind::Invalid`] for what is no id.
pub fn object_key(id: &str) -> Result<ObjectKey, Error> {
    let split = id.split_once("--").and_then(|(kind, uuid)| {
        let plain = kind.len() <= 250 && kind.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        let uuid = (uuid.len() == 36).then(|| Uuid::try_parse(uuid).ok()).flatten()?;
        (plain && !kind.is_empty()).then(|| ObjectKey { kind: kind.to_owned(), uuid })
    });
    split.ok_or_else(|| Error::new(Kind::Invalid, format!("`{}` is no STIX id", shortened(id))))
}

/// The id that a key stands for.
#[must_use]
pub fn id_text(key: &ObjectKey) -> String {
    format!("{}--{}", key.kind, key.uuid.hyphenated())
}

/// The size of a page: what the request asks for, else what the page before asked for, else all that is allowed.
///
/// # Errors
/// [`Kind::Invalid`] for 0.
pub fn page_size(asked: Option<usize>, before: Option<u32>, most: usize) -> Result<usize, Error> {
    match asked {
        Some(0) => Err(Error::new(Kind::Invalid, "`limit` must be at least 1")),
        Some(asked) => Ok(asked.min(most)),
        None => Ok(before.map_or(most, |before| (before as usize).min(most))),
    }
}

// An error repeats what was asked, and no more of it than helps.
fn shortened(text: &str) -> &str {
    text.char_indices().nth(100).and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f";

    fn strings(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    fn versions(texts: &[&str]) -> Result<Vec<VersionSpec>, Error> {
        let query = ListQuery { versions: strings(texts), ..ListQuery::default() };
        Filters::read(&query).map(|filters| filters.version_specs())
    }

    #[test]
    fn every_form_of_a_version_is_understood() {
        assert_eq!(versions(&[]).unwrap(), []);
        assert_eq!(versions(&["all"]).unwrap(), [VersionSpec::All]);
        assert_eq!(
            versions(&["last", "2016-01-01T01:01:01.000Z", "first", "2016-01-01T01:01:01Z"]).unwrap(),
            [VersionSpec::At("2016-01-01T01:01:01Z".parse().unwrap()), VersionSpec::First, VersionSpec::Last]
        );
        for wrong in [&["all", "last"][..], &["all", "2016-01-01T01:01:01Z"], &["latest"], &[""], &["2016"]] {
            assert_eq!(versions(wrong).unwrap_err().kind, Kind::Invalid, "{wrong:?}");
        }
    }

    #[test]
    fn ids_are_ids() {
        assert_eq!(id_text(&object_key(ID).unwrap()), ID);
        for wrong in
            ["", "indicator", "indicator--", "--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f", "a--b", &ID[1..30]]
        {
            assert!(object_key(wrong).is_err(), "{wrong}");
        }
        assert!(object_key(&ID.replace('-', "")).is_err());
        assert!(object_key(&ID.replace("indicator", "Indicator")).is_err());
    }

    #[test]
    fn spec_versions_are_numbers_and_only_one_is_served() {
        let filters = |texts: &[&str]| {
            Filters::read(&ListQuery { spec_versions: strings(texts), ..ListQuery::default() })
        };
        assert!(filters(&[]).unwrap().wants_served_version());
        assert!(filters(&["2.0", "2.1"]).unwrap().wants_served_version());
        assert!(!filters(&["2.0"]).unwrap().wants_served_version());
        for wrong in ["", "2", "two", "2.", ".1", "2.1.0x", "latest"] {
            assert!(filters(&[wrong]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn filters_left_out_come_from_the_cursor_and_others_must_agree() {
        let before = Filters::read(&ListQuery {
            added_after: Some(Timestamp(5)),
            ids: strings(&[ID]),
            types: strings(&["malware", "indicator"]),
            versions: strings(&["all"]),
            ..ListQuery::default()
        })
        .unwrap();
        let continued = |query: ListQuery| Filters::read(&query).unwrap().continued(before.clone());
        assert_eq!(continued(ListQuery::default()).unwrap(), before);
        let repeated =
            ListQuery { types: strings(&["indicator", "malware", "malware"]), ..ListQuery::default() };
        assert_eq!(continued(repeated).unwrap(), before);
        for other in [
            ListQuery { types: strings(&["indicator"]), ..ListQuery::default() },
            ListQuery { added_after: Some(Timestamp(6)), ..ListQuery::default() },
            ListQuery { versions: strings(&["last"]), ..ListQuery::default() },
            ListQuery { spec_versions: strings(&["2.1"]), ..ListQuery::default() },
        ] {
            assert_eq!(continued(other).unwrap_err().kind, Kind::Invalid);
        }
    }

    #[test]
    fn a_page_has_at_least_one_entry_and_at_most_what_is_allowed() {
        assert!(page_size(Some(0), None, 10).is_err());
        for (asked, before, size) in [
            (Some(3), Some(7), 3),
            (Some(30), None, 10),
            (None, Some(7), 7),
            (None, Some(70), 10),
            (None, None, 10),
        ] {
            assert_eq!(page_size(asked, before, 10).unwrap(), size);
        }
    }

    #[test]
    fn filters_go_round_as_json() {
        let filters = Filters { added_after: Some(-1), types: strings(&["a"]), ..Filters::default() };
        let json = serde_json::to_string(&filters).unwrap();
        assert_eq!(json, r#"{"a":-1,"t":["a"]}"#);
        assert_eq!(serde_json::from_str::<Filters>(&json).unwrap(), filters);
        assert_eq!(serde_json::to_string(&Filters::default()).unwrap(), "{}");
    }
}
