//! From the node to the sensor, and back.

use serde_json::json;

use crate::double::{Node, files, start, text, until, value};

#[test]
fn what_the_node_says_is_at_the_sensor_and_the_node_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::new(&[
        value("domain", "subdomains", "evil.example", "block", None),
        value("domain", "exact", "told.example", "alert", None),
    ]);
    let edge = start(&node, folder.path(), &files(folder.path(), "names", "hosts"));
    let list = folder.path().join("names/accord.hosts");
    until("the whole set", || text(&list).contains("0.0.0.0 evil.example"));
    assert!(!text(&list).contains("told.example"), "an alert is not blocked");
    assert!(text(&list).contains("# complete: 1 entries"));

    node.says("value", &value("domain", "exact", "new.example", "block", None));
    until("an addition", || text(&list).contains("0.0.0.0 new.example"));
    node.says("recall", &json!({"id": "note--1", "reason": "wrong"}));
    node.says("value", &value("domain", "exact", "new.example", "nothing", None));
    until("a recall", || !text(&list).contains("new.example"));
    until("the report", || {
        let report = node.report().unwrap_or_default();
        report["sensors"][0]["cursor"] == json!(node.cursor())
    });
    let report = node.report().unwrap();
    assert_eq!((&report["fail"], &report["cursor"]), (&json!("closed"), &json!(node.cursor())));
    assert_eq!(report["sensors"][0]["kind"], "file");
    assert_eq!((&report["sensors"][0]["entries"], &report["sensors"][0]["blocks"]), (&json!(1), &json!(1)));
    assert_eq!(edge.status().alarms, Vec::<String>::new());
    edge.stop();
    assert!(text(&list).contains("evil.example"), "who ends takes nothing away");
}

/// From the whole set, from the stream, and from its own copy after a start.
#[test]
fn a_block_falls_to_an_alert_by_the_edges_own_clock() {
    let folder = tempfile::tempdir().unwrap();
    let falling = |name: &str| {
        let mut falling = value("domain", "exact", name, "block", Some(60));
        let until = crate::double::NOW.plus_seconds(120).to_string();
        falling["then"] = json!({"action": "alert", "until": until});
        let until = crate::double::NOW.plus_seconds(180).to_string();
        falling["later"] = json!([{"action": "context", "until": until}]);
        falling
    };
    let node = Node::new(&[falling("first.example")]);
    let sensors = files(folder.path(), "names", "hosts")
        + &files(folder.path(), "lookups", "splunk-csv")
        + &files(folder.path(), "table", "csv");
    let edge = start(&node, folder.path(), &sensors);
    let tells = |name: &str| text(&folder.path().join("table/accord.csv")).contains(name);
    let blocked = |name: &str| text(&folder.path().join("names/accord.hosts")).contains(name);
    let alerts = |name: &str| text(&folder.path().join("lookups/accord_domain_intel.csv")).contains(name);
    until("the whole set", || blocked("first.example"));
    node.says("value", &falling("later.example"));
    until("an addition", || blocked("later.example"));
    edge.stop();
    node.dies(true);
    let edge = start(&node, folder.path(), &sensors);
    node.later(61);
    for name in ["first.example", "later.example"] {
        until("it falls", || !blocked(name) && alerts(name));
    }
    node.later(60);
    for name in ["first.example", "later.example"] {
        until("it is told of", || !alerts(name) && tells(name));
    }
    node.later(60);
    for name in ["first.example", "later.example"] {
        until("it ends", || !tells(name));
    }
    edge.stop();
}

#[test]
fn a_reset_fetches_the_whole_set_anew() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::new(&[value("domain", "exact", "old.example", "block", None)]);
    let edge = start(&node, folder.path(), &files(folder.path(), "names", "hosts"));
    let list = folder.path().join("names/accord.hosts");
    until("the whole set", || text(&list).contains("old.example"));
    node.holds(&[value("domain", "exact", "other.example", "block", None)]);
    node.says_raw("event: reset\ndata: {\"why\":\"policy\"}\n\n");
    until("the other set", || text(&list).contains("other.example"));
    assert!(!text(&list).contains("old.example"));
    edge.stop();
}

#[test]
fn only_one_edge_has_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::new(&[]);
    let sensors = files(folder.path(), "names", "hosts");
    let edge = start(&node, folder.path(), &sensors);
    assert!(crate::double::try_start(&node, folder.path(), &sensors).is_err());
    edge.stop();
}
