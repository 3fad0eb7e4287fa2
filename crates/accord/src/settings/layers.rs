//! Default, file, environment, flag: one over the other, and where each value came from.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use toml::de::{DeTable, DeValue};

use super::{FIELDS, Field, Raw, Secret, Settings};
use crate::failure::Failure;

/// The folder when nobody says otherwise.
const DEFAULT_DATA: &str = "./accord-data";

/// Variables that begin with `ACCORD_` and are not settings: those of [`Place`], those of our tests, and what
/// Kubernetes puts into every container beside a service that is called `accord`.
const OTHER_VARIABLES: &[&str] = &[
    "ACCORD_DATA",
    "ACCORD_CONFIG",
    "ACCORD_URL",
    "ACCORD_TOKEN",
    "ACCORD_CA",
    "ACCORD_CORPUS",
    "ACCORD_BLESS",
];
const KUBERNETES_PREFIXES: &[&str] = &["ACCORD_PORT", "ACCORD_SERVICE_"];

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "from", rename_all = "lowercase")]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// The settings file.
    File {
        /// Which.
        path: PathBuf,
        /// On which line, from 1.
        line: usize,
    },
    /// The environment.
    Env {
        /// The variable.
        name: String,
    },
    /// The command line.
    Flag {
        /// The flag.
        name: String,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::File { path, line } => write!(f, "{} line {line}", path.display()),
            Origin::Env { name } => write!(f, "env {name}"),
            Origin::Flag { name } => write!(f, "flag {name}"),
        }
    }
}

/// A value and where it came from.
#[derive(Debug, Clone)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// Where it came from.
    pub origin: Origin,
}

/// Which node this is about. Flags and variables only: these say where the file is, or are secrets.
#[derive(Debug, Clone)]
pub struct Place {
    /// The folder.
    pub data: Placed<PathBuf>,
    /// The settings file; `DATA/accord.toml`, if it is there, unless set.
    pub config: Placed<PathBuf>,
    /// The address of a node to talk to instead of a folder.
    pub url: Placed<Option<String>>,
    /// The token for it.
    pub token: Placed<Option<Secret>>,
    /// Authorities in PEM to trust beside the system's.
    pub ca: Placed<Option<PathBuf>>,
}

/// The flags that say where.
#[derive(Debug, Clone, Default)]
pub struct PlaceFlags {
    /// `--data`
    pub data: Option<PathBuf>,
    /// `--config`
    pub config: Option<PathBuf>,
    /// `--url`
    pub url: Option<String>,
    /// `--token`
    pub token: Option<String>,
    /// `--ca`
    pub ca: Option<PathBuf>,
}

/// The settings in force.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// Their values.
    pub settings: Settings,
    /// Where each came from, by key; what is missing is the default.
    pub origins: BTreeMap<&'static str, Origin>,
    /// Which node this is about.
    pub place: Place,
}

/// What numbers may be: beyond these a node would start that serves nobody, or never stops.
const BOUNDS: &[(&str, RangeInclusive<u64>)] = &[
    ("node.desk_interval", 0..=86_400),
    ("node.desk_members", 1..=1_000_000),
    ("node.keep_reads", 1..=36_500),
    ("queue.days", 1..=3_650),
    ("queue.objects_per_day", 0..=1_000_000_000),
    ("disclosure.seal", 1..=3_650),
    ("seen.days", 0..=3_650),
    ("seen.size", 1 << 20..=1 << 40),
    ("shield.max_age", 0..=315_360_000),
    ("limits.content", 1_024..=1 << 40),
    ("limits.inflated", 1_024..=1 << 40),
    ("limits.page", 1..=100_000),
    ("limits.asynchronous", 1..=1_000_000_000),
    ("limits.connections", 1..=1_000_000),
    ("limits.header_timeout", 1..=3_600),
    ("limits.idle_timeout", 1..=86_400),
    ("limits.drain_timeout", 0..=86_400),
];

impl Loaded {
    /// Where a setting came from.
    pub fn origin(&self, key: &str) -> Origin {
        self.origins.get(key).cloned().unwrap_or(Origin::Default)
    }

    fn take(&mut self, field: &'static Field, raw: &Raw, origin: Origin) -> Result<(), Failure> {
        (field.take)(&mut self.settings, raw).map_err(|expected| {
            Failure::usage(format!("`{}` from {origin}: expected {expected}", field.key))
        })?;
        let within = BOUNDS.iter().find(|(key, _)| *key == field.key);
        if let Some((_, bounds)) = within
            && !(field.show)(&self.settings).as_u64().is_some_and(|value| bounds.contains(&value))
        {
            let (least, most) = (bounds.start(), bounds.end());
            let expected = format!("{least} to {most} {}", field.unit);
            return Err(Failure::usage(format!("`{}` from {origin}: expected {expected}", field.key)));
        }
        self.origins.insert(field.key, origin);
        Ok(())
    }
}

