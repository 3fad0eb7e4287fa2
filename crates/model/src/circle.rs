//! Circles: a named audience, and the charter that its members agreed to.

use std::fmt::{self, Write};

use sha2::{Digest, Sha256};

use crate::{CircleId, Iep, Tlp};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub enum $name { $($(#[$of])* $variant),+ }

        impl $name {
            /// Every one of them.
            pub const ALL: &[$name] = &[$($name::$variant),+];

            /// The word in charters, in JSON and on the command line.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }

            /// The one of that word.
            #[must_use]
            pub fn named(word: &str) -> Option<$name> {
                $name::ALL.iter().copied().find(|one| one.name() == word)
            }
        }
    };
}

pub(crate) use words;

words! {
    /// Whose invitations let others in.
    Admits {
        /// Analysts and administrators of any member.
        #[default]
        Members = "members",
        /// An administrator of any member.
        Administrators = "administrators",
        /// Administrators of two members, one after the other; of one, while the circle has one member only.
        TwoAdministrators = "two-administrators",
    }
}

words! {
    /// What members see of each other.
    Shows {
        /// How many there are.
        Count = "count",
        /// Which organisations.
        #[default]
        Organisations = "organisations",
        /// Which organisations, and the persons who joined for them.
        Persons = "persons",
    }
}

words! {
    /// Who expels members and ends the circle.
    Moderation {
        /// The owner: the member that has been in it the longest.
        #[default]
        Owner = "owner",
        /// The administrators of every member.
        Administrators = "administrators",
    }
}

words! {
    /// What a member that left still sees of what it saw. One that was expelled sees nothing of it.
    Leavers {
        /// Nothing but its own.
        #[default]
        Close = "close",
        /// What was said to the circle until then.
        Keep = "keep",
    }
}

words! {
    /// Whether curators look at submissions before they enter, the least first.
    Curation {
        /// They enter as they come.
        #[default]
        None = "none",
        /// A curator lets each in who is not its submitter.
        One = "one",
        /// From AMBER on it takes two curators of other organisations than the submitter's.
        FourEyes = "four-eyes",
    }
}

/// What the members of a circle agree to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Charter {
    /// Made with a charter of its own: organisations join it by their administrators.
    pub formal: bool,
    /// Nothing above this label is said to it.
    pub ceiling: Tlp,
    /// Whose invitations let others in.
    pub admits: Admits,
    /// What members see of each other.
    pub shows: Shows,
    /// Who expels members and ends the circle.
    pub moderation: Moderation,
    /// What those who left still see.
    pub leavers: Leavers,
    /// Who looks at what is said to it before it enters.
    pub curation: Curation,
    /// Members undertake to keep what is said in it no longer than this, in days, and let the node erase what they say to it
    /// then ([`crate::kept`]).
    pub retention_days: Option<u32>,
    /// The tags that objects said to it may bear, such as `sector:energy` or `sector:*`; empty is any.
    pub vocabulary: Vec<String>,
    /// What recipients may do with what they see.
    pub iep: Iep,
    /// The text of the agreement.
    pub agreement: String,
}

impl Default for Charter {
    fn default() -> Charter {
        Charter {
            formal: false,
            ceiling: Tlp::AmberStrict,
            admits: Admits::default(),
            shows: Shows::default(),
            moderation: Moderation::default(),
            leavers: Leavers::default(),
            curation: Curation::default(),
            retention_days: None,
            vocabulary: Vec::new(),
            iep: Iep::default(),
            agreement: String::new(),
        }
    }
}

/// What is wrong with a charter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotACharter(pub String);

impl fmt::Display for NotACharter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotACharter {}

/// Longest text of an agreement, in bytes.
const AGREEMENT_BYTES: usize = 64 << 10;
/// Longest text in one line, in bytes.
const LINE_BYTES: usize = 1_000;
/// Most words of a vocabulary.
const WORDS: usize = 1_000;

