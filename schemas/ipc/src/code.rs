//! Every code that this project reports, in one table. `docs/errors.md` is generated from it.

use std::fmt;

/// The exit status of the runner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// 0: done, and the answer is yes.
    Satisfied,
    /// 1: done, and the answer is no: an invalid document, `ok: false`, a mismatch.
    Violated,
    /// 2: usage, malformed or unreadable input.
    Usage,
    /// 3: well-formed but not allowed, or the sandbox cannot be enforced.
    Denied,
    /// 4: the adapter or the protocol failed.
    Failed,
    /// 5: a deadline or a budget ended it.
    TimedOut,
    /// 6: the evidence cannot be judged.
    Unverifiable,
    /// 70: a bug of ours.
    Internal,
    /// 74: evidence could not be written.
    Evidence,
    /// 130: SIGINT.
    Interrupted,
    /// 143: SIGTERM.
    Terminated,
}

impl Exit {
    /// The number for the operating system.
    #[must_use]
    pub fn status(self) -> u8 {
        match self {
            Exit::Satisfied => 0,
            Exit::Violated => 1,
            Exit::Usage => 2,
            Exit::Denied => 3,
            Exit::Failed => 4,
            Exit::TimedOut => 5,
            Exit::Unverifiable => 6,
            Exit::Internal => 70,
            Exit::Evidence => 74,
            Exit::Interrupted => 130,
            Exit::Terminated => 143,
        }
    }
}

macro_rules! codes {
    ($($name:ident = $text:literal, $exit:ident, $meaning:literal, $cure:literal;)+) => {
        /// A stable code: the same words in messages, receipts and documents, for ever.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = $meaning] $name,)+
        }

        impl Code {
            /// All codes, in the order of the table.
            pub const ALL: &[Code] = &[$(Code::$name),+];

            /// The code as it is written.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$name => $text),+ }
            }

            /// The exit status of a run that ends with it.
            #[must_use]
            pub fn exit(self) -> Exit {
                match self { $(Code::$name => Exit::$exit),+ }
            }

            /// What it means, in one sentence.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Code::$name => $meaning),+ }
            }

            /// What to do about it, in one sentence.
            #[must_use]
            pub fn cure(self) -> &'static str {
                match self { $(Code::$name => $cure),+ }
            }
        }
    };
}

