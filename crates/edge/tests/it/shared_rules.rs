//! Rules that members share, at a Suricata: what it refuses is not given to it, and hides nothing that was taken back.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use edge::agent::Edge;

use crate::double::{NOW, Node, start, text, until};
use crate::sockets::Suricata;

/// `suricata -T` as its documentation has it: exit code 1, and a line of error for each rule that it does not take.
const CHECK: &str = r##"#!/bin/sh
echo "$@" >> "$0.asked"
[ "$1" = "-T" ] && [ "$2" = "-S" ] && [ "$4" = "-l" ] && [ -d "$5" ] || { echo "E: usage"; exit 1; }
[ -e "$0.hangs" ] && { echo $$ > "$0.pid"; exec sleep 600; }
[ -e "$0.babbles" ] && { yes "E: babble" | head -c 8000000 >&2; exit 1; }
[ -e "$0.broken" ] && { echo "E: conf: no suricata.yaml" >&2; exit 1; }
bad=0; n=0
while IFS= read -r line; do
  n=$((n+1))
  case "$line" in "#"*) ;; *refused*)
    echo "E: detect: error parsing signature \"$line\" from file $3 at line $n" >&2; bad=1;; esac
done < "$3"
exit $bad
"##;

fn file(rules: &[&str]) -> String {
    let head = "# Accord: rules for Suricata that members share\n# as_of: 2026-06-01T00:00:00.000000Z\n";
    let lines: String = rules.iter().map(|rule| format!("alert tcp any any -> any any ({rule})\n")).collect();
    format!("{head}{lines}# complete: {} entries\n", rules.len())
}

struct Bench {
    folder: tempfile::TempDir,
    node: std::sync::Arc<Node>,
    suricata: std::sync::Arc<Suricata>,
}

impl Bench {
    fn new() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let check = folder.path().join("suricata");
        std::fs::write(&check, CHECK).unwrap();
        std::fs::set_permissions(&check, std::fs::Permissions::from_mode(0o755)).unwrap();
        let suricata = Suricata::listen(&folder.path().join("command.socket"));
        Bench { folder, node: Node::new(&[]), suricata }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn is_so(&self, what: &str) {
        std::fs::write(self.path(&format!("suricata.{what}")), "").unwrap();
    }

    fn is_not_so(&self, what: &str) {
        std::fs::remove_file(self.path(&format!("suricata.{what}"))).unwrap();
    }

    fn start(&self, more: &str) -> Edge {
        let at = self.folder.path().display();
        let sensor = format!(
            "[[sensor]]\nname = \"ids\"\nkind = \"suricata\"\nevery = \"1s\"\ntimeout = \"1s\"\nsocket = \"{at}/command.socket\"\n\
             folder = \"{at}/lists\"\nshared-rules = true\n{more}"
        );
        start(&self.node, self.folder.path(), &sensor)
    }

    fn checked(&self) -> Edge {
        self.start(&format!("check = [\"{}\"]\n", self.path("suricata").display()))
    }

    fn rules(&self) -> Vec<String> {
        let rules = text(&self.path("lists/shared.rules"));
        let lines = rules.lines().filter(|line| !line.starts_with('#'));
        lines.map(|line| line.trim_start_matches("alert tcp any any -> any any ").to_owned()).collect()
    }

    fn reloads(&self) -> u64 {
        *self.suricata.reloads.lock().unwrap()
    }
}

fn tells(edge: &Edge, what: &str) -> bool {
    edge.status().alarms.iter().any(|alarm| alarm.contains(what))
}

#[test]
fn rules_are_installed_when_suricata_takes_them_and_gone_when_they_are_taken_back() {
    let bench = Bench::new();
    bench.node.shares(&file(&["a", "b"]));
    let edge = bench.checked();
    until("the rules", || bench.rules() == ["(a)", "(b)"]);
    let before = bench.reloads();
    bench.node.shares(&file(&["b", "c"]));
    until("others", || bench.rules() == ["(b)", "(c)"]);
    until("they are loaded", || bench.reloads() > before);
    until("all is well", || edge.status().alarms.is_empty());
    // None at all is an answer too, where it is whole; half of one is not.
    bench.node.shares("# Accord: rules for Suricata that members share\nalert");
    until("half is not believed", || tells(&edge, "did not come whole"));
    bench.node.shares("");
    assert_eq!(bench.rules(), ["(b)", "(c)"]);
    bench.node.shares(&file(&[]));
    until("none", || bench.path("lists/shared.rules").exists() && bench.rules().is_empty());
    until("all is well again", || edge.status().alarms.is_empty());
    edge.stop();
    // Nothing is fetched where nobody asked for it.
    let plain = Bench::new();
    let at = plain.folder.path().display().to_string();
    let sensor = format!(
        "[[sensor]]\nname = \"ids\"\nkind = \"suricata\"\nsocket = \"{at}/command.socket\"\nfolder = \"{at}/lists\"\n"
    );
    let edge = start(&plain.node, plain.folder.path(), &sensor);
    until("it is filled", || plain.reloads() > 0);
    assert!(!plain.node.asked().iter().any(|path| path.contains("shared.rules")));
    edge.stop();
}

