//! Cells that a spreadsheet does not take for formulas.

use std::borrow::Cow;

/// A cell's text. What begins with `=`, `+`, `-`, `@`, tab or carriage return gets an apostrophe in front, since
/// spreadsheets run it as a formula otherwise (OWASP, CSV injection).
#[must_use]
pub fn safe(text: &str) -> Cow<'_, str> {
    match text.as_bytes().first() {
        Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r') => Cow::Owned(format!("'{text}")),
        _ => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::safe;

    #[test]
    fn formulas_are_text() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert_eq!(safe(text), format!("'{text}"));
        }
        for text in ["", "a=1", "192.0.2.1", "'=1", " =1"] {
            assert_eq!(safe(text), text);
        }
    }
}
