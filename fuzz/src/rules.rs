//! What must hold for every input of `rules`.

use rules::suricata::Action;
use rules::{sigma, suricata, yara};

/// A target: its name, which is also its folder of seeds, and what must not panic.
pub type Target = (&'static str, fn(&[u8]));

/// The targets of this crate.
pub const TARGETS: &[Target] = &[
    ("rules_suricata", suricata_is_read_again),
    ("rules_sigma", sigma_is_read_again),
    ("rules_yara", yara_is_read_again),
];

/// A rule that is written is one line, and is read as the same rule with the number that it was given.
pub fn suricata_is_read_again(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for rule in suricata::read(text).unwrap_or_default() {
        let written = rule.written(Action::Alert, 7, 8, "a b, c d");
        assert!(!written.contains(['\n', '\r']));
        let again = suricata::read(&written).unwrap_or_default();
        assert_eq!(again.len(), 1, "{written}");
        assert!(again.iter().all(|again| again.sid == 7 && again.msg == rule.msg), "{written}");
    }
}

/// Rules that are written stand behind the sign of a document, and are as many, of the same titles.
pub fn sigma_is_read_again(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(read) = sigma::read(text) else { return };
    let id = "00000000-0000-4000-8000-000000000001";
    let other = "title: other\nlogsource: { product: a }\ndetection: { a: [b], condition: a }\n";
    let written = format!("---\n{}---\n{other}", read.written(|_| Some(id.to_owned())));
    let again = sigma::read(&written).map(|again| again.rules).unwrap_or_default();
    assert_eq!(again.len(), read.rules.len() + 1, "{written}");
    for (one, other) in read.rules.iter().zip(&again) {
        assert_eq!(one.title, other.title);
        assert_eq!(other.id.as_deref(), one.id.as_ref().map(|_| id));
    }
}

/// Rules that are written are as many, each with its prefix, and stand behind their imports.
pub fn yara_is_read_again(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(read) = yara::read(text) else { return };
    let imports: String = read.modules.iter().map(|module| format!("import \"{module}\"\n")).collect();
    let written = format!("{imports}{}rule other {{ condition: true }}\n", read.written("accord_"));
    let again = yara::read(&written).map(|again| again.rules).unwrap_or_default();
    assert_eq!(again.len(), read.rules.len() + 1, "{written}");
    for ((one, _), (other, _)) in read.rules.iter().zip(&again) {
        assert_eq!(&format!("accord_{one}"), other);
    }
}
