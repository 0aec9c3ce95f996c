//! Arguments and results against the schemas of an operation.

use contract_ipc::{Code, SchemaRef};
use contract_json::{Limits, Tape, Value};
use jsonschema::Validator;

use crate::failure::Failure;

/// A compiled schema.
#[derive(Debug)]
pub enum Schema {
    /// There is none, or one that takes everything.
    Anything,
    /// An `$id` that this runner does not have. Schemas are never fetched.
    Unknown(String),
    /// A schema.
    Compiled(Box<Validator>),
}

impl Schema {
    /// Compiles a schema; `place` names it in messages.
    ///
    /// # Errors
    /// `ADAPTER_MANIFEST_INVALID` when it is no JSON Schema.
    pub fn compile(schema: Option<&SchemaRef>, place: &str) -> Result<Self, Failure> {
        match schema {
            None => Ok(Self::Anything),
            Some(SchemaRef::Id(id)) => Ok(Self::Unknown(id.clone())),
            Some(SchemaRef::Inline(schema)) if takes_everything(schema) => Ok(Self::Anything),
            Some(SchemaRef::Inline(schema)) => jsonschema::options()
                .should_validate_formats(true)
                .build(schema)
                .map(|validator| Self::Compiled(Box::new(validator)))
                .map_err(|error| {
                    Failure::new(Code::AdapterManifestInvalid, format!("{place} is no JSON Schema: {error}"))
                }),
        }
    }

    /// Checks a JSON text; `what` names it in messages.
    ///
    /// # Errors
    /// `code`, with every violation and its pointer.
    pub fn check(&self, text: &[u8], what: &str, code: Code) -> Result<(), Failure> {
        if !matches!(self, Self::Compiled(_)) {
            return Ok(());
        }
        let mut tape = Tape::new();
        let value = tape.parse(text, &Limits::evidence()).expect("the text was read strictly before");
        self.check_value(value, what, code)
    }

    /// Checks a JSON value; `what` names it in messages.
    ///
    /// # Errors
    /// `code`, with every violation and its pointer.
    pub fn check_value(&self, value: Value<'_>, what: &str, code: Code) -> Result<(), Failure> {
        let Self::Compiled(validator) = self else { return Ok(()) };
        let value = value.to_serde();
        let violations: Vec<String> = validator
            .iter_errors(&value)
            .take(20)
            .map(|error| {
                format!(
                    "{}: {error}",
                    if error.instance_path().as_str().is_empty() {
                        "/".to_owned()
                    } else {
                        error.instance_path().to_string()
                    }
                )
            })
            .collect();
        if violations.is_empty() {
            Ok(())
        } else {
            Err(Failure::new(code, format!("{what}: {}", violations.join("; "))))
        }
    }
}

fn takes_everything(schema: &serde_json::Value) -> bool {
    schema.as_bool() == Some(true)
        || schema.as_object().is_some_and(|members| {
            members
                .keys()
                .all(|key| matches!(key.as_str(), "title" | "description" | "$schema" | "$comment" | "$id"))
        })
}
