//! `accord shield`: a file of what is known, kept fresh, for scans that ask no node.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use model::Timestamp;
use scan::{Known, Made, Source, Unopened, Unreadable};
use serde_json::{Value, json};

use super::{Session, counted, number, text};
use crate::arguments::{ShieldCommand, ShieldFile};
use crate::failure::{Exit, Failure};
use crate::settings::{Loaded, Origin};
use crate::terminal::{Output, Progress, Style, inert, remark};
use crate::transport::Call;

/// How long one event of a stream may be.
const LONGEST: usize = 1 << 20;
/// How often a file in use is looked at, whether another has its name.
const LOOK: Duration = Duration::from_secs(1);

/// Fetches what is known, or tells what a file holds.
///
/// # Errors
/// The node refuses, or cannot be asked; the file cannot be written.
pub async fn run(
    session: &mut Session<'_>,
    loaded: &Loaded,
    command: ShieldCommand,
) -> Result<Exit, Failure> {
    match command {
        ShieldCommand::Pull(ShieldFile { file }) => pull(session, loaded, &file).await,
        ShieldCommand::Status(ShieldFile { file }) => status(loaded, &file, session.output),
    }
}

async fn pull(session: &mut Session<'_>, loaded: &Loaded, path: &Path) -> Result<Exit, Failure> {
    let node = node_of(loaded);
    let before = match Kept::open(path) {
        Ok(kept) => Some(kept),
        Err(Unusable::Absent) => None,
        Err(Unusable::Foreign) => {
            return Err(Failure::usage(format!("`{}` is something else: it stays as it is", path.display()))
                .hint("name another file with `--file`"));
        }
        Err(Unusable::Damaged(why)) => {
            remark(&format!("`{}` is made anew: {}", inert(&path.display().to_string()), inert(&why)));
            None
        }
    };
    if let Some(kept) = &before
        && text(&kept.known.notes, "/node") == node
        && is_unchanged(session, text(&kept.known.notes, "/cursor")).await?
    {
        let touched = kept.file.set_modified(SystemTime::now());
        touched.map_err(|error| cannot_write(path, &error))?;
        return tell(session.output, path, &kept.known, "unchanged");
    }
    // What comes in between stands in the file already and is told once more by the next pull: nothing is missed.
    let cursor = position(session).await?;
    let made = fetch(session).await?;
    if made.taken == 0 && before.as_ref().is_some_and(|before| before.known.taken > 0) {
        let stays = format!("the node tells no indicator any more: `{}` stays as it is", path.display());
        return Err(Failure::usage(stays).hint("remove the file if that is meant"));
    }
    let notes = json!({
        "node": node, "written": (crate::system_clock())().to_string(), "cursor": cursor,
        "left_out": made.left_out, "first_left_out": made.first_left_out,
    });
    write(path, &made, &notes).map_err(|error| cannot_write(path, &error))?;
    let kept = Kept::open(path).map_err(|why| Failure::usage(why.told(path)))?;
    tell(session.output, path, &kept.known, "written")
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!("`{}` cannot be written: {error}", path.display()))
}

/// What a node is called where its address or folder has to tell it from others.
pub fn node_of(loaded: &Loaded) -> String {
    let place = &loaded.place;
    match &place.url.value {
        Some(url) => url.clone(),
        None if place.data.origin == Origin::Default && !place.data.value.exists() => {
            let kept = crate::credentials::Credentials::read().ok();
            kept.and_then(|kept| kept.last().map(str::to_owned)).unwrap_or_default()
        }
        None => std::path::absolute(&place.data.value)
            .unwrap_or_else(|_| place.data.value.clone())
            .display()
            .to_string(),
    }
}

/// Where the node's stream stands for the caller.
async fn position(session: &Session<'_>) -> Result<String, Failure> {
    let call = Call::get(&["stream"]).query("once", "true");
    let mut heard = Heard::default();
    heard.read(session.transport.send(call).await?.accepted().await?).await?;
    heard.cursor.ok_or_else(|| Failure::network("the stream ended before all was told"))
}

/// Whether nothing came since. A cursor that the node does not take any more is as good as none.
async fn is_unchanged(session: &Session<'_>, cursor: &str) -> Result<bool, Failure> {
    if cursor.is_empty() {
        return Ok(false);
    }
    let call = Call::get(&["stream"]).query("since", cursor).query("once", "true");
    let reply = match session.transport.send(call).await?.accepted().await {
        Ok(reply) => reply,
        Err(refusal) if refusal.exit == Exit::Usage => return Ok(false),
        Err(failure) => return Err(failure),
    };
    let mut heard = Heard::default();
    heard.read(reply).await?;
    Ok(heard.cursor.is_some() && !heard.changed)
}

/// What a stream told.
#[derive(Default)]
struct Heard {
    changed: bool,
    cursor: Option<String>,
}

