//! Documents by chance, the same for the same seed, and what must hold for all of them.

use strictjson::split::{self, Part, Splitter};
use strictjson::{ErrorKind, Limits, Member, Node, Number, Object, Value, canonical, parse, write};

/// A small generator of numbers (splitmix64); the seed tells which case failed.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    fn text(&mut self) -> String {
        const PARTS: [&str; 14] = [
            "",
            "a",
            "type",
            "\"",
            "\\",
            "/",
            "\n",
            "\u{0}",
            "é",
            "€",
            "😀",
            "\u{7f}",
            "[{,:",
            "longer than a word",
        ];
        (0..self.below(5)).map(|_| self.pick(&PARTS)).collect()
    }

    fn number(&mut self) -> Number<'static> {
        let found = match self.below(3) {
            0 => Number::from_i64(self.below(2000) as i64 - 1000),
            1 => Number::from_i64((self.next() >> 11) as i64),
            _ => Number::from_f64(f64::from_bits(self.next())),
        };
        found.unwrap_or_else(|| Number { text: "-0.0".into() })
    }

    fn value(&mut self, depth: usize) -> Value<'static> {
        match self.below(if depth == 0 { 5 } else { 7 }) {
            0 => Value::Null,
            1 => self.next().is_multiple_of(2).into(),
            2 => self.number().into(),
            3 | 4 => self.text().into(),
            5 => (0..self.below(5)).map(|_| Node::from(self.value(depth - 1))).collect::<Vec<_>>().into(),
            _ => {
                let mut object = Object::new();
                for _ in 0..self.below(20) {
                    object.set(self.text(), self.value(depth - 1));
                }
                object.into()
            }
        }
    }

    fn space(&mut self) -> &'static str {
        self.pick(&["", "", "", " ", "\n", "\t\r ", "\n                    "])
    }

    /// Writes a value with white space and escapes by chance, and the members in another order.
    fn write_otherwise(&mut self, out: &mut String, value: &Value<'_>) {
        out.push_str(self.space());
        match value {
            Value::String(text) => self.string_otherwise(out, text),
            Value::Array(elements) => {
                out.push('[');
                for (index, element) in elements.iter().enumerate() {
                    out.push_str(if index > 0 { "," } else { "" });
                    self.write_otherwise(out, &element.value);
                }
                out.push_str(self.space());
                out.push(']');
            }
            Value::Object(object) => {
                out.push('{');
                for (index, member) in object.members.iter().rev().enumerate() {
                    out.push_str(if index > 0 { "," } else { "" });
                    out.push_str(self.space());
                    self.string_otherwise(out, &member.key);
                    out.push_str(self.space());
                    out.push(':');
                    self.write_otherwise(out, &member.node.value);
                }
                out.push_str(self.space());
                out.push('}');
            }
            other => {
                let mut bytes = Vec::new();
                write::value(&mut bytes, other);
                out.push_str(std::str::from_utf8(&bytes).unwrap());
            }
        }
        out.push_str(self.space());
    }

    fn string_otherwise(&mut self, out: &mut String, text: &str) {
        out.push('"');
        for character in text.chars() {
            if self.below(4) == 0 || character < ' ' || matches!(character, '"' | '\\') {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04X}"));
                }
            } else {
                out.push(character);
            }
        }
        out.push('"');
    }
}

fn tree(bytes: &[u8]) -> Node<'_> {
    parse(bytes, &Limits::default()).unwrap()
}

#[test]
fn what_is_written_is_read_back() {
    for seed in 0..2000 {
        let mut chance = Chance(seed);
        let value = chance.value(5);
        let mut written = Vec::new();
        write::value(&mut written, &value);
        let node = tree(&written);
        let mut again = Vec::new();
        write::node(&mut again, &node);
        assert_eq!(again, written, "seed {seed}");

        let canonical_form = canonical(&value.clone().into());
        assert_eq!(canonical(&node), canonical_form, "seed {seed}");
        assert_eq!(canonical(&tree(&canonical_form)), canonical_form, "seed {seed}");

        let mut otherwise = String::new();
        chance.write_otherwise(&mut otherwise, &value);
        let node = tree(otherwise.as_bytes());
        assert_eq!(canonical(&node), canonical_form, "seed {seed}");
        assert!(same_as_serde(&node, &serde_json::from_str(&otherwise).unwrap()), "seed {seed}");
    }
}

