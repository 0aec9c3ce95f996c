//! Text in, syntax out: a reader for what POSIX shells and bash read.
//!
//! It goes over the text once, from left to right, and takes somewhat more than a shell does: what no shell takes never runs.
//! Nesting is bounded, so neither the reader nor what walks its result can use up the stack.

mod brace;
mod compound;
mod parameter;
mod simple;
mod word;

use crate::syntax::{Item, Join, List, Pipeline, Word};
use crate::text::Part;
use std::cell::OnceCell;
use std::rc::Rc;

/// Most commands, substitutions and expansions inside each other.
pub(crate) const MAX_DEPTH: usize = 50;

/// Characters that stand for symbols in text which is read again; see [`crate::again`].
pub(crate) const FIRST_SYMBOL: u32 = 0xF_0000;

/// Why a text is no script.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct Fault {
    /// The line, from 1.
    pub line: usize,
    /// What was seen.
    pub what: &'static str,
}

type Read<T> = Result<T, Fault>;

/// A here-document whose text is still to come.
#[derive(Debug)]
struct Pending {
    end: String,
    strip_tabs: bool,
    literal: bool,
    body: Rc<OnceCell<Word>>,
}

/// A place in a text.
#[derive(Debug)]
pub(crate) struct Reader<'t> {
    text: &'t str,
    at: usize,
    symbols: &'t [Part],
    pending: Vec<Pending>,
    depth: usize,
    first_line: usize,
    /// A place and its line, so that lines are counted once.
    counted: (usize, usize),
}

impl<'t> Reader<'t> {
    /// A reader of `text`; `symbols` are what its symbol characters stand for.
    pub(crate) fn new(text: &'t str, symbols: &'t [Part]) -> Self {
        Self { text, at: 0, symbols, pending: Vec::new(), depth: 0, first_line: 1, counted: (0, 1) }
    }

    /// Reads the whole text.
    pub(crate) fn script(mut self) -> Read<List> {
        let list = self.list()?;
        if self.at < self.text.len() {
            return Err(self.fault("a word or an operator that does not belong here"));
        }
        Ok(list)
    }

    fn fault(&mut self, what: &'static str) -> Fault {
        Fault { line: self.line(), what }
    }

    fn line(&mut self) -> usize {
        let (at, line) = self.counted;
        let (at, line) = if at <= self.at { (at, line) } else { (0, self.first_line) };
        let newlines = self.text.as_bytes()[at..self.at].iter().filter(|&&byte| byte == b'\n').count();
        self.counted = (self.at, line + newlines);
        line + newlines
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn byte_after(&self, count: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + count).copied()
    }

    fn starts(&self, with: &str) -> bool {
        self.rest().starts_with(with)
    }

    /// Takes `text` when it stands here.
    fn take(&mut self, text: &str) -> bool {
        let here = self.starts(text);
        if here {
            self.at += text.len();
        }
        here
    }

    fn expect(&mut self, text: &str, what: &'static str) -> Read<()> {
        if self.take(text) { Ok(()) } else { Err(self.fault(what)) }
    }

    /// Runs `read` one level deeper.
    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        if self.depth >= MAX_DEPTH {
            return Err(self.fault("nested too deep"));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// Blanks, line continuations and a comment.
    fn skip_blanks(&mut self) {
        loop {
            match self.byte() {
                Some(b' ' | b'\t') => self.at += 1,
                Some(b'\\') if self.byte_after(1) == Some(b'\n') => self.at += 2,
                Some(b'#') => {
                    self.at += self.rest().find('\n').unwrap_or(self.rest().len());
                    return;
                }
                _ => return,
            }
        }
    }

    fn skip_blanks_and_newlines(&mut self) -> Read<()> {
        loop {
            self.skip_blanks();
            if self.byte() != Some(b'\n') {
                return Ok(());
            }
            self.newline()?;
        }
    }

    /// Takes a line feed, and the here-documents that begin after it.
    fn newline(&mut self) -> Read<()> {
        self.at += 1;
        for pending in std::mem::take(&mut self.pending) {
            self.here_document(&pending)?;
        }
        Ok(())
    }

    fn here_document(&mut self, pending: &Pending) -> Read<()> {
        let first_line = self.line();
        let (mut body, mut joined) = (String::new(), String::new());
        while self.at < self.text.len() {
            let length = self.rest().find('\n');
            let line = &self.rest()[..length.unwrap_or(self.rest().len())];
            self.at += line.len() + usize::from(length.is_some());
            let line = if pending.strip_tabs { line.trim_start_matches('\t') } else { line };
            // A line that is continued is one line with the next, for some shells before they look for the end.
            let continues = !pending.literal && ends_in_escape(line);
            let uncertain = !joined.is_empty();
            joined.push_str(line);
            if uncertain && (line == pending.end || joined == pending.end) {
                return Err(self.fault("a here-document whose end is not certain"));
            }
            if line == pending.end {
                break;
            }
            match continues {
                true => _ = joined.pop(),
                false => joined.clear(),
            }
            body.push_str(line);
            body.push('\n');
        }
        let word = if pending.literal {
            Word { pieces: vec![crate::syntax::Piece::Double(self.literal_pieces(&body))] }
        } else {
            self.inside(&body, first_line).nested(Reader::here_text)?
        };
        // Each document is read once; the cell is still empty.
        let _ = pending.body.set(word);
        Ok(())
    }

    /// A reader of text that was taken out of this one, where `line` is its first line.
    fn inside<'u>(&self, text: &'u str, line: usize) -> Reader<'u>
    where
        't: 'u,
    {
        Reader { depth: self.depth, first_line: line, counted: (0, line), ..Reader::new(text, self.symbols) }
    }

