//! §5.3, §5.4, §5.6 and §5.8, what is in a collection.
//!
//! An answer is written straight into one buffer: objects are copied into it, not read, in one piece where a client wants
//! them as their authors wrote them.

use std::io::Write;

use http::HeaderName;
use node::{ListEnd, ListEntry, ListQuery};

use super::filter::{ID, SPEC_VERSION, TYPE, VERSION, list_query};
use super::{MEDIA_TYPE, STIX_MEDIA_TYPE};
use crate::profile::{Empty, LastOfEmpty, Profile};
use crate::routes::Outcome;
use crate::{Answer, Failure, Request, blocking};

static DATE_ADDED_FIRST: HeaderName = HeaderName::from_static("x-taxii-date-added-first");
static DATE_ADDED_LAST: HeaderName = HeaderName::from_static("x-taxii-date-added-last");

/// What a page is begun with, in bytes: room for a small one.
const ROOM: usize = 16 << 10;
/// And per entry that may come, up to a hundred of them; larger pages grow.
const ROOM_PER_ENTRY: usize = 2 << 10;
/// §5.3
pub(super) async fn manifest(request: Request) -> Outcome {
    let query = list_query(&request.query, request.param("collection"), &[ID, TYPE, VERSION, SPEC_VERSION])?;
    let mut page = Page::new(&request, "objects", &query);
    let end = page.fill(&request, &query, Source::Manifest, write_record)?;
    page.answer(&query, end)
}

/// §5.4
pub(super) async fn objects(request: Request) -> Outcome {
    let query = list_query(&request.query, request.param("collection"), &[ID, TYPE, VERSION, SPEC_VERSION])?;
    let mut page = Page::new(&request, "objects", &query);
    let end = page.fill(&request, &query, Source::List, Profile::write)?;
    page.answer(&query, end)
}

/// §5.6
pub(super) async fn object(request: Request) -> Outcome {
    let mut query = list_query(&request.query, request.param("collection"), &[VERSION, SPEC_VERSION])?;
    query.ids = vec![request.param("object").to_owned()];
    let mut page = Page::new(&request, "objects", &query);
    let end = page.fill(&request, &query, Source::List, Profile::write)?;
    page.none_without_object(&request)?;
    page.answer(&query, end)
}

/// §5.8
pub(super) async fn versions(request: Request) -> Outcome {
    let mut query = list_query(&request.query, request.param("collection"), &[SPEC_VERSION])?;
    query.ids = vec![request.param("object").to_owned()];
    let mut page = Page::new(&request, "versions", &query);
    let end = page.fill(&request, &query, Source::Versions, |_, entry, to| {
        write_string(&entry.version.to_string(), to)
    })?;
    page.none_without_object(&request)?;
    page.answer(&query, end)
}

#[derive(Debug, Clone, Copy)]
enum Source {
    List,
    Manifest,
    Versions,
}

/// A resource with a list in it, being written: an envelope (§3.7), a manifest (§5.3.1) or versions (§5.8.1).
struct Page {
    profile: &'static Profile,
    /// The key of the list.
    key: &'static str,
    buffer: Vec<u8>,
    is_empty: bool,
}

type WriteEntry = fn(&Profile, &ListEntry<'_>, &mut Vec<u8>);

impl Page {
    fn new(request: &Request, key: &'static str, query: &ListQuery) -> Page {
        let room = ROOM + query.limit.unwrap_or(0).min(100) * ROOM_PER_ENTRY;
        Page { profile: request.profile(), key, buffer: Vec::with_capacity(room), is_empty: true }
    }

    fn fill(
        &mut self,
        request: &Request,
        query: &ListQuery,
        source: Source,
        write: WriteEntry,
    ) -> Result<ListEnd, Failure> {
        let (caller, profile, to) = (request.caller()?, self.profile, &mut self.buffer);
        to.extend_from_slice(b"{\"");
        to.extend_from_slice(self.key.as_bytes());
        to.extend_from_slice(b"\":[");
        let begun = to.len();
        let each = |entry: &ListEntry<'_>, to: &mut Vec<u8>| {
            if to.len() > begun {
                to.push(b',');
            }
            write(profile, entry, to);
        };
        let read = || match source {
            Source::List if profile.is_as_written() => request.node.list_into(caller, query, to),
            Source::List => request.node.list(caller, query, &mut |entry| each(entry, to)),
            Source::Manifest => request.node.manifest(caller, query, &mut |entry| each(entry, to)),
            Source::Versions => request.node.versions(caller, query, &mut |entry| each(entry, to)),
        };
        let end = blocking::brief(read)?;
        self.is_empty = self.buffer.len() == begun;
        if self.is_empty {
            self.buffer.clear();
        }
        Ok(end)
    }

    // An empty answer about an object that is not there at all is a 404; one that its filters made empty is not.
    fn none_without_object(&self, request: &Request) -> Result<(), Failure> {
        if !self.is_empty {
            return Ok(());
        }
        let any = ListQuery {
            collection: Some(request.param("collection").to_owned()),
            ids: vec![request.param("object").to_owned()],
            versions: vec!["all".to_owned()],
            limit: Some(1),
            ..ListQuery::default()
        };
        let mut exists = false;
        let caller = request.caller()?;
        blocking::brief(|| request.node.list(caller, &any, &mut |_| exists = true))?;
        if exists { Ok(()) } else { Err(no_object(request)) }
    }

    fn answer(self, query: &ListQuery, end: ListEnd) -> Outcome {
        let Page { profile, key, mut buffer, is_empty } = self;
        match (is_empty, profile.empty) {
            (false, _) => buffer.extend_from_slice(b"],"),
            (true, Empty::List) if key == "objects" => buffer.extend_from_slice(b"{\"objects\":[],"),
            (true, _) => buffer.push(b'{'),
        }
        buffer.extend_from_slice(if end.more { b"\"more\":true" } else { b"\"more\":false" });
        // The tables of manifest and versions have no `next`, yet their endpoints take one; a client that does not
        // know it pages by `added_after`.
        if let Some(next) = &end.next {
            buffer.extend_from_slice(b",\"next\":");
            write_string(next, &mut buffer);
        }
        buffer.push(b'}');
        let mut answer = Answer::bytes(MEDIA_TYPE, buffer);
        let echoed = match profile.last_of_empty {
            LastOfEmpty::AddedAfter if is_empty => query.added_after,
            _ => None,
        };
        // §3.2: on every success; on an empty page there is nothing that they could say.
        for (name, time) in [(&DATE_ADDED_FIRST, end.first), (&DATE_ADDED_LAST, end.last.or(echoed))] {
            if let Some(time) = time {
                answer = answer.header_text(name.clone(), &time.to_string());
            }
        }
        Ok(answer)
    }
}

/// What a client is told of an object that it does not see.
pub(super) fn no_object(request: &Request) -> Failure {
    let mut failure = Failure::not_found();
    failure.detail = format!("there is no `{}` in this collection", request.param("object"));
    failure
}

// §5.3.1, manifest-record.
fn write_record(_: &Profile, entry: &ListEntry<'_>, to: &mut Vec<u8>) {
    to.extend_from_slice(b"{\"id\":");
    write_string(&entry.id.to_string(), to);
    // Writing to a Vec cannot fail.
    let _written = write!(to, ",\"date_added\":\"{}\",\"version\":", entry.date_added);
    write_string(&entry.version.to_string(), to);
    let _written = write!(to, ",\"media_type\":\"{STIX_MEDIA_TYPE}\"}}");
}

fn write_string(text: &str, to: &mut Vec<u8>) {
    let _written = serde_json::to_writer(to, text);
}
