//! Saved prefixes: what a context knows after a prompt, in a file, so that the next process need not read the prompt again.
//!
//! A file begins with a line that says what it is, then a line of canonical JSON, then the state as llama.cpp writes it.
//! It is used only where everything that it depends on is the same, and where its bytes are those that were written.

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Read, Write as _};
use std::path::{Path, PathBuf};

use contract_adapter::{Context, Failure, Progress};
use contract_json::to_canonical_vec;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::token::LlamaToken;
use llama_cpp_2::{LlamaStateSeqFlags, SeqState};
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use crate::LlamaAdapter;
use crate::fault::Fault;
use crate::prompt::Then;
use crate::request::{Load, Save, StateKey, Wanted};
use crate::seat::{Seat, Shape};

const FIRST_LINE: &[u8] = b"contract-llama-state.v0\n";
/// Longest header; a key has six short texts.
const LONGEST_HEADER: u64 = 64 * 1024;

/// What a state depends on, and what its bytes are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Header {
    key: StateKey,
    /// Of metadata and shapes of the model: [`crate::facts::Facts::head_digest`].
    head_digest: String,
    context_tokens: u32,
    /// The scale of the LoRA adapter, when there is one.
    adapter_scale: Option<f32>,
    prompt_tokens: usize,
    body_bytes: u64,
    body_blake3: String,
}

/// A state that was loaded: it serves prompts that begin as it does.
pub(crate) struct Prefix {
    tokens: Vec<LlamaToken>,
    state: SeqState,
    context_tokens: u32,
}

/// Data of `model.state.save`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Saved {
    bytes: u64,
    prompt_tokens: usize,
    digest: String,
}

/// Data of `model.state.load`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Loaded {
    prompt_tokens: usize,
    digest: String,
}

impl Prefix {
    /// Puts as much of it as `prompt` begins with into a context, and says how many tokens that are: whole batches, so that
    /// the rest of the prompt is computed in the batches that it would have been computed in, and to the same bits. The last
    /// token of the prompt is always computed: what follows it depends on it.
    pub(crate) fn restore(&self, seat: &mut Seat, prompt: &[LlamaToken]) -> Result<usize, Fault> {
        let same = self.tokens.iter().zip(prompt).take_while(|(own, other)| own == other).count();
        let batch = seat.shape.room.batch as usize;
        let same = same.min(prompt.len().saturating_sub(1)) / batch * batch;
        if same == 0 || self.context_tokens != seat.shape.room.context {
            return Ok(0);
        }
        let is_kept = seat.with(|context| {
            context
                .state_seq_set(&self.state, 0)
                .map_err(|error| Fault::Engine { what: error.to_string() })?;
            let from = u32::try_from(same).expect("a context has fewer than 2^31 tokens");
            // Recurrent models cannot forget a part.
            Ok(context.clear_kv_cache_seq(Some(0), Some(from), None).unwrap_or(false))
        })?;
        if !is_kept {
            seat.clear()?;
        }
        Ok(if is_kept { same } else { 0 })
    }
}

/// `model.state.save`
pub(crate) fn save(
    adapter: &mut LlamaAdapter,
    mut save: Save,
    context: &mut Context<'_>,
) -> Result<Saved, Failure> {
    let prompt = save.take_prompt()?;
    let wanted = save.wanted();
    let models = &mut adapter.models;
    let engine = models.open(&wanted, context)?;
    let room = engine.context_tokens(wanted.context_tokens)?;
    same_tokenizer(&save.file, &save.key, &engine.facts.tokenizer_digest)?;
    let tokens = engine.tokens_of(&prompt, Then::More)?;
    if tokens.len() >= room as usize {
        return Err(Fault::PromptTooLong { tokens: tokens.len(), context: room }.into());
    }
    let mut seat = models.seat(&engine, Shape::of_text(room, wanted.threads))?;
    read(&mut seat, &tokens, context)?;
    let body = scratch_file()?;
    seat.context()
        .state_seq_save_file(body.path(), 0, &tokens)
        .map_err(|error| Fault::Engine { what: error.to_string() })?;
    models.give_back(seat);
    let (body_bytes, body_blake3) = digest(body.path())?;
    let header = Header {
        key: save.key,
        head_digest: engine.facts.head_digest.clone(),
        context_tokens: room,
        adapter_scale: wanted.adapters.first().map(|adapter| adapter.scale),
        prompt_tokens: tokens.len(),
        body_bytes,
        body_blake3,
    };
    let bytes = write(Path::new(&save.file), &header, body.path())?;
    Ok(Saved { bytes, prompt_tokens: tokens.len(), digest: header.body_blake3 })
}

