//! The forms in which objects arrive, behind one door: bytes of one piece in, the objects that it amounts to out.
//!
//! A piece may amount to several objects (observed data of STIX 2.0; an event of MISP, once it is read), each with the
//! bytes that it was derived from. What a form cannot say in STIX stays with the object as an extension.

use super::reading::{self, Reading, Refused};
use super::rows::RowForm;

/// How the pieces of an input are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// STIX objects in JSON; the `spec_version` that their bundle states.
    Stix(Option<String>),
    /// Rows of CSV, or lines of a list.
    Rows(Box<RowForm>),
}

impl Form {
    /// Reads one piece.
    ///
    /// # Errors
    /// Why it amounts to nothing that can be taken.
    pub fn read(&self, piece: &[u8]) -> Result<Vec<Reading>, Box<Refused>> {
        match self {
            Form::Stix(bundle_version) => reading::read(piece, bundle_version.as_deref()),
            Form::Rows(rows) => rows.read(piece),
        }
    }

    /// A reason to refuse a piece, as it may be told and kept ([`RowForm::told`]).
    #[must_use]
    pub fn told(&self, piece: &[u8], reason: String) -> String {
        let repeats = reason.contains('`');
        match self {
            Form::Stix(_) => reason,
            Form::Rows(rows) => rows.told(piece, reason, repeats),
        }
    }

    /// Whether nothing of a piece is kept when it is refused ([`RowForm::unkept`]).
    #[must_use]
    pub fn is_unkept(&self, piece: &[u8]) -> bool {
        match self {
            Form::Stix(_) => false,
            Form::Rows(rows) => rows.unkept(piece).is_some(),
        }
    }
}
