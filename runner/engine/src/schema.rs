//! Arguments and results against the schemas of an operation.

mod cost;

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use contract_ipc::{Code, SchemaRef};
use contract_json::{Limits, Tape, Value};
use jsonschema::{PatternOptions, Validator};

use crate::failure::Failure;
use cost::steps;

/// How long one schema may be compiled, or one value checked. Schemas come from adapters, and a few lines of references can
/// mean more steps than there are atoms.
const PATIENCE: Duration = Duration::from_secs(2);
/// What takes no more steps is done on the spot: another thread takes longer than most checks.
const STEPS_ON_THE_SPOT: u64 = 1 << 27;
/// Most memory of one compiled pattern, and of its cache.
const PATTERN_BYTES: usize = 1 << 20;
/// For deep values under deep schemas.
const STACK_BYTES: usize = 64 << 20;
/// Violations that are told.
const TOLD: usize = 20;

/// A compiled schema.
#[derive(Debug)]
pub enum Schema {
    /// There is none, or one that takes everything.
    Anything,
    /// An `$id` that this runner does not have. Schemas are never fetched.
    Unknown(String),
    /// A schema, and how many steps a check takes for each byte of the value; none when nobody can tell.
    Compiled(Arc<Validator>, Option<u64>),
}

impl Schema {
    /// Compiles a schema; `place` names it in messages.
    ///
    /// # Errors
    /// `ADAPTER_MANIFEST_INVALID` when it is no JSON Schema, or one that cannot be compiled in 2 s.
    pub fn compile(schema: Option<&SchemaRef>, place: &str) -> Result<Self, Failure> {
        let schema = match schema {
            None => return Ok(Self::Anything),
            Some(SchemaRef::Id(id)) => return Ok(Self::Unknown(id.clone())),
            Some(SchemaRef::Inline(schema)) if takes_everything(schema) => return Ok(Self::Anything),
            Some(SchemaRef::Inline(schema)) => schema.clone(),
        };
        let steps = steps(&schema);
        let compile = move || build(&schema);
        let invalid = |what: String| Failure::new(Code::AdapterManifestInvalid, format!("{place} {what}"));
        let built = if is_short(steps, 1) { Some(compile()) } else { in_time(compile) };
        match built {
            None => Err(invalid(format!("takes more than {} s to compile", PATIENCE.as_secs()))),
            Some(Err(why)) => Err(invalid(format!("is no JSON Schema: {why}"))),
            Some(Ok(validator)) => Ok(Self::Compiled(Arc::new(validator), steps)),
        }
    }

    /// Checks a JSON text; `what` names it in messages.
    ///
    /// # Errors
    /// `code`, with every violation and its pointer.
    pub fn check(&self, text: &[u8], what: &str, code: Code) -> Result<(), Failure> {
        if !matches!(self, Self::Compiled(..)) {
            return Ok(());
        }
        let mut tape = Tape::new();
        let value = tape.parse(text, &Limits::evidence()).expect("the text was read strictly before");
        self.check_value(value, what, code)
    }

    /// Checks a JSON value; `what` names it in messages.
    ///
    /// # Errors
    /// `code`, with every violation and its pointer, or when the check takes more than 2 s.
    pub fn check_value(&self, value: Value<'_>, what: &str, code: Code) -> Result<(), Failure> {
        let Self::Compiled(validator, steps) = self else { return Ok(()) };
        let is_short = is_short(*steps, value.raw().len());
        let value = value.to_serde();
        let violations = if is_short {
            Some(violations(validator, &value))
        } else {
            let validator = Arc::clone(validator);
            in_time(move || violations(&validator, &value))
        };
        match violations {
            Some(none) if none.is_empty() => Ok(()),
            Some(some) => Err(Failure::new(code, format!("{what}: {}", some.join("; ")))),
            None => Err(Failure::new(
                code,
                format!("{what}: the check against the schema takes more than {} s", PATIENCE.as_secs()),
            )),
        }
    }
}

fn build(schema: &serde_json::Value) -> Result<Validator, String> {
    // Of linear time and bounded memory; look-around is not known.
    let patterns = PatternOptions::regex().size_limit(PATTERN_BYTES).dfa_size_limit(PATTERN_BYTES);
    jsonschema::options()
        .should_validate_formats(true)
        .with_pattern_options(patterns)
        .build(schema)
        .map_err(|error| error.to_string())
}

