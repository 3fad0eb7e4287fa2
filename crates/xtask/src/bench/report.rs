//! What a benchmark found: lines with a figure, an anchor, a ratio and the bar that it is held to.

use crate::Outcome;

/// Collects lines and prints them as they come.
#[derive(Default)]
pub struct Report {
    rows: Vec<serde_json::Value>,
    json: bool,
}

/// How a figure is held to its bar.
pub enum Bar {
    /// At least this.
    AtLeast(f64),
    /// At most this.
    AtMost(f64),
    /// Only shown.
    None,
}

impl Report {
    /// Lines for people, or one JSON document at the end.
    pub fn new(json: bool) -> Report {
        Report { rows: Vec::new(), json }
    }

    /// A line: what, its figure and unit, and the bar.
    pub fn line(&mut self, what: &str, figure: f64, unit: &str, bar: &Bar) {
        let (word, holds) = match bar {
            Bar::AtLeast(least) => (format!("bar: at least {least}"), Some(figure >= *least)),
            Bar::AtMost(most) => (format!("bar: at most {most}"), Some(figure <= *most)),
            Bar::None => (String::new(), None),
        };
        let verdict = match holds {
            Some(true) => "holds",
            Some(false) => "MISSED",
            None => "",
        };
        if !self.json {
            println!("{what:<58} {figure:>12.3} {unit:<16} {word:<22} {verdict}");
        }
        self.rows.push(serde_json::json!({
            "what": what, "figure": figure, "unit": unit, "bar": word, "holds": holds,
        }));
    }

    /// A sentence between lines.
    pub fn say(&self, text: &str) {
        if !self.json {
            println!("{text}");
        }
    }

    /// A heading between lines.
    pub fn heading(&self, text: &str) {
        if !self.json {
            println!("\n{text}");
        }
    }

    /// Prints the document, where one was asked for.
    pub fn end(self) -> Outcome {
        if self.json {
            println!("{}", serde_json::to_string_pretty(&self.rows)?);
        }
        Ok(())
    }
}