impl Heard {
    async fn read(&mut self, mut reply: crate::transport::Reply) -> Result<(), Failure> {
        let mut waiting = Vec::new();
        while let Some(chunk) = reply.chunk().await? {
            waiting.extend_from_slice(&chunk);
            while let Some(end) = waiting.windows(2).position(|two| two == b"\n\n") {
                let rest = waiting.split_off(end + 2);
                let event = std::mem::replace(&mut waiting, rest);
                self.take(&String::from_utf8_lossy(&event));
            }
            if self.changed {
                return Ok(());
            }
            if waiting.len() > LONGEST {
                return Err(Failure::usage("the answer is no stream of changes").hint("check the address"));
            }
        }
        Ok(())
    }

    fn take(&mut self, event: &str) {
        let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name));
        match field("event: ") {
            Some("now") => self.cursor = field("id: ").map(str::to_owned),
            Some(_) => self.changed = true,
            None => {}
        }
    }
}

async fn fetch(session: &mut Session<'_>) -> Result<Made, Failure> {
    let call = Call::get(&["export"]).query("format", "csv").query("type", "indicator");
    let mut reply = session.transport.send(call).await?.accepted().await?;
    let progress = Progress::waiting("what is known", session.output);
    let (reader, mut writer) =
        io::pipe().map_err(|error| Failure::network(format!("cannot start: {error}")))?;
    let reading = std::thread::spawn(move || Made::read(reader, super::scan::seed()));
    while let Some(chunk) = reply.chunk().await? {
        // Whoever reads it stops only where he says why.
        if writer.write_all(&chunk).is_err() {
            break;
        }
    }
    drop(writer);
    let made = reading.join().map_err(|_| Failure::usage("what is known could not be read"))?;
    drop(progress);
    made.map_err(|why| Failure::usage(why.to_string()))
}

