//! Tokens of PDF (ISO 32000-1, 7.2).

use std::cell::Cell;
use std::ops::Range;

use crate::inspect::damage::Damage;

/// Bytes that may be looked at as tokens, all objects and all second looks together: the bound on time.
const MAX_WORK: u64 = 256 << 20;

/// What is left of the bound.
#[derive(Debug)]
pub(super) struct Work(Cell<u64>);

impl Work {
    pub(super) fn new() -> Self {
        Self(Cell::new(MAX_WORK))
    }

    pub(super) fn spend(&self, bytes: usize) -> Result<(), Damage> {
        match self.0.get().checked_sub(bytes as u64) {
            Some(left) => {
                self.0.set(left);
                Ok(())
            }
            None => Err(Damage::bomb("its objects take more steps to read than a document needs")),
        }
    }
}

/// A token; ranges are of the content, without delimiters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    DictOpen,
    DictClose,
    ListOpen,
    ListClose,
    Name(Range<usize>),
    Literal(Range<usize>),
    Hex(Range<usize>),
    /// A number or a keyword.
    Word(Range<usize>),
}

/// Reads tokens from a place on.
pub(super) struct Lexer<'d> {
    data: &'d [u8],
    pub(super) at: usize,
    work: &'d Work,
}

pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 0x0c | b'\r' | b' ')
}

fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

impl<'d> Lexer<'d> {
    pub(super) fn new(data: &'d [u8], at: usize, work: &'d Work) -> Self {
        Self { data, at: at.min(data.len()), work }
    }

    pub(super) fn word(&self, range: &Range<usize>) -> &'d [u8] {
        &self.data[range.clone()]
    }

    pub(super) fn next(&mut self) -> Result<Option<Token>, Damage> {
        let from = self.at;
        let token = self.token();
        self.work.spend(self.at - from + 1)?;
        Ok(token)
    }

    /// The next token as a whole number that is not negative.
    pub(super) fn number(&mut self) -> Result<Option<u64>, Damage> {
        Ok(match self.next()? {
            Some(Token::Word(word)) => unsigned(self.word(&word)),
            _ => None,
        })
    }

    /// Whether the next token is this keyword.
    pub(super) fn is_word(&mut self, wanted: &[u8]) -> Result<bool, Damage> {
        Ok(matches!(self.next()?, Some(Token::Word(word)) if self.word(&word) == wanted))
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.data.get(self.at + ahead).copied()
    }

    fn skip_space(&mut self) {
        while let Some(byte) = self.peek(0) {
            if byte == b'%' {
                while self.peek(0).is_some_and(|byte| byte != b'\n' && byte != b'\r') {
                    self.at += 1;
                }
            } else if is_space(byte) {
                self.at += 1;
            } else {
                return;
            }
        }
    }

    fn token(&mut self) -> Option<Token> {
        self.skip_space();
        let first = self.peek(0)?;
        let token = match (first, self.peek(1)) {
            (b'<', Some(b'<')) => self.sign(2, Token::DictOpen),
            (b'>', Some(b'>')) => self.sign(2, Token::DictClose),
            (b'[', _) => self.sign(1, Token::ListOpen),
            (b']', _) => self.sign(1, Token::ListClose),
            (b'/', _) => {
                self.at += 1;
                Token::Name(self.regular())
            }
            (b'(', _) => Token::Literal(self.literal()),
            (b'<', _) => Token::Hex(self.hex()),
            (b'>' | b')' | b'{' | b'}', _) => self.sign(1, Token::Word(self.at..self.at + 1)),
            _ => Token::Word(self.regular()),
        };
        Some(token)
    }

    fn sign(&mut self, bytes: usize, token: Token) -> Token {
        self.at += bytes;
        token
    }

    fn regular(&mut self) -> Range<usize> {
        let from = self.at;
        while self.peek(0).is_some_and(|byte| !is_space(byte) && !is_delimiter(byte)) {
            self.at += 1;
        }
        from..self.at
    }

    fn literal(&mut self) -> Range<usize> {
        self.at += 1;
        let (from, mut depth) = (self.at, 1_u64);
        while let Some(byte) = self.peek(0) {
            match byte {
                b'\\' => self.at += 1,
                b'(' => depth += 1,
                b')' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
            self.at += 1;
        }
        let end = self.at.min(self.data.len());
        self.at = (end + 1).min(self.data.len());
        from..end
    }

    fn hex(&mut self) -> Range<usize> {
        self.at += 1;
        let from = self.at;
        while self.peek(0).is_some_and(|byte| byte != b'>') {
            self.at += 1;
        }
        let end = self.at;
        self.at = (end + 1).min(self.data.len());
        from..end
    }
}

pub(super) fn unsigned(word: &[u8]) -> Option<u64> {
    std::str::from_utf8(word).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_each_sort_of_token() {
        let data = b"<</A 12/B(x(y\\)z)) /C<0a>>> % all\n[R]";
        let work = Work::new();
        let mut lexer = Lexer::new(data, 0, &work);
        let mut words = Vec::new();
        while let Some(token) = lexer.next().unwrap() {
            words.push(match token {
                Token::Name(range) | Token::Literal(range) | Token::Hex(range) | Token::Word(range) => {
                    String::from_utf8_lossy(&data[range]).into_owned()
                }
                sign => format!("{sign:?}"),
            });
        }
        let wanted =
            ["DictOpen", "A", "12", "B", "x(y\\)z)", "C", "0a", "DictClose", "ListOpen", "R", "ListClose"];
        assert_eq!(words, wanted);
    }

    #[test]
    fn texts_that_never_end_end_with_the_data() {
        for data in ["(", "(\\", "(a\\", "<", "<0", "/", "%", "((()", ">"] {
            let work = Work::new();
            let mut lexer = Lexer::new(data.as_bytes(), 0, &work);
            while lexer.next().unwrap().is_some() {}
            assert_eq!(lexer.at, data.len(), "{data}");
        }
    }
}
