//! Values that a setting can have, as the file, the environment and flags write them.

use std::path::PathBuf;

use model::Tlp;

/// A value as it was written, before it is known what it should be.
#[derive(Debug, Clone, PartialEq)]
pub enum Raw {
    /// A string of the file, a variable of the environment, or a flag.
    Text(String),
    /// A whole number of the file.
    Integer(i64),
    /// `true` or `false` of the file.
    Bool(bool),
    /// A list of strings of the file, or a flag given several times.
    List(Vec<String>),
}

/// What a setting can hold.
pub trait Value: Sized {
    /// Reads it. The error says what is expected, after `expected `.
    fn read(raw: &Raw) -> Result<Self, &'static str>;
    /// It, as JSON.
    fn show(&self) -> serde_json::Value;
}

impl Value for String {
    fn read(raw: &Raw) -> Result<String, &'static str> {
        if let Raw::Text(text) = raw { Ok(text.clone()) } else { Err("a text") }
    }

    fn show(&self) -> serde_json::Value {
        self.as_str().into()
    }
}

impl Value for Option<String> {
    fn read(raw: &Raw) -> Result<Option<String>, &'static str> {
        String::read(raw).map(|text| Some(text).filter(|text| !text.is_empty()))
    }

    fn show(&self) -> serde_json::Value {
        self.as_deref().into()
    }
}

impl Value for Option<PathBuf> {
    fn read(raw: &Raw) -> Result<Option<PathBuf>, &'static str> {
        Option::<String>::read(raw).map(|text| text.map(PathBuf::from)).map_err(|_| "the path of a file")
    }

    fn show(&self) -> serde_json::Value {
        self.as_ref().map(|path| path.display().to_string()).into()
    }
}

impl Value for Vec<String> {
    fn read(raw: &Raw) -> Result<Vec<String>, &'static str> {
        match raw {
            Raw::List(list) => Ok(list.clone()),
            Raw::Text(text) => Ok(text
                .split(',')
                .map(|part| part.trim().to_owned())
                .filter(|part| !part.is_empty())
                .collect()),
            Raw::Integer(_) | Raw::Bool(_) => Err("a list of texts"),
        }
    }

    fn show(&self) -> serde_json::Value {
        self.as_slice().into()
    }
}

impl Value for bool {
    fn read(raw: &Raw) -> Result<bool, &'static str> {
        match raw {
            Raw::Bool(truth) => Ok(*truth),
            Raw::Text(text) if text == "true" => Ok(true),
            Raw::Text(text) if text == "false" => Ok(false),
            _ => Err("true or false"),
        }
    }

    fn show(&self) -> serde_json::Value {
        (*self).into()
    }
}

impl Value for usize {
    fn read(raw: &Raw) -> Result<usize, &'static str> {
        let number = match raw {
            Raw::Integer(number) => usize::try_from(*number).ok(),
            Raw::Text(text) => text.parse().ok(),
            Raw::Bool(_) | Raw::List(_) => None,
        };
        number.ok_or("a whole number, not negative")
    }

    fn show(&self) -> serde_json::Value {
        (*self).into()
    }
}

impl Value for Tlp {
    fn read(raw: &Raw) -> Result<Tlp, &'static str> {
        const EXPECTED: &str = "clear, green, amber, amber+strict or red";
        if let Raw::Text(text) = raw { text.parse().map_err(|_| EXPECTED) } else { Err(EXPECTED) }
    }

    fn show(&self) -> serde_json::Value {
        self.to_string().into()
    }
}

/// A length in bytes: a number, or a text such as `32MiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bytes(pub usize);

impl Value for Bytes {
    fn read(raw: &Raw) -> Result<Bytes, &'static str> {
        const EXPECTED: &str = "a length in bytes, such as 33554432 or \"32MiB\"";
        match raw {
            Raw::Integer(number) => usize::try_from(*number).map(Bytes).map_err(|_| EXPECTED),
            Raw::Text(text) => read_bytes(text).map(Bytes).ok_or(EXPECTED),
            Raw::Bool(_) | Raw::List(_) => Err(EXPECTED),
        }
    }

    fn show(&self) -> serde_json::Value {
        self.0.into()
    }
}

fn read_bytes(text: &str) -> Option<usize> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let factor: usize = match text.get(digits.len()..)? {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    digits.trim_end().parse::<usize>().ok()?.checked_mul(factor)
}

/// A span of time in seconds: a number, or a text such as `30s`, `5m`, `12h` or `90d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seconds(pub u64);

impl Value for Seconds {
    fn read(raw: &Raw) -> Result<Seconds, &'static str> {
        const EXPECTED: &str = "a time in seconds, such as 30 or \"5m\"";
        match raw {
            Raw::Integer(number) => u64::try_from(*number).map(Seconds).map_err(|_| EXPECTED),
            Raw::Text(text) => read_seconds(text).map(Seconds).ok_or(EXPECTED),
            Raw::Bool(_) | Raw::List(_) => Err(EXPECTED),
        }
    }

    fn show(&self) -> serde_json::Value {
        self.0.into()
    }
}

/// Reads `30`, `30s`, `5m`, `12h`, `90d` or `2w` as seconds.
pub fn read_seconds(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let factor: u64 = match text.get(digits.len()..)? {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Value for LogFormat {
    fn read(raw: &Raw) -> Result<LogFormat, &'static str> {
        match raw {
            Raw::Text(text) if text == "text" => Ok(LogFormat::Text),
            Raw::Text(text) if text == "json" => Ok(LogFormat::Json),
            _ => Err("text or json"),
        }
    }

    fn show(&self) -> serde_json::Value {
        match self {
            LogFormat::Text => "text".into(),
            LogFormat::Json => "json".into(),
        }
    }
}

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("redacted")
    }
}

impl Value for Option<Secret> {
    fn read(raw: &Raw) -> Result<Option<Secret>, &'static str> {
        Option::<String>::read(raw).map(|text| text.map(Secret))
    }

    fn show(&self) -> serde_json::Value {
        self.as_ref().map(|_| "redacted").into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_with_units() {
        for (text, bytes) in
            [("0", Some(0)), ("32MiB", Some(32 << 20)), ("7 KiB", Some(7 << 10)), ("1GiB", Some(1 << 30))]
        {
            assert_eq!(Bytes::read(&Raw::Text(text.to_owned())).ok(), bytes.map(Bytes), "{text}");
        }
        for text in ["", "MiB", "-1", "1MB", "99999999999GiB"] {
            assert!(Bytes::read(&Raw::Text(text.to_owned())).is_err(), "{text}");
        }
    }

    #[test]
    fn a_secret_is_never_shown() {
        let secret = Option::<Secret>::read(&Raw::Text("acc_x".to_owned())).unwrap();
        assert!(!format!("{secret:?} {}", secret.show()).contains("acc_x"));
    }
}
