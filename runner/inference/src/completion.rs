//! One request to a model that is over, in whatever way: what its records are made from. Digests only, no texts.

use contract_engine::Failure;
use contract_ipc::Code;
use serde::{Deserialize, Serialize};

use crate::egress::{EgressPermit, LeaseRef, is_name};
use crate::route::RouteDecision;
use crate::sha256::Sha256;
use crate::situation::Situation;

/// One completion.
#[derive(Debug, Clone, PartialEq)]
pub struct Completion {
    /// What was asked of the model.
    pub kind: CompletionKind,
    /// Of the input: [`CompletionKind`] says which text.
    pub input_hash: Sha256,
    /// Of the output, as far as there was any; of the empty text when there was none.
    pub output_hash: Sha256,
    /// How it ended.
    pub ending: Ending,
    /// In which situation.
    pub situation: Situation,
    /// Who asked.
    pub caller: Caller,
    /// Which model.
    pub model: Model,
    /// What ran it; none when nothing did.
    pub adapter: Option<AdapterFacts>,
    /// What it was allowed to use.
    pub limits: Limits,
    /// What it used.
    pub usage: Usage,
    /// Where the time went, as the adapter tells it.
    pub timings: Option<Timings>,
    /// From request to end, in milliseconds.
    pub latency_ms: u64,
    /// Where it ran.
    pub place: RunPlace,
    /// Why this model.
    pub route: Option<RouteDecision>,
    /// The profile that was used.
    pub profile: Option<String>,
    /// The run; none when nothing ran.
    pub run: Option<RunRef>,
    /// Texts to keep, because the user said so.
    pub kept: KeptTexts,
}

/// What was asked of the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompletionKind {
    /// Messages; the input text is [`chat_text`].
    Chat,
    /// A prompt, which is the input text.
    Text,
    /// Texts to embed; the input text is the texts joined by LF, the output text the RFC 8785 form of the vectors.
    Embedding,
}

impl CompletionKind {
    /// The task as receipts have it.
    #[must_use]
    pub fn task(self) -> &'static str {
        match self {
            Self::Chat => "chat.completion",
            Self::Text => "completion",
            Self::Embedding => "embedding",
        }
    }
}

/// The input text of a chat: `role: content`, joined by LF.
#[must_use]
pub fn chat_text<'a>(messages: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let lines: Vec<String> =
        messages.into_iter().map(|(role, content)| format!("{role}: {content}")).collect();
    lines.join("\n")
}

/// How a completion ended. Which of them has a code and which a reason to finish cannot be mixed up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// With an answer that can be used.
    Answered(FinishReason),
    /// With an answer that may not be used, such as JSON that was cut.
    Rejected(FinishReason, Why),
    /// Before anything ran, by a policy or because nothing could serve.
    Refused(Why),
    /// By the one who asked.
    Cancelled(Why),
    /// It could not be done.
    Failed(Why),
}

impl Ending {
    /// Why an answer may not be used, in words; none when it is no such ending.
    #[must_use]
    pub fn rejection(&self) -> Option<&'static str> {
        match self {
            Self::Rejected(FinishReason::Length, _) => Some("the output was cut before it was whole"),
            Self::Rejected(FinishReason::StopString, _) => {
                Some("a stop string cut the output before it was whole")
            }
            Self::Rejected(..) => Some("the output breaks a rule of the schema that no grammar can keep"),
            Self::Answered(_) | Self::Refused(_) | Self::Cancelled(_) | Self::Failed(_) => None,
        }
    }
}

/// The code of an ending, and words that hold no prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    pub(crate) code: String,
    pub(crate) reason: Option<String>,
}

/// Whose messages are our own words about documents and machines. Those of adapters and of the protocol may quote a prompt.
const OUR_WORDS: [&str; 5] = ["INFERENCE_", "POLICY_", "SANDBOX_", "MODEL_", "LEDGER_"];

impl Why {
    /// The code without words.
    #[must_use]
    pub fn code(code: Code) -> Self {
        Self { code: code.as_str().to_owned(), reason: Some(code.meaning().to_owned()) }
    }
}

impl Why {
    /// A code as it was told, without words: those of adapters may quote a prompt.
    #[must_use]
    pub fn of_code(code: &str) -> Self {
        Self { code: code.to_owned(), reason: None }
    }

    /// The code.
    #[must_use]
    pub fn code_text(&self) -> &str {
        &self.code
    }

    /// The words, when there are any.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// Whether it is this code.
    #[must_use]
    pub fn is(&self, code: Code) -> bool {
        self.code == code.as_str()
    }
}

impl From<&Failure> for Why {
    /// The message is kept when it cannot hold a text of the user or of the model; otherwise what the code means.
    fn from(failure: &Failure) -> Self {
        let code = failure.code_text().to_owned();
        let reason = if failure.adapter_code.is_some() {
            None
        } else if OUR_WORDS.iter().any(|prefix| code.starts_with(prefix)) {
            Some(failure.message.clone())
        } else {
            Some(failure.code.meaning().to_owned())
        };
        Self { code, reason }
    }
}

