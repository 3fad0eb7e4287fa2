//! Lines of JSON: what stands at the paths that are asked for, found without making a tree.
//!
//! A line is not judged: what is broken is left where it breaks, and what stood before counts. Nothing is decoded here; a string that
//! holds escapes is given with a sign, and [`decode`] undoes them.

use std::collections::HashMap;

/// The deepest that objects and arrays stand in each other.
const DEPTH_MAX: usize = 64;

/// Paths, as steps from object to object.
#[derive(Debug, Clone)]
pub(crate) struct Paths {
    nodes: Vec<Node>,
    steps: Vec<Step>,
}

/// An object on the way: the names in it that lead anywhere, and which step each is.
#[derive(Debug, Clone, Default)]
struct Node {
    names: HashMap<Vec<u8>, usize>,
}

/// Where a name leads.
#[derive(Debug, Clone, Default)]
struct Step {
    /// The slots that its value fills.
    slots: Vec<usize>,
    /// The node that goes on in it.
    into: Option<usize>,
}

impl Paths {
    pub(super) fn new(paths: &[&str]) -> Paths {
        let mut made = Paths { nodes: vec![Node::default()], steps: Vec::new() };
        let mut prefixes: HashMap<&str, usize> = HashMap::from([("", 0)]);
        for (slot, path) in paths.iter().enumerate() {
            // A name may stand for several parts: of `a.b.c` each prefix is a node, and each part of the rest a name.
            let ends: Vec<usize> = path.match_indices('.').map(|(at, _)| at).collect();
            for start in std::iter::once(0).chain(ends.iter().map(|end| end + 1)) {
                let from = made.node_of(path.get(..start).unwrap_or_default(), &mut prefixes);
                for end in ends.iter().copied().filter(|end| *end >= start) {
                    let into = made.node_of(path.get(..end + 1).unwrap_or_default(), &mut prefixes);
                    if let Some(step) = made.step(from, path.get(start..end).unwrap_or_default()) {
                        step.into = Some(into);
                    }
                }
                if let Some(step) = made.step(from, path.get(start..).unwrap_or_default()) {
                    step.slots.push(slot);
                }
            }
        }
        made
    }

    fn node_of<'p>(&mut self, prefix: &'p str, prefixes: &mut HashMap<&'p str, usize>) -> usize {
        *prefixes.entry(prefix).or_insert_with(|| {
            self.nodes.push(Node::default());
            self.nodes.len() - 1
        })
    }

    /// The step of a name in a node, made where there is none.
    fn step(&mut self, node: usize, name: &str) -> Option<&mut Step> {
        let next = self.steps.len();
        let at = *self.nodes.get_mut(node)?.names.entry(name.into()).or_insert(next);
        if at == next {
            self.steps.push(Step::default());
        }
        self.steps.get_mut(at)
    }
}

/// Remembers where names lead, by their place in the line: lines of one log mostly have the same names in the same order.
#[derive(Default)]
pub(crate) struct Walker {
    shape: Vec<Seen>,
    nth: usize,
}

struct Seen {
    node: usize,
    name: Vec<u8>,
    step: Option<usize>,
}

/// How many names are remembered, and how long they are at most.
const SHAPE_MAX: usize = 256;
const NAME_BYTES_MAX: usize = 256;

impl Walker {
    /// Goes through a line; `take` has the slot, what stands there, and whether it holds escapes. Gives whether the line was whole.
    #[inline]
    pub(crate) fn walk<'l>(
        &mut self,
        paths: &Paths,
        line: &'l [u8],
        take: &mut impl FnMut(usize, &'l [u8], bool),
    ) -> bool {
        self.nth = 0;
        let mut cursor = Cursor { line, at: 0 };
        cursor.blanks();
        if cursor.next() != Some(b'{') {
            return false;
        }
        self.object(paths, 0, &mut cursor, DEPTH_MAX, take).is_some()
    }

