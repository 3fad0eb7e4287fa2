//! The grammar between the pieces, one step for each border.

use super::matching::Progress;
use super::{Document, Error, Found, FoundPart, Refusal, Splitter};
use crate::{ErrorKind, Limits as ParseLimits, parse};

/// What comes next in the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// A document, or the end.
    BetweenDocuments,
    /// The rest of a line that is a document.
    Line,
    /// A name, or the end of the object if none was read.
    BeforeName,
    /// The rest of a name.
    Name,
    /// A colon.
    BeforeColon,
    /// The value of a member.
    BeforeValue,
    /// The rest of the value of a member.
    Value,
    /// A comma or the end of the object.
    AfterValue,
    /// An element, or the end of the array if none was read.
    BeforeElement,
    /// The rest of an element.
    Element,
    /// A comma or the end of the array.
    AfterElement,
    /// Nothing more: an error was met.
    Ended,
}

impl State {
    /// Whether `value_start` is where something begins whose bytes are needed.
    pub fn reads_value(self) -> bool {
        matches!(self, State::Line | State::Name | State::Value | State::Element)
    }
}

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The state or the place changed.
    Advanced,
    /// More bytes are needed.
    Starved,
}

impl Splitter {
    /// Goes to the next border, if it is there.
    pub(super) fn step(&mut self) -> Result<Step, Error> {
        let step = match self.state {
            State::BetweenDocuments => self.between_documents(),
            State::Line => self.line(),
            State::BeforeName => self.before_name(),
            State::Name => self.name(),
            State::BeforeColon => self.before_colon(),
            State::BeforeValue => self.before_value(),
            State::Value | State::Element => self.value(),
            State::AfterValue => self.after_value(),
            State::BeforeElement => self.before_element(),
            State::AfterElement => self.after_element(),
            State::Ended => Ok(Step::Starved),
        };
        self.hand_out_if_long()?;
        step
    }

    fn error(&self, kind: ErrorKind) -> Error {
        self.error_at(kind, self.input.position())
    }

    fn error_at(&self, kind: ErrorKind, offset: u64) -> Error {
        Error { kind, offset, line: self.input.line_at(offset) }
    }

    /// The step when the bytes are used up within a document.
    fn starved(&self) -> Result<Step, Error> {
        if self.input.finished {
            return Err(self.error_at(ErrorKind::UnexpectedEnd, self.input.end()));
        }
        Ok(Step::Starved)
    }

    /// Goes on after one byte.
    fn eat(&mut self, next: State) -> Result<Step, Error> {
        self.input.at += 1;
        self.state = next;
        Ok(Step::Advanced)
    }

    /// Stays at this byte, with which something begins.
    fn begin(&mut self, first: u8, next: State) -> Result<Step, Error> {
        self.matcher.begin(first);
        self.value_start = self.input.position();
        self.value_line = self.input.line();
        self.skipping = false;
        self.state = next;
        Ok(Step::Advanced)
    }

    fn between_documents(&mut self) -> Result<Step, Error> {
        if self.input.position() == 0
            && !self.input.finished
            && self.input.rest().len() < BYTE_ORDER_MARK.len()
        {
            return Ok(Step::Starved);
        }
        if self.input.position() == 0 && self.input.rest().starts_with(BYTE_ORDER_MARK) {
            return Err(self.error(ErrorKind::ByteOrderMark));
        }
        self.document.newline_before |= self.input.skip_white_space().contains(&b'\n');
        let Some(first) = self.input.peek() else { return Ok(Step::Starved) };
        if self.document.number >= self.limits.documents {
            return Err(self.error(ErrorKind::TrailingBytes));
        }
        self.document.start = self.input.position();
        self.document.line = self.input.line();
        match first {
            b'{' if self.document.follows_line && self.document.newline_before => {
                match self.input.rest().get(1) {
                    None if !self.input.finished => Ok(Step::Starved),
                    // An indented document after one that was not.
                    None | Some(b'\n' | b'\r') => self.begin_object(),
                    Some(_) => self.begin(first, State::Line),
                }
            }
            b'{' => self.begin_object(),
            b'[' => self.eat(State::BeforeElement),
            _ => self.begin(first, State::Line),
        }
    }

    fn begin_object(&mut self) -> Result<Step, Error> {
        self.document.object = true;
        self.document.undecided = true;
        self.eat(State::BeforeName)
    }

