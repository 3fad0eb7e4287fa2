//! `accord recall` of all that a source or a member said, at a node and beside its folder.

use crate::bench::Bench;

/// More than are recalled by their ids.
const MANY: usize = 1_100;

fn addresses() -> String {
    (0..MANY).map(|n| format!("203.0.{}.{}\n", 100 + n / 250, 1 + n % 250)).collect()
}

#[test]
fn a_wrong_feed_is_taken_back_by_one_command() {
    let bench = Bench::new();
    let serving = bench.serve();
    let on = |arguments: &[&str]| bench.run(&[arguments, &["--data", "node"]].concat());
    on(&["member", "add", "Blue"]).exits(0);
    let token =
        on(&["token", "add", "--member", "Blue", "--role", "analyst", "--json"]).exits(0).text("/secret");
    let blue =
        |arguments: &[&str]| bench.run(&[arguments, &["--url", serving.url(), "--token", &token]].concat());
    bench.write("feed.txt", &addresses());
    bench.write("good.txt", "198.51.1.77\n");
    blue(&["import", "feed.txt", "--source", "bad"]).exits(0);
    blue(&["import", "good.txt", "--source", "good"]).exits(0);
    let exported = || blue(&["export", "--format", "zeek"]).exits(0).out;
    assert!(exported().contains("203.0.100.1\t"), "{}", exported());

    // It asks first, and takes no objects beside.
    assert!(blue(&["recall", "--source", "bad", "--reason", "wrong"]).exits(2).err.contains("--yes"));
    blue(&["recall", "indicator--1", "--member", "Blue", "--reason", "wrong", "--yes"]).exits(2);
    assert!(blue(&["recall", "list"]).exits(0).out.contains("nothing was recalled as a whole"));
    let told = blue(&["recall", "--source", "bad", "--reason", "the wrong column", "--yes"]).exits(0).out;
    for words in
        ["no sensor is told", "taken back  all of Blue from bad", "1,100 objects", "the wrong column"]
    {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert!(!exported().contains("203.0.") && exported().contains("198.51.1.77\t"), "{}", exported());
    let listed = blue(&["recall", "list", "--json"]).exits(0).json();
    assert_eq!(
        (&listed["recalls"][0]["done"], &listed["recalls"][0]["objects"]),
        (&true.into(), &MANY.into())
    );
    let note = listed["recalls"][0]["recalls"][0]["id"].as_str().unwrap().to_owned();
    let shown = blue(&["recall", "show", &note]).exits(0).out;
    assert!(shown.contains("taken back  all of Blue from bad"), "{shown}");

    // The administrator, for the rest: without waiting. The node is killed over it, and the next start carries it out.
    bench.write("more.txt", &addresses());
    blue(&["import", "more.txt", "--source", "more"]).exits(0);
    assert!(exported().contains("203.0.100.1\t"), "said again, it stands again");
    let told = on(&[
        "recall",
        "--member",
        "Blue",
        "--since",
        "2020-01-01T00:00:00Z",
        "--reason",
        "a stolen token",
        "--yes",
        "--no-wait",
        "--json",
    ]);
    let id = told.exits(0).text("/sweep/id");
    let exported = exported();
    assert!(!exported.contains("198.51.1.77") && !exported.contains("203.0."), "{exported}");
    serving.signal("KILL");
    drop(serving);
    let began = std::time::Instant::now();
    loop {
        let listed = on(&["recall", "list", "--json"]).exits(0).json();
        assert_eq!(listed["recalls"][0]["id"], id.as_str());
        if listed["recalls"][0]["done"] == true {
            assert_eq!(listed["recalls"][0]["objects"], MANY + 1, "{listed}");
            break;
        }
        assert!(began.elapsed() < crate::bench::PATIENCE, "{listed}");
    }
    on(&["recall", "--member", "Nobody", "--reason", "a stolen token", "--yes"]).exits(1);
}
