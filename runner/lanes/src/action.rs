//! What a step does: operations of adapters, or programs in the process adapter.

use std::path::PathBuf;

use contract_engine::{Failure, Surroundings, quoted};
use contract_ipc::Code;
use contract_shell::{Role, Shell, Start, straight};
use serde_json::{Map, Value, json};

use crate::catalogue::{Catalogue, FoundVerb};
use crate::contract::Step;
use crate::table::Table;
use crate::words::{clap_command, invocation};

/// The adapter that starts programs, and its operation. No other one of that name gets what a lane delegates.
const PROCESS: (&str, &str) = ("process", "process.run");
/// What scripts are given to, so that a command that fails ends them, as in CI.
const SHELL: [&str; 3] = ["/bin/sh", "-e", "-c"];
/// Where programs are looked for first, here and in the sandbox; the same on every machine.
const STANDARD_PATH: [&str; 3] = ["/usr/local/bin", "/usr/bin", "/bin"];
/// Where programs of the system lie: everybody may read them, and nobody keeps secrets there.
const SYSTEM_FOLDERS: [&str; 8] =
    ["/bin", "/gnu/store", "/lib", "/lib64", "/nix/store", "/sbin", "/snap", "/usr"];
/// Programs that do something else than the command of that name which every shell has itself.
const OF_THE_SHELL: [&str; 6] = ["[", "echo", "kill", "printf", "pwd", "test"];

/// One thing to run.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// Command line of the adapter.
    pub adapter: String,
    /// Its operation.
    pub op: String,
    /// The arguments.
    pub args: Map<String, Value>,
    /// Rights that follow from the words and that the operator has to give: paths to read, programs that are not the system's.
    pub asks: Vec<String>,
    /// Rights that the operator gives by running the lane: to execute the programs of the system that its steps name.
    pub delegated: Vec<String>,
    /// The command, for people.
    pub command: String,
    /// A program, not an operation of an adapter that knows what it does.
    pub is_process: bool,
}

/// Reads the steps of a lane.
pub(crate) struct Reader<'r> {
    pub(crate) catalogue: &'r Catalogue,
    pub(crate) table: &'r Table,
    pub(crate) around: &'r Surroundings,
}

