//! Nothing that a reader may not see changes what he is told.
//!
//! Every reading verb is asked in two worlds: one with everything in it, and one in which what this reader may not see
//! was never said. The answers must be the same to the byte, but for sealed cursors and random ids; and no text of a hidden statement may be in
//! any byte of them.

use std::collections::HashSet;

use model::{Tlp, may_see};
use node::views::Outcome;
use node::{Annotation, Caller, ImportOptions, ListQuery, Node, SearchQuery};

use crate::read_lists::list;
use crate::read_world::{
    Base, Dice, KINDS, MEMBERS, NOW, OBJECTS, Part, Said, WITHHELD, WITHHELD_NAME, id, random, restrict,
};

fn ids() -> impl Iterator<Item = String> {
    KINDS.iter().flat_map(|kind| (0..=OBJECTS).map(|n| id(kind, n)))
}

// Cursors are sealed, and the ids of bundles are random.
fn stripped(text: &str) -> String {
    let mut out = text.to_owned();
    for start in ["\"next\":\"", "bundle--"] {
        if let Some((before, after)) = out.clone().split_once(start) {
            out = format!("{before}{}", after.split_once('"').map_or("", |(_, rest)| rest));
        }
    }
    out
}

fn told<T: serde::Serialize>(answer: Result<T, node::Error>) -> String {
    match answer {
        Ok(answer) => stripped(&serde_json::to_string(&answer).unwrap()),
        Err(error) => format!("{:?} {} {:?}", error.kind, error.message, error.hint),
    }
}

fn lists(node: &Node, caller: &Caller, out: &mut Vec<String>) {
    let named = ["open-alias", "indicators-alias", "of-one-alias", "for-everybody-alias"];
    let collections = std::iter::once(None).chain(named.map(Some));
    for collection in collections.map(|name| name.map(str::to_owned)) {
        for versions in [vec![], vec!["all".to_owned()]] {
            let mut query = ListQuery { collection: collection.clone(), versions, ..ListQuery::default() };
            query.limit = Some(7);
            loop {
                let answer = list(node, caller, &query);
                if let Err(error) = answer {
                    assert!(caller.principal.is_anonymous(), "{error}");
                    out.push(told::<()>(Err(error)));
                    break;
                }
                let (listed, end) = answer.unwrap();
                for one in listed {
                    let wire = String::from_utf8(one.wire).unwrap();
                    let (id, added, version, tlp) = (one.id, one.date_added, one.version, one.tlp);
                    out.push(stripped(&format!("list {id} {added} {version} {tlp} {wire}")));
                }
                out.push(format!("more {} {:?} {:?}", end.more, end.first, end.last));
                query.next = end.next;
                if query.next.is_none() {
                    break;
                }
            }
        }
    }
    for id in ids() {
        let query = ListQuery { ids: vec![id], ..ListQuery::default() };
        let mut versions = Vec::new();
        let end = node.versions(caller, &query, &mut |entry| {
            versions.push((entry.version.to_string(), entry.date_added));
        });
        let end = end.map(|end| (end.more, end.first, end.last)).map_err(|error| error.message);
        out.push(stripped(&format!("versions {versions:?} {end:?}")));
    }
}

fn lookups(node: &Node, caller: &Caller, out: &mut Vec<String>) {
    let mut values: Vec<String> = (0..OBJECTS)
        .flat_map(|n| {
            [
                format!("198.51.100[.]{n}"),
                format!("https://a{n}.example.com/x"),
                format!("b.a{n}.example.com"),
            ]
        })
        .collect();
    values.extend(["example.com", "198.51.100.0/24", "198.51.100.8/30", "nothing known"].map(str::to_owned));
    for limit in [1, 3, 100] {
        let answers = node.lookup(caller, &values, limit).unwrap();
        out.extend(answers.into_iter().map(|answer| format!("lookup {}", told(Ok(answer)))));
    }
}

