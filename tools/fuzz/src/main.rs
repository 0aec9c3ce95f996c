//! Feeds random input to everything that reads foreign bytes, until the time is over or a claim is broken.
//!
//! A target is a plain function over bytes, so any fuzzer can drive it. This driver mutates a small corpus by itself: it
//! needs no nightly compiler and no coverage, and a seed makes it repeatable.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool for people")]

mod corpus;
mod documents;
mod json;
mod mutate;
mod protocol;
mod redaction;
mod shell;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use fastrand::Rng;

/// Checks every claim about one input; panics when one is broken.
type Target = fn(&[u8]);

const TARGETS: &[(&str, Target)] = &[
    ("json", json::reads_as_serde_does_or_refuses),
    ("canonical", json::canonical_form_is_a_fixed_point),
    ("lines", protocol::lines_do_not_depend_on_how_they_are_read),
    ("runner", protocol::a_runner_survives_any_adapter),
    ("adapter", protocol::an_adapter_survives_any_runner),
    ("redaction", redaction::no_form_of_a_secret_stays),
    ("shell", shell::a_script_is_read_or_refused),
    ("workstation", documents::workstation),
    ("workspace-ops", documents::workspace_ops),
    ("host-interface", documents::host_interface),
    ("model-plane", documents::model_plane),
    ("model-carry", documents::model_carry),
    ("agent-machine", documents::agent_machine),
    ("lane-adapter", documents::lane_adapter),
    ("runner-documents", documents::runner),
];

struct Options {
    seconds: u64,
    seed: u64,
    target: Option<String>,
}

fn options() -> Result<Options> {
    let mut found = Options { seconds: 10, seed: 0, target: None };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || -> Result<u64> {
            arguments.next().and_then(|text| text.parse().ok()).with_context(|| format!("{argument} N"))
        };
        match argument.as_str() {
            "--seconds" => found.seconds = number()?,
            "--seed" => found.seed = number()?,
            name if TARGETS.iter().any(|(target, _)| *target == name) => found.target = Some(argument),
            _ => {
                let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
                bail!(
                    "usage: cargo run --release -p contract-fuzz -- [--seconds N] [--seed N] [{}]",
                    names.join("|")
                );
            }
        }
    }
    Ok(found)
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(options) => options,
        Err(error) => {
            eprintln!("{error:#}");
            return ExitCode::from(2);
        }
    };
    let chosen: Vec<_> = TARGETS
        .iter()
        .filter(|(name, _)| options.target.as_deref().is_none_or(|target| target == *name))
        .collect();
    let share = Duration::from_secs(options.seconds) / u32::try_from(chosen.len()).unwrap_or(1);
    for (name, target) in chosen {
        match fuzz(*target, share, options.seed) {
            Ok(count) => println!("{name}: {count} inputs, seed {}", options.seed),
            Err(input) => {
                eprintln!("{name}: broken by {:?}", String::from_utf8_lossy(&input));
                eprintln!("as bytes: {}", data_encoding::HEXLOWER.encode(&input));
                return ExitCode::from(1);
            }
        }
    }
    ExitCode::SUCCESS
}

/// How many inputs there were, or the one that broke a claim.
fn fuzz(target: Target, time: Duration, seed: u64) -> Result<u64, Vec<u8>> {
    let mut rng = Rng::with_seed(seed);
    let start = Instant::now();
    let mut count = 0;
    for input in corpus::SEEDS {
        run(target, input.as_bytes())?;
    }
    while start.elapsed() < time {
        for _ in 0..256 {
            let input = mutate::input(&mut rng);
            run(target, &input)?;
            count += 1;
        }
    }
    Ok(count)
}

fn run(target: Target, input: &[u8]) -> Result<(), Vec<u8>> {
    catch_unwind(AssertUnwindSafe(|| target(input))).map_err(|_| input.to_vec())
}
