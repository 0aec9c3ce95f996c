//! What an adapter can do: names, declarations, and the code behind them.

use contract_ipc::{AdapterName, Capabilities, Capability, DEFAULT_MAX_LINE_BYTES};
use contract_json::Value;
use serde::de::DeserializeOwned;

use crate::answer::Output;
use crate::context::Context;
use crate::failure::Failure;
use crate::manifest;
use crate::operation::Operation;
use crate::task::{AnyTask, Task};

/// A program that a runner can use. Its value lives as long as the process; operations get it by `&mut`.
pub trait Adapter: Sized {
    /// Name, version, and operations. Called once, at the start.
    fn offer(&self) -> Offer<Self>;
}

/// Code of an operation.
pub(crate) enum Run<A> {
    /// Arguments in, data appended, and whether the answer is yes.
    Whole(Whole<A>),
    /// Arguments in, and what is left to do.
    Stepped(Begin<A>),
}

type Whole<A> = Box<dyn Fn(&mut A, Value<'_>, &mut Vec<u8>, &mut Context<'_>) -> Result<bool, Failure>>;
type Begin<A> = Box<dyn Fn(&mut A, Value<'_>, &mut Context<'_>) -> Result<Box<dyn AnyTask<A>>, Failure>>;

struct Entry<A> {
    capability: Capability,
    run: Option<Run<A>>,
}

/// The operations of an adapter.
pub struct Offer<A> {
    adapter: AdapterName,
    entries: Vec<Entry<A>>,
    has_manifest: bool,
    max_line_bytes: usize,
    mistake: Option<String>,
}

impl<A> Offer<A> {
    /// An adapter without operations yet.
    #[must_use]
    pub fn new(name: &str, version: &str) -> Self {
        Self {
            adapter: AdapterName { name: name.to_owned(), version: version.to_owned() },
            entries: Vec::new(),
            has_manifest: false,
            max_line_bytes: DEFAULT_MAX_LINE_BYTES,
            mistake: None,
        }
    }

    /// An adapter that is declared in its `adapter.json`: `Offer::from_manifest(include_str!("../adapter.json"))`.
    ///
    /// What it offers is then what its manifest says, which the runner insists on. Each operation of the manifest
    /// still needs its code, by [`Offer::operation`] with its name.
    #[must_use]
    pub fn from_manifest(text: &str) -> Self {
        let mut offer = Self::new("", "");
        offer.has_manifest = true;
        match manifest::read(text) {
            Ok((adapter, capabilities)) => {
                offer.adapter = adapter;
                offer.entries =
                    capabilities.into_iter().map(|capability| Entry { capability, run: None }).collect();
            }
            Err(mistake) => offer.mistake = Some(mistake),
        }
        offer
    }

