//! Another label for what stands: by the member that said it, wider or narrower, and the lifting of an embargo. Each
//! statement enters again at a new position, so that it is new to whoever sees it then.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use model::gate::{self, Statements};
use model::{Action, Audience, CollectionId, Embargo, Label, MemberId, Tlp};
use store::read::Snapshot;
use store::record::{Item, ObjectKey};

use crate::addressed::{Addressed, Found};
use crate::core::audience::{attributed, fits};
use crate::core::judge::{is_for_no_more, said_for_fewer};
use crate::core::list_query::object_key;
use crate::core::marking::Marked;
use crate::directory::{not_found, signed_in};
use crate::intake::terms::curation_of;
use crate::marked::{Waiting, index_at, of_authors, waits};
use crate::recall::is_being_recalled;
use crate::roster::Roster;
use crate::withdraw::{act_by, reached};
use crate::writing::Failure;
use crate::{Caller, Error, Kind, Node, Relabel};

/// How often what stands is looked at: a version that was past may become the last by what moves before it.
const PASSES: usize = 4;

/// What was found of a statement that gets another label.
struct Standing {
    position: u64,
    label: Label,
    of: Waiting,
    via: Option<CollectionId>,
    tags: Vec<String>,
}

impl Node {
    /// Gives every version of an object that the caller's member said, and that he sees, another label. What is left out
    /// of `asked` stays as it is. Answers how many statements entered again; none where all had that label.
    ///
    /// # Errors
    /// [`Kind::NotFound`] for an object of which he sees nothing, and for recipients that he may not know;
    /// [`Kind::Forbidden`], also for what others alone said; [`Kind::Invalid`] for a label below the object's own markings, above the token's
    /// ceiling or a circle's, and for what is refused at submitting; [`Kind::Conflict`] for lifting an embargo before
    /// its time, and where recipients that would stay are gone.
    pub fn relabel(&self, caller: &Caller, id: &str, asked: &Relabel) -> Result<u64, Error> {
        let key = object_key(id)?;
        let mut total = 0;
        for _ in 0..PASSES {
            match self.relabel_once(caller, id, &key, asked) {
                Ok(0) => break,
                Ok(some) => total += some,
                // What moved has moved, and is told; somebody took the rest back, or took his right away.
                Err(_) if total > 0 => break,
                Err(error) => return Err(error),
            }
        }
        if asked.lift && total == 0 {
            return Err(Error::new(Kind::Conflict, "it is under no embargo"));
        }
        Ok(total)
    }

    fn relabel_once(
        &self,
        caller: &Caller,
        id: &str,
        key: &ObjectKey,
        asked: &Relabel,
    ) -> Result<u64, Error> {
        self.judged(caller, |roster, caller| {
            let own = signed_in(caller)?;
            Node::allowed(caller, &Action::Submit)?;
            let (standing, upto) = self.standing(roster, caller, own, key)?;
            if standing.is_empty() {
                return Err(not_found("object", id).into());
            }
            // One act for each new label: of versions that move together none becomes the last in between.
            let mut moving: BTreeMap<Label, Vec<Standing>> = BTreeMap::new();
            for one in standing {
                let label = self.asked_label(roster, caller, own, &one, asked)?;
                if label != one.label {
                    self.is_not_recalled(roster, label.author, one.position)?;
                    self.is_no_wider_than_others(roster, caller, (own, key), (&one.label, &label))?;
                    moving.entry(label).or_default().push(one);
                }
            }
            let of = |(label, some): (&Label, &Vec<Standing>)| Statements {
                member: label.author,
                positions: some.iter().map(|one| one.position).collect(),
            };
            let moved: Vec<Statements> = moving.iter().map(of).collect();
            let by = Node::authorized(roster, caller, gate::Relabel, moved)?.resting_on(upto);
            let snapshot = self.inner.store.snapshot()?;
            let items =
                moving.into_iter().map(|(label, some)| item(roster, caller, &snapshot, key, some, label));
            let items = items.collect::<Result<Vec<_>, Failure>>()?;
            drop(snapshot);
            if items.is_empty() {
                return Ok(0);
            }
            let audit = self.audit_of(caller, "relabel", id.to_owned());
            Ok(reached(&self.append_act(by, caller, items, audit)?))
        })
    }

