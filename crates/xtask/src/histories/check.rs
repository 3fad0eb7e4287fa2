//! What every reader is told, and what he should be told by what stands on paper.

use std::collections::{BTreeMap, BTreeSet};

use node::{Caller, Kind, ListQuery, SearchQuery};

use super::acts::{PART, id, key_of, sector, time, value};
use super::cast::World;
use super::paper::{Key, Paper, Said, Who, is_indicator, last_of, member_of, owner, part};
use super::plan::{MEMBERS, OBJECTS};
use super::waiting::{Stage, Waiting};

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
    if all {
        let said = |member: &usize| paper.unnamed_by(*member).any(|one| one == object);
        let should: BTreeSet<usize> = (0..MEMBERS).filter(said).collect();
        same("whom the hub is told of", &world.origins(object), &should)?;
    }
    Ok(())
}

fn one(world: &World, paper: &Paper, token: Option<usize>, (object, fully): (usize, bool)) -> Found {
    let Some(who) = paper.who(token) else {
        return same("a token that is gone is let in", &world.caller(token).is_ok(), &false);
    };
    let caller = world.caller(token).map_err(|error| format!("it is refused: {error}"))?;
    if let Some(token) = token {
        waiting(world, paper, token, &caller)?;
    }
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
    found(world, paper, &who, &caller)?;
    for member in (0..MEMBERS).filter(|_| token.is_some()) {
        by(world, paper, &who, (&caller, member))?;
    }
    Ok(())
}

// The queue, for who works it, and what his own member sent. Of what nobody is left to have sent nothing is certain: it goes back
// by itself, some time.
fn waiting(world: &World, paper: &Paper, token: usize, caller: &Caller) -> Found {
    let told = |list: Result<serde_json::Value, node::Error>, of: &str| -> Result<Vec<_>, String> {
        let list = list.map_err(|error| error.to_string())?;
        let rows = list.get(of).and_then(serde_json::Value::as_array).cloned().unwrap_or_default();
        let place = |row: &serde_json::Value| {
            let id = row.get("id")?.as_str()?;
            let at = world.sent.iter().position(|sent| sent == id)?;
            let held = row.get("state")?.as_str()? == "held";
            let sure = paper.waiting.get(at).is_some_and(|one| paper.writer(one.sent.token).is_some());
            (held && sure).then_some((at, row.get("overdue")?.as_bool()?))
        };
        Ok(rows.iter().filter_map(place).collect())
    };
    let held = |is: &dyn Fn(&Waiting) -> bool| -> Vec<(usize, bool)> {
        let all = paper.waiting.iter().enumerate();
        let some = all.filter(|(_, one)| paper.is_held(one) && is(one));
        some.map(|(at, one)| (at, one.deadline() <= paper.now)).collect()
    };
    let mut should = held(&|one| paper.curates(token, one));
    should.sort_by_key(|(at, _)| paper.waiting.get(*at).map(|one| (one.deadline(), *at)));
    same("the queue", &told(world.node.queue(caller, false), "queue")?, &should)?;
    let mut sent = told(world.node.submissions(caller), "submissions")?;
    sent.sort_unstable();
    same("what was sent", &sent, &held(&|one| paper.sent_by(token, one)))?;
    for (at, one) in paper.waiting.iter().enumerate().filter(|(_, one)| one.stage != Stage::Over) {
        let id = world.sent.get(at).map(String::as_str).unwrap_or_default();
        let is_his = paper.sent_by(token, one);
        let status = world.node.status(caller, id).map(|status| status.complete).ok();
        if paper.writer(one.sent.token).is_some() {
            same("whether it is whole", &status, &is_his.then_some(false))?;
        }
        if paper.is_held(one) {
            let shown = world.node.queued(caller, id).is_ok();
            same("whether he works on it", &shown, &paper.curates(token, one))?;
        }
    }
    Ok(())
}

