//! Lists of what is known, as people publish them.

use model::observable::guess;
use scan::Known;
use shield::Timestamp;

fn read(text: &str) -> Known {
    Known::read(text.as_bytes(), 7).unwrap()
}

/// The values as they are named.
fn values(known: &Known) -> Vec<&str> {
    (0..known.taken).map(|id| known.named(id).value).collect()
}

/// Whether what was seen at a time is told.
fn holds(known: &Known, seen: &str, at: &str) -> bool {
    let at: Option<Timestamp> = Some(at.parse().unwrap());
    known.now().knowledge.ask(&guess(seen).unwrap()).unwrap().iter().any(|found| found.entry.held_at(at))
}

#[test]
fn times_that_are_no_rfc_3339_bound_what_is_known() {
    for (from, until) in [
        ("2026-03-03T00:00:00Z", "2026-03-10T00:00:00Z"),
        ("2026-03-03 00:00:00", "2026-03-10 00:00:00"),
        ("2026-03-03 00:00:00 UTC", "2026-03-10 00:00 GMT"),
        ("2026-03-03", "2026-03-09"),
        ("2026/03/03", "2026/03/09"),
        ("1772496000", "1773100800"),
        ("1772496000000", "1773100800.0"),
        ("2026-03-03T01:00:00+01:00", "2026-03-09T23:00:00-0100"),
    ] {
        let known = read(&format!("value,valid_from,valid_until\nevil.example,{from},{until}\n"));
        assert_eq!((known.taken, known.left_out), (1, 0), "{from} {until}");
        assert!(holds(&known, "evil.example", "2026-03-03T00:00:00Z"), "{from}");
        assert!(!holds(&known, "evil.example", "2026-03-02T23:59:59Z"), "{from}");
        assert!(holds(&known, "evil.example", "2026-03-09T23:59:59Z"), "{until}");
        assert!(!holds(&known, "evil.example", "2026-03-10T00:00:00Z"), "{until}");
    }
    let known = read("value,valid_from,valid_until\nevil.example,,never\nother.example,-,NULL\n");
    assert_eq!((known.taken, known.left_out), (2, 0));
    assert!(holds(&known, "evil.example", "2026-03-10T00:00:00Z"));
}

#[test]
fn what_says_no_time_is_left_out_and_told_and_never_for_ever() {
    for wrong in ["tomorrow", "2026", "20260310", "10/03/2026", "2026-13-01", "2026-02-30"] {
        let known = read(&format!("value,valid_until\ngood.example,\nevil.example,{wrong}\n"));
        assert_eq!((known.taken, known.left_out), (1, 1), "{wrong}");
        let first = known.first_left_out.unwrap();
        assert!(
            first.contains("`evil.example`") && first.contains("`valid_until`") && first.contains(wrong),
            "{first}"
        );
    }
}

#[test]
fn revoked_is_said_in_many_ways() {
    for (said, counts) in [
        ("true", false),
        ("TRUE", false),
        ("1", false),
        ("yes", false),
        ("False", true),
        ("0", true),
        ("no", true),
        ("", true),
    ] {
        let known = read(&format!("value,revoked\nevil.example,{said}\n"));
        assert_eq!(holds(&known, "evil.example", "2026-03-10T00:00:00Z"), counts, "{said}");
    }
    let known = read("value,revoked\ngood.example,no\nevil.example,perhaps\n");
    assert_eq!((known.taken, known.left_out), (1, 1));
    assert!(known.first_left_out.unwrap().contains("neither yes nor no"));
}

#[test]
fn columns_stand_between_many_signs() {
    for sign in [",", ";", "\t", "|"] {
        let rows = ["\"Value\",source,valid_until", "evil.example,\"A, B\",2026-03-09", "203.0.113.7,C,", ""];
        let text = rows.join("\n").replace("A, B", "A B").replace(',', sign);
        let known = read(&format!("\u{feff}{text}"));
        assert_eq!(values(&known), ["evil.example", "203.0.113.7"], "{sign:?}");
        assert_eq!((known.left_out, known.named(0).source), (0, "A B"), "{sign:?}");
        assert!(!holds(&known, "evil.example", "2026-03-10T00:00:00Z"), "{sign:?}");
    }
    // Comments in front, and the names of the columns in the last of them.
    let known = read("# of today\n# \"id\",\"url\",\"threat\"\n\"1\",\"http://evil.example/a\",\"x\"\n");
    assert_eq!((values(&known), known.named(0).object), (vec!["http://evil.example/a"], ""));
    let known = read("# ours\n\nvalue,source\n# more\nevil.example # seen twice,C\n");
    assert_eq!((values(&known), known.left_out), (vec!["evil.example"], 0));
    let known = read("value,kind\nCurl #1,user-agent\n");
    assert_eq!(values(&known), ["Curl #1"]);
    // What is no text costs its own row alone.
    let known = Known::read(&b"value,source\n\xFF\xFE!,x\nevil.example,\xFF\n"[..], 7).unwrap();
    assert_eq!((values(&known), known.left_out), (vec!["evil.example"], 1));
}

#[test]
fn lists_with_comments_behind_their_values() {
    let list = "\u{feff}; of today\n// ours\n203.0.113.7#bad\nevil.example # bad\n198.51.100.0/24 ; SBL1\n\
                other.example,malware,2026\nhttp://evil.example/a#b\n\"third.example\"\n";
    let known = read(list);
    let expected = [
        "203.0.113.7",
        "evil.example",
        "198.51.100.0/24",
        "other.example",
        "http://evil.example/a#b",
        "third.example",
    ];
    assert_eq!((values(&known), known.left_out), (expected.to_vec(), 0));
    // What is too long is one value that is left out, and no second one.
    let known = read(&format!("{} evil.example\ngood.example\n", "x".repeat(70_000)));
    assert_eq!((values(&known), known.left_out), (vec!["good.example"], 1));
}

