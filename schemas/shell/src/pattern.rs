//! Shell patterns over known text: `*`, `?`, `[…]`, and a backslash before a character that means itself.

/// Most characters of a text or a pattern; longer ones are not compared.
const MAX_CHARACTERS: usize = 4096;

/// Most characters of a text in which a pattern is searched for.
const MAX_SEARCHED: usize = 256;

/// One step of a pattern.
#[derive(Debug)]
enum Atom {
    Star,
    Any,
    Character(char),
    Set { first: Option<char>, items: Vec<Item> },
}

#[derive(Debug)]
enum Item {
    Range(char, char),
    Class(String),
}

/// Whether the whole text matches; `None` when that is not certain, or when either is too long.
pub(crate) fn matches(pattern: &str, text: &str) -> Option<bool> {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    if pattern.len() > MAX_CHARACTERS || text.len() > MAX_CHARACTERS {
        return None;
    }
    certain(&atoms(&pattern)?, &text)
}

/// The steps of a pattern; `None` for what is not modelled, as `@(a|b)` and `[[=a=]]`.
fn atoms(pattern: &[char]) -> Option<Vec<Atom>> {
    let (mut atoms, mut at) = (Vec::new(), 0);
    while at < pattern.len() {
        let (atom, length) = match pattern[at..] {
            ['@' | '?' | '*' | '+' | '!', '(', ..] => return None,
            ['*', ..] => (Atom::Star, 1),
            ['?', ..] => (Atom::Any, 1),
            ['\\', escaped, ..] => (Atom::Character(escaped), 2),
            ['[', ref rest @ ..] => match set(rest)? {
                Some((set, length)) => (set, length + 1),
                None => (Atom::Character('['), 1),
            },
            [character, ..] => (Atom::Character(character), 1),
            [] => break,
        };
        atoms.push(atom);
        at += length;
    }
    Some(atoms)
}

/// What stands after `[`, with its length; nothing when no `]` ends it.
fn set(rest: &[char]) -> Option<Option<(Atom, usize)>> {
    let first = rest.first().copied().filter(|first| matches!(first, '!' | '^'));
    let start = usize::from(first.is_some());
    let (mut items, mut at) = (Vec::new(), start);
    loop {
        let (from, length) = match rest.get(at..).unwrap_or_default() {
            [] => return Some(None),
            [']', ..] if at > start => return Some(Some((Atom::Set { first, items }, at + 1))),
            ['[', '.' | '=', ..] => return None,
            ['[', ':', name @ ..] if name.windows(2).any(|end| end == [':', ']']) => {
                let length = name.windows(2).position(|end| end == [':', ']']).unwrap_or_default();
                items.push(Item::Class(name[..length].iter().collect()));
                at += length + 4;
                continue;
            }
            ['\\', escaped, ..] => (*escaped, 2),
            [character, ..] => (*character, 1),
        };
        at += length;
        let (to, length) = match rest.get(at..).unwrap_or_default() {
            ['-', '[', '.' | '=', ..] => return None,
            ['-', '\\', escaped, ..] => (*escaped, 3),
            ['-', to, ..] if *to != ']' => (*to, 2),
            _ => (from, 0),
        };
        items.push(Item::Range(from, to));
        at += length;
    }
}

