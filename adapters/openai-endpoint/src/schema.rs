//! The JSON Schema that a text was asked to hold to.

use contract_adapter::Failure;
use contract_json::{Limits, Tape};
use jsonschema::{PatternOptions, Validator};
use serde_json::{Map, Value, json};

use crate::quoted;

/// Most memory of one compiled pattern, and of its cache.
const PATTERN_BYTES: usize = 1 << 20;

/// A compiled schema.
#[derive(Debug)]
pub(crate) struct Schema(Validator);

impl Schema {
    /// # Errors
    /// `ADAPTER_BAD_INPUT` when it is no JSON Schema.
    pub(crate) fn compile(schema: &Map<String, Value>) -> Result<Self, Failure> {
        // Of linear time and bounded memory; look-around is not known.
        let patterns = PatternOptions::regex().size_limit(PATTERN_BYTES).dfa_size_limit(PATTERN_BYTES);
        let built =
            jsonschema::options().with_pattern_options(patterns).build(&Value::Object(schema.clone()));
        built.map(Self).map_err(|error| {
            let why = quoted::without(&error.to_string(), [], None);
            Failure::bad_input(format!("/jsonSchema is no JSON Schema: {why}"))
                .details(json!({ "pointer": "/jsonSchema" }))
        })
    }

    /// Why a text does not hold to it. The text is quoted nowhere: only the place in the schema is named.
    pub(crate) fn fault(&self, text: &str) -> Option<String> {
        let mut tape = Tape::new();
        let value = match tape.parse(text.as_bytes(), &Limits::default()) {
            Ok(value) => value.to_serde(),
            Err(_) => return Some("the text is no JSON".to_owned()),
        };
        let error = self.0.iter_errors(&value).next()?;
        Some(format!("the text breaks the schema at {}", error.schema_path().as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compile(schema: &Value) -> Result<Schema, Failure> {
        Schema::compile(schema.as_object().unwrap())
    }

    #[test]
    fn a_text_is_read_strictly_and_held_to_the_schema() {
        let schema = compile(&json!({"type": "object", "properties": {"a": {"type": "integer"}}})).unwrap();
        assert_eq!(schema.fault(" {\"a\": 1}\n"), None);
        for text in ["", "{\"a\": 1", "{\"a\": 1, \"a\": 2}", "{\"a\": 01}", "{} {}"] {
            assert_eq!(schema.fault(text).unwrap(), "the text is no JSON", "{text}");
        }
        let secret = schema.fault("{\"a\": \"secret\"}").unwrap();
        assert_eq!(secret, "the text breaks the schema at /properties/a/type");
    }

    #[test]
    fn what_is_no_schema_or_would_be_fetched_is_refused() {
        for bad in [
            json!({"type": "text"}),
            json!({"pattern": "(?=a)"}),
            json!({"pattern": "\\pL{1,100000}"}),
            json!({"$ref": "http://127.0.0.1:9/schema.json"}),
            json!({"$ref": "file:///etc/passwd"}),
        ] {
            assert_eq!(compile(&bad).unwrap_err().code(), "ADAPTER_BAD_INPUT", "{bad}");
        }
    }
}
