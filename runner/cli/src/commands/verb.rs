//! Verbs of adapters: commands that are data in their manifests.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgMatches, Args as _, CommandFactory as _, FromArgMatches as _};
use contract_engine::{Calls, Failure, Request, Surroundings};
use contract_ipc::{Code, Exit};
use contract_lanes::{Catalogue, FoundVerb, clap_command, invocation};
use serde_json::Value;

use super::run::{Presentation, run_request};
use super::{note, print_json, print_line, printed, report, request};
use crate::args::{Arguments, Format, Output, VerbArgs};

/// Id and name of the flag on the command line itself.
const FORMAT: &str = "format";
/// Id of the same flag behind a verb.
const VERB_FORMAT: &str = "runner-format";

/// The whole command line, the verbs of all adapters that are found included.
pub(super) fn command_line(around: &Surroundings) -> clap::Command {
    command(&Catalogue::read(around))
}

fn command(catalogue: &Catalogue) -> clap::Command {
    // An operation may have a `--format` of its own: then ours stands before the verb.
    let mut root = Arguments::command().mut_arg(FORMAT, |format| format.global(false));
    for found in &catalogue.verbs {
        // A word of ours is never another's.
        if Arguments::command().find_subcommand(&found.verb.words[0]).is_none() {
            let about = found.operation().description.clone();
            let leaf = with_format(VerbArgs::augment_args(clap_command(found)).about(about));
            root = add(root, &found.verb.words, leaf);
        }
    }
    root
}

