//! Out in bulk.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::pin::pin;

use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};

use super::{Session, counted, list, text};
use crate::arguments::Export;
use crate::failure::{Exit, Failure};
use crate::terminal::{Progress, inert};
use crate::transport::{Call, Reply};

/// The formats of objects; the others are what sensors read.
const OBJECTS: [&str; 4] = ["stix", "ndjson", "csv", "list"];

/// Writes out what one may see.
///
/// # Errors
/// The node refuses, or cannot be asked; the output cannot be written; it is interrupted.
pub async fn run(session: &mut Session<'_>, export: Export) -> Result<Exit, Failure> {
    // There is a CSV of objects and one of what acts; what is said of actions means the latter.
    let is_of_sensors = export.format == "csv" && (export.tlp.is_some() || export.action.is_some());
    if is_of_sensors || !OBJECTS.contains(&export.format.as_str()) {
        return for_sensors(session, export).await;
    }
    if export.tlp.is_some() || export.action.is_some() {
        return Err(Failure::usage(format!("`--tlp` and `--action` say nothing of `{}`", export.format))
            .hint("they go with the formats that sensors read: `accord feed` lists them"));
    }
    let mut call = Call::get(&["export"])
        .query("format", export.format.as_str())
        .query_some("collection", export.collection.as_deref())
        .query_each("type", &export.types)
        .query_each("id", &export.ids)
        .query_some("added_after", export.added_after.as_deref());
    if export.full {
        call = call.query("full", "true");
    }
    let mut reply = session.transport.send(call).await?.accepted().await?;
    let Some(path) = export.output.filter(|path| path != Path::new("-")) else {
        while let Some(chunk) = reply.chunk().await? {
            session.output.bytes(&chunk)?;
        }
        return Ok(Exit::Ok);
    };
    let progress =
        Progress::new(&path.display().to_string(), None, session.output.quiet || session.output.json);
    let bytes = write(&mut reply, &path, &progress).await?;
    drop(progress);
    let output = &mut *session.output;
    if output.json {
        output.document(&json!({ "file": path.display().to_string(), "bytes": bytes }))?;
    } else {
        output.line(&format!("{}  {}", path.display(), counted(bytes, "byte")))?;
    }
    Ok(Exit::Ok)
}

/// The files of a format that sensors read, each whole under its name, in a folder; a single one also to standard output.
async fn for_sensors(session: &mut Session<'_>, export: Export) -> Result<Exit, Failure> {
    let only_objects = export.full
        || export.collection.is_some()
        || export.added_after.is_some()
        || !export.types.is_empty()
        || !export.ids.is_empty();
    if only_objects {
        let said = format!("`{}` is what sensors read, which your policy decides", export.format);
        return Err(Failure::usage(said).hint("`--tlp` and `--action` narrow it"));
    }
    let formats = session.ask(Call::get(&["feeds"])).await?;
    let of_name = |format: &&Value| text(format, "/format") == export.format;
    let Some(format) = list(&formats, "/formats").iter().find(of_name) else {
        let mut names = OBJECTS.to_vec();
        let of_sensors = list(&formats, "/formats").iter().map(|format| text(format, "/format"));
        // There are two of the name `csv`.
        names.extend(of_sensors.filter(|name| !OBJECTS.contains(name)));
        return Err(Failure::usage(format!("there is no format `{}`", export.format))
            .hint(format!("one of {}", names.join(", "))));
    };
    let names: Vec<&str> = list(format, "/files").iter().map(|file| text(file, "/name")).collect();
    let folder = export.output.as_deref().filter(|path| *path != Path::new("-"));
    if folder.is_none() && names.len() != 1 {
        return Err(Failure::usage(format!("`{}` has {} files", export.format, names.len()))
            .hint("name a folder for them with `--output`"));
    }
    let mut written = Vec::new();
    for name in names {
        let call = Call::get(&["feeds", &export.format, name])
            .query_some("tlp", export.tlp.as_deref())
            .query_some("action", export.action.as_deref());
        let mut reply = session.transport.send(call).await?.accepted().await?;
        let Some(folder) = folder else {
            while let Some(chunk) = reply.chunk().await? {
                session.output.bytes(&chunk)?;
            }
            return Ok(Exit::Ok);
        };
        std::fs::create_dir_all(folder).map_err(|error| {
            Failure::usage(format!("cannot make the folder `{}`: {error}", folder.display()))
        })?;
        let count = |header: &str| reply.header(header).and_then(|count| count.parse::<u64>().ok());
        let (entries, passed_over) = (count("accord-entries"), count("accord-passed-over"));
        let (entries, passed_over) = (entries.unwrap_or_default(), passed_over.unwrap_or_default());
        // Whoever is asked names the files, and must not choose where they lie.
        if Path::new(name).file_name() != Some(std::ffi::OsStr::new(name)) {
            return Err(Failure::network(format!("the node has a file `{}`, which is no name", inert(name))));
        }
        let path = folder.join(name);
        let progress =
            Progress::new(&path.display().to_string(), None, session.output.quiet || session.output.json);
        let bytes = write(&mut reply, &path, &progress).await?;
        drop(progress);
        if !session.output.json {
            let aside = match passed_over {
                0 => String::new(),
                many => format!(", {} not written or not in full", counted(many, "value")),
            };
            let said = format!("{}, {}{aside}", counted(entries, "line"), counted(bytes, "byte"));
            session.output.line(&format!("{}  {said}", path.display()))?;
        }
        written.push(json!({
            "file": path.display().to_string(), "bytes": bytes, "entries": entries, "passed_over": passed_over,
        }));
    }
    if session.output.json {
        session.output.document(&json!({ "files": written }))?;
    }
    Ok(Exit::Ok)
}

/// Writes it to a file; answers how many bytes.
async fn write(reply: &mut Reply, path: &Path, progress: &Progress) -> Result<u64, Failure> {
    let failed = |error: io::Error| Failure::usage(format!("cannot write `{}`: {error}", path.display()));
    // Before the file is there, so that nothing ends us without it being removed.
    let mut interrupted = pin!(interrupted()?);
    let mut part = Part::create(path).map_err(failed)?;
    let mut bytes = 0;
    loop {
        let chunk = tokio::select! {
            () = &mut interrupted => {
                let message = format!("interrupted: `{}` was not written", path.display());
                return Err(Failure::new(Exit::Interrupted, message));
            }
            chunk = reply.chunk() => chunk?,
        };
        let Some(chunk) = chunk else { break };
        part.file.write_all(&chunk).map_err(failed)?;
        bytes += chunk.len() as u64;
        progress.at(bytes, String::new());
    }
    part.keep(path).map_err(failed)?;
    Ok(bytes)
}

fn interrupted() -> Result<impl Future<Output = ()>, Failure> {
    let watch = |kind: SignalKind| {
        signal(kind).map_err(|error| Failure::network(format!("cannot watch for signals: {error}")))
    };
    let (mut terminate, mut interrupt) = (watch(SignalKind::terminate())?, watch(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// A file beside the one that was named, so that a name never stands for half an export. It is removed unless it is
/// kept.
struct Part {
    file: File,
    beside: PathBuf,
    kept: bool,
}

impl Part {
    fn create(path: &Path) -> io::Result<Part> {
        let beside = path.with_added_extension("part");
        Ok(Part { file: File::create(&beside)?, beside, kept: false })
    }

    /// Gives it its name.
    fn keep(mut self, path: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        std::fs::rename(&self.beside, path)?;
        self.kept = true;
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.kept {
            // Why it failed is told; that this could not be removed either would hide it.
            let _stays = std::fs::remove_file(&self.beside);
        }
    }
}
