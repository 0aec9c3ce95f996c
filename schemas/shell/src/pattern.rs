//! Shell patterns over known text: `*`, `?`, `[…]`, and a backslash before a character that means itself.

/// Most characters of a text or a pattern; longer ones are not compared.
const MAX_CHARACTERS: usize = 4096;

/// Most characters of a text in which a pattern is searched for.
const MAX_SEARCHED: usize = 256;

/// Whether the whole text matches; `None` when either is too long.
pub(crate) fn matches(pattern: &str, text: &str) -> Option<bool> {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    if pattern.len() > MAX_CHARACTERS || text.len() > MAX_CHARACTERS {
        return None;
    }
    Some(whole(&pattern, &text))
}

/// Goes back to the last `*` only, which is enough.
fn whole(pattern: &[char], text: &[char]) -> bool {
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(_) => match one(&pattern[p..], text[t]) {
                Some(length) => (p, t) = (p + length, t + 1),
                None => match star {
                    Some((at, from)) => {
                        star = Some((at, from + 1));
                        (p, t) = (at + 1, from + 1);
                    }
                    None => return false,
                },
            },
            None => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    (p, t) = (at + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&character| character == '*')
}

/// How many characters of the pattern match this one character.
fn one(pattern: &[char], character: char) -> Option<usize> {
    match pattern {
        ['?', ..] => Some(1),
        ['\\', escaped, ..] => (*escaped == character).then_some(2),
        ['[', rest @ ..] => {
            let Some(end) = rest.iter().skip(1).position(|&c| c == ']').map(|end| end + 1) else {
                return (character == '[').then_some(1);
            };
            let set = &rest[..end];
            let (negated, set) = match set {
                ['!' | '^', set @ ..] => (true, set),
                set => (false, set),
            };
            let mut found = false;
            let mut at = 0;
            while at < set.len() {
                if let [from, '-', to, ..] = set[at..] {
                    found |= (from..=to).contains(&character);
                    at += 3;
                } else {
                    found |= set[at] == character;
                    at += 1;
                }
            }
            (found != negated).then_some(end + 2)
        }
        [literal, ..] => (*literal == character).then_some(1),
        [] => None,
    }
}

/// The text without the shortest or longest start or end that matches.
pub(crate) fn remove(text: &str, pattern: &str, end: bool, longest: bool) -> Option<String> {
    if text.len() > MAX_SEARCHED {
        return None;
    }
    let mut cuts: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    // The shortest end begins last, the longest first; a start the other way round.
    if end != longest {
        cuts.reverse();
    }
    for cut in cuts {
        let (candidate, kept) = if end { (&text[cut..], &text[..cut]) } else { (&text[..cut], &text[cut..]) };
        if matches(pattern, candidate)? {
            return Some(kept.to_owned());
        }
    }
    Some(text.to_owned())
}

/// The text with matches replaced: the first or all, anywhere.
pub(crate) fn replace(text: &str, pattern: &str, with: &str, all: bool) -> Option<String> {
    if !pattern.contains(['*', '?', '[', '\\']) && !pattern.is_empty() {
        return Some(text.replacen(pattern, with, if all { usize::MAX } else { 1 }));
    }
    if text.len() > MAX_SEARCHED {
        return None;
    }
    let (mut result, mut at) = (String::new(), 0);
    'text: while at < text.len() {
        let ends = text[at..].char_indices().map(|(end, _)| end).chain([text.len() - at]);
        for end in ends.filter(|&end| end > 0).collect::<Vec<_>>().into_iter().rev() {
            if matches(pattern, &text[at..at + end])? {
                result.push_str(with);
                at += end;
                if !all {
                    break 'text;
                }
                continue 'text;
            }
        }
        let length = text[at..].chars().next().map_or(1, char::len_utf8);
        result.push_str(&text[at..at + length]);
        at += length;
    }
    result.push_str(&text[at..]);
    Some(result)
}
