//! A folder made from a backup.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use store::Store;

use crate::maintenance::{RECORD, make_empty};
use crate::{Error, Kind, Node};

/// The file that says what was erased, in a node's folder.
pub(crate) const ERASURES: &str = "erasures";

/// The file that says what was revoked, beside it.
pub(crate) const REVOCATIONS: &str = "revocations";

/// The file that says what was disclosed, beside it.
pub(crate) const DISCLOSURES: &str = "disclosures";
const DAMAGED: &str = "copy it anew from where it was kept, or restore an earlier backup; a backup is checked when it is made, \
    so it was whole then";
const NO_ERASURES: &str = "what was erased after the backup is back, and tokens, persons and members that were revoked \
    after it are good again; disclosures made after it are forgotten: give the folder that was lost, \
    or its file `erasures` with `revocations` and `disclosures` beside it, with `--erasures`, or erase and revoke again \
    before you serve";
const NO_REVOCATIONS: &str = "there is no `revocations` beside the list of erasures: tokens, persons and members that \
    were revoked after the backup are good again; revoke them again before you serve";

const NO_DISCLOSURES: &str = "there is no `disclosures` beside the list of erasures: what was disclosed to authorities \
    after the backup is forgotten here; keep what you know of it, or restore again with that file";

impl Node {
    /// Makes a node's folder from a backup: the folder that [`Node::backup`] made, or the file in it. What was erased
    /// after the backup is erased again before anything can be read, and what was revoked is revoked again, and what was
    /// disclosed is told: `erasures` is the folder that was lost, or its file of that name with `revocations` and
    /// `disclosures` beside it; without it, a file
    /// `erasures` that lies beside the backup is taken. `warning` in the answer says what could not be repeated.
    ///
    /// # Errors
    /// [`Kind::Conflict`] for a folder with something in it; [`Kind::NotFound`] for no backup, and no erasures where
    /// they are said to be; [`Kind::Internal`] for a backup that is damaged.
    pub fn restore(from: &Path, erasures: Option<&Path>, folder: &Path) -> Result<Value, Error> {
        let file = within(from, RECORD).ok_or_else(|| {
            let error = Error::new(Kind::NotFound, format!("`{}` holds no backup", from.display()));
            error.hint("name the folder that `accord backup` made")
        })?;
        let erasures = match erasures {
            Some(given) => Some(within(given, ERASURES).ok_or_else(|| {
                Error::new(Kind::NotFound, format!("`{}` holds no list of erasures", given.display()))
            })?),
            None => file.parent().and_then(|beside| within(beside, ERASURES)),
        };
        make_empty(folder)?;
        let store = Store::restore(&file, erasures.as_deref(), folder, &store::Options::default());
        let store = store.map_err(|error| match error.kind {
            store::Kind::Corrupt => Error::from(error).hint(DAMAGED),
            _ => error.into(),
        })?;
        let beside = |name: &str| {
            erasures.as_ref().map(|file| file.with_file_name(name)).filter(|file| file.is_file())
        };
        let (revocations, disclosures) = (beside(REVOCATIONS), beside(DISCLOSURES));
        let mut answer = json!({
            "data": folder.display().to_string(),
            "positions": store.snapshot()?.end(),
            "erasures": erasures.as_ref().map(|file| file.display().to_string()),
            "revocations": revocations.as_ref().map(|file| file.display().to_string()),
            "disclosures": disclosures.as_ref().map(|file| file.display().to_string()),
        });
        let warning = match (&erasures, &revocations, &disclosures) {
            (Some(_), Some(_), Some(_)) => return Ok(answer),
            (Some(_), Some(_), None) => NO_DISCLOSURES,
            (Some(_), None, _) => NO_REVOCATIONS,
            (None, ..) => NO_ERASURES,
        };
        if let Some(fields) = answer.as_object_mut() {
            fields.insert("warning".to_owned(), warning.into());
        }
        Ok(answer)
    }
}

// The path itself when it is a file, else the file of that name in it.
fn within(path: &Path, name: &str) -> Option<PathBuf> {
    let file = if path.is_dir() { path.join(name) } else { path.to_owned() };
    file.is_file().then_some(file)
}
