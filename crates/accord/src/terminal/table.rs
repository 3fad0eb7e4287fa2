//! Aligned columns without lines, as wide as what is in them.

use super::{Output, Style, inert};
use crate::failure::Failure;

/// Between two columns.
const GAP: &str = "  ";

/// Rows under a header.
pub struct Table {
    header: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns.
    pub fn new(header: &[&'static str]) -> Table {
        Table { header: header.to_vec(), rows: Vec::new() }
    }

    /// Adds a row; what strangers wrote in it is made inert.
    pub fn row<const COLUMNS: usize>(&mut self, cells: [&str; COLUMNS]) {
        self.rows.push(cells.iter().map(|cell| inert(cell).into_owned()).collect());
    }

    /// Writes header and rows.
    ///
    /// # Errors
    /// Writing failed.
    pub fn write(&self, output: &mut Output) -> Result<(), Failure> {
        let mut widths: Vec<usize> = self.header.iter().map(|title| title.len()).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let header: Vec<String> = self.header.iter().map(|title| title.to_ascii_uppercase()).collect();
        let header = output.paint(Style::Faint, &aligned(&header, &widths));
        output.line(&header)?;
        self.rows.iter().try_for_each(|row| output.line(&aligned(row, &widths)))
    }
}

fn aligned(cells: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    for (cell, width) in cells.iter().zip(widths) {
        line.push_str(cell);
        let missing = width.saturating_sub(cell.chars().count());
        line.extend(std::iter::repeat_n(' ', missing));
        line.push_str(GAP);
    }
    line.truncate(line.trim_end().len());
    line
}
