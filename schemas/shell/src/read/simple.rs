//! Simple commands: assignments, words and redirections.

use super::{Pending, Read, Reader, is_name};
use crate::syntax::{
    Action, Assigned, Assignment, Operand, Piece, Redirect, RedirectKind, Simple, Stage, Word,
};
use std::cell::OnceCell;
use std::rc::Rc;

/// Commands whose operands may be assignments, arrays included.
const DECLARES: &[&str] = &["declare", "export", "local", "readonly", "typeset"];

/// Words as operands of a command.
struct Operands<'o>(&'o mut Vec<Operand>);

impl Extend<Word> for Operands<'_> {
    fn extend<I: IntoIterator<Item = Word>>(&mut self, words: I) {
        self.0.extend(words.into_iter().map(Operand::Word));
    }
}

/// Words as elements of an array.
struct Elements<'e>(&'e mut Vec<(Option<Word>, Word)>);

impl Extend<Word> for Elements<'_> {
    fn extend<I: IntoIterator<Item = Word>>(&mut self, words: I) {
        self.0.extend(words.into_iter().map(|word| (None, word)));
    }
}

impl Reader<'_> {
    pub(super) fn simple_or_function(&mut self, line: usize) -> Read<Stage> {
        if let Some(name) = self.function_name() {
            return Ok(Stage { action: self.function_body(name)?, redirects: Vec::new(), line });
        }
        let (mut simple, mut redirects, mut declares) = (Simple::default(), Vec::new(), false);
        loop {
            self.skip_blanks();
            if let Some(redirect) = self.redirect()? {
                redirects.push(redirect);
                continue;
            }
            match self.byte() {
                None | Some(b'\n' | b';' | b'&' | b'|' | b')') => break,
                Some(b'(') => return Err(self.fault("a `(` that does not belong here")),
                _ => {}
            }
            if (simple.words.is_empty() || declares)
                && let Some(assignment) = self.assignment()?
            {
                match simple.words.is_empty() {
                    true => simple.assignments.push(assignment),
                    false => simple.words.push(Operand::Assignment(assignment)),
                }
                continue;
            }
            let first = simple.words.is_empty();
            self.words(&mut Operands(&mut simple.words))?;
            if let (true, Some(Operand::Word(name))) = (first, simple.words.first()) {
                declares = matches!(name.pieces.as_slice(), [Piece::Text(name)] if DECLARES.contains(&name.as_str()));
            }
        }
        if simple.words.is_empty() && simple.assignments.is_empty() && redirects.is_empty() {
            return Err(self.fault("an operator where a command should stand"));
        }
        Ok(Stage { action: Action::Simple(simple), redirects, line })
    }

    /// Takes `name ( )` when it stands here.
    fn function_name(&mut self) -> Option<String> {
        let name = self.bare_word();
        if name.is_empty() || name.contains(['$', '`', '\'', '"', '\\', '=']) {
            return None;
        }
        let after = self.text[self.at + name.len()..].trim_start_matches([' ', '\t']);
        let after = after.strip_prefix('(')?.trim_start_matches([' ', '\t']).strip_prefix(')')?;
        self.at = self.text.len() - after.len();
        Some(name.to_owned())
    }

    /// `name=`, `name+=` or `name[index]=` with what follows, when it stands here.
    fn assignment(&mut self) -> Read<Option<Assignment>> {
        let rest = self.rest();
        let length =
            rest.bytes().position(|byte| byte != b'_' && !byte.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let name = &rest[..length];
        if !is_name(name) || !matches!(rest.as_bytes().get(length), Some(b'=' | b'+' | b'[')) {
            return Ok(None);
        }
        let (start, counted) = (self.at, self.counted);
        self.at += length;
        let mut index = None;
        if self.take("[") {
            match self.arithmetic("]") {
                Ok(word) => index = Some(word),
                Err(fault) if fault.what == "nested too deep" => return Err(fault),
                Err(_) => {}
            }
        }
        let append = self.starts("+=");
        if append {
            self.at += 1;
        }
        if !self.take("=") || rest.as_bytes()[length] == b'[' && index.is_none() {
            (self.at, self.counted) = (start, counted);
            return Ok(None);
        }
        let value = if self.take("(") {
            let array = self.array()?;
            if self.byte().is_some_and(|byte| !super::ends_word(byte)) {
                return Err(self.fault("characters after the `)` of an array"));
            }
            Assigned::Array(array)
        } else {
            Assigned::Scalar(self.value()?)
        };
        Ok(Some(Assignment { name: name.to_owned(), index, append, value }))
    }

    /// The elements of an array up to `)`, which is taken.
    fn array(&mut self) -> Read<Vec<(Option<Word>, Word)>> {
        let mut elements = Vec::new();
        loop {
            self.skip_blanks_and_newlines()?;
            if self.take(")") {
                return Ok(elements);
            }
            let (start, counted) = (self.at, self.counted);
            if self.take("[") {
                if let Ok(key) = self.arithmetic("]")
                    && self.take("=")
                {
                    elements.push((Some(key), self.value()?));
                    continue;
                }
                (self.at, self.counted) = (start, counted);
            }
            if !matches!(self.byte(), Some(byte) if !b";&|".contains(&byte)) {
                return Err(self.fault("an array without its `)`"));
            }
            self.words(&mut Elements(&mut elements))?;
        }
    }

    /// A redirection, when one stands here.
    pub(super) fn redirect(&mut self) -> Read<Option<Redirect>> {
        let rest = self.rest();
        let mut length = rest.bytes().take_while(u8::is_ascii_digit).count();
        let mut descriptor = rest[..length].parse().ok();
        if length == 0 && rest.starts_with('{') {
            // `{name}>file`: a descriptor of its own.
            if let Some(end) = rest.find('}')
                && is_name(&rest[1..end])
                && matches!(rest.as_bytes().get(end + 1), Some(b'<' | b'>'))
            {
                (length, descriptor) = (end + 1, Some(u32::MAX));
            }
        }
        let both = length == 0 && rest.starts_with("&>");
        let operator = &rest[length + usize::from(both)..];
        if !operator.starts_with(['<', '>'])
            || length == 0 && (operator.starts_with("<(") || operator.starts_with(">("))
        {
            return Ok(None);
        }
        self.at = self.text.len() - operator.len();
        // `<&3` and `>&3` tell which descriptor they change.
        let usual = [("<&", 0), (">&", 1)].into_iter().find(|(sign, _)| operator.starts_with(sign));
        let kind = if both {
            self.at += if self.starts(">>") { 2 } else { 1 };
            RedirectKind::Both(self.target()?)
        } else {
            self.redirect_kind()?
        };
        if matches!(kind, RedirectKind::Duplicate(_)) {
            descriptor = descriptor.or(usual.map(|(_, descriptor)| descriptor));
        }
        Ok(Some(Redirect { descriptor, kind, background: both }))
    }

    fn redirect_kind(&mut self) -> Read<RedirectKind> {
        Ok(if self.take("<<<") {
            RedirectKind::HereString(self.target()?)
        } else if self.take("<<-") {
            self.here_document_start(true)?
        } else if self.take("<<") {
            self.here_document_start(false)?
        } else if self.take("<>") {
            RedirectKind::ReadWrite(self.target()?)
        } else if self.take("<&") {
            RedirectKind::Duplicate(self.target()?)
        } else if self.take("<") {
            RedirectKind::Read(self.target()?)
        } else if self.take(">>") {
            RedirectKind::Append(self.target()?)
        } else if self.take(">&") {
            let target = self.target()?;
            let descriptor = target.literal().is_none_or(|text| {
                text == "-" || text.trim_end_matches('-').bytes().all(|byte| byte.is_ascii_digit())
            });
            if descriptor { RedirectKind::Duplicate(target) } else { RedirectKind::Both(target) }
        } else {
            self.at += 1;
            self.take("|");
            RedirectKind::Write(self.target()?)
        })
    }

    fn target(&mut self) -> Read<Word> {
        self.skip_blanks();
        self.word()
    }

    fn here_document_start(&mut self, strip_tabs: bool) -> Read<RedirectKind> {
        self.skip_blanks();
        let start = self.at;
        let word = self.word()?;
        let raw = &self.text[start..self.at];
        let literal = raw.contains(['\'', '"', '\\']);
        let end = word.literal().unwrap_or_else(|| raw.to_owned());
        let body = Rc::new(OnceCell::new());
        self.pending.push(Pending { end, strip_tabs, literal, body: Rc::clone(&body) });
        Ok(RedirectKind::HereDocument(body))
    }

    /// A word that must stand here.
    pub(super) fn word(&mut self) -> Read<Word> {
        let word = self.plain_word()?;
        if word.pieces.is_empty() {
            return Err(self.fault("an operator where a word should stand"));
        }
        Ok(word)
    }

    /// A word with its braces expanded into several.
    pub(super) fn words(&mut self, into: &mut impl Extend<Word>) -> Read<()> {
        let word = self.word()?;
        let braces = |piece: &Piece| matches!(piece, Piece::Text(text) if text.contains('{'));
        if word.pieces.iter().any(braces) {
            into.extend(super::brace::expand(word));
        } else {
            into.extend([word]);
        }
        Ok(())
    }
}
