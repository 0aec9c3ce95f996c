//! Flags of `infer`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Authority;

#[derive(Debug, Args)]
pub(crate) struct InferArgs {
    /// The prompt; without it, standard input is
    #[arg(value_name = "PROMPT")]
    pub(crate) prompt: Option<String>,

    #[command(flatten, next_help_heading = "Model")]
    pub(crate) model: contract_inference::ModelArgs,

    /// Choose a profile for this class of tasks among those of --profiles
    #[arg(long, value_name = "CLASS", value_parser = super::model::role, conflicts_with_all = ["model", "profile", "api_key_env"], help_heading = "Model")]
    pub(crate) task: Option<contract_inference::Role>,
    /// The folder with the profiles to choose from, and those that may stand in for --profile [default: none]
    #[arg(long, value_name = "FOLDER", conflicts_with = "model", help_heading = "Model")]
    pub(crate) profiles: Option<PathBuf>,
    /// A folder with the keys whose signatures count, as NAME.pub (PEM): a fallback must be signed
    #[arg(long, value_name = "FOLDER", help_heading = "Model", requires = "profiles")]
    pub(crate) keys: Option<PathBuf>,
    /// What the model is told before the prompt
    #[arg(long, value_name = "TEXT", help_heading = "Prompt")]
    pub(crate) system: Option<String>,
    /// The model goes on with the prompt as it is, without its chat template
    #[arg(long, help_heading = "Prompt")]
    pub(crate) raw: bool,
    /// The answer is a JSON value of this schema; it is printed only when it is whole
    #[arg(long, value_name = "FILE", help_heading = "Prompt", conflicts_with = "grammar")]
    pub(crate) json_schema: Option<PathBuf>,
    /// The answer is a text of this grammar (GBNF); it is printed only when it is whole
    #[arg(long, value_name = "FILE", help_heading = "Prompt")]
    pub(crate) grammar: Option<PathBuf>,

    /// The most tokens of the answer
    #[arg(long, value_name = "N", help_heading = "Sampling", value_parser = clap::value_parser!(u64).range(1..=1_048_576))]
    pub(crate) max_tokens: Option<u64>,
    /// 0 always takes the likeliest token, so that the answer is the same each time [default: 0]
    #[arg(long, value_name = "T", help_heading = "Sampling")]
    pub(crate) temperature: Option<f64>,
    /// Only the K likeliest tokens are drawn from
    #[arg(long, value_name = "K", help_heading = "Sampling")]
    pub(crate) top_k: Option<u64>,
    /// Only the likeliest tokens that make up this probability are drawn from
    #[arg(long, value_name = "P", help_heading = "Sampling")]
    pub(crate) top_p: Option<f64>,
    /// Only tokens of at least this share of the likeliest one's probability are drawn from
    #[arg(long, value_name = "P", help_heading = "Sampling")]
    pub(crate) min_p: Option<f64>,
    /// Tokens that were used already become less likely by this factor; 1 changes nothing
    #[arg(long, value_name = "F", help_heading = "Sampling")]
    pub(crate) repeat_penalty: Option<f64>,
    /// What the drawing begins with: the same seed draws the same
    #[arg(long, value_name = "N", help_heading = "Sampling")]
    pub(crate) seed: Option<u32>,
    /// The answer ends before this text
    #[arg(long, value_name = "TEXT", help_heading = "Sampling")]
    pub(crate) stop: Vec<String>,
    /// Tokens that the model can look back on
    #[arg(long, value_name = "N", help_heading = "Sampling")]
    pub(crate) context_tokens: Option<u64>,
    /// Threads that compute
    #[arg(long, value_name = "N", help_heading = "Sampling")]
    pub(crate) threads: Option<u64>,

    /// The folder of receipts [default: .workstation/inference]
    #[arg(long, value_name = "FOLDER", help_heading = "Evidence")]
    pub(crate) records: Option<PathBuf>,
    /// Keep prompt and output beside the receipt, in stored.ndjson; without it only their digests are kept
    #[arg(long, help_heading = "Evidence")]
    pub(crate) store_texts: bool,
    /// The output folder of the run: empty, new, or that of an older run [default: .workstation/runs/ID]
    #[arg(long, value_name = "FOLDER", help_heading = "Evidence")]
    pub(crate) out: Option<PathBuf>,

    /// The passport of the agent that asks: urn:srcos:agent-passport:NAME
    #[arg(long, value_name = "URN", requires_all = ["agent_class", "lease"], help_heading = "Authority")]
    pub(crate) agent: Option<String>,
    /// The class in that passport
    #[arg(long, value_enum, value_name = "CLASS", requires = "agent", help_heading = "Authority")]
    pub(crate) agent_class: Option<AgentClass>,
    /// The lease under which it is asked: urn:srcos:lease:NAME
    #[arg(long, value_name = "URN", help_heading = "Authority")]
    pub(crate) lease: Option<String>,
    /// The EscalationDecision by which this prompt may leave the machine
    #[arg(long, value_name = "FILE", requires = "lease", help_heading = "Authority")]
    pub(crate) decision: Option<PathBuf>,
    #[command(flatten, next_help_heading = "Authority")]
    pub(crate) authority: Authority,
}

/// Classes of agents, as passports have them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum AgentClass {
    SystemCore,
    IntelligenceAutomation,
    AppHelper,
    LegacyBridge,
    ThirdParty,
}

impl From<AgentClass> for contract_inference::AgentClass {
    fn from(class: AgentClass) -> Self {
        match class {
            AgentClass::SystemCore => Self::SystemCore,
            AgentClass::IntelligenceAutomation => Self::IntelligenceAutomation,
            AgentClass::AppHelper => Self::AppHelper,
            AgentClass::LegacyBridge => Self::LegacyBridge,
            AgentClass::ThirdParty => Self::ThirdParty,
        }
    }
}
