//! Output that must have a form: a JSON schema, or a grammar in GBNF.

use contract_json::{Limits, Tape};
use jsonschema::{PatternOptions, Validator};
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::sampling::LlamaSampler;

use crate::fault::Fault;
use crate::request::Generate;

/// Most memory of a compiled pattern. Bytes.
const PATTERN_BYTES: usize = 1 << 20;
/// Longest schema and longest grammar. Bytes.
const LONGEST: usize = 256 * 1024;
/// Where a grammar begins.
const GRAMMAR_ROOT: &str = "root";

/// The exponent of a number in llama.cpp's grammar of JSON, of up to 16 digits: json-schema-to-grammar.cpp.
const LONG_EXPONENT: &str = "[eE] [-+]? integral-part";
/// With two digits, so that the number is one that a reader of JSON can hold.
const SHORT_EXPONENT: &str = "[eE] [-+]? [0-9] [0-9]?";

/// What an output has to be.
pub(crate) enum Form {
    Free,
    Grammar,
    Json(Validator),
}

impl Form {
    /// The form that is asked for, and the sampler that keeps to it.
    pub(crate) fn of(generate: &Generate, model: &LlamaModel) -> Result<(Self, Option<LlamaSampler>), Fault> {
        match (&generate.json_schema, &generate.grammar) {
            (Some(schema), _) => {
                let validator = validator(schema)?;
                let text = schema.to_string();
                short_enough(&text, "jsonSchema")?;
                let grammar = llama_cpp_2::json_schema_to_grammar(&text).map_err(|_| Fault::Grammar {
                    what: "llama.cpp makes no grammar of this jsonSchema; leave out what is unusual in it: \
                           references to other documents, patterns with look-around or back references"
                        .to_owned(),
                })?;
                let grammar = grammar.replace(LONG_EXPONENT, SHORT_EXPONENT);
                Ok((Self::Json(validator), Some(sampler(model, &grammar, "jsonSchema")?)))
            }
            (None, Some(grammar)) => {
                short_enough(grammar, "grammar")?;
                Ok((Self::Grammar, Some(sampler(model, grammar, "grammar")?)))
            }
            (None, None) => Ok((Self::Free, None)),
        }
    }

    /// Whether an output that was cut is still of use.
    pub(crate) fn may_be_cut(&self) -> bool {
        matches!(self, Self::Free)
    }

    /// What is wrong with a whole output. The grammar lets through what it has no words for, such as `multipleOf`.
    pub(crate) fn violation(&self, text: &str) -> Option<String> {
        let Self::Json(validator) = self else { return None };
        let mut tape = Tape::new();
        let value = match tape.parse(text.as_bytes(), &Limits::default()) {
            Ok(value) => value.to_serde(),
            Err(error) => return Some(format!("the text is no JSON: {error}")),
        };
        validator.validate(&value).err().map(|error| {
            // Without the value: it is what the model said, and that stays in `text`.
            format!("the text does not fit the schema: {} at `{}`", error.masked(), error.instance_path())
        })
    }
}

fn short_enough(text: &str, name: &str) -> Result<(), Fault> {
    if text.len() <= LONGEST {
        return Ok(());
    }
    Err(Fault::Grammar { what: format!("{name} has {} bytes; at most {LONGEST} are taken", text.len()) })
}

fn validator(schema: &serde_json::Value) -> Result<Validator, Fault> {
    let patterns = PatternOptions::regex().size_limit(PATTERN_BYTES).dfa_size_limit(PATTERN_BYTES);
    jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .with_pattern_options(patterns)
        .build(schema)
        .map_err(|error| Fault::Grammar { what: format!("jsonSchema is no JSON Schema: {error}") })
}

fn sampler(model: &LlamaModel, grammar: &str, name: &str) -> Result<LlamaSampler, Fault> {
    crate::log::forget();
    LlamaSampler::grammar(model, grammar, GRAMMAR_ROOT).map_err(|error| {
        let why = crate::log::last_complaints().unwrap_or_else(|| error.to_string());
        Fault::Grammar { what: format!("{name} cannot be used as a grammar: {why}") }
    })
}
