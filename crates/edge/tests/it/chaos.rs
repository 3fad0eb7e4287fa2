//! The bad days: the node is away, says nonsense or jumps, the clock is wrong, the disk was torn, a sensor hangs.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::double::{NOW, Node, files, start, text, until, value, whole};

fn script(folder: &Path, name: &str, body: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.to_string_lossy().into_owned()
}

#[test]
fn three_days_without_the_node() {
    for (fail, stays) in [("closed", true), ("open", false)] {
        let folder = tempfile::tempdir().unwrap();
        let node = Node::new(&[
            value("domain", "exact", "short.example", "block", Some(86_400)),
            value("domain", "exact", "long.example", "block", Some(7 * 86_400)),
        ]);
        let alarm = script(folder.path(), "alarm", "echo \"$2\" >> \"$(dirname \"$0\")/alarms\"");
        let more = format!("max-age = \"1h\"\nfail = \"{fail}\"\nalarm = [\"{alarm}\"]\n");
        let more = more + &files(folder.path(), "names", "hosts");
        let edge = start(&node, folder.path(), &more);
        let list = folder.path().join("names/accord.hosts");
        until("the whole set", || {
            text(&list).contains("long.example") && text(&list).contains("short.example")
        });
        node.dies(true);
        node.later(3 * 86_400);
        until("what ended is gone", || !text(&list).contains("short.example"));
        until("its age is told", || edge.status().alarms.iter().any(|alarm| alarm.contains("s old")));
        until("the command was run", || text(&folder.path().join("alarms")).contains("s old"));
        until("blocks stay or go", || text(&list).contains("long.example") == stays);
        assert!(edge.status().is_old && !edge.status().connected);
        // Started anew in that time, with a sensor that was emptied, it goes on from its copy, and says how old that is.
        edge.stop();
        std::fs::remove_file(&list).unwrap();
        let edge = start(&node, folder.path(), &more);
        until("the copy acts", || text(&list).contains("complete: ") && edge.status().is_old);
        until("as it did", || text(&list).contains("long.example") == stays);
        assert!(!text(&list).contains("short.example"));
        assert!(edge.status().alarms.iter().any(|alarm| alarm.contains("s old")));
        // The node is back: all is well again.
        node.holds(&[value("domain", "exact", "long.example", "block", Some(7 * 86_400))]);
        node.dies(false);
        until("all is well", || edge.status().alarms.is_empty() && text(&list).contains("long.example"));
        // Nor does what answers in place of the node, with nothing or with a page, wipe anything after a start.
        let mut edge = edge;
        for wrong in ["", "<html></html>\n"] {
            edge.stop();
            node.serves(wrong);
            edge = start(&node, folder.path(), &more);
            until("it is told", || edge.status().alarms.iter().any(|alarm| alarm.contains("not believed")));
            assert!(text(&list).contains("long.example"));
        }
        edge.stop();
    }
}

#[test]
fn no_answer_that_is_not_whole_wipes_a_set() {
    let folder = tempfile::tempdir().unwrap();
    let good = [value("domain", "exact", "evil.example", "block", None)];
    let node = Node::new(&good);
    let list = folder.path().join("names/accord.hosts");
    let edge = start(&node, folder.path(), &files(folder.path(), "names", "hosts"));
    until("the whole set", || text(&list).contains("evil.example"));
    let right = whole(&[], "0", NOW);
    let last = right.rfind("{\"entries").unwrap();
    for wrong in
        [String::new(), "<html></html>\n".to_owned(), right[..last].to_owned(), right.replace("hub", "bob")]
    {
        node.serves(&wrong);
        node.says_raw("event: reset\ndata: {\"why\":\"index\"}\n\n");
        until("it is told", || edge.status().alarms.iter().any(|alarm| alarm.contains("not believed")));
        assert!(text(&list).contains("evil.example"));
        node.holds(&good);
        until("all is well", || edge.status().alarms.is_empty() && edge.status().connected);
    }
    // One that is whole and says that nothing acts is believed.
    node.holds(&[]);
    node.says_raw("event: reset\ndata: {\"why\":\"policy\"}\n\n");
    until("nothing acts", || text(&list).contains("complete: 0 entries"));
    edge.stop();
}

#[test]
fn a_stream_that_jumps_or_stammers_is_left_for_the_whole_set() {
    for wrong in [
        "event: now\ndata: {\"at\":\"2020-01-01T00:00:00Z\",\"cursor\":\"0\"}\n\n",
        "event: now\ndata: {}\n\n",
        "event: value\ndata: {\"kind\":\n\n",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let node = Node::new(&[value("domain", "exact", "evil.example", "block", None)]);
        let edge = start(&node, folder.path(), &files(folder.path(), "names", "hosts"));
        let fetched = || node.asked().iter().filter(|path| path.starts_with("/feeds")).count();
        until("the whole set", || fetched() == 1 && edge.status().connected);
        node.says_raw(wrong);
        until("it is fetched anew", || fetched() >= 2);
        edge.stop();
    }
}

#[test]
fn a_wrong_clock_is_told_and_ends_nothing_too_early() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::new(&[value("domain", "exact", "evil.example", "block", Some(3600))]);
    let edge = start(&node, folder.path(), &files(folder.path(), "names", "hosts"));
    let list = folder.path().join("names/accord.hosts");
    until("the whole set", || text(&list).contains("evil.example"));
    // This machine's clock is a day ahead; the node says so.
    node.clock_off(-86_400);
    node.later(86_400);
    node.holds(&[
        value("domain", "exact", "evil.example", "block", Some(3600)),
        value("domain", "exact", "new.example", "block", Some(3600)),
    ]);
    node.says("value", &value("domain", "exact", "new.example", "block", Some(3600)));
    until("it is told", || edge.status().alarms.iter().any(|alarm| alarm.contains("clock differs")));
    until("and blocked", || text(&list).contains("new.example"));
    until("and what ended by the wrong clock", || text(&list).contains("evil.example"));
    edge.stop();
}