    /// Commands up to something that ends them: the end, `)`, `;;` or a closing word.
    fn list(&mut self) -> Read<List> {
        self.nested(|reader| {
            let mut items = Vec::new();
            loop {
                reader.skip_blanks_and_newlines()?;
                if reader.at_end_of_list() {
                    return Ok(List { items });
                }
                let mut item = reader.item()?;
                reader.skip_blanks();
                match reader.byte() {
                    Some(b';') if !matches!(reader.byte_after(1), Some(b';' | b'&')) => reader.at += 1,
                    Some(b'&') => {
                        item.background = true;
                        reader.at += 1;
                    }
                    Some(b'\n') => {}
                    _ if reader.at_end_of_list() => {}
                    _ => return Err(reader.fault("a word or an operator that does not belong here")),
                }
                items.push(item);
            }
        })
    }

    fn at_end_of_list(&self) -> bool {
        match self.byte() {
            None | Some(b')') => true,
            Some(b';') => matches!(self.byte_after(1), Some(b';' | b'&')),
            Some(b'}' | b't' | b'd' | b'f' | b'e') => {
                matches!(self.bare_word(), "}" | "then" | "do" | "done" | "fi" | "else" | "elif" | "esac")
            }
            _ => false,
        }
    }

    fn item(&mut self) -> Read<Item> {
        let first = self.pipeline()?;
        let mut rest = Vec::new();
        loop {
            self.skip_blanks();
            let join = if self.take("&&") {
                Join::And
            } else if self.take("||") {
                Join::Or
            } else {
                return Ok(Item { first, rest, background: false });
            };
            self.skip_blanks_and_newlines()?;
            rest.push((join, self.pipeline()?));
        }
    }

    fn pipeline(&mut self) -> Read<Pipeline> {
        let (mut negated, mut timed) = (false, false);
        loop {
            self.skip_blanks();
            match self.bare_word() {
                "!" => {
                    self.at += 1;
                    negated = !negated;
                }
                "time" => {
                    self.at += 4;
                    timed = true;
                    self.skip_blanks();
                    for option in ["-p", "--"] {
                        if self.bare_word() == option {
                            self.at += 2;
                            self.skip_blanks();
                        }
                    }
                }
                _ => break,
            }
        }
        let mut stages = Vec::new();
        loop {
            stages.push(self.stage()?);
            self.skip_blanks();
            if self.starts("||") || !self.take("|") {
                return Ok(Pipeline { negated, timed, stages });
            }
            self.take("&");
            self.skip_blanks_and_newlines()?;
        }
    }

    /// The characters up to the next blank or operator, when none of them quotes or expands.
    fn bare_word(&self) -> &'t str {
        let rest = self.rest();
        let end = rest.bytes().position(ends_word).unwrap_or(rest.len());
        &rest[..end]
    }
}

/// Whether a backslash that nothing protects stands at the end.
fn ends_in_escape(line: &str) -> bool {
    line.bytes().rev().take_while(|&byte| byte == b'\\').count() % 2 == 1
}

/// Whether the byte ends an unquoted word.
fn ends_word(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')')
}

/// Whether it is a name of a variable.
pub(crate) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.as_bytes()[0].is_ascii_digit()
        && text.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
}
