//! The pure half of the node: values in, values out. No clock, no store, no randomness.

pub mod annotation;
pub mod assets;
pub mod audience;
pub mod carried;
pub mod checks;
pub mod content;
pub mod csv_cell;
pub mod cursor;
pub mod describe;
pub mod filter;
pub mod form;
pub mod index;
pub mod judge;
pub mod list_query;
pub mod marking;
pub mod observables;
pub mod offered;
pub mod parts;
pub mod reading;
pub mod rows;
pub mod search_query;
pub mod sensitive;
pub mod subject;
pub mod unnamed;
pub mod warning;
