//! stderr for people: colours on a terminal only, and never a panic when it is closed.

use std::io::{IsTerminal as _, Write as _};
use std::sync::LazyLock;

static COLOUR: LazyLock<bool> =
    LazyLock::new(|| std::io::stderr().is_terminal() && !crate::around::no_color());

fn paint(code: &str, text: &str) -> String {
    if *COLOUR { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
}

/// For what went wrong.
pub(crate) fn red(text: &str) -> String {
    paint("1;31", text)
}

/// For what went well.
pub(crate) fn green(text: &str) -> String {
    paint("1;32", text)
}

/// For the answer no.
pub(crate) fn yellow(text: &str) -> String {
    paint("1;33", text)
}

/// For what is less important.
pub(crate) fn dim(text: &str) -> String {
    paint("2", text)
}

/// Whether stderr is a terminal.
pub(crate) fn is_terminal() -> bool {
    std::io::stderr().is_terminal()
}

/// One line to stderr. Nobody may be there to read it.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Text of others, on a terminal or in a log: control characters are shown, so that they do nothing.
pub(crate) fn tame(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\t' => ' ',
            c if c.is_control() => {
                char::from_u32(0x2400 + u32::from(c)).filter(|_| u32::from(c) < 0x20).unwrap_or('\u{fffd}')
            }
            // Overrides of the direction of writing can make a line read as another.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_of_others_do_nothing() {
        assert_eq!(tame("a\x1b[31mb\u{202e}c\x7f\t."), "a\u{241b}[31mb\u{fffd}c\u{fffd} .");
    }
}