    // It would enter again behind the recall, and act.
    fn is_not_recalled(&self, roster: &Roster, source: MemberId, position: u64) -> Result<(), Error> {
        let snapshot = self.inner.store.snapshot()?;
        if !is_being_recalled(roster, &snapshot, (source, position))? {
            return Ok(());
        }
        let error = Error::new(
            Kind::Conflict,
            "it is recalled, with all of its member or source, and being taken back",
        );
        Err(error.hint("`accord recall list` tells how far that is"))
    }

    // What his member said of it and he sees, all of it, and how far the record went.
    fn standing(
        &self,
        roster: &Arc<Roster>,
        caller: &Caller,
        own: MemberId,
        key: &ObjectKey,
    ) -> Result<(Vec<Standing>, u64), Error> {
        let reading = self.reading_below(caller, None, Arc::clone(roster))?;
        let visible = &reading.sight.visible;
        let mut positions = Vec::new();
        let mut of_others = false;
        reading.snapshot.versions(visible, key, &mut |hit| {
            match roster.is_of(hit.source, own) {
                true => positions.push(hit.position),
                false => of_others = true,
            }
            ControlFlow::Continue(())
        })?;
        if positions.is_empty() && of_others {
            let message = format!("`{key}` is not this member's to relabel");
            let hint = "whoever said it may; you can say what you think of it: a note, or an opinion";
            return Err(Error::new(Kind::Forbidden, message).hint(hint));
        }
        let mut standing = Vec::new();
        for position in positions {
            let mut found = None;
            reading.snapshot.entry(visible, position, &mut |entry| {
                // Whoever does not see all of it does not know what he would open.
                let whole = visible.hidden_parts(entry.label).is_none();
                found = waits(entry).filter(|_| whole).map(|of| (entry.label, of, tags(entry.wire)));
            })?;
            let Some((label, of, tags)) = found else { continue };
            let Some(label) = reading.sight.label(label).cloned() else { continue };
            let via = reading.snapshot.origin(position)?.and_then(|origin| origin.collection);
            standing.push(Standing { position, label, of, via, tags });
        }
        Ok((standing, reading.snapshot.end()))
    }

    fn asked_label(
        &self,
        roster: &Roster,
        caller: &Caller,
        own: MemberId,
        one: &Standing,
        asked: &Relabel,
    ) -> Result<Label, Error> {
        let mut addressed = Addressed::of(roster, &one.label);
        if let Some(to) = &asked.to {
            addressed.to.clone_from(to);
        }
        if let Some(embargo) = &asked.embargo {
            addressed.embargo = Some(embargo.clone());
        }
        if asked.lift {
            lift(one.label.embargo.as_ref(), self.now())?;
            addressed.embargo = None;
        }
        let found = addressed.find(roster, caller, own, self.now());
        let Found { audience, circles } = found.map_err(|error| match error.kind {
            // Nobody typed that name now: it stands in the label.
            Kind::NotFound if asked.to.is_none() => {
                Error::new(Kind::Conflict, "somebody whom it is for is gone, or not known to you any more")
                    .hint("say anew whom it is for: with `--to`, or `--everybody`")
            }
            _ => error,
        })?;
        let marked = self.marked_as(caller, one, asked.tlp)?;
        if marked.strictest() > caller.principal.reader.ceiling {
            let message = format!("{} is above the highest label that this token writes", marked.strictest());
            return Err(Error::new(Kind::Forbidden, message));
        }
        let tags = one.tags.iter().map(String::as_str);
        fits(&marked, tags, &audience, &circles)
            .and_then(|()| attributed(&circles, one.label.origin))
            .map_err(|why| Error::new(Kind::Invalid, why))?;
        let curated = |audience: &Audience| curation_of(roster, None, audience);
        if curated(&audience) > curated(&one.label.audience()) {
            let error = Error::new(Kind::Invalid, "what is for that circle passes its curators");
            return Err(error.hint("say a new version to it"));
        }
        let sector = self.sector_for(roster, &one.label, &audience)?;
        Ok(Label { sector, ..marked.label(one.label.author).to(audience).told_like(&one.label) })
    }

