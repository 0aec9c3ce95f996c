//! Text that holds symbols, read again as a script: for `eval`, `sh -c` and the like.

use crate::read::{FIRST_SYMBOL, Fault, Reader};
use crate::syntax::List;
use crate::text::{Part, Text};

/// Reads what `text` holds. A symbol stands in the text as one character of a private plane; what that character means
/// is known to the reader.
pub(crate) fn read(text: &Text) -> Result<List, Fault> {
    let (mut script, mut symbols) = (String::new(), Vec::new());
    for part in text.parts() {
        match part {
            Part::Text(text) => {
                for character in text.chars() {
                    if u32::from(character) >= FIRST_SYMBOL {
                        symbol(&mut script, &mut symbols, Part::Text(character.to_string()));
                    } else {
                        script.push(character);
                    }
                }
            }
            // A pattern that was not quoted then is not quoted now.
            Part::Glob(pattern) => script.push_str(pattern),
            part => symbol(&mut script, &mut symbols, part.clone()),
        }
    }
    Reader::new(&script, &symbols).script()
}

fn symbol(script: &mut String, symbols: &mut Vec<Part>, part: Part) {
    let index = u32::try_from(symbols.len()).unwrap_or(u32::MAX);
    if let Some(character) = char::from_u32(FIRST_SYMBOL.saturating_add(index)) {
        script.push(character);
        symbols.push(part);
    }
}
