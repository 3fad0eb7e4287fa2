//! The tree that [`parse`](crate::parse) makes, and making one by hand.

use crate::Number;
use std::borrow::Cow;

/// A range of bytes in the input: `start..end`. Values made by hand have the empty span at 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The bytes of the input that this span covers; `None` when `input` is shorter than what was parsed.
    #[must_use]
    pub fn of<'i>(&self, input: &'i [u8]) -> Option<&'i [u8]> {
        input.get(self.start..self.end)
    }
}

/// A value and where it stood. Equality compares the places too; compare [`canonical`](crate::canonical()) forms to ask
/// whether two documents say the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Node<'a> {
    /// The value.
    pub value: Value<'a>,
    /// Its bytes in the input.
    pub span: Span,
}

/// A JSON value. Strings borrow from the input unless they held escapes.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as its text.
    Number(Number<'a>),
    /// A string.
    String(Cow<'a, str>),
    /// An array.
    Array(Vec<Node<'a>>),
    /// An object.
    Object(Object<'a>),
}

/// An object: its members in the order of the input, each name once.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Object<'a> {
    /// The members.
    pub members: Vec<Member<'a>>,
}

/// A member of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Member<'a> {
    /// The name, unescaped.
    pub key: Cow<'a, str>,
    /// Where the name stood, quotes included.
    pub key_span: Span,
    /// The value.
    pub node: Node<'a>,
}

impl<'a> Node<'a> {
    /// The text of a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        if let Value::String(text) = &self.value { Some(text) } else { None }
    }

    /// The truth of `true` or `false`.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        if let Value::Bool(truth) = self.value { Some(truth) } else { None }
    }

    /// The elements of an array.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Node<'a>]> {
        if let Value::Array(elements) = &self.value { Some(elements) } else { None }
    }

    /// The object.
    #[must_use]
    pub fn as_object(&self) -> Option<&Object<'a>> {
        if let Value::Object(object) = &self.value { Some(object) } else { None }
    }

    /// The number, with its text.
    #[must_use]
    pub fn as_number(&self) -> Option<&Number<'a>> {
        if let Value::Number(number) = &self.value { Some(number) } else { None }
    }

    /// The value of a number that is written without fraction and exponent.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        self.as_number().and_then(Number::as_i64)
    }

    /// The value of a number, as a double.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        self.as_number().map(Number::as_f64)
    }

    /// Whether it is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// The member of this object with that name; `None` also when this is no object.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node<'a>> {
        self.as_object().and_then(|object| object.get(key))
    }

    /// The kind of value, for messages: `null`, `boolean`, `number`, `string`, `array` or `object`.
    #[must_use]
    pub fn kind_name(&self) -> &'static str {
        self.value.kind_name()
    }

    /// The kind of value as a sentence has it: `an array`, `null`.
    #[must_use]
    pub fn a_kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        }
    }

    /// The same tree, borrowing nothing from the input. Spans stay.
    #[must_use]
    pub fn into_owned(self) -> Node<'static> {
        Node { value: self.value.into_owned(), span: self.span }
    }
}

impl<'a> Value<'a> {
    /// The kind of value, for messages: `null`, `boolean`, `number`, `string`, `array` or `object`.
    #[must_use]
    pub fn kind_name(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        }
    }

    /// The same value, borrowing nothing from the input.
    #[must_use]
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Value::Null => Value::Null,
            Value::Bool(truth) => Value::Bool(truth),
            Value::Number(number) => Value::Number(number.into_owned()),
            Value::String(text) => Value::String(Cow::Owned(text.into_owned())),
            Value::Array(elements) => Value::Array(elements.into_iter().map(Node::into_owned).collect()),
            Value::Object(object) => Value::Object(object.into_owned()),
        }
    }
}

