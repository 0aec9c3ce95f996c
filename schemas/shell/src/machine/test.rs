//! `[ … ]` and `test`, where all that decides is known.

use crate::command::Word;

/// Whether the test holds; `None` when it depends on what is not known, files included.
pub(super) fn holds(words: &[Word]) -> Option<bool> {
    let words = match words.first()?.known()? {
        "[" => match words.split_last()? {
            (last, inner) if last.known() == Some("]") => inner.get(1..)?,
            _ => return None,
        },
        _ => &words[1..],
    };
    let words: Vec<&str> = words.iter().map(Word::known).collect::<Option<_>>()?;
    simple(&words)
}

fn simple(words: &[&str]) -> Option<bool> {
    match *words {
        [] => Some(false),
        [text] => Some(!text.is_empty()),
        ["!", ref rest @ ..] => simple(rest).map(|holds| !holds),
        ["-n", text] => Some(!text.is_empty()),
        ["-z", text] => Some(text.is_empty()),
        [left, "=", right] => Some(left == right),
        // dash has no `==`, and fails.
        [left, "==", right] => (left != right).then_some(false),
        [left, "!=", right] => Some(left != right),
        [left, operator, right] => {
            let (left, right) = (left.trim().parse::<i64>().ok()?, right.trim().parse::<i64>().ok()?);
            match operator {
                "-eq" => Some(left == right),
                "-ne" => Some(left != right),
                "-lt" => Some(left < right),
                "-le" => Some(left <= right),
                "-gt" => Some(left > right),
                "-ge" => Some(left >= right),
                _ => None,
            }
        }
        _ => None,
    }
}