/// Lays file, environment and flags over the defaults. `environment` is the process's; `flags` are (flag, key, value).
///
/// # Errors
/// A file that cannot be read or is no TOML, a key that is not known, a value that is not of its kind.
pub fn load(
    place: PlaceFlags,
    environment: &BTreeMap<String, String>,
    flags: &[(String, String, Raw)],
) -> Result<Loaded, Failure> {
    let place = find_place(place, environment);
    let mut loaded = Loaded { settings: Settings::default(), origins: BTreeMap::new(), place };
    take_file(&mut loaded)?;
    for (name, value) in environment.iter().filter(|(name, _)| name.starts_with("ACCORD_")) {
        let origin = Origin::Env { name: name.clone() };
        match FIELDS.iter().find(|field| field.variable() == *name) {
            Some(field) if !value.is_empty() => loaded.take(field, &Raw::Text(value.clone()), origin)?,
            Some(_) => {}
            None if is_other_variable(name) => {}
            None => return Err(unknown(&format!("variable `{name}`"))),
        }
    }
    for (flag, key, raw) in flags {
        let field = FIELDS.iter().find(|field| field.key == key);
        let field = field.ok_or_else(|| unknown(&format!("key `{key}` in `{flag}`")))?;
        loaded.take(field, raw, Origin::Flag { name: flag.clone() })?;
    }
    Ok(loaded)
}

fn unknown(what: &str) -> Failure {
    Failure::usage(format!("there is no setting for the {what}"))
        .hint("`accord config show` lists every setting with its key and its variable")
}

fn is_other_variable(name: &str) -> bool {
    OTHER_VARIABLES.contains(&name) || KUBERNETES_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

fn find_place(flags: PlaceFlags, environment: &BTreeMap<String, String>) -> Place {
    // A variable that is set to nothing counts as not set, as shells and unit files make it easy to do so.
    let pick = |flag: Option<String>, flag_name: &str, variable: &str| -> Placed<Option<String>> {
        let from_environment = || environment.get(variable).filter(|value| !value.is_empty()).cloned();
        if flag.is_some() {
            return Placed { value: flag, origin: Origin::Flag { name: flag_name.to_owned() } };
        }
        match from_environment() {
            Some(value) => Placed { value: Some(value), origin: Origin::Env { name: variable.to_owned() } },
            None => Placed { value: None, origin: Origin::Default },
        }
    };
    let pick_path = |flag: Option<PathBuf>, flag_name: &str, variable: &str| -> Placed<Option<PathBuf>> {
        let is_flag = flag.is_some();
        let picked = pick(flag.as_ref().map(|_| String::new()), flag_name, variable);
        Placed { value: if is_flag { flag } else { picked.value.map(PathBuf::from) }, origin: picked.origin }
    };
    let data = pick_path(flags.data, "--data", "ACCORD_DATA");
    let data = Placed { value: data.value.unwrap_or_else(|| DEFAULT_DATA.into()), origin: data.origin };
    let config = pick_path(flags.config, "--config", "ACCORD_CONFIG");
    let config = Placed {
        value: config.value.unwrap_or_else(|| data.value.join("accord.toml")),
        origin: config.origin,
    };
    let token = pick(flags.token, "--token", "ACCORD_TOKEN");
    Place {
        url: pick(flags.url, "--url", "ACCORD_URL"),
        token: Placed { value: token.value.map(Secret), origin: token.origin },
        ca: pick_path(flags.ca, "--ca", "ACCORD_CA"),
        data,
        config,
    }
}

/// Reads the settings file, if there is one; one that was named must be there.
fn take_file(loaded: &mut Loaded) -> Result<(), Failure> {
    let path = loaded.place.config.value.clone();
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error)
            if loaded.place.config.origin == Origin::Default
                && matches!(
                    error.kind(),
                    std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
                ) =>
        {
            return Ok(());
        }
        Err(error) => {
            return Err(Failure::usage(format!("cannot read the settings `{}`: {error}", path.display())));
        }
    };
    let place = |offset: usize| format!("`{}` line {}", path.display(), line_of(&text, offset));
    let document = DeTable::parse(&text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        Failure::usage(format!("{}: {}", place(offset), error.message().trim()))
    })?;
    for (section, entries) in document.get_ref() {
        let section_name = section.get_ref();
        let Some(entries) = entries.get_ref().as_table() else {
            let message = format!("{}: `{section_name}` is no section", place(section.span().start));
            return Err(Failure::usage(message).hint("settings stand in sections, such as `[node]`"));
        };
        if !FIELDS.iter().any(|field| field.key.split_once('.').is_some_and(|(name, _)| name == section_name))
        {
            return Err(unknown(&format!("section `{section_name}` in {}", place(section.span().start))));
        }
        for (name, value) in entries {
            let key = format!("{section_name}.{}", name.get_ref());
            let field = FIELDS.iter().find(|field| field.key == key);
            let field =
                field.ok_or_else(|| unknown(&format!("key `{key}` in {}", place(name.span().start))))?;
            let origin = Origin::File { path: path.clone(), line: line_of(&text, name.span().start) };
            let raw = raw_of(value.get_ref())
                .ok_or_else(|| Failure::usage(format!("`{key}` from {origin}: expected {}", field.unit)))?;
            loaded.take(field, &raw, origin)?;
        }
    }
    Ok(())
}

