//! Measures what contract-runner costs against what the same work costs without it. Everything happens in one run, the
//! measurements of a round one after the other, and the table has medians and ratios: machines are noisy.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool for people")]
#![expect(clippy::disallowed_methods, reason = "it starts what it measures")]

mod digests;
mod documents;
mod floor;
mod lanes;
mod launch;
mod memory;
mod models;
mod pinning;
mod report;
mod runs;
mod scenarios;
mod served;
mod session;
mod times;
mod weights;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

/// What was asked for.
#[derive(Debug)]
pub(crate) struct Options {
    /// An installation with the echo adapter in it.
    prefix: PathBuf,
    /// Where everything goes.
    out: PathBuf,
    /// The implementation in Python.
    reference: PathBuf,
    /// How often each measurement is made.
    rounds: usize,
    /// Tenth of the work, for a first look.
    quick: bool,
    /// Documents and the ledger alone.
    documents: bool,
    /// Lanes alone.
    lanes: bool,
    /// Local models alone.
    models: bool,
    /// llama.cpp alone, where it can be built.
    engine: Option<PathBuf>,
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options> {
    let mut found = Options {
        prefix: PathBuf::new(),
        out: PathBuf::new(),
        reference: PathBuf::new(),
        rounds: 5,
        quick: false,
        documents: false,
        lanes: false,
        models: false,
        engine: None,
    };
    while let Some(name) = arguments.next() {
        let mut value = || arguments.next().with_context(|| format!("{name} needs a value"));
        match name.as_str() {
            // What is measured runs in folders of its own.
            "--prefix" => found.prefix = std::path::absolute(value()?)?,
            "--out" => found.out = std::path::absolute(value()?)?,
            "--reference" => found.reference = std::path::absolute(value()?)?,
            "--rounds" => found.rounds = value()?.parse().context("--rounds N")?,
            "--quick" => found.quick = true,
            "--documents" => found.documents = true,
            "--lanes" => found.lanes = true,
            "--models" => found.models = true,
            "--engine" => found.engine = Some(std::path::absolute(value()?)?),
            _ => bail!("unknown argument {name}"),
        }
    }
    if found.rounds == 0 || found.prefix.as_os_str().is_empty() || found.out.as_os_str().is_empty() {
        bail!("usage: tools/bench/run [--rounds N] [--quick] [--documents | --lanes | --models]");
    }
    Ok(found)
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let done = match std::env::args().nth(1).as_deref() {
        Some(floor::PEER) => floor::peer(arguments.nth(1), arguments.next()),
        _ => options(arguments).and_then(|options| {
            let table = match (options.documents, options.lanes, options.models) {
                (true, _, _) => documents::rows(&options)?,
                (_, true, _) => lanes::rows(&options)?,
                (_, _, true) => models::rows(&options)?,
                _ => scenarios::measure(&options)?,
            };
            report::write(&options, &table)
        }),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}