fn read(seat: &mut Seat, tokens: &[LlamaToken], context: &mut Context<'_>) -> Result<(), Failure> {
    let size = seat.shape.room.batch as usize;
    let mut batch = LlamaBatch::new(size, 1);
    for (index, part) in tokens.chunks(size).enumerate() {
        seat.decode(&mut batch, part, index * size, false)?;
        let done = (index * size + part.len()) as f64 / tokens.len() as f64;
        context.progress(Progress::new().fraction(done).message("reading the prompt"))?;
    }
    Ok(())
}

/// `model.state.load`
pub(crate) fn load_into(
    adapter: &mut LlamaAdapter,
    arguments: Load,
    context: &mut Context<'_>,
) -> Result<Loaded, Failure> {
    let wanted = arguments.wanted();
    let models = &mut adapter.models;
    let engine = models.open(&wanted, context)?;
    let room = engine.context_tokens(wanted.context_tokens)?;
    let mut seat = models.seat(&engine, Shape::of_text(room, wanted.threads))?;
    let (prefix, digest) = load(&mut seat, &arguments.file, &arguments.key, &wanted)?;
    let prompt_tokens = prefix.tokens.len();
    models.prefix = Some(prefix);
    models.give_back(seat);
    Ok(Loaded { prompt_tokens, digest })
}

/// Reads a saved state through a context of the shape that it was made in.
pub(crate) fn load(
    seat: &mut Seat,
    file: &str,
    key: &StateKey,
    wanted: &Wanted,
) -> Result<(Prefix, String), Failure> {
    let mut reader = BufReader::new(File::open(file).map_err(|error| named(error, file))?);
    let header = read_header(&mut reader, file)?;
    compare(&header, file, key, seat, wanted)?;
    let body = scratch_file()?;
    copy_body(&mut reader, &header, file, body.path())?;
    let damaged = || wrong(file, "body", "llama.cpp cannot read it");
    let most = seat.shape.room.context as usize;
    let (tokens, state) = seat.with(|context| {
        let (tokens, _) = context.state_seq_load_file(body.path(), 0, most).map_err(|_| damaged())?;
        let state = context.state_seq_get(0, LlamaStateSeqFlags::empty()).map_err(|_| damaged())?;
        Ok::<_, Fault>((tokens, state))
    })?;
    seat.clear()?;
    if tokens.len() != header.prompt_tokens {
        return Err(
            wrong(file, "promptTokens", "its header and its body tell different numbers of tokens").into()
        );
    }
    Ok((Prefix { tokens, state, context_tokens: header.context_tokens }, header.body_blake3))
}

fn wrong(file: &str, member: &str, what: &str) -> Fault {
    Fault::State { file: file.to_owned(), member: member.to_owned(), what: what.to_owned() }
}

fn named(error: std::io::Error, file: &str) -> Failure {
    let failure = Failure::from(error);
    Failure::new(failure.code().to_owned(), format!("{file}: {failure}"))
}

fn same_tokenizer(file: &str, key: &StateKey, own: &str) -> Result<(), Fault> {
    if key.tokenizer_digest == own {
        return Ok(());
    }
    let what = format!("key.tokenizerDigest is {}, and that of the model is {own}", key.tokenizer_digest);
    Err(wrong(file, "tokenizerDigest", &what))
}