// Whose word somebody finds when he asks for a member's. What it says without its name only itself finds.
fn by(world: &World, paper: &Paper, who: &Who, (caller, member): (&Caller, usize)) -> Found {
    let sources = vec![format!("Member {member}")];
    let query = SearchQuery { sources, limit: Some(500), ..SearchQuery::default() };
    let page = world.node.search(caller, &query).map_err(|error| error.to_string())?;
    let told: BTreeSet<String> =
        page.objects.into_iter().map(|row| row.id).filter(|id| is_no_note(id)).collect();
    let his = |key: &Key| key.2 == member || member_of(key.2) == member && who.member == Some(member);
    let says = |object: &usize| paper.voices(who, *object).iter().any(his);
    let should: BTreeSet<String> = (0..OBJECTS).filter(says).map(id).collect();
    same("what a member says", &told, &should)
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
    let last = last_of(object, &paper.counting(&seen, object)).map(|said| time(said.key));
    match world.node.object(caller, &id(object), None) {
        Err(error) if error.kind == Kind::NotFound => same("the object", &None, &last)?,
        Err(error) => return Err(error.to_string()),
        Ok(view) => {
            same("the object", &Some(view.summary.version), &last)?;
            same("what is said of it", &(view.versions.len() + view.claims.len()), &all)?;
            let told = view.versions.iter().chain(&view.claims).map(|one| {
                let source = one.source.as_ref().map(|source| source.name.clone());
                let vouched = one.vouched.as_ref().map(|vouched| vouched.sector.clone().unwrap_or_default());
                (one.version.clone(), source, vouched)
            });
            let of_object = seen.iter().filter(|said| said.key.0 == object);
            let should = of_object.map(|said| {
                let (source, unnamed) = (said.key.2, said.key.2 >= MEMBERS);
                let told = !unnamed || who.member == Some(member_of(source));
                let vouched = unnamed.then(|| sector(said.label.sector.unwrap_or_default()));
                (time(said.key), told.then(|| format!("Member {}", member_of(source))), vouched)
            });
            same("who said it", &told.collect::<BTreeSet<_>>(), &should.collect::<BTreeSet<_>>())?;
        }
    }
    let Some(asked) = is_indicator(object).then(|| value(object, 0, 0)) else { return Ok(()) };
    let answer =
        world.node.lookup(caller, std::slice::from_ref(&asked), 100).map_err(|error| error.to_string())?;
    let mentions = answer.iter().flat_map(|answer| &answer.mentions);
    let told: BTreeSet<String> = mentions.map(|mention| mention.object.id.clone()).collect();
    let speaks = |object: &usize| {
        let voices = paper.voices(who, *object);
        is_indicator(*object) && voices.iter().any(|key| value(key.0, key.1, key.3) == asked)
    };
    let should: BTreeSet<String> = (0..OBJECTS).filter(speaks).map(id).collect();
    same("who speaks of a value", &told, &should)
}

fn found(world: &World, paper: &Paper, who: &Who, caller: &Caller) -> Found {
    let query = SearchQuery { facets: true, limit: Some(500), ..SearchQuery::default() };
    let page = world.node.search(caller, &query).map_err(|error| error.to_string())?;
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    for row in page.objects.iter().filter(|row| is_no_note(&row.id)) {
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
    let counted: u64 = counted.filter(|(kind, _)| kind != "note").map(|(_, count)| count).sum();
    same("the count of types", &counted, &(should.values().sum::<usize>() as u64))
}

// Notes of recalls have ids that nobody knows beforehand; lists show whether they are there.
fn is_no_note(id: &str) -> bool {
    !id.starts_with("note--")
}

// What names another as its author is a claim, a row each; what names nobody is one row, whoever says it.
fn rows(voices: &[Key]) -> usize {
    let of_nobody = voices.iter().filter(|key| owner(key.0).is_none()).count();
    voices.len() - of_nobody + of_nobody.min(1)
}