    fn line(&mut self) -> Result<Step, Error> {
        let line_end = memchr::memchr(b'\n', self.input.rest());
        self.input.at += line_end.unwrap_or(self.input.rest().len());
        let too_large = self.input.position() - self.value_start > self.limits.element_bytes as u64;
        self.refuse_if(too_large, Refusal::TooLarge, FoundPart::Document);
        if line_end.is_none() && !self.input.finished {
            return Ok(Step::Starved);
        }
        if !self.skipping {
            let line = self.input.slice(self.value_start, self.input.position());
            let space = line.iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r')).count();
            self.hand_out(FoundPart::Document, self.value_start, self.input.position() - space as u64, None);
        }
        self.end_document(true)
    }

    fn before_name(&mut self) -> Result<Step, Error> {
        self.input.skip_white_space();
        match self.input.peek() {
            Some(b'"') => self.begin(b'"', State::Name),
            Some(b'}') if self.document.members == 0 => self.end_object(),
            Some(_) => Err(self.error(ErrorKind::ExpectedKey)),
            None => self.starved(),
        }
    }

    fn name(&mut self) -> Result<Step, Error> {
        let progress = self.advance();
        let too_long = self.input.position() - self.value_start > self.limits.name_bytes as u64;
        if progress != Progress::Ended {
            if too_long {
                self.fault(ErrorKind::StringTooLong, 0)?;
            }
            return self.starved();
        }
        self.document.members += 1;
        self.document.name.clear();
        self.state = State::BeforeColon;
        if too_long {
            self.fault(ErrorKind::StringTooLong, 0)?;
        } else if let Err((kind, within)) = self.take_name() {
            self.fault(kind, within)?;
        }
        Ok(Step::Advanced)
    }

    /// Unescapes the name just read; the error comes with its offset within the name.
    fn take_name(&mut self) -> Result<(), (ErrorKind, usize)> {
        if self.document.members > self.limits.members {
            return Err((ErrorKind::TooManyMembers, 0));
        }
        let raw = self.input.slice(self.value_start, self.input.position());
        let limits = ParseLimits { bytes: usize::MAX, string_bytes: usize::MAX, ..ParseLimits::default() };
        let node = parse(raw, &limits).map_err(|error| (error.kind, error.offset))?;
        let name = node.as_str().unwrap_or_default();
        if !self.document.names.insert(name.to_owned()) {
            return Err((ErrorKind::DuplicateKey, 0));
        }
        name.clone_into(&mut self.document.name);
        Ok(())
    }

    /// Ends the stream for what is wrong with a name, or keeps that in mind while the document may be one piece.
    fn fault(&mut self, kind: ErrorKind, within_name: usize) -> Result<(), Error> {
        let error = self.error_at(kind, self.value_start + within_name as u64);
        if !self.document.undecided {
            return Err(error);
        }
        self.document.fault.get_or_insert(error);
        Ok(())
    }

    fn before_colon(&mut self) -> Result<Step, Error> {
        self.input.skip_white_space();
        match self.input.peek() {
            Some(b':') => self.eat(State::BeforeValue),
            Some(_) => Err(self.error(ErrorKind::ExpectedColon)),
            None => self.starved(),
        }
    }

    fn before_value(&mut self) -> Result<Step, Error> {
        self.input.skip_white_space();
        match self.input.peek() {
            Some(b'[') if self.document.name == self.array => {
                self.document.array_met = true;
                self.hand_out_held()?;
                self.eat(State::BeforeElement)
            }
            Some(b',' | b':' | b']' | b'}') => Err(self.error(ErrorKind::ExpectedValue)),
            Some(first) => self.begin(first, State::Value),
            None => self.starved(),
        }
    }

    fn before_element(&mut self) -> Result<Step, Error> {
        self.input.skip_white_space();
        match self.input.peek() {
            Some(b']') if self.document.element == 0 => self.end_array(),
            Some(b',' | b':' | b']' | b'}') => Err(self.error(ErrorKind::ExpectedValue)),
            Some(first) => self.begin(first, State::Element),
            None => self.starved(),
        }
    }

