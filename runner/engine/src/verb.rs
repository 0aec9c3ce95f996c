//! Command words that an adapter brings along: data in its manifest.

use std::collections::BTreeMap;

use contract_ipc::SchemaRef;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::manifest::Operation;

/// Command words that lead to an operation. Its flags are the properties of the operation's input schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Verb {
    /// What is typed, such as `["office", "doctor"]`.
    pub words: Vec<String>,
    /// The operation that it invokes.
    pub op: String,
    /// Arguments that are given by their place, without a flag.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub positionals: Vec<String>,
    /// Arguments that are paths.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub paths: BTreeMap<String, PathUse>,
    /// Arguments that have the value of an environment variable unless they are given.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub from_environment: BTreeMap<String, String>,
    /// Arguments that the runner knows better than its sandboxed adapter; there is no flag for them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub from_runner: BTreeMap<String, RunnerFact>,
    /// Arguments with a value of their own, for which there is no flag.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub fixed: Map<String, Value>,
}

/// What a path in the arguments is for. It is made absolute in both cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PathUse {
    /// Whoever names it permits the adapter to read it, when it exists.
    Read,
    /// It is spoken of, and gives no right.
    Name,
}

/// What the runner tells an adapter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunnerFact {
    /// The Landlock ABI of the kernel, a number; nothing where there is no Landlock.
    LandlockAbi,
}

impl RunnerFact {
    /// Looks.
    #[must_use]
    pub fn value(self) -> Option<Value> {
        match self {
            Self::LandlockAbi => {
                contract_sandbox::landlocked::LandlockAbi::probe(None).ok().map(|abi| Value::from(abi.kernel))
            }
        }
    }
}

/// Variables that a verb may hand on; none of them is a secret.
pub const VARIABLES: &[&str] = &[
    "HOME",
    "PATH",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "XDG_STATE_HOME",
];

/// Flags that every verb has. `--format` is not among them: an operation may have one of its own, and the runner's then stands before
/// the verb.
pub const COMMON_FLAGS: &[&str] = &[
    "accept-gap",
    "allow",
    "emit",
    "grant",
    "help",
    "limit",
    "lock",
    "out",
    "quiet",
    "require-grant",
    "sandbox-max-abi",
    "verbose",
];

