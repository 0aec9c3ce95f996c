//! Output that must have a form: a JSON schema, or a grammar in GBNF.

use contract_json::{Limits, Tape};
use jsonschema::{PatternOptions, Validator};

use crate::effort::is_small;
use crate::fault::Fault;
use crate::gbnf::Grammar;
use crate::quiet::quiet;
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

/// The exponent of a number in llama.cpp's grammar of JSON, of up to 16 digits: json-schema-to-grammar.cpp.
const LONG_EXPONENT: &str = "[eE] [-+]? integral-part";
/// With two digits, so that the number is one that a reader of JSON can hold.
const SHORT_EXPONENT: &str = "[eE] [-+]? [0-9] [0-9]?";

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
                crate::schema::check(schema)
                    .map_err(|why| Fault::Grammar { what: format!("jsonSchema cannot be used: {why}") })?;
                let validator = validator(schema)?;
                let form = Self::Json(Box::new(Schema { schema: schema.clone(), validator }));
                let grammar = grammar_of(&text)?;
                short_enough(&grammar, "the grammar made of jsonSchema", LONGEST_MADE)?;
                Ok((form, Some(constraint(&grammar, "the grammar made of jsonSchema")?)))
            }
            (None, Some(grammar)) => {
                short_enough(grammar, "grammar", LONGEST_GRAMMAR)?;
                Ok((Self::Grammar, Some(constraint(grammar, "grammar")?)))
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
        let Self::Json(schema) = self else { return None };
        let mut tape = Tape::new();
        let value = match tape.parse(text.as_bytes(), &Limits::default()) {
            Ok(value) => value.to_serde(),
            Err(error) => return Some(format!("the text is no JSON: {error}")),
        };
        if !is_small(&schema.schema, &value) {
            return Some("it takes too long to hold the text against the schema".to_owned());
        }
        schema.validator.validate(&value).err().map(|error| {
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
        what: "llama.cpp makes no grammar of this jsonSchema; leave out what is unusual in it: \
               references to other documents, patterns with look-around or back references"
            .to_owned(),
    })?;
    Ok(grammar.replace(LONG_EXPONENT, SHORT_EXPONENT))
}

fn constraint(grammar: &str, name: &str) -> Result<Constraint, Fault> {
    let wrong = |why: String| Fault::Grammar { what: format!("{name} cannot be used: {why}") };
    let grammar = Grammar::parse(grammar).map_err(|fault| wrong(fault.to_string()))?;
    Constraint::new(grammar).map_err(|error| wrong(error.to_string()))
}
