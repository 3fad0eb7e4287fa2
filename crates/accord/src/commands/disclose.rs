//! `accord disclose`: listed objects are given to an authority under compulsion, and the record says so before a byte is there.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use serde_json::{Value, json};

use super::{Session, counted, flag, list, text};
use crate::arguments::Disclose;
use crate::failure::{Exit, Failure};
use crate::terminal::{confirmed, inert, remark};
use crate::transport::Call;

/// Discloses objects, or seals an earlier disclosure for longer.
///
/// # Errors
/// The node refuses, or cannot be asked; nobody is there to confirm; the file is there already, or cannot be written.
pub async fn run(session: &mut Session<'_>, asked: Disclose) -> Result<Exit, Failure> {
    if let Some(id) = &asked.extend {
        let call = Call::post(&["disclosures", id, "seal"]).json(json!({ "until": asked.gag_until }));
        let answer = session.ask(call).await?;
        if session.output.json {
            session.output.document(&answer)?;
            return Ok(Exit::Ok);
        }
        let until = inert(text(&answer, "/sealed_until"));
        session.output.line(&format!("sealed until {until}; that it was sealed for longer is recorded"))?;
        return Ok(Exit::Ok);
    }
    let what = counted(asked.ids.len() as u64, "object");
    let to = asked.to.as_deref().unwrap_or_default();
    let when = asked.gag_until.as_deref().map_or_else(|| "now".to_owned(), |until| format!("at {until}"));
    let question =
        format!("Give {what} to {}? The record keeps it, and who takes part is told {when}.", inert(to));
    if !confirmed(asked.yes, &question)? {
        return Err(Failure::usage("nothing was disclosed"));
    }
    let second = asked.second.as_deref().map(token).transpose()?;
    // Before anything is recorded: a file that cannot be made is no reason to disclose.
    let file = asked.out.as_deref().map(new_file).transpose()?;
    let body = json!({
        "objects": asked.ids, "source": asked.source, "authority": asked.to, "basis": asked.basis,
        "sealed_until": asked.gag_until, "second": second,
    });
    // As it is: what is given are the very bytes.
    let reply = session.transport.send(Call::post(&["disclosures"]).json(body)).await?;
    let mut reply = reply.accepted().await?;
    let mut bytes = Vec::new();
    while let Some(chunk) = reply.chunk().await? {
        bytes.extend_from_slice(&chunk);
    }
    write(session, file, &bytes)
}

fn write(session: &mut Session<'_>, file: Option<File>, bytes: &[u8]) -> Result<Exit, Failure> {
    #[derive(serde::Deserialize)]
    struct Given<'a> {
        #[serde(borrow)]
        given: Vec<&'a serde_json::value::RawValue>,
    }
    let unread = |error| Failure::network(format!("the node's answer cannot be read: {error}"));
    let mut answer: Value = serde_json::from_slice(bytes).map_err(unread)?;
    let Given { given } = serde_json::from_slice(bytes).map_err(unread)?;
    let mut text_out =
        format!("{{\"type\":\"bundle\",\"id\":\"bundle--{}\",\"objects\":[\n", text(&answer, "/id"));
    for (place, object) in given.iter().enumerate() {
        text_out += if place == 0 { "" } else { ",\n" };
        text_out += object.get();
    }
    text_out += "\n]}\n";
    let id = inert(text(&answer, "/id")).into_owned();
    let Some(mut file) = file else {
        if session.output.json {
            session.output.document(&answer)?;
        } else {
            session.output.bytes(text_out.as_bytes())?;
            remark(&format!("recorded as disclosure {id}"));
        }
        return Ok(Exit::Ok);
    };
    let written = file.write_all(text_out.as_bytes()).and_then(|()| file.sync_all());
    written.map_err(|error| {
        let failure = Failure::usage(format!("the objects could not be written: {error}"));
        failure.hint(format!("they count as given: disclosure {id} stands in the record"))
    })?;
    if let Some(fields) = answer.as_object_mut() {
        fields.remove("given");
    }
    if session.output.json {
        session.output.document(&answer)?;
        return Ok(Exit::Ok);
    }
    let objects = counted(list(&answer, "/objects").len() as u64, "object");
    let told = match flag(&answer, "/sealed") {
        true => format!("who takes part is told at {}", inert(text(&answer, "/sealed_until"))),
        false => "who takes part is told".to_owned(),
    };
    session.output.line(&format!("recorded as disclosure {id}: {objects}; {told}"))?;
    Ok(Exit::Ok)
}

fn new_file(path: &Path) -> Result<File, Failure> {
    use std::os::unix::fs::OpenOptionsExt;
    let file = File::options().write(true).create_new(true).mode(0o600).open(path);
    file.map_err(|error| Failure::usage(format!("`{}` cannot be made: {error}", path.display())))
}

fn token(path: &Path) -> Result<String, Failure> {
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|error| Failure::usage(format!("`{}`: {error}", path.display())))?;
    Ok(text.trim().to_owned())
}
