//! One request while it is answered: what was heard so far, and what it came to.

use std::time::Instant;

use contract_engine::{Answer, Failure, Note};
use contract_ipc::Code;
use serde::Deserialize;
use serde_json::Value;

use crate::ask::Ask;
use crate::completion::{CompletionKind, Ending, FinishReason, Timings, Usage, Why};
use crate::gate::Gate;
use crate::loaded::Loaded;
use crate::sha256::Sha256;

/// A request under way.
#[derive(Debug)]
pub struct Tracker {
    kind: CompletionKind,
    constrained: bool,
    began: Instant,
    first_token: Option<Instant>,
    text: String,
    tokens: u64,
    stopped: Option<Stop>,
    /// The adapter has said which files it uses, and they are those of the gate.
    identified: bool,
}

/// Why a request is ended before its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// The one who asked wants no more.
    Cancelled,
    /// Its time is over.
    Expired,
    /// It must not go on.
    Broken(Why),
}

/// A piece of what a model says.
#[derive(Debug, PartialEq)]
pub enum Heard {
    /// The model is being loaded: how much of it, from 0 to 1.
    Loading(Option<f64>),
    /// More text, and how many tokens there are by now.
    Text {
        /// Whole characters.
        text: String,
        /// Output tokens so far.
        tokens: u64,
    },
    /// It must not go on: its end is to be asked for.
    Broken,
}

/// What a request came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Finished {
    /// How it ended.
    pub ending: Ending,
    /// The text, or the RFC 8785 form of the vectors: what the receipt has the digest of.
    pub output: String,
    /// What was used.
    pub usage: Usage,
    /// Where the time went.
    pub timings: Option<Timings>,
    /// Digest of the tokenizer, as the adapter tells it.
    pub tokenizer: Option<Sha256>,
    /// From request to end, in milliseconds.
    pub latency_ms: u64,
    /// The adapter's own words about a failure, for the one who asked.
    pub message: Option<String>,
}

/// The data of a progress message.
#[derive(Deserialize)]
struct Piece {
    text: String,
    tokens: u64,
}

/// The data of the progress message that comes before all text, and a part of each result.
#[derive(Deserialize)]
struct Identified {
    loaded: Loaded,
}

/// The data of a result, as far as records need it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    #[serde(default)]
    text: String,
    #[serde(default)]
    embeddings: Option<Value>,
    finish_reason: Option<String>,
    #[serde(default)]
    usage: Usage,
    timings: Option<ToldTimings>,
    model: Option<ToldModel>,
    loaded: Option<Loaded>,
}

/// Milliseconds, in as many digits as the adapter's clock has.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToldTimings {
    load_ms: Option<f64>,
    prompt_ms: Option<f64>,
    first_token_ms: Option<f64>,
    total_ms: Option<f64>,
}

impl From<ToldTimings> for Timings {
    /// Records have whole milliseconds.
    fn from(told: ToldTimings) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a cast of floats saturates"
        )]
        let whole = |ms: Option<f64>| ms.map(|ms| ms.round() as u64);
        Self {
            load_ms: whole(told.load_ms),
            prompt_ms: whole(told.prompt_ms),
            first_token_ms: whole(told.first_token_ms),
            total_ms: whole(told.total_ms),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToldModel {
    tokenizer_digest: Option<String>,
}

impl Finished {
    /// Why there is no answer; none when there is one, or one that may not be used.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        let (Ending::Failed(why) | Ending::Cancelled(why) | Ending::Refused(why)) = &self.ending else {
            return None;
        };
        let known = Code::ALL.iter().copied().find(|code| why.is(*code));
        let code = known.unwrap_or(Code::AdapterIo);
        let message = self.message.as_deref().or(why.reason()).unwrap_or(code.meaning());
        let mut failure = Failure::new(code, message);
        if known.is_none() {
            failure.adapter_code = Some(why.code_text().to_owned());
            failure.hint = Some("The code is the adapter's own; its message says what to do.".to_owned());
        }
        Some(failure)
    }
}

impl Tracker {
    /// A request that begins now.
    #[must_use]
    pub fn new(ask: &Ask) -> Self {
        Self {
            kind: ask.kind(),
            constrained: ask.is_constrained(),
            began: Instant::now(),
            first_token: None,
            text: String::new(),
            tokens: 0,
            stopped: None,
            identified: false,
        }
    }

