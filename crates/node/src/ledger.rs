//! Who knew what, when: for what is or was RED or under embargo, who could see it since when, and which organisations were given it
//! first. Told to those who may see it, as far as they may know of each other: organisations, never persons of others.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use model::circle::Shows;
use model::{Action, Label, MemberId, Origin, PersonId, Timestamp, Tlp};
use store::ledger::{ActKind, Entered, Given, Stands};
use store::record::ObjectKey;

use crate::addressed::{audience_of, knows_of};
use crate::core::cursor::{self, Binding, Cursor, Purpose};
use crate::core::list_query::object_key;
use crate::directory::{not_found, signed_in};
use crate::disclose::{Disclosure, disclosures};
use crate::reading::Reading;
use crate::{Caller, Error, Kind, Node, random, views};

/// Rows of a page, unless fewer are asked for.
const LISTED: usize = 1_000;

/// One who asks for a ledger.
struct Asking<'a> {
    reading: &'a Reading,
    caller: &'a Caller,
    own: MemberId,
    /// He administers the node, and is its auditor: he is told who was given it, and nothing of what it is.
    audits: bool,
    /// He administers his organisation, and is told who of it was given it.
    of_own: bool,
    /// The disclosures of the object that he is told of, by where their acts stand.
    disclosed: BTreeMap<u64, Disclosure>,
}

/// A statement, with all that it was: its entries, in order.
type Statement<'s> = Vec<&'s Entered>;

/// A row, and where it stands among those of its time.
struct Row {
    at: Timestamp,
    rank: u8,
    row: views::LedgerRow,
}

impl Row {
    // By time; of one time, what it was before who could see it, and that before who was given it; then by name.
    fn order(&self, other: &Row) -> Ordering {
        let name = |row: &Row| row.row.member.as_ref().map(|member| member.name.clone());
        let place = |row: &Row| (row.at, row.rank, name(row));
        place(self).cmp(&place(other))
    }
}

impl Node {
    /// The ledger of an object: for whoever may see it now, or was given it before it was taken back, and for the member that said
    /// it. The node's administrators `audit` it without seeing it, where they say so: what their own sight tells them, and what
    /// their office does, are two things.
    ///
    /// # Errors
    /// [`Kind::NotFound`] for whoever is none of these; [`Kind::Unauthenticated`], [`Kind::Forbidden`]; [`Kind::Invalid`] for what is no
    /// id, a cursor that is none, and a limit out of range.
    pub fn ledger(
        &self,
        caller: &Caller,
        id: &str,
        audits: bool,
        (next, limit): (Option<&str>, Option<usize>),
    ) -> Result<views::Ledger, Error> {
        let own = signed_in(caller)?;
        Node::allowed(caller, if audits { &Action::Operate } else { &Action::Read })?;
        let of_own = Node::allowed(caller, &Action::ManagePersons(own)).is_ok();
        let key = object_key(id)?;
        let limit = limit.unwrap_or(LISTED);
        if !(1..=LISTED).contains(&limit) {
            return Err(Error::new(Kind::Invalid, format!("`limit` is 1 to {LISTED}")));
        }
        let binding = Binding { purpose: Purpose::Ledger, collection: None };
        let from = match next {
            Some(next) => {
                let cursor: Cursor<String> =
                    cursor::open(&self.inner.cursor_key, binding, &caller.principal, next)?;
                if cursor.filters != key.to_string() {
                    return Err(Error::new(Kind::Invalid, "`next` is not a cursor of this ledger"));
                }
                cursor.place.position
            }
            None => 0,
        };
        if audits {
            self.looked(caller, "ledger.look", key.to_string())?;
        }
        let reading = self.reading_below(caller, None, self.roster())?;
        let disclosed = disclosures(&reading.snapshot.disclosures()?)?.into_iter();
        let told = |one: &Disclosure| {
            let is_his = if one.held { audits } else { of_own && one.member == own };
            one.is_of(&key.to_string()) && (is_his || !one.is_sealed(reading.now))
        };
        let disclosed = disclosed.filter(told).map(|one| (one.position, one)).collect();
        let asking = Asking { reading: &reading, caller, own, audits, of_own, disclosed };
        let (kept, mut rows) = asking.rows(&key)?.ok_or_else(|| not_found("object", id))?;
        rows.sort_by(Row::order);
        let from = usize::try_from(from).unwrap_or(usize::MAX).min(rows.len());
        let more = rows.len() - from > limit;
        let next = match more {
            true => {
                let place = ((from + limit) as u64).into();
                let cursor = Cursor { place, limit: None, filters: key.to_string() };
                let nonce = random::nonce()?;
                Some(cursor::seal(&self.inner.cursor_key, nonce, binding, &caller.principal, &cursor)?)
            }
            false => None,
        };
        let rows = rows.into_iter().skip(from).take(limit).map(|row| row.row).collect();
        Ok(views::Ledger { id: key.to_string(), kept, rows, more, next })
    }
}

