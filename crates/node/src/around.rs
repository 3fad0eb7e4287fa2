//! One step around an object: what it refers to, what refers to it, and through a relationship to the other end. Only
//! what the reader may see, and a relationship only with an end that he may see.

use std::ops::ControlFlow;

use store::find::Hit;
use store::record::ObjectKey;
use strictjson::Limits;

use crate::core::describe::Relation;
use crate::reading::Reading;
use crate::{Error, views};

/// How far one step looks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reach {
    /// Most references gone through, in each direction.
    pub looked_at: usize,
    /// Most that are listed.
    pub listed: usize,
    /// The telling ones first, and those that say nothing of a threat left out.
    pub telling_only: bool,
}

// What one step leads to, before anything of it is read.
struct Step {
    weight: u8,
    direction: &'static str,
    // The property that refers; `None` behind a relationship, which has a type.
    property: Option<String>,
    // The relationship in between, by position.
    by: Option<u64>,
    to: To,
}

enum To {
    Entry(u64),
    Object(ObjectKey),
}

/// One step around what stands at a position. The flag says that more is around than is listed.
pub(crate) fn one_step(
    reading: &Reading,
    object: &ObjectKey,
    position: u64,
    reach: Reach,
) -> Result<(Vec<views::Related>, bool), Error> {
    let (mut steps, mut more) = steps_in(reading, object, reach)?;
    for (property, key) in reading.snapshot.references(position)? {
        if steps.len() >= 2 * reach.looked_at {
            more = true;
            break;
        }
        if says_something(&property) && !(reach.telling_only && weight(&key.kind) == NOTHING) {
            let weight = weight(&key.kind);
            steps.push(Step {
                weight,
                direction: "out",
                property: Some(property),
                by: None,
                to: To::Object(key),
            });
        }
    }
    // Stable: of one weight, the newest stay first.
    steps.sort_by_key(|step| step.weight);
    let mut related = Vec::new();
    for step in steps {
        if related.len() == reach.listed {
            return Ok((related, true));
        }
        related.extend(shown(reading, step)?);
    }
    Ok((related, more))
}

fn steps_in(reading: &Reading, object: &ObjectKey, reach: Reach) -> Result<(Vec<Step>, bool), Error> {
    let (found, more) = referring(reading, object, reach.looked_at)?;
    let mut steps = Vec::new();
    for one in found {
        let step = match (one.object.kind.as_str(), one.property.as_str()) {
            ("relationship", "source_ref") => through(reading, one.position, "target_ref", "out")?,
            ("relationship", "target_ref") => through(reading, one.position, "source_ref", "in")?,
            (kind, _) => Some(Step {
                weight: weight(kind),
                direction: "in",
                property: Some(one.property),
                by: None,
                to: To::Entry(one.position),
            }),
        };
        steps.extend(step.filter(|step| !reach.telling_only || step.weight < NOTHING));
    }
    Ok((steps, more))
}

/// What refers to an object.
struct Referring {
    property: String,
    object: ObjectKey,
    position: u64,
}

// What refers to an object, at most so many, and whether there is more. What somebody claims under an id of which the reader
// is shown the owner's version refers to nothing: it stands on that object's page, among what others claim.
fn referring(reading: &Reading, object: &ObjectKey, most: usize) -> Result<(Vec<Referring>, bool), Error> {
    let mut found: Vec<(Referring, bool)> = Vec::new();
    let mut more = false;
    reading.snapshot.referring(&reading.sight.visible, object, &mut |property, hit| {
        if found.len() == most {
            more = true;
            return ControlFlow::Break(());
        }
        if says_something(property) {
            let object = ObjectKey { kind: hit.kind.to_owned(), uuid: hit.uuid };
            let one = Referring { property: property.to_owned(), object, position: hit.position };
            found.push((one, hit.owned));
        }
        ControlFlow::Continue(())
    })?;
    let mut stands = Vec::new();
    for (one, owned) in found {
        if owned || standing(reading, &one.object)? == Some(one.position) {
            stands.push(one);
        }
    }
    Ok((stands, more))
}

/// The ids of what is one step around what stands at a position, at most so many: what refers to it, what it refers to,
/// and the other ends of relationships. Whether the reader may see them is not asked here.
pub(crate) fn keys(
    reading: &Reading,
    object: &ObjectKey,
    position: u64,
    most: usize,
) -> Result<Vec<ObjectKey>, Error> {
    let (found, _) = referring(reading, object, most)?;
    let relationships: Vec<u64> =
        found.iter().filter(|one| one.object.kind == "relationship").map(|one| one.position).collect();
    let mut keys: Vec<ObjectKey> = found.into_iter().map(|one| one.object).collect();
    for position in relationships.into_iter().chain([position]) {
        let references = reading.snapshot.references(position)?;
        keys.extend(
            references.into_iter().filter(|(property, _)| says_something(property)).map(|(_, key)| key),
        );
    }
    keys.retain(|key| key != object);
    keys.sort_unstable();
    keys.dedup();
    keys.truncate(most);
    Ok(keys)
}

