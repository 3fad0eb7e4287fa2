//! The tests of this crate, in one binary.

mod corpus;
mod fuzz;
mod sigma;
mod suricata;
mod yara;

use rules::Fault;

// What a reader makes of texts: what is wrong with each begins so; an empty text is nothing.
fn told<T>(read: impl Fn(&str) -> Result<T, Fault>, cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        let shown: String = text.chars().take(200).collect();
        match read(text) {
            Ok(_) => assert_eq!(*expected, "", "{shown} is read"),
            Err(fault) => {
                let fault = fault.to_string();
                assert!(!expected.is_empty() && fault.contains(expected), "{shown}\n{fault}\nnot {expected}");
            }
        }
    }
}