/// Why a model stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FinishReason {
    /// It was done.
    Stop,
    /// A stop string came.
    StopString,
    /// The limit of tokens was reached.
    Length,
    /// There is nothing to stop: vectors.
    Embedded,
}

/// Who asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub(crate) name: String,
    pub(crate) agent: Option<(String, AgentClass)>,
    pub(crate) lease: Option<LeaseRef>,
}

/// Class of an agent, as its passport has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are those of the format")]
pub enum AgentClass {
    SystemCore,
    IntelligenceAutomation,
    AppHelper,
    LegacyBridge,
    ThirdParty,
}

const PASSPORT: &str = "urn:srcos:agent-passport:";

impl Caller {
    /// A program or person without a passport, such as `contract-runner`.
    #[must_use]
    pub fn local(name: &str) -> Self {
        Self { name: name.to_owned(), agent: None, lease: None }
    }

    /// An agent, under its lease.
    ///
    /// # Errors
    /// `INFERENCE_REFUSED` when the passport is no `urn:srcos:agent-passport:NAME`.
    pub fn agent(passport: &str, class: AgentClass, lease: LeaseRef) -> Result<Self, Failure> {
        if !passport.strip_prefix(PASSPORT).is_some_and(is_name) {
            let what = format!("`{passport}` is no passport, such as {PASSPORT}org.example.note-taker");
            return Err(
                Failure::new(Code::InferenceRefused, what).hint("Give the passport of the agent that asks.")
            );
        }
        let agent = Some((passport.to_owned(), class));
        Ok(Self { name: passport.to_owned(), agent, lease: Some(lease) })
    }
}

/// Which model.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Its name: a file name, or the name at the server. Never a path of this machine.
    pub name: String,
    /// Digest of its weights.
    pub digest: ModelDigest,
    /// Digest of its tokenizer.
    pub tokenizer: Option<Sha256>,
    /// LoRA adapters on top of it, in their order.
    pub loras: Vec<Lora>,
}

/// A digest of weights, and how it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelDigest {
    /// Computed over the file, now or since it was last changed.
    Computed(Sha256),
    /// Nobody knows: a server does not show its weights.
    Unknown,
}

/// How a digest of weights is known. Evidence of this program is computed or unknown; other writers may know it otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DigestSource {
    /// Computed over the file, now or since it was last changed.
    Computed,
    /// On record; nobody has looked at the file for this request.
    Recorded,
    /// Said by the user or by a server.
    Stated,
    /// Nobody knows.
    Unknown,
}

impl ModelDigest {
    /// The digest and its source.
    #[must_use]
    pub fn parts(&self) -> (Option<&Sha256>, DigestSource) {
        match self {
            Self::Computed(digest) => (Some(digest), DigestSource::Computed),
            Self::Unknown => (None, DigestSource::Unknown),
        }
    }
}

/// A LoRA adapter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lora {
    /// Of its file.
    pub digest: Sha256,
    /// Its weight.
    pub scale: f64,
}

/// What ran the model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdapterFacts {
    /// Its name.
    pub name: String,
    /// `blake3:` digest of its program.
    pub digest: Option<String>,
}

/// What a completion was allowed to use; none where nothing was set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the units are in the names")]
pub struct Limits {
    pub max_tokens: Option<u64>,
    pub context_tokens: Option<u64>,
    pub timeout_ms: Option<u64>,
    pub memory_bytes: Option<u64>,
}

/// Tokens; none where nobody counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the units are in the names")]
pub struct Usage {
    pub prompt_tokens: Option<u64>,
    pub cached_tokens: Option<u64>,
    pub output_tokens: Option<u64>,
    /// Counted by somebody else than the model's tokenizer, such as pieces of a stream.
    pub estimated: bool,
}

/// Where the time went, in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the units are in the names")]
pub struct Timings {
    pub load_ms: Option<u64>,
    pub prompt_ms: Option<u64>,
    pub first_token_ms: Option<u64>,
    pub total_ms: Option<u64>,
}

/// Where a completion ran, or would have run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunPlace {
    /// On this machine.
    OnDevice(Option<Device>),
    /// Elsewhere, with leave.
    OffDevice(EgressPermit),
}

/// Hardware that did the work on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are those of the format")]
pub enum Device {
    Ane,
    Gpu,
    Cpu,
    Npu,
}

/// The run that did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RunRef {
    /// Id of the run.
    pub id: String,
    /// `blake3:` subject digest of its receipt; none while the run goes on.
    pub subject_digest: Option<String>,
}

/// Texts that are kept beside the records. Empty unless the user asks for it by a flag.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeptTexts {
    /// The input text.
    pub prompt: Option<String>,
    /// The output text.
    pub output: Option<String>,
}