// To the other end of a relationship.
fn through(
    reading: &Reading,
    position: u64,
    end: &str,
    direction: &'static str,
) -> Result<Option<Step>, Error> {
    let references = reading.snapshot.references(position)?;
    let other = references.into_iter().find(|(property, _)| property == end).map(|(_, key)| key);
    Ok(other.map(|key| Step {
        weight: weight(&key.kind),
        direction,
        property: None,
        by: Some(position),
        to: To::Object(key),
    }))
}

fn shown(reading: &Reading, step: Step) -> Result<Option<views::Related>, Error> {
    let object = match step.to {
        To::Entry(position) => summary_at(reading, position)?,
        To::Object(key) => match standing(reading, &key)? {
            Some(position) => summary_at(reading, position)?,
            None => return Ok(None),
        },
    };
    let (relation, by) = match (step.by, step.property) {
        (Some(position), _) => relationship_at(reading, position)?,
        (None, property) => (property.unwrap_or_default(), None),
    };
    Ok(object.map(|object| views::Related { relation, direction: step.direction, by, object }))
}

/// Where the version of an object stands that this reader is shown: its owner's last, else the last of somebody.
pub(crate) fn standing(reading: &Reading, object: &ObjectKey) -> Result<Option<u64>, Error> {
    let mut position = None;
    reading.snapshot.standing(&reading.sight.visible, object, &mut |hit: &Hit<'_>| {
        position = Some(hit.position);
        ControlFlow::Break(())
    })?;
    Ok(position)
}

/// The summary of what stands at a visible position.
pub(crate) fn summary_at(reading: &Reading, position: u64) -> Result<Option<views::ObjectSummary>, Error> {
    let mut summary = None;
    reading
        .snapshot
        .entry(&reading.sight.visible, position, &mut |entry| summary = Some(reading.summary(entry)))?;
    Ok(summary)
}

/// The same, where a relationship is called by the names of its ends: of each as this reader is shown it, and the type alone
/// of one that he may not see.
pub(crate) fn named_at(reading: &Reading, position: u64) -> Result<Option<views::ObjectSummary>, Error> {
    let (mut summary, mut relation) = (None, None);
    reading.snapshot.entry(&reading.sight.visible, position, &mut |entry| {
        summary = Some(reading.summary(entry));
        if entry.kind == "relationship" {
            let object = strictjson::parse(entry.wire, &Limits::default());
            relation = object.ok().and_then(|object| Relation::of(&object));
        }
    })?;
    let (Some(summary), Some(relation)) = (&mut summary, relation) else { return Ok(summary) };
    let mut ends = [String::new(), String::new()];
    for (name, id) in ends.iter_mut().zip([&relation.source, &relation.target]) {
        *name = end(reading, id)?;
    }
    summary.name = relation.name(&ends);
    Ok(Some(summary.clone()))
}

// What an end of a relationship is called.
fn end(reading: &Reading, id: &str) -> Result<String, Error> {
    let shown = match ObjectKey::parse(id) {
        Some(key) => standing(reading, &key)?.map(|position| summary_at(reading, position)).transpose()?,
        None => None,
    };
    let kind = || id.split_once("--").map_or(id, |(kind, _)| kind).to_owned();
    Ok(shown.flatten().filter(|shown| shown.name != shown.id).map_or_else(kind, |shown| shown.name))
}

fn relationship_at(
    reading: &Reading,
    position: u64,
) -> Result<(String, Option<views::ObjectSummary>), Error> {
    let mut found = (String::new(), None);
    reading.snapshot.entry(&reading.sight.visible, position, &mut |entry| {
        let object = strictjson::parse(entry.wire, &Limits::default()).ok();
        let kind = object.as_ref().and_then(|object| object.get("relationship_type")?.as_str());
        found = (kind.unwrap_or("related-to").to_owned(), Some(reading.summary(entry)));
    })?;
    Ok(found)
}

// Markings say who may see, not what is meant.
fn says_something(property: &str) -> bool {
    !property.ends_with("marking_refs")
        && property != "marking_ref"
        && !property.starts_with("granular_markings")
}

const NOTHING: u8 = 5;

// How much the type of an object tells about a threat; less is more.
fn weight(kind: &str) -> u8 {
    match kind {
        "malware" | "threat-actor" | "intrusion-set" | "campaign" => 0,
        "attack-pattern" | "tool" | "vulnerability" | "infrastructure" | "incident" | "course-of-action" => 1,
        "indicator" | "report" | "grouping" => 2,
        "sighting" | "opinion" | "note" | "malware-analysis" => 3,
        "identity" | "marking-definition" | "language-content" | "extension-definition" => NOTHING,
        _ => 4,
    }
}
