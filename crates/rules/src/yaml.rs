//! YAML as a tree, within limits, with the place of each value.
//!
//! What two readers of YAML take differently is refused, for the ones who load the rule read it in Python: tags, directives, merged
//! keys, keys that stand twice, bare dates that are none, and bare numbers of thousands of digits.

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use crate::{Fault, quoted};

/// Longest text, in bytes.
pub(crate) const BYTES: usize = 256 << 10;
/// How deep values go.
const DEPTH: usize = 32;
/// Most values of all documents, those that aliases stand for counted each time.
const NODES: usize = 20_000;
/// Most documents.
pub(crate) const DOCUMENTS: usize = 100;
/// Longest bare number: Python makes none of 4300 digits.
const NUMBER_BYTES: usize = 1_000;

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) value: Value,
    /// Line from 1, column from 1.
    pub(crate) at: (usize, usize),
    /// From and to, in characters of the text.
    pub(crate) span: (usize, usize),
    // How many values it is, itself counted.
    size: usize,
}

#[derive(Debug, Clone)]
pub(crate) enum Value {
    /// A scalar, and whether it stood without quotes.
    Scalar(String, bool),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

impl Node {
    pub(crate) fn fault(&self, what: impl Into<String>) -> Fault {
        Fault::new(self.at.0, self.at.1, what)
    }

    /// The text of a scalar that is not null.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(text, is_bare) if !(*is_bare && is_null(text)) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar(text, true) if is_null(text))
    }

    pub(crate) fn map(&self) -> Option<&[(Node, Node)]> {
        match &self.value {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.map()?.iter().find(|(of, _)| of.text() == Some(key)).map(|(_, value)| value)
    }
}

fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

/// Reads all documents of a text.
pub(crate) fn read(text: &str) -> Result<Vec<Node>, Fault> {
    if text.len() > BYTES {
        return Err(Fault::new(1, 1, format!("a rule in YAML has at most {BYTES} bytes")));
    }
    let is_odd = |one: &char| {
        (one.is_control() && !matches!(one, '\n' | '\r' | '\t'))
            || matches!(one, '\u{feff}' | '\u{fffe}' | '\u{ffff}' | '\u{2028}' | '\u{2029}')
    };
    if let Some((at, _)) = text.char_indices().find(|(_, one)| is_odd(one)) {
        return Err(Fault::at(text, at, "a character that is not seen"));
    }
    let directive =
        text.match_indices('%').find(|(at, _)| *at == 0 || text.as_bytes().get(at - 1) == Some(&b'\n'));
    if let Some((at, _)) = directive {
        return Err(Fault::at(text, at, "a directive of YAML has no place in a rule"));
    }
    let mut tree = Tree::default();
    for event in Parser::new_from_str(text) {
        match event {
            Ok((event, span)) => tree.take(event, span)?,
            Err(error) => {
                let (line, column) = (error.marker().line(), error.marker().col() + 1);
                return Err(Fault::new(line, column, format!("no YAML: {}", error.info())));
            }
        }
    }
    Ok(tree.documents)
}

/// What is open while a text is read.
struct Open {
    node: Node,
    anchor: usize,
    key: Option<Node>,
}

#[derive(Default)]
struct Tree {
    documents: Vec<Node>,
    open: Vec<Open>,
    anchors: Vec<(usize, Node)>,
    nodes: usize,
}

impl Tree {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Fault> {
        let at = (span.start.line(), span.start.col() + 1);
        let place = (span.start.index(), span.end.index());
        let fault = |what: &str| Fault::new(at.0, at.1, what);
        let node = |value| Node { value, at, span: place, size: 1 };
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                if tag.is_some() {
                    return Err(fault("a tag of YAML has no place in a rule"));
                }
                let is_bare = style == ScalarStyle::Plain;
                if is_bare {
                    bare(&text).map_err(fault)?;
                }
                self.done(node(Value::Scalar(text.into_owned(), is_bare)), anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                self.begin(node(Value::List(Vec::new())), anchor, tag.is_some())
            }
            Event::MappingStart(anchor, tag) => {
                self.begin(node(Value::Map(Vec::new())), anchor, tag.is_some())
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(mut open) = self.open.pop() else { return Ok(()) };
                open.node.span.1 = place.1;
                self.done(open.node, open.anchor)
            }
            Event::Alias(anchor) => {
                let known = self.anchors.iter().rev().find(|(of, _)| *of == anchor);
                let Some((_, known)) = known.cloned() else {
                    return Err(fault("an alias of what is not yet there"));
                };
                self.nodes += known.size;
                if self.nodes > NODES {
                    return Err(fault("with its aliases, the rule is of more than 20000 values"));
                }
                self.done(Node { at, span: place, ..known }, 0)
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) => Ok(()),
            Event::DocumentEnd => {
                self.anchors.clear();
                Ok(())
            }
        }
    }

