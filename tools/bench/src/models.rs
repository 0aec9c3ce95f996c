//! Local models: the engine alone, the same work through adapter and runner, and through contract-serve.

use std::path::Path;

use anyhow::{Context, Result};

use crate::scenarios::{Row, Target};
use crate::served::{Connected, syncs_alone};
use crate::session::{Work, models};
use crate::times::{Times, less};
use crate::weights::{LARGE, SMALL};
use crate::{Options, digests};

/// Tokens that the adapter computes at once (`BATCH` of adapters/llama/src/seat.rs).
const BATCH: u32 = 128;
/// What llama-bench computes at once.
const LARGEST_BATCH: u32 = 512;
/// Requests to the large model of which a mean is made, on either side. A first look has no fewer: each takes two seconds.
const REPEATS: u32 = 3;

/// Requests that are open at the same time.
const AT_ONCE: u32 = 4;

const PROMPT: Work = Work { sizes: LARGE, prompt: 512, generate: 1 };
const GENERATE: Work = Work { sizes: LARGE, prompt: 2, generate: 129 };
const SHORT: Work = Work { sizes: LARGE, prompt: 2, generate: 1 };
const STREAM: Work = Work { sizes: SMALL, prompt: 8, generate: 201 };
const FIRST: Work = Work { sizes: SMALL, prompt: 8, generate: 1 };
const QUESTION: Work = Work { sizes: SMALL, prompt: 32, generate: 1 };
const REQUEST: Work = Work { sizes: SMALL, prompt: 32, generate: 16 };

/// The rows of the table; without the engine alone those of digests only.
pub(crate) fn rows(options: &Options) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    if let Some(engine) = &options.engine {
        let mut times = Times::default();
        let [small, large] = models(options, [SMALL, LARGE])?;
        for round in 1..=options.rounds {
            eprintln!("models, round {round} of {}", options.rounds);
            large_model(options, engine, &large, &mut times)?;
            small_model(options, engine, &small, &mut times)?;
        }
        rows = table(&times);
    }
    rows.extend(digests::rows(options)?);
    Ok(rows)
}

fn large_model(options: &Options, engine: &Path, model: &Path, times: &mut Times) -> Result<()> {
    times.add("prompt alone 128", PROMPT.alone(engine, model, BATCH, REPEATS)?.prompt);
    times.add("prompt", PROMPT.in_session(options, model, REPEATS)?);
    times.add("prompt alone 512", PROMPT.alone(engine, model, LARGEST_BATCH, REPEATS)?.prompt);
    times.add("token alone", GENERATE.alone(engine, model, BATCH, REPEATS)?.token);
    let short = SHORT.in_session(options, model, 20)?;
    let long = GENERATE.in_session(options, model, REPEATS)?;
    times.add("token", less(long, short).context("128 tokens of the large model")? / 128);
    times.add(
        "tokens together alone",
        GENERATE.together(engine, model, BATCH, AT_ONCE, REPEATS)?.token / AT_ONCE,
    );
    times.add("tokens together", GENERATE.at_once(options, model, AT_ONCE)? / (AT_ONCE * 129));
    Ok(())
}

fn small_model(options: &Options, engine: &Path, model: &Path, times: &mut Times) -> Result<()> {
    let share = |count: u32| if options.quick { count / 10 } else { count };
    times.add("small token alone", STREAM.alone(engine, model, BATCH, share(100))?.token);
    let first = FIRST.in_session(options, model, share(300))?;
    let stream = STREAM.in_session(options, model, share(50))?;
    times.add("small token", less(stream, first).context("200 tokens of the small model")? / 200);
    times.add("question alone", QUESTION.alone(engine, model, BATCH, share(300))?.prompt);
    times.add("question", QUESTION.in_session(options, model, share(300))?);
    times.add("request", REQUEST.in_session(options, model, share(300))?);
    let mut server = Connected::start(options, model)?;
    let served = server.request(&REQUEST, share(200))?;
    times.add("served", served.whole);
    times.add("served session", served.session);
    times.add("served token", server.token(&STREAM, share(20))?);
    times.add("syncs", syncs_alone(options, share(200))?);
    Ok(())
}

fn table(times: &Times) -> Vec<Row> {
    let rate = |name: &str, tokens: f64| tokens / times.seconds(name);
    let us = |name: &str| times.seconds(name) * 1e6;
    let ms = |name: &str| times.seconds(name) * 1e3;
    let row = |what, value, unit, against, target| Row { what, value, unit, against, target };
    let slower = Some(Target::TimesAtLeast(0.97));
    let prompt = rate("prompt", 512.0);
    vec![
        row(
            "prompt tokens a second, first token included",
            prompt,
            "/s",
            Some(("the engine alone, batches of 128 as the adapter", rate("prompt alone 128", 512.0))),
            slower,
        ),
        row(
            "prompt tokens a second, and larger batches",
            prompt,
            "/s",
            Some(("the engine alone, one batch of 512", rate("prompt alone 512", 512.0))),
            slower,
        ),
        row(
            "generated tokens a second, greedy",
            rate("token", 1.0),
            "/s",
            Some(("the engine alone, no sampling", rate("token alone", 1.0))),
            slower,
        ),
        row(
            "the same of four requests at a time, together",
            rate("tokens together", 1.0),
            "/s",
            Some(("the engine alone, four sequences in one batch", rate("tokens together alone", 1.0))),
            None,
        ),
        row(
            "a token streamed to the runner, small model",
            us("small token"),
            "us",
            Some(("the engine alone, no sampling", us("small token alone"))),
            Some(Target::MoreAtMost(100.0)),
        ),
        row(
            "a token streamed by contract-serve, small model",
            us("served token"),
            "us",
            Some(("the engine alone, no sampling", us("small token alone"))),
            Some(Target::MoreAtMost(100.0)),
        ),
        row(
            "warm request until its result of one token, small model",
            ms("question"),
            "ms",
            Some(("the engine alone, the same prompt", ms("question alone"))),
            Some(Target::MoreAtMost(1.0)),
        ),
        row(
            "request to contract-serve, 16 tokens, receipt on the disk",
            ms("served"),
            "ms",
            Some(("its session's part of the same requests", ms("served session"))),
            Some(Target::MoreAtMost(1.0)),
        ),
        row(
            "that part, with the server's pauses",
            ms("served session"),
            "ms",
            Some(("the same in a session of the runner, without pauses", ms("request"))),
            None,
        ),
        row("the syncs of its records alone", ms("syncs"), "ms", None, None),
    ]
}
