//! What comes back: blocks after a long absence, values that a wrong clock ended, a port that was another's, a disk that was full.

use std::net::{TcpListener, UdpSocket};

use crate::double::{NOW, Node, files, start, text, until, value};

#[test]
fn blocks_are_back_with_the_whole_set_after_an_absence() {
    let folder = tempfile::tempdir().unwrap();
    let good = [value("domain", "exact", "evil.example", "block", None)];
    let node = Node::new(&good);
    let more = "max-age = \"1h\"\nfail = \"open\"\n".to_owned() + &files(folder.path(), "names", "hosts");
    let edge = start(&node, folder.path(), &more);
    let list = folder.path().join("names/accord.hosts");
    until("the whole set", || text(&list).contains("evil.example"));
    node.dies(true);
    node.later(3 * 86_400);
    until("blocks go", || !text(&list).contains("evil.example"));
    // It was away for so long that its cursor is none any more.
    node.forgets();
    node.holds(&good);
    node.dies(false);
    until("blocks are back", || text(&list).contains("evil.example"));
    edge.stop();
}

#[test]
fn what_a_wrong_clock_ended_is_back_whoever_notices_first() {
    let folder = tempfile::tempdir().unwrap();
    let good = [value("domain", "exact", "evil.example", "block", Some(3600))];
    let node = Node::new(&good);
    let edge = start(&node, folder.path(), &files(folder.path(), "names", "hosts"));
    let list = folder.path().join("names/accord.hosts");
    until("the whole set", || text(&list).contains("evil.example"));
    node.clock_off(-86_400);
    node.later(86_400);
    until("it is ended", || !text(&list).contains("evil.example"));
    until("a report is answered", || {
        node.report().is_some_and(|report| report["sensors"][0]["entries"] == 0)
    });
    node.holds(&good);
    node.says("value", &value("domain", "exact", "new.example", "block", None));
    until("it is back", || text(&list).contains("evil.example"));
    edge.stop();
}

#[test]
fn a_machine_that_lost_its_time_goes_on_from_what_the_node_said() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::new(&[value("domain", "exact", "evil.example", "block", Some(3600))]);
    let sensors = files(folder.path(), "names", "hosts");
    let edge = start(&node, folder.path(), &sensors);
    let list = folder.path().join("names/accord.hosts");
    until("the whole set", || text(&list).contains("evil.example"));
    edge.stop();
    node.dies(true);
    node.later(-NOW.0 / 1_000_000);
    let edge = start(&node, folder.path(), &sensors);
    until("it is told", || edge.status().alarms.iter().any(|alarm| alarm.contains("clock differs")));
    assert!(text(&list).contains("evil.example"));
    node.later(7200);
    until("what ends does", || !text(&list).contains("evil.example"));
    until("and is old", || edge.status().is_old);
    edge.stop();
}

#[test]
fn a_recall_does_not_wait_for_a_whole_set_that_cannot_be_had() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::new(&[value("domain", "exact", "evil.example", "block", None)]);
    let sensors = files(folder.path(), "names", "hosts");
    let edge = start(&node, folder.path(), &sensors);
    let list = folder.path().join("names/accord.hosts");
    until("the whole set", || text(&list).contains("evil.example"));
    edge.stop();
    node.serves("torn");
    let edge = start(&node, folder.path(), &sensors);
    node.says("value", &value("domain", "exact", "evil.example", "nothing", None));
    until("it is gone", || !text(&list).contains("evil.example"));
    assert!(edge.status().alarms.iter().any(|alarm| alarm.contains("not believed")));
    edge.stop();
}

