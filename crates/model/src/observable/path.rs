//! Paths of files and folders, and command lines.
//!
//! A path of Windows is told by a drive, a share, a variable, or backslashes. Its normal form has lower case, backslashes,
//! and no device prefix; `.` and `..` are resolved, blanks and dots behind a part fall away, as the system lets them; the
//! variables that mean the same on every machine stand for what they mean, and those of one user for what they mean from
//! `%userprofile%` on. Short names (`PROGRA~1`) stay, for what they stand for is known to the disk alone: an indicator
//! with a short name matches that and nothing else.
//!
//! A path of other systems begins with `/` or `~/`. Its case counts.

use super::{Kind, Observable, Unfit};

/// What stands at the beginning of a path of Windows and what for, in lower case. The first that fits is taken.
const BEGINNINGS: [(&str, &str); 24] = [
    (r"\\?\unc\", r"\\"),
    (r"\??\unc\", r"\\"),
    (r"\\?\", ""),
    (r"\??\", ""),
    (r"\systemroot\", r"c:\windows\"),
    (r"%systemroot%", r"c:\windows"),
    (r"%windir%", r"c:\windows"),
    (r"%systemdrive%", "c:"),
    (r"%homedrive%%homepath%", r"%userprofile%"),
    (r"%homedrive%\%homepath%", r"%userprofile%"),
    (r"%programfiles(x86)%", r"c:\program files (x86)"),
    (r"%programfiles%", r"c:\program files"),
    (r"%programw6432%", r"c:\program files"),
    (r"%commonprogramfiles(x86)%", r"c:\program files (x86)\common files"),
    (r"%commonprogramfiles%", r"c:\program files\common files"),
    (r"%commonprogramw6432%", r"c:\program files\common files"),
    (r"%programdata%", r"c:\programdata"),
    (r"%allusersprofile%", r"c:\programdata"),
    (r"%public%", r"c:\users\public"),
    (r"%appdata%", r"%userprofile%\appdata\roaming"),
    (r"%localappdata%", r"%userprofile%\appdata\local"),
    (r"%temp%", r"%userprofile%\appdata\local\temp"),
    (r"%tmp%", r"%userprofile%\appdata\local\temp"),
    ("$env:userprofile", "%userprofile%"),
];

/// How often a path is gone over until it stays as it is; what takes longer was made to.
const ROUNDS: usize = 4;

/// A path with all its folders.
pub(super) fn file_path(raw: &str) -> Result<Observable, Unfit> {
    const NONE: Unfit = Unfit::Not(
        Kind::FilePath,
        "no path: it has neither a backslash nor a drive, and begins with neither `/` nor `~/`",
    );
    let mut text = raw.to_owned();
    for _ in 0..ROUNDS {
        let bare = text.trim().trim_matches('"').trim();
        if bare.contains(['\0', '\n', '\r']) {
            return Err(Unfit::Not(Kind::FilePath, "a character that no path has"));
        }
        let next = match bare {
            _ if bare.starts_with('/') || bare.starts_with("~/") => posix(bare),
            _ if is_windows(bare) => windows(bare),
            _ => return Err(NONE),
        };
        if next == text {
            return Ok(Observable::of_text(Kind::FilePath, next));
        }
        text = next;
    }
    Err(Unfit::Not(Kind::FilePath, "no path that has an end"))
}

/// Whether a path is one from the root of a system, a drive, a share, or the home of a user.
pub(super) fn is_whole(text: &str) -> bool {
    let drive = matches!(text.as_bytes(), [letter, b':', b'\\' | b'/', ..] if letter.is_ascii_alphabetic());
    let begins = |beginning: &str| {
        text.get(..beginning.len()).is_some_and(|first| first.eq_ignore_ascii_case(beginning))
    };
    drive
        || ["$env:", "${env:", r"\systemroot\", r"\device\", r"\??\"].into_iter().any(begins)
        || text.starts_with("\\\\")
        || text.starts_with('%')
        || text.starts_with('/')
        || text.starts_with("~/")
}

fn is_windows(text: &str) -> bool {
    let drive = matches!(text.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic());
    let variable = text.strip_prefix('%').is_some_and(|rest| rest.contains('%'));
    drive || variable || text.contains('\\')
}

fn windows(text: &str) -> String {
    let mut lower = text.to_lowercase().replace('/', "\\");
    // As PowerShell writes them.
    if let Some((name, rest)) = lower.strip_prefix("${env:").and_then(|rest| rest.split_once('}')) {
        lower = format!("%{name}%{rest}");
    } else if let Some(rest) = lower.strip_prefix("$env:") {
        let (name, rest) = rest.split_at_checked(rest.find('\\').unwrap_or(rest.len())).unwrap_or((rest, ""));
        lower = format!("%{name}%{rest}");
    }
    if let Some((beginning, meaning)) = BEGINNINGS.into_iter().find(|(it, _)| lower.starts_with(it)) {
        lower.replace_range(..beginning.len(), meaning);
    }
    let lower = lower.strip_suffix("::$data").unwrap_or(&lower);
    let root = match lower {
        _ if lower.starts_with(r"\\") => r"\\",
        _ if lower.starts_with('\\') => r"\",
        _ => "",
    };
    let is_root = |part: &str| part.ends_with(':') || part.starts_with('%');
    let mut parts: Vec<&str> = Vec::new();
    for (nth, part) in lower.split('\\').filter(|part| !part.is_empty()).enumerate() {
        // `\\.\pipe\name` is a pipe of this machine; the dot is its host.
        if root == r"\\" && nth == 0 {
            parts.push(part);
            continue;
        }
        if part.trim() == ".." {
            if parts.last().is_some_and(|last| !is_root(last)) {
                parts.pop();
            }
            continue;
        }
        let bare = part.trim_start().trim_end_matches(|c: char| c.is_whitespace() || c == '.');
        if !bare.is_empty() {
            parts.push(bare);
        }
    }
    let joined = format!("{root}{}", parts.join("\\"));
    // The root of a drive is a folder; the drive alone is none.
    if parts.len() == 1 && joined.ends_with(':') { joined + "\\" } else { joined }
}

fn posix(text: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last() == Some(&"~") => {}
            ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    let root = if text.starts_with('~') { "" } else { "/" };
    let joined = format!("{root}{}", parts.join("/"));
    if joined == "~" { "~/".to_owned() } else { joined }
}

/// The same path as it is under any user: what an indicator says that was written with `%userprofile%` or `~/`.
pub(crate) fn of_any_user(path: &str) -> Option<String> {
    const HOMES: [(&str, &str); 5] = [
        (r"c:\users\", r"%userprofile%\"),
        (r"c:\documents and settings\", r"%userprofile%\"),
        ("/home/", "~/"),
        ("/users/", "~/"),
        ("/Users/", "~/"),
    ];
    for (home, stands_for) in HOMES {
        let separator = if home.starts_with('/') { '/' } else { '\\' };
        if let Some((user, rest)) = path.strip_prefix(home).and_then(|rest| rest.split_once(separator))
            && !user.is_empty()
        {
            return Some(format!("{stands_for}{rest}"));
        }
    }
    path.strip_prefix("/root/").map(|rest| format!("~/{rest}"))
}

/// The same path on the drive `C:`, where it is told by its volume, as the kernel and what listens to it write it. Which
/// drive that is, that machine alone knows; it is mostly this one.
pub(crate) fn of_volume(path: &str) -> Option<String> {
    let (number, rest) = path.strip_prefix(r"\device\harddiskvolume")?.split_once('\\')?;
    let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| format!(r"c:\{rest}"))
}

/// A command line: blanks in a row become one. Its key is in lower case, the quotes around a program without blanks
/// fallen away.
pub(super) fn command_line(raw: &str) -> Result<Observable, Unfit> {
    let words: Vec<&str> = raw.split_whitespace().collect();
    let text = words.join(" ");
    let mut form = text.to_lowercase();
    if let Some((program, rest)) = form.strip_prefix('"').and_then(|rest| rest.split_once('"'))
        && !program.is_empty()
        && !program.contains(' ')
        && (rest.is_empty() || rest.starts_with(' '))
    {
        form = format!("{program}{rest}");
    }
    Ok(Observable::new(Kind::CommandLine, text, form.as_bytes()))
}
