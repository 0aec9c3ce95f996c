//! Checks that need more than a compiler: `cargo xtask tidy`, `cargo xtask codegen [--check]` and `cargo xtask corpus`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool for people")]

mod codegen;
mod corpus;
mod crates;
mod documents;
mod rules;
mod sources;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

const USAGE: &str = "usage: cargo xtask tidy | codegen [--check] | corpus
  tidy             the house rules of docs/architecture.md, over crates, sources and documents
  codegen          writes the generated documents
  codegen --check  fails when one of them is not as it would be written
  corpus           writes a bad document for each rule that conformance/cases.toml has none for";

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let found = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["tidy"] => tidy(&root),
        ["codegen"] => codegen::write(&root).map(|()| Vec::new()),
        ["codegen", "--check"] => codegen::check(&root),
        ["corpus"] => corpus::write(&root).map(|written| {
            written.iter().for_each(|name| println!("{name}"));
            Vec::new()
        }),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match found {
        Ok(faults) if faults.is_empty() => ExitCode::SUCCESS,
        Ok(faults) => {
            faults.iter().for_each(|fault| println!("{fault}"));
            println!("{} found", faults.len());
            ExitCode::from(1)
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn tidy(root: &Path) -> Result<Vec<String>> {
    let files = sources::tracked(root)?;
    let mut faults = crates::check(root)?;
    faults.extend(sources::check(root, &files)?);
    faults.extend(documents::check(root, &files)?);
    Ok(faults)
}