fn searches(node: &Node, caller: &Caller, said: &[Said], out: &mut Vec<String>) {
    let some = |text: &str| Some(text.to_owned());
    let mut queries = vec![SearchQuery::default()];
    for one in said {
        queries.push(SearchQuery { text: some(&one.canary), ..SearchQuery::default() });
        queries.push(SearchQuery { alias: Some(format!("{}b", one.canary)), ..SearchQuery::default() });
        queries.push(SearchQuery { tag: Some(format!("{}tag", one.canary)), ..SearchQuery::default() });
        if let Some(Part { canary, .. }) = &one.part {
            queries.push(SearchQuery {
                text: Some(format!("{canary}word")),
                facets: true,
                ..SearchQuery::default()
            });
            queries.push(SearchQuery { alias: Some(format!("{canary}ext")), ..SearchQuery::default() });
            queries.push(SearchQuery { tag: Some(format!("{canary}tag")), ..SearchQuery::default() });
        }
    }
    queries.extend(ids().map(|id| SearchQuery { related_to: Some(id), ..SearchQuery::default() }));
    queries.extend((0..3).map(|n| SearchQuery { tag: Some(format!("tag{n}")), ..SearchQuery::default() }));
    queries.extend(Tlp::ALL.map(|tlp| SearchQuery { labels: vec![tlp], ..SearchQuery::default() }));
    let names =
        (0..MEMBERS).map(|n| if n == WITHHELD { WITHHELD_NAME.to_owned() } else { format!("member-{n}") });
    queries.extend(names.map(|name| SearchQuery { sources: vec![name], ..SearchQuery::default() }));
    queries.extend(KINDS.map(|kind| SearchQuery { types: vec![kind.to_owned()], ..SearchQuery::default() }));
    for query in queries {
        // A caller may type the secret himself, so it is not in the line.
        let (mut page, mut pages) = (SearchQuery { limit: Some(5), facets: true, ..query }, 0);
        loop {
            let answer = node.search(caller, &page).unwrap();
            page.next = answer.next.clone();
            page.facets = false;
            pages += 1;
            out.push(format!("search {}", told(Ok(answer))));
            if page.next.is_none() || pages == 30 {
                break;
            }
        }
    }
}

fn answers(node: &Node, caller: &Caller, base: &Base, said: &[Said]) -> Vec<String> {
    let mut out = Vec::new();
    lists(node, caller, &mut out);
    lookups(node, caller, &mut out);
    searches(node, caller, said, &mut out);
    for id in ids() {
        let object = node.object(caller, &id, None);
        if object.is_err() {
            let refused = node.annotate(caller, &id, &Annotation::Note("seen".to_owned()), None);
            out.push(format!("annotate {}", told(refused)));
        }
        out.push(format!("object {}", told(object)));
        out.push(format!("object {}", told(node.object(caller, &id, Some("2026-01-01T02:00:00Z")))));
    }
    let mut figures = node.statistics(caller);
    if let Ok(figures) = &mut figures {
        figures.as_object_mut().unwrap().remove("node");
    }
    out.push(format!("statistics {}", told(figures)));
    for format in ["stix", "ndjson", "csv", "list"] {
        for full in [false, true] {
            let mut bytes = Vec::new();
            let query = ListQuery { versions: Vec::new(), ..ListQuery::default() };
            let written = node.export(caller, format, full, &query, &mut bytes).unwrap();
            let text = stripped(&String::from_utf8(bytes).unwrap());
            out.extend(text.lines().map(|line| format!("export {format} {line}")));
            out.push(format!("export {format} {full} {written}"));
        }
    }
    submissions(node, caller, base, &mut out);
    out
}

// Under every id, naming every author and none: what the submitter is told at once, later, and when he reads it.
fn submissions(node: &Node, caller: &Caller, base: &Base, out: &mut Vec<String>) {
    let authors: Vec<Option<usize>> = (0..MEMBERS).map(Some).chain([None]).collect();
    for (at, (id, owner)) in
        ids().flat_map(|id| authors.iter().map(move |owner| (id.clone(), *owner))).enumerate()
    {
        let kind = id.split_once("--").unwrap().0;
        let by = owner.map(|owner| format!(",\"created_by_ref\":\"{}\"", base.identities[owner]));
        let rest = match kind {
            "note" => format!(",\"content\":\"c\",\"object_refs\":[\"{id}\"]"),
            "malware" => ",\"is_family\":false".to_owned(),
            _ => continue,
        };
        let object = format!(
            "{{\"type\":\"{kind}\",\"spec_version\":\"2.1\",\"id\":\"{id}\"{},\"created\":\"2026-01-01T00:00:00.000Z\",\
             \"modified\":\"2026-02-01T00:00:{:02}.{:03}Z\"{rest}}}",
            by.unwrap_or_default(),
            at / 1_000,
            at % 1_000,
        );
        let options = ImportOptions { tlp: Some(Tlp::Green), ..ImportOptions::default() };
        let dry = ImportOptions { dry_run: true, ..options.clone() };
        let foreseen = node.submit(caller, &dry, object.as_bytes()).map(|status| status.outcomes);
        out.push(format!("foreseen {}", told(foreseen)));
        let status = node.submit(caller, &options, object.as_bytes());
        let later = status.as_ref().ok().map(|status| node.status(caller, &status.id).unwrap().outcomes);
        if let (Ok(status), Some(later)) = (&status, later) {
            let told = |outcome: &Outcome| (outcome.state, outcome.message.clone());
            assert_eq!(told(&status.outcomes[0]), told(&later[0]));
        }
        out.push(format!("submitted {}", told(status.map(|status| status.outcomes))));
        out.push(format!("then {}", told(node.object(caller, &id, None))));
    }
}