/// Goes back to the last `*` only, which is enough.
fn whole(atoms: &[Atom], text: &[char], doubt: bool) -> bool {
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match atoms.get(p) {
            Some(Atom::Star) => {
                star = Some((p, t));
                p += 1;
            }
            Some(atom) if one(atom, text[t]).unwrap_or(doubt) => (p, t) = (p + 1, t + 1),
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    (p, t) = (at + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    atoms[p..].iter().all(|atom| matches!(atom, Atom::Star))
}

/// Whether this one character matches, when all shells agree.
fn one(atom: &Atom, character: char) -> Option<bool> {
    match atom {
        Atom::Star | Atom::Any => Some(true),
        Atom::Character(literal) => Some(*literal == character),
        Atom::Set { first, items } => {
            let mut found = Some(false);
            for item in items {
                match holds(item, character) {
                    Some(true) => found = Some(true),
                    Some(false) => {}
                    None if found == Some(true) => {}
                    None => found = None,
                }
                if found == Some(true) {
                    break;
                }
            }
            match first {
                None => found,
                Some('!') => found.map(|found| !found),
                // dash takes `^` as one of the characters.
                Some(_) => {
                    let plain = found? || character == '^';
                    (plain != found?).then_some(plain)
                }
            }
        }
    }
}

fn holds(item: &Item, character: char) -> Option<bool> {
    match item {
        Item::Range(from, to) => {
            let inside = (*from..=*to).contains(&character);
            // In some locales, letters of both cases stand between others.
            let other = if character.is_ascii_lowercase() {
                character.to_ascii_uppercase()
            } else {
                character.to_ascii_lowercase()
            };
            let mixed = from != to && (*from..=*to).contains(&other) && character.is_ascii_alphabetic();
            if mixed && !inside { None } else { Some(inside) }
        }
        Item::Class(_) if !character.is_ascii() => None,
        Item::Class(name) => Some(match name.as_str() {
            "alnum" => character.is_ascii_alphanumeric(),
            "alpha" => character.is_ascii_alphabetic(),
            "blank" => matches!(character, ' ' | '\t'),
            "cntrl" => character.is_ascii_control(),
            "digit" => character.is_ascii_digit(),
            "graph" => character.is_ascii_graphic(),
            "lower" => character.is_ascii_lowercase(),
            "print" => character == ' ' || character.is_ascii_graphic(),
            "punct" => character.is_ascii_punctuation(),
            "space" => matches!(character, ' ' | '\t'..='\r'),
            "upper" => character.is_ascii_uppercase(),
            "xdigit" => character.is_ascii_hexdigit(),
            _ => return None,
        }),
    }
}

/// The text without the shortest or longest start or end that matches.
pub(crate) fn remove(text: &str, pattern: &str, end: bool, longest: bool) -> Option<String> {
    let searched = Searched::new(text, pattern)?;
    let mut cuts: Vec<usize> = (0..=searched.text.len()).collect();
    // The shortest end begins last, the longest first; a start the other way round.
    if end != longest {
        cuts.reverse();
    }
    for cut in cuts {
        let (before, after) = searched.text.split_at(cut);
        let (candidate, kept) = if end { (after, before) } else { (before, after) };
        if searched.certain(candidate)? {
            return Some(kept.iter().collect());
        }
    }
    Some(text.to_owned())
}

/// The text with matches replaced: the first or all, anywhere.
pub(crate) fn replace(text: &str, pattern: &str, with: &str, all: bool) -> Option<String> {
    if !pattern.contains(['*', '?', '[', '\\', '(']) && !pattern.is_empty() {
        return Some(text.replacen(pattern, with, if all { usize::MAX } else { 1 }));
    }
    let searched = Searched::new(text, pattern)?;
    let (mut result, mut at) = (String::new(), 0);
    'text: while at < searched.text.len() {
        for end in (at + 1..=searched.text.len()).rev() {
            if searched.certain(&searched.text[at..end])? {
                result.push_str(with);
                at = end;
                if !all {
                    break 'text;
                }
                continue 'text;
            }
        }
        result.push(searched.text[at]);
        at += 1;
    }
    result.extend(&searched.text[at..]);
    Some(result)
}

/// A text in which a pattern is searched for.
struct Searched {
    text: Vec<char>,
    pattern: Vec<Atom>,
}

impl Searched {
    fn new(text: &str, pattern: &str) -> Option<Self> {
        let pattern: Vec<char> = pattern.chars().collect();
        if text.len() > MAX_SEARCHED || pattern.len() > MAX_CHARACTERS {
            return None;
        }
        Some(Self { text: text.chars().collect(), pattern: atoms(&pattern)? })
    }

    fn certain(&self, part: &[char]) -> Option<bool> {
        certain(&self.pattern, part)
    }
}

/// More characters that match never make a text match less, so the two extremes tell whether it is certain.
fn certain(pattern: &[Atom], text: &[char]) -> Option<bool> {
    let most = whole(pattern, text, true);
    (whole(pattern, text, false) == most).then_some(most)
}
