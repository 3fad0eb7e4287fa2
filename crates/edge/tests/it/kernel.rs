//! The kernel's own sets, where `nft` is here and a network of our own may be had; `.ci/sensors` sees to it that it is.

use std::process::Command;

use crate::double::{Node, start, until, value};

/// A network of its own that lives as long as this.
struct Network(std::process::Child, bool);

impl Network {
    fn new() -> Option<Network> {
        let root = Command::new("id").arg("-u").output().ok()?.stdout == b"0\n";
        let mut command = Command::new("unshare");
        command.args([if root { "-n" } else { "-rn" }, "sleep", "600"]);
        let network = Network(command.spawn().ok()?, root);
        let inside = |network: &Network| network.run(&["nft", "list", "ruleset"]).is_some();
        for _ in 0..50 {
            if network.is_apart() && inside(&network) {
                return Some(network);
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        None
    }

    fn is_apart(&self) -> bool {
        let of = |pid: &str| std::fs::read_link(format!("/proc/{pid}/ns/net")).ok();
        of(&self.0.id().to_string()).is_some_and(|net| Some(net) != of("self"))
    }

    fn words(&self) -> Vec<String> {
        let pid = self.0.id().to_string();
        let user: &[&str] = if self.1 { &[] } else { &["-U", "--preserve-credentials"] };
        ["nsenter", "-t", &pid, "-n"].iter().chain(user).map(|word| (*word).to_owned()).collect()
    }

    fn run(&self, more: &[&str]) -> Option<String> {
        let words = self.words();
        let output = Command::new(&words[0]).args(&words[1..]).args(more).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        let _killed = self.0.kill();
        let _reaped = self.0.wait();
    }
}

#[test]
fn elements_of_nftables_come_and_go() {
    let Some(network) = Network::new() else {
        println!("NOT JUDGED: no nft, or no network of our own");
        return;
    };
    let words: Vec<String> = network.words().into_iter().chain(["nft".to_owned()]).collect();
    let folder = tempfile::tempdir().unwrap();
    let node = Node::new(&[
        value("ipv4", "exact", "192.0.2.1", "block", Some(3600)),
        value("cidr4", "network", "198.51.100.0/25", "block", Some(3600)),
        value("cidr4", "network", "203.0.113.0/24", "block", None),
    ]);
    let sensors = format!("[[sensor]]\nname = \"wall\"\nkind = \"nftables\"\ncommand = {words:?}\n");
    let edge = start(&node, folder.path(), &sensors);
    let table = || network.run(&["nft", "list", "table", "inet", "accord"]).unwrap_or_default();
    until("the whole set", || table().contains("192.0.2.1 timeout 1h"));
    for (kind, mode, text, action, seconds) in [
        ("ipv4", "exact", "192.0.2.1", "block", Some(7200)),
        ("ipv4", "exact", "192.0.2.2", "block", None),
        ("ipv6", "exact", "2001:db8::1", "block", Some(60)),
        ("ip-port", "exact", "192.0.2.3:443", "block", None),
        // A wider network comes, and the narrower one makes room.
        ("cidr4", "network", "198.51.100.0/24", "block", Some(60)),
        ("cidr4", "network", "203.0.113.0/24", "nothing", None),
        ("cidr6", "network", "2001:db8::/32", "block", None),
    ] {
        node.says("value", &value(kind, mode, text, action, seconds));
    }
    for there in
        ["192.0.2.1 timeout 2h", "192.0.2.2", "2001:db8::1 timeout 1m", "192.0.2.3 . 443", "2001:db8::/32"]
    {
        until(there, || table().contains(there));
    }
    until("the wider network", || {
        table().contains("198.51.100.0/24") && !table().contains("198.51.100.0/25")
    });
    until("the one taken back", || !table().contains("203.0.113.0/24"));
    // The wider one ends: the narrower one is back.
    node.later(61);
    until("the narrower network", || {
        table().contains("198.51.100.0/25") && !table().contains("198.51.100.0/24")
    });
    node.says("value", &value("ipv4", "exact", "192.0.2.2", "nothing", None));
    until("it is gone", || !table().contains("192.0.2.2"));
    // Somebody empties everything: it is filled again.
    network.run(&["nft", "flush", "ruleset"]).unwrap();
    until("it is back", || {
        table().contains("192.0.2.1 timeout 1h") || table().contains("192.0.2.1 timeout 2h")
    });
    assert_eq!(edge.status().alarms, Vec::<String>::new());
    edge.stop();
}

#[test]
fn elements_of_ipset_come_and_go() {
    let network = Network::new().filter(|network| network.run(&["ipset", "list", "-n"]).is_some());
    let Some(network) = network else {
        println!("NOT JUDGED: no ipset, or no network of our own");
        return;
    };
    let words: Vec<String> = network.words().into_iter().chain(["ipset".to_owned()]).collect();
    let folder = tempfile::tempdir().unwrap();
    let node = Node::new(&[value("ipv4", "exact", "192.0.2.1", "block", Some(3600))]);
    let sensors = format!("[[sensor]]\nname = \"wall\"\nkind = \"ipset\"\ncommand = {words:?}\n");
    let edge = start(&node, folder.path(), &sensors);
    let set = |name: &str| network.run(&["ipset", "list", name]).unwrap_or_default();
    until("the whole set", || set("accord-ip4").contains("192.0.2.1 timeout"));
    node.says("value", &value("cidr4", "network", "198.51.100.0/24", "block", None));
    node.says("value", &value("ipv6", "exact", "2001:db8::1", "block", Some(60)));
    // Until it is taken back: no timeout is left of the one that it had.
    node.says("value", &value("ipv4", "exact", "192.0.2.1", "block", None));
    until("a network", || set("accord-net4").contains("198.51.100.0/24 timeout 0"));
    until("an address", || set("accord-ip6").contains("2001:db8::1 timeout"));
    until("no end", || set("accord-ip4").contains("192.0.2.1 timeout 0"));
    node.says("value", &value("ipv4", "exact", "192.0.2.1", "nothing", None));
    until("a recall", || !set("accord-ip4").contains("192.0.2.1"));
    node.later(61);
    until("what ended", || !set("accord-ip6").contains("2001:db8::1"));
    network.run(&["ipset", "destroy"]).unwrap();
    until("it is back", || set("accord-net4").contains("198.51.100.0/24"));
    assert_eq!(edge.status().alarms, Vec::<String>::new());
    edge.stop();
}
