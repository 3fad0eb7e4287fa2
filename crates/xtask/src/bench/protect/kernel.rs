//! Sets of nftables in a network of their own, and what the kernel tells of their elements as they change.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Seen;
use crate::Outcome;

/// A network that lives as long as this.
pub struct Network {
    child: Child,
    root: bool,
}

impl Network {
    /// One, where that may be had and `nft` is here.
    pub fn new() -> Option<Network> {
        let root = Command::new("id").arg("-u").output().ok()?.stdout == b"0\n";
        let mut command = Command::new("unshare");
        command.args([if root { "-n" } else { "-rn" }, "sleep", "infinity"]).stderr(Stdio::null());
        let network = Network { child: command.spawn().ok()?, root };
        for _ in 0..50 {
            if network.is_apart() && network.run(&["nft", "list", "ruleset"], "").is_ok() {
                return Some(network);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        None
    }

    fn is_apart(&self) -> bool {
        let of = |pid: &str| std::fs::read_link(format!("/proc/{pid}/ns/net")).ok();
        of(&self.child.id().to_string()).is_some_and(|net| Some(net) != of("self"))
    }

    /// The words before a command that is to run there.
    pub fn words(&self) -> Vec<String> {
        let pid = self.child.id().to_string();
        let user: &[&str] = if self.root { &[] } else { &["-U", "--preserve-credentials"] };
        ["nsenter", "-t", &pid, "-n"].iter().chain(user).map(|word| (*word).to_owned()).collect()
    }

    /// Runs a command there.
    pub fn run(&self, more: &[&str], input: &str) -> Outcome<String> {
        let words = self.words();
        let (program, arguments) = words.split_first().ok_or("no command")?;
        let mut command = Command::new(program);
        command.args(arguments).args(more);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        child.stdin.take().ok_or("no input")?.write_all(input.as_bytes())?;
        let output = child.wait_with_output()?;
        if !output.status.success() {
            return Err(format!("{more:?}: {}", String::from_utf8_lossy(&output.stderr)).into());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Notes elements of the set of addresses as the kernel tells of them.
    pub fn follow(&self, seen: &Arc<Seen>) -> Outcome<Monitor> {
        let words = self.words();
        let (program, arguments) = words.split_first().ok_or("no command")?;
        let mut command = Command::new(program);
        command.args(arguments).args(["nft", "monitor", "elements"]).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let (output, seen) = (child.stdout.take().ok_or("no output")?, Arc::clone(seen));
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let now = Instant::now();
                if let Some((is_there, address)) = element(&line) {
                    seen.note(address, is_there, now);
                }
            }
        });
        Ok(Monitor(child))
    }

    /// An element put there by hand, until the kernel tells of it, and taken out again: milliseconds of the former.
    pub fn by_hand(&self, seen: &Seen, address: &str) -> Outcome<f64> {
        let began = Instant::now();
        let say = |verb: &str| format!("{verb} element inet accord addr4 {{ {address} }}\n");
        // As the edge says it: so that nothing fails whether it is there or not.
        let script = say("add") + &say("delete") + &say("add");
        self.run(&["nft", "-f", "-"], &script)?;
        let spent = seen.wait(&[(address.to_owned(), began)], true)?;
        self.run(&["nft", "-f", "-"], &say("delete"))?;
        Ok(spent.first().copied().unwrap_or_default())
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        let _killed = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// Who is told by the kernel, until this is dropped.
pub struct Monitor(Child);

impl Drop for Monitor {
    fn drop(&mut self) {
        let _killed = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// What a line says of an element of the set of addresses.
fn element(line: &str) -> Option<(bool, &str)> {
    let (verb, rest) = line.split_once(" element inet accord addr4 { ")?;
    let address = rest.split([' ', ',']).next()?;
    match verb {
        "add" => Some((true, address)),
        "delete" | "destroy" => Some((false, address)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_monitor_are_read() {
        for (line, is) in [
            ("add element inet accord addr4 { 192.0.2.1 }", Some((true, "192.0.2.1"))),
            (
                "add element inet accord addr4 { 192.0.2.1 timeout 1h expires 59m59s }",
                Some((true, "192.0.2.1")),
            ),
            ("delete element inet accord addr4 { 192.0.2.1 }", Some((false, "192.0.2.1"))),
            ("add element inet accord addr6 { 2001:db8::1 }", None),
            ("# new generation 7 by process 12 (nft)", None),
        ] {
            assert_eq!(element(line), is, "{line}");
        }
    }
}