impl<'a> Object<'a> {
    /// An object without members.
    #[must_use]
    pub fn new() -> Object<'a> {
        Object::default()
    }

    /// The value of the member with that name. The search is linear: objects are small, and large ones are iterated.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node<'a>> {
        self.members.iter().find(|member| member.key == key).map(|member| &member.node)
    }

    /// Whether there is a member with that name.
    #[must_use]
    pub fn contains_key(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// The members in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Member<'a>> {
        self.members.iter()
    }

    /// How many members there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Appends a member whose name is known to be new; [`set`](Object::set) when it may not be.
    pub fn push(&mut self, key: impl Into<Cow<'a, str>>, node: impl Into<Node<'a>>) {
        self.members.push(Member { key: key.into(), key_span: Span::default(), node: node.into() });
    }

    /// Gives a name a value: in the place of the old one, which is handed back, or at the end.
    pub fn set(&mut self, key: impl Into<Cow<'a, str>>, node: impl Into<Node<'a>>) -> Option<Node<'a>> {
        let key = key.into();
        if let Some(member) = self.members.iter_mut().find(|member| member.key == key) {
            return Some(std::mem::replace(&mut member.node, node.into()));
        }
        self.push(key, node);
        None
    }

    /// Takes a member out and hands back its value; the others keep their order.
    pub fn remove(&mut self, key: &str) -> Option<Node<'a>> {
        let at = self.members.iter().position(|member| member.key == key)?;
        Some(self.members.remove(at).node)
    }

    /// The same object, borrowing nothing from the input.
    #[must_use]
    pub fn into_owned(self) -> Object<'static> {
        let members = self.members.into_iter().map(Member::into_owned).collect();
        Object { members }
    }
}

impl<'o, 'a> IntoIterator for &'o Object<'a> {
    type Item = &'o Member<'a>;
    type IntoIter = std::slice::Iter<'o, Member<'a>>;

    fn into_iter(self) -> Self::IntoIter {
        self.members.iter()
    }
}

impl Member<'_> {
    /// The same member, borrowing nothing from the input.
    #[must_use]
    pub fn into_owned(self) -> Member<'static> {
        Member {
            key: Cow::Owned(self.key.into_owned()),
            key_span: self.key_span,
            node: self.node.into_owned(),
        }
    }
}

/// Whatever becomes a value becomes a node, with the empty span.
impl<'a, T> From<T> for Node<'a>
where
    Value<'a>: From<T>,
{
    fn from(value: T) -> Node<'a> {
        Node { value: Value::from(value), span: Span::default() }
    }
}

/// An array; the elements are anything that becomes a node.
impl<'a, T: Into<Node<'a>>> FromIterator<T> for Node<'a> {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Node<'a> {
        Node::from(elements.into_iter().map(Into::into).collect::<Vec<_>>())
    }
}

impl From<bool> for Value<'_> {
    fn from(truth: bool) -> Self {
        Value::Bool(truth)
    }
}

impl From<i32> for Value<'_> {
    fn from(number: i32) -> Self {
        Value::Number(Number { text: Cow::Owned(number.to_string()) })
    }
}

impl From<u32> for Value<'_> {
    fn from(number: u32) -> Self {
        Value::Number(Number { text: Cow::Owned(number.to_string()) })
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Value<'a> {
        Value::String(Cow::Borrowed(text))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Value::String(Cow::Owned(text))
    }
}

impl<'a> From<Cow<'a, str>> for Value<'a> {
    fn from(text: Cow<'a, str>) -> Value<'a> {
        Value::String(text)
    }
}

/// Whole numbers wider than 32 bits and doubles become a [`Number`] first, because not all of them fit I-JSON.
impl<'a> From<Number<'a>> for Value<'a> {
    fn from(number: Number<'a>) -> Value<'a> {
        Value::Number(number)
    }
}

impl<'a> From<Vec<Node<'a>>> for Value<'a> {
    fn from(elements: Vec<Node<'a>>) -> Value<'a> {
        Value::Array(elements)
    }
}

impl<'a> From<Object<'a>> for Value<'a> {
    fn from(object: Object<'a>) -> Value<'a> {
        Value::Object(object)
    }
}
