//! Sensors behind sockets: doubles that speak as Suricata's and Elastic's documentation has it, and Unbound itself where it is here.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::double::{Node, Running, free_port, start, text, until, value};

/// Suricata's command socket (userguide, "Interacting via Unix Socket"; datasets of 7.0).
#[derive(Default)]
pub struct Suricata {
    sets: Mutex<BTreeSet<(String, String, String)>>,
    pub reloads: Mutex<u64>,
}

impl Suricata {
    pub fn listen(socket: &Path) -> Arc<Suricata> {
        let listener = UnixListener::bind(socket).unwrap();
        let suricata = Arc::new(Suricata::default());
        let serving = Arc::clone(&suricata);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (serving, stream) = (Arc::clone(&serving), stream.unwrap());
                std::thread::spawn(move || serving.serve(stream));
            }
        });
        suricata
    }

    fn serve(&self, stream: UnixStream) {
        let mut writing = stream.try_clone().unwrap();
        for (nth, line) in BufReader::new(stream).lines().map_while(Result::ok).enumerate() {
            let said: Value = serde_json::from_str(&line).unwrap();
            let answer = if nth == 0 {
                assert_eq!(said, json!({"version": "0.2"}));
                json!({"return": "OK"})
            } else {
                self.answer(&said)
            };
            writing.write_all(format!("{answer}\n").as_bytes()).unwrap();
        }
    }

    fn answer(&self, said: &Value) -> Value {
        let text = |name: &str| said["arguments"][name].as_str().unwrap_or_default().to_owned();
        let element = (text("setname"), text("settype"), text("datavalue"));
        let mut sets = self.sets.lock().unwrap();
        let (done, message) = match said["command"].as_str().unwrap() {
            "dataset-add" if !sets.insert(element.clone()) => (true, "data already in set"),
            "dataset-add" => (true, "data added"),
            "dataset-remove" if sets.remove(&element) => (true, "data removed"),
            "dataset-remove" => (false, "failed to remove data"),
            "dataset-lookup" if sets.contains(&element) => (true, "item found in set"),
            "dataset-lookup" => (false, "item not found in set"),
            "reload-rules" => {
                *self.reloads.lock().unwrap() += 1;
                (true, "done")
            }
            "uptime" => (true, "10"),
            _ => (false, "Unknown command"),
        };
        json!({"return": if done { "OK" } else { "NOK" }, "message": message})
    }

    fn has(&self, set: &str, of_type: &str, value: &str) -> bool {
        self.sets.lock().unwrap().contains(&(set.to_owned(), of_type.to_owned(), value.to_owned()))
    }
}

#[test]
fn datasets_of_suricata_change_at_once_and_rules_now_and_then() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("command.socket");
    let suricata = Suricata::listen(&socket);
    let node = Node::new(&[value("domain", "exact", "first.example", "block", None)]);
    let lists = folder.path().join("lists");
    let sensors = format!(
        "[[sensor]]\nname = \"ids\"\nkind = \"suricata\"\nevery = \"1s\"\nsocket = \"{}\"\nfolder = \"{}\"\n",
        socket.display(),
        lists.display()
    );
    let edge = start(&node, folder.path(), &sensors);
    let reloads = || *suricata.reloads.lock().unwrap();
    until("the whole set", || reloads() == 1);
    // first.example, as the lists have it.
    assert_eq!(text(&lists.join("accord-block-domain.lst")), "Zmlyc3QuZXhhbXBsZQ==\n");
    node.says("value", &value("domain", "exact", "evil.example", "block", None));
    let evil = "ZXZpbC5leGFtcGxl";
    until("an addition", || suricata.has("accord-block-domain", "string", evil));
    node.says("value", &value("domain", "exact", "evil.example", "alert", None));
    until("an alert", || {
        suricata.has("accord-alert-domain", "string", evil)
            && !suricata.has("accord-block-domain", "string", evil)
    });
    node.says("value", &value("ipv4", "exact", "192.0.2.1", "block", None));
    until("an address", || suricata.has("accord-block-address", "ip", "192.0.2.1"));
    node.says("value", &value("domain", "exact", "evil.example", "nothing", None));
    until("a recall", || !suricata.has("accord-alert-domain", "string", evil));
    assert_eq!(reloads(), 1, "no rule had to be loaded for any of it");
    node.says("value", &value("domain", "subdomains", "below.example", "block", None));
    until("a rule", || reloads() >= 2 && text(&lists.join("accord.rules")).contains(".below.example"));
    assert!(
        text(&lists.join("accord-block-address.lst")).contains("192.0.2.1"),
        "the lists are as the sets are"
    );
    let before = reloads();
    node.says("value", &value("domain", "subdomains", "below.example", "nothing", None));
    until("no rule", || reloads() > before && !text(&lists.join("accord.rules")).contains("below.example"));
    until("the node is told", || node.report().unwrap()["sensors"][0]["cursor"] == json!(node.cursor()));
    assert_eq!(edge.status().alarms, Vec::<String>::new());
    edge.stop();
}

#[test]
fn a_socket_that_hangs_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("command.socket");
    let _silent = UnixListener::bind(&socket).unwrap();
    let node = Node::new(&[value("domain", "exact", "first.example", "block", None)]);
    let sensors = format!(
        "[[sensor]]\nname = \"ids\"\nkind = \"suricata\"\ntimeout = \"1s\"\nsocket = \"{}\"\nfolder = \"{}\"\n",
        socket.display(),
        folder.path().join("lists").display()
    );
    let edge = start(&node, folder.path(), &sensors);
    until("it is told", || edge.status().alarms.iter().any(|alarm| alarm.contains("hangs")));
    edge.stop();
}

