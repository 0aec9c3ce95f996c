//! The words of a verb: flags from the input schema of its operation, and the arguments that they give.

use std::path::Path;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, value_parser};
use contract_engine::{PathUse, Surroundings, Verb, flag_name};
use serde_json::{Map, Value};

use crate::catalogue::FoundVerb;

/// What words ask for.
#[derive(Debug, Clone, PartialEq)]
pub struct Invocation {
    /// Arguments of the operation.
    pub args: Map<String, Value>,
    /// Rights that the paths among them give, in the grammar of `--allow`.
    pub rights: Vec<String>,
}

/// How a property is written on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Switch,
    Text,
    Integer,
    Number,
    Texts,
    /// Anything else is written as JSON.
    Json,
}

impl Form {
    fn of(schema: &Value) -> Self {
        let names = |kind: &Value| match kind {
            Value::String(name) => Some(name.clone()),
            Value::Array(kinds) => {
                kinds.iter().filter_map(Value::as_str).find(|name| *name != "null").map(str::to_owned)
            }
            _ => None,
        };
        match names(&schema["type"]).as_deref() {
            Some("boolean") => Self::Switch,
            Some("string") => Self::Text,
            Some("integer") => Self::Integer,
            Some("number") => Self::Number,
            Some("array") if names(&schema["items"]["type"]).as_deref() == Some("string") => Self::Texts,
            None if schema["enum"].is_array() || schema["const"].is_string() => Self::Text,
            None if schema["const"].is_boolean() => Self::Switch,
            _ => Self::Json,
        }
    }
}

/// The verb as a command of clap, without the flags that every verb has.
#[must_use]
pub fn clap_command(found: &FoundVerb) -> clap::Command {
    let (verb, operation) = (&found.verb, found.operation());
    let name = verb.words.last().expect("a verb has words").clone();
    let mut command = clap::Command::new(name).about(operation.description.clone());
    let required = operation.required();
    let properties = operation.properties().expect("the manifest was checked when it was read");
    for (name, schema) in properties.iter().filter(|(name, _)| has_flag(verb, name)) {
        let form = Form::of(schema);
        let must = required.contains(&name.as_str())
            && form != Form::Switch
            && !verb.from_environment.contains_key(name);
        let mut arg = Arg::new(name.clone()).help(help(schema)).required(must);
        if let Some(at) = verb.positionals.iter().position(|positional| positional == name) {
            arg = arg.index(at + 1).value_name(flag_name(name).to_uppercase());
        } else {
            arg = arg.long(flag_name(name)).value_name(value_name(form));
        }
        command = command.arg(parsed(arg, form, schema));
    }
    command
}

/// Whether the person at the command line has a say.
fn has_flag(verb: &Verb, name: &str) -> bool {
    !verb.fixed.contains_key(name) && !verb.from_runner.contains_key(name)
}

fn help(schema: &Value) -> String {
    schema["description"].as_str().unwrap_or_default().trim_end_matches('.').to_owned()
}

fn value_name(form: Form) -> &'static str {
    match form {
        Form::Switch => "",
        Form::Text | Form::Texts => "TEXT",
        Form::Integer | Form::Number => "N",
        Form::Json => "JSON",
    }
}

fn parsed(arg: Arg, form: Form, schema: &Value) -> Arg {
    let choices: Vec<String> = schema["enum"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    match form {
        Form::Switch => arg.action(ArgAction::SetTrue),
        Form::Text if !choices.is_empty() => arg.value_parser(PossibleValuesParser::new(choices)),
        Form::Text => arg.allow_hyphen_values(false),
        Form::Texts => arg.action(ArgAction::Append),
        Form::Integer => arg.value_parser(value_parser!(i64)).allow_negative_numbers(true),
        Form::Number => arg.value_parser(value_parser!(f64)).allow_negative_numbers(true),
        Form::Json => arg.value_parser(|text: &str| serde_json::from_str::<Value>(text)),
    }
}

/// What the words that clap has read ask for.
#[must_use]
pub fn invocation(found: &FoundVerb, matches: &ArgMatches, around: &Surroundings) -> Invocation {
    let verb = &found.verb;
    let properties = found.operation().properties().expect("the manifest was checked when it was read");
    let mut args = verb.fixed.clone();
    let mut typed: Vec<&str> = Vec::new();
    for (name, fact) in &verb.from_runner {
        args.extend(fact.value().map(|value| (name.clone(), value)));
    }
    for (name, schema) in properties.iter().filter(|(name, _)| has_flag(verb, name)) {
        let text = |text: &String| Value::from(text.as_str());
        let given = match Form::of(schema) {
            Form::Switch => matches.get_flag(name).then_some(Value::Bool(true)),
            Form::Text => matches.get_one::<String>(name).map(text),
            Form::Integer => matches.get_one::<i64>(name).copied().map(Value::from),
            Form::Number => matches.get_one::<f64>(name).copied().map(Value::from),
            Form::Texts => matches.get_many::<String>(name).map(|texts| texts.map(text).collect()),
            Form::Json => matches.get_one::<Value>(name).cloned(),
        };
        let variable = || {
            around.variables.get(verb.from_environment.get(name)?).map(|value| Value::from(value.as_str()))
        };
        typed.extend(given.is_some().then_some(name.as_str()));
        if let Some(value) = given.or_else(variable) {
            args.insert(name.clone(), value);
        }
    }
    let mut rights = Vec::new();
    for (name, usage) in &verb.paths {
        // Only a person gives rights, not a manifest.
        let usage = if typed.contains(&name.as_str()) { usage } else { &PathUse::Name };
        match args.get_mut(name) {
            Some(Value::String(path)) => place(path, *usage, &around.root, &mut rights),
            Some(Value::Array(paths)) => {
                for path in paths {
                    if let Value::String(path) = path {
                        place(path, *usage, &around.root, &mut rights);
                    }
                }
            }
            _ => {}
        }
    }
    Invocation { args, rights }
}

/// Makes `path` absolute. Whoever names a file to be read permits to read it; one that does not exist yet stays a name.
fn place(path: &mut String, usage: PathUse, root: &Path, rights: &mut Vec<String>) {
    let absolute: std::path::PathBuf = root.join(&*path).components().collect();
    if let Some(text) = absolute.to_str() {
        text.clone_into(path);
    }
    if usage == PathUse::Read && absolute.exists() {
        rights.push(format!("read={path}"));
    }
}
