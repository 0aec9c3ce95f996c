//! Values of PDF. What holds others is a piece of bytes that is read when it is asked for.

use std::rc::Rc;

use crate::inspect::damage::Damage;

use super::lex::{Lexer, Token, Work};

/// Values in values. Documents have a handful.
const MAX_DEPTH: usize = 64;
/// Longest text or name that is decoded.
const MAX_TEXT_BYTES: usize = 4096;
/// Most items of one list.
const MAX_ITEMS: usize = 200_000;

/// A part of the file, or of a stream that was unpacked.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    bytes: Rc<Vec<u8>>,
    from: usize,
    to: usize,
}

/// A value.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Number(i64),
    Name(Box<[u8]>),
    Text(Box<[u8]>),
    List(Piece),
    Dict(Piece),
    Ref(u32),
    /// Null, a boolean, a fraction, or nothing that can be.
    Other,
}

impl Piece {
    fn data(&self) -> &[u8] {
        &self.bytes[self.from..self.to]
    }

    /// The value of a key of this dictionary, as it stands there.
    pub(super) fn get(&self, key: &[u8], work: &Work) -> Result<Option<Value>, Damage> {
        let mut lexer = Lexer::new(self.data(), 0, work);
        while let Some(token) = lexer.next()? {
            let Token::Name(range) = token else {
                return Err(Damage::broken("a dictionary has something else than a name for a key"));
            };
            if name(lexer.word(&range)).as_ref() == key {
                let (value, _) = read(&self.bytes, self.from + lexer.at, work)?;
                return Ok(Some(value));
            }
            skip(&mut lexer)?;
        }
        Ok(None)
    }

    /// The items of this list, as they stand there.
    pub(super) fn items(&self, work: &Work) -> Result<Vec<Value>, Damage> {
        let (mut items, mut at) = (Vec::new(), self.from);
        loop {
            let mut lexer = Lexer::new(&self.bytes[..self.to], at, work);
            if lexer.next()?.is_none() {
                return Ok(items);
            }
            if items.len() == MAX_ITEMS {
                return Err(Damage::bomb(format!("a list of more than {MAX_ITEMS} items")));
            }
            let (value, end) = read(&self.bytes, at, work)?;
            items.push(value);
            at = end;
        }
    }
}

/// Reads the value at a place, and says where it ends.
pub(super) fn read(bytes: &Rc<Vec<u8>>, at: usize, work: &Work) -> Result<(Value, usize), Damage> {
    let mut lexer = Lexer::new(bytes, at, work);
    let Some(token) = lexer.next()? else { return Err(Damage::broken("an object is cut off")) };
    let value = match token {
        Token::Name(range) => Value::Name(name(lexer.word(&range))),
        Token::Literal(range) => Value::Text(literal(lexer.word(&range))),
        Token::Hex(range) => Value::Text(hex(lexer.word(&range))),
        Token::DictOpen | Token::ListOpen => {
            let from = lexer.at;
            let to = close(&mut lexer)?;
            let piece = Piece { bytes: Rc::clone(bytes), from, to };
            match token {
                Token::DictOpen => Value::Dict(piece),
                _ => Value::List(piece),
            }
        }
        Token::Word(range) => {
            let word = std::str::from_utf8(lexer.word(&range)).unwrap_or_default();
            match (word.parse::<i64>(), reference(&mut lexer)?) {
                (Ok(number), true) => u32::try_from(number).map_or(Value::Other, Value::Ref),
                (Ok(number), false) => Value::Number(number),
                (Err(_), _) => Value::Other,
            }
        }
        Token::DictClose | Token::ListClose => {
            return Err(Damage::broken("an object ends where it should begin"));
        }
    };
    Ok((value, lexer.at))
}

/// Whether a generation and `R` follow the number that was read; they are read then.
fn reference(lexer: &mut Lexer<'_>) -> Result<bool, Damage> {
    let at = lexer.at;
    let found = lexer.number()?.is_some() && lexer.is_word(b"R")?;
    if !found {
        lexer.at = at;
    }
    Ok(found)
}

