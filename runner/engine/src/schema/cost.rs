//! How long a check against a schema may take, told without doing it.

use serde_json::Value;

/// Keywords whose cost does not show in the length of a schema.
const UNTOLD: &[&str] = &["$ref", "$dynamicRef", "$recursiveRef", "patternProperties", "uniqueItems"];
/// A class of characters takes up to so many states for their bytes in UTF-8.
const STATES_OF_A_CLASS: u64 = 16;

/// Most steps for each byte of a value: what is looked at for each part of it, and the states of all patterns, as the crate `regex`
/// takes time in proportion to states and text (<https://docs.rs/regex/1/regex/#untrusted-input>). None when nobody can tell.
pub(super) fn steps(schema: &Value) -> Option<u64> {
    match schema {
        Value::Object(members) => members.iter().try_fold(1, |sum: u64, (name, member)| {
            let own = match member {
                _ if UNTOLD.contains(&name.as_str()) => None,
                Value::String(pattern) if name == "pattern" => states(pattern),
                _ => steps(member),
            };
            sum.checked_add(own?)
        }),
        Value::Array(items) => items.iter().try_fold(1, |sum: u64, item| sum.checked_add(steps(item)?)),
        _ => Some(1),
    }
}

/// Most states of a pattern: its length, times every repetition that it counts. None with classes such as `\w` and with groups
/// that begin with `?`, which may have any number.
fn states(pattern: &str) -> Option<u64> {
    let mut all = STATES_OF_A_CLASS.checked_mul(u64::try_from(pattern.len()).ok()?)?;
    let mut rest = pattern.chars();
    while let Some(sign) = rest.next() {
        match sign {
            '\\' if rest.next().is_none_or(|escaped| escaped.is_ascii_alphanumeric() && escaped != 'u') => {
                return None;
            }
            '(' if rest.as_str().starts_with('?') => return None,
            '{' => {
                let counts = rest.as_str().split('}').next().unwrap_or_default();
                for count in counts.split(',').filter(|count| !count.is_empty()) {
                    all = all.checked_mul(count.parse::<u64>().ok()?.max(1))?;
                }
            }
            _ => {}
        }
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn states_grow_with_what_is_counted() {
        assert_eq!(states("^/[^\\u0000]*$"), Some(16 * 13));
        assert_eq!(states("[0-9a-f]{64}"), Some(16 * 12 * 64));
        assert_eq!(states("(a{2,30}){9}"), Some(16 * 12 * 2 * 30 * 9));
        for untold in
            ["\\w", "\\p{L}", "(?i)a", "a{9999999999999999999999}", "a{99999999999}{99999999999}", "\\"]
        {
            assert_eq!(states(untold), None, "{untold}");
        }
    }

    #[test]
    fn a_schema_is_all_of_its_parts() {
        let pattern = json!({"type": "string", "pattern": "a"});
        assert_eq!(steps(&pattern), Some(1 + 1 + 16));
        assert_eq!(steps(&json!({"items": [pattern, pattern]})), Some(1 + 1 + 2 * 18));
        assert_eq!(steps(&json!({"properties": {"pattern": {"type": "string"}}})), Some(4));
        for word in UNTOLD {
            assert_eq!(steps(&json!({"anyOf": [{*word: true}]})), None, "{word}");
        }
    }
}
