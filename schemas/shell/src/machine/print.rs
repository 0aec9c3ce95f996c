//! Programs whose output or whose effect on files is known.

use super::Machine;
use crate::command::Word;
use crate::state::{State, limit};
use crate::text::{Part, Text, Why};

impl Machine<'_> {
    /// Does what the program does; false when it is none of these.
    pub(super) fn prints(&mut self, name: &str, words: &[Word], state: &mut State) -> bool {
        match name {
            "echo" => echo(words, state),
            "printf" => printf(words, state),
            "pwd" => {
                let texts: Vec<Text> = state.cwd.iter().map(|place| place.to_text()).collect();
                print_lines(texts, state);
                state.status = Some(true);
            }
            "cat" => self.cat(words, state),
            "tee" => {
                let append = words[1..].iter().any(|word| matches!(word.known(), Some("-a" | "--append")));
                if let Some(texts) = state.input.clone() {
                    for word in operands(words) {
                        self.write(&word.text, &texts, append, state);
                    }
                }
                self.print_texts(&state.input.clone(), "tee", state);
            }
            "dirname" => self.dirname(words, state),
            "basename" => match operands(words).first() {
                Some(word) if words.len() == 2 => {
                    let base = self.removed(&word.text, "*/", false, true);
                    print_lines(vec![base.unwrap_or_else(|| output("basename"))], state);
                }
                _ => state.print(&output("basename")),
            },
            "realpath" | "readlink" => self.real_path(name, words, state),
            "printenv" => match words {
                [_, word] if word.known().is_some() => {
                    let texts = self.tilde_or_variable(word.known().unwrap_or_default(), state);
                    print_lines(texts, state);
                }
                _ => state.print(&output("printenv")),
            },
            "which" => {
                // A path that ends in the name; the name is what matters.
                let texts = operands(words).first().map(|word| word.text.clone());
                print_lines(texts.into_iter().collect(), state);
            }
            "mkdir" => {
                self.assumed = true;
                self.made =
                    operands(words).into_iter().flat_map(|word| self.places(&word.text, state)).collect();
            }
            "ln" => self.make_link(words, state),
            "mount" | "bindfs" | "fuse-overlayfs" | "mergerfs" | "mhddfs" | "unionfs" | "unionfs-fuse" => {
                self.mount(name, words, state);
            }
            "cp" | "mv" | "install" => self.copy(words, state),
            "rsync" => {
                self.copy(words, state);
                state.print(&output("rsync"));
            }
            _ => return false,
        }
        true
    }

    fn tilde_or_variable(&self, name: &str, state: &State) -> Vec<Text> {
        state.values(name).iter().filter_map(crate::state::Value::scalar).collect()
    }

    /// Prints every one of the texts, or something unknown.
    pub(super) fn print_texts(&self, texts: &Option<Vec<Text>>, name: &str, state: &mut State) {
        match texts {
            Some(texts) => print_ways(texts, state),
            None => state.print(&output(name)),
        }
    }

    fn cat(&mut self, words: &[Word], state: &mut State) {
        let files = operands(words);
        if files.is_empty() {
            self.print_texts(&state.input.clone(), "cat", state);
            return;
        }
        for file in files {
            let texts = self.file_texts(&file.text, state);
            self.print_texts(&texts, "cat", state);
        }
    }

    fn dirname(&mut self, words: &[Word], state: &mut State) {
        let Some(word) = operands(words).first().copied() else { return };
        let text = match word.known() {
            Some(path) => {
                let path = path.trim_end_matches('/');
                Text::from(match path.rsplit_once('/') {
                    Some(("", _)) => "/",
                    Some((folder, _)) => folder,
                    None => ".",
                })
            }
            None => self.removed(&word.text, "/*", true, false).unwrap_or_else(|| output("dirname")),
        };
        print_lines(vec![text], state);
    }

    fn real_path(&mut self, name: &str, words: &[Word], state: &mut State) {
        let mut options =
            words[1..].iter().map(|word| word.text.known_start()).filter(|word| word.starts_with('-'));
        // Other options give a relative path, or one in which links are left.
        let simple = |option: &str| match option.strip_prefix("--") {
            Some(long) => {
                ["canonicalize", "no-newline", "quiet", "silent", "zero"].iter().any(|o| long.starts_with(o))
            }
            None => option[1..].chars().all(|c| "efmnqz".contains(c)),
        };
        let plain = match name {
            "realpath" => options.all(simple),
            _ => words.iter().any(|word| word.text.known_start().starts_with('-')) && options.all(simple),
        };
        let (Some(word), true) = (operands(words).first().copied(), plain) else {
            return state.print(&output(name));
        };
        let places = self.places(&word.text, state);
        print_lines(places.iter().map(|place| place.to_text()).collect(), state);
    }
}

/// The words that are no options.
fn operands(words: &[Word]) -> Vec<&Word> {
    let option = |word: &&Word| word.text.known_start().starts_with('-') && word.known() != Some("-");
    words[1..].iter().filter(|word| !option(word)).collect()
}

fn output(command: &str) -> Text {
    Text::unknown(Why::Output(command.to_owned()))
}

fn print_lines(mut texts: Vec<Text>, state: &mut State) {
    texts.iter_mut().for_each(|text| text.push_str("\n"));
    print_ways(&texts, state);
}

