//! Output that must have a form: a JSON schema, or a grammar in GBNF.

use contract_json::{Limits, Tape};
use jsonschema::error::ValidationErrorKind;
use jsonschema::{PatternOptions, Validator};

use crate::effort::is_small;
use crate::fault::Fault;
use crate::gbnf::{Grammar, GrammarFault};
use crate::quiet::quiet;
use crate::references::for_converter;
use crate::request::Generate;
use crate::sampling::Constraint;

/// Most memory of a compiled pattern. Bytes.
const PATTERN_BYTES: usize = 256 * 1024;
/// Longest schema. Bytes.
const LONGEST_SCHEMA: usize = 64 * 1024;
/// Longest grammar. Bytes.
const LONGEST_GRAMMAR: usize = 256 * 1024;
/// Longest grammar that is made of a schema. Bytes.
const LONGEST_MADE: usize = 1024 * 1024;

/// A rule for numbers in llama.cpp's grammar of JSON, with an exponent of up to 16 digits: json-schema-to-grammar.cpp. The
/// whole rule, since texts of the schema are in the grammar, too.
const LONG_EXPONENT: &str = " ::= (\"-\"? integral-part) (\".\" decimal-part)? ([eE] [-+]? integral-part)?\n";
/// With two digits, so that the number is one that a reader of JSON can hold.
const SHORT_EXPONENT: &str = " ::= (\"-\"? integral-part) (\".\" decimal-part)? ([eE] [-+]? [0-9] [0-9]?)?\n";

/// What an output has to be.
pub(crate) enum Form {
    Free,
    Grammar,
    Json(Box<Schema>),
}

/// A JSON schema, and the same as a program.
pub(crate) struct Schema {
    schema: serde_json::Value,
    validator: Validator,
}

impl Form {
    /// The form that is asked for, and what keeps to it.
    pub(crate) fn of(generate: &Generate) -> Result<(Self, Option<Constraint>), Fault> {
        match (&generate.json_schema, &generate.grammar) {
            (Some(schema), _) => {
                let text = schema.to_string();
                short_enough(&text, "jsonSchema", LONGEST_SCHEMA)?;
                let references = crate::schema::check(schema)
                    .map_err(|why| Fault::Grammar { what: format!("jsonSchema cannot be used: {why}") })?;
                let validator = validator(schema)?;
                let form = Self::Json(Box::new(Schema { schema: schema.clone(), validator }));
                let grammar = grammar_of(&for_converter(schema, &references))?;
                short_enough(&grammar, "the grammar made of jsonSchema", LONGEST_MADE)?;
                let grammar = Grammar::parse_made(&grammar);
                Ok((form, Some(constraint(grammar, "the grammar made of jsonSchema")?)))
            }
            (None, Some(grammar)) => {
                short_enough(grammar, "grammar", LONGEST_GRAMMAR)?;
                Ok((Self::Grammar, Some(constraint(Grammar::parse(grammar), "grammar")?)))
            }
            (None, None) => Ok((Self::Free, None)),
        }
    }

    /// Whether an output that was cut is still of use.
    pub(crate) fn may_be_cut(&self) -> bool {
        matches!(self, Self::Free)
    }

    /// What is wrong with an output that ended by itself or by a stop string.
    pub(crate) fn violation(&self, text: &str, is_stopped: bool) -> Option<String> {
        let what = "a stop string cut the text";
        match self {
            Self::Free => None,
            // Whether what is left fits is not known: the grammar was followed over the stop string, too.
            Self::Grammar => is_stopped.then(|| what.to_owned()),
            Self::Json(schema) if is_stopped => schema.violation(text).map(|why| format!("{what}: {why}")),
            Self::Json(schema) => schema.violation(text),
        }
    }
}

