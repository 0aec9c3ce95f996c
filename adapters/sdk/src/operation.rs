//! The declaration of one operation.

use contract_ipc::{Capability, SchemaRef, SideEffect, SideEffects, Timeouts};

/// What the runner is told about an operation. A name alone is a declaration too: `"text.caps".into()`.
#[derive(Debug, Clone)]
pub struct Operation {
    pub(crate) capability: Capability,
    /// Only a name was given: with a manifest, the rest stands there.
    pub(crate) name_only: bool,
    pub(crate) mistake: Option<String>,
}

impl From<&str> for Operation {
    fn from(name: &str) -> Self {
        Self { name_only: true, ..Self::new(name) }
    }
}

impl Operation {
    /// An operation without schemas, side effects or a suggested deadline.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let capability = Capability {
            name: name.to_owned(),
            input_schema: None,
            output_schema: None,
            timeouts: None,
            side_effects: None,
            other: serde_json::Map::new(),
        };
        Self { capability, name_only: false, mistake: None }
    }

    /// The JSON Schema of the arguments, checked by the runner before they are sent.
    #[must_use]
    pub fn input(mut self, schema: serde_json::Value) -> Self {
        self.capability.input_schema = Some(SchemaRef::Inline(schema));
        self
    }

    /// The JSON Schema of the arguments as text, for `include_str!`.
    #[must_use]
    pub fn input_text(mut self, schema: &str) -> Self {
        match serde_json::from_str(schema) {
            Ok(schema) => self.input(schema),
            Err(error) => {
                self.mistake = Some(format!("input schema of `{}`: {error}", self.capability.name));
                self
            }
        }
    }

    /// The JSON Schema of the data, checked by the runner when it arrives.
    #[must_use]
    pub fn output(mut self, schema: serde_json::Value) -> Self {
        self.capability.output_schema = Some(SchemaRef::Inline(schema));
        self
    }

    /// The JSON Schema of the data as text, for `include_str!`.
    #[must_use]
    pub fn output_text(mut self, schema: &str) -> Self {
        match serde_json::from_str(schema) {
            Ok(schema) => self.output(schema),
            Err(error) => {
                self.mistake = Some(format!("output schema of `{}`: {error}", self.capability.name));
                self
            }
        }
    }

    /// What the operation does to the world outside its session.
    #[must_use]
    pub fn side_effects(mut self, effects: impl IntoIterator<Item = SideEffect>) -> Self {
        self.capability.side_effects = Some(SideEffects::Several(effects.into_iter().collect()));
        self
    }

    /// How long one invoke should take at most, in milliseconds. The runner decides.
    #[must_use]
    pub fn timeout_ms(mut self, timeout_ms: u64) -> Self {
        self.capability.timeouts =
            Some(Timeouts { default_ms: Some(timeout_ms), other: serde_json::Map::new() });
        self
    }
}
