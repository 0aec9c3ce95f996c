//! Commands that hold commands.

use super::{Read, Reader, is_name};
use crate::syntax::{Action, Arm, List, Piece, Stage, Word};
use std::rc::Rc;

/// Most bytes of an array index, so that a line full of `[` is not read again for each of them.
const MAX_INDEX_BYTES: usize = 512;

impl Reader<'_> {
    /// One command of a pipeline.
    pub(super) fn stage(&mut self) -> Read<Stage> {
        self.nested(|reader| {
            reader.skip_blanks();
            let line = reader.line();
            let Some(action) = reader.compound()? else {
                return reader.simple_or_function(line);
            };
            let mut redirects = Vec::new();
            loop {
                reader.skip_blanks();
                let Some(redirect) = reader.redirect()? else { break };
                redirects.push(redirect);
            }
            Ok(Stage { action, redirects, line })
        })
    }

    fn compound(&mut self) -> Read<Option<Action>> {
        if self.byte() == Some(b'(') {
            if let Some(expression) = self.double_paren()? {
                return Ok(Some(Action::Arithmetic(expression)));
            }
            self.at += 1;
            let list = self.list()?;
            self.expect(")", "a `(` without its `)`")?;
            return Ok(Some(Action::Subshell(list)));
        }
        let word = self.bare_word();
        let action = match word {
            "{" => {
                self.at += 1;
                Action::Group(self.group()?)
            }
            "if" => self.if_clause()?,
            "while" | "until" => self.while_clause(word)?,
            "for" | "select" => self.for_clause(word)?,
            "case" => self.case_clause()?,
            "function" => self.function_clause()?,
            "[[" => self.test()?,
            "coproc" => self.coprocess()?,
            _ => return Ok(None),
        };
        Ok(Some(action))
    }

    /// `(( … ))`, or nothing when it is a subshell in a subshell, as dash reads it and as a calculation cannot be.
    fn double_paren(&mut self) -> Read<Option<Word>> {
        if !self.starts("((") {
            return Ok(None);
        }
        let (start, counted) = (self.at, self.counted);
        self.at += 2;
        let expression = self.arithmetic("))");
        match expression {
            Ok(expression) if is_calculation(&expression) => Ok(Some(expression)),
            Err(fault) if fault.what == "nested too deep" => Err(fault),
            _ => {
                (self.at, self.counted) = (start, counted);
                Ok(None)
            }
        }
    }

    fn keyword(&mut self, keyword: &str, what: &'static str) -> Read<()> {
        self.skip_blanks_and_newlines()?;
        if self.bare_word() != keyword {
            return Err(self.fault(what));
        }
        self.at += keyword.len();
        Ok(())
    }

    /// What stands between `{` and `}`, the first one taken.
    fn group(&mut self) -> Read<List> {
        let list = self.list()?;
        self.keyword("}", "a `{` without its `}`")?;
        Ok(list)
    }

    fn if_clause(&mut self) -> Read<Action> {
        let mut branches = Vec::new();
        let mut keyword = "if";
        loop {
            self.at += keyword.len();
            let condition = self.list()?;
            self.keyword("then", "an `if` without `then`")?;
            branches.push((condition, self.list()?));
            keyword = self.bare_word();
            if keyword != "elif" {
                break;
            }
        }
        let mut otherwise = None;
        if keyword == "else" {
            self.at += 4;
            otherwise = Some(self.list()?);
        }
        self.keyword("fi", "an `if` without `fi`")?;
        Ok(Action::If { branches, otherwise })
    }

    fn while_clause(&mut self, word: &str) -> Read<Action> {
        self.at += word.len();
        let condition = self.list()?;
        let body = self.body()?;
        Ok(Action::While { condition, until: word == "until", body })
    }

    /// `do … done`, or `{ … }` as bash takes it.
    fn body(&mut self) -> Read<List> {
        self.skip_blanks_and_newlines()?;
        if self.bare_word() == "{" {
            self.at += 1;
            return self.group();
        }
        self.keyword("do", "a loop without `do`")?;
        let list = self.list()?;
        self.keyword("done", "a `do` without `done`")?;
        Ok(list)
    }

    fn for_clause(&mut self, word: &str) -> Read<Action> {
        self.at += word.len();
        self.skip_blanks();
        if word == "for" && self.take("((") {
            let expressions = self.arithmetic("))")?;
            self.skip_blanks();
            self.take(";");
            return Ok(Action::ForArithmetic { expressions, body: self.body()? });
        }
        let name = self.bare_word().to_owned();
        if !is_name(&name) {
            return Err(self.fault("a loop without the name of its variable"));
        }
        self.at += name.len();
        self.skip_blanks_and_newlines()?;
        let mut words = None;
        if self.bare_word() == "in" {
            self.at += 2;
            let mut list = Vec::new();
            loop {
                self.skip_blanks();
                match self.byte() {
                    None | Some(b';' | b'\n') => break,
                    _ => self.words(&mut list)?,
                }
            }
            words = Some(list);
        }
        self.skip_blanks();
        self.take(";");
        let body = self.body()?;
        Ok(if word == "for" {
            Action::For { name, words, body }
        } else {
            Action::Select { name, words, body }
        })
    }

    fn case_clause(&mut self) -> Read<Action> {
        self.at += 4;
        self.skip_blanks();
        let subject = self.word()?;
        self.keyword("in", "a `case` without `in`")?;
        let mut arms = Vec::new();
        loop {
            self.skip_blanks_and_newlines()?;
            if self.bare_word() == "esac" {
                self.at += 4;
                return Ok(Action::Case { subject, arms });
            }
            self.take("(");
            let mut patterns = Vec::new();
            loop {
                self.skip_blanks();
                patterns.push(self.word()?);
                self.skip_blanks();
                if !self.take("|") {
                    break;
                }
            }
            self.expect(")", "a pattern of `case` without its `)`")?;
            let body = self.list()?;
            let goes_on = self.take(";;&") || !self.take(";;") && self.take(";&");
            arms.push(Arm { patterns, body, goes_on });
            if self.at >= self.text.len() {
                return Err(self.fault("a `case` without `esac`"));
            }
        }
    }

    fn function_clause(&mut self) -> Read<Action> {
        self.at += "function".len();
        self.skip_blanks();
        let name = self.bare_word().to_owned();
        if name.is_empty() {
            return Err(self.fault("a function without a name"));
        }
        self.at += name.len();
        self.skip_blanks();
        if self.take("(") {
            self.skip_blanks();
            self.expect(")", "a function without its `)`")?;
        }
        self.function_body(name)
    }

    /// A function, its name and parentheses taken.
    pub(super) fn function_body(&mut self, name: String) -> Read<Action> {
        self.skip_blanks_and_newlines()?;
        let body = Rc::new(self.stage()?);
        Ok(Action::Function { name, body })
    }

    fn test(&mut self) -> Read<Action> {
        self.at += 2;
        let (mut words, mut starts) = (Vec::new(), Vec::new());
        // The words of one comparison, as far as they are known.
        let mut compared: Vec<String> = Vec::new();
        let mut later = false;
        loop {
            let before = self.at;
            self.skip_blanks_and_newlines()?;
            // Only a regular expression goes on after an operator without a blank.
            let begins = compared.last().is_some_and(|word| word == "=~");
            let goes_on = before == self.at && compared.iter().any(|word| word == "=~");
            if begins && self.take("(") {
                compared.push("(".to_owned());
                continue;
            }
            let ends = self.bare_word() == "]]";
            if ends
                || self.starts("&&")
                || !goes_on && self.starts("||")
                || !goes_on && self.byte() == Some(b'(')
            {
                if !is_comparison(&compared) {
                    return Err(self.fault("a `[[` that bash does not read"));
                }
                compared.clear();
                later = true;
                if ends {
                    self.at += 2;
                    return Ok(Action::Test { words, starts });
                }
                self.at += if self.byte() == Some(b'(') { 1 } else { 2 };
                continue;
            }
            match self.byte() {
                Some(b'<' | b'>') => {
                    self.at += 1;
                    compared.push("<".to_owned());
                }
                Some(b'(' | b')' | b'|' | b'&') => self.at += 1,
                None | Some(b';') => return Err(self.fault("a `[[` without its `]]`")),
                _ => {
                    let word = self.word()?;
                    if !goes_on {
                        if later && compared.is_empty() {
                            starts.push(word.clone());
                        }
                        compared.push(word.literal().unwrap_or_default());
                    }
                    words.push(word);
                }
            }
        }
    }

    fn coprocess(&mut self) -> Read<Action> {
        self.at += "coproc".len();
        self.skip_blanks();
        let name = self.bare_word();
        let (start, counted) = (self.at, self.counted);
        if is_name(name) {
            // A name stands here only before a compound command.
            self.at += name.len();
            self.skip_blanks();
            if !matches!(self.byte(), Some(b'{' | b'(')) {
                (self.at, self.counted) = (start, counted);
            }
        }
        Ok(Action::Coprocess(Box::new(self.stage()?)))
    }

    /// An arithmetic expression up to `end`, which is taken; parentheses in it are balanced.
    pub(super) fn arithmetic(&mut self, end: &str) -> Read<Word> {
        self.nested(|reader| {
            let mut pieces: Vec<Piece> = Vec::new();
            let (mut open, mut text) = (0usize, String::new());
            let limit = if end == "]" { reader.at + MAX_INDEX_BYTES } else { usize::MAX };
            loop {
                match reader.byte() {
                    Some(_) if reader.at > limit => return Err(reader.fault("a `[` without its `]`")),
                    None => return Err(reader.fault("a calculation without its end")),
                    Some(_) if open == 0 && reader.starts(end) => break,
                    Some(b'(' | b'[') => open += 1,
                    Some(b')' | b']') if open == 0 => return Err(reader.fault("a `)` too many")),
                    Some(b')' | b']') => open -= 1,
                    Some(b'$' | b'`' | b'\'' | b'"' | b'\\') => {
                        reader.expansion_in_arithmetic(&mut pieces, &mut text)?;
                        continue;
                    }
                    Some(_) => {}
                }
                text.push_str(reader.character());
            }
            reader.at += end.len();
            if !text.is_empty() {
                pieces.push(Piece::Text(text));
            }
            Ok(Word { pieces })
        })
    }

    fn expansion_in_arithmetic(&mut self, pieces: &mut Vec<Piece>, text: &mut String) -> Read<()> {
        match self.byte() {
            Some(b'\\' | b'\'' | b'"') => {
                text.push_str(self.character());
                Ok(())
            }
            _ => {
                if !text.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(text)));
                }
                pieces.push(self.dollar(true)?);
                Ok(())
            }
        }
    }
}

/// Whether bash takes the words between two operators of `[[`. dash runs them as a command.
fn is_comparison(words: &[String]) -> bool {
    let negations = words.iter().take_while(|word| *word == "!").count();
    match &words[negations..] {
        [] | [_] => true,
        [operator, _] => operator.starts_with('-'),
        [_, operator, _] => {
            operator.starts_with('-') || ["=", "==", "!=", "=~", "<"].contains(&operator.as_str())
        }
        _ => false,
    }
}

/// Whether no two operands stand side by side.
fn is_calculation(expression: &Word) -> bool {
    let mut text = String::new();
    for piece in &expression.pieces {
        match piece {
            Piece::Text(part) => text.push_str(part),
            _ => text.push('x'),
        }
    }
    let operand = |byte: u8| byte == b'_' || byte.is_ascii_alphanumeric();
    let mut blank_after_operand = false;
    let mut last = b' ';
    for byte in text.bytes() {
        if byte.is_ascii_whitespace() {
            blank_after_operand |= operand(last);
        } else if blank_after_operand && operand(byte) {
            return false;
        } else {
            blank_after_operand = false;
        }
        last = byte;
    }
    true
}