impl Charter {
    /// Whether it can be written down and kept to.
    ///
    /// # Errors
    /// What is wrong with it, in words for who wrote it.
    pub fn check(&self) -> Result<(), NotACharter> {
        let wrong = |why: String| Err(NotACharter(why));
        if self.formal && self.agreement.trim().is_empty() {
            return wrong("a charter needs the text of an agreement".to_owned());
        }
        if self.agreement.len() > AGREEMENT_BYTES {
            return wrong(format!("the agreement is longer than {AGREEMENT_BYTES} bytes"));
        }
        if self.vocabulary.len() > WORDS {
            return wrong(format!("the vocabulary has more than {WORDS} words"));
        }
        for line in &self.vocabulary {
            if line.len() > LINE_BYTES || line.chars().any(char::is_control) {
                return wrong(format!("`{line}` is not one line of at most {LINE_BYTES} bytes"));
            }
        }
        if let Some(word) = self.vocabulary.iter().find(|word| word.trim().is_empty()) {
            return wrong(format!("`{word}` is no word of a vocabulary"));
        }
        if let Some(why) = self.iep.wrong() {
            return wrong(why);
        }
        if self.retention_days == Some(0) {
            return wrong("`retention_days` is at least 1".to_owned());
        }
        Ok(())
    }

    /// Whether an object with these tags keeps to the vocabulary; else the first that does not.
    ///
    /// # Errors
    /// That tag.
    pub fn speaks<'t>(&self, mut tags: impl Iterator<Item = &'t str>) -> Result<(), &'t str> {
        let known = |tag: &str| {
            self.vocabulary.iter().any(|word| match word.strip_suffix('*') {
                Some(beginning) => tag.starts_with(beginning),
                None => tag == word,
            })
        };
        match tags.find(|tag| !self.vocabulary.is_empty() && !known(tag)) {
            Some(tag) => Err(tag),
            None => Ok(()),
        }
    }
}

/// What a circle is: its id, its name and its charter.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Definition {
    /// The circle.
    pub id: CircleId,
    /// What its members call it.
    pub name: String,
    /// What they agreed to.
    pub charter: Charter,
}

impl Definition {
    /// The text by which the circle is known beside its id: one line per field in fixed order, then, after an empty line,
    /// the agreement as it was written.
    #[must_use]
    pub fn canonical(&self) -> String {
        let Charter { formal, ceiling, admits, shows, moderation, leavers, curation, retention_days, .. } =
            self.charter;
        let mut text = format!("accord-circle 1\nid {}\nname {}\n", self.id, self.name);
        let mut line = |word: &str, value: &dyn fmt::Display| {
            let _written = writeln!(text, "{word} {value}"); // writing to a String cannot fail
        };
        line("formal", &if formal { "yes" } else { "no" });
        line("ceiling", &ceiling.name());
        line("admits", &admits.name());
        line("shows", &shows.name());
        line("moderation", &moderation.name());
        line("leavers", &leavers.name());
        // What was agreed to before there was such a thing keeps its digest.
        if curation != Curation::None {
            line("curation", &curation.name());
        }
        if let Some(days) = retention_days {
            line("retention-days", &days);
        }
        let mut words = self.charter.vocabulary.clone();
        words.sort_unstable();
        words.dedup();
        words.iter().for_each(|word| line("word", word));
        self.charter.iep.write(&mut line);
        text.push('\n');
        text.push_str(&self.charter.agreement);
        text
    }

    /// SHA-256 of [`Definition::canonical`], in hexadecimal.
    #[must_use]
    pub fn digest(&self) -> String {
        let digest = Sha256::digest(self.canonical().as_bytes());
        digest.iter().fold(String::with_capacity(64), |mut text, byte| {
            let _written = write!(text, "{byte:02x}");
            text
        })
    }

    /// Reads what [`Definition::canonical`] wrote; `None` for anything else.
    #[must_use]
    pub fn from_canonical(text: &str) -> Option<Definition> {
        let (head, agreement) = text.split_once("\n\n")?;
        let mut lines = head.lines();
        if lines.next()? != "accord-circle 1" {
            return None;
        }
        let id = lines.next()?.strip_prefix("id ")?.parse().ok()?;
        let name = lines.next()?.strip_prefix("name ")?.to_owned();
        let mut charter = Charter { agreement: agreement.to_owned(), ..Charter::default() };
        for line in lines {
            let (word, value) = line.split_once(' ')?;
            charter.read_line(word, value)?;
        }
        let definition = Definition { id, name, charter };
        (definition.canonical() == text).then_some(definition)
    }
}