/// Adds the runner's `--format`, unless the operation has one.
fn with_format(command: clap::Command) -> clap::Command {
    if command.get_arguments().any(|arg| arg.get_long() == Some(FORMAT)) {
        return command;
    }
    let help = "The form of what is printed on stdout";
    let forms = PossibleValuesParser::new(["human", "json"]);
    let format = Arg::new(VERB_FORMAT).long(FORMAT).value_parser(forms).value_name("FORM");
    command.arg(format.help(help).help_heading(None::<&'static str>))
}

/// Puts `leaf` below the words that lead to it.
fn add(parent: clap::Command, words: &[String], leaf: clap::Command) -> clap::Command {
    let [word, rest @ ..] = words else { return parent };
    if rest.is_empty() {
        return parent.subcommand(leaf);
    }
    if parent.find_subcommand(word).is_some() {
        return parent.mut_subcommand(word, |group| add(group, rest, leaf));
    }
    let about = format!("Commands of adapters: {word}");
    let group =
        clap::Command::new(word.clone()).about(about).subcommand_required(true).arg_required_else_help(true);
    parent.subcommand(add(group, rest, leaf))
}

/// Reads the command line once more, with the verbs of adapters, and does what it says.
///
/// # Errors
/// `clap`'s, when it is no command line of ours and of no verb.
pub(crate) fn run(words: &[OsString], first: clap::Error) -> Result<Exit, clap::Error> {
    // Help for a command of ours needs no adapters.
    let ours = Arguments::command();
    if first_word(words).is_some_and(|word| ours.find_subcommand(word).is_some()) {
        return Err(first);
    }
    let output = Output { format: Format::Human, quiet: false, verbose: false };
    let around = match Surroundings::of_process() {
        Ok(around) => around,
        Err(failure) => return Ok(report(&failure, output)),
    };
    let catalogue = Catalogue::read(&around);
    let matches = match command(&catalogue).try_get_matches_from(words) {
        Ok(matches) => matches,
        Err(error) => {
            for fault in &catalogue.faults {
                note(output, &format!("note: {fault}"));
            }
            return Err(error);
        }
    };
    let mut output = Output::from_arg_matches(&matches)?;
    let (words, leaf) = path_of(&matches);
    let Some((found, _)) = catalogue.find(&words) else { return Err(first) };
    match leaf.try_get_one::<String>(VERB_FORMAT) {
        Ok(Some(form)) if form == "json" => output.format = Format::Json,
        Ok(Some(_)) => output.format = Format::Human,
        _ => {}
    }
    if !matches!(output.format, Format::Human | Format::Json) {
        return Ok(report(&super::usage("verbs of adapters print human or json"), output));
    }
    let args = VerbArgs::from_arg_matches(leaf)?;
    Ok(invoke(found, leaf, &args, &around, output).unwrap_or_else(|failure| report(&failure, output)))
}

/// The first word that is no flag of the command line itself, nor the value of one.
fn first_word(words: &[OsString]) -> Option<&str> {
    let mut words = words.iter().skip(1).map(|word| word.to_str().unwrap_or_default());
    loop {
        match words.next()? {
            "--format" => drop(words.next()),
            flag if flag.starts_with('-') => {}
            word => return Some(word),
        }
    }
}

fn path_of(matches: &ArgMatches) -> (Vec<String>, &ArgMatches) {
    let (mut words, mut at) = (Vec::new(), matches);
    while let Some((word, below)) = at.subcommand() {
        words.push(word.to_owned());
        at = below;
    }
    (words, at)
}

fn invoke(
    found: &FoundVerb,
    matches: &ArgMatches,
    args: &VerbArgs,
    around: &Surroundings,
    output: Output,
) -> Result<Exit, Failure> {
    let invocation = invocation(found, matches, around);
    let adapter = shlex_quoted(&found.manifest.path)?;
    let mut request = Request {
        op: Some(found.verb.op.clone()),
        calls: Calls::Repeat { args: Value::Object(invocation.args).to_string().into_bytes(), count: 1 },
        delegates_asks: true,
        ..request(&adapter, &args.authority)
    };
    request.allow.extend(invocation.rights);
    let documents = found.operation().documents.clone();
    let presentation = Presentation::Verb { emit: args.emit.clone(), documents };
    run_request(&request, args.out.as_deref(), around, &presentation, output)
}

/// `Request::adapter` is a command line.
fn shlex_quoted(path: &Path) -> Result<String, Failure> {
    let text = path.to_str().and_then(contract_engine::quoted).map(std::borrow::Cow::into_owned);
    text.ok_or_else(|| {
        Failure::new(
            Code::AdapterNotFound,
            format!("{}: its path cannot be written as a word", path.display()),
        )
    })
}

/// Prints what a verb answered: its summary for people, the data for programs; its documents go to `emit`.
pub(super) fn present(
    data: &[u8],
    emit: Option<&PathBuf>,
    declared: &[String],
    around: &Surroundings,
    output: Output,
) -> Result<(), Failure> {
    let value: Value = serde_json::from_slice(data).map_err(|error| {
        Failure::new(Code::ContractInternal, format!("checked data cannot be read again: {error}"))
    })?;
    if let Some(folder) = emit {
        let count = write_documents(&value["documents"], declared, &around.root.join(folder))?;
        note(output, &format!("{} in {}", super::counted(count, "document", "documents"), folder.display()));
    }
    match (output.format, value["summary"].as_str()) {
        (Format::Human, Some(summary)) => {
            for line in summary.lines() {
                print_line(&crate::style::tame(line))?;
            }
            Ok(())
        }
        (Format::Json, _) => print_json(&value),
        _ => printed(std::io::Write::write_all(
            &mut std::io::stdout(),
            &[&crate::style::json_for_stdout(data)[..], b"\n"].concat(),
        )),
    }
}

/// One file for each document, in canonical form, so that a file's digest is its document's.
fn write_documents(documents: &Value, declared: &[String], folder: &Path) -> Result<u64, Failure> {
    let failed = |path: &Path, error: &dyn std::fmt::Display| {
        Failure::new(Code::ContractOutUnwritable, format!("--emit: {}: {error}", path.display()))
    };
    std::fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
    let mut count = 0;
    for (name, document) in documents.as_object().into_iter().flatten() {
        // Its manifest has been checked: what it declares is the name of a file.
        if !declared.contains(name) {
            let what = format!(
                "it gave the document `{}`, which its manifest does not declare",
                name.escape_debug()
            );
            return Err(Failure::new(Code::AdapterUndeclared, what));
        }
        let path = folder.join(format!("{name}.json"));
        let mut bytes = contract_json::to_canonical_vec(document);
        bytes.push(b'\n');
        super::write_whole(&path, &bytes).map_err(|error| failed(&path, &error))?;
        count += 1;
    }
    Ok(count)
}
