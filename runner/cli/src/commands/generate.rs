//! `completions` and `man`: made from the flags themselves, those of verbs included.

use std::path::Path;

use contract_engine::{Failure, Surroundings};
use contract_ipc::{Code, Exit};

use super::note;
use crate::args::Output;

pub(crate) fn completions(shell: clap_complete::Shell) -> Result<Exit, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(
        shell,
        &mut super::verb::command_line(&Surroundings::of_process()?),
        "contract-runner",
        &mut text,
    );
    super::print_line(String::from_utf8_lossy(&text).trim_end())?;
    Ok(Exit::Satisfied)
}

pub(crate) fn man(folder: &Path, output: Output) -> Result<Exit, Failure> {
    let command = super::verb::command_line(&Surroundings::of_process()?);
    std::fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(command, folder)).map_err(
        |error| Failure::new(Code::ContractOutUnwritable, format!("{}: {error}", folder.display())),
    )?;
    note(output, &format!("man pages are in {}", folder.display()));
    Ok(Exit::Satisfied)
}