impl Reader<'_> {
    /// What `step` does; nothing when it has no script.
    ///
    /// # Errors
    /// `LANE_COMMAND_UNKNOWN`, or what is wrong with the words of a command.
    pub(crate) fn actions(&self, step: &Step) -> Result<Vec<Action>, Failure> {
        let Some(script) = step.run.as_deref().filter(|script| !script.trim().is_empty()) else {
            return Ok(Vec::new());
        };
        let home = self.around.home.as_ref().and_then(|home| home.to_str());
        match straight(script, home) {
            Some(commands) if commands.iter().any(|words| self.table.is_mapped(&words[0])) => {
                commands.iter().map(|words| self.command(words)).collect()
            }
            Some(commands) if commands.len() == 1 => Ok(vec![match self.own_program(&commands[0][0]) {
                Some(program) => self.process(commands[0].clone(), &[program], script)?,
                None => self.script(script)?,
            }]),
            _ => Ok(vec![self.script(script)?]),
        }
    }

    /// One command of a list in which some are mapped.
    fn command(&self, words: &[String]) -> Result<Action, Failure> {
        let name = &words[0];
        if let Some(verb) = self.table.verb(words) {
            return self.verb(&verb, &shown(words));
        }
        if self.table.is_mapped(name) {
            let known = self.table.commands_of(name).join("`, `");
            return Err(unknown(format!(
                "`{}`: no adapter here does that; of {name} there are `{known}`",
                shown(words)
            )));
        }
        if OF_THE_SHELL.contains(&name.as_str()) {
            return self.script(&shown(words));
        }
        match self.program(name) {
            Some(program) => self.process(words.to_vec(), &[program], &shown(words)),
            None => Err(unknown(format!("`{name}`: no such program on PATH"))
                .hint("A command of the shell itself (cd, export) and a command of an adapter cannot be in one step: split it.")),
        }
    }

    /// What the words of a verb ask for.
    pub(crate) fn verb(&self, words: &[String], command: &str) -> Result<Action, Failure> {
        let (found, rest) = self.catalogue.find(words).ok_or_else(|| {
            unknown(format!("`{command}`: no adapter has the verb `{}`", words.join(" ")))
                .hint("Install the adapter that has it (tools/install does), or name its folder in CONTRACT_RUNNER_ADAPTERS.")
        })?;
        let matches = clap_command(found)
            .no_binary_name(true)
            .disable_help_flag(true)
            .try_get_matches_from(rest)
            .map_err(|error| {
                let text = error.render().to_string();
                let what = text.trim_start_matches("error: ").lines().next().unwrap_or_default().to_owned();
                Failure::new(Code::ContractArgsInvalid, format!("`{command}`: {what}")).hint(format!(
                    "`contract-runner {} --help` shows what it takes.",
                    found.verb.words.join(" ")
                ))
            })?;
        let invocation = invocation(found, &matches, self.around);
        Ok(Action {
            adapter: adapter_of(found)?,
            op: found.verb.op.clone(),
            args: invocation.args,
            asks: invocation.rights,
            delegated: Vec::new(),
            command: command.to_owned(),
            is_process: false,
        })
    }

    /// A script that a shell has to read.
    fn script(&self, script: &str) -> Result<Action, Failure> {
        let analysis = Shell::new(Start::default()).run(script);
        let mut programs: Vec<PathBuf> = vec![PathBuf::from(SHELL[0])];
        for command in &analysis.commands {
            let Some(name) = command.words.first().and_then(|word| word.known()) else { continue };
            if command.role != Role::Looks && self.table.is_mapped(name) {
                return Err(unknown(format!("`{name}` stands in a script that only a shell can read"))
                    .hint("Give it a step of its own, with words that are known: no variables, pipes or conditions."));
            }
            // `echo` and its like may be programs as well.
            programs.extend(self.program(name).filter(|program| !programs.contains(program)));
        }
        let argv = SHELL.iter().map(|&word| word.to_owned()).chain([script.to_owned()]).collect();
        self.process(argv, &programs, script)
    }

    fn process(&self, mut argv: Vec<String>, programs: &[PathBuf], command: &str) -> Result<Action, Failure> {
        if let Some(text) = programs.first().and_then(|program| program.to_str()) {
            text.clone_into(&mut argv[0]);
        }
        let mut delegated = vec!["side-effect=filesystem".to_owned()];
        let mut asks = Vec::new();
        let mut folders: Vec<String> = STANDARD_PATH.iter().map(|&folder| folder.to_owned()).collect();
        for program in programs {
            let files = contract_engine::program_files(program, self.around)?;
            delegated.extend(files.read.iter().map(|file| format!("read={}", file.display())));
            for file in files.exec {
                let right = format!("exec={}", file.display());
                // To execute is to read. What lies elsewhere may be a file of the user's.
                let of_the_system = SYSTEM_FOLDERS.iter().any(|folder| file.starts_with(folder));
                if of_the_system { delegated.push(right) } else { asks.push(right) }
            }
            if let Some(folder) = program.parent().and_then(|folder| folder.to_str())
                && !folders.iter().any(|known| known == folder)
            {
                folders.push(folder.to_owned());
            }
        }
        for rights in [&mut delegated, &mut asks] {
            rights.sort();
            rights.dedup();
        }
        let args = json!({
            "argv": argv,
            "cwd": self.around.root.display().to_string(),
            "environment": {"PATH": folders.join(":")},
        });
        let Value::Object(args) = args else { unreachable!("it is written as an object") };
        Ok(Action {
            adapter: self.process_adapter()?,
            op: PROCESS.1.to_owned(),
            args,
            asks,
            delegated,
            command: command.to_owned(),
            is_process: true,
        })
    }

    /// The one that came with the runner.
    fn process_adapter(&self) -> Result<String, Failure> {
        let manifest = self.around.installed.join(PROCESS.0).join("adapter.json");
        let word = manifest.is_file().then(|| manifest.to_str().and_then(quoted)).flatten();
        word.map(std::borrow::Cow::into_owned).ok_or_else(|| {
            unknown(format!("{}: the adapter that starts programs is not installed", manifest.display()))
                .hint("Install the runner with its adapters (tools/install does it).")
        })
    }

    /// The program that `name` starts in a shell, too.
    fn own_program(&self, name: &str) -> Option<PathBuf> {
        if OF_THE_SHELL.contains(&name) { None } else { self.program(name) }
    }

    /// The program that `name` starts.
    fn program(&self, name: &str) -> Option<PathBuf> {
        if name.contains('/') {
            let path = self.around.root.join(name);
            return is_program(&path).then_some(path);
        }
        let standard = STANDARD_PATH.iter().map(PathBuf::from);
        let folders = standard.chain(self.around.path.iter().map(|folder| self.around.root.join(folder)));
        folders.map(|folder| folder.join(name)).find(|path| is_program(path))
    }
}

/// Words as a shell would take them, so that one with a space is seen to be one.
fn shown(words: &[String]) -> String {
    let words: Vec<_> = words.iter().map(|word| quoted(word).unwrap_or(word.into())).collect();
    words.join(" ")
}

fn is_program(path: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

fn adapter_of(found: &FoundVerb) -> Result<String, Failure> {
    found.manifest.path.to_str().and_then(quoted).map(std::borrow::Cow::into_owned).ok_or_else(|| {
        unknown(format!("{}: its path cannot be written as a word", found.manifest.path.display()))
    })
}

fn unknown(what: String) -> Failure {
    Failure::new(Code::LaneCommandUnknown, what)
}
