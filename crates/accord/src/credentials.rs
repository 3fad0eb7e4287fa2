//! Tokens that `accord login` keeps: `credentials.toml` in the user's configuration, for nobody else to read.

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// What is kept.
#[derive(Default, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// The node of the last sign-in.
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<String>,
    /// Tokens by the node's address.
    #[serde(default)]
    nodes: BTreeMap<String, Kept>,
}

/// A token for one node.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// Its text.
    pub token: String,
    /// When it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// The authorities that were trusted for it beside the system's, as an absolute path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorities: Option<PathBuf>,
}

impl Credentials {
    /// What is kept; nothing when there is no file, or no home.
    ///
    /// # Errors
    /// A file that cannot be read, that others can read, or that is no such file.
    pub fn read() -> Result<Credentials, Failure> {
        let Some(path) = path() else { return Ok(Credentials::default()) };
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Credentials::default()),
            Err(error) => return Err(unusable(&path, "read", &error.to_string())),
        };
        let mode = std::fs::metadata(&path).map(|found| found.permissions().mode()).unwrap_or_default();
        if mode & 0o077 != 0 {
            return Err(Failure::usage(format!("others can read the tokens in `{}`", path.display()))
                .hint(format!("chmod 600 {}", path.display())));
        }
        // The parser's message may quote a line, and a line may be a token.
        toml::from_str(&text).map_err(|_| unusable(&path, "read", "it is not as `accord login` writes it"))
    }

    /// The node of the last sign-in.
    pub fn last(&self) -> Option<&str> {
        self.last.as_deref()
    }

    /// The token for a node.
    pub fn token(&self, url: &str) -> Option<&str> {
        self.nodes.get(normal(url)).map(|kept| kept.token.as_str())
    }

    /// The authorities to trust for a node beside the system's.
    pub fn authorities(&self, url: &str) -> Option<&Path> {
        self.nodes.get(normal(url))?.authorities.as_deref()
    }

    /// Keeps a token for a node, which becomes the last one. Answers the file.
    ///
    /// # Errors
    /// There is no home, or it cannot be written.
    pub fn keep(mut self, url: &str, kept: Kept) -> Result<PathBuf, Failure> {
        let path = path().ok_or_else(|| {
            Failure::usage("there is no place to keep the token").hint("set HOME or XDG_CONFIG_HOME")
        })?;
        self.last = Some(normal(url).to_owned());
        self.nodes.insert(normal(url).to_owned(), kept);
        let failed = |error: &dyn std::fmt::Display| unusable(&path, "write", &error.to_string());
        let text = toml::to_string(&self).map_err(|error| failed(&error))?;
        write_private(&path, text.as_bytes()).map_err(|error| failed(&error))?;
        Ok(path)
    }
}

fn normal(url: &str) -> &str {
    url.trim_end_matches('/')
}

fn unusable(path: &Path, verb: &str, why: &str) -> Failure {
    Failure::usage(format!("cannot {verb} `{}`: {why}", path.display()))
}

fn path() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = set("XDG_CONFIG_HOME").or_else(|| Some(set("HOME")?.join(".config")))?;
    Some(home.join("accord").join("credentials.toml"))
}

/// Writes beside and renames, so that a crash leaves the old file or the new one, never readable by others.
fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let beside = path.with_extension(format!("new-{}", std::process::id()));
    let mut file =
        std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)
}