codes! {
    IpcBadEnvelope = "IPC_BAD_ENVELOPE", Failed,
        "A line on the adapter's stdout is no valid envelope, or its payload has the wrong shape.",
        "Print nothing but messages on stdout; logs go to stderr. With --lax-stdout such lines are set aside.";
    IpcLineTooLong = "IPC_LINE_TOO_LONG", Failed,
        "A line is longer than the limit.",
        "Raise --max-line-bytes, or send the data in several progress messages.";
    IpcProtoMismatch = "IPC_PROTO_MISMATCH", Failed,
        "The two sides have no protocol in common.",
        "This runner speaks ipc.v0 only; use an adapter that does.";
    IpcState = "IPC_STATE", Failed,
        "A message came that cannot come at that point.",
        "Answer each invoke once, with replyTo set to its id; see docs/ipc-v0.md R10 to R26.";
    IpcTimeout = "IPC_TIMEOUT", TimedOut,
        "A deadline passed: handshake, idle, total or whole run.",
        "Raise the deadline that is named, or send progress when only the idle one passed.";
    AdapterNotFound = "ADAPTER_NOT_FOUND", Usage,
        "The adapter's command does not exist or cannot be executed.",
        "Give a path, or a name that stands beside the runner or in CONTRACT_RUNNER_ADAPTERS.";
    AdapterIsShim = "ADAPTER_IS_SHIM", Usage,
        "The command is a shim of a version manager, which would start another program.",
        "Name the real program, which the message gives.";
    AdapterManifestInvalid = "ADAPTER_MANIFEST_INVALID", Usage,
        "The adapter.json cannot be read or is not valid.",
        "Mend the place that is named; the schema is schemas/json/adapter/adapter.v0.schema.json.";
    AdapterLockMismatch = "ADAPTER_LOCK_MISMATCH", Denied,
        "The adapter is not the one that was locked.",
        "If the change is wanted, run `contract-runner adapter lock` again and review the difference.";
    AdapterUndeclared = "ADAPTER_UNDECLARED", Failed,
        "The adapter offers something else than its manifest or lock declares.",
        "Make adapter.json and the capabilities message agree.";
    AdapterSpawnFailed = "ADAPTER_SPAWN_FAILED", Failed,
        "The adapter's program could not be executed inside the sandbox.",
        "Check the interpreter and the libraries that it needs; the message names the file.";
    AdapterExited = "ADAPTER_EXITED", Failed,
        "The adapter exited before it had answered.",
        "Look at its exit status and at the last lines of its stderr.";
    AdapterKilled = "ADAPTER_KILLED", Failed,
        "A signal ended the adapter before it had answered.",
        "SIGSEGV and SIGABRT are faults of the adapter; SIGKILL and SIGXCPU are often a limit.";
    AdapterClosedStdout = "ADAPTER_CLOSED_STDOUT", Failed,
        "The adapter closed its stdout while it still owed answers.",
        "Keep stdout open until stdin ends.";
    AdapterClosedStdin = "ADAPTER_CLOSED_STDIN", Failed,
        "The adapter closed its stdin before it had read everything.",
        "Read stdin until it ends.";
    AdapterOverBudget = "ADAPTER_OVER_BUDGET", TimedOut,
        "The adapter used more processor time than its budget has.",
        "Raise the limit that is named.";
    AdapterIgnoredEof = "ADAPTER_IGNORED_EOF", Failed,
        "The adapter did not exit after its stdin was closed, and had to be ended.",
        "Exit with status 0 at end of stdin.";
    AdapterNoSuchOp = "ADAPTER_NO_SUCH_OP", Failed,
        "The adapter does not know the operation.",
        "`contract-runner adapter inspect` lists what it offers.";
    AdapterBadInput = "ADAPTER_BAD_INPUT", Failed,
        "The adapter refused the arguments.",
        "Compare the arguments with the operation's input schema.";
    AdapterBadOutput = "ADAPTER_BAD_OUTPUT", Failed,
        "An operation gave back what cannot be sent.",
        "This is a fault of the adapter: data is a JSON object, and an error code is upper-case with a namespace.";
    AdapterIo = "ADAPTER_IO", Failed,
        "The adapter met a system error.",
        "The details name it; EACCES means that the path was not granted.";
    AdapterPanic = "ADAPTER_PANIC", Failed,
        "The adapter's code panicked in an operation.",
        "This is a fault of the adapter; its stderr has the place.";
    AdapterCancelled = "ADAPTER_CANCELLED", Failed,
        "The adapter ended an invoke because it was asked to.",
        "Nothing, when the cancel was wanted.";
    ContractUsage = "CONTRACT_USAGE", Usage,
        "The command line is wrong.",
        "See `contract-runner help`.";
    ContractInputUnreadable = "CONTRACT_INPUT_UNREADABLE", Usage,
        "An input file or text cannot be read or is not what it should be.",
        "Mend the place that is named.";
    ContractArgsInvalid = "CONTRACT_ARGS_INVALID", Usage,
        "The arguments do not fit the operation's input schema.",
        "Mend the arguments at the pointer that is named.";
    ContractOpNotOffered = "CONTRACT_OP_NOT_OFFERED", Usage,
        "The adapter does not offer the operation, or offers several and none was named.",
        "Name one of the operations that are listed with --op.";
    ContractResultInvalid = "CONTRACT_RESULT_INVALID", Failed,
        "The result does not fit the operation's output schema.",
        "This is a fault of the adapter; mend the result at the pointer that is named.";
    ContractRejected = "CONTRACT_REJECTED", Violated,
        "The operation was done, and the answer is no (ok: false).",
        "Look at the result's data.";
    ContractOutNotOurs = "CONTRACT_OUT_NOT_OURS", Usage,
        "The output folder holds files that no run of ours left, or is in use.",
        "Give an empty or new folder, or wait for the other run.";
    ContractOutUnwritable = "CONTRACT_OUT_UNWRITABLE", Usage,
        "The output folder cannot be made or written.",
        "Give a folder on a file system with space where you may write.";
    LaneBackendUnavailable = "LANE_BACKEND_UNAVAILABLE", Denied,
        "The lane asks for a back end that this runner does not have.",
        "Add --backend sandbox to run it in the local sandbox instead; the receipt names the substitution.";
    LaneCommandUnknown = "LANE_COMMAND_UNKNOWN", Usage,
        "A step names a command that no adapter does and no program on PATH is.",
        "Mend the step, install the program, or put the adapter that does it into CONTRACT_RUNNER_ADAPTERS.";
    LaneEvidenceMissing = "LANE_EVIDENCE_MISSING", Violated,
        "The lane promises evidence that none of its steps gives.",
        "Take the key out of `evidence.emit`, or add a step that gives it.";
    LaneStepFailed = "LANE_STEP_FAILED", Violated,
        "A step of the lane did not end well.",
        "Look at the step's log and receipt.";
    ModelDigestMismatch = "MODEL_DIGEST_MISMATCH", Violated,
        "A model's bytes are not those that its manifest, pack or record names.",
        "Do not use the file; get it again from where it came, or have the change put on record by an import.";
    ModelChanged = "MODEL_CHANGED", Violated,
        "A model changed while its digest was taken, or since.",
        "Wait until whoever writes it has ended, and ask again; start a server anew.";
    ModelDocumentInvalid = "MODEL_DOCUMENT_INVALID", Violated,
        "A document about models is broken, of another kind, or breaks a rule.",
        "Mend what is named; `contract-runner validate` shows each place.";
    ModelNotFound = "MODEL_NOT_FOUND", Usage,
        "There is no such model.",
        "`contract-runner model list` shows what is here; a file is named by its path.";
    ModelNotGguf = "MODEL_NOT_GGUF", Usage,
        "The file is no GGUF file.",
        "Name a model in the GGUF format; others cannot be imported.";
    ModelStatementInvalid = "MODEL_STATEMENT_INVALID", Usage,
        "What is said of a model that is imported makes no valid record.",
        "Give --license or --license-refused, --origin and a --task that exists.";
    ModelChainBroken = "MODEL_CHAIN_BROKEN", Violated,
        "A manifest does not follow the one before it.",
        "Do not use it; get the version that is missing, or the manifest from its owner.";
    ModelAdapterBase = "MODEL_ADAPTER_BASE", Denied,
        "An adapter was made for another base than the one that it was to run on.",
        "Use it with the base that it pins, or get the adapter for this base.";
    ModelTargetNone = "MODEL_TARGET_NONE", Violated,
        "No entry of the manifest is meant for this machine.",
        "Give the facts that are not known, or use a manifest for such machines.";
    ModelTargetTie = "MODEL_TARGET_TIE", Violated,
        "Several entries of a manifest are meant for this machine, and none more than the other.",
        "Make the targeting of one of them more exact.";
    ModelPackUnresolved = "MODEL_PACK_UNRESOLVED", Violated,
        "A portable kit names a pack that is not among its manifests.",
        "Put the document of the pack into the kit's folder of manifests.";
    ModelRootOutside = "MODEL_ROOT_OUTSIDE", Denied,
        "A folder of a portable kit does not lie on it.",
        "Replace the link or file that is named by a folder on the kit.";
    ModelStoreUnwritable = "MODEL_STORE_UNWRITABLE", Evidence,
        "A model or its record could not be written.",
        "Free space or correct the permissions; what was not finished is removed by the next import.";
    CarrySignatureMissing = "CARRY_SIGNATURE_MISSING", Denied,
        "A document has no signature where one is required.",
        "Get the document with its signature from its owner; `contract-runner carry sign` makes one.";
    CarrySignatureInvalid = "CARRY_SIGNATURE_INVALID", Denied,
        "A signature is not one of this document by its key.",
        "Do not use the document; get it and its signature again from their owner.";
    CarryKeyUnknown = "CARRY_KEY_UNKNOWN", Denied,
        "A document is signed by a key that was not given.",
        "If you trust its owner, put the key into the folder of --keys as NAME.pub.";
    CarryKeyInvalid = "CARRY_KEY_INVALID", Usage,
        "A file holds no usable Ed25519 key.",
        "Keys are PEM: `openssl genpkey -algorithm ed25519` and `openssl pkey -pubout` write them.";
    ContractEvidenceFailed = "CONTRACT_EVIDENCE_FAILED", Evidence,
        "The run ended, but its evidence could not be written.",
        "Free space on the output's file system; the receipt stands on stderr.";
    ContractOutputFailed = "CONTRACT_OUTPUT_FAILED", Evidence,
        "A result could not be written.",
        "Free space on the file system that is named, or give another folder.";
    ContractInterrupted = "CONTRACT_INTERRUPTED", Interrupted,
        "SIGINT ended the run.",
        "Run it again.";
    ContractTerminated = "CONTRACT_TERMINATED", Terminated,
        "SIGTERM or SIGHUP ended the run.",
        "Run it again.";
    ContractReceiptMismatch = "CONTRACT_RECEIPT_MISMATCH", Violated,
        "The evidence contradicts itself or what was expected.",
        "Do not trust it; the first difference is named.";
    ContractUnverifiable = "CONTRACT_UNVERIFIABLE", Unverifiable,
        "The evidence is incomplete, unreadable or of an unknown kind.",
        "Get the whole folder of the run, and a verifier that knows its version.";
    LedgerMismatch = "LEDGER_MISMATCH", Violated,
        "The ledger is not the one that was written: an entry, the chain or the head does not fit.",
        "Do not trust it; the first entry that does not fit is named.";
    LedgerTorn = "LEDGER_TORN", Violated,
        "The last line of the ledger was not written to its end, or the head is older than the last entry: a writer was interrupted.",
        "If no one else writes, run `contract-runner ledger append LEDGER --repair < /dev/null`; it keeps a record of what it did.";
    LedgerEntryInvalid = "LEDGER_ENTRY_INVALID", Violated,
        "A receipt is not valid, so it is not appended.",
        "Mend what is named; ledgerSeq and ledgerPrevHash are set by the ledger and best left out.";
    LedgerNoHead = "LEDGER_NO_HEAD", Unverifiable,
        "The ledger has no head, so a changed last entry and a cut tail cannot be seen.",
        "Give the hash of the last entry with --expect-head, from where it was kept; to append, with --repair.";
    LedgerUnwritable = "LEDGER_UNWRITABLE", Evidence,
        "A receipt could not be written.",
        "Free space or correct the permissions; the receipt is not in the ledger.";
    InferenceProfileInvalid = "INFERENCE_PROFILE_INVALID", Usage,
        "A model profile, or a boundary of one, cannot be read or is not valid.",
        "Mend the place that is named; `contract-runner validate` shows every fault.";
    InferenceModelNotNamed = "INFERENCE_MODEL_NOT_NAMED", Usage,
        "A profile names no model file or no address that can be used from here.",
        "Give --model FILE, or write what the message asks for into the profile.";
    InferenceRuntimeUnsupported = "INFERENCE_RUNTIME_UNSUPPORTED", Denied,
        "No adapter of this runner serves the runtime that the profile names.",
        "Use a profile for llama.cpp, ollama or openai-compatible.";
    InferenceRefused = "INFERENCE_REFUSED", Denied,
        "A limit of the profile or its boundary refuses the request.",
        "Keep to the limit that is named, or choose another profile; a limit is never raised by a flag.";
    InferenceEgressRefused = "INFERENCE_EGRESS_REFUSED", Denied,
        "The prompt would leave this machine, and nothing permits that.",
        "Use a runtime on 127.0.0.1 or ::1; otherwise it takes a lease, a grant and an escalation decision for exactly this input.";
    InferenceNoRoute = "INFERENCE_NO_ROUTE", Violated,
        "No profile can serve the request.",
        "The reasons stand beside each profile; mend one of them.";
    InferenceRecordsUnwritable = "INFERENCE_RECORDS_UNWRITABLE", Evidence,
        "The folder of inference records cannot be written, so no model is run.",
        "Free space or correct the permissions, or give another folder.";
    InferenceRecordsMismatch = "INFERENCE_RECORDS_MISMATCH", Violated,
        "A receipt and its evidence do not fit together.",
        "Do not trust the folder; the first receipt that does not fit is named.";
    ContractInternal = "CONTRACT_INTERNAL", Internal,
        "A bug of ours.",
        "Please report it with the message.";
    PolicyDenied = "POLICY_DENIED", Denied,
        "The run asks for rights that nobody granted.",
        "Grant exactly what is needed with the --allow that is named, or in a grant document.";
    PolicyGrantRequired = "POLICY_GRANT_REQUIRED", Denied,
        "--require-grant is set and no grant document covers the right.",
        "Give a grant with --grant FILE.";
    PolicyGrantInvalid = "POLICY_GRANT_INVALID", Usage,
        "A grant document cannot be read or is not valid.",
        "Mend the place that is named; the schema is schemas/json/authority/grant.v0.schema.json.";
    PolicyGrantUnusable = "POLICY_GRANT_UNUSABLE", Denied,
        "A grant is expired, not yet valid, or made out to another adapter.",
        "Ask its issuer for a new one.";
    SandboxUnavailable = "SANDBOX_UNAVAILABLE", Denied,
        "This kernel or container gives no Landlock.",
        "The message names which of the four causes it is, and its cure.";
    SandboxGap = "SANDBOX_GAP", Denied,
        "The sandbox lacks a property that the plan needs.",
        "Use another kernel, or accept the gap by name with --accept-gap, which the receipt records.";
    SandboxNotEnforced = "SANDBOX_NOT_ENFORCED", Denied,
        "A canary that must be refused was not; nothing was started.",
        "Do not run untrusted adapters on this host; please report it.";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
