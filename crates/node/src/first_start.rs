//! What a folder gets when the node first opens it: its own member, and its keys. Nothing secret has a default.

use model::gate::Put;
use model::{Facts, MemberId, Principal, Reader, Timestamp, authorize};
use store::Store;
use store::directory::{Change, Directory, Member};
use store::record::Audit;

use crate::core::index;
use crate::{Error, Kind, Settings, random};

const CURSOR_KEY: &str = "cursor-key";
const INDEX_FORM: &str = "index-form";

/// The key that seals cursors.
pub(crate) fn cursor_key(store: &Store) -> Result<[u8; 32], Error> {
    if let Some(kept) = store.meta(CURSOR_KEY)? {
        let wrong = || Error::new(Kind::Internal, "the folder's cursor key has a wrong length");
        return kept.as_slice().try_into().map_err(|_| wrong());
    }
    let key = random::bytes()?;
    store.set_meta(CURSOR_KEY, Some(&key))?;
    Ok(key)
}

/// Which form of the index the views were made by ([`index::FORM`]); those of releases that did not note it by the first.
pub(crate) fn index_form(store: &Store) -> Result<u8, Error> {
    Ok(store.meta(INDEX_FORM)?.and_then(|kept| kept.first().copied()).unwrap_or(1))
}

/// Notes that all views are made by the form of this release.
pub(crate) fn note_index_form(store: &Store) -> Result<(), Error> {
    Ok(store.set_meta(INDEX_FORM, Some(&[index::FORM]))?)
}

/// Of a folder with nothing in it the views are of this release. Of others it is told when they are not: nothing is wrong
/// then, and a rebuild makes writers wait, so when is for the operator to say.
pub(crate) fn compare_index_form(store: &Store) -> Result<(), Error> {
    if index_form(store)? >= index::FORM {
        return Ok(());
    }
    if store.snapshot()?.end() == 0 {
        return note_index_form(store);
    }
    tracing::warn!(
        "the views were made by an earlier release: what was said before is not found by the kinds of values that are new; \
         run `accord rebuild` when writers can wait"
    );
    Ok(())
}

/// The directory, with the node's own member in it under the name that the operator set.
pub(crate) fn directory(store: &Store, settings: &Settings, now: Timestamp) -> Result<Directory, Error> {
    let directory = store.directory()?;
    let (verb, id, changes) = match directory.members.iter().find(|member| member.own) {
        None => {
            let id = MemberId(random::uuid()?);
            ("member.add", id, new_own(id, settings, now)?)
        }
        Some(own) if is_renamed(own, settings) => (
            "member.rename",
            own.id,
            vec![Change::Member(Member { name: settings.organisation.clone(), ..own.clone() })],
        ),
        Some(_) => return Ok(directory),
    };
    let audit = Audit { at: now, token: None, verb, target: settings.organisation.clone() };
    // Whoever owns the folder.
    let operator = Principal::operator(Reader::of(id));
    let by = authorize(Put, id, &operator, Facts::of(directory.epoch))?;
    store.change(by, &changes, audit)?;
    Ok(store.directory()?)
}

fn new_own(id: MemberId, settings: &Settings, now: Timestamp) -> Result<Vec<Change>, Error> {
    let own = Member {
        id,
        name: settings.organisation.clone(),
        created: now,
        revoked: None,
        own: true,
        objects_per_hour: 0,
        bytes_per_hour: 0,
        alias: MemberId(random::uuid()?),
        sector: String::new(),
        client_only: false,
    };
    let identity = format!("identity--{}", random::uuid()?);
    Ok(vec![Change::Member(own), Change::Identity(identity, id)])
}

// A command on the folder runs without the settings of the server, so the default name renames nothing.
fn is_renamed(own: &Member, settings: &Settings) -> bool {
    own.name != settings.organisation && settings.organisation != Settings::default().organisation
}
