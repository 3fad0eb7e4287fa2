//! Objects by text and properties.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::ops::ControlFlow;

use model::{MemberId, Timestamp, Tlp};
use store::find::{Claims, Hit, Search};
use store::read::Visible;
use store::record::ObjectKey;

use crate::around;
use crate::claims::is_seen_under;
use crate::core::cursor::{self, Binding, Cursor, Purpose};
use crate::core::list_query::{object_key, page_size};
use crate::core::search_query::Filters;
use crate::reading::Reading;
use crate::{Caller, Error, Node, SearchQuery, random, views};

/// Objects of a page where no limit is asked for.
const DEFAULT_PAGE: usize = 50;
/// Most objects of a page.
const MAX_PAGE: usize = 1_000;
/// Facets are counted over so many hits at most.
const COUNTED: usize = 10_000;
/// Values of a facet that are listed.
const FACET_VALUES: usize = 20;
/// Objects around one that are looked among.
const MAX_RELATED: usize = 1_000;

/// What is gone through: everything, or the claims of these members, or under the ids of the first.
#[derive(Debug, Clone, Default)]
pub(crate) enum Among {
    #[default]
    Everything,
    ClaimsUnder(MemberId),
    ClaimsBy(Vec<MemberId>),
}

impl Node {
    /// Objects by text, type, source, label, time, relation, external id, alias; the newest first.
    ///
    /// A page costs what it shows, and of terms (words, names, tags) at most reading where the rarest of them leads. What
    /// the reader may not see is passed over by label. Facets go through 10,000 hits, relations through 1,000.
    ///
    /// # Errors
    /// [`crate::Kind::Invalid`] for a filter, a limit or a cursor that makes no sense; what the caller may not.
    pub fn search(&self, caller: &Caller, query: &SearchQuery) -> Result<views::ObjectPage, Error> {
        self.found(caller, query, (Among::Everything, Purpose::Search, "search"))
    }

    /// A page of what is found among something, noted as read by this road.
    pub(crate) fn found(
        &self,
        caller: &Caller,
        query: &SearchQuery,
        (among, purpose, road): (Among, Purpose, &'static str),
    ) -> Result<views::ObjectPage, Error> {
        let binding = Binding { purpose, collection: None };
        let reading = self.reading(caller)?;
        let mut filters = Filters::read(query)?;
        let (mut place, mut size) = (None, None);
        if let Some(next) = &query.next {
            let cursor: Cursor<Filters> =
                cursor::open(&self.inner.cursor_key, binding, &caller.principal, next)?;
            filters = filters.continued(cursor.filters)?;
            (place, size) = (Some(cursor.place.position), cursor.limit);
        }
        let asked = query.limit.or(size.map_or(Some(DEFAULT_PAGE), |_| None));
        let limit = page_size(asked, size, MAX_PAGE)?;
        let found = Found::new(&reading, &filters, among)?;
        let (page, more) = page(&reading, &found, place, limit)?;
        let next = match page.last().filter(|_| more) {
            Some(row) => {
                let limit = query.limit.and(u32::try_from(limit).ok()).or(size);
                let cursor = Cursor { place: row.place.into(), limit, filters };
                let key = &self.inner.cursor_key;
                Some(cursor::seal(key, random::nonce()?, binding, &caller.principal, &cursor)?)
            }
            None => None,
        };
        let facets = if query.facets { facets(&reading, &found)? } else { Vec::new() };
        let objects: Result<Vec<_>, Error> = page.iter().map(|row| shown(&reading, row)).collect();
        let objects = objects?.into_iter().flatten().collect();
        self.lent(caller, road, None, reading)?;
        Ok(views::ObjectPage { objects, more, next, facets })
    }
}

/// What a search comes to on one snapshot.
struct Found {
    text: String,
    names: Vec<String>,
    tags: Vec<String>,
    kinds: Vec<String>,
    objects: Option<Vec<ObjectKey>>,
    among: Among,
    wanted: Visible,
    from: u64,
    before: u64,
    added_after: Option<Timestamp>,
    added_before: Option<Timestamp>,
}

impl Found {
    fn new(reading: &Reading, filters: &Filters, among: Among) -> Result<Found, Error> {
        // What was opened later stands anywhere: there the search looks at each time.
        let is_opened = reading.sight.visible.was_opened();
        let after = |at: Option<i64>, otherwise: u64| match at {
            Some(at) if !is_opened => Ok(reading.place_after(Timestamp(at))?.position),
            _ => Ok::<u64, Error>(otherwise),
        };
        Ok(Found {
            text: filters.text.clone().unwrap_or_default(),
            names: filters.names(),
            tags: filters.tags(),
            kinds: filters.types.clone(),
            objects: filters.related_to.as_deref().map(|id| related(reading, id)).transpose()?,
            among,
            wanted: wanted(reading, filters),
            from: after(filters.added_after, 0)?,
            // "Before" is strict as well, and times are whole microseconds.
            before: after(filters.added_before.map(|at| at.saturating_sub(1)), u64::MAX)?,
            added_after: filters.added_after.map(Timestamp),
            added_before: filters.added_before.map(Timestamp),
        })
    }

