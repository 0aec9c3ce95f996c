//! Words: quotes, escapes and the expansions in them.

use super::{FIRST_SYMBOL, Read, Reader, ends_word, is_name};
use crate::syntax::{Piece, Word};
use crate::text::{Part, Why};
use std::rc::Rc;

/// What ends a run of pieces, and with it which characters mean something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// A word of a command.
    Word,
    /// What is assigned: a word in which a tilde may follow a colon.
    Value,
    /// `}`: a word in `${…}`, and whether the whole stands in double quotes.
    Brace { quoted: bool },
    /// `/` or `}`: a pattern in `${…/…/…}`.
    Slash { quoted: bool },
    /// The `"` that closes.
    Double,
    /// The end of a here-document.
    End,
}

impl Until {
    fn quoted(self) -> bool {
        matches!(self, Self::Double | Self::End | Self::Brace { quoted: true } | Self::Slash { quoted: true })
    }

    fn ends(self, byte: u8) -> bool {
        match self {
            Self::Word | Self::Value => ends_word(byte),
            Self::Brace { .. } => byte == b'}',
            Self::Slash { .. } => matches!(byte, b'}' | b'/'),
            Self::Double => byte == b'"',
            Self::End => false,
        }
    }

    /// Whether the byte may mean more than itself.
    fn special(self, byte: u8) -> bool {
        self.ends(byte)
            // 0xF3 leads the characters that stand for symbols.
            || matches!(byte, b'\\' | b'$' | b'`' | b'"' | 0xF3)
            || !self.quoted() && matches!(byte, b'\'' | b'~' | b'(' | b'{')
    }
}

/// Pieces in the making.
#[derive(Default)]
struct Pieces {
    done: Vec<Piece>,
    /// Unquoted characters not yet in `done`.
    text: String,
}

impl Pieces {
    fn piece(&mut self, piece: Piece) {
        self.flush();
        self.done.push(piece);
    }

    fn quoted(&mut self, text: &str) {
        self.flush();
        match self.done.last_mut() {
            Some(Piece::Quoted(last)) => last.push_str(text),
            _ => self.done.push(Piece::Quoted(text.to_owned())),
        }
    }

    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.done.push(Piece::Text(std::mem::take(&mut self.text)));
        }
    }

    fn literal(&mut self, text: &str, quoted: bool) {
        if quoted { self.quoted(text) } else { self.text.push_str(text) }
    }

    /// A tilde means something at the start, after `name=` and, in what is assigned, after a colon.
    fn tilde_may_follow(&self, until: Until) -> bool {
        if !self.done.is_empty() {
            return until == Until::Value && self.text.ends_with(':');
        }
        match until {
            Until::Value => self.text.is_empty() || self.text.ends_with(':'),
            _ => self.text.is_empty() || self.text.strip_suffix('=').is_some_and(is_name),
        }
    }
}