#[test]
fn documents_of_elastic_come_and_go() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::new(&[value("domain", "exact", "first.example", "block", None)]);
    let sensors = "[[sensor]]\nname = \"siem\"\nkind = \"elastic\"\nurl = \"https://elastic.example\"\nindex = \"threats\"\n";
    let edge = start(&node, folder.path(), sensors);
    let has = |verb: &str, words: &str| {
        let sent = node.elastic();
        sent.iter().any(|(path, content)| path == &format!("/threats/{verb}") && content.contains(words))
    };
    until("the whole set", || has("_bulk", "first.example"));
    until("what is older goes", || {
        has("_delete_by_query?conflicts=proceed", "\"lt\":\"2026-06-01T00:00:00.000Z\"")
    });
    node.says("value", &value("domain", "exact", "evil.example", "alert", None));
    until("an addition", || has("_bulk", "evil.example"));
    let sent = node.elastic().into_iter().find(|(_, content)| content.contains("evil.example")).unwrap().1;
    let act: Value = serde_json::from_str(sent.lines().find(|line| line.contains("index")).unwrap()).unwrap();
    let id = act["index"]["_id"].as_str().unwrap().to_owned();
    node.says("value", &value("domain", "exact", "evil.example", "nothing", None));
    until("a recall", || has("_bulk", &format!("{{\"delete\":{{\"_id\":\"{id}\"}}}}")));
    assert_eq!(edge.status().alarms, Vec::<String>::new());
    node.says("value", &value("domain", "exact", "refused.example", "alert", None));
    until("a refusal is told", || edge.status().alarms.iter().any(|alarm| alarm.contains("mapper")));
    edge.stop();
}

// Between the choice of a port and its use somebody else may take it, and then Unbound ends: another is tried.
fn unbound(folder: &Path) -> Option<Running> {
    for _ in 0..5 {
        let mut running = unbound_at(folder, free_port())?;
        until("Unbound listens or ends", || {
            control(folder, "status").is_some() || !matches!(running.0.try_wait(), Ok(None))
        });
        if matches!(running.0.try_wait(), Ok(None)) {
            return Some(running);
        }
    }
    panic!("Unbound does not start: {}", text(&folder.join("log")));
}

fn unbound_at(folder: &Path, port: u16) -> Option<Running> {
    let at = folder.display();
    let text = format!(
        "server:\n  interface: 127.0.0.1@{port}\n  do-daemonize: no\n  chroot: \"\"\n  username: \"\"\n  directory: \"{at}\"\n  \
         pidfile: \"{at}/pid\"\n  use-syslog: no\n  logfile: \"{at}/log\"\nremote-control:\n  control-enable: yes\n  \
         control-interface: \"{at}/control\"\n  control-use-cert: no\ninclude: \"{at}/zones/accord-unbound.conf\"\n"
    );
    std::fs::write(folder.join("unbound.conf"), text).unwrap();
    std::fs::create_dir_all(folder.join("zones")).unwrap();
    let file = folder.join("zones/accord-unbound.conf");
    if !file.exists() {
        std::fs::write(file, "").unwrap();
    }
    let mut command = Command::new("unbound");
    command.args(["-d", "-c"]).arg(folder.join("unbound.conf")).stderr(Stdio::null());
    Some(Running(command.spawn().ok()?))
}

fn control(folder: &Path, word: &str) -> Option<String> {
    let output =
        Command::new("unbound-control").arg("-c").arg(folder.join("unbound.conf")).arg(word).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn zones_of_unbound_come_and_go() {
    let folder = tempfile::tempdir().unwrap();
    if Command::new("unbound-control").arg("-h").output().is_err() {
        println!("NOT JUDGED: no unbound here");
        return;
    }
    let Some(running) = unbound(folder.path()) else { return };
    let node = Node::new(&[
        value("domain", "exact", "only.example", "block", None),
        value("domain", "exact", "a.evil.example", "block", None),
    ]);
    let sensors = format!(
        "[[sensor]]\nname = \"resolver\"\nkind = \"unbound\"\nfolder = \"{at}/zones\"\ncommand = [\"unbound-control\", \"-c\", \"{at}/unbound.conf\"]\n",
        at = folder.path().display()
    );
    let edge = start(&node, folder.path(), &sensors);
    let zones = || control(folder.path(), "list_local_zones").unwrap_or_default();
    until("the whole set", || zones().contains("only.example. transparent"));
    node.says("value", &value("domain", "subdomains", "evil.example", "block", None));
    until("a name and all below", || zones().contains("evil.example. always_nxdomain"));
    until("what is below is not let through", || !zones().contains("a.evil.example"));
    node.says("value", &value("domain", "subdomains", "evil.example", "nothing", None));
    until("what was below is back", || zones().contains("a.evil.example. transparent"));
    assert!(!zones().contains("\nevil.example."));
    let data = control(folder.path(), "list_local_data").unwrap();
    assert!(data.contains("a.evil.example.\t60\tIN\tA\t0.0.0.0"), "{data}");
    node.says("value", &value("domain", "exact", "new.example", "block", None));
    until("an addition", || zones().contains("new.example. transparent"));
    // Started anew, it has all of it.
    drop(running);
    let _running = unbound(folder.path());
    until("all of it again", || {
        zones().contains("new.example. transparent") && zones().contains("a.evil.example.")
    });
    until("all is well", || edge.status().alarms.is_empty());
    edge.stop();
}
