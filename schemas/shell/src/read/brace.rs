//! `{a,b}` and `{1..3}`: one word as written, several words.

use crate::syntax::{Piece, Word};
use crate::text::{Part, Why};

/// Most words from one.
const MAX_WORDS: usize = 64;

/// A word cut small: brace characters that mean something, and the rest.
#[derive(Clone)]
enum Atom {
    Open,
    Comma,
    Close,
    Piece(Piece),
}

/// The words that `word` stands for.
pub(super) fn expand(word: Word) -> Vec<Word> {
    let mut done = Vec::new();
    let mut atoms = Vec::new();
    for piece in word.pieces {
        match piece {
            Piece::Text(text) => cut(&text, &mut atoms),
            piece => atoms.push(Atom::Piece(piece)),
        }
    }
    let mut waiting = vec![atoms];
    while let Some(atoms) = waiting.pop() {
        if done.len() + waiting.len() > MAX_WORDS {
            return vec![Word { pieces: vec![Piece::Symbol(Part::Unknown(Why::TooMany))] }];
        }
        match first_braces(&atoms) {
            // The last alternative is pushed first, so that the first is done first.
            Some((range, alternatives)) => {
                for alternative in alternatives.into_iter().rev() {
                    let (before, after) = (&atoms[..range.0], &atoms[range.1 + 1..]);
                    waiting.push([before, &alternative, after].concat());
                }
            }
            None => done.push(with_tilde(together(atoms))),
        }
    }
    done
}

fn cut(text: &str, atoms: &mut Vec<Atom>) {
    let mut start = 0;
    for (at, character) in text.char_indices() {
        let atom = match character {
            '{' => Atom::Open,
            ',' => Atom::Comma,
            '}' => Atom::Close,
            _ => continue,
        };
        if start < at {
            atoms.push(Atom::Piece(Piece::Text(text[start..at].to_owned())));
        }
        atoms.push(atom);
        start = at + 1;
    }
    if start < text.len() {
        atoms.push(Atom::Piece(Piece::Text(text[start..].to_owned())));
    }
}

type Braces = ((usize, usize), Vec<Vec<Atom>>);

/// The first pair of braces that holds a comma or a sequence, with its alternatives.
fn first_braces(atoms: &[Atom]) -> Option<Braces> {
    // One pass finds the pairs; a brace without a partner is a character.
    let mut open: Vec<(usize, Vec<usize>)> = Vec::new();
    let mut best: Option<(usize, usize, Vec<usize>)> = None;
    for (at, atom) in atoms.iter().enumerate() {
        match atom {
            Atom::Open => open.push((at, Vec::new())),
            Atom::Comma => {
                if let Some((_, commas)) = open.last_mut() {
                    commas.push(at);
                }
            }
            Atom::Close => {
                let Some((start, commas)) = open.pop() else { continue };
                let means_something = !commas.is_empty() || sequence(&atoms[start + 1..at]).is_some();
                if means_something && best.as_ref().is_none_or(|(first, ..)| start < *first) {
                    best = Some((start, at, commas));
                }
            }
            Atom::Piece(_) => {}
        }
    }
    let (start, end, commas) = best?;
    if commas.is_empty() {
        return Some(((start, end), sequence(&atoms[start + 1..end])?));
    }
    let mut alternatives = Vec::new();
    let mut from = start + 1;
    for comma in commas.into_iter().chain([end]) {
        alternatives.push(atoms[from..comma].to_vec());
        from = comma + 1;
    }
    Some(((start, end), alternatives))
}

/// `1..9`, `a..z`, with a step or without.
fn sequence(atoms: &[Atom]) -> Option<Vec<Vec<Atom>>> {
    let [Atom::Piece(Piece::Text(text))] = atoms else { return None };
    let mut bounds = text.split("..");
    let (first, last, step) = (bounds.next()?, bounds.next()?, bounds.next());
    if bounds.next().is_some() {
        return None;
    }
    let step = step.map_or(Some(1), |step| step.parse::<i64>().ok())?.unsigned_abs().max(1);
    let letter = |text: &str| match text.as_bytes() {
        [letter] if letter.is_ascii_alphabetic() => Some(i64::from(*letter)),
        _ => None,
    };
    let (from, to, letters) = match (first.parse::<i64>(), last.parse::<i64>()) {
        (Ok(from), Ok(to)) => (from, to, false),
        _ => (letter(first)?, letter(last)?, true),
    };
    let padded = |bound: &str| bound.len() > 1 && bound.trim_start_matches('-').starts_with('0');
    let width = if padded(first) || padded(last) { first.len().max(last.len()) } else { 0 };
    let count = from.abs_diff(to) / step + 1;
    if count > MAX_WORDS as u64 {
        let too_many = Piece::Symbol(Part::Unknown(Why::TooMany));
        return Some(vec![vec![Atom::Piece(too_many)]]);
    }
    let step = i64::try_from(step).ok()?;
    let one = |index: u64| {
        let way = i64::try_from(index).unwrap_or_default() * step;
        let number = if from <= to { from + way } else { from - way };
        let text = match u8::try_from(number) {
            Ok(letter) if letters => char::from(letter).to_string(),
            _ => format!("{number:0width$}"),
        };
        vec![Atom::Piece(Piece::Text(text))]
    };
    Some((0..count).map(one).collect())
}

/// A tilde that comes to stand at the start means the home, as in `{~,/srv}/x`.
fn with_tilde(mut word: Word) -> Word {
    let Some(Piece::Text(first)) = word.pieces.first() else { return word };
    let Some(rest) = first.strip_prefix('~') else { return word };
    let (user, rest) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None if word.pieces.len() == 1 => (rest, ""),
        None => return word,
    };
    if !user.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte)) {
        return word;
    }
    let pieces = [Piece::Tilde(user.to_owned()), Piece::Text(rest.to_owned())];
    word.pieces.splice(..1, pieces);
    word
}

fn together(atoms: Vec<Atom>) -> Word {
    let mut pieces: Vec<Piece> = Vec::new();
    for atom in atoms {
        let text = match atom {
            Atom::Piece(Piece::Text(text)) => text,
            Atom::Piece(piece) => {
                pieces.push(piece);
                continue;
            }
            Atom::Open => "{".to_owned(),
            Atom::Comma => ",".to_owned(),
            Atom::Close => "}".to_owned(),
        };
        match pieces.last_mut() {
            Some(Piece::Text(last)) => last.push_str(&text),
            _ => pieces.push(Piece::Text(text)),
        }
    }
    if pieces.is_empty() {
        pieces.push(Piece::Text(String::new()));
    }
    Word { pieces }
}
