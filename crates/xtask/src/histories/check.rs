//! What every reader is told, and what he should be told by what stands on paper.

use std::collections::{BTreeMap, BTreeSet};

use node::{Caller, Kind, ListQuery, SearchQuery};

use super::acts::{PART, id, key_of, time, value};
use super::cast::World;
use super::paper::{Key, Paper, Said, Who, is_indicator, owner, part, version};
use super::plan::OBJECTS;

/// What was told otherwise, in words.
type Found = Result<(), String>;

fn same<T: PartialEq + std::fmt::Debug>(what: &str, told: &T, should: &T) -> Found {
    if told == should { Ok(()) } else { Err(format!("{what}: told {told:?}, should be {should:?}")) }
}

/// Everybody's lists, and one object and the counts for everybody, or for some by turns.
pub fn check(world: &World, paper: &Paper, object: usize, all: bool) -> Found {
    for token in (0..paper.tokens.len()).map(Some).chain([None]) {
        let turn = token.map_or(0, |token| token + 1);
        let fully = all || (paper.tick as usize + turn).is_multiple_of(4);
        one(world, paper, token, (object, fully)).map_err(|wrong| format!("token {token:?}: {wrong}"))?;
    }
    Ok(())
}

fn one(world: &World, paper: &Paper, token: Option<usize>, (object, fully): (usize, bool)) -> Found {
    let Some(who) = paper.who(token) else {
        return same("a token that is gone is let in", &world.caller(token).is_ok(), &false);
    };
    let caller = world.caller(token).map_err(|error| format!("it is refused: {error}"))?;
    let only = token.and_then(|at| paper.token(at)).and_then(|token| token.only.as_ref());
    if only.is_none() {
        listed(world, paper, &who, (&caller, None))?;
    }
    if !fully {
        return Ok(());
    }
    for at in 0..paper.collections.len() {
        if paper.reads(token, Some(at)) {
            listed(world, paper, &who, (&caller, Some(at))).map_err(|wrong| format!("{at}: {wrong}"))?;
        } else {
            let query = query_of(world, Some(at));
            let told = world.node.list(&caller, &query, &mut |_| {}).map(drop).map_err(|error| error.kind);
            same("a collection", &told, &Err(Kind::NotFound))?;
        }
    }
    if only.is_some() {
        return Ok(());
    }
    shown(world, paper, &who, (&caller, object))?;
    found(world, paper, &who, &caller)
}

fn query_of(world: &World, collection: Option<usize>) -> ListQuery {
    let collection = collection.map(|at| world.cast.collections.get(at).cloned().unwrap_or_default());
    ListQuery { collection, ..ListQuery::default() }
}

fn listed(world: &World, paper: &Paper, who: &Who, (caller, collection): (&Caller, Option<usize>)) -> Found {
    let (mut told, mut times) = (Vec::new(), Vec::new());
    let end = world.node.list(caller, &query_of(world, collection), &mut |entry| {
        let has_part = memchr::memmem::find(entry.wire, PART.as_bytes()).is_some();
        told.extend(key_of(entry.wire).map(|key| (key, entry.tlp, has_part)));
        times.push(entry.date_added);
    });
    end.map_err(|error| error.to_string())?;
    same("times rise", &times.is_sorted_by(|one, next| one < next), &true)?;
    told.sort_unstable();
    let listed = paper.listed(who, collection);
    let ceiling = collection.and_then(|at| paper.collection(at)).map_or(model::Tlp::Red, |one| one.ceiling);
    let below = Who { ceiling: who.ceiling.min(ceiling), ..*who };
    let has_part = |said: &Said| part(said.key.0, said.key.1).is_some() && paper.has_part_for(&below, said);
    let should: Vec<_> = listed.iter().map(|(key, said)| (*key, said.label.tlp, has_part(said))).collect();
    same("the list", &told, &should)
}

fn shown(world: &World, paper: &Paper, who: &Who, (caller, object): (&Caller, usize)) -> Found {
    let versions = paper.versions(who, object);
    let query = ListQuery { ids: vec![id(object)], ..ListQuery::default() };
    let mut told = BTreeSet::new();
    let end = world.node.versions(caller, &query, &mut |entry| {
        told.insert(entry.version.to_string());
    });
    let should: BTreeSet<String> = versions.iter().map(|key| time(*key)).collect();
    match end {
        Err(error) if error.kind == Kind::NotFound => same("versions", &true, &should.is_empty())?,
        Err(error) => return Err(error.to_string()),
        Ok(_) => same("versions", &told, &should)?,
    }
    let seen = paper.seen(who, model::Tlp::Red);
    let all = seen.iter().filter(|said| said.key.0 == object).count();
    let last = versions.iter().max_by_key(|key| version(**key)).map(|key| time(*key));
    match world.node.object(caller, &id(object), None) {
        Err(error) if error.kind == Kind::NotFound => same("the object", &None, &last)?,
        Err(error) => return Err(error.to_string()),
        Ok(view) => {
            same("the object", &Some(view.summary.version), &last)?;
            same("what is said of it", &(view.versions.len() + view.claims.len()), &all)?;
        }
    }
    let Some(asked) = is_indicator(object).then(|| value(object, 0)) else { return Ok(()) };
    let answer =
        world.node.lookup(caller, std::slice::from_ref(&asked), 100).map_err(|error| error.to_string())?;
    let mentions = answer.iter().flat_map(|answer| &answer.mentions);
    let told: BTreeSet<String> = mentions.map(|mention| mention.object.id.clone()).collect();
    let speaks = |object: &usize| {
        let voices = paper.voices(who, *object);
        is_indicator(*object) && voices.iter().any(|key| value(key.0, key.1) == asked)
    };
    let should: BTreeSet<String> = (0..OBJECTS).filter(speaks).map(id).collect();
    same("who speaks of a value", &told, &should)
}

fn found(world: &World, paper: &Paper, who: &Who, caller: &Caller) -> Found {
    let query = SearchQuery { facets: true, limit: Some(500), ..SearchQuery::default() };
    let page = world.node.search(caller, &query).map_err(|error| error.to_string())?;
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    for row in &page.objects {
        *told.entry(row.id.clone()).or_default() += 1;
    }
    let mut should: BTreeMap<String, usize> = BTreeMap::new();
    for object in 0..OBJECTS {
        let rows = rows(&paper.voices(who, object));
        if rows > 0 {
            should.insert(id(object), rows);
        }
    }
    same("the search", &told, &should)?;
    let counted = page.facets.iter().filter(|facet| facet.name == "type").flat_map(|facet| &facet.values);
    let counted: u64 = counted.map(|(_, count)| count).sum();
    same("the count of types", &counted, &(should.values().sum::<usize>() as u64))
}

// What names another as its author is a claim, a row each; what names nobody is one row, whoever says it.
fn rows(voices: &[Key]) -> usize {
    let of_nobody = voices.iter().filter(|key| owner(key.0).is_none()).count();
    voices.len() - of_nobody + of_nobody.min(1)
}