#[test]
fn a_clock_that_is_behind_lets_nothing_act_for_longer_than_it_should() {
    let folder = tempfile::tempdir().unwrap();
    let values = [
        value("domain", "exact", "short.example", "block", Some(3600)),
        value("domain", "exact", "long.example", "block", Some(7 * 86_400)),
    ];
    let node = Node::new(&values);
    let edge = start(&node, folder.path(), &files(folder.path(), "names", "hosts"));
    let list = folder.path().join("names/accord.hosts");
    until("the whole set", || text(&list).contains("short.example") && text(&list).contains("long.example"));
    // It is a day later at the node than this machine's clock says.
    node.clock_off(86_400);
    node.says("value", &value("domain", "exact", "new.example", "block", Some(2 * 86_400)));
    until("it is told", || edge.status().alarms.iter().any(|alarm| alarm.contains("clock differs")));
    until("what ended is gone", || !text(&list).contains("short.example"));
    until("the rest stays", || text(&list).contains("long.example") && text(&list).contains("new.example"));
    edge.stop();
}

#[test]
fn the_local_copy_acts_without_the_node_wherever_it_was_cut() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::new(&[value("domain", "exact", "first.example", "block", None)]);
    let sensors = files(folder.path(), "names", "hosts");
    let edge = start(&node, folder.path(), &sensors);
    let list = folder.path().join("names/accord.hosts");
    node.says("value", &value("domain", "exact", "second.example", "block", None));
    node.says("value", &value("domain", "exact", "third.example", "block", None));
    until("all of it", || text(&list).contains("third.example"));
    until("and where it stands", || text(&folder.path().join("state/journal")).contains("\"4\""));
    edge.stop();
    node.dies(true);
    let journal = std::fs::read(folder.path().join("state/journal")).unwrap();
    let first_line = journal.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for cut in [journal.len(), journal.len() - 1, journal.len() / 2, first_line, first_line - 1, 0] {
        std::fs::write(folder.path().join("state/journal"), &journal[..cut]).unwrap();
        std::fs::remove_file(&list).unwrap();
        let edge = start(&node, folder.path(), &sensors);
        until("the copy acts", || text(&list).contains("first.example"));
        assert_eq!(text(&list).contains("third.example"), cut >= journal.len() - 1, "cut at {cut}");
        let torn = edge.status().alarms.iter().any(|alarm| alarm.contains("torn"));
        assert_eq!(torn, cut != journal.len() && cut > first_line, "cut at {cut}");
        edge.stop();
    }
    // A whole set that was damaged is worth nothing, and what the sensor holds is left as it is.
    let path = folder.path().join("state/whole.ndjson");
    std::fs::write(&path, text(&path).replace("first", "frist")).unwrap();
    let before = text(&list);
    let edge = start(&node, folder.path(), &sensors);
    assert!(edge.status().alarms.iter().any(|alarm| alarm.contains("local copy is not whole")));
    assert_eq!(edge.status().values, 0);
    node.dies(false);
    until("it is fetched anew", || edge.status().values == 3);
    assert!(!before.is_empty());
    edge.stop();
}

#[test]
fn a_sensor_that_hangs_holds_up_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::new(&[value("ipv4", "exact", "192.0.2.1", "block", None)]);
    let hangs = script(folder.path(), "hangs", "exec sleep 600");
    let sensors = files(folder.path(), "lists", "plain")
        + &format!(
            "[[sensor]]\nname = \"wall\"\nkind = \"nftables\"\ntimeout = \"1s\"\ncommand = [\"{hangs}\"]\n"
        );
    let edge = start(&node, folder.path(), &sensors);
    let list = folder.path().join("lists/accord-ipv4.txt");
    until("the other one", || text(&list).contains("192.0.2.1"));
    node.says("value", &value("ipv4", "exact", "192.0.2.2", "block", None));
    until("the other one goes on", || text(&list).contains("192.0.2.2"));
    until("it is told", || {
        edge.status().alarms.iter().any(|alarm| alarm.contains("sensor wall: ") && alarm.contains("hangs"))
    });
    until("the node is told", || {
        let report = node.report().unwrap_or_default();
        report["sensors"][1]["error"].is_string() && report["sensors"][1]["cursor"].is_null()
    });
    edge.stop();
}

#[test]
fn a_sensor_that_comes_back_is_filled() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::new(&[value("ipv4", "exact", "192.0.2.1", "block", None)]);
    let body = "d=$(dirname \"$0\")\n[ -e $d/up ] || { echo no such thing >&2; exit 1; }\n\
                case \"$1\" in -f) if [ \"$2\" = - ]; then cat >> $d/log; else cat $2 >> $d/log; fi;; *) echo 'set addr4';; esac";
    let fake = script(folder.path(), "nft", body);
    let sensors = format!("[[sensor]]\nname = \"wall\"\nkind = \"nftables\"\ncommand = [\"{fake}\"]\n");
    let edge = start(&node, folder.path(), &sensors);
    until("it is told", || edge.status().alarms.iter().any(|alarm| alarm.contains("no such thing")));
    node.says("value", &value("ipv4", "exact", "192.0.2.2", "block", None));
    std::fs::write(folder.path().join("up"), "").unwrap();
    let log = folder.path().join("log");
    until("it is filled", || text(&log).contains("192.0.2.1") && text(&log).contains("192.0.2.2"));
    until("all is well", || edge.status().alarms.is_empty());
    edge.stop();
}
