//! What a search asks for, in normal form: checked, and merged with the cursor that it continues.

use serde::{Deserialize, Serialize};

use super::list_query::{object_key, type_name};
use crate::{Error, Kind, SearchQuery};

/// Longest text of a filter, in bytes.
const MAX_TEXT: usize = 1_000;
/// Most values of one filter.
const MAX_VALUES: usize = 100;

/// The filters of a search. Equal filters are equal values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Filters {
    /// Words that must all occur.
    #[serde(rename = "q", skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Types.
    #[serde(rename = "t", skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<String>,
    /// Members, by id or name.
    #[serde(rename = "s", skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// TLP labels, by name.
    #[serde(rename = "l", skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// A tag.
    #[serde(rename = "g", skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// An external id.
    #[serde(rename = "e", skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// A name or alias.
    #[serde(rename = "n", skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// An object one step away, by id.
    #[serde(rename = "r", skip_serializing_if = "Option::is_none")]
    pub related_to: Option<String>,
    /// Only what was added after, in microseconds.
    #[serde(rename = "a", skip_serializing_if = "Option::is_none")]
    pub added_after: Option<i64>,
    /// Only what was added before, in microseconds.
    #[serde(rename = "b", skip_serializing_if = "Option::is_none")]
    pub added_before: Option<i64>,
}

impl Filters {
    /// Reads the filters of a request.
    ///
    /// # Errors
    /// [`Kind::Invalid`] for an id that is none, and for what is too long.
    pub fn read(query: &SearchQuery) -> Result<Filters, Error> {
        let related_to = text("related_to", query.related_to.as_deref())?;
        related_to.as_deref().map(object_key).transpose()?;
        let types = query.types.iter().map(|name| type_name(name)).collect::<Result<Vec<_>, _>>()?;
        Ok(Filters {
            text: text("text", query.text.as_deref())?,
            types: values("type", types.into_iter())?,
            sources: values("source", query.sources.iter().cloned())?,
            labels: values("label", query.labels.iter().map(|tlp| tlp.name().to_owned()))?,
            tag: text("tag", query.tag.as_deref())?,
            external_id: text("external_id", query.external_id.as_deref())?,
            alias: text("alias", query.alias.as_deref())?,
            related_to,
            added_after: query.added_after.map(|at| at.0),
            added_before: query.added_before.map(|at| at.0),
        })
    }

    /// The filters of a page that continues another: what the request leaves out comes from the cursor, what it
    /// repeats must be the same.
    ///
    /// # Errors
    /// [`Kind::Invalid`] where the two contradict each other.
    pub fn continued(self, before: Filters) -> Result<Filters, Error> {
        let merged = Filters {
            text: self.text.or(before.text.clone()),
            types: given(self.types, &before.types),
            sources: given(self.sources, &before.sources),
            labels: given(self.labels, &before.labels),
            tag: self.tag.or(before.tag.clone()),
            external_id: self.external_id.or(before.external_id.clone()),
            alias: self.alias.or(before.alias.clone()),
            related_to: self.related_to.or(before.related_to.clone()),
            added_after: self.added_after.or(before.added_after),
            added_before: self.added_before.or(before.added_before),
        };
        if merged == before {
            return Ok(before);
        }
        Err(Error::new(Kind::Invalid, "a filter contradicts the one that `next` continues")
            .hint("repeat the filters as they were, or leave them out, or ask again without `next`"))
    }

    /// The tag asked for, folded as the index folds it.
    #[must_use]
    pub fn tags(&self) -> Vec<String> {
        self.tag.iter().map(|tag| super::index::fold(tag)).collect()
    }

    /// The exact names asked for, folded as the index folds them.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.external_id.iter().chain(&self.alias).map(|name| super::index::fold(name)).collect()
    }
}

fn given(values: Vec<String>, before: &[String]) -> Vec<String> {
    if values.is_empty() { before.to_vec() } else { values }
}

fn text(name: &str, text: Option<&str>) -> Result<Option<String>, Error> {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    match text {
        Some(text) if text.len() > MAX_TEXT => {
            Err(Error::new(Kind::Invalid, format!("`{name}` is at most {MAX_TEXT} bytes long")))
        }
        text => Ok(text.map(str::to_owned)),
    }
}

fn values(name: &str, values: impl Iterator<Item = String>) -> Result<Vec<String>, Error> {
    let mut values: Vec<String> = values.collect();
    if values.len() > MAX_VALUES || values.iter().any(|value| value.len() > MAX_TEXT) {
        return Err(Error::new(Kind::Invalid, format!("too much in `{name}`")));
    }
    values.sort_unstable();
    values.dedup();
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Timestamp;

    fn query() -> SearchQuery {
        SearchQuery {
            text: Some(" emotet  loader ".to_owned()),
            types: vec!["malware".to_owned(), "tool".to_owned()],
            labels: vec![model::Tlp::Green],
            added_after: Some(Timestamp(3)),
            ..SearchQuery::default()
        }
    }

    #[test]
    fn what_is_left_out_comes_from_the_cursor_and_the_rest_must_agree() {
        let before = Filters::read(&query()).unwrap();
        assert_eq!(before.text.as_deref(), Some("emotet  loader"));
        let continued = |query: SearchQuery| Filters::read(&query).unwrap().continued(before.clone());
        assert_eq!(continued(SearchQuery::default()).unwrap(), before);
        assert_eq!(continued(query()).unwrap(), before);
        let turned = vec!["tool".to_owned(), "malware".to_owned()];
        assert_eq!(continued(SearchQuery { types: turned, ..SearchQuery::default() }).unwrap(), before);
        for other in [
            SearchQuery { text: Some("emotet".to_owned()), ..SearchQuery::default() },
            SearchQuery { types: vec!["tool".to_owned()], ..SearchQuery::default() },
            SearchQuery { tag: Some("x".to_owned()), ..SearchQuery::default() },
            SearchQuery { added_before: Some(Timestamp(3)), ..SearchQuery::default() },
        ] {
            assert_eq!(continued(other).unwrap_err().kind, Kind::Invalid);
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for wrong in [
            SearchQuery { related_to: Some("emotet".to_owned()), ..SearchQuery::default() },
            SearchQuery { text: Some("a".repeat(1_001)), ..SearchQuery::default() },
            SearchQuery { types: vec![String::new(); 101], ..SearchQuery::default() },
            SearchQuery { types: vec!["malware,tool".to_owned()], ..SearchQuery::default() },
        ] {
            assert_eq!(Filters::read(&wrong).unwrap_err().kind, Kind::Invalid);
        }
        let blank = SearchQuery { text: Some(" ".to_owned()), ..SearchQuery::default() };
        assert_eq!(Filters::read(&blank).unwrap(), Filters::default());
    }

    #[test]
    fn filters_go_round_as_json() {
        let filters = Filters::read(&query()).unwrap();
        let json = serde_json::to_string(&filters).unwrap();
        assert_eq!(json, r#"{"q":"emotet  loader","t":["malware","tool"],"l":["GREEN"],"a":3}"#);
        assert_eq!(serde_json::from_str::<Filters>(&json).unwrap(), filters);
    }
}
