//! A node in a folder that goes away, at which one member says all: what acts there by its policy, and what its sensors read.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use model::{Timestamp, Tlp};
use node::{
    Caller, Credential, Feed, FeedQuery, ImportEvent, ImportOptions, NewMember, NewToken, Node, Settings,
    views,
};
use tempfile::TempDir;

use crate::Outcome;

/// Values that are asked about together.
const ASKED: usize = 100;
/// Outcomes of an import that are told.
const TOLD: usize = 5;

/// A node, and who asks it.
pub struct Acting {
    node: Node,
    member: Caller,
    _folder: TempDir,
}

impl Acting {
    /// A new node, with the warning lists of a folder. What its member says blocks at its own sensors.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn new(lists: Option<&Path>) -> Outcome<Acting> {
        let folder = TempDir::new()?;
        let clock = || {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
        };
        let settings = Settings { warning_lists: lists.map(Path::to_owned), ..Settings::default() };
        let node = Node::open(folder.path(), settings, Arc::new(clock))?;
        let operator = node.operator();
        node.add_member(&operator, &NewMember { name: "Member".to_owned(), ..NewMember::default() })?;
        let new = NewToken {
            member: "Member".to_owned(),
            roles: vec!["analyst".to_owned()],
            ..NewToken::default()
        };
        let secret = node.add_token(&operator, &new)?.secret;
        let member = node.authenticate(&Credential::Token(secret), None)?;
        Ok(Acting { node, member, _folder: folder })
    }

    /// Takes in a list, all of it, for a month. Answers how many objects it is.
    ///
    /// # Errors
    /// Something of it was not taken.
    pub fn import(&self, input: &mut dyn Read) -> Outcome<u64> {
        let options = ImportOptions {
            tlp: Some(Tlp::Green),
            format: Some("list".to_owned()),
            expire_s: Some(30 * 86_400),
            ..ImportOptions::default()
        };
        let (begun, mut told) = (Instant::now(), Vec::new());
        let summary = self.node.import(&self.member, &options, input, &mut |event| match event {
            ImportEvent::Outcome(outcome) if told.len() < TOLD => told.push(format!("{outcome:?}")),
            _ => {}
        })?;
        if summary.rejected > 0 || summary.broken.is_some() {
            return Err(format!("{} were refused: {}", summary.rejected, told.join("\n")).into());
        }
        println!("imported {} objects in {:.1} s", summary.objects, begun.elapsed().as_secs_f64());
        Ok(summary.objects)
    }

    /// A file of a format, with what does at least what the format's sensors do.
    ///
    /// # Errors
    /// There is no such file, or it would not be whole.
    pub fn feed(&self, format: &str, file: &str) -> Outcome<Feed> {
        let (format, file) = (format.to_owned(), file.to_owned());
        Ok(self.node.feed(&self.member, &FeedQuery { format, file, ceiling: None, action: None })?)
    }

    /// Writes every file of every format, each format into a folder of its own.
    ///
    /// # Errors
    /// One would not be whole, or cannot be written.
    pub fn write_feeds(&self, out: &Path) -> Outcome {
        for format in self.node.feeds(&self.member)? {
            let folder = out.join(&format.format);
            fs::create_dir_all(&folder)?;
            let (begun, mut entries, mut bytes) = (Instant::now(), 0, 0);
            let mut reasons: BTreeMap<String, u64> = BTreeMap::new();
            for file in &format.files {
                let feed = self.feed(&format.format, &file.name)?;
                feed.write(&mut std::io::BufWriter::new(fs::File::create(folder.join(&file.name))?))?;
                (entries, bytes) = (entries + feed.made.entries, bytes + feed.made.bytes);
                for (reason, count) in feed.made.passed_over {
                    *reasons.entry(reason).or_default() += count;
                }
            }
            let seconds = begun.elapsed().as_secs_f64();
            println!("{:15} {entries:9} entries {bytes:11} bytes {seconds:6.3} s {reasons:?}", format.format);
        }
        Ok(())
    }

    /// What values do, and why.
    ///
    /// # Errors
    /// They cannot be asked about.
    pub fn why(&self, values: &[String]) -> Outcome<Vec<views::Why>> {
        let mut all = Vec::with_capacity(values.len());
        for some in values.chunks(ASKED) {
            all.extend(self.node.why(&self.member, some)?);
        }
        Ok(all)
    }
}

/// The gates that let a value do less than block, of all that is asked of the value itself.
pub fn stopped_by(why: &views::Why) -> Vec<(&str, &str)> {
    let gates = why.known.first().map(|known| known.gates.as_slice()).unwrap_or_default();
    let stops = gates.iter().filter(|gate| gate.lets != "block");
    stops.map(|gate| (gate.gate.as_str(), gate.by.as_str())).collect()
}
