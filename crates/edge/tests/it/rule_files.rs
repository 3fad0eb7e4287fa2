//! Rules of Sigma and YARA that members share, in files beside whoever reads them: they end by the edge's clock, and go when they are taken
//! back.

use std::path::{Path, PathBuf};

use edge::agent::Edge;

use crate::double::{NOW, Node, start, text, until};

const FORMATS: [(&str, &str, &str); 2] = [("sigma", "accord.yml", "# "), ("yara", "accord.yar", "// ")];

fn section(format: &str, sign: &str, name: &str, seconds: Option<i64>) -> String {
    let ends = seconds.map(|seconds| NOW.plus_seconds(seconds).0 / 1_000_000);
    match (format, ends) {
        ("sigma", Some(ends)) => {
            format!(
                "---\n{sign}accord_object: indicator--1\n{sign}accord_until: {ends}\n{sign}accord_lines: 1\ntitle: {name}\n"
            )
        }
        ("sigma", None) => {
            format!("---\n{sign}accord_object: indicator--1\n{sign}accord_lines: 1\ntitle: {name}\n")
        }
        (_, Some(ends)) => {
            format!(
                "{sign}accord_object: indicator--1, accord_until: {ends}, accord_lines: 1\nrule {name} {{}}\n"
            )
        }
        (_, None) => format!("{sign}accord_object: indicator--1, accord_lines: 1\nrule {name} {{}}\n"),
    }
}

fn file(sign: &str, sections: &[String]) -> String {
    let head = format!("{sign}Accord: rules that members share\n");
    format!("{head}{}{sign}complete: {} entries\n", sections.concat(), sections.len())
}

fn sensor(folder: &Path, format: &str, more: &str) -> String {
    let at = folder.display();
    format!(
        "[[sensor]]\nname = \"{format}\"\nkind = \"file\"\nformat = \"{format}\"\nfolder = \"{at}/{format}\"\nevery = \"1s\"\n{more}"
    )
}

/// A command that says when it was run.
fn counted(folder: &Path, name: &str) -> (String, PathBuf) {
    let path = folder.join(name);
    (format!("[\"sh\", \"-c\", \"echo $0 >> {}\"]", path.display()), path)
}

fn tells(edge: &Edge, what: &str) -> bool {
    edge.status().alarms.iter().any(|alarm| alarm.contains(what))
}

#[test]
fn rules_come_and_go_and_end_while_the_node_is_away() {
    for (format, name, sign) in FORMATS {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(format).join(name);
        let node = Node::new(&[]);
        let made = |name: &str, seconds| section(format, sign, name, seconds);
        let (short, long, stays) = (made("short", Some(3600)), made("long", Some(7200)), made("stays", None));
        let all = file(sign, &[short.clone(), long.clone(), stays.clone()]);
        node.shares(&all);
        let (reload, reloads) = counted(folder.path(), "reloaded");
        let edge =
            start(&node, folder.path(), &sensor(folder.path(), format, &format!("reload = {reload}\n")));
        until("all of it", || text(&path) == all);
        until("it is loaded", || text(&reloads).lines().count() == 1);
        until("all is well", || {
            let status = edge.status();
            status.alarms.is_empty() && status.sensors[0].entries == 3 && status.sensors[0].cursor.is_some()
        });
        node.dies(true);
        node.later(3601);
        until("the first ends", || !text(&path).contains("short"));
        until("it is loaded", || text(&reloads).lines().count() == 2);
        assert!(text(&path).contains("long") && text(&path).contains("stays"));
        // Started anew meanwhile, it goes on.
        edge.stop();
        let edge = start(&node, folder.path(), &sensor(folder.path(), format, ""));
        node.later(3600);
        until("the second", || !text(&path).contains("long"));
        assert!(text(&path).contains("stays"));
        node.holds(&[]);
        node.dies(false);
        node.shares(&file(sign, &[]));
        until("it is taken back", || !text(&path).contains("stays"));
        let confirmed = || edge.status().sensors[0].cursor == Some(node.cursor());
        until("it is told that it is gone", confirmed);
        edge.stop();
    }
}

#[test]
fn what_is_not_whole_or_does_not_pass_is_not_put_in_place() {
    for (format, name, sign) in FORMATS {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(format).join(name);
        let node = Node::new(&[]);
        let made = |name: &str| section(format, sign, name, None);
        let good = file(sign, &[made("one"), made("two")]);
        node.shares(&good);
        let check = "check = [\"sh\", \"-c\", \"! grep -q refused $0 || { echo it is refused; exit 1; }\"]\n";
        let edge = start(&node, folder.path(), &sensor(folder.path(), format, check));
        until("all of it", || text(&path) == good);
        node.shares(&good[..good.len() - 1]);
        until("half is not believed", || tells(&edge, "did not come whole"));
        assert_eq!(text(&path), good);
        // What does not pass is not taken, and hides nothing that was taken back.
        node.shares(&file(sign, &[made("two"), made("refused")]));
        until("it is told", || tells(&edge, "the last good ones stay: it is refused"));
        until("one was taken back", || !text(&path).contains("one"));
        assert!(text(&path).contains("two") && !text(&path).contains("refused"));
        node.shares(&file(sign, &[made("two"), made("three")]));
        until("all is well", || text(&path).contains("three") && edge.status().alarms.is_empty());
        edge.stop();
    }
}