/// The splitter finds the elements where the parser finds them.
#[test]
fn pieces_are_what_the_parser_sees() {
    for seed in 0..500 {
        let mut chance = Chance(seed);
        let elements: Node<'_> = (0..chance.below(6)).map(|_| Node::from(chance.value(3))).collect();
        let mut object = Object::new();
        object.set(chance.text(), chance.value(2));
        object.set("objects", elements);
        object.set(chance.text() + "2", chance.value(2));
        let mut stream = String::new();
        chance.write_otherwise(&mut stream, &object.into());
        let node = tree(stream.as_bytes());
        let mut expected: Vec<_> =
            node.get("objects").unwrap().as_array().unwrap().iter().map(|node| node.span).collect();
        let beside = node.as_object().unwrap().iter().filter(|member| member.key != "objects");
        expected.extend(beside.map(|member| member.node.span));
        expected.sort_by_key(|span| span.start);

        let mut splitter = Splitter::new("objects", split::Limits::default());
        let mut found = Vec::new();
        let mut rest = stream.as_bytes();
        while !splitter_is_done(&mut splitter, &mut rest, chance.below(40)) {
            while let Some(piece) = splitter.next_piece() {
                let piece = piece.unwrap();
                assert_ne!(piece.part, Part::Document);
                let span = expected[found.len()];
                assert_eq!(Ok(span.of(stream.as_bytes()).unwrap()), piece.content, "seed {seed}");
                found.push(piece.offset);
            }
        }
        let offsets: Vec<_> = expected.iter().map(|span| span.start as u64).collect();
        assert_eq!(found, offsets, "seed {seed}");
    }
}

/// Feeds the next bytes; true when there are none left.
fn splitter_is_done(splitter: &mut Splitter, rest: &mut &[u8], size: usize) -> bool {
    let (chunk, after) = rest.split_at(size.min(rest.len()));
    splitter.push(chunk);
    *rest = after;
    chunk.is_empty() && after.is_empty()
}

/// Documents with a few bytes changed: what we take, serde_json takes and reads the same; what it takes and we do not
/// is refused for a rule that it does not have.
#[test]
fn damaged_documents_are_judged_like_serde_json_but_stricter() {
    const BYTES: &[u8] = b"\"\\{}[]:,0123456789.eE+-utfn \n\x00\x1f\x7f\x80\xc3\xef\xff";
    let (mut taken, mut refused) = (0, 0);
    for seed in 0..20_000 {
        let mut chance = Chance(seed);
        let mut bytes = Vec::new();
        write::value(&mut bytes, &chance.value(3));
        for _ in 0..=chance.below(3) {
            let at = chance.below(bytes.len() + 1);
            match chance.below(3) {
                0 if at < bytes.len() => bytes[at] = chance.pick(BYTES),
                1 if at < bytes.len() => drop(bytes.remove(at)),
                _ => bytes.insert(at, chance.pick(BYTES)),
            }
        }
        let theirs = serde_json::from_slice::<serde_json::Value>(&bytes);
        let shown = bytes.escape_ascii();
        match (parse(&bytes, &Limits::default()), theirs) {
            (Ok(node), Ok(theirs)) => {
                assert!(same_as_serde(&node, &theirs), "seed {seed}: {shown}");
                taken += 1;
            }
            (Ok(_), Err(error)) => panic!("seed {seed}: serde_json says {error}: {shown}"),
            (Err(error), Ok(_)) => {
                let stricter = [ErrorKind::DuplicateKey, ErrorKind::IntegerRange, ErrorKind::Noncharacter];
                assert!(stricter.contains(&error.kind), "seed {seed}: {error}: {shown}");
            }
            (Err(_), Err(_)) => refused += 1,
        }
    }
    assert!(taken > 1000 && refused > 1000, "{taken} taken, {refused} refused");
}

/// Whether serde_json holds the same value. As it is built here, it reads some doubles a little beside the nearest.
pub fn same_as_serde(node: &Node<'_>, theirs: &serde_json::Value) -> bool {
    match (&node.value, theirs) {
        (Value::Null, serde_json::Value::Null) => true,
        (Value::Bool(ours), serde_json::Value::Bool(theirs)) => ours == theirs,
        (Value::String(ours), serde_json::Value::String(theirs)) => ours == theirs,
        (Value::Number(ours), serde_json::Value::Number(theirs)) => match theirs.as_i64() {
            Some(theirs) => ours.as_i64() == Some(theirs),
            None => {
                let (ours, theirs) = (ours.as_f64(), theirs.as_f64().unwrap());
                (ours - theirs).abs() <= theirs.abs() * 1e-15
            }
        },
        (Value::Array(ours), serde_json::Value::Array(theirs)) => {
            ours.len() == theirs.len()
                && ours.iter().zip(theirs).all(|(ours, theirs)| same_as_serde(ours, theirs))
        }
        (Value::Object(ours), serde_json::Value::Object(theirs)) => {
            let same = |ours: &Member<'_>| {
                theirs.get(&*ours.key).is_some_and(|theirs| same_as_serde(&ours.node, theirs))
            };
            ours.len() == theirs.len() && ours.iter().all(same)
        }
        _ => false,
    }
}