    // The search, from a place in the order on.
    fn search<'a>(&'a self, reading: &'a Reading, place: Option<u64>) -> Search<'a> {
        Search {
            visible: &reading.sight.visible,
            wanted: &self.wanted,
            text: &self.text,
            names: &self.names,
            tags: &self.tags,
            kinds: &self.kinds,
            objects: self.objects.as_deref(),
            claims: match &self.among {
                Among::Everything => None,
                Among::ClaimsUnder(owner) => Some(Claims::Under(owner)),
                Among::ClaimsBy(members) => Some(Claims::By(members)),
            },
            from: self.from,
            before: self.before,
            added_after: self.added_after,
            added_before: self.added_before,
            place: place.unwrap_or(u64::MAX),
        }
    }
}

impl Found {
    // Whether a hit is shown: once for each object, and as a claim to whom its page tells that it is one.
    fn holds(&self, reading: &Reading, search: &Search<'_>, hit: &Hit<'_>) -> Result<bool, Error> {
        match &self.among {
            Among::Everything => Ok(reading.snapshot.is_newest(search, hit)?),
            Among::ClaimsUnder(owner) => Ok(!hit.owned && is_seen_under(reading, *owner, hit)?),
            Among::ClaimsBy(_) => Ok(!hit.owned),
        }
    }
}

// The labels asked for, among those that the reader may see. A label names its author, so sources are chosen here too;
// a source whose origin is withheld is not to be found out by asking for it.
fn wanted(reading: &Reading, filters: &Filters) -> Visible {
    if filters.labels.is_empty() && filters.sources.is_empty() {
        return Visible::clone(&reading.sight.visible);
    }
    let tlps: Vec<Tlp> = filters.labels.iter().filter_map(|label| label.parse().ok()).collect();
    let members: Vec<_> =
        filters.sources.iter().flat_map(|name| reading.roster.members_called(name)).collect();
    reading.sight.only(|label| {
        (tlps.is_empty() || tlps.contains(&label.tlp))
            && (filters.sources.is_empty()
                || reading.told(label).is_some_and(|member| members.contains(&member)))
    })
}

fn related(reading: &Reading, id: &str) -> Result<Vec<ObjectKey>, Error> {
    let key = object_key(id)?;
    match around::standing(reading, &key)? {
        Some(position) => around::keys(reading, &key, position, MAX_RELATED),
        None => Ok(Vec::new()),
    }
}

/// A row of a page: its place in the order, its position, and its object where others may say it too.
struct Row {
    place: u64,
    position: u64,
    object: Option<ObjectKey>,
}

// The rows of a page, and whether more follow.
fn page(
    reading: &Reading,
    found: &Found,
    place: Option<u64>,
    limit: usize,
) -> Result<(Vec<Row>, bool), Error> {
    let (mut page, mut more, mut failed) = (Vec::new(), false, None);
    let search = found.search(reading, place);
    reading.snapshot.search(&search, &mut |place, hit| {
        match found.holds(reading, &search, hit) {
            Ok(false) => return ControlFlow::Continue(()),
            Ok(true) if page.len() < limit => {
                page.push(Row { place, position: hit.position, object: several(hit) });
                return ControlFlow::Continue(());
            }
            Ok(true) => more = true,
            Err(error) => failed = Some(error),
        }
        ControlFlow::Break(())
    })?;
    failed.map_or(Ok((page, more)), Err)
}

// The object of a hit that others may say too.
fn several(hit: &Hit<'_>) -> Option<ObjectKey> {
    (hit.several && hit.owned).then(|| ObjectKey { kind: hit.kind.to_owned(), uuid: hit.uuid })
}

// A row for readers: the newest statement, and how many members say the same object, as far as he is told who does.
fn shown(reading: &Reading, row: &Row) -> Result<Option<views::ObjectSummary>, Error> {
    let summary = around::named_at(reading, row.position)?;
    let Some(object) = &row.object else { return Ok(summary) };
    let mut sources = HashSet::new();
    reading.snapshot.standing(&reading.sight.visible, object, &mut |hit| {
        if hit.owned {
            // Those whose origin is withheld count as one, however many they are.
            sources.insert(reading.sight.label(hit.label).and_then(|label| reading.told(label)));
        }
        ControlFlow::Continue(())
    })?;
    let sources = Some(sources.len() as u64).filter(|sources| *sources > 1);
    Ok(summary.map(|summary| views::ObjectSummary { sources, ..summary }))
}

// Counts what this reader is shown, over the whole search and not the page: each value as many objects as a search for it
// shows rows.
fn facets(reading: &Reading, found: &Found) -> Result<Vec<views::Facet>, Error> {
    let (mut counts, mut partial) = (Counts::default(), false);
    let mut hits = Vec::new();
    reading.snapshot.search(&found.search(reading, None), &mut |_, hit| {
        if hits.len() == COUNTED {
            partial = true;
            return ControlFlow::Break(());
        }
        hits.push((hit.position, several(hit)));
        counts.add(reading, hit);
        ControlFlow::Continue(())
    })?;
    for (position, object) in hits {
        for tag in reading.snapshot.tags(position)? {
            if is_first(&mut counts.tagged, &object, &tag) {
                *counts.tags.entry(tag).or_default() += 1;
            }
        }
    }
    // Several members may have had a name one after the other; a search for it finds what each of them said.
    let mut sources: HashMap<String, u64> = HashMap::new();
    for (id, count) in counts.sources {
        *sources.entry(reading.roster.named(id).name).or_default() += count;
    }
    let labels = counts.labels.into_iter().map(|(tlp, n)| (tlp.to_string(), n)).collect();
    Ok(vec![
        facet("type", counts.kinds, partial),
        facet("source", sources, partial),
        facet("label", labels, partial),
        facet("tag", counts.tags, partial),
    ])
}

#[derive(Default)]
struct Counts {
    kinds: HashMap<String, u64>,
    sources: HashMap<model::MemberId, u64>,
    labels: HashMap<Tlp, u64>,
    tags: HashMap<String, u64>,
    // What was counted of objects that several may say, which are one row.
    typed: HashSet<(ObjectKey, ())>,
    labelled: HashSet<(ObjectKey, Tlp)>,
    sourced: HashSet<(ObjectKey, String)>,
    tagged: HashSet<(ObjectKey, String)>,
}

impl Counts {
    fn add(&mut self, reading: &Reading, hit: &Hit<'_>) {
        let object = several(hit);
        if is_first(&mut self.typed, &object, &()) {
            match self.kinds.get_mut(hit.kind) {
                Some(count) => *count += 1,
                None => drop(self.kinds.insert(hit.kind.to_owned(), 1)),
            }
        }
        let Some(label) = reading.sight.label(hit.label) else { return };
        if is_first(&mut self.labelled, &object, &label.tlp) {
            *self.labels.entry(label.tlp).or_default() += 1;
        }
        let Some(source) = reading.told(label) else { return };
        let name = object.as_ref().map(|_| reading.roster.named(source).name).unwrap_or_default();
        if is_first(&mut self.sourced, &object, &name) {
            *self.sources.entry(source).or_default() += 1;
        }
    }
}

// Whether a value is met for the first time on an object; one that nobody else says is met once.
fn is_first<V: Clone + Eq + Hash>(
    counted: &mut HashSet<(ObjectKey, V)>,
    object: &Option<ObjectKey>,
    value: &V,
) -> bool {
    object.as_ref().is_none_or(|object| counted.insert((object.clone(), value.clone())))
}

fn facet(name: &str, counts: HashMap<String, u64>, partial: bool) -> views::Facet {
    let mut values: Vec<(String, u64)> = counts.into_iter().collect();
    values.sort_by(|one, other| (other.1, &one.0).cmp(&(one.1, &other.0)));
    values.truncate(FACET_VALUES);
    views::Facet { name: name.to_owned(), values, partial }
}
