//! Every flag.

mod carry;
mod infer;
mod model;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use self::carry::{CarryCommand, RefsArgs};
pub(crate) use self::infer::InferArgs;
pub(crate) use self::model::{
    ImportArgs, InspectModelArgs, ModelCommand, Places, ResolveArgs, RouteArgs, Signers, VerifyModelArgs,
};

/// Runs adapters in a sandbox over IPC v0, and leaves evidence that anyone can check.
#[derive(Debug, Parser)]
#[command(name = "contract-runner", version, max_term_width = 110, after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,

    #[command(flatten)]
    pub(crate) output: Output,
}

const EXIT_CODES: &str = "Exit status: 0 done, and the answer is yes; 1 done, and the answer is no; 2 usage or unreadable input; \
3 not allowed, or the sandbox cannot be enforced; 4 the adapter or the protocol failed; 5 a deadline or a budget; 6 evidence that \
cannot be judged; 70 a bug; 74 evidence could not be written; 130, 143 signals.";

/// How to print.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Output {
    /// The form of what is printed on stdout
    #[arg(long, global = true, value_enum, default_value_t = Format::Human, value_name = "FORM")]
    pub(crate) format: Format,
    /// Nothing on stderr but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// More on stderr: the whole profile, progress messages, all that was kept of the adapter's stderr
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
}