// Beside it and for nobody else to read, then in its place: whoever reads it has the old one or the new one, whole.
fn write(path: &Path, made: &Made, notes: &Value) -> io::Result<()> {
    let (beside, file) = beside(path)?;
    let written = write_beside(file, made, notes).and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        let _why_it_failed_is_told = std::fs::remove_file(&beside);
        return written;
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

// Of a name that nobody can guess, and new: what somebody laid there, such as a link, is not written to.
fn beside(path: &Path) -> io::Result<(PathBuf, File)> {
    let mut tries = 0;
    loop {
        let beside = path.with_added_extension(format!("{:016x}.part", super::scan::seed()));
        match create_new(&beside) {
            Ok(file) => return Ok((beside, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && tries < TRIES => tries += 1,
            Err(error) => return Err(error),
        }
    }
}

fn create_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

fn write_beside(file: File, made: &Made, notes: &Value) -> io::Result<()> {
    let mut out = BufWriter::new(file);
    made.write(notes, &mut out)?;
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}

/// Tells what a file holds.
///
/// # Errors
/// It is no such file, or damaged.
pub fn status(loaded: &Loaded, path: &Path, output: &mut Output) -> Result<Exit, Failure> {
    let kept = Kept::open(path).map_err(|why| Failure::usage(why.told(path)).hint(PULL))?;
    tell(output, path, &kept.known, "")?;
    let warning = kept.age_warning(loaded, path);
    if let Some(warning) = &warning {
        remark(warning);
    }
    Ok(if warning.is_some() { Exit::Finding } else { Exit::Ok })
}

/// Names that are tried for a new file.
const TRIES: u32 = 16;
const PULL: &str = "`accord shield pull` fetches it";

fn tell(output: &mut Output, path: &Path, known: &Known, how: &str) -> Result<Exit, Failure> {
    let notes = &known.notes;
    let looked = std::fs::metadata(path).and_then(|about| about.modified()).ok().and_then(timestamp);
    let looked = looked.map(|looked| looked.to_string());
    if output.json {
        output.document(&json!({
            "file": path.display().to_string(), "state": how, "indicators": known.taken, "node": notes["node"],
            "written": notes["written"], "compared": looked, "cursor": notes["cursor"],
            "left_out": notes["left_out"],
        }))?;
        return Ok(Exit::Ok);
    }
    let name = output.paint(Style::Strong, &inert(&path.display().to_string()));
    let how = if how.is_empty() { String::new() } else { format!("{how}  ") };
    let holds = counted(known.taken, "indicator");
    output.line(&format!("{name}  {how}{holds} of {}", inert(text(notes, "/node"))))?;
    output.line(&format!("  written {}", inert(text(notes, "/written"))))?;
    if let Some(looked) = looked {
        output.line(&format!("  compared with the node {looked}"))?;
    }
    output.line(&format!("  as of position {}", inert(text(notes, "/cursor"))))?;
    let left_out = number(notes, "/left_out");
    if left_out > 0 {
        let first = inert(text(notes, "/first_left_out"));
        output.line(&format!("  {} left out; the first is {first}", counted(left_out, "value")))?;
    }
    Ok(Exit::Ok)
}

fn timestamp(at: SystemTime) -> Option<Timestamp> {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_micros()).ok().map(Timestamp)
}

/// Why a file cannot be used.
pub enum Unusable {
    Absent,
    Foreign,
    Damaged(String),
}

impl Unusable {
    /// For people.
    pub fn told(&self, path: &Path) -> String {
        let path = path.display();
        match self {
            Unusable::Absent => format!("`{path}` cannot be read: it is not there"),
            Unusable::Foreign => format!("`{path}` is not a file of what is known"),
            Unusable::Damaged(why) => format!("`{path}` cannot be used: {why}"),
        }
    }
}

impl From<Unopened> for Unusable {
    fn from(why: Unopened) -> Unusable {
        match why {
            Unopened::Foreign => Unusable::Foreign,
            why => Unusable::Damaged(why.to_string()),
        }
    }
}

/// A file that is read by place.
struct OnDisk {
    file: File,
    length: u64,
}

impl Source for OnDisk {
    fn length(&self) -> u64 {
        self.length
    }

    fn read(&self, at: u64, into: &mut [u8]) -> Result<(), Unreadable> {
        self.file.read_exact_at(into, at).map_err(|error| Unreadable(error.to_string()))
    }
}

/// What tells a file from another of its name.
type Stamp = (u64, u64, u64, Option<SystemTime>);

/// A file of what is known, and whether it still is the one of its name.
pub struct Kept {
    /// What it holds.
    pub known: Known,
    file: File,
    path: PathBuf,
    looked: Mutex<(Instant, Option<Stamp>)>,
}

impl Kept {
    /// Opens a file and checks all of it.
    ///
    /// # Errors
    /// It is not there, something else, or damaged.
    pub fn open(path: &Path) -> Result<Kept, Unusable> {
        let (file, source, stamp) = source(path)?;
        let known = Known::open(source)?;
        Ok(Kept { known, file, path: path.to_owned(), looked: Mutex::new((Instant::now(), stamp)) })
    }

    /// Takes up the file that has the name now, if it is another. One that cannot be used is told, and what was known stays.
    pub fn look(&self) {
        let Ok(mut looked) = self.looked.try_lock() else { return };
        if looked.0.elapsed() < LOOK {
            return;
        }
        looked.0 = Instant::now();
        let now = std::fs::metadata(&self.path).ok().map(|about| stamp(&about));
        // While it is away nothing is another. A pull that found nothing new touches it alone, and one that did gives the name to a new file.
        let place = |stamp: Stamp| (stamp.0, stamp.1, stamp.2);
        if now.is_none() || now.map(place) == looked.1.map(place) {
            return;
        }
        let renewed = source(&self.path).and_then(|(_, source, stamp)| {
            looked.1 = stamp;
            Ok(self.known.renew(source)?)
        });
        if let Err(why) = renewed {
            remark(&format!("{}; it goes on with what was known", inert(&why.told(&self.path))));
        }
    }

    /// What to say where it was not compared with the node for too long.
    pub fn age_warning(&self, loaded: &Loaded, path: &Path) -> Option<String> {
        let limit = loaded.settings.shield.max_age.0;
        let looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner).1?.3?;
        let age = looked.elapsed().ok()?.as_secs();
        (limit > 0 && age > limit).then(|| {
            let hours = counted(age / 3_600, "hour");
            let path = path.display().to_string();
            format!("warning: `{}` was last compared with its node {hours} ago; {PULL} anew", inert(&path))
        })
    }
}

fn source(path: &Path) -> Result<(File, Arc<OnDisk>, Option<Stamp>), Unusable> {
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Unusable::Absent,
        _ => Unusable::Damaged(format!("it cannot be read: {error}")),
    };
    // A pipe is not even opened: what it gives is given once.
    if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(Unusable::Foreign);
    }
    let file = File::open(path).map_err(unreadable)?;
    let about = file.metadata().map_err(unreadable)?;
    let source = OnDisk { file: file.try_clone().map_err(unreadable)?, length: about.len() };
    Ok((file, Arc::new(source), Some(stamp(&about))))
}

fn stamp(about: &std::fs::Metadata) -> Stamp {
    (about.dev(), about.ino(), about.len(), about.modified().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_there_is_not_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("known.shield");
        let names: Vec<PathBuf> = (0..2).map(|_| beside(&path).unwrap().0).collect();
        assert!(names[0] != names[1] && names.iter().all(|name| name.parent() == path.parent()));
        std::fs::write(folder.path().join("kept"), "kept").unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("kept", &link).unwrap();
        assert_eq!(create_new(&link).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(folder.path().join("kept")).unwrap(), b"kept");
    }
}