    /// Takes a progress message in. Text counts only from the files that the gate looked at: bytes that changed after their digest was
    /// taken are noticed before the first token.
    pub fn hear(&mut self, note: &Note<'_>, gate: &Gate) -> Option<Heard> {
        if matches!(self.stopped, Some(Stop::Broken(_))) {
            return None;
        }
        let Some(data) = &note.data else { return Some(Heard::Loading(note.fraction)) };
        let Ok(piece) = serde_json::from_slice::<Piece>(data) else {
            let told: Identified = serde_json::from_slice(data).ok()?;
            return self.check(gate, Some(&told.loaded));
        };
        if !self.has_begun() && !self.identified {
            // Nothing was said of files: only of a server's model none are known.
            if let Some(broken) = self.check(gate, None) {
                return Some(broken);
            }
        }
        self.first_token.get_or_insert_with(Instant::now);
        self.tokens = piece.tokens;
        self.text.push_str(&piece.text);
        Some(Heard::Text { text: piece.text, tokens: piece.tokens })
    }

    fn check(&mut self, gate: &Gate, loaded: Option<&Loaded>) -> Option<Heard> {
        match gate.check_loaded(loaded) {
            Ok(()) => {
                self.identified = true;
                None
            }
            Err(failure) => {
                // Whatever else ended it: no text of other bytes counts.
                self.stopped = Some(Stop::Broken(Why::from(&failure)));
                Some(Heard::Broken)
            }
        }
    }

    /// Whether a token has come.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.first_token.is_some()
    }

    /// The request is to be ended; the first reason counts.
    pub fn stop(&mut self, why: Stop) {
        self.stopped.get_or_insert(why);
    }

    /// Takes the end in.
    #[must_use]
    pub fn end(mut self, answer: &Answer<'_>, gate: &Gate) -> Finished {
        let latency_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        match answer {
            Answer::Result { ok, data } => {
                let told = data.as_ref().map(|data| serde_json::from_slice::<Told>(data));
                match told {
                    Some(Ok(told)) => {
                        // Vectors come without progress. One that was stopped in time may have nothing to answer for.
                        let says = !told.text.is_empty() || told.embeddings.is_some();
                        if !self.identified && (says || self.stopped.is_none()) {
                            let _ = self.check(gate, told.loaded.as_ref());
                        }
                        self.told(*ok, told, latency_ms)
                    }
                    // The engine has held it against the manifest's schema; another adapter's may know other data.
                    _ => self.failed(Why::code(Code::ContractResultInvalid), None, latency_ms),
                }
            }
            Answer::Error { code, message } => {
                let why = Why::of_code(code);
                self.failed(why, Some(message.clone().into_owned()), latency_ms)
            }
        }
    }

    fn told(self, ok: bool, told: Told, latency_ms: u64) -> Finished {
        let ending = match (&self.stopped, told.finish_reason.as_deref()) {
            // It was done before it heard that it should not be.
            (Some(Stop::Broken(why)), _) => Ending::Failed(why.clone()),
            (stopped, Some("cancelled")) => match stopped {
                Some(Stop::Expired) => Ending::Failed(Why::code(Code::IpcTimeout)),
                _ => Ending::Cancelled(Why::code(Code::AdapterCancelled)),
            },
            (_, reason) => {
                let reason = match reason {
                    Some("stop-string") => FinishReason::StopString,
                    Some("length") => FinishReason::Length,
                    Some(_) => FinishReason::Stop,
                    None => FinishReason::Embedded,
                };
                match ok && !(self.constrained && reason == FinishReason::Length) {
                    true => Ending::Answered(reason),
                    false => Ending::Rejected(reason, Why::code(Code::ContractRejected)),
                }
            }
        };
        let output = match (self.kind, &told.embeddings) {
            // What must not count is not given.
            _ if matches!(self.stopped, Some(Stop::Broken(_))) => String::new(),
            (CompletionKind::Embedding, Some(vectors)) => {
                String::from_utf8(contract_json::to_canonical_vec(vectors)).expect("JSON is UTF-8")
            }
            _ => told.text,
        };
        Finished {
            ending,
            output,
            usage: told.usage,
            timings: told.timings.map(Timings::from),
            tokenizer: told
                .model
                .and_then(|model| model.tokenizer_digest)
                .and_then(|text| Sha256::parse(&text)),
            latency_ms,
            message: None,
        }
    }

    fn failed(self, why: Why, message: Option<String>, latency_ms: u64) -> Finished {
        let ending = match self.stopped {
            Some(Stop::Broken(why)) => Ending::Failed(why),
            Some(Stop::Expired) => Ending::Failed(Why::code(Code::IpcTimeout)),
            Some(Stop::Cancelled) => Ending::Cancelled(Why::code(Code::AdapterCancelled)),
            None if why.is(Code::AdapterCancelled) => Ending::Cancelled(why),
            None => Ending::Failed(why),
        };
        let output_tokens = self.first_token.map(|_| self.tokens);
        Finished {
            ending,
            output: self.text,
            usage: Usage { output_tokens, ..Usage::default() },
            timings: None,
            tokenizer: None,
            latency_ms,
            message,
        }
    }
}
