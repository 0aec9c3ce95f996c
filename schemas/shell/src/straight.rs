//! Scripts that are nothing but commands one after the other, so that they can be started without a shell.

use crate::read::Reader;
use crate::syntax::{Action, Item, Join, Operand, Piece, Stage, Word};

/// What a shell would make several words of, or file names.
const EXPANDS: [char; 4] = ['*', '?', '[', '{'];

/// The words of each command of `text`, when it is a list of simple commands (joined by line feeds, `;` or `&&`) without
/// assignments, redirections and expansions. `~` and `~/` at the start of a word are `home`.
///
/// Such a list does the same with and without a shell, as long as a failing command ends it.
#[must_use]
pub fn straight(text: &str, home: Option<&str>) -> Option<Vec<Vec<String>>> {
    // Quotes and braces that only some shells know.
    let braces = text.contains('{') && (text.contains(',') || text.contains(".."));
    // Where a line goes on after a tilde, shells still see the tilde.
    if braces
        || text.contains("~\\")
        || text.contains("$'")
        || text.contains("$\"")
        || text.contains('\0')
        || text.contains('\r')
    {
        return None;
    }
    let list = Reader::new(text, &[]).script().ok()?;
    let mut commands = Vec::new();
    for item in &list.items {
        commands.extend(of_item(item, home)?);
    }
    (!commands.is_empty()).then_some(commands)
}

fn of_item(item: &Item, home: Option<&str>) -> Option<Vec<Vec<String>>> {
    let joined = item.rest.iter().all(|(join, _)| *join == Join::And);
    if item.background || !joined {
        return None;
    }
    let pipelines = std::iter::once(&item.first).chain(item.rest.iter().map(|(_, pipeline)| pipeline));
    pipelines
        .map(|pipeline| match pipeline.stages.as_slice() {
            [stage] if !pipeline.negated && !pipeline.timed => of_stage(stage, home),
            _ => None,
        })
        .collect()
}

fn of_stage(stage: &Stage, home: Option<&str>) -> Option<Vec<String>> {
    let Action::Simple(simple) = &stage.action else { return None };
    if !stage.redirects.is_empty() || !simple.assignments.is_empty() || simple.words.is_empty() {
        return None;
    }
    simple
        .words
        .iter()
        .map(|word| match word {
            Operand::Word(word) => of_word(word, home),
            Operand::Assignment(_) => None,
        })
        .collect()
}

fn of_word(word: &Word, home: Option<&str>) -> Option<String> {
    let mut text = String::new();
    for (at, piece) in word.pieces.iter().enumerate() {
        match piece {
            Piece::Text(part) if !part.contains(EXPANDS) => text.push_str(part),
            Piece::Quoted(part) => text.push_str(part),
            Piece::Double(parts) => {
                for part in parts {
                    let (Piece::Text(part) | Piece::Quoted(part)) = part else { return None };
                    text.push_str(part);
                }
            }
            Piece::Tilde(user) if user.is_empty() && at == 0 => text.push_str(home?),
            _ => return None,
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Option<Vec<Vec<String>>> {
        straight(text, Some("/h"))
    }

    fn list(commands: &[&[&str]]) -> Option<Vec<Vec<String>>> {
        Some(commands.iter().map(|words| words.iter().map(|&word| word.to_owned()).collect()).collect())
    }

    #[test]
    fn commands_one_after_the_other_are_their_words() {
        assert_eq!(words("tool --root ~/dev"), list(&[&["tool", "--root", "/h/dev"]]));
        assert_eq!(
            words("a 'b c' \"d e\"\nf\\ g && h; i"),
            list(&[&["a", "b c", "d e"], &["f g"], &["h"], &["i"]])
        );
        assert_eq!(words("tool '!room' '$HOME' '*' # why"), list(&[&["tool", "!room", "$HOME", "*"]]));
        assert_eq!(words("tool ~"), list(&[&["tool", "/h"]]));
        assert_eq!(words("tool a~ '~/z'"), list(&[&["tool", "a~", "~/z"]]));
    }

    #[test]
    fn what_needs_a_shell_is_none() {
        for text in [
            "",
            "# why",
            "a | b",
            "a || b",
            "a &",
            "! a",
            "a > f",
            "x=1 a",
            "x=1",
            "a $x",
            "a \"$x\"",
            "a `b`",
            "a *",
            "a ?",
            "a [b]",
            "a {b,c}",
            "a ~user/b",
            "(a)",
            "{ a; }",
            "if a; then b; fi",
            "f() { a; }",
            "a $'b'",
            "a $\"b\"",
            "a <<E\nE",
            "a 'b",
            "time a",
            "a ~\\\n/b",
        ] {
            assert_eq!(words(text), None, "{text}");
        }
        assert_eq!(straight("a ~/b", None), None);
    }
}
