//! What is in a collection or in the record: pages for TAXII and for the API.

use std::cell::Cell;

use model::Timestamp;
use store::opened::Place;
use store::read::{Entry, PageQuery, VersionForm, VersionSpec};

use crate::core::cursor::{self, Binding, Cursor, Purpose};
use crate::core::list_query::{Filters, page_size};
use crate::directory::not_found;
use crate::reading::Reading;
use crate::{Caller, EntryId, EntryVersion, Error, Kind, ListEnd, ListEntry, ListQuery, Node, random};

/// What becomes of the entries.
enum Out<'a> {
    /// Each is lent, with what is served of it.
    Lent(&'a mut dyn FnMut(&ListEntry<'_>)),
    /// The same without.
    Told(&'a mut dyn FnMut(&ListEntry<'_>)),
    /// What is served of each is put behind the one before.
    Joined(&'a mut Vec<u8>),
}

impl Node {
    /// Lends a page's entries in order (TAXII 2.1 §5.4).
    ///
    /// # Errors
    /// [`Kind::NotFound`] for a collection that is not there, or not for this caller; [`Kind::Invalid`] for a filter, a
    /// limit or a cursor that makes no sense.
    pub fn list(
        &self,
        caller: &Caller,
        query: &ListQuery,
        each: &mut dyn FnMut(&ListEntry<'_>),
    ) -> Result<ListEnd, Error> {
        self.pages(caller, query, Purpose::List, (Some("list"), Out::Lent(each)))
    }

    /// Puts a page's entries behind what `to` holds, in order, as they are served, with commas between. After an error,
    /// what was put there is of no use.
    ///
    /// # Errors
    /// As [`Node::list`].
    pub fn list_into(&self, caller: &Caller, query: &ListQuery, to: &mut Vec<u8>) -> Result<ListEnd, Error> {
        self.pages(caller, query, Purpose::List, (Some("list"), Out::Joined(to)))
    }

    /// The same entries without what is served of each: `wire` is empty, and no body is read (TAXII 2.1 §5.3). The
    /// cursors of the two are the same.
    ///
    /// # Errors
    /// As [`Node::list`].
    pub fn manifest(
        &self,
        caller: &Caller,
        query: &ListQuery,
        each: &mut dyn FnMut(&ListEntry<'_>),
    ) -> Result<ListEnd, Error> {
        self.pages(caller, query, Purpose::List, (Some("manifest"), Out::Told(each)))
    }

    /// The versions of one object through a collection, ascending by date added (TAXII 2.1 §5.8); `wire` is empty.
    ///
    /// # Errors
    /// As [`Node::list`], and [`Kind::NotFound`] for an object of which this caller may see no version.
    pub fn versions(
        &self,
        caller: &Caller,
        query: &ListQuery,
        each: &mut dyn FnMut(&ListEntry<'_>),
    ) -> Result<ListEnd, Error> {
        let [id] = query.ids.as_slice() else {
            return Err(Error::new(Kind::Invalid, "versions are listed of one object at a time"));
        };
        let end = self.pages(caller, query, Purpose::Versions, (Some("versions"), Out::Told(each)))?;
        if end.first.is_none() && !self.is_there(caller, query)? {
            return Err(not_found("object", id));
        }
        Ok(end)
    }

    fn is_there(&self, caller: &Caller, query: &ListQuery) -> Result<bool, Error> {
        let any = ListQuery {
            collection: query.collection.clone(),
            ids: query.ids.clone(),
            versions: vec!["all".to_owned()],
            limit: Some(1),
            ..ListQuery::default()
        };
        Ok(self.pages(caller, &any, Purpose::List, (None, Out::Told(&mut |_| {})))?.first.is_some())
    }

    // What is listed under a verb is noted as read.
    fn pages(
        &self,
        caller: &Caller,
        query: &ListQuery,
        purpose: Purpose,
        (verb, out): (Option<&'static str>, Out<'_>),
    ) -> Result<ListEnd, Error> {
        let (reading, collection) = self.reading_through(caller, query.collection.as_deref())?;
        let binding = Binding { purpose, collection: collection.as_ref().map(|collection| collection.id) };
        let (filters, from, before) = self.start(caller, query, binding, &reading)?;
        let limit = page_size(query.limit, before, self.settings().page_limit)?;
        if !filters.wants_served_version() {
            return Ok(ListEnd::default());
        }
        let page = PageQuery {
            visible: &reading.sight.visible,
            // A collection without a filter holds everything below its ceiling.
            collection: collection
                .filter(|collection| !collection.filter.trim().is_empty())
                .map(|one| one.id),
            objects: filters.objects(),
            kinds: filters.types.clone(),
            sources: Vec::new(),
            versions: match purpose {
                Purpose::Versions => vec![VersionSpec::All],
                _ => filters.version_specs(),
            },
            from,
            limit,
        };
        let first = Cell::new(None);
        let note = |position, label, date_added| {
            first.set(first.get().or(Some(date_added)));
            reading.lends_of(position, label, date_added);
        };
        let snapshot = &reading.snapshot;
        let lend = |entry: &Entry<'_>, each: &mut dyn FnMut(&ListEntry<'_>)| {
            note(entry.position, entry.label, entry.date_added);
            lend(&reading, entry, each);
        };
        let end = match out {
            Out::Lent(each) => snapshot.page(&page, &mut |entry| lend(entry, each))?,
            Out::Told(each) => snapshot.manifest(&page, &mut |entry| lend(entry, each))?,
            Out::Joined(to) => {
                snapshot.page_into(&page, to, &mut |position, label, added| note(position, label, added))?
            }
        };
        let first = first.get();
        if let Some(verb) = verb {
            self.lent(caller, verb, binding.collection, reading)?;
        }
        let next = if end.more {
            let limit = query.limit.and(u32::try_from(limit).ok()).or(before);
            let cursor = Cursor { place: end.next, limit, filters };
            Some(cursor::seal(&self.inner.cursor_key, random::nonce()?, binding, &caller.principal, &cursor)?)
        } else {
            None
        };
        Ok(ListEnd { more: end.more, next, first, last: first.and(end.date_added_last) })
    }

    // The filters in force, where the page begins, and the limit of the page before.
    fn start(
        &self,
        caller: &Caller,
        query: &ListQuery,
        binding: Binding,
        reading: &Reading,
    ) -> Result<(Filters, Place, Option<u32>), Error> {
        let filters = Filters::read(query)?;
        if let Some(next) = &query.next {
            let cursor: Cursor<Filters> =
                cursor::open(&self.inner.cursor_key, binding, &caller.principal, next)?;
            return Ok((filters.continued(cursor.filters)?, cursor.place, cursor.limit));
        }
        let from = match filters.added_after {
            Some(after) => reading.place_after(Timestamp(after))?,
            None => Place::default(),
        };
        Ok((filters, from, None))
    }
}

fn lend(reading: &Reading, entry: &Entry<'_>, each: &mut dyn FnMut(&ListEntry<'_>)) {
    // What bears a label that is not known is not visible, so it never comes here.
    let Some(label) = reading.sight.label(entry.label) else { return };
    each(&ListEntry {
        id: EntryId { kind: entry.kind, uuid: entry.uuid },
        date_added: entry.date_added,
        version: match entry.version_form {
            VersionForm::Micros => EntryVersion::Micros(entry.version),
            VersionForm::Millis => EntryVersion::Millis(entry.version),
            VersionForm::Other(text) => EntryVersion::Other(text),
        },
        wire: entry.wire,
        tlp: label.tlp,
    });
}