    /// Follows the value of a member, or an element.
    fn value(&mut self) -> Result<Step, Error> {
        let progress = self.advance();
        let element = self.state == State::Element;
        let limit = if element { self.limits.element_bytes } else { self.limits.member_bytes };
        // Length before depth: whichever limit is passed first in the stream is the one that is said.
        let too_large = self.input.position() - self.value_start > limit as u64;
        self.refuse_if(too_large, Refusal::TooLarge, self.part());
        self.refuse_if(progress == Progress::TooDeep, Refusal::TooDeep, self.part());
        match progress {
            Progress::TooDeep => return Ok(Step::Advanced),
            Progress::Starved => return self.starved(),
            Progress::Mismatched => return Err(self.error(ErrorKind::MismatchedBracket)),
            Progress::Ended => {}
        }
        if !self.skipping {
            self.hand_out(self.part(), self.value_start, self.input.position(), None);
        }
        self.document.element += u64::from(element);
        self.state = if element { State::AfterElement } else { State::AfterValue };
        Ok(Step::Advanced)
    }

    fn after_value(&mut self) -> Result<Step, Error> {
        self.input.skip_white_space();
        match self.input.peek() {
            Some(b',') => self.eat(State::BeforeName),
            Some(b'}') => self.end_object(),
            Some(_) => Err(self.error(ErrorKind::ExpectedCommaOrBrace)),
            None => self.starved(),
        }
    }

    fn after_element(&mut self) -> Result<Step, Error> {
        self.input.skip_white_space();
        match self.input.peek() {
            Some(b',') => self.eat(State::BeforeElement),
            Some(b']') => self.end_array(),
            Some(_) => Err(self.error(ErrorKind::ExpectedCommaOrBracket)),
            None => self.starved(),
        }
    }

    fn end_array(&mut self) -> Result<Step, Error> {
        if self.document.object {
            return self.eat(State::AfterValue);
        }
        self.input.at += 1;
        self.end_document(false)
    }

    fn end_object(&mut self) -> Result<Step, Error> {
        self.input.at += 1;
        self.hand_out_if_long()?;
        let (start, end) = (self.document.start, self.input.position());
        if self.document.undecided {
            self.document.undecided = false;
            self.document.held.clear();
            self.hand_out(FoundPart::Document, start, end, None);
            let one_line = memchr::memchr(b'\n', self.input.slice(start, end)).is_none();
            return self.end_document(one_line);
        }
        if !self.document.array_met {
            self.hand_out(FoundPart::Document, start, end, Some(Refusal::TooLarge));
        }
        self.end_document(false)
    }

    fn end_document(&mut self, follows_line: bool) -> Result<Step, Error> {
        self.document = Document { number: self.document.number + 1, follows_line, ..Document::default() };
        self.state = State::BetweenDocuments;
        Ok(Step::Advanced)
    }

    fn advance(&mut self) -> Progress {
        let mut at = self.input.at;
        let progress = self.matcher.advance(self.input.bytes(), &mut at);
        self.input.at = at;
        progress
    }

    /// What the value being read is.
    fn part(&self) -> FoundPart {
        match self.state {
            State::Element => FoundPart::Element(self.document.element),
            _ => FoundPart::Member(self.document.name.clone()),
        }
    }

    /// Reports the value being read, once, and lets its bytes go.
    fn refuse_if(&mut self, broken: bool, refusal: Refusal, part: FoundPart) {
        if broken && !self.skipping {
            self.skipping = true;
            self.hand_out(part, self.value_start, self.value_start, Some(refusal));
        }
    }

    /// Hands out a piece, or holds it while the document may turn out to be one piece.
    fn hand_out(&mut self, part: FoundPart, start: u64, end: u64, refusal: Option<Refusal>) {
        let is_document = matches!(part, FoundPart::Document);
        let line = if is_document { self.document.line } else { self.value_line };
        let found = Found { document: self.document.number, part, start, line, end, refusal };
        if !self.document.undecided {
            self.ready.push_back(found);
        } else if self.document.fault.is_none() {
            self.document.held.push_back(found);
        }
    }

    /// The document is not one piece: its members go out, up to a name that is wrong.
    fn hand_out_held(&mut self) -> Result<(), Error> {
        self.document.undecided = false;
        self.ready.append(&mut self.document.held);
        self.document.fault.take().map_or(Ok(()), Err)
    }

    /// A document that is too long to be one piece is not held any longer.
    fn hand_out_if_long(&mut self) -> Result<(), Error> {
        let length = self.input.position() - self.document.start;
        if self.document.undecided && length > self.limits.element_bytes as u64 {
            self.hand_out_held()?;
        }
        Ok(())
    }
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