    fn object<'l>(
        &mut self,
        paths: &Paths,
        node: usize,
        cursor: &mut Cursor<'l>,
        depth: usize,
        take: &mut impl FnMut(usize, &'l [u8], bool),
    ) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        cursor.blanks();
        if cursor.peek() == Some(b'}') {
            cursor.at += 1;
            return Some(());
        }
        loop {
            cursor.expect(b'"')?;
            let (name, is_escaped) = cursor.string()?;
            cursor.blanks();
            cursor.expect(b':')?;
            cursor.blanks();
            match self.step(paths, node, name, is_escaped) {
                Some(step) => self.value(paths, step, cursor, depth, take)?,
                None => cursor.skip(depth)?,
            }
            cursor.blanks();
            match cursor.next()? {
                b',' => cursor.blanks(),
                b'}' => return Some(()),
                _ => return None,
            }
        }
    }

    /// Where a name leads.
    #[inline]
    fn step<'p>(&mut self, paths: &'p Paths, node: usize, name: &[u8], is_escaped: bool) -> Option<&'p Step> {
        let nth = self.nth;
        self.nth = (nth + 1) % SHAPE_MAX;
        let at = match self.shape.get(nth) {
            Some(seen) if seen.node == node && seen.name == name => seen.step,
            _ => self.look_up(paths, nth, node, name, is_escaped),
        };
        at.and_then(|at| paths.steps.get(at))
    }

    #[cold]
    fn look_up(
        &mut self,
        paths: &Paths,
        nth: usize,
        node: usize,
        name: &[u8],
        is_escaped: bool,
    ) -> Option<usize> {
        let names = &paths.nodes.get(node)?.names;
        let step = match is_escaped {
            false => names.get(name).copied(),
            true => {
                let mut plain = Vec::new();
                decode(name, &mut plain);
                names.get(&plain).copied()
            }
        };
        if name.len() <= NAME_BYTES_MAX {
            let seen = Seen { node, name: name.to_vec(), step };
            match self.shape.get_mut(nth) {
                Some(slot) => *slot = seen,
                None => self.shape.push(seen),
            }
        }
        step
    }

    #[inline]
    fn value<'l>(
        &mut self,
        paths: &Paths,
        step: &Step,
        cursor: &mut Cursor<'l>,
        depth: usize,
        take: &mut impl FnMut(usize, &'l [u8], bool),
    ) -> Option<()> {
        match cursor.peek()? {
            b'"' => {
                cursor.at += 1;
                let (value, is_escaped) = cursor.string()?;
                step.slots.iter().for_each(|slot| take(*slot, value, is_escaped));
                Some(())
            }
            b'{' => match step.into {
                Some(into) => {
                    cursor.at += 1;
                    self.object(paths, into, cursor, depth, take)
                }
                None => cursor.skip(depth),
            },
            b'[' => {
                cursor.at += 1;
                self.array(paths, step, cursor, depth, take)
            }
            _ => {
                let value = cursor.word()?;
                // `null`, `true` and `false` are no values.
                if value.first().is_some_and(|byte| byte.is_ascii_digit() || *byte == b'-') {
                    step.slots.iter().for_each(|slot| take(*slot, value, false));
                }
                Some(())
            }
        }
    }

    fn array<'l>(
        &mut self,
        paths: &Paths,
        step: &Step,
        cursor: &mut Cursor<'l>,
        depth: usize,
        take: &mut impl FnMut(usize, &'l [u8], bool),
    ) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        cursor.blanks();
        if cursor.peek() == Some(b']') {
            cursor.at += 1;
            return Some(());
        }
        loop {
            match cursor.peek()? {
                b'"' => {
                    cursor.at += 1;
                    let (value, is_escaped) = cursor.string()?;
                    step.slots.iter().for_each(|slot| take(*slot, value, is_escaped));
                }
                b'{' if step.into.is_some() => {
                    cursor.at += 1;
                    self.object(paths, step.into.unwrap_or(0), cursor, depth, take)?;
                }
                b'{' => cursor.skip(depth)?,
                b'[' => {
                    cursor.at += 1;
                    self.array(paths, step, cursor, depth, take)?;
                }
                _ => {
                    let value = cursor.word()?;
                    if value.first().is_some_and(|byte| byte.is_ascii_digit() || *byte == b'-') {
                        step.slots.iter().for_each(|slot| take(*slot, value, false));
                    }
                }
            }
            cursor.blanks();
            match cursor.next()? {
                b',' => cursor.blanks(),
                b']' => return Some(()),
                _ => return None,
            }
        }
    }
}