fn raw_of(value: &DeValue<'_>) -> Option<Raw> {
    if let Some(text) = value.as_str() {
        return Some(Raw::Text(text.to_owned()));
    }
    if let Some(truth) = value.as_bool() {
        return Some(Raw::Bool(truth));
    }
    if let Some(number) = value.as_integer() {
        return i64::from_str_radix(number.as_str(), number.radix()).ok().map(Raw::Integer);
    }
    let texts = value.as_array()?.iter().map(|element| element.get_ref().as_str().map(str::to_owned));
    texts.collect::<Option<Vec<_>>>().map(Raw::List)
}

fn line_of(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().get(..offset).unwrap_or_default();
    before.iter().filter(|byte| **byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load_text(
        file: &str,
        environment: &[(&str, &str)],
        flags: &[(&str, &str)],
    ) -> Result<Loaded, Failure> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("accord.toml"), file).unwrap();
        let place = PlaceFlags { data: Some(folder.path().to_owned()), ..PlaceFlags::default() };
        let environment =
            environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let flags: Vec<_> = flags
            .iter()
            .map(|(key, value)| ("--set".to_owned(), (*key).to_owned(), Raw::Text((*value).to_owned())))
            .collect();
        load(place, &environment, &flags)
    }

    #[test]
    fn numbers_that_no_node_could_serve_with_are_refused() {
        for (key, value) in [
            ("limits.page", "0"),
            ("limits.connections", "0"),
            ("limits.content", "0"),
            ("limits.inflated", "0"),
            ("limits.asynchronous", "0"),
            ("limits.header_timeout", "0"),
            ("limits.idle_timeout", "0"),
            ("limits.drain_timeout", "99999999999"),
            ("node.keep_reads", "0"),
            ("node.desk_interval", "90000"),
        ] {
            let refused = load_text("", &[], &[(key, value)]).unwrap_err();
            let said = refused.to_string();
            assert!(said.contains(key) && said.contains(" to "), "{said}");
        }
        assert!(load_text("", &[], &[("limits.drain_timeout", "0"), ("limits.page", "1")]).is_ok());
        // Every number has its bounds.
        let numbers = FIELDS.iter().filter(|field| (field.show)(&Settings::default()).is_u64());
        for field in numbers {
            assert!(BOUNDS.iter().any(|(key, _)| *key == field.key), "{}", field.key);
        }
    }

    #[test]
    fn flag_over_environment_over_file_over_default() {
        let file = "[node]\ntitle = 'of the file'\ncontact = 'x'\n\n[limits]\npage = 7\n";
        let loaded = load_text(
            file,
            &[
                ("ACCORD_NODE_TITLE", "of the environment"),
                ("ACCORD_LIMITS_PAGE", "8"),
                ("ACCORD_NODE_CONTACT", ""),
            ],
            &[("node.title", "of the flag")],
        )
        .unwrap();
        assert_eq!(loaded.settings.node.title, "of the flag");
        assert_eq!(loaded.settings.node.contact, "x");
        assert_eq!(loaded.settings.limits.page, 8);
        assert_eq!(loaded.origin("node.title"), Origin::Flag { name: "--set".to_owned() });
        assert!(matches!(loaded.origin("node.contact"), Origin::File { line: 3, .. }));
        assert_eq!(loaded.origin("limits.page"), Origin::Env { name: "ACCORD_LIMITS_PAGE".to_owned() });
        assert_eq!(loaded.origin("node.anonymous"), Origin::Default);
    }

    #[test]
    fn what_is_not_known_is_refused_with_its_line() {
        for (file, says) in [
            ("[node]\ntitel = 'x'\n", "key `node.titel` in `"),
            ("[node]\n\ntitel = 'x'\n", "line 3"),
            ("[nod]\ntitle = 'x'\n", "section `nod`"),
            ("title = 'x'\n", "`title` is no section"),
            ("[node]\ntitle = 7\n", "line 2: expected a text"),
            ("[node]\nanonymous = 'yes'\n", "expected true or false"),
            ("[listen]\naddresses = [7]\n", "expected list of host:port"),
            ("[node]\ntitle = \n", "line 2"),
        ] {
            let failure = load_text(file, &[], &[]).unwrap_err();
            assert!(failure.message.contains(says), "{file:?}: {}", failure.message);
        }
        assert!(
            load_text("", &[("ACCORD_NODE_TITEL", "x")], &[])
                .unwrap_err()
                .message
                .contains("ACCORD_NODE_TITEL")
        );
        assert!(load_text("", &[], &[("node.titel", "x")]).unwrap_err().message.contains("node.titel"));
    }

    #[test]
    fn what_kubernetes_injects_is_let_be() {
        let injected = [("ACCORD_SERVICE_HOST", "10.0.0.1"), ("ACCORD_PORT", "tcp://10.0.0.1:8470")];
        assert!(load_text("", &injected, &[]).is_ok());
    }
}