    // As at submitting: what another said for fewer, as he sees, is not for more by what he says of it himself.
    fn is_no_wider_than_others(
        &self,
        roster: &Arc<Roster>,
        caller: &Caller,
        (own, key): (MemberId, &ObjectKey),
        (before, label): (&Label, &Label),
    ) -> Result<(), Error> {
        let of_everybody = stix::family_of(&key.kind) == Some(stix::Family::Observable);
        let names_clients = roster.names_clients(&label.recipients);
        if of_everybody || is_for_no_more(label, names_clients, before) {
            return Ok(());
        }
        let alias = roster.member(own).map_or(own, |member| member.alias);
        let seen = self.seen_by(caller, roster, None)?;
        let said = self.said_by_others(roster, (label.author, [own, alias]), &seen, std::iter::once(key))?;
        match said.get(key).and_then(|said| said_for_fewer(said, label, names_clients)) {
            None => Ok(()),
            Some(why) => Err(Error::new(Kind::Invalid, why)),
        }
    }

    // The TLP asked for, as far as the object's own markings let it be.
    fn marked_as(&self, caller: &Caller, one: &Standing, tlp: Option<Tlp>) -> Result<Marked, Error> {
        let mut held = std::collections::HashMap::new();
        for id in one.of.markings.to_look_for() {
            let found = self.held_marking(one.label.author, &caller.principal.reader, id)?;
            held.insert(id.to_owned(), found);
        }
        let (found, before) = (|id: &str| held.get(id).copied().flatten(), &one.label);
        let Some(tlp) = tlp else {
            let marked = one.of.markings.amount_to(before.tlp, found);
            return Ok(Marked {
                tlp: before.tlp,
                parts: before.parts,
                by_default: false,
                missing: None,
                ..marked
            });
        };
        let marked = one.of.markings.amount_to(tlp, found);
        if marked.tlp > tlp {
            let message = format!("its own markings ask for {}, which is above {tlp}", marked.tlp);
            return Err(Error::new(Kind::Invalid, message).hint("say a new version with other markings"));
        }
        let parts = marked.parts.filter(|parts| parts.strictest > tlp);
        Ok(Marked { tlp, parts, missing: None, ..marked })
    }
}

fn item(
    roster: &Roster,
    caller: &Caller,
    snapshot: &Snapshot,
    key: &ObjectKey,
    moving: Vec<Standing>,
    label: Label,
) -> Result<Item, Failure> {
    let mut act = act_by(caller, "relabel");
    act.push("object", key.to_string());
    act.push("tlp", label.tlp.name());
    let visible = of_authors(snapshot, |known| moving.iter().any(|one| one.label == *known))?;
    // What stands elsewhere by now is looked for again.
    let gone = |error: Error| match error.kind {
        Kind::NotFound => Failure::Stale,
        _ => Failure::Error(error),
    };
    let index = |one: &Standing| index_at(snapshot, &visible, one.position, &label).map_err(gone);
    let collections = |one: &Standing| roster.collections_of(&one.of.facts(&label, one.via));
    Ok(Item::Relabel {
        positions: moving.iter().map(|one| one.position).collect(),
        collections: moving.iter().map(collections).collect(),
        indexes: moving.iter().map(index).collect::<Result<_, _>>()?,
        label,
        waiting: false,
        body: strictjson::canonical(&act.into()),
    })
}

fn lift(embargo: Option<&Embargo>, now: model::Timestamp) -> Result<(), Error> {
    let Some(embargo) = embargo else { return Ok(()) };
    match embargo.until.filter(|until| *until > now) {
        None => Ok(()),
        Some(until) => {
            let error = Error::new(Kind::Conflict, format!("it is under embargo until {until}"));
            Err(error.hint("give the embargo an earlier end first, if all agree"))
        }
    }
}

fn tags(wire: &[u8]) -> Vec<String> {
    let object = strictjson::parse(wire, &strictjson::Limits::default());
    let labels = object.ok().and_then(|object| {
        let labels = object.get("labels")?.as_array()?;
        Some(labels.iter().filter_map(|tag| tag.as_str().map(str::to_owned)).collect())
    });
    labels.unwrap_or_default()
}