/// Human or machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Human,
    /// JSON, one document or one a line
    Json,
    /// SARIF 2.1.0; `validate` only
    Sarif,
    /// JUnit XML; `validate` only
    Junit,
    /// Workflow commands of GitHub Actions; `validate` and `lane run`
    Github,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs an adapter: its result on stdout, a transcript and a receipt in the output folder
    Run(Box<RunArgs>),
    /// Asks a local model: its answer on stdout as it comes, and a receipt
    Infer(Box<InferArgs>),
    /// Checks the evidence of a run, a lane or a folder of inference records: offline, nothing is started
    Verify {
        /// The output folder
        folder: PathBuf,
        /// The receipt's digest, from elsewhere: blake3:HEX or sha256:HEX; of inference records the hash of the last receipt
        #[arg(long, value_name = "DIGEST")]
        expect_digest: Option<String>,
    },
    /// Verifies a run, really runs it again, and compares
    Replay {
        /// The output folder of the run
        folder: PathBuf,
        /// Keep the evidence of the second run here
        #[arg(long, value_name = "FOLDER")]
        out: Option<PathBuf>,
        /// Permit again a right that the recorded run had; a receipt grants nothing
        #[arg(long, value_name = "RIGHT")]
        allow: Vec<String>,
        /// Permit again a limit above the default
        #[arg(long, value_name = "NAME=AMOUNT")]
        limit: Vec<String>,
        /// Permit again what a grant document of the recorded run gives
        #[arg(long, value_name = "FILE")]
        grant: Vec<PathBuf>,
        /// Permit again lines longer than the default
        #[arg(long, value_name = "BYTES")]
        max_line_bytes: Option<usize>,
        /// Permit again that this property of the sandbox is missing
        #[arg(long, value_name = "PROPERTY")]
        accept_gap: Vec<String>,
    },
    /// Names what differs between two runs
    Compare {
        /// The output folder of one run
        a: PathBuf,
        /// The output folder of another
        b: PathBuf,
    },
    /// Checks documents against their contracts: schema and rules
    Validate(ValidateArgs),
    /// The schemas of all kinds of documents
    #[command(subcommand)]
    Schema(SchemaCommand),
    /// Lanes of workstation contracts: their steps, each in its own sandbox, and the evidence that they promise
    #[command(subcommand)]
    Lane(LaneCommand),
    /// Models at hand: their bytes, manifests, packs and records
    #[command(subcommand)]
    Model(ModelCommand),
    /// References to services that others own, and their signatures
    #[command(subcommand)]
    Carry(CarryCommand),
    /// The chain of receipts: an append-only file that shows every change
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// Adapters: what they offer, which were reviewed
    #[command(subcommand)]
    Adapter(AdapterCommand),
    /// The sandbox of this host
    #[command(subcommand)]
    Sandbox(SandboxCommand),
    /// Prints completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Writes man pages
    Man {
        /// The folder for them
        folder: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ValidateArgs {
    /// Files, folders, patterns, or `-` for standard input; .ndjson and .jsonl have one document a line
    #[arg(value_name = "DOCUMENT")]
    pub(crate) documents: Vec<String>,
    /// Judge every document as this kind, whatever it says of itself
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: Option<String>,
    /// The home folder that `~` stands for; otherwise lanes are judged for any home
    #[arg(long, value_name = "FOLDER", value_parser = home_folder)]
    pub(crate) home: Option<String>,
    /// Pass over what has such a name in folders and patterns; a pattern without / holds at any depth
    #[arg(long, value_name = "PATTERN")]
    pub(crate) exclude: Vec<String>,
    /// Say what a rule is for, with a bad and a good example
    #[arg(long, value_name = "RULE", conflicts_with_all = ["documents", "kind", "home", "exclude"])]
    pub(crate) explain: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LaneCommand {
    /// Shows what would run, with which authority, and who gives the promised evidence; starts nothing
    Plan(LaneArgs),
    /// Runs a lane
    Run {
        /// Go on with the next step when one fails
        #[arg(long)]
        keep_going: bool,
        #[command(flatten)]
        lane: Box<LaneArgs>,
        /// The output folder: empty, new, or that of an older lane [default: .workstation/lanes/ID]
        #[arg(long, value_name = "FOLDER", help_heading = "Evidence")]
        out: Option<PathBuf>,
        #[command(flatten)]
        reports: Reports,
    },
}

/// Which lane, and what it may do.
#[derive(Debug, Args)]
pub(crate) struct LaneArgs {
    /// The workstation contract
    pub(crate) contract: PathBuf,
    /// The lane; not needed when the contract has one
    #[arg(long, value_name = "NAME")]
    pub(crate) lane: Option<String>,
    /// Run it in this back end instead of the one that the contract asks for; there is one: sandbox
    #[arg(long, value_name = "NAME")]
    pub(crate) backend: Option<String>,
    /// Only the steps of this name
    #[arg(long, value_name = "NAME", conflicts_with = "from")]
    pub(crate) step: Vec<String>,
    /// Only this step and those after it
    #[arg(long, value_name = "NAME")]
    pub(crate) from: Option<String>,
    #[command(flatten, next_help_heading = "Authority")]
    pub(crate) authority: LaneAuthority,
}

/// What the steps of a lane may do, and how much.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct LaneAuthority {
    /// Grant a right to the steps that start programs, or what an operation asks for: read=PATH, write=PATH, exec=PATH,
    /// connect=HOST:PORT, raw-tcp=PORT, processes=N, env=NAME
    #[arg(long, value_name = "RIGHT")]
    pub(crate) allow: Vec<String>,
    /// Set a limit for each run: memory, address-space, file-size, open-files, cpu, handshake, idle, total, run; as in
    /// total=30s
    #[arg(long, value_name = "NAME=AMOUNT")]
    pub(crate) limit: Vec<String>,
    /// A grant document
    #[arg(long, value_name = "FILE")]
    pub(crate) grant: Vec<PathBuf>,
    /// Only grant documents count: --allow gives nothing
    #[arg(long)]
    pub(crate) require_grant: bool,
    /// Run although this property of the sandbox is missing; the receipts record it
    #[arg(long, value_name = "PROPERTY")]
    pub(crate) accept_gap: Vec<String>,
    /// As if the kernel had no higher Landlock ABI
    #[arg(long, value_name = "ABI", value_parser = clap::value_parser!(u8).range(1..))]
    pub(crate) sandbox_max_abi: Option<u8>,
}

/// Files for a CI system.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Reports")]
pub(crate) struct Reports {
    /// JUnit XML: a test case for each step
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Add a summary in Markdown to this file, such as "$GITHUB_STEP_SUMMARY"
    #[arg(long, value_name = "FILE")]
    pub(crate) summary: Option<PathBuf>,
    /// What happens, one JSON object a line, as it happens; `-` is stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) events: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SchemaCommand {
    /// Lists the kinds
    List,
    /// Prints the JSON Schema of a kind
    Show {
        /// The kind, as `schema list` names it
        kind: String,
    },
    /// Writes all schemas into a folder, for editors and other languages
    Export {
        /// The folder; it is made when it does not exist
        folder: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum LedgerCommand {
    /// Checks every entry, the chain and the head
    Verify {
        /// The ledger, an NDJSON file
        ledger: PathBuf,
        /// The head's hash, from elsewhere: sha256:HEX
        #[arg(long, value_name = "HASH", value_parser = parse_hash)]
        expect_head: Option<String>,
    },
    /// Appends receipts: one JSON document, or NDJSON
    Append {
        /// The ledger, an NDJSON file; it is made when it does not exist
        ledger: PathBuf,
        /// A file with receipts; `-` is stdin
        #[arg(default_value = "-", value_name = "RECEIPTS")]
        receipts: PathBuf,
        /// Cut off a last line that was not written to its end, or bring a late head up to date, and keep a record beside the ledger
        #[arg(long)]
        repair: bool,
        /// With --repair: the hash of the last entry, from elsewhere; a ledger without a head is mended with it alone
        #[arg(long, value_name = "HASH", requires = "repair", value_parser = parse_hash)]
        expect_head: Option<String>,
        /// Do not wait until each receipt is on the disk
        #[arg(long)]
        no_sync: bool,
    },
    /// Prints sequence, hash and count of the last entry
    Head {
        /// The ledger, an NDJSON file
        ledger: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum AdapterCommand {
    /// Starts an adapter in its sandbox, shakes hands, and shows what it offers and may do
    Inspect(InspectArgs),
    /// Pins adapters to the byte: command, manifest and offer, as adapters.lock
    Lock {
        /// Names, paths or command lines
        #[arg(required = true, value_name = "ADAPTER")]
        adapters: Vec<String>,
        /// Write the lock here instead of stdout
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        #[command(flatten)]
        authority: Authority,
    },
}

#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// Name, path or command line of the adapter
    pub(crate) adapter: String,
    #[command(flatten)]
    pub(crate) authority: Authority,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SandboxCommand {
    /// Tries which properties this host can give
    Check {
        /// As if the kernel had no higher Landlock ABI
        #[arg(long, value_name = "ABI", value_parser = clap::value_parser!(u8).range(1..))]
        sandbox_max_abi: Option<u8>,
    },
}

/// What an adapter may do, and how much.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Authority {
    /// Grant a right: read=PATH, write=PATH, exec=PATH, connect=HOST:PORT, raw-tcp=PORT, processes=N, env=NAME,
    /// side-effect=KIND
    #[arg(long, value_name = "RIGHT")]
    pub(crate) allow: Vec<String>,
    /// Set a limit: memory, address-space, file-size, open-files, cpu, handshake, idle, total, run; as in memory=256MiB or
    /// total=30s
    #[arg(long, value_name = "NAME=AMOUNT")]
    pub(crate) limit: Vec<String>,
    /// A grant document
    #[arg(long, value_name = "FILE")]
    pub(crate) grant: Vec<PathBuf>,
    /// Only grant documents count: --allow gives nothing
    #[arg(long)]
    pub(crate) require_grant: bool,
    /// Run although this property of the sandbox is missing; the receipt records it
    #[arg(long, value_name = "PROPERTY")]
    pub(crate) accept_gap: Vec<String>,
    /// As if the kernel had no higher Landlock ABI
    #[arg(long, value_name = "ABI", value_parser = clap::value_parser!(u8).range(1..))]
    pub(crate) sandbox_max_abi: Option<u8>,
    /// Only the adapters in this lock file, as they were reviewed
    #[arg(long, value_name = "FILE")]
    pub(crate) lock: Option<PathBuf>,
}

/// What every verb of an adapter takes beside the arguments of its operation.
#[derive(Debug, Args)]
pub(crate) struct VerbArgs {
    /// Write each document of the answer into this folder, as NAME.json
    #[arg(long, value_name = "FOLDER", help_heading = "Evidence")]
    pub(crate) emit: Option<PathBuf>,
    /// The output folder: empty, new, or that of an older run [default: .workstation/runs/ID]
    #[arg(long, value_name = "FOLDER", help_heading = "Evidence")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten, next_help_heading = "Authority")]
    pub(crate) authority: Authority,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// Name, path or command line of the adapter
    #[arg(long, value_name = "ADAPTER")]
    pub(crate) adapter: String,
    /// The operation; not needed when the adapter has one
    #[arg(long, value_name = "NAME")]
    pub(crate) op: Option<String>,

    /// Arguments: {"text": TEXT}
    #[arg(long, value_name = "TEXT", group = "input")]
    pub(crate) text: Option<String>,
    /// Arguments: a JSON object
    #[arg(long, value_name = "JSON", group = "input")]
    pub(crate) args: Option<String>,
    /// Arguments: a file with a JSON object; `-` is stdin
    #[arg(long, value_name = "FILE", group = "input")]
    pub(crate) args_file: Option<PathBuf>,
    /// Calls: an NDJSON file with {"op": NAME, "args": OBJECT} a line, in one session
    #[arg(long, value_name = "FILE", group = "input", conflicts_with = "repeat")]
    pub(crate) batch: Option<PathBuf>,
    /// Make the same call so often, in one session
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) repeat: u64,
    /// Most calls open at a time
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) in_flight: usize,

    #[command(flatten)]
    pub(crate) authority: Authority,

    /// The output folder: empty, new, or that of an older run [default: .workstation/runs/ID]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
    /// 32 hex digits from which all ids follow; otherwise they follow from the plan
    #[arg(long, value_name = "HEX")]
    pub(crate) seed: Option<String>,
    /// Keep everything that went over the pipes, not only when the run fails
    #[arg(long)]
    pub(crate) keep_wire: bool,
    /// Set lines on the adapter's stdout aside that are no messages, instead of failing
    #[arg(long)]
    pub(crate) lax_stdout: bool,
    /// The longest line that is accepted
    #[arg(long, value_name = "BYTES", default_value_t = contract_ipc::DEFAULT_MAX_LINE_BYTES,
          value_parser = line_bytes)]
    pub(crate) max_line_bytes: usize,
}

/// A line is held in memory as a whole.
const MAX_LINE_BYTES: u64 = 1 << 30;

fn line_bytes(text: &str) -> Result<usize, String> {
    contract_engine::parse_bytes(text)
        .filter(|bytes| (1024..=MAX_LINE_BYTES).contains(bytes))
        .and_then(|bytes| usize::try_from(bytes).ok())
        .ok_or_else(|| "write bytes from 1KiB to 1GiB, such as 64MiB".to_owned())
}

fn parse_hash(text: &str) -> Result<String, String> {
    let hex = text.strip_prefix("sha256:").unwrap_or_default();
    let digits = hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if hex.len() == 64 && digits {
        Ok(text.to_owned())
    } else {
        Err("write sha256: and 64 lower-case hex digits".to_owned())
    }
}

fn home_folder(text: &str) -> Result<String, String> {
    if text.starts_with('/') { Ok(text.to_owned()) } else { Err("write the whole path, from /".to_owned()) }
}