struct Cursor<'l> {
    line: &'l [u8],
    at: usize,
}

/// Eight times a byte.
const fn eight(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// The high bit of each byte of a word that is this one; bytes behind the first may be wrong.
#[inline]
fn first(word: u64, byte: u8) -> u64 {
    let different = word ^ eight(byte);
    different.wrapping_sub(eight(1)) & !different & eight(0x80)
}

impl<'l> Cursor<'l> {
    #[inline]
    fn peek(&self) -> Option<u8> {
        self.line.get(self.at).copied()
    }

    #[inline]
    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    #[inline]
    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then_some(())
    }

    #[inline]
    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// What stands between the quotes, the first of which is passed, and whether a backslash is in it.
    #[inline]
    fn string(&mut self) -> Option<(&'l [u8], bool)> {
        let start = self.at;
        let mut is_escaped = false;
        loop {
            let at = self.quote()?;
            if self.line.get(at) == Some(&b'"') {
                self.at = at + 1;
                return Some((self.line.get(start..at)?, is_escaped));
            }
            is_escaped = true;
            self.at = at + 2;
        }
    }

    /// Where the next quote or backslash is.
    #[inline]
    fn quote(&self) -> Option<usize> {
        let mut at = self.at;
        while let Some(word) = self.line.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
            let word = u64::from_le_bytes(*word);
            let found = first(word, b'"') | first(word, b'\\');
            if found != 0 {
                return Some(at + (found.trailing_zeros() / 8) as usize);
            }
            at += 8;
        }
        let rest = self.line.get(at..)?;
        Some(at + rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))?)
    }

    /// A number or a word.
    #[inline]
    fn word(&mut self) -> Option<&'l [u8]> {
        let start = self.at;
        while !matches!(
            self.peek()?,
            b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n' | b'"' | b'{' | b'[' | b':'
        ) {
            self.at += 1;
        }
        self.line.get(start..self.at).filter(|word| !word.is_empty())
    }

    /// Passes over a value.
    #[inline]
    fn skip(&mut self, depth: usize) -> Option<()> {
        match self.peek()? {
            b'"' => {
                self.at += 1;
                self.string().map(drop)
            }
            b'{' | b'[' => self.skip_nested(depth),
            _ => self.word().map(drop),
        }
    }

    fn skip_nested(&mut self, depth: usize) -> Option<()> {
        let mut open = 0;
        loop {
            match self.next()? {
                b'"' => drop(self.string()?),
                b'{' | b'[' => {
                    open += 1;
                    if open > depth {
                        return None;
                    }
                }
                b'}' | b']' => {
                    open -= 1;
                    if open == 0 {
                        return Some(());
                    }
                }
                _ => {}
            }
        }
    }
}

/// Undoes the escapes of a string (RFC 8259 §7). What is no escape stays as it is; half a pair becomes U+FFFD.
pub(crate) fn decode(raw: &[u8], out: &mut Vec<u8>) {
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        out.extend_from_slice(rest.get(..at).unwrap_or(&[]));
        rest = rest.get(at + 1..).unwrap_or(&[]);
        let Some((sign, behind)) = rest.split_first() else {
            out.push(b'\\');
            break;
        };
        rest = behind;
        match sign {
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'"' | b'\\' | b'/' => out.push(*sign),
            b'u' => {
                let unit = |from: &[u8]| {
                    let digits = std::str::from_utf8(from.get(..4)?).ok()?;
                    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
                    u32::from_str_radix(digits, 16).ok().filter(|_| is_hex)
                };
                let Some(first) = unit(rest) else {
                    out.extend_from_slice(b"\\u");
                    continue;
                };
                rest = rest.get(4..).unwrap_or(&[]);
                let second =
                    rest.strip_prefix(b"\\u").and_then(unit).filter(|low| (0xDC00..0xE000).contains(low));
                let mut point = first;
                if let (0xD800..0xDC00, Some(low)) = (first, second) {
                    point = 0x10000 + ((first - 0xD800) << 10) + (low - 0xDC00);
                    rest = rest.get(6..).unwrap_or(&[]);
                }
                let character = char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER);
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
            other => out.extend_from_slice(&[b'\\', *other]),
        }
    }
    out.extend_from_slice(rest);
}