#[test]
fn files_of_hosts_name_whom_they_send_nowhere() {
    let hosts = "127.0.0.1 localhost localhost.localdomain\n::1 ip6-localhost\n255.255.255.255 broadcasthost\n\
                 fe80::1%lo0 localhost\n0.0.0.0 0.0.0.0\n0.0.0.0 evil.example www.evil.example # both\n\
                 127.0.0.1\tother.example\n203.0.113.7 a comment\n";
    let known = read(hosts);
    assert_eq!(values(&known), ["evil.example", "www.evil.example", "other.example", "203.0.113.7"]);
    assert_eq!(known.left_out, 0);
}

#[test]
fn rules_of_blockers_name_domains_and_all_below() {
    let rules = "[Adblock Plus 2.0]\n! Title: ours\n||evil.example^\n||other.example^$third-party,important\n\
                 ||203.0.113.7^\n||third.example\n";
    let known = read(rules);
    assert_eq!((known.taken, known.left_out), (4, 0));
    for seen in ["evil.example", "a.evil.example", "b.other.example", "203.0.113.7", "third.example"] {
        assert!(holds(&known, seen, "2026-03-10T00:00:00Z"), "{seen}");
    }
    // What is for less than a domain, or lets through, is left out.
    let others = "evil.example\n@@||good.example^\n||good.example/path^\n||good.example^$domain=a.example\n\
                  good.example##.ad\n/good[0-9]/\n|http://good.example/\n||good*.example^\n";
    let known = read(others);
    assert_eq!((values(&known), known.left_out), (vec!["evil.example"], 7));
    assert!(known.first_left_out.unwrap().contains("rule of a blocker"));
}

#[test]
fn every_value_of_a_published_list_is_taken() {
    let Some(corpus) = std::env::var_os("ACCORD_CORPUS") else {
        eprintln!("skipped: ACCORD_CORPUS is not set");
        return;
    };
    let list = std::path::Path::new(&corpus).join("feeds/ipsum/ipsum.txt");
    let text = std::fs::read_to_string(list).unwrap();
    let said: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split('\t').next().unwrap())
        .collect();
    assert!(said.len() > 10_000);
    let known = read(&text);
    assert_eq!((values(&known), known.left_out), (said, 0));
}

#[test]
fn what_stands_twice_is_taken_once_and_counted() {
    let known = read("evil.example\n!!\nEVIL[.]example\n.evil.example\nevil.example # again\n");
    assert_eq!((values(&known), known.left_out), (vec!["evil.example", ".evil.example"], 3));
    assert!(known.first_left_out.unwrap().starts_with("`!!`"));
    let known = read("evil.example\nevil.example\n");
    assert_eq!(known.first_left_out.unwrap(), "`evil.example`: it stands there before");
    // Of other times or of another who says it, it is another.
    let id = |n: u32| format!("indicator--00000000-0000-4000-8000-00000000000{n}");
    let row = |id: String, until: &str| format!("evil.example,{id},{until}\n");
    let rows = [row(id(1), ""), row(id(2), ""), row(id(1), "2026-03-09"), row(id(2), "")].concat();
    let known = read(&format!("value,id,valid_until\n{rows}"));
    assert_eq!((known.taken, known.left_out), (3, 1));
}

#[test]
fn only_an_id_of_an_object_is_one() {
    let whole = "indicator--00000000-0000-4000-8000-000000000001";
    let wrong = ["12", "indicator--1", "--00000000-0000-4000-8000-000000000001", "a--b", &whole[..46]];
    for id in wrong {
        assert_eq!(read(&format!("id,value\n{id},evil.example\n")).named(0).object, "", "{id}");
    }
    assert_eq!(read(&format!("id,value\n{whole},evil.example\n")).named(0).object, whole);
}

#[test]
fn the_csv_of_a_node_has_no_comments_and_its_cells_are_no_formulas() {
    let columns =
        "value,kind,object_type,id,name,tlp,source,added,version,valid_from,valid_until,revoked,tags";
    let row =
        |value: &str, source: &str| format!("{value},user-agent,indicator,,,TLP:GREEN,{source},,,,,false,\n");
    let rows = row("'-curl", "'=ACME") + &row("#bot", "'quoted'");
    let known = read(&format!("{columns}\n{rows}"));
    assert_eq!((values(&known), known.named(0).source), (vec!["-curl", "#bot"], "=ACME"));
    assert_eq!(known.named(1).source, "'quoted'");
    // Elsewhere they are what they are.
    let known = read("value,kind\n'-curl,user-agent\n#bot,user-agent\n");
    assert_eq!(values(&known), ["'-curl"]);
}

#[test]
fn a_quote_that_is_not_closed_swallows_no_feed() {
    let why = |csv: &str| Known::read(csv.as_bytes(), 7).err().map(|why| why.to_string());
    let torn = why("value,source\nevil.example,A\nother.example,\"B\nthird.example,C\n").unwrap();
    assert!(torn.contains("ends within a quote"), "{torn}");
    let rows = "third.example,C\n".repeat(400_000);
    let long = why(&format!("value,source\nother.example,\"B\n{rows}")).unwrap();
    assert!(long.contains("more than 4 MiB"), "{long}");
    for whole in ["value,source\nevil.example,\"A\nB\"", "value,source\nevil.example,A\n# \"of today"] {
        assert_eq!(why(whole), None, "{whole}");
    }
    assert_eq!(values(&read(&format!("value,source\n{rows}"))), ["third.example"]);
}