fn compare(header: &Header, file: &str, key: &StateKey, seat: &Seat, wanted: &Wanted) -> Result<(), Fault> {
    let facts = &seat.engine().facts;
    let own = &header.key;
    let texts = [
        ("modelDigest", &own.model_digest, &key.model_digest),
        ("tokenizerDigest", &own.tokenizer_digest, &key.tokenizer_digest),
        ("prefixDigest", &own.prefix_digest, &key.prefix_digest),
        ("agent", &own.agent, &key.agent),
        ("workroom", &own.workroom, &key.workroom),
        ("policyDomain", &own.policy_domain, &key.policy_domain),
    ];
    if let Some((member, ..)) = texts.iter().find(|(_, own, wanted)| own != wanted) {
        return Err(wrong(file, member, &format!("it was saved for another {member}")));
    }
    if own.adapter_digest != key.adapter_digest {
        return Err(wrong(file, "adapterDigest", "it was saved for another adapterDigest"));
    }
    same_tokenizer(file, key, &facts.tokenizer_digest)?;
    if header.head_digest != facts.head_digest {
        return Err(wrong(file, "model", "it was saved with another model"));
    }
    if header.context_tokens != seat.shape.room.context {
        let what = format!("it was saved with contextTokens {}; give that", header.context_tokens);
        return Err(wrong(file, "contextTokens", &what));
    }
    if header.adapter_scale != wanted.adapters.first().map(|adapter| adapter.scale) {
        return Err(wrong(file, "adapters", "it was saved with another adapter or another scale of it"));
    }
    Ok(())
}

fn read_header(reader: &mut impl std::io::BufRead, file: &str) -> Result<Header, Failure> {
    let mut first = Vec::new();
    let mut line = Vec::new();
    reader.take(FIRST_LINE.len() as u64).read_to_end(&mut first).map_err(|error| named(error, file))?;
    reader.take(LONGEST_HEADER).read_until(b'\n', &mut line).map_err(|error| named(error, file))?;
    let header =
        contract_json::from_slice(&line).ok().filter(|_| first == FIRST_LINE && line.ends_with(b"\n"));
    header.ok_or_else(|| wrong(file, "header", "it is no saved state of this version").into())
}

/// Copies the body into a file of its own, which llama.cpp then reads, and compares its digest.
fn copy_body(reader: &mut impl Read, header: &Header, file: &str, to: &Path) -> Result<(), Failure> {
    let mut body = File::create(to)?;
    let bytes = std::io::copy(&mut reader.take(header.body_bytes.saturating_add(1)), &mut body)?;
    drop(body);
    if bytes != header.body_bytes || digest(to)?.1 != header.body_blake3 {
        return Err(wrong(file, "body", "its bytes are not those that were saved").into());
    }
    Ok(())
}

fn digest(path: &Path) -> Result<(u64, String), Failure> {
    let mut hasher = blake3::Hasher::new();
    let bytes = std::io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok((bytes, format!("blake3:{}", hasher.finalize().to_hex())))
}

/// In the scratch folder of the run, which goes away with it.
fn scratch_file() -> Result<NamedTempFile, Failure> {
    Ok(NamedTempFile::new_in(std::env::temp_dir())?)
}

/// Writes beside the target and renames, so that nobody sees half a state.
fn write(target: &Path, header: &Header, body: &Path) -> Result<u64, Failure> {
    let folder: PathBuf =
        target.parent().filter(|_| target.is_absolute()).map(Path::to_path_buf).ok_or_else(|| {
            Failure::bad_input(format!(
                "{}: the path does not begin with /; write it in full",
                target.display()
            ))
        })?;
    let name = target.display().to_string();
    let file = NamedTempFile::new_in(folder).map_err(|error| named(error, &name))?;
    let mut writer = BufWriter::new(file);
    writer.write_all(FIRST_LINE)?;
    writer.write_all(&to_canonical_vec(header))?;
    writer.write_all(b"\n")?;
    std::io::copy(&mut File::open(body)?, &mut writer)?;
    let file = writer.into_inner().map_err(|error| Failure::from(error.into_error()))?;
    file.as_file().sync_all()?;
    let bytes = file.as_file().metadata()?.len();
    file.persist(target).map_err(|error| named(error.error, &name))?;
    Ok(bytes)
}