impl Schema {
    /// The grammar lets through what it has no words for, such as `multipleOf`.
    fn violation(&self, text: &str) -> Option<String> {
        let mut tape = Tape::new();
        let value = match tape.parse(text.as_bytes(), &Limits::default()) {
            Ok(value) => value.to_serde(),
            Err(error) => return Some(format!("the text is no JSON: {error}")),
        };
        if !is_small(&self.schema, &value) {
            return Some("it takes too long to hold the text against the schema".to_owned());
        }
        self.validator.validate(&value).err().map(|error| {
            // Without the value: it is what the model said, and that stays in `text`.
            format!("the text does not fit the schema: {} at `{}`", error.masked(), error.instance_path())
        })
    }
}

fn short_enough(text: &str, name: &str, longest: usize) -> Result<(), Fault> {
    if text.len() <= longest {
        return Ok(());
    }
    Err(Fault::Grammar { what: format!("{name} has {} bytes; at most {longest} are taken", text.len()) })
}

fn validator(schema: &serde_json::Value) -> Result<Validator, Fault> {
    let patterns = PatternOptions::regex().size_limit(PATTERN_BYTES).dfa_size_limit(PATTERN_BYTES);
    jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .with_pattern_options(patterns)
        .build(schema)
        .map_err(|error| {
            // Neither the error nor the place is told: both are in words of the schema, which is private.
            if matches!(error.kind(), ValidationErrorKind::Format { format } if format == "regex") {
                let what = "jsonSchema has a pattern that is not taken: it is no regular expression, it is too large, \
                            or it has look-around or back references";
                return Fault::Grammar { what: what.to_owned() };
            }
            let levels = error.instance_path().as_str().matches('/').count();
            let what =
                format!("jsonSchema is no JSON Schema of draft 2020-12: the fault is {levels} levels deep");
            Fault::Grammar { what }
        })
}

/// Quietly: llama.cpp prints patterns that it has no grammar for.
fn grammar_of(schema: &str) -> Result<String, Fault> {
    let made = quiet(|| llama_cpp_2::json_schema_to_grammar(schema))
        .map_err(|error| Fault::Engine { what: format!("stderr cannot be set aside: {error}") })?;
    let grammar = made.map_err(|_| Fault::Grammar {
        what: "llama.cpp makes no grammar of this jsonSchema; it takes no `true` or `false` in place of a schema but in \
               `additionalProperties` (`true` is `{}`), no empty lists of schemas or of values, and no lengths and \
               numbers of items of 2^31 or more"
            .to_owned(),
    })?;
    Ok(grammar.replace(LONG_EXPONENT, SHORT_EXPONENT))
}