#[test]
fn what_was_recalled_stays_so_when_the_file_of_the_edge_changes() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::new(&[
        value("domain", "exact", "evil.example", "block", None),
        value("domain", "exact", "wrong.example", "block", None),
    ]);
    let sensors = files(folder.path(), "names", "hosts");
    let edge = start(&node, folder.path(), &sensors);
    let list = folder.path().join("names/accord.hosts");
    until("the whole set", || text(&list).contains("wrong.example"));
    node.says("value", &value("domain", "exact", "wrong.example", "nothing", None));
    until("it is gone", || !text(&list).contains("wrong.example"));
    edge.stop();
    node.dies(true);
    std::fs::remove_file(&list).unwrap();
    let edge = start(&node, folder.path(), &(format!("tlp = \"green\"\n{sensors}")));
    until("the copy acts", || text(&list).contains("evil.example"));
    assert!(!text(&list).contains("wrong.example"));
    edge.stop();
}

#[test]
fn a_link_beside_a_file_leads_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other");
    std::fs::write(&other, "kept").unwrap();
    std::fs::create_dir(folder.path().join("names")).unwrap();
    std::os::unix::fs::symlink(&other, folder.path().join("names/.accord.hosts.new")).unwrap();
    let node = Node::new(&[value("domain", "exact", "evil.example", "block", None)]);
    let edge = start(&node, folder.path(), &files(folder.path(), "names", "hosts"));
    until("the whole set", || text(&folder.path().join("names/accord.hosts")).contains("evil.example"));
    assert_eq!(text(&other), "kept");
    edge.stop();
}

#[test]
fn a_resolver_is_given_nothing_before_all_addresses_are_there() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::new(&[value("domain", "exact", "evil.example", "block", None)]);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let second = taken.local_addr().unwrap();
    let first = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let sensors = format!(
        "[[sensor]]\nname = \"resolver\"\nkind = \"rpz\"\nzone = \"rpz.accord\"\nlisten = [\"{first}\", \"{second}\"]\n"
    );
    let edge = start(&node, folder.path(), &sensors);
    until("it is told", || edge.status().alarms.iter().any(|alarm| alarm.contains("cannot listen")));
    assert!(UdpSocket::bind(first).is_ok(), "nobody answers there");
    drop(taken);
    until("all is well", || edge.status().alarms.is_empty());
    edge.stop();
}

#[test]
fn a_query_that_is_told_byte_by_byte_holds_no_place_of_the_resolver() {
    use std::io::{Read, Write};
    let folder = tempfile::tempdir().unwrap();
    let node = Node::new(&[value("domain", "exact", "evil.example", "block", None)]);
    let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let sensors = format!(
        "[[sensor]]\nname = \"resolver\"\nkind = \"rpz\"\nzone = \"rpz.accord\"\nlisten = [\"{listen}\"]\ntimeout = \"2s\"\n"
    );
    let edge = start(&node, folder.path(), &sensors);
    let mut slow = None;
    until("it listens", || {
        slow = std::net::TcpStream::connect(listen).ok();
        slow.is_some()
    });
    let mut slow = slow.unwrap();
    slow.set_read_timeout(Some(std::time::Duration::from_millis(500))).unwrap();
    slow.write_all(&[0xFF, 0xFF]).unwrap();
    until("the connection is closed", || {
        let _may_be_closed = slow.write_all(&[0]);
        matches!(slow.read(&mut [0]), Ok(0)) || slow.write_all(&[0]).is_err()
    });
    edge.stop();
}

#[test]
fn what_a_command_says_is_told_in_short() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let node = Node::new(&[value("ipv4", "exact", "192.0.2.1", "block", None)]);
    let path = folder.path().join("says");
    std::fs::write(&path, "#!/bin/sh\nhead -c 60000 /dev/zero | tr '\\0' x >&2\nexit 1\n").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let sensors =
        format!("[[sensor]]\nname = \"wall\"\nkind = \"nftables\"\ncommand = [\"{}\"]\n", path.display());
    let edge = start(&node, folder.path(), &sensors);
    until("the node is told", || {
        let report = node.report().unwrap_or_default();
        report["sensors"][0]["error"]
            .as_str()
            .is_some_and(|error| error.contains("xxx") && error.len() < 1_000)
    });
    edge.stop();
}
