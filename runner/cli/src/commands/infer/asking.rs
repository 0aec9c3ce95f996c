//! The request, as it is typed.

use std::io::Read as _;
use std::path::Path;

use contract_engine::Failure;
use contract_inference::egress::LeaseRef;
use contract_inference::{Ask, Caller, Input, Message, MessageRole, Sampling};
use contract_ipc::Code;
use serde_json::Value;

use super::super::usage;
use crate::args::InferArgs;

/// A prompt from stdin is read up to this size, in bytes.
const MAX_PROMPT_BYTES: u64 = 8 << 20;
/// A schema or a grammar is read up to this size, in bytes.
const MAX_FORM_BYTES: u64 = 1 << 20;

pub(super) fn ask(args: &InferArgs, root: &Path) -> Result<Ask, Failure> {
    let prompt = match &args.prompt {
        Some(prompt) => prompt.clone(),
        None => {
            let mut bytes = Vec::new();
            let read = std::io::stdin().lock().take(MAX_PROMPT_BYTES + 1).read_to_end(&mut bytes);
            read.map_err(|error| unreadable(format!("standard input: {error}")))?;
            text(bytes, MAX_PROMPT_BYTES, "standard input")?
        }
    };
    if prompt.is_empty() {
        return Err(usage("the prompt is empty; give it as an argument or on standard input"));
    }
    let input = if args.raw {
        if args.system.is_some() {
            return Err(usage("--system is a message, and --raw uses no messages"));
        }
        Input::Prompt(prompt)
    } else {
        let system = args.system.clone().map(|content| Message { role: MessageRole::System, content });
        let user = Message { role: MessageRole::User, content: prompt };
        Input::Chat(system.into_iter().chain([user]).collect())
    };
    let json_schema = args
        .json_schema
        .as_ref()
        .map(|path| {
            let text = read_text(&root.join(path), MAX_FORM_BYTES)?;
            contract_json::from_slice::<Value>(text.as_bytes())
                .map_err(|error| unreadable(format!("{}:{error}", path.display())))
        })
        .transpose()?;
    let grammar =
        args.grammar.as_ref().map(|path| read_text(&root.join(path), MAX_FORM_BYTES)).transpose()?;
    let sampling = Sampling {
        max_tokens: args.max_tokens,
        temperature: args.temperature,
        top_k: args.top_k,
        top_p: args.top_p,
        min_p: args.min_p,
        repeat_penalty: args.repeat_penalty,
        seed: args.seed,
        stop: args.stop.clone(),
        json_schema,
        grammar,
        context_tokens: args.context_tokens,
        threads: args.threads,
    };
    Ok(Ask { input, sampling, timeout_ms: None })
}

fn read_text(path: &Path, limit: u64) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let (file, _) = contract_engine::open_regular(path)
        .map_err(|error| unreadable(format!("{}: {error}", path.display())))?;
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(format!("{}: {error}", path.display())))?;
    text(bytes, limit, &path.display().to_string())
}

fn text(bytes: Vec<u8>, limit: u64, name: &str) -> Result<String, Failure> {
    if bytes.len() as u64 > limit {
        return Err(unreadable(format!("{name}: more than {limit} bytes")));
    }
    String::from_utf8(bytes).map_err(|error| unreadable(format!("{name}: no UTF-8: {}", error.utf8_error())))
}

fn unreadable(what: String) -> Failure {
    Failure::new(Code::ContractInputUnreadable, what)
}

pub(super) fn caller(args: &InferArgs) -> Result<Caller, Failure> {
    match (&args.agent, args.agent_class, &args.lease) {
        (None, None, _) => Ok(Caller::local("contract-runner")),
        (Some(agent), Some(class), Some(lease)) => {
            Caller::agent(agent, class.into(), LeaseRef::parse(lease)?)
        }
        _ => Err(usage("an agent asks with all of --agent, --agent-class and --lease")),
    }
}

pub(super) fn named(args: &InferArgs) -> String {
    let file = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    let model = args.model.model.as_deref().map(Path::new).and_then(file);
    let named = model.or_else(|| args.model.profile.as_deref().and_then(file));
    // A route has not chosen yet.
    named.unwrap_or_else(|| "none".to_owned())
}
