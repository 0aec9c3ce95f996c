//! stderr for people: colours on a terminal only, and never a panic when it is closed.

use std::borrow::Cow;
use std::io::{IsTerminal as _, Write as _};
use std::sync::LazyLock;

static COLOUR: LazyLock<bool> = LazyLock::new(|| std::io::stderr().is_terminal() && !wants_no_colour());

static STDOUT_IS_TERMINAL: LazyLock<bool> = LazyLock::new(|| std::io::stdout().is_terminal());

fn paint(code: &str, text: &str) -> String {
    if *COLOUR { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
}

/// Whether the user wants none (<https://no-color.org>).
fn wants_no_colour() -> bool {
    std::env::vars_os().any(|(name, value)| name == "NO_COLOR" && !value.is_empty())
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

/// Whether stdout takes colours.
pub(crate) fn stdout_has_colour() -> bool {
    *STDOUT_IS_TERMINAL && !wants_no_colour()
}

/// Whether stderr takes colours.
pub(crate) fn stderr_has_colour() -> bool {
    *COLOUR
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
            // Noncharacters: XML cannot hold the first two, and nobody means them (Unicode, section 23.7).
            c if u32::from(c) & 0xfffe == 0xfffe || matches!(c, '\u{fdd0}'..='\u{fdef}') => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// Text of others for stdout, lines kept. On a terminal its other controls do nothing.
pub(crate) fn text_for_stdout(text: &str) -> Cow<'_, str> {
    if !*STDOUT_IS_TERMINAL {
        return Cow::Borrowed(text);
    }
    let lines: Vec<String> = text.split('\n').map(tame).collect();
    Cow::Owned(lines.join("\n"))
}

/// JSON for stdout. On a terminal the controls that JSON lets through raw are escaped; it stays the same JSON.
pub(crate) fn json_for_stdout(json: &[u8]) -> Cow<'_, [u8]> {
    if *STDOUT_IS_TERMINAL { json_escaped(json) } else { Cow::Borrowed(json) }
}

/// JSON in which nothing acts on a terminal or a page; it stays the same JSON.
pub(crate) fn json_escaped(json: &[u8]) -> Cow<'_, [u8]> {
    let acts = |c: char| matches!(c, '\u{7f}'..='\u{9f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}');
    match std::str::from_utf8(json) {
        Ok(text) if text.contains(acts) => {
            let mut out = String::with_capacity(text.len() + 64);
            for c in text.chars() {
                if acts(c) {
                    out.push_str(&format!("\\u{:04x}", u32::from(c)));
                } else {
                    out.push(c);
                }
            }
            Cow::Owned(out.into_bytes())
        }
        _ => Cow::Borrowed(json),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_on_a_terminal_has_no_raw_controls() {
        let json = "{\"a\":\"\u{9b}31m\u{7f}\u{202e}é\"}";
        assert_eq!(&*json_escaped(json.as_bytes()), "{\"a\":\"\\u009b31m\\u007f\\u202eé\"}".as_bytes());
        assert!(matches!(json_escaped(b"{\"a\":1}"), Cow::Borrowed(_)));
    }

    #[test]
    fn control_characters_of_others_do_nothing() {
        assert_eq!(tame("a\x1b[31mb\u{202e}c\x7f\t."), "a\u{241b}[31mb\u{fffd}c\u{fffd} .");
        assert_eq!(tame("a\u{ffff}\u{1fffe}\u{fdd0}\u{fffc}"), "a\u{fffd}\u{fffd}\u{fffd}\u{fffc}");
    }
}