impl Verb {
    /// Holds it against the operation that it names.
    ///
    /// # Errors
    /// A pointer below the verb, and what is wrong there.
    pub(crate) fn check(&self, operation: Option<&Operation>) -> Result<(), String> {
        let is_word = |word: &String| {
            word.starts_with(|c: char| c.is_ascii_lowercase())
                && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        if !(1..=MAX_WORDS).contains(&self.words.len()) || !self.words.iter().all(is_word) {
            return Err(format!("/words: one to {MAX_WORDS} words of lower-case letters, digits and `-`"));
        }
        if self.words.iter().any(|word| word == "help") {
            return Err("/words: `help` is the command line's own".to_owned());
        }
        let Some(operation) = operation else {
            return Err(format!("/op: `{}` is not among the operations", self.op));
        };
        let properties = operation.properties().ok_or_else(|| {
            format!("/op: the input schema of `{}` is not inline, or has no properties", self.op)
        })?;
        if properties.len() > MAX_PROPERTIES {
            return Err(format!("/op: more than {MAX_PROPERTIES} arguments"));
        }
        for (name, schema) in properties {
            check_property(name, schema)
                .map_err(|why| format!("/op: its argument `{}` {why}", name.escape_debug()))?;
        }
        self.check_positionals(operation, properties)?;
        let given = self.paths.iter().filter(|(_, usage)| **usage == PathUse::Read).map(|(name, _)| name);
        let mut untyped =
            given.filter(|name| self.fixed.contains_key(*name) || self.from_environment.contains_key(*name));
        if let Some(name) = untyped.next() {
            return Err(format!(
                "/paths: `{name}` is filled in by the manifest, and only a person permits to read"
            ));
        }
        let named = self.positionals.iter().map(|name| ("positionals", name));
        let named = named.chain(self.paths.keys().map(|name| ("paths", name)));
        let named = named.chain(self.from_environment.keys().map(|name| ("fromEnvironment", name)));
        let named = named.chain(self.from_runner.keys().map(|name| ("fromRunner", name)));
        let mut named = named.chain(self.fixed.keys().map(|name| ("fixed", name)));
        if let Some((member, name)) = named.find(|(_, name)| !properties.contains_key(*name)) {
            return Err(format!("/{member}: `{name}` is no property of the input schema"));
        }
        if let Some(taken) = properties.keys().find(|name| COMMON_FLAGS.contains(&flag_name(name).as_str())) {
            return Err(format!("/op: its argument `{taken}` would be a flag that every verb has"));
        }
        match self.from_environment.values().find(|variable| !VARIABLES.contains(&variable.as_str())) {
            Some(variable) => Err(format!(
                "/fromEnvironment: `{variable}` cannot be handed on; only {} can",
                VARIABLES.join(", ")
            )),
            None => Ok(()),
        }
    }
}

/// Most words of a verb.
const MAX_WORDS: usize = 4;
/// Most arguments of an operation that has a verb.
const MAX_PROPERTIES: usize = 64;

/// Flags are made of it, and help shows it.
fn check_property(name: &str, schema: &Value) -> Result<(), String> {
    let plain =
        name.starts_with(|c: char| c.is_ascii_lowercase()) && name.bytes().all(|b| b.is_ascii_alphanumeric());
    if !plain {
        return Err("has a name that makes no flag; write it like devRoot".to_owned());
    }
    let texts = schema["enum"].as_array().into_iter().flatten().chain([&schema["description"]]);
    match texts.filter_map(Value::as_str).find(|text| !is_tame(text)) {
        Some(_) => Err("is described with control characters".to_owned()),
        None => Ok(()),
    }
}

/// Nothing in it acts on a terminal.
pub(crate) fn is_tame(text: &str) -> bool {
    !text.contains(|c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
}

impl Verb {
    /// Arguments by their place: what is required comes first, and several values come last.
    fn check_positionals(
        &self,
        operation: &Operation,
        properties: &Map<String, Value>,
    ) -> Result<(), String> {
        let required = operation.required();
        let mut optional_seen = false;
        for (at, name) in self.positionals.iter().enumerate() {
            let wrong = |why: &str| Err(format!("/positionals: `{}` {why}", name.escape_debug()));
            let Some(schema) = properties.get(name) else { continue };
            if self.positionals[..at].contains(name)
                || self.fixed.contains_key(name)
                || self.from_runner.contains_key(name)
            {
                return wrong("is there twice, or filled in by the manifest");
            }
            let is_list = schema["type"] == "array";
            if !(schema["type"] == "string" || is_list) {
                return wrong("is neither a text nor a list of texts");
            }
            if is_list && at + 1 < self.positionals.len() {
                return wrong("is a list, and not the last");
            }
            let is_required = required.contains(&name.as_str()) && !self.from_environment.contains_key(name);
            if is_required && optional_seen {
                return wrong("is required, and comes after one that is not");
            }
            optional_seen |= !is_required;
        }
        Ok(())
    }
}

impl Operation {
    /// The properties of its arguments, when its input schema is inline.
    #[must_use]
    pub fn properties(&self) -> Option<&Map<String, Value>> {
        match self.input_schema.as_ref()? {
            SchemaRef::Inline(schema) => schema.get("properties")?.as_object(),
            SchemaRef::Id(_) => None,
        }
    }

    /// Arguments that must be there.
    #[must_use]
    pub fn required(&self) -> Vec<&str> {
        match self.input_schema.as_ref() {
            Some(SchemaRef::Inline(schema)) => {
                schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// `devRoot` is `--dev-root`.
#[must_use]
pub fn flag_name(property: &str) -> String {
    let mut flag = String::with_capacity(property.len() + 2);
    for c in property.chars() {
        if c.is_ascii_uppercase() {
            flag.push('-');
        }
        flag.push(c.to_ascii_lowercase());
    }
    flag
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn judge(verb: Value) -> Result<(), String> {
        let operation: Operation = serde_json::from_value(json!({
            "name": "office.inspect",
            "inputSchema": {"type": "object", "properties": {"file": {"type": "string"}, "names": {"type": "boolean"}}},
        }))
        .unwrap();
        let verb: Verb = serde_json::from_value(verb).unwrap();
        verb.check(Some(&operation).filter(|operation| operation.name == verb.op))
    }

    #[test]
    fn a_verb_speaks_of_what_its_operation_takes() {
        let good = json!({"words": ["office", "inspect"], "op": "office.inspect", "positionals": ["file"],
            "paths": {"file": "read"}, "fixed": {"names": false}});
        assert_eq!(judge(good.clone()), Ok(()));
        for (member, value, why) in [
            ("words", json!([]), "/words"),
            ("words", json!(["Office"]), "/words"),
            ("words", json!(["--help"]), "/words"),
            ("op", json!("office.convert"), "/op: `office.convert` is not among"),
            ("positionals", json!(["name"]), "/positionals: `name`"),
            ("paths", json!({"name": "read"}), "/paths: `name`"),
            ("words", json!(["help"]), "`help`"),
            ("words", json!(["a", "b", "c", "d", "e"]), "/words"),
            ("fixed", json!({"file": "/etc/shadow"}), "/positionals: `file`"),
            ("fromEnvironment", json!({"file": "HOME"}), "only a person permits"),
            ("positionals", json!(["names"]), "/positionals: `names`"),
            ("positionals", json!(["file", "file"]), "twice"),
            ("fixed", json!({"name": 1}), "/fixed: `name`"),
            ("fromEnvironment", json!({"names": "AWS_SECRET_ACCESS_KEY"}), "cannot be handed on"),
        ] {
            let mut bad = good.clone();
            bad[member] = value;
            let error = judge(bad).unwrap_err();
            assert!(error.contains(why), "{member}: {error}");
        }
    }

    #[test]
    fn a_property_is_a_flag_in_lower_case() {
        assert_eq!(flag_name("downloadsRoot"), "downloads-root");
        assert_eq!(flag_name("to"), "to");
    }
}