fn without_audiences(line: &str) -> String {
    let mut parts = line.split("\"audience\":{");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once("\"others\":").map_or(part, |(_, rest)| rest))
}

#[test]
fn what_is_hidden_changes_nothing_that_is_told() {
    let base = Base::new();
    let (mut lines, mut hidden_statements, mut hidden_parts) = (0, 0, 0);
    for seed in 0..2 {
        let mut said = random(&mut Dice(seed), &base, 120, false);
        restrict(&mut Dice(seed), &mut said);
        // Who says two things under one id and version is not served the second time, whoever sees the first: that is
        // between him and his own words.
        let mut versions = HashSet::new();
        said.retain(|one| one.kind == "ipv4-addr" || versions.insert((one.by, one.id(), one.version)));
        let whole = base.world(&said, |_| true);
        let count = whole.callers(&base).len();
        for at in 0..count {
            let caller = whole.callers(&base)[at].clone();
            let seen = |one: &Said| may_see(&caller.principal.reader, &one.label, NOW);
            let shown: Vec<Said> =
                said.iter().filter_map(|one| one.shown_to(&caller.principal.reader)).collect();
            let part = base.world(&shown, |_| true);
            let of_part = answers(&part.node, &part.callers(&base)[at], &base, &said);
            // A world of its own, since something is said in it.
            let whole = base.world(&said, |_| true);
            let of_whole = answers(&whole.node, &caller, &base, &said);
            for (whole, part) in of_whole.iter().zip(&of_part) {
                assert_eq!(whole, part, "reader {at}");
            }
            assert_eq!(of_whole.len(), of_part.len());
            for hidden in said.iter().filter(|one| !seen(one)) {
                // Ends in `x` and digits, so none is the beginning of another but by the digits behind it.
                let leak = of_whole.iter().find(|line| has_word(line, &hidden.canary));
                assert_eq!(leak, None, "reader {at}, hidden {hidden:?}");
                hidden_statements += 1;
            }
            let parts = said.iter().filter(|one| one.part.is_some());
            for one in parts {
                let canary = &one.part.as_ref().unwrap().canary;
                let is_told = of_whole.iter().any(|line| has_part(line, canary));
                let gone = shown.iter().find(|shown| shown.canary == one.canary);
                let is_shown = gone.is_some_and(|shown| shown.part.as_ref().is_some_and(|part| !part.gone));
                assert!(is_shown || !is_told, "reader {at}, parts of {one:?}");
                hidden_parts += usize::from(gone.is_some() && !is_shown);
            }
            if at != WITHHELD {
                // Whom an author names himself he knows.
                let leak = of_whole.iter().find(|line| without_audiences(line).contains(WITHHELD_NAME));
                assert_eq!(leak, None, "reader {at} is told who withholds his name");
            }
            lines += of_whole.len();
        }
    }
    assert!(lines > 10_000 && hidden_statements > 200, "{lines} lines, {hidden_statements} hidden");
    assert!(hidden_parts > 100, "{hidden_parts} hidden parts");
}

fn has_part(line: &str, canary: &str) -> bool {
    ["word", "ext", "tag"].iter().any(|end| line.contains(&format!("{canary}{end}")))
}

fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| !line[at + word.len()..].starts_with(|c: char| c.is_ascii_digit()))
}
