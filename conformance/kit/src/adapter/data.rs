//! Values in the data of a result.

use serde_json::Value;

/// The value at a JSON pointer. A step `[name=vda]` takes the first item of a list whose `name` is `vda`.
pub(crate) fn at<'v>(data: &'v Value, pointer: &str) -> Option<&'v Value> {
    pointer.split('/').skip(1).try_fold(data, |value, step| {
        let chosen = step.strip_prefix('[').and_then(|step| step.strip_suffix(']'));
        match chosen.and_then(|step| step.split_once('=')) {
            Some((key, wanted)) => value.as_array()?.iter().find(|item| item[key] == wanted),
            None => value.pointer(&format!("/{step}")),
        }
    })
}

/// Whether something was found out there: not null, and not `{unknown: reason}`.
pub(crate) fn is_known(data: &Value, pointer: &str) -> bool {
    at(data, pointer).is_some_and(|value| !value.is_null() && reason(value).is_none())
}

/// Why a value is unknown.
fn reason(value: &Value) -> Option<&str> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    members.get("unknown")?.as_str()
}

/// Whether a value anywhere is unknown for one of these reasons.
pub(crate) fn is_unknown_because(data: &Value, reasons: &[String]) -> bool {
    if let Some(reason) = reason(data) {
        return reasons.iter().any(|known| known == reason);
    }
    match data {
        Value::Object(members) => members.values().any(|value| is_unknown_because(value, reasons)),
        Value::Array(items) => items.iter().any(|value| is_unknown_because(value, reasons)),
        _ => false,
    }
}

/// The data without what stands at these pointers.
pub(crate) fn without(mut data: Value, pointers: &[String]) -> Value {
    for pointer in pointers {
        if let Some(value) = data.pointer_mut(pointer) {
            *value = Value::Null;
        }
    }
    data
}

/// A value with a word replaced in all its texts.
pub(crate) fn with_word(value: &Value, word: &str, by: &str) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace(word, by)),
        Value::Array(items) => items.iter().map(|item| with_word(item, word, by)).collect(),
        Value::Object(members) => {
            members.iter().map(|(key, value)| (key.clone(), with_word(value, word, by))).collect()
        }
        other => other.clone(),
    }
}

/// The first place where two values differ, as a pointer.
pub(crate) fn difference(a: &Value, b: &Value) -> Option<String> {
    let below = |name: &str, a: &Value, b: &Value| difference(a, b).map(|rest| format!("/{name}{rest}"));
    match (a, b) {
        (Value::Object(a), Value::Object(b)) if a.len() == b.len() => {
            a.iter().find_map(|(name, value)| below(name, value, b.get(name).unwrap_or(&Value::Null)))
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().find_map(|(index, (a, b))| below(&index.to_string(), a, b))
        }
        _ => (a != b).then(|| format!(": {a} and {b}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_item_of_a_list_is_found_by_a_member() {
        let data = json!({"disks": [{"name": "sda", "ro": true}, {"name": "vda", "ro": {"unknown": "x"}}]});
        assert_eq!(at(&data, "/disks/[name=sda]/ro"), Some(&json!(true)));
        assert_eq!(at(&data, "/disks/0/name"), Some(&json!("sda")));
        assert_eq!(at(&data, "/disks/[name=sdb]/ro"), None);
        assert!(is_known(&data, "/disks/[name=sda]/ro") && !is_known(&data, "/disks/[name=vda]/ro"));
        assert!(
            is_unknown_because(&data, &["x".to_owned()]) && !is_unknown_because(&data, &["y".to_owned()])
        );
    }

    #[test]
    fn the_first_difference_is_named() {
        let (a, b) = (json!({"a": [1, {"b": 2}]}), json!({"a": [1, {"b": 3}]}));
        assert_eq!(difference(&a, &b).as_deref(), Some("/a/1/b: 2 and 3"));
        assert_eq!(difference(&a, &a), None);
        assert_eq!(difference(&without(a, &["/a/1".to_owned()]), &json!({"a": [1, null]})), None);
    }
}
