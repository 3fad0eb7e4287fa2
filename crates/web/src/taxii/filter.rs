//! §3.4, the query of a list.

use node::ListQuery;

use crate::Failure;
use crate::request::Query;

/// A field of `match[...]`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) summary: &'static str,
    into: fn(&mut ListQuery) -> &mut Vec<String>,
}

pub(super) const ID: Field =
    Field { name: "match[id]", summary: "Only these ids.", into: |query| &mut query.ids };
pub(super) const TYPE: Field =
    Field { name: "match[type]", summary: "Only these types.", into: |query| &mut query.types };
pub(super) const VERSION: Field = Field {
    name: "match[version]",
    summary: "Only these versions: `last`, `first`, `all`, or times.",
    into: |query| &mut query.versions,
};
pub(super) const SPEC_VERSION: Field = Field {
    name: "match[spec_version]",
    summary: "Only these versions of STIX.",
    into: |query| &mut query.spec_versions,
};

/// Reads the query of a list over a collection.
///
/// "If any of the URL query parameters are malformed, the TAXII Server MUST return an HTTP 400": so is a parameter given
/// twice, and a field of `match` that this address does not have, for to leave a filter out would be to answer more
/// than was asked. Parameters that the standard does not know, and that are no `match`, are not ours to judge.
pub(super) fn list_query(query: &Query, collection: &str, fields: &[Field]) -> Result<ListQuery, Failure> {
    let mut list = ListQuery { collection: Some(collection.to_owned()), ..ListQuery::default() };
    read_fields(query, fields, &mut list)?;
    if let Some(text) = query.one("added_after")? {
        let no_time = |_| {
            Failure::invalid(format!("`{text}` in `added_after` is no time"))
                .hint("write it as `2026-01-31T23:59:59.999999Z`")
        };
        list.added_after = Some(text.parse().map_err(no_time)?);
    }
    list.limit = query.one("limit")?.map(limit).transpose()?;
    // OpenCTI's ingester sends `next=` while it has none.
    list.next = query.one("next")?.filter(|next| !next.is_empty()).map(str::to_owned);
    Ok(list)
}

/// Reads the fields of `match[...]` into a query.
pub(super) fn read_fields(query: &Query, fields: &[Field], list: &mut ListQuery) -> Result<(), Failure> {
    let unknown = query
        .iter()
        .map(|(name, _)| name)
        .find(|name| name.starts_with("match") && !fields.iter().any(|field| field.name == *name));
    if let Some(name) = unknown {
        let known: Vec<&str> = fields.iter().map(|field| field.name).collect();
        return Err(Failure::invalid(format!("`{name}` cannot be matched here"))
            .hint(format!("this address takes {}", known.join(", "))));
    }
    for field in fields {
        let Some(text) = query.one(field.name)? else { continue };
        // "Multiple values are separated by a comma without any spaces."
        let values: Vec<String> = text.split(',').map(str::to_owned).collect();
        if values.iter().any(|value| value.trim().is_empty()) {
            return Err(Failure::invalid(format!("a value of `{}` is empty", field.name)));
        }
        *(field.into)(list) = values;
    }
    Ok(())
}

// "The value of the limit MUST be a positive integer greater than zero." One that no machine word holds is still one.
fn limit(text: &str) -> Result<usize, Failure> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = if is_number { text.parse().unwrap_or(usize::MAX) } else { 0 };
    if number == 0 {
        return Err(Failure::invalid(format!("`{text}` in `limit` is no number from 1")));
    }
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, fields: &[Field]) -> Result<ListQuery, u16> {
        let query = Query::parse(text).map_err(|failure| failure.status.as_u16())?;
        list_query(&query, "c", fields).map_err(|failure| failure.status.as_u16())
    }

    #[test]
    fn every_parameter_is_read() {
        let all = [ID, TYPE, VERSION, SPEC_VERSION];
        let list = check(
            "match%5Btype%5D=a,b&match[id]=x&match[version]=first,last&match[spec_version]=2.1\
             &added_after=2026-01-02T03:04:05Z&limit=10&next=abc&unknown=1",
            &all,
        )
        .unwrap();
        assert_eq!(list.types, ["a", "b"]);
        assert_eq!(list.ids, ["x"]);
        assert_eq!(list.versions, ["first", "last"]);
        assert_eq!(list.spec_versions, ["2.1"]);
        assert_eq!(list.added_after.unwrap().to_string(), "2026-01-02T03:04:05.000000Z");
        assert_eq!((list.limit, list.next.as_deref()), (Some(10), Some("abc")));
        assert_eq!(check("limit=99999999999999999999999", &all).unwrap().limit, Some(usize::MAX));
        assert_eq!(check("next=", &all).unwrap().next, None);
    }

    #[test]
    fn what_is_malformed_is_refused() {
        for wrong in [
            "limit=0",
            "limit=-1",
            "limit=ten",
            "limit=1.5",
            "limit=",
            "limit=1&limit=2",
            "added_after=yesterday",
            "added_after=",
            "added_after=2026-01-02",
            "added_after=2026-01-02T03:04:05Z&added_after=2026-01-02T03:04:05Z",
            "match[type]=",
            "match[type]=a,",
            "match[type]=a&match[type]=b",
            "match[name]=x",
            "match=x",
            "next=a&next=b",
            "match[type]=%ff",
        ] {
            assert_eq!(check(wrong, &[ID, TYPE, VERSION]).unwrap_err(), 400, "{wrong}");
        }
        assert_eq!(check("match[type]=a", &[VERSION]).unwrap_err(), 400);
    }
}