fn constraint(grammar: Result<Grammar, GrammarFault>, name: &str) -> Result<Constraint, Fault> {
    let wrong = |why: String| Fault::Grammar { what: format!("{name} cannot be used: {why}") };
    let grammar = grammar.map_err(|fault| wrong(fault.to_string()))?;
    Constraint::new(grammar).map_err(|error| wrong(error.to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::gbnf::Ways;

    fn form(name: &str, value: &Value) -> Result<Form, String> {
        let generate = serde_json::from_value(json!({ "model": "/m", "prompt": "a", name: value })).unwrap();
        Form::of(&generate).map(|(form, _)| form).map_err(|fault| fault.to_string())
    }

    /// Whether the grammar that is made of a schema takes a text, and whether the schema does.
    fn takes(schema: &Value, text: &str) -> (bool, bool) {
        let fits = form("jsonSchema", schema).unwrap().violation(text, false).is_none();
        let references = crate::schema::check(schema).unwrap();
        let grammar = grammar_of(&for_converter(schema, &references)).unwrap();
        let (mut ways, mut state) = Ways::new(Grammar::parse_made(&grammar).unwrap()).unwrap();
        for &byte in text.as_bytes() {
            match ways.step(state, byte).unwrap() {
                Some(next) => state = next,
                None => return (false, fits),
            }
        }
        (ways.may_end(state), fits)
    }

    #[test]
    fn references_that_are_alike_to_the_converter_have_rules_of_their_own() {
        let of_two = |defs: Value, p: &str, q: &str| json!({ "$defs": defs, "type": "object", "required": ["p", "q"], "properties": { "p": { "$ref": p }, "q": { "$ref": q } } });
        let (red, green) = (json!({ "const": "red" }), json!({ "const": "green" }));
        let within = json!({ "anyOf": [red] });
        for schema in [
            of_two(json!({ "a_b": red, "a-b": green }), "#/$defs/a_b", "#/$defs/a-b"),
            of_two(json!({ "A__B": red, "A_B": green }), "#/$defs/A__B", "#/$defs/A_B"),
            of_two(json!({ "a": within, "a-0": green }), "#/$defs/a", "#/$defs/a-0"),
        ] {
            for (text, is_good) in [("red", false), ("green", true)] {
                let text = json!({ "p": "red", "q": text }).to_string();
                assert_eq!(takes(&schema, &text), (is_good, is_good), "{schema}");
            }
        }
        let names = json!({ "$defs": { "a_b": red, "a-b": green }, "type": "object", "required": ["const", "default"],
            "properties": { "const": { "$ref": "#/$defs/a_b" }, "default": { "$ref": "#/$defs/a-b" } } });
        assert_eq!(takes(&names, r#"{"const":"red","default":"green"}"#), (true, true));
        let as_a_rule = json!({ "$defs": { "a": green }, "type": "object", "required": ["ref-defs-a", "z"],
            "properties": { "ref-defs-a": { "enum": ["red"] }, "z": { "$ref": "#/$defs/a" } } });
        assert_eq!(takes(&as_a_rule, r#"{"ref-defs-a":"red","z":"green"}"#), (true, true));
    }

    #[test]
    fn references_and_names_that_are_data_stay_as_they_are() {
        let schema = json!({ "$defs": { "a": { "const": { "$ref": "#/$defs/a" } } }, "$ref": "#/$defs/a" });
        assert_eq!(takes(&schema, r##"{"$ref":"#/$defs/a"}"##), (true, true));
        let tree = json!({ "$defs": { "$ref": { "type": "array", "items": { "$ref": "#/$defs/$ref" } } }, "$ref": "#/$defs/$ref" });
        assert_eq!(takes(&tree, "[[],[[]]]"), (true, true));
        assert_eq!(takes(&tree, "[[],[1]]"), (false, false));
    }

    #[test]
    fn what_looks_like_a_rule_of_the_converter_in_a_schema_stays_as_it_is() {
        let schema = json!({ "const": "[eE] [-+]? integral-part" });
        assert_eq!(takes(&schema, &schema["const"].to_string()), (true, true));
        assert_eq!(takes(&json!({ "type": "number" }), "1e99"), (true, true));
        assert!(!takes(&json!({ "type": "array", "items": { "type": "number" } }), "[1e999]").0);
    }

    #[test]
    fn a_limit_beyond_all_bounds_is_kept_by_the_schema_alone() {
        let schema = json!({ "type": "string", "maxLength": 3000 });
        let text = |length| json!("a".repeat(length)).to_string();
        assert_eq!(takes(&schema, &text(3000)), (true, true));
        assert_eq!(takes(&schema, &text(3001)), (true, false));
    }

    #[test]
    fn a_refusal_names_what_is_unusual() {
        for (schema, says) in [
            (json!({ "pattern": "(?=a)a" }), "a pattern that is not taken"),
            (json!({ "items": { "pattern": "(a)\\1" } }), "a pattern that is not taken"),
            (json!({ "patternProperties": { "(": {} } }), "a pattern that is not taken"),
            (json!({ "items": { "type": "nothing" } }), "no JSON Schema of draft 2020-12"),
            (json!({ "properties": { "a": true } }), "no `true` or `false` in place of a schema"),
            (json!({ "items": false }), "no `true` or `false` in place of a schema"),
            (json!({ "$ref": "#/$defs/\u{540d}", "$defs": { "\u{540d}": {} } }), "letters of ASCII"),
        ] {
            let why = form("jsonSchema", &schema).err().unwrap();
            assert!(why.contains(says), "{schema}: {why}");
        }
    }
}
