//! How much it takes to hold a value against a schema, reckoned before it is done: a validator goes through each alternative
//! again for each way that leads there, which doubles with each level of a schema that is made for it.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::references::resolve;

/// Most steps of a validator.
const MOST_STEPS: u64 = 200_000;
/// Most pairs of a schema and a value that are looked at.
const MOST_PAIRS: usize = 200_000;
/// Deepest descent through schemas and values together; a validator takes stack for each level.
const DEEPEST: usize = 1000;
/// What stands for a name where a schema is about names.
const NAME: &Value = &Value::Null;

/// Whether a validator is soon done.
pub(crate) fn is_small(schema: &Value, value: &Value) -> bool {
    let mut effort = Effort { root: schema, known: HashMap::new() };
    effort.of(schema, value, 0).is_some_and(|steps| steps <= MOST_STEPS)
}

struct Effort<'s> {
    root: &'s Value,
    /// Steps by the places of schema and value in memory; none while they are looked at. What comes back to itself then has no
    /// end: the value is the same, and such a schema means nothing.
    known: HashMap<(*const Value, *const Value), Option<u64>>,
}

impl<'s> Effort<'s> {
    /// `None`: too many.
    fn of(&mut self, schema: &'s Value, value: &Value, depth: usize) -> Option<u64> {
        let Value::Object(members) = schema else { return Some(1) };
        let pair = (std::ptr::from_ref(schema), std::ptr::from_ref(value));
        if let Some(&steps) = self.known.get(&pair) {
            return steps;
        }
        if depth > DEEPEST || self.known.len() > MOST_PAIRS {
            return None;
        }
        self.known.insert(pair, None);
        let mut steps = self.in_place(members, value, depth)?;
        if members.keys().any(|key| key.starts_with("unevaluated")) {
            // What was evaluated is found out by going through it once more.
            steps = steps.saturating_mul(2);
        }
        let steps = steps.saturating_add(self.within(members, value, depth)?).saturating_add(1);
        self.known.insert(pair, Some(steps));
        (steps <= MOST_STEPS).then_some(steps)
    }

    /// Of the schemas that are about the same value.
    fn in_place(&mut self, members: &'s Map<String, Value>, value: &Value, depth: usize) -> Option<u64> {
        let mut steps = 0_u64;
        for (key, member) in members {
            let parts: Vec<&Value> = match (key.as_str(), member) {
                ("$ref", Value::String(reference)) => resolve(self.root, reference).into_iter().collect(),
                ("allOf" | "anyOf" | "oneOf", Value::Array(parts)) => parts.iter().collect(),
                ("not" | "if" | "then" | "else", part) => vec![part],
                ("dependentSchemas", Value::Object(parts)) => parts.values().collect(),
                _ => continue,
            };
            for part in parts {
                steps = steps.saturating_add(self.of(part, value, depth + 1)?);
            }
        }
        Some(steps)
    }

    /// Of the schemas that are about what is in the value.
    fn within(&mut self, members: &'s Map<String, Value>, value: &Value, depth: usize) -> Option<u64> {
        let mut steps = 0_u64;
        for (key, member) in members {
            match (key.as_str(), value, member) {
                ("properties", Value::Object(values), Value::Object(parts)) => {
                    for (name, value) in values {
                        if let Some(part) = parts.get(name) {
                            steps = steps.saturating_add(self.of(part, value, depth + 1)?);
                        }
                    }
                }
                ("patternProperties", Value::Object(values), Value::Object(parts)) => {
                    for (part, value) in
                        parts.values().flat_map(|part| values.values().map(move |value| (part, value)))
                    {
                        steps = steps.saturating_add(self.of(part, value, depth + 1)?);
                    }
                }
                ("additionalProperties" | "unevaluatedProperties", Value::Object(values), part) => {
                    for value in values.values() {
                        steps = steps.saturating_add(self.of(part, value, depth + 1)?);
                    }
                }
                ("propertyNames", Value::Object(values), part) => {
                    let one = self.of(part, NAME, depth + 1)?;
                    steps = steps.saturating_add(one.saturating_mul(values.len() as u64));
                }
                ("prefixItems", Value::Array(values), Value::Array(parts)) => {
                    for (part, value) in parts.iter().zip(values) {
                        steps = steps.saturating_add(self.of(part, value, depth + 1)?);
                    }
                }
                ("items" | "contains" | "unevaluatedItems", Value::Array(values), part) => {
                    for value in values {
                        steps = steps.saturating_add(self.of(part, value, depth + 1)?);
                    }
                }
                _ => {}
            }
        }
        Some(steps)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_doubles_is_not_small() {
        let mut defs: Map<String, Value> = (0..40)
            .map(|level| {
                let next = json!({ "$ref": format!("#/$defs/d{}", level + 1) });
                (format!("d{level}"), json!({ "oneOf": [next, next] }))
            })
            .collect();
        defs.insert("d40".to_owned(), json!({ "type": "boolean" }));
        assert!(!is_small(&json!({ "$defs": defs, "$ref": "#/$defs/d0" }), &json!(true)));
        assert!(is_small(&json!({ "$defs": defs, "$ref": "#/$defs/d30" }), &json!(true)));
    }

    #[test]
    fn what_doubles_with_the_depth_of_the_value_is_small_only_for_a_flat_one() {
        let again = json!({ "items": { "$ref": "#/$defs/a" } });
        let schema = json!({ "$defs": { "a": { "oneOf": [again, again] } }, "$ref": "#/$defs/a" });
        let nested = |depth| (0..depth).fold(json!(1), |value, _| json!([value]));
        assert!(is_small(&schema, &nested(5)));
        assert!(!is_small(&schema, &nested(60)));
    }

    #[test]
    fn long_values_are_small() {
        let list =
            json!({ "type": "array", "items": { "anyOf": [{ "type": "integer" }, { "type": "null" }] } });
        assert!(is_small(&list, &json!(vec![1; 10_000])));
    }

    #[test]
    fn circles_are_not_small_whatever_is_met_on_the_way() {
        let circle =
            json!({ "$defs": { "a": { "anyOf": [{ "$ref": "#/$defs/a" }, true] } }, "$ref": "#/$defs/a" });
        assert!(!is_small(&circle, &json!(1)));
        // `q` is reckoned while `p` is not done, and `r` would take many times what `q` was then.
        let mut defs = Map::new();
        let mut chain = |name: &str, last: Value| {
            for level in 0..13 {
                let next = json!({ "$ref": format!("#/$defs/{name}{}", level + 1) });
                defs.insert(format!("{name}{level}"), json!({ "oneOf": [next, next] }));
            }
            defs.insert(format!("{name}13"), last);
        };
        chain("e", json!({ "type": "string" }));
        chain("r", json!({ "$ref": "#/$defs/q" }));
        defs.insert("p".to_owned(), json!({ "anyOf": [{ "$ref": "#/$defs/e0" }, { "$ref": "#/$defs/q" }] }));
        defs.insert("q".to_owned(), json!({ "not": { "not": { "$ref": "#/$defs/p" } } }));
        let both = json!({ "$defs": defs, "allOf": [{ "$ref": "#/$defs/p" }, { "$ref": "#/$defs/r0" }] });
        assert!(!is_small(&both, &json!(true)));
    }
}