/// Goes behind the end of what was opened, and says where its content ends.
fn close(lexer: &mut Lexer<'_>) -> Result<usize, Damage> {
    let mut depth = 1;
    loop {
        let before = lexer.at;
        match lexer.next()? {
            Some(Token::DictOpen | Token::ListOpen) => depth += 1,
            Some(Token::DictClose | Token::ListClose) => depth -= 1,
            Some(_) => {}
            None => return Err(Damage::broken("an object is cut off")),
        }
        if depth == 0 {
            return Ok(before);
        }
        if depth > MAX_DEPTH {
            return Err(Damage::bomb(format!("objects are nested {MAX_DEPTH} deep")));
        }
    }
}

fn skip(lexer: &mut Lexer<'_>) -> Result<(), Damage> {
    match lexer.next()? {
        Some(Token::DictOpen | Token::ListOpen) => {
            close(lexer)?;
        }
        Some(Token::Word(_)) => {
            reference(lexer)?;
        }
        Some(_) => {}
        None => return Err(Damage::broken("a dictionary ends after a key")),
    }
    Ok(())
}

fn name(raw: &[u8]) -> Box<[u8]> {
    let mut name = Vec::with_capacity(raw.len().min(MAX_TEXT_BYTES));
    let mut rest = &raw[..raw.len().min(MAX_TEXT_BYTES)];
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'#', [high, low, tail @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                name.push(digit(*high) << 4 | digit(*low));
                rest = tail;
            }
            _ => name.push(*first),
        }
    }
    name.into()
}

fn hex(raw: &[u8]) -> Box<[u8]> {
    let raw = &raw[..raw.len().min(2 * MAX_TEXT_BYTES)];
    let digits: Vec<u8> =
        raw.iter().filter(|byte| byte.is_ascii_hexdigit()).map(|byte| digit(*byte)).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or_default()).collect()
}

fn digit(byte: u8) -> u8 {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok()).unwrap_or_default()
}

/// ISO 32000-1, 7.3.4.2: escapes of literal texts.
fn literal(raw: &[u8]) -> Box<[u8]> {
    let mut text = Vec::with_capacity(raw.len().min(MAX_TEXT_BYTES));
    let mut rest = raw;
    while let [first, tail @ ..] = rest {
        if text.len() >= MAX_TEXT_BYTES {
            break;
        }
        rest = tail;
        if *first != b'\\' {
            text.push(*first);
            continue;
        }
        let octal = tail.iter().take(3).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
        if octal > 0 {
            let code = tail[..octal].iter().fold(0_u32, |code, byte| code * 8 + u32::from(byte - b'0'));
            text.push((code & 0xff) as u8);
            rest = &tail[octal..];
            continue;
        }
        let Some((escaped, tail)) = tail.split_first() else { break };
        rest = tail;
        match escaped {
            b'n' => text.push(b'\n'),
            b'r' => text.push(b'\r'),
            b't' => text.push(b'\t'),
            b'b' => text.push(8),
            b'f' => text.push(12),
            b'\n' => {}
            b'\r' => rest = tail.strip_prefix(b"\n").unwrap_or(tail),
            other => text.push(*other),
        }
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dict(text: &str) -> Piece {
        match read(&Rc::new(text.as_bytes().to_vec()), 0, &Work::new()).unwrap().0 {
            Value::Dict(piece) => piece,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn finds_values_by_their_key_and_passes_over_the_others() {
        let dict = dict("<</A<</K 1>>/B[1 0 R 2]/C 12 0 R/D 5/K(a\\050\\n\\\nb)/#45 <4>>>");
        let work = Work::new();
        assert!(matches!(dict.get(b"C", &work).unwrap(), Some(Value::Ref(12))));
        assert!(matches!(dict.get(b"D", &work).unwrap(), Some(Value::Number(5))));
        assert!(matches!(dict.get(b"K", &work).unwrap(), Some(Value::Text(text)) if *text == *b"a(\nb"));
        assert!(matches!(dict.get(b"E", &work).unwrap(), Some(Value::Text(text)) if *text == *b"\x40"));
        assert!(dict.get(b"Z", &work).unwrap().is_none());
        let Some(Value::List(list)) = dict.get(b"B", &work).unwrap() else { panic!("a list") };
        assert!(matches!(list.items(&work).unwrap()[..], [Value::Ref(1), Value::Number(2)]));
    }

    #[test]
    fn deep_nesting_is_refused_without_recursion() {
        let deep = Rc::new("[".repeat(1_000_000).into_bytes());
        assert!(matches!(read(&deep, 0, &Work::new()), Err(Damage::Bomb(_))));
    }
}