/// Prints one of several texts.
fn print_ways(texts: &[Text], state: &mut State) {
    let Some(printed) = &mut state.printed else { return };
    let with = |before: &Text, text: &Text| {
        let mut joined = before.clone();
        joined.append(text);
        joined
    };
    *printed = printed.iter().flat_map(|before| texts.iter().map(move |text| with(before, text))).collect();
    limit(printed, || Text::unknown(Why::TooMany));
}

fn echo(words: &[Word], state: &mut State) {
    state.status = Some(true);
    if state.printed.is_none() {
        return;
    }
    let (mut at, mut newline, mut escapes) = (1, true, false);
    while let Some(option) = words.get(at).and_then(Word::known) {
        if !(option.len() > 1 && option.starts_with('-') && option[1..].bytes().all(|b| b"neE".contains(&b)))
        {
            break;
        }
        newline &= !option.contains('n');
        escapes |= option.contains('e');
        at += 1;
    }
    let plain = super::builtin::joined(&words[at..]);
    let mut ways = Vec::new();
    // dash always reads escapes, bash only with -e.
    let has_escapes =
        plain.parts().iter().any(|part| matches!(part, Part::Text(text) if text.contains('\\')));
    if has_escapes {
        ways.push(unescaped(&plain));
    }
    if !has_escapes || !escapes {
        ways.push(plain);
    }
    if newline {
        ways.iter_mut().for_each(|text| text.push_str("\n"));
    }
    print_ways(&ways, state);
}

fn unescaped(text: &Text) -> Text {
    let mut result = Text::default();
    for part in text.parts() {
        match part {
            Part::Text(text) if is_hard(text) => result.push(Part::Unknown(Why::Output("echo".to_owned()))),
            Part::Text(text) => result.push_str(&unescape(text)),
            part => result.push(part.clone()),
        }
    }
    result
}

/// `\c`, `\u` and a NUL, which shells print in different ways, if they print what follows at all.
fn is_hard(text: &str) -> bool {
    ["\\c", "\\u", "\\U"].iter().any(|escape| text.contains(escape)) || unescape(text).contains('\0')
}

/// `\n` and its like, as `echo -e` and `printf` read them.
fn unescape(text: &str) -> String {
    let mut result = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            result.push(character);
            continue;
        }
        match characters.next() {
            Some('n') => result.push('\n'),
            Some('t') => result.push('\t'),
            Some('r') => result.push('\r'),
            Some('a' | 'b' | 'f' | 'v') => result.push(' '),
            Some('\\') => result.push('\\'),
            Some('x') => {
                let rest = characters.as_str();
                let digits = rest.bytes().take(2).take_while(u8::is_ascii_hexdigit).count();
                if let Ok(code) = u8::from_str_radix(&rest[..digits], 16) {
                    result.push(char::from(code));
                }
                characters = rest[digits..].chars();
            }
            Some(digit) if digit.is_digit(8) => {
                let rest = characters.as_str();
                let more = rest.bytes().take(3).take_while(|byte| (b'0'..b'8').contains(byte)).count();
                let octal = format!("{digit}{}", &rest[..more]);
                if let Some(code) = u32::from_str_radix(&octal, 8).ok().and_then(char::from_u32) {
                    result.push(code);
                }
                characters = rest[more..].chars();
            }
            Some(other) => {
                result.push('\\');
                result.push(other);
            }
            None => result.push('\\'),
        }
    }
    result
}

fn printf(words: &[Word], state: &mut State) {
    state.status = Some(true);
    let (variable, words) = match words {
        [_, option, name, rest @ ..] if option.known() == Some("-v") => (name.known(), rest),
        [_, option, rest @ ..] if option.known() == Some("--") => (None, rest),
        [_, rest @ ..] => (None, rest),
        [] => return,
    };
    let Some((format, arguments)) = words.split_first() else { return };
    let text = match format.known() {
        Some(format) if !arguments.iter().any(Word::splits) => formatted(format, arguments),
        _ => None,
    };
    let text = text.unwrap_or_else(|| output("printf"));
    match variable {
        Some(name) => state.assign_text(name, text),
        None => state.print(&text),
    }
}

/// The text that a format gives, which is used again while there are arguments.
fn formatted(format: &str, arguments: &[Word]) -> Option<Text> {
    let mut text = Text::default();
    let mut left = arguments.iter();
    let hard = |word: &Word| word.known().is_some_and(is_hard) && format.contains("%b");
    if is_hard(format) || arguments.iter().any(hard) {
        return None;
    }
    loop {
        let before = left.len();
        let mut rest = format;
        while let Some(at) = rest.find('%') {
            text.push_str(&unescape(&rest[..at]));
            let mut conversion = rest[at + 1..].chars();
            match conversion.next()? {
                '%' => text.push_str("%"),
                's' => text.append(&left.next().map(|word| word.text.clone()).unwrap_or_default()),
                'b' => text.append(&left.next().map(|word| unescaped(&word.text)).unwrap_or_default()),
                'd' | 'i' | 'u' => {
                    text.append(&left.next().map_or_else(|| Text::from("0"), |word| word.text.clone()))
                }
                'q' => {
                    let word = left.next()?;
                    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:-~@%+=,".contains(c);
                    text.push_str(word.known().filter(|word| !word.is_empty() && word.chars().all(plain))?);
                }
                _ => return None,
            }
            rest = conversion.as_str();
        }
        text.push_str(&unescape(rest));
        if left.len() == 0 || left.len() == before {
            return Some(text);
        }
    }
}