impl Asking<'_> {
    // Whether it is kept who was given it, and what happened; `None` for whom there is nothing.
    fn rows(&self, key: &ObjectKey) -> Result<Option<(bool, Vec<Row>)>, Error> {
        let entries = self.reading.snapshot.entries_of(key)?;
        let mut roots: BTreeMap<u64, Statement<'_>> = BTreeMap::new();
        for entry in &entries {
            roots.entry(entry.root).or_default().push(entry);
        }
        // The auditor is told what is kept. That there is something of which nothing is kept is not for him.
        let (mut is_there, mut kept, mut rows) = (self.audits, false, Vec::new());
        for statement in roots.into_values() {
            if !self.audits && !self.takes_part(&statement)? {
                continue;
            }
            is_there = true;
            if statement.iter().any(|entry| self.is_kept(entry)) {
                kept = true;
                self.tell(&statement, &mut rows)?;
            }
            // Whatever its label was.
            if !self.disclosed.is_empty() {
                self.tell_disclosures(&statement, &mut rows)?;
            }
        }
        Ok(is_there.then_some((kept, rows)))
    }

    // Whether he may see it now, or could until it was taken back: as the one who said it, or as one who was given it.
    fn takes_part(&self, statement: &Statement<'_>) -> Result<bool, Error> {
        let Some(last) = statement.last().filter(|last| !last.beside) else { return Ok(false) };
        let Some(label) = self.label(last).filter(|_| self.is_for_him(last)) else { return Ok(false) };
        match last.stands {
            Stands::Here => return Ok(true),
            Stands::Moved | Stands::Aside => return Ok(false),
            Stands::Withdrawn | Stands::Erased => {}
        }
        // Of what is gone, and nobody was given, nothing is told.
        let author = self.caller.principal.reader.is_author(label);
        for entry in statement {
            let given = self.reading.snapshot.given(entry.position)?;
            if given.iter().any(|one| author || one.member == self.own) {
                return Ok(true);
            }
        }
        Ok(author && !self.disclosed.is_empty())
    }

    fn label(&self, entry: &Entered) -> Option<&Label> {
        self.reading.sight.label(entry.label)
    }

    // What is RED in a part that he does not see is not RED for him.
    fn is_kept(&self, entry: &Entered) -> bool {
        let visible = &self.reading.sight.visible;
        let whole = self.audits || (visible.has(entry.label) && visible.hidden_parts(entry.label).is_none());
        self.label(entry).is_some_and(|label| {
            label.embargo.is_some() || (if whole { label.strictest() } else { label.tlp }) == Tlp::Red
        })
    }

    fn tell(&self, statement: &Statement<'_>, rows: &mut Vec<Row>) -> Result<(), Error> {
        for (place, entry) in statement.iter().enumerate() {
            let Some(label) = self.label(entry) else { continue };
            let mut ends = statement.get(place + 1).map(|next| next.at);
            self.tell_label(entry, label, place == 0, rows);
            for act in self.reading.snapshot.acts_on(entry.position)? {
                let (what, rank) = match act.kind {
                    ActKind::Withdraw => ("withdrawn", 4),
                    ActKind::Erase => ("erased", 5),
                    ActKind::Relabel | ActKind::Disclose => continue,
                };
                ends = Some(ends.map_or(act.at, |at| at.min(act.at)));
                rows.push(Row { at: act.at, rank, row: row(act.at, what, &entry.version.to_string()) });
            }
            if self.is_kept(entry) {
                self.tell_who_could(entry, label, ends, rows);
                let given = self.reading.snapshot.given(entry.position)?;
                self.tell_who_was_given(entry, label, &given, rows);
            }
        }
        Ok(())
    }

    fn tell_disclosures(&self, statement: &Statement<'_>, rows: &mut Vec<Row>) -> Result<(), Error> {
        for entry in statement {
            let Some(label) = self.label(entry) else { continue };
            for act in self.reading.snapshot.acts_on(entry.position)? {
                let Some(one) = self.disclosed.get(&act.position) else { continue };
                let told = views::DisclosureTold {
                    id: one.id.to_string(),
                    authority: one.authority.clone(),
                    basis: one.basis.clone(),
                    by_operator: one.held,
                    sealed_until: one.until.map(|until| until.to_string()),
                };
                let by = match one.held {
                    true => Some(self.reading.roster.named(one.member)),
                    false => self.named(one.member, entry, label),
                };
                let version = entry.version.to_string();
                let row = views::LedgerRow {
                    member: by,
                    disclosure: Some(told),
                    ..row(one.at, "disclosed", &version)
                };
                rows.push(Row { at: one.at, rank: 3, row });
            }
        }
        Ok(())
    }

    // Whether the label was for him, so that he may be told whom it names.
    fn is_for_him(&self, entry: &Entered) -> bool {
        self.reading.sight.visible.has(entry.label)
    }

    fn tell_label(&self, entry: &Entered, label: &Label, first: bool, rows: &mut Vec<Row>) {
        let reading = self.reading;
        let told = reading.told(label).filter(|_| self.is_for_him(entry));
        let audience = self
            .is_for_him(entry)
            .then(|| audience_of(&reading.roster, label, (reading.reader, reading.alias), reading.now));
        let what = if first { "said" } else { "relabelled" };
        let row = views::LedgerRow {
            member: told.map(|member| reading.roster.named(member)),
            label: Some(label.tlp.to_string()),
            embargo: Some(label.embargo.is_some()),
            audience: audience.flatten(),
            ..row(entry.at, what, &entry.version.to_string())
        };
        rows.push(Row { at: entry.at, rank: 0, row });
    }

    // Those named, as far as he may know: the one who said it named them; whoever is in a circle knows it as its charter shows it.
    fn tell_who_could(&self, entry: &Entered, label: &Label, ends: Option<Timestamp>, rows: &mut Vec<Row>) {
        if !self.is_for_him(entry) {
            return;
        }
        let roster = &self.reading.roster;
        let author = self.caller.principal.reader.is_author(label);
        let mut could: BTreeMap<MemberId, (Timestamp, Option<Timestamp>)> = BTreeMap::new();
        let mut note = |member: MemberId, since: Timestamp, until: Option<Timestamp>| {
            let (since, until) = (since.max(entry.at), until.into_iter().chain(ends).min());
            if until.is_none_or(|until| since < until) {
                let known = could.entry(member).or_insert((since, until));
                let later = known.1.zip(until).map(|(one, other)| one.max(other));
                *known = (known.0.min(since), later);
            }
        };
        let mut in_circles = BTreeSet::new();
        let to = &label.recipients;
        let person = |id: &PersonId| roster.person(*id).map(|person| person.member);
        let members = to.members.iter().copied().filter(|_| label.tlp != Tlp::Red);
        for member in members.chain(to.persons.iter().filter_map(person)) {
            if author || member == self.own {
                note(member, entry.at, None);
            }
        }
        for id in to.circles.iter().filter(|_| label.tlp != Tlp::Red) {
            let circle = roster.circles().with_audience(*id);
            let Some(known) = circle.filter(|one| one.membership(self.own).is_some()) else { continue };
            let shown = |member: MemberId| known.charter().shows != Shows::Count || member == self.own;
            for stay in known.stays().iter().filter(|stay| shown(stay.member)) {
                in_circles.insert(stay.member);
                note(stay.member, stay.since, stay.revoked.filter(|_| !known.keeps(stay, *id)));
            }
        }
        // Its author saw it before it was said.
        if label.origin == Origin::Shown {
            could.remove(&label.author);
        }
        for (member, (since, until)) in could {
            let in_circle = in_circles.contains(&member);
            let row = views::LedgerRow {
                member: match in_circle {
                    true => Some(roster.named(member)),
                    false => self.named(member, entry, label),
                },
                until: until.map(|until| until.to_string()),
                ..row(since, "could-see", &entry.version.to_string())
            };
            rows.push(Row { at: since, rank: 1, row });
        }
    }

    // The first time of each organisation; of his own, where he administers it, of each token.
    fn tell_who_was_given(&self, entry: &Entered, label: &Label, given: &[Given], rows: &mut Vec<Row>) {
        let roster = &self.reading.roster;
        let mut met = Vec::new();
        for one in given {
            let by_token = self.of_own && one.member == self.own;
            if !by_token && met.contains(&one.member) {
                continue;
            }
            met.push(one.member);
            let token = one.token.filter(|_| by_token).and_then(|id| roster.token(id));
            let person = token.and_then(|token| roster.person(token.person?));
            let row = views::LedgerRow {
                member: self.named(one.member, entry, label),
                token: token.map(|one| views::Named { id: one.id.to_string(), name: one.name.clone() }),
                person: person.map(|one| views::Named { id: one.id.to_string(), name: one.name.clone() }),
                road: Some(one.verb.to_string()),
                ..row(one.at, "given", &entry.version.to_string())
            };
            rows.push(Row { at: one.at, rank: 2, row });
        }
    }

    // A member, where he is told which: his own; any for the auditor; and where the label is for him, those that he knows. What
    // was said without a name is for so many that who was given it is not told, either: it might tell who said it.
    fn named(&self, member: MemberId, entry: &Entered, label: &Label) -> Option<views::Named> {
        let (roster, now) = (&self.reading.roster, self.reading.now);
        let author = self.caller.principal.reader.is_author(label);
        let for_him = self.is_for_him(entry) && (author || label.origin == Origin::Shown);
        let knows = || for_him && knows_of(roster, self.own, member, Shows::Organisations, now);
        if member == self.own || self.audits || knows() {
            return Some(roster.named(member));
        }
        // He named it by its id.
        let named = author && label.recipients.members.contains(&member);
        named.then(|| views::Named { id: member.to_string(), name: member.to_string() })
    }
}

fn row(at: Timestamp, what: &'static str, version: &str) -> views::LedgerRow {
    views::LedgerRow {
        at: at.to_string(),
        what,
        member: None,
        token: None,
        person: None,
        version: version.to_owned(),
        label: None,
        embargo: None,
        audience: None,
        road: None,
        until: None,
        disclosure: None,
    }
}
