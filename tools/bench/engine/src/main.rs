//! llama.cpp alone, as fast as it goes: what llama-bench does (`test_prompt` and `test_gen` of its source: decode, wait, take
//! any token next), in a program that is linked with the same library as the adapter. No sampling, no text, no messages.
//! Logits are computed as the adapter wants them: for the last token of the prompt, and for each that is made.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool for people")]

use std::num::NonZeroU32;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::context::params::LlamaContextParams;
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::model::params::LlamaModelParams;
use llama_cpp_2::token::LlamaToken;
use serde_json::json;

const USAGE: &str = "usage: bench-engine MODEL CONTEXT BATCH PROMPT GENERATE SEQUENCES REPEAT (all but the model are numbers)";

/// What is measured.
struct Work {
    model: String,
    /// Room for each sequence. Tokens.
    context: u32,
    /// Tokens of a prompt that are computed at once.
    batch: u32,
    /// Length of the prompt. Tokens.
    prompt: usize,
    /// Tokens that are made after it.
    generate: usize,
    /// Texts that are made at the same time, a token of each in every batch.
    sequences: u32,
    /// Times that it is measured, after one time that is not.
    repeat: usize,
}

impl Work {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let model = arguments.next().context(USAGE)?;
        let numbers = arguments.map(|text| text.parse().context(USAGE)).collect::<Result<Vec<u32>>>()?;
        let &[context, batch, prompt, generate, sequences, repeat] = numbers.as_slice() else { bail!(USAGE) };
        let [prompt, generate, repeat] = [prompt, generate, repeat].map(|number| number as usize);
        Ok(Self { model, context, batch, prompt, generate, sequences, repeat })
    }
}

fn main() -> ExitCode {
    match Work::parse(std::env::args().skip(1)).and_then(|work| measure(&work)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn measure(work: &Work) -> Result<()> {
    let mut backend = LlamaBackend::init()?;
    backend.void_logs();
    let params = LlamaModelParams::default().with_n_gpu_layers(0).with_use_mmap(true);
    let model = LlamaModel::load_from_file(&backend, &work.model, &params)?;
    // As the adapter has it, but that a whole prompt goes in at once, as in llama-bench: `-b CONTEXT -ub BATCH`.
    let params = LlamaContextParams::default()
        .with_n_ctx(NonZeroU32::new(work.context * work.sequences))
        .with_n_batch(work.context)
        .with_n_ubatch(work.batch)
        .with_n_seq_max(work.sequences)
        .with_n_threads(1)
        .with_n_threads_batch(1)
        .with_no_perf(true);
    let mut context = model.new_context(&backend, params)?;
    let vocabulary = model.vocab();
    let mut tokens = Tokens { next: Some(vocabulary.bos()), size: vocabulary.n_tokens(), state: 1 };
    let (mut prompt_ns, mut generate_ns) = (Vec::new(), Vec::new());
    for turn in 0..=work.repeat {
        context.clear_kv_cache();
        tokens.next = Some(vocabulary.bos());
        let start = Instant::now();
        read(&mut context, work, &mut tokens)?;
        let between = Instant::now();
        write(&mut context, work, &mut tokens)?;
        if turn > 0 {
            prompt_ns.push((between - start).as_nanos());
            generate_ns.push(between.elapsed().as_nanos());
        }
    }
    let nanoseconds = |all: &[u128]| all.iter().map(|&one| one as f64).collect::<Vec<_>>();
    println!("{}", json!({"promptNs": nanoseconds(&prompt_ns), "generateNs": nanoseconds(&generate_ns)}));
    Ok(())
}

/// The prompt of each sequence as one batch, which llama.cpp computes in parts of `n_ubatch` tokens. Logits are wanted of its last
/// token; a batch for each part would give more.
fn read(context: &mut LlamaContext<'_>, work: &Work, tokens: &mut Tokens) -> Result<()> {
    let mut batch = LlamaBatch::new(work.prompt, 1);
    for sequence in 0..work.sequences.cast_signed() {
        batch.clear();
        for (place, token) in tokens.take(work.prompt).enumerate() {
            batch.add(token, i32::try_from(place)?, &[sequence], place + 1 == work.prompt)?;
        }
        context.decode(&mut batch)?;
        context.synchronize();
    }
    Ok(())
}

fn write(context: &mut LlamaContext<'_>, work: &Work, tokens: &mut Tokens) -> Result<()> {
    let sequences = work.sequences.cast_signed();
    let mut batch = LlamaBatch::new(work.sequences as usize, 1);
    for place in work.prompt..work.prompt + work.generate {
        batch.clear();
        for (sequence, token) in (0..sequences).zip(tokens.take(work.sequences as usize)) {
            batch.add(token, i32::try_from(place)?, &[sequence], true)?;
        }
        context.decode(&mut batch)?;
        context.synchronize();
    }
    Ok(())
}

/// The token that begins a text, then any.
struct Tokens {
    next: Option<LlamaToken>,
    size: i32,
    state: u32,
}

impl Iterator for Tokens {
    type Item = LlamaToken;

    fn next(&mut self) -> Option<LlamaToken> {
        // Numerical Recipes, "an even quicker and dirtier generator"; the high bits are the better ones.
        self.state = self.state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let any = i32::try_from(self.state >> 8).ok()?;
        Some(self.next.take().unwrap_or(LlamaToken::new(any % self.size)))
    }
}

impl Tokens {
    fn take(&mut self, count: usize) -> impl Iterator<Item = LlamaToken> + '_ {
        Iterator::take(self, count)
    }
}