#[test]
fn a_rule_that_suricata_refuses_is_left_out_and_its_line_is_told() {
    let bench = Bench::new();
    bench.node.shares(&file(&["a", "refused", "b", "refused too"]));
    let edge = bench.checked();
    until("the others", || bench.rules() == ["(a)", "(b)"]);
    until("it is told", || tells(&edge, "left out") && tells(&edge, "at line 4"));
    // What was judged is not judged again and again.
    let asked = || text(&bench.path("suricata.asked")).lines().count();
    let before = asked();
    bench.node.says("object", &serde_json::json!({}));
    let looks = || bench.node.asked().iter().filter(|path| path.contains("shared.rules")).count();
    let looked = looks();
    until("it is looked at", || {
        looks() > looked + 1 || {
            bench.node.says("object", &serde_json::json!({}));
            false
        }
    });
    assert_eq!(asked(), before);
    bench.node.shares(&file(&["a", "b"]));
    until("nothing is wrong", || edge.status().alarms.is_empty());
    edge.stop();
}

#[test]
fn the_last_good_rules_stay_but_for_what_was_taken_back() {
    let bench = Bench::new();
    bench.node.shares(&file(&["a", "b"]));
    let edge = bench.checked();
    until("the rules", || bench.rules() == ["(a)", "(b)"]);
    bench.is_so("broken");
    bench.node.shares(&file(&["b", "c"]));
    until("it is told", || tells(&edge, "the last good ones stay") && tells(&edge, "no suricata.yaml"));
    until("what was taken back is gone", || bench.rules() == ["(b)"]);
    bench.is_not_so("broken");
    bench.is_so("babbles");
    bench.node.shares(&file(&["b", "d"]));
    until("much that is said is told in short", || {
        edge.status().alarms.iter().any(|alarm| alarm.contains("babble") && alarm.len() < 600)
    });
    bench.is_not_so("babbles");
    bench.is_so("hangs");
    bench.node.shares(&file(&["b", "e"]));
    until("one that hangs is told", || tells(&edge, "hangs"));
    until("and is gone", || !runs(&bench.path("suricata.pid")));
    assert_eq!(bench.rules(), ["(b)"]);
    bench.is_not_so("hangs");
    bench.node.says("object", &serde_json::json!({}));
    until("it is tried again", || bench.rules() == ["(b)", "(e)"]);
    until("all is well", || edge.status().alarms.is_empty());
    edge.stop();
    // Started anew without its Suricata, what stands stays; without a check it goes on.
    bench.node.shares(&file(&["e", "f"]));
    let edge = bench.start("check = [\"/nowhere/suricata\"]\n");
    until("it is told", || tells(&edge, "cannot be run"));
    until("what was taken back is gone", || bench.rules() == ["(e)"]);
    edge.stop();
    let edge = bench.start("check = []\n");
    until("all of it", || bench.rules() == ["(e)", "(f)"]);
    edge.stop();
}

#[test]
fn a_rule_ends_by_the_clock_of_the_edge_while_the_node_is_away() {
    let bench = Bench::new();
    let rule = |name: &str, seconds: i64| {
        let until = NOW.plus_seconds(seconds).0 / 1_000_000;
        format!("msg:\"{name}\"; metadata:accord_object indicator--1, accord_until {until}; sid:1; rev:1;")
    };
    let (short, long) = (rule("short", 3600), rule("long", 7200));
    bench.node.shares(&file(&[&short, &long, "stays"]));
    let edge = bench.start("check = []\n");
    until("all", || bench.rules().len() == 3);
    until("they are loaded", || edge.status().sensors[0].cursor.is_some());
    bench.node.dies(true);
    let before = bench.reloads();
    bench.node.later(3601);
    until("the first ends", || bench.rules() == [format!("({long})"), "(stays)".to_owned()]);
    until("it is loaded", || bench.reloads() > before);
    bench.node.later(3600);
    until("the second", || bench.rules() == ["(stays)"]);
    // Whoever is started anew meanwhile has it so too.
    edge.stop();
    bench.node.dies(false);
    let edge = bench.start("check = []\n");
    until("it was looked at", || {
        bench.node.asked().iter().filter(|path| path.contains("shared.rules")).count() > 1
    });
    until("the node's file, without what has ended", || bench.rules() == ["(stays)"]);
    edge.stop();
}

fn runs(pid: &Path) -> bool {
    let pid = text(pid);
    let status = text(Path::new(&format!("/proc/{}/status", pid.trim())));
    !status.is_empty() && !status.contains("State:\tZ")
}

/// The real one, where it is here.
#[test]
fn suricata_itself_refuses_what_it_cannot_read() {
    if Command::new("suricata").arg("-V").output().is_err() {
        println!("NOT JUDGED: no suricata here");
        return;
    }
    let bench = Bench::new();
    let good = "msg:\"a\"; content:\"evil\"; sid:200000001; rev:1;";
    bench.node.shares(&file(&[good, "msg:\"b\"; no_such_keyword; sid:200000002; rev:1;"]));
    let edge = bench.start("");
    until("the good one", || bench.rules() == [format!("({good})")]);
    until("the other is told", || tells(&edge, "at line 4"));
    edge.stop();
}