impl Charter {
    fn read_line(&mut self, word: &str, value: &str) -> Option<()> {
        match word {
            "formal" => self.formal = value == "yes",
            "ceiling" => self.ceiling = value.parse().ok()?,
            "admits" => self.admits = Admits::named(value)?,
            "shows" => self.shows = Shows::named(value)?,
            "moderation" => self.moderation = Moderation::named(value)?,
            "leavers" => self.leavers = Leavers::named(value)?,
            "curation" => self.curation = Curation::named(value)?,
            "retention-days" => self.retention_days = Some(value.parse().ok()?),
            "word" => self.vocabulary.push(value.to_owned()),
            word => self.iep.read_line(word, value)?,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iep::Demand;
    use crate::{PermittedActions, Timestamp};
    use uuid::Uuid;

    fn definition() -> Definition {
        let charter = Charter {
            formal: true,
            ceiling: Tlp::Red,
            admits: Admits::TwoAdministrators,
            shows: Shows::Count,
            moderation: Moderation::Administrators,
            leavers: Leavers::Keep,
            curation: Curation::FourEyes,
            retention_days: Some(90),
            vocabulary: vec!["sector:energy".to_owned(), "actor:*".to_owned()],
            iep: Iep {
                name: "Detect".to_owned(),
                end_date: Some(Timestamp(5)),
                encrypt_in_transit: Demand::Must,
                permitted_actions: PermittedActions::InternallyVisible,
                id: Some(Uuid::from_u128(0x4000_8000_0000_0000_0000)),
                external_references: vec!["https://z.example".to_owned(), "https://a.example".to_owned()],
                attribution: Demand::MustNot,
                ..Iep::default()
            },
            agreement: "We keep to this.\n\nname of nobody\n".to_owned(),
        };
        Definition { id: CircleId(Uuid::from_u128(7)), name: "Energy of the north".to_owned(), charter }
    }

    #[test]
    fn a_definition_goes_round_and_its_digest_is_of_all_of_it() {
        let whole = definition();
        let back = Definition::from_canonical(&whole.canonical()).unwrap();
        assert_eq!((back.canonical(), back.digest()), (whole.canonical(), whole.digest()));
        let plain = Definition { charter: Charter::default(), ..whole.clone() };
        assert_eq!(Definition::from_canonical(&plain.canonical()), Some(plain.clone()));
        let changes: [fn(&mut Definition); 5] = [
            |one| one.id = CircleId(Uuid::from_u128(8)),
            |one| one.name.push('!'),
            |one| one.charter.agreement.push('!'),
            |one| one.charter.ceiling = Tlp::Green,
            |one| one.charter.iep.unmodified_resale = Demand::MustNot,
        ];
        for change in changes {
            let mut other = definition();
            change(&mut other);
            assert_ne!(other.digest(), whole.digest());
        }
        for text in ["", "accord-circle 1\n\n", &whole.canonical().replace("shows", "hides")] {
            assert_eq!(Definition::from_canonical(text), None);
        }
    }

    #[test]
    fn charters_that_cannot_be_kept_are_refused() {
        assert_eq!(definition().charter.check(), Ok(()));
        assert_eq!(Charter::default().check(), Ok(()));
        type Change = fn(&mut Charter);
        let changes: [(&str, Change); 5] = [
            ("agreement", |one| one.agreement = " ".to_owned()),
            ("one line", |one| one.iep.name = "a\nceiling RED".to_owned()),
            ("no word", |one| one.vocabulary.push(String::new())),
            ("IEP 2.0", |one| one.iep.encrypt_in_transit = Demand::MustNot),
            ("at least 1", |one| one.retention_days = Some(0)),
        ];
        for (says, change) in changes {
            let mut charter = definition().charter;
            change(&mut charter);
            assert!(charter.check().unwrap_err().0.contains(says), "{says}");
        }
    }

    #[test]
    fn a_vocabulary_lets_through_its_words_and_beginnings() {
        let charter = definition().charter;
        assert_eq!(charter.speaks(["sector:energy", "actor:bear"].into_iter()), Ok(()));
        assert_eq!(charter.speaks(["sector:energy", "sector:water"].into_iter()), Err("sector:water"));
        assert_eq!(Charter::default().speaks(["anything"].into_iter()), Ok(()));
    }
}
