//! Times tell nothing of hidden neighbours: two nodes with one clock, of which one also took what a reader may not see,
//! tell him the same to the byte.

use model::{Timestamp, Tlp};
use node::{Caller, ImportOptions, ListQuery, SearchQuery};

use crate::read_world::Dice;
use crate::write_world::{FIRST, World, envelope, indicator};

const RED: &str = r#","object_marking_refs":["marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"]"#;
const ROUNDS: u32 = 6;

// What two members send in bundles, rows and lists, with RED in between; without the RED, if it is not to be there.
fn fill(world: &World, seed: u64, with_red: bool) {
    let mut dice = Dice(seed);
    let writers = [world.token("alpha", &["analyst"]), world.token("gamma", &["analyst"])];
    let options = ImportOptions { tlp: Some(Tlp::Green), ..ImportOptions::default() };
    for round in 0..ROUNDS {
        for (writer, of) in writers.iter().zip(0..) {
            let first = round * 40 + of * 20;
            let red: Vec<bool> = (0..20).map(|_| dice.one_in(2)).collect();
            let shown = |n: &u32| with_red || !red[*n as usize % 20];
            let bundle: Vec<String> = (first..first + 10)
                .filter(shown)
                .map(|n| indicator(n, FIRST, if red[n as usize % 20] { RED } else { "" }))
                .chain(["{\"id\":1}".to_owned()].into_iter().filter(|_| with_red))
                .collect();
            world.later(1);
            world.node.submit(writer, &options, envelope(&bundle).as_bytes()).unwrap();
            let rows: Vec<String> = (first + 10..first + 20)
                .filter(shown)
                // The same values come again, what was RED before is GREEN now and then.
                .map(|n| {
                    format!("203.0.113.{},{}\n", n % 50, if red[n as usize % 20] { "red" } else { "green" })
                })
                .collect();
            world.later(1);
            let csv = format!("value,tlp\n{}", rows.concat());
            world
                .import_as(
                    writer,
                    &ImportOptions { format: Some("csv".to_owned()), ..options.clone() },
                    csv.as_bytes(),
                )
                .unwrap();
            world.later(1);
            let whole_is_red = dice.one_in(2);
            if with_red && whole_is_red {
                let options = ImportOptions { tlp: Some(Tlp::Red), ..ImportOptions::default() };
                let whole = envelope(&[indicator(10_000 + first, FIRST, "")]);
                world.node.submit(writer, &options, whole.as_bytes()).unwrap();
            }
        }
    }
}

fn told(world: &World, reader: &Caller) -> Vec<String> {
    let mut told = Vec::new();
    let mut query = ListQuery { limit: Some(7), ..ListQuery::default() };
    loop {
        let mut page = Vec::new();
        let end = world
            .node
            .list(reader, &query, &mut |entry| {
                let wire = String::from_utf8_lossy(entry.wire).into_owned();
                page.push((entry.date_added, format!("{} {} {wire}", entry.id, entry.version)));
            })
            .unwrap();
        for (at, _) in &page {
            // From each of them on, and from a microsecond before.
            for after in [at.0, at.0 - 1] {
                let from = ListQuery { added_after: Some(Timestamp(after)), ..ListQuery::default() };
                let mut first = None;
                world
                    .node
                    .manifest(reader, &from, &mut |entry| {
                        first.get_or_insert(entry.date_added);
                    })
                    .unwrap();
                told.push(format!("after {after}: {first:?}"));
            }
        }
        told.extend(page.into_iter().map(|(at, text)| format!("{at} {text}")));
        told.push(format!("{:?} {:?} {}", end.first, end.last, end.more));
        query = ListQuery { next: end.next, ..ListQuery::default() };
        if query.next.is_none() {
            break;
        }
    }
    let found =
        world.node.search(reader, &SearchQuery { limit: Some(500), ..SearchQuery::default() }).unwrap();
    for hit in serde_json::to_value(&found).unwrap()["objects"].as_array().unwrap() {
        told.push(hit.to_string());
        let id = hit["id"].as_str().unwrap();
        told.push(serde_json::to_string(&world.node.object(reader, id, None).unwrap()).unwrap());
    }
    for format in ["csv", "ndjson"] {
        let mut bytes = Vec::new();
        world.node.export(reader, format, true, &ListQuery::default(), &mut bytes).unwrap();
        told.push(String::from_utf8(bytes).unwrap());
    }
    told
}

#[test]
fn two_worlds_tell_the_same_times() {
    for seed in 0..3 {
        let folder = World::new();
        for name in ["alpha", "beta", "gamma"] {
            folder.member(name);
        }
        // The same members in both, with the same ids.
        let twin = folder.twin();
        let [whole, part] = [(&folder, true), (&twin, false)].map(|(world, with_red)| {
            fill(world, seed, with_red);
            told(world, &world.token("beta", &["reader"]))
        });
        assert!(whole.len() > 300, "{}", whole.len());
        for (one, other) in whole.iter().zip(&part) {
            assert_eq!(one, other, "{seed}");
        }
        assert_eq!(whole.len(), part.len());
    }
}
