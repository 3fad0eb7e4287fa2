//! Who would see it, told before; who sees it, told after: the same as what everybody then lists.

use model::circle::Shows;
use model::{Embargo, Timestamp, Tlp};
use node::views::Preview;
use node::{Asked, Caller, ImportOptions, Kind};

use crate::circle_rules::{bring, circle, formal, members};
use crate::write_world::{FIRST, START, World, envelope, id, indicator, strings};

const BOTH: &[&str] = &["analyst", "organisation-administrator"];

/// Names and rules, and numbers and rules.
fn told(preview: &Preview) -> (Vec<String>, Vec<String>, Vec<String>) {
    let sees = preview.sees.iter().map(|one| format!("{}: {}", one.member.name, one.why));
    let others = preview.others.iter().map(|one| format!("{}: {}", one.count, one.why));
    let not = preview.kept_from.iter().map(|one| format!("{}: {}", one.member.name, one.why));
    (sees.collect(), others.collect(), not.collect())
}

#[test]
fn a_preview_is_what_happens_then_and_names_whom_one_may_know() {
    let world = World::new();
    let all = members(&world, &["Blue", "Green", "Grey", "Black"], BOTH);
    let [blue, green, grey, black] = &all[..] else { panic!() };
    let node = &world.node;
    node.add_circle(blue, &circle("Open", None)).unwrap();
    bring(node, blue, "Open", green);
    let counted = formal(|charter| charter.shows = Shows::Count);
    node.add_circle(blue, &circle("Counted", Some(counted))).unwrap();
    bring(node, blue, "Counted", grey);
    let now = |caller: &Caller| world.token(&caller.member_name, BOTH);
    let ask = |to: &[&str], tlp, embargo: Option<&str>| Asked {
        tlp: Some(tlp),
        to: strings(to),
        embargo: embargo.map(|case| Embargo { case: case.to_owned(), until: Some(Timestamp(START)) }),
        without_name: false,
    };
    let author = "Blue: its author".to_owned();
    for (at, (asked, sees, others, kept_from)) in [
        (
            ask(&[], Tlp::Green, None),
            &["Green: a member of the node, and nobody is named"][..],
            Some(3),
            &[][..],
        ),
        (ask(&["circle:Open"], Tlp::Amber, None), &["Green: in the circle `Open`"], None, &[]),
        (ask(&["circle:Counted"], Tlp::Amber, None), &[], Some(1), &[]),
        (ask(&["member:Green"], Tlp::Amber, Some("VU 7")), &["Green: named"], None, &[]),
        (ask(&[], Tlp::Clear, Some("VU 7")), &[], None, &["Green: it is under embargo, and it is not named"]),
        (ask(&[], Tlp::Red, None), &[], None, &["Green: it is TLP:RED, and no person of it is named"]),
    ]
    .into_iter()
    .enumerate()
    {
        let preview = node.preview(&now(blue), &asked).unwrap();
        let (seers, counts, not) = told(&preview);
        assert_eq!(
            seers,
            [std::slice::from_ref(&author), &sees.iter().map(ToString::to_string).collect::<Vec<_>>()[..]]
                .concat()
        );
        assert_eq!(
            preview.others.iter().map(|one| one.count).sum::<u64>(),
            others.unwrap_or(0),
            "{counts:?}"
        );
        assert_eq!(not, kept_from);
        // It is what happens.
        let n = u32::try_from(at).unwrap() + 1;
        let options = ImportOptions {
            to: asked.to.clone(),
            tlp: asked.tlp,
            embargo: asked.embargo.clone(),
            ..ImportOptions::default()
        };
        let said =
            node.submit(&now(blue), &options, envelope(&[indicator(n, FIRST, "")]).as_bytes()).unwrap();
        assert_eq!(said.success, 1, "{said:?}");
        let operator = node.operator();
        let seen = [green, grey, black].iter().filter(|one| world.label(&now(one), &id(n)).is_some()).count()
            + usize::from(world.label(&operator, &id(n)).is_some());
        assert_eq!(seen as u64, sees.len() as u64 + others.unwrap_or(0), "{at}");
        // And the trace says the same, with the time.
        let trace = node.trace(&now(blue), &id(n)).unwrap();
        assert_eq!(told(&trace), (seers, counts, not));
        assert!(trace.sees.iter().all(|one| one.since.is_some()));
        let sees = node.object(&now(green), &id(n), None).is_ok();
        let refused = node.trace(&now(green), &id(n)).unwrap_err();
        assert_eq!(refused.kind, if sees { Kind::Forbidden } else { Kind::NotFound }, "{refused}");
        assert_eq!(refused.message.contains("not what your organisation said"), sees, "{refused}");
    }
    assert_eq!(
        node.preview(&now(blue), &ask(&["circle:Nowhere"], Tlp::Amber, None)).unwrap_err().kind,
        Kind::NotFound
    );
    assert_eq!(
        node.preview(&now(blue), &ask(&["circle:Open"], Tlp::Red, None)).unwrap_err().kind,
        Kind::Invalid
    );
    // Who joins later sees it since then.
    let before = node.trace(&now(blue), &id(2)).unwrap().sees.len();
    world.later(3_600);
    bring(node, blue, "Open", black);
    let after = node.trace(&now(blue), &id(2)).unwrap();
    assert_eq!(after.sees.len(), before + 1);
    let joined = after.sees.iter().find(|one| one.member.name == "Black").unwrap().since.clone().unwrap();
    assert_eq!(joined, Timestamp(START).plus_seconds(3_600).to_string());
    // Of a circle that he left he is told nothing, not how many are in it either.
    node.leave_circle(&now(blue), "Open").unwrap();
    let left = node.trace(&now(blue), &id(2)).unwrap();
    assert_eq!((left.sees.len(), left.others.len(), left.kept_from.len()), (1, 0, 0));
}
