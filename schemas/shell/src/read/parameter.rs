//! What begins with a dollar sign or a backquote.

use super::word::Until;
use super::{Read, Reader};
use crate::syntax::{Name, Operation, Parameter, Piece, Replaced, Word};
use crate::text::{Part, Why};
use std::rc::Rc;

impl Reader<'_> {
    /// An expansion that begins with `$` or a backquote; plain text when it is none.
    pub(super) fn dollar(&mut self, quoted: bool) -> Read<Piece> {
        if self.byte() == Some(b'`') {
            return self.backquotes(quoted);
        }
        self.nested(|reader| {
            reader.at += 1;
            if reader.take("{{") {
                return reader.run_template();
            }
            if reader.take("{") {
                return reader.braces(quoted);
            }
            if reader.take("(") {
                return reader.parentheses();
            }
            if !quoted && reader.take("'") {
                return reader.ansi_quotes();
            }
            // `$"…"`: the quotes follow by themselves.
            if !quoted && reader.starts("\"") {
                return Ok(Piece::Quoted(String::new()));
            }
            if reader.take("[") {
                return Ok(Piece::Arithmetic(reader.arithmetic("]")?));
            }
            Ok(match reader.name(false) {
                Some(name) => Piece::Parameter(Box::new(Parameter {
                    name,
                    indirect: false,
                    operation: Operation::None,
                })),
                None => Piece::Text("$".to_owned()),
            })
        })
    }

    /// `${{ … }}` of a CI file; no shell reads it.
    fn run_template(&mut self) -> Read<Piece> {
        let Some(length) = self.rest().find("}}") else {
            return Err(self.fault("a `${{` without its `}}`"));
        };
        let text = format!("${{{{{}}}}}", &self.rest()[..length]);
        self.at += length + 2;
        Ok(Piece::Symbol(Part::Unknown(Why::Template(text))))
    }

    /// `$(…)` or `$((…))`, the first parenthesis taken.
    fn parentheses(&mut self) -> Read<Piece> {
        if self.byte() == Some(b'(') {
            let (start, counted) = (self.at, self.counted);
            self.at += 1;
            match self.arithmetic("))") {
                Ok(expression) => return Ok(Piece::Arithmetic(expression)),
                Err(fault) if fault.what == "nested too deep" => return Err(fault),
                Err(_) => (self.at, self.counted) = (start, counted),
            }
        }
        let list = self.list()?;
        self.expect(")", "a `$(` without its `)`")?;
        Ok(Piece::Substitution(Rc::new(list)))
    }

    /// A command between backquotes; a backslash in it protects a backquote, a dollar sign or itself.
    pub(super) fn backquotes(&mut self, quoted: bool) -> Read<Piece> {
        let line = self.line();
        self.at += 1;
        let mut inner = String::new();
        loop {
            match self.byte() {
                None => return Err(self.fault("a backquote without its end")),
                Some(b'`') => break,
                Some(b'\\')
                    if matches!(self.byte_after(1), Some(b'`' | b'\\' | b'$'))
                        || quoted && self.byte_after(1) == Some(b'"') =>
                {
                    self.at += 1;
                }
                Some(_) => {}
            }
            inner.push_str(self.character());
        }
        self.at += 1;
        let list = self.nested(|reader| reader.inside(&inner, line).script())?;
        Ok(Piece::Substitution(Rc::new(list)))
    }

    /// `$'…'`, the first quote taken.
    fn ansi_quotes(&mut self) -> Read<Piece> {
        let mut text = String::new();
        loop {
            match self.byte() {
                None => return Err(self.fault("a quote without its end")),
                Some(b'\'') => break,
                Some(b'\\') => {
                    self.at += 1;
                    self.ansi_escape(&mut text);
                }
                Some(_) => text.push_str(self.character()),
            }
        }
        self.at += 1;
        // A NUL ends the text.
        text.truncate(text.find('\0').unwrap_or(text.len()));
        Ok(match self.literal_pieces(&text).as_mut_slice() {
            [Piece::Quoted(text)] => Piece::Quoted(std::mem::take(text)),
            pieces => Piece::Double(pieces.to_vec()),
        })
    }

    fn ansi_escape(&mut self, text: &mut String) {
        let escape = self.character().to_owned();
        match escape.as_str() {
            "a" => text.push('\x07'),
            "b" => text.push('\x08'),
            "e" | "E" => text.push('\x1b'),
            "f" => text.push('\x0c'),
            "n" => text.push('\n'),
            "r" => text.push('\r'),
            "t" => text.push('\t'),
            "v" => text.push('\x0b'),
            "x" => self.coded(text, 16, 2),
            "u" => self.coded(text, 16, 4),
            "U" => self.coded(text, 16, 8),
            "c" => {
                let control = self.character().bytes().next().unwrap_or_default();
                text.push(char::from(control & 0x1f));
            }
            "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" => {
                self.at -= 1;
                self.coded(text, 8, 3);
            }
            "\\" | "'" | "\"" | "?" => text.push_str(&escape),
            other => {
                text.push('\\');
                text.push_str(other);
            }
        }
    }

    fn coded(&mut self, text: &mut String, radix: u32, digits: usize) {
        let (mut code, mut count) = (0u32, 0);
        while count < digits {
            let Some(digit) = self.byte().and_then(|byte| char::from(byte).to_digit(radix)) else { break };
            code = code.wrapping_mul(radix) + digit;
            self.at += 1;
            count += 1;
        }
        if count > 0 {
            let code = if radix == 8 { code & 0xff } else { code };
            text.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
    }

    /// A name or a special parameter; in braces a number may have several digits.
    fn name(&mut self, braces: bool) -> Option<Name> {
        let rest = self.rest();
        let first = self.byte()?;
        if first == b'_' || first.is_ascii_alphabetic() {
            let length = rest
                .bytes()
                .position(|byte| byte != b'_' && !byte.is_ascii_alphanumeric())
                .unwrap_or(rest.len());
            self.at += length;
            let name = &rest[..length];
            return Some(if name == "_" { Name::Special('_') } else { Name::Variable(name.to_owned()) });
        }
        if first.is_ascii_digit() {
            let digits = if braces { rest.bytes().take_while(u8::is_ascii_digit).count() } else { 1 };
            self.at += digits;
            let number = rest[..digits].parse().unwrap_or(usize::MAX);
            return Some(if number == 0 { Name::Special('0') } else { Name::Positional(number) });
        }
        let name = match first {
            b'@' | b'*' => Name::All(char::from(first)),
            b'#' | b'?' | b'$' | b'!' | b'-' => Name::Special(char::from(first)),
            _ => return None,
        };
        self.at += 1;
        Some(name)
    }

    /// `${…}`, the brace taken.
    fn braces(&mut self, quoted: bool) -> Read<Piece> {
        // `${ list; }` and `${| list; }` of bash 5.3 and ksh.
        if matches!(self.byte(), Some(b' ' | b'\t' | b'\n' | b'|')) {
            self.at += 1;
            let list = self.list()?;
            self.expect("}", "a `${` without its `}`")?;
            return Ok(Piece::Substitution(Rc::new(list)));
        }
        let start = self.at;
        let length =
            self.starts("#") && !matches!(self.byte_after(1), None | Some(b'}' | b':' | b'#' | b'%'));
        if length {
            self.at += 1;
        }
        let indirect = !length && self.starts("!") && !matches!(self.byte_after(1), Some(b'}' | b':'));
        if indirect {
            self.at += 1;
        }
        let Some(name) = self.name(true) else { return self.not_modelled(start) };
        let operation = self.operation(quoted, length, indirect)?;
        if !self.take("}") {
            return self.not_modelled(start);
        }
        Ok(Piece::Parameter(Box::new(Parameter { name, indirect, operation })))
    }

    /// A bad substitution, or one that is not modelled: skipped up to its brace.
    fn not_modelled(&mut self, start: usize) -> Read<Piece> {
        self.pieces(Until::Brace { quoted: false })?;
        let text = format!("${{{}}}", &self.text[start..self.at]);
        self.expect("}", "a `${` without its `}`")?;
        Ok(Piece::Symbol(Part::Unknown(Why::Expansion(text))))
    }

    fn operation(&mut self, quoted: bool, length: bool, indirect: bool) -> Read<Operation> {
        if self.take("[") {
            let all = ['@', '*'].into_iter().find(|all| self.starts(&format!("{all}]")));
            if let Some(all) = all {
                self.at += 2;
                if indirect && self.starts("}") {
                    return Ok(Operation::Keys);
                }
                return Ok(Operation::Elements(all, Box::new(self.simple_operation(quoted, length)?)));
            }
            let key = self.arithmetic("]")?;
            return Ok(Operation::Element(key, Box::new(self.simple_operation(quoted, length)?)));
        }
        self.simple_operation(quoted, length)
    }

    fn simple_operation(&mut self, quoted: bool, length: bool) -> Read<Operation> {
        if length {
            return Ok(Operation::Length);
        }
        let colon = self.starts(":") && matches!(self.byte_after(1), Some(b'-' | b'=' | b'?' | b'+'));
        if colon {
            self.at += 1;
        }
        let Some(operator) = self.byte() else { return Ok(Operation::None) };
        match operator {
            b'}' => return Ok(Operation::None),
            b'-' | b'=' | b'?' | b'+' => {
                self.at += 1;
                let word = self.until_brace(quoted)?;
                return Ok(Operation::Test { operator: char::from(operator), colon, word });
            }
            b'#' | b'%' => {
                self.at += 1;
                let longest = self.byte() == Some(operator);
                self.at += usize::from(longest);
                let pattern = self.until_brace(false)?;
                return Ok(Operation::Remove { end: operator == b'%', longest, pattern });
            }
            b'/' => return self.replacement(),
            b':' => return self.slice(),
            b'^' | b',' => {
                self.at += 1;
                let all = self.byte() == Some(operator);
                self.at += usize::from(all);
                if self.starts("}") {
                    return Ok(Operation::Case { upper: operator == b'^', all });
                }
            }
            _ => {}
        }
        if let (b'@', Some(letter), Some(b'}')) = (operator, self.byte_after(1), self.byte_after(2))
            && letter.is_ascii_alphabetic()
        {
            self.at += 2;
            return Ok(Operation::Transform(char::from(letter)));
        }
        Ok(Operation::Other(self.until_brace(quoted)?))
    }

    fn until_brace(&mut self, quoted: bool) -> Read<Word> {
        Ok(Word { pieces: self.pieces(Until::Brace { quoted })? })
    }

    fn replacement(&mut self) -> Read<Operation> {
        self.at += 1;
        let which = if self.take("/") {
            Replaced::All
        } else if self.take("#") {
            Replaced::Prefix
        } else if self.take("%") {
            Replaced::Suffix
        } else {
            Replaced::First
        };
        let pattern = Word { pieces: self.pieces(Until::Slash { quoted: false })? };
        let with = if self.take("/") { self.until_brace(false)? } else { Word::default() };
        Ok(Operation::Replace { which, pattern, with })
    }

    /// `:offset` and `:offset:length`, as words that hold an expression.
    fn slice(&mut self) -> Read<Operation> {
        self.at += 1;
        let offset = self.bound()?;
        let length = if self.take(":") { Some(self.bound()?) } else { None };
        Ok(Operation::Slice { offset, length })
    }

    /// An expression up to a colon or a brace that is not its own.
    fn bound(&mut self) -> Read<Word> {
        let (mut pieces, mut text, mut open) = (Vec::new(), String::new(), 0usize);
        loop {
            match self.byte() {
                None => return Err(self.fault("a `${` without its `}`")),
                Some(b':' | b'}') if open == 0 => break,
                Some(b'(' | b'?') => open += 1,
                Some(b')' | b':') => open = open.saturating_sub(1),
                Some(b'$' | b'`') => {
                    pieces.push(Piece::Text(std::mem::take(&mut text)));
                    pieces.push(self.dollar(true)?);
                    continue;
                }
                Some(_) => {}
            }
            text.push_str(self.character());
        }
        pieces.push(Piece::Text(text));
        Ok(Word { pieces })
    }
}