impl Reader<'_> {
    /// A word of a command; without pieces when none stands here.
    pub(super) fn plain_word(&mut self) -> Read<Word> {
        Ok(Word { pieces: self.pieces(Until::Word)? })
    }

    /// What is assigned; may be empty.
    pub(super) fn value(&mut self) -> Read<Word> {
        Ok(Word { pieces: self.pieces(Until::Value)? })
    }

    /// The whole text as the text of a here-document.
    pub(super) fn here_text(&mut self) -> Read<Word> {
        Ok(Word { pieces: vec![Piece::Double(self.pieces(Until::End)?)] })
    }

    /// The character here, which is taken.
    pub(super) fn character(&mut self) -> &str {
        let length = self.rest().chars().next().map_or(0, char::len_utf8);
        self.at += length;
        &self.text[self.at - length..self.at]
    }

    pub(super) fn pieces(&mut self, until: Until) -> Read<Vec<Piece>> {
        let mut pieces = Pieces::default();
        loop {
            let rest = self.rest();
            let plain = rest.bytes().position(|byte| until.special(byte)).unwrap_or(rest.len());
            if plain > 0 {
                pieces.literal(&rest[..plain], until.quoted());
                self.at += plain;
            }
            let Some(byte) = self.byte() else {
                if matches!(until, Until::Double | Until::Brace { .. } | Until::Slash { .. }) {
                    return Err(self.fault("a quote or a brace without its end"));
                }
                break;
            };
            if matches!(byte, b'<' | b'>') && until == Until::Word && self.byte_after(1) == Some(b'(') {
                self.at += 2;
                let list = self.list()?;
                self.expect(")", "a `<(` without its `)`")?;
                pieces.piece(Piece::Process(Rc::new(list), byte == b'<'));
            } else if byte == b'(' && self.extended_pattern(&mut pieces, until)? {
            } else if until.ends(byte) {
                break;
            } else {
                self.special(byte, until, &mut pieces)?;
            }
        }
        pieces.flush();
        Ok(pieces.done)
    }

    fn special(&mut self, byte: u8, until: Until, pieces: &mut Pieces) -> Read<()> {
        let quoted = until.quoted();
        match byte {
            b'\\' => self.backslash(until, pieces),
            b'$' => {
                let piece = self.dollar(quoted)?;
                match piece {
                    Piece::Text(text) => pieces.literal(&text, quoted),
                    piece => pieces.piece(piece),
                }
            }
            b'`' => {
                let piece = self.backquotes(quoted)?;
                pieces.piece(piece);
            }
            b'"' if until == Until::End => {
                pieces.quoted("\"");
                self.at += 1;
            }
            b'"' => {
                self.at += 1;
                let piece = self.double_quotes()?;
                match piece {
                    Piece::Quoted(text) => pieces.quoted(&text),
                    piece => pieces.piece(piece),
                }
            }
            b'\'' => {
                self.at += 1;
                let Some(length) = self.rest().find('\'') else {
                    return Err(self.fault("a quote without its end"));
                };
                let text = &self.rest()[..length];
                self.literal_pieces(text).into_iter().for_each(|piece| match piece {
                    Piece::Quoted(text) => pieces.quoted(&text),
                    piece => pieces.piece(Piece::Double(vec![piece])),
                });
                self.at += length + 1;
            }
            b'~' if pieces.tilde_may_follow(until) => self.tilde(until, pieces),
            b'{' if self.template(pieces)? => {}
            0xF3 => self.symbol(quoted, pieces),
            _ => {
                let text = self.character().to_owned();
                pieces.literal(&text, quoted);
            }
        }
        Ok(())
    }

    fn backslash(&mut self, until: Until, pieces: &mut Pieces) {
        self.at += 1;
        let Some(next) = self.byte() else {
            pieces.quoted("\\");
            return;
        };
        let escapes = match until {
            Until::Double => matches!(next, b'$' | b'`' | b'"' | b'\\'),
            Until::End => matches!(next, b'$' | b'`' | b'\\'),
            Until::Brace { quoted: true } | Until::Slash { quoted: true } => {
                matches!(next, b'$' | b'`' | b'"' | b'\\' | b'}' | b'/')
            }
            _ => true,
        };
        if next == b'\n' {
            self.at += 1;
        } else if escapes {
            let text = self.character().to_owned();
            pieces.quoted(&text);
        } else {
            pieces.quoted("\\");
        }
    }

    /// What stands between double quotes, the first taken.
    fn double_quotes(&mut self) -> Read<Piece> {
        let mut inner = self.nested(|reader| reader.pieces(Until::Double))?;
        self.at += 1;
        Ok(match inner.as_mut_slice() {
            [] => Piece::Quoted(String::new()),
            [Piece::Quoted(text)] => Piece::Quoted(std::mem::take(text)),
            _ => Piece::Double(inner),
        })
    }

    fn tilde(&mut self, until: Until, pieces: &mut Pieces) {
        let rest = &self.rest()[1..];
        let length = rest
            .bytes()
            .position(|byte| !(byte.is_ascii_alphanumeric() || b"._+-".contains(&byte)))
            .unwrap_or(rest.len());
        let ends = match rest.as_bytes().get(length) {
            None | Some(b'/') => true,
            Some(b':') if until == Until::Value => true,
            Some(&byte) => until.ends(byte),
        };
        if ends {
            pieces.piece(Piece::Tilde(rest[..length].to_owned()));
            self.at += 1 + length;
        } else {
            pieces.text.push('~');
            self.at += 1;
        }
    }

    /// `{{ … }}` of a template language: what it becomes is not known. A shell that gets it as it is must see no command in it.
    fn template(&mut self, pieces: &mut Pieces) -> Read<bool> {
        let rest = self.rest();
        if !rest.starts_with("{{ ") {
            return Ok(false);
        }
        let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
        let Some(length) = line.find("}}") else { return Ok(false) };
        if line[..length].contains([';', '&', '|', '(', ')', '<', '>', '`', '$', '#', '\\', '\'', '"']) {
            return Err(self.fault("a template that a shell would read as commands"));
        }
        pieces.piece(Piece::Symbol(Part::Unknown(Why::Template(line[..length + 2].to_owned()))));
        self.at += length + 2;
        Ok(true)
    }

    fn symbol(&mut self, quoted: bool, pieces: &mut Pieces) {
        let character = self.character().chars().next().map_or(0, u32::from);
        let index = character.wrapping_sub(FIRST_SYMBOL) as usize;
        match self.symbols.get(index) {
            // A character of the text itself, which looked like a symbol.
            Some(Part::Text(text)) => pieces.literal(text, quoted),
            Some(part) => pieces.piece(Piece::Symbol(part.clone())),
            None => {
                let text = char::from_u32(character).map(String::from).unwrap_or_default();
                pieces.literal(&text, quoted);
            }
        }
    }

    /// Quoted text as it stands, but for symbols.
    pub(super) fn literal_pieces(&self, text: &str) -> Vec<Piece> {
        let (mut pieces, mut plain) = (Vec::new(), String::new());
        for character in text.chars() {
            let index = u32::from(character).wrapping_sub(FIRST_SYMBOL) as usize;
            match self.symbols.get(index) {
                Some(Part::Text(text)) => plain.push_str(text),
                Some(part) => {
                    pieces.push(Piece::Quoted(std::mem::take(&mut plain)));
                    pieces.push(Piece::Symbol(part.clone()));
                }
                None => plain.push(character),
            }
        }
        pieces.push(Piece::Quoted(plain));
        pieces
    }

    /// `@(a|b)` and its like: a pattern that may match anything.
    fn extended_pattern(&mut self, pieces: &mut Pieces, until: Until) -> Read<bool> {
        if until != Until::Word || !pieces.text.ends_with(['@', '?', '*', '+', '!']) {
            return Ok(false);
        }
        self.at += 1;
        let pattern = self.arithmetic(")")?;
        pieces.text.pop();
        pieces.piece(Piece::Symbol(Part::Glob("*".to_owned())));
        // Commands in the pattern run.
        for piece in pattern.pieces {
            if matches!(piece, Piece::Substitution(_)) {
                pieces.piece(piece);
            }
        }
        Ok(true)
    }
}
