//! The forms in which a secret is looked for: raw, JSON-escaped, base64 and percent-encoded.

use std::collections::BTreeSet;

use contract_json::write_canonical_string;
use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD};

/// One form of a secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Form {
    /// The bytes to look for.
    pub(crate) text: Vec<u8>,
    /// The base64 character before (after) them shares bits with the secret.
    pub(crate) before: bool,
    /// See `before`.
    pub(crate) after: bool,
}

impl Form {
    fn whole(text: Vec<u8>) -> Self {
        Self { text, before: false, after: false }
    }
}

/// Characters that encoders leave alone beside letters and digits: strict, `encodeURIComponent`, Python's `quote`, `encodeURI`, forms.
const LEFT_ALONE: [&[u8]; 5] = [b"-_.~", b"-_.~!*'()", b"-_.~/", b"-_.~!*'();,/?:@&=+$#", b"-_.* "];

/// All forms of `secret`, each once.
pub(crate) fn forms_of(secret: &[u8]) -> BTreeSet<Form> {
    let mut forms = BTreeSet::new();
    forms.insert(Form::whole(secret.to_vec()));
    if let Ok(text) = std::str::from_utf8(secret) {
        forms.extend(json_escapes(text).into_iter().map(|text| Form::whole(text.into_bytes())));
    } else {
        // What a reader that replaces invalid bytes makes of it.
        forms.insert(Form::whole(String::from_utf8_lossy(secret).into_owned().into_bytes()));
    }
    forms.extend(base64(secret));
    forms.extend(percent(secret).into_iter().map(Form::whole));
    forms
}

/// How writers of JSON escape beyond what they must.
#[derive(Debug, Clone, Copy)]
struct EscapeStyle {
    /// `/` as `\/`.
    slashes: bool,
    /// Everything beyond ASCII as `\uXXXX`.
    ascii_only: bool,
    /// Whatever is escaped, and what HTML-safe writers escape, as `\uXXXX`.
    hex_only: bool,
    /// Hex digits in upper case.
    upper: bool,
}

/// Most levels of JSON inside a string of JSON: a message in a log record in a line on the wire.
const MAX_LEVELS: usize = 3;

/// `text` as it stands between the quotes of JSON strings: each writer's habit at all levels, or below RFC 8785's.
fn json_escapes(text: &str) -> BTreeSet<String> {
    let canonical = EscapeStyle { slashes: false, ascii_only: false, hex_only: false, upper: false };
    let mut forms = BTreeSet::new();
    for bits in 0..16 {
        let bit = |at: u32| bits >> at & 1 == 1;
        let style = EscapeStyle { slashes: bit(0), ascii_only: bit(1), hex_only: bit(2), upper: bit(3) };
        let once = escape(text, style);
        for outer in [style, canonical] {
            let mut form = once.clone();
            for _ in 1..MAX_LEVELS {
                form = escape(&form, outer);
                forms.insert(form.clone());
            }
        }
        forms.insert(once);
    }
    forms
}

fn escape(text: &str, style: EscapeStyle) -> String {
    let mut out = Vec::new();
    for character in text.chars() {
        let must = character < ' ' || matches!(character, '"' | '\\');
        let html = matches!(character, '<' | '>' | '&' | '\'');
        if style.hex_only && (must || html) || style.ascii_only && !character.is_ascii() {
            push_hex_escape(&mut out, character, style.upper);
        } else if style.slashes && character == '/' {
            out.extend_from_slice(b"\\/");
        } else if must {
            let start = out.len();
            write_canonical_string(&mut out, character.encode_utf8(&mut [0; 4]));
            out.pop();
            out.remove(start);
        } else {
            out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
    String::from_utf8(out).expect("characters and ASCII escapes")
}

fn push_hex_escape(out: &mut Vec<u8>, character: char, upper: bool) {
    for unit in character.encode_utf16(&mut [0; 2]) {
        let escape = if upper { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") };
        out.extend_from_slice(escape.as_bytes());
    }
}

/// Standard and URL alphabet, alone (with and without padding) and inside a longer text at each of the three alignments.
fn base64(secret: &[u8]) -> BTreeSet<Form> {
    let mut forms = BTreeSet::new();
    for encoding in [BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD] {
        forms.insert(Form::whole(encoding.encode(secret).into_bytes()));
    }
    for encoding in [BASE64_NOPAD, BASE64URL_NOPAD] {
        for alignment in 0..3 {
            let mut padded = vec![0; alignment];
            padded.extend_from_slice(secret);
            let text = encoding.encode(&padded);
            // Characters all of whose six bits are bits of the secret.
            let (first, last) = ((alignment * 8).div_ceil(6), padded.len() * 8 / 6);
            forms.insert(Form {
                text: text.as_bytes()[first..last].to_vec(),
                before: alignment > 0,
                after: padded.len() % 3 != 0,
            });
        }
    }
    // In JSON some writers escape the slash of the standard alphabet.
    let slashed: Vec<_> = forms
        .iter()
        .filter(|form| form.text.contains(&b'/'))
        .map(|form| Form {
            text: String::from_utf8_lossy(&form.text).replace('/', "\\/").into_bytes(),
            ..form.clone()
        })
        .collect();
    forms.extend(slashed);
    forms
}

fn percent(secret: &[u8]) -> BTreeSet<Vec<u8>> {
    let mut forms = BTreeSet::new();
    for upper in [false, true] {
        forms.insert(percent_encode(secret, |_| false, upper));
        for left_alone in LEFT_ALONE {
            let keep = |byte: u8| byte.is_ascii_alphanumeric() || left_alone.contains(&byte);
            let mut text = percent_encode(secret, keep, upper);
            if left_alone.contains(&b' ') {
                text.iter_mut().filter(|byte| **byte == b' ').for_each(|byte| *byte = b'+');
            }
            forms.insert(text);
        }
    }
    forms
}

fn percent_encode(secret: &[u8], keep: impl Fn(u8) -> bool, upper: bool) -> Vec<u8> {
    let mut out = Vec::new();
    for &byte in secret {
        match (keep(byte), upper) {
            (true, _) => out.push(byte),
            (false, true) => out.extend_from_slice(format!("%{byte:02X}").as_bytes()),
            (false, false) => out.extend_from_slice(format!("%{byte:02x}").as_bytes()),
        }
    }
    out
}