    /// Adds an operation with typed arguments and data.
    ///
    /// Arguments that are no `I` are answered with `ADAPTER_BAD_INPUT` and the place; the code is not called.
    #[must_use]
    pub fn operation<I, O, F>(self, operation: impl Into<Operation>, code: F) -> Self
    where
        I: DeserializeOwned,
        O: Output,
        F: Fn(&mut A, I, &mut Context<'_>) -> Result<O, Failure> + 'static,
    {
        self.raw_operation(operation, move |adapter, args, data, context| {
            code(adapter, read_input(args)?, context)?.write(data)
        })
    }

    /// Adds an operation on raw JSON, for hot paths: arguments as a view into the line that came, data appended as
    /// one JSON object without LF. It returns whether the answer is yes.
    #[must_use]
    pub fn raw_operation<F>(self, operation: impl Into<Operation>, code: F) -> Self
    where
        F: Fn(&mut A, Value<'_>, &mut Vec<u8>, &mut Context<'_>) -> Result<bool, Failure> + 'static,
    {
        self.add(operation.into(), Run::Whole(Box::new(code)))
    }

    /// Adds an operation that is done step by step, several invokes at a time: `begin` makes a [`Task`] of the
    /// arguments, or says with an error that it cannot.
    ///
    /// Open tasks have one step each in turn; a new one waits behind those that are open. Between any two steps all that
    /// came from the runner is taken in: tasks begin, and other operations run as a whole. There is no bound on open
    /// tasks but the runner's, which has at most 64 invokes open at a time unless told otherwise.
    ///
    /// ```
    /// # use contract_adapter::{Adapter, Answer, Context, Failure, Harness, Offer, Progress, Step, Task};
    /// # use serde::Deserialize;
    /// # use serde_json::{Value, json};
    /// struct Model { steps: u64 }
    ///
    /// #[derive(Deserialize)]
    /// struct Generate { tokens: u64 }
    ///
    /// struct Generation { wanted: u64, made: u64 }
    ///
    /// impl Task<Model> for Generation {
    ///     type Output = Answer<Value>;
    ///
    ///     fn step(&mut self, model: &mut Model, context: &mut Context<'_>) -> Result<Step<Self::Output>, Failure> {
    ///         if self.made == self.wanted {
    ///             return Ok(Step::Done(Answer::Yes(json!({"tokens": self.made}))));
    ///         }
    ///         if context.cancelled() {
    ///             return Ok(Step::Done(Answer::No(json!({"tokens": self.made}))));
    ///         }
    ///         model.steps += 1;
    ///         self.made += 1;
    ///         context.tell(Progress::new().data(self.made))?;
    ///         Ok(Step::More)
    ///     }
    /// }
    ///
    /// impl Adapter for Model {
    ///     fn offer(&self) -> Offer<Self> {
    ///         Offer::new("model", "0.1.0").stepped_operation("generate", |_: &mut Self, generate: Generate, _: &mut Context<'_>| {
    ///             Ok(Generation { wanted: generate.tokens, made: 0 })
    ///         })
    ///     }
    /// }
    ///
    /// let mut harness = Harness::new(Model { steps: 0 });
    /// let long = harness.start("generate", json!({"tokens": 1000}));
    /// let short = harness.start("generate", json!({"tokens": 2}));
    /// assert_eq!(harness.end(short).data(), &json!({"tokens": 2}));
    /// assert_eq!(harness.progress(long).len(), 3);
    /// harness.cancel(long);
    /// assert_eq!(harness.end(long).progress.len(), 3);
    /// ```
    #[must_use]
    pub fn stepped_operation<I, T, F>(self, operation: impl Into<Operation>, begin: F) -> Self
    where
        I: DeserializeOwned,
        T: Task<A> + 'static,
        F: Fn(&mut A, I, &mut Context<'_>) -> Result<T, Failure> + 'static,
    {
        let begin: Begin<A> =
            Box::new(move |adapter, args, context| Ok(Box::new(begin(adapter, read_input(args)?, context)?)));
        self.add(operation.into(), Run::Stepped(begin))
    }

    fn add(mut self, operation: Operation, run: Run<A>) -> Self {
        self.mistake = self.mistake.or(operation.mistake);
        let name = &operation.capability.name;
        let declared = self.entries.iter_mut().find(|entry| entry.capability.name == *name);
        let mistake = match declared {
            Some(entry) if entry.run.is_none() && operation.name_only => {
                entry.run = Some(run);
                None
            }
            Some(_) => Some(format!("operation `{name}` is declared twice")),
            None if self.has_manifest && operation.name_only => {
                Some(format!("operation `{name}` is not in adapter.json"))
            }
            None => {
                self.entries.push(Entry { capability: operation.capability, run: Some(run) });
                None
            }
        };
        self.mistake = self.mistake.or(mistake);
        self
    }

    /// The longest line that is taken from the runner, its LF not counted; 16 MiB unless set. A longer one ends the session.
    #[must_use]
    pub fn max_line_bytes(self, max_line_bytes: usize) -> Self {
        Self { max_line_bytes, ..self }
    }

    pub(crate) fn line_limit(&self) -> usize {
        self.max_line_bytes
    }

    /// Splits the offer into what is told to the runner and what is run, in the same order.
    ///
    /// # Errors
    /// The first mistake of the declarations.
    pub(crate) fn finish(self) -> Result<(Capabilities, Vec<Run<A>>), String> {
        if let Some(mistake) = self.mistake {
            return Err(mistake);
        }
        let (mut capabilities, mut runs) = (Vec::new(), Vec::new());
        for entry in self.entries {
            let name = &entry.capability.name;
            runs.push(
                entry.run.ok_or_else(|| format!("operation `{name}` is in adapter.json and has no code"))?,
            );
            capabilities.push(entry.capability);
        }
        let offered = Capabilities { adapter: self.adapter, capabilities, other: serde_json::Map::new() };
        Ok((offered, runs))
    }
}

fn read_input<I: DeserializeOwned>(args: Value<'_>) -> Result<I, Failure> {
    serde_json::from_str(args.raw()).map_err(|_| {
        // A second pass finds the place; the first one, which nearly always succeeds, does not pay for it.
        let mut reader = serde_json::Deserializer::from_str(args.raw());
        match serde_path_to_error::deserialize::<_, I>(&mut reader) {
            Ok(_) => Failure::bad_input("the arguments cannot be read"),
            Err(error) => bad_input_at(&error),
        }
    })
}

fn bad_input_at(error: &serde_path_to_error::Error<serde_json::Error>) -> Failure {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in error.path() {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => {
                pointer.push('/');
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    let text = error.inner().to_string();
    let what = text.rfind(" at line ").map_or(text.as_str(), |end| &text[..end]);
    let message = if pointer.is_empty() { what.to_owned() } else { format!("{pointer}: {what}") };
    Failure::bad_input(message).details(serde_json::json!({ "pointer": pointer }))
}

/// An offer of nothing, for an adapter whose own is wrong.
pub(crate) fn nothing() -> Capabilities {
    Capabilities {
        adapter: AdapterName { name: String::new(), version: String::new() },
        capabilities: Vec::new(),
        other: serde_json::Map::new(),
    }
}