    fn begin(&mut self, node: Node, anchor: usize, has_tag: bool) -> Result<(), Fault> {
        if has_tag {
            return Err(node.fault("a tag of YAML has no place in a rule"));
        }
        if self.open.len() >= DEPTH {
            return Err(node.fault(format!("values go at most {DEPTH} deep")));
        }
        self.open.push(Open { node, anchor, key: None });
        Ok(())
    }

    fn done(&mut self, node: Node, anchor: usize) -> Result<(), Fault> {
        self.nodes += 1;
        if self.nodes > NODES {
            return Err(node.fault(format!("a rule is of at most {NODES} values")));
        }
        if anchor > 0 {
            self.anchors.push((anchor, node.clone()));
        }
        let Some(open) = self.open.last_mut() else {
            if self.documents.len() >= DOCUMENTS {
                return Err(node.fault(format!("at most {DOCUMENTS} documents are read at once")));
            }
            self.documents.push(node);
            return Ok(());
        };
        match (&mut open.node.value, open.key.take()) {
            (Value::Map(_), None) => {
                match &node.value {
                    Value::Scalar(text, true) if text == "<<" => {
                        return Err(node.fault("keys are not merged in a rule"));
                    }
                    Value::Scalar(..) => {}
                    _ => return Err(node.fault("a key is a text")),
                }
                open.key = Some(node);
            }
            (Value::Map(map), Some(key)) => {
                let same = |(of, _): &(Node, Node)| matches!((&of.value, &key.value), (Value::Scalar(one, _), Value::Scalar(other, _)) if one == other);
                if map.iter().any(same) {
                    let Value::Scalar(text, _) = &key.value else { return Ok(()) };
                    return Err(key.fault(format!("{} stands there twice", quoted(text))));
                }
                open.node.size = open.node.size.saturating_add(node.size + 1);
                map.push((key, node));
            }
            (Value::List(list), _) => {
                open.node.size = open.node.size.saturating_add(node.size);
                list.push(node);
            }
            (Value::Scalar(..), _) => {}
        }
        Ok(())
    }
}

// What Python's reader makes of a text without quotes, and cannot.
fn bare(text: &str) -> Result<(), &'static str> {
    if text == "=" {
        return Err("`=` stands between quotes");
    }
    let is_number =
        |one: char| one.is_ascii_hexdigit() || matches!(one, '_' | '.' | ':' | '+' | '-' | 'x' | 'o');
    if text.len() > NUMBER_BYTES && text.chars().all(is_number) {
        return Err("a number of more than 1000 digits");
    }
    let digits = |from: usize, to: usize| {
        text.get(from..to).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let dashes = text.get(4..5) == Some("-") && digits(0, 4).is_some();
    let rest = text.get(5..).unwrap_or_default();
    let looks_like_date = dashes
        && rest.contains('-')
        && rest.bytes().all(|byte| byte.is_ascii_digit() || b"-:. tTzZ+\t".contains(&byte));
    if !looks_like_date {
        return Ok(());
    }
    let is_date = text.len() == 10 && text.get(7..8) == Some("-");
    let number = |part: Option<&str>| part.and_then(|part| part.parse::<u32>().ok());
    match (is_date, number(digits(0, 4)), number(digits(5, 7)), number(digits(8, 10))) {
        (true, Some(1..), Some(month @ 1..=12), Some(day @ 1..)) if day <= longest(month) => Ok(()),
        _ => Err("a date that is none, or a time, stands between quotes"),
    }
}

// Of a February the shorter one: the other is rare, and can be quoted.
fn longest(month: u32) -> u32 {
    match month {
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
