//! Files of what is known, in the formats that the node has too.

use sensors::{File, Format, Writer};

use crate::known::View;

/// Bytes that are gathered before they are written.
const GATHERED: usize = 256 << 10;

/// Writes a file of the format; `gather` takes what has gathered, and leaves nothing of it. Answers how many items it has.
///
/// # Errors
/// What `gather` answers.
pub fn write<E>(
    view: &View<'_>,
    (format, file): (Format, &File),
    gather: &mut dyn FnMut(&mut Vec<u8>) -> Result<(), E>,
) -> Result<u64, E> {
    let mut out = Vec::new();
    let mut writer = Writer::head(format, file, &view.head(), &mut out);
    for (place, entry) in view.set().of_kinds(file.kinds()) {
        if let Some(shown) = view.shown(place, entry) {
            writer.item(&mut out, &shown.item());
        }
        if out.len() >= GATHERED {
            gather(&mut out)?;
        }
    }
    let entries = writer.tail(&mut out);
    gather(&mut out)?;
    Ok(entries)
}