fn violations(validator: &Validator, value: &serde_json::Value) -> Vec<String> {
    validator
        .iter_errors(value)
        .take(TOLD)
        .map(|error| {
            let place = error.instance_path().as_str();
            format!("{}: {error}", if place.is_empty() { "/" } else { place })
        })
        .collect()
}

/// Whether so many steps for each of `bytes` need no watching.
fn is_short(steps: Option<u64>, bytes: usize) -> bool {
    let all = steps.and_then(|steps| steps.checked_mul(u64::try_from(bytes).ok()?));
    all.is_some_and(|all| all <= STEPS_ON_THE_SPOT)
}

type Work = Box<dyn FnOnce() + Send>;

thread_local! {
    /// The thread that does watched work for this one. To start one takes longer than most checks.
    static WORKER: RefCell<Option<Sender<Work>>> = const { RefCell::new(None) };
}

/// What `work` gives, when it gives it in time. A thread cannot be stopped: one that is late is left behind, ends with the run, and
/// another one takes its place.
fn in_time<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (done, result) = channel();
    WORKER.with_borrow_mut(|worker| {
        let sender = match worker.take() {
            Some(sender) => sender,
            None => start_worker()?,
        };
        // Nobody may be waiting any more.
        sender.send(Box::new(move || drop(done.send(work())))).ok()?;
        let found = result.recv_timeout(PATIENCE).ok()?;
        *worker = Some(sender);
        Some(found)
    })
}

fn start_worker() -> Option<Sender<Work>> {
    let (sender, works) = channel::<Work>();
    let thread = std::thread::Builder::new().name("schema".to_owned()).stack_size(STACK_BYTES);
    thread.spawn(move || works.into_iter().for_each(|work| work())).ok()?;
    Some(sender)
}

fn takes_everything(schema: &serde_json::Value) -> bool {
    schema.as_bool() == Some(true)
        || schema.as_object().is_some_and(|members| {
            members
                .keys()
                .all(|key| matches!(key.as_str(), "title" | "description" | "$schema" | "$comment" | "$id"))
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn compiled(schema: serde_json::Value) -> Result<Schema, Failure> {
        Schema::compile(Some(&SchemaRef::Inline(schema)), "it")
    }

    #[test]
    fn a_chain_of_doubled_references_does_not_hold_the_run_up() {
        let mut definitions = serde_json::Map::new();
        for step in 0..40 {
            let next = json!({"$ref": format!("#/$defs/s{}", step + 1)});
            definitions.insert(format!("s{step}"), json!({"allOf": [next, next]}));
        }
        definitions.insert("s40".to_owned(), json!({"type": "object"}));
        let checked = compiled(json!({"$ref": "#/$defs/s0", "$defs": definitions}))
            .and_then(|schema| schema.check(b"{}", "data", Code::ContractResultInvalid));
        assert!(checked.unwrap_err().message.contains("takes more than 2 s"));
        // The thread that is still at it does not hold the next one up.
        let schema = compiled(json!({"uniqueItems": true})).unwrap();
        schema.check(b"[1]", "data", Code::ContractResultInvalid).unwrap();
    }

    #[test]
    fn patterns_have_bounded_memory() {
        let what = compiled(json!({"pattern": "\\pL{1,100000}"})).unwrap_err().message;
        assert!(what.contains("is no JSON Schema"), "{what}");
        let schema = compiled(json!({"properties": {"a": {"pattern": "^[a-z]+$"}}})).unwrap();
        schema.check(br#"{"a":"b"}"#, "data", Code::ContractResultInvalid).unwrap();
        schema.check(br#"{"a":"B"}"#, "data", Code::ContractResultInvalid).unwrap_err();
    }

    #[test]
    fn what_may_take_long_is_watched() {
        let is_watched = |schema, bytes| match compiled(schema).unwrap() {
            Schema::Compiled(_, steps) => !is_short(steps, bytes),
            Schema::Anything | Schema::Unknown(_) => panic!("it is a schema"),
        };
        assert!(!is_watched(json!({"items": {"pattern": "^sha256:[0-9a-f]{64}$"}}), 1000));
        assert!(is_watched(json!({"items": {"pattern": "^sha256:[0-9a-f]{64}$"}}), 10_000_000));
        assert!(is_watched(json!({"items": {"uniqueItems": true}}), 10));
    }
}
