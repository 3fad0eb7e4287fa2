//! Out in bulk.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::pin::pin;

use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::{Session, counted};
use crate::arguments::Export;
use crate::failure::{Exit, Failure};
use crate::terminal::Progress;
use crate::transport::{Call, Reply};

/// Writes out what one may see.
///
/// # Errors
/// The node refuses, or cannot be asked; the output cannot be written; it is interrupted.
pub async fn run(session: &mut Session<'_>, export: Export) -> Result<Exit, Failure> {
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
