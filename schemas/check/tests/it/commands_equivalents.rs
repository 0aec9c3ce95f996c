//! Other ways to write a command, as a shell would run it all the same.

use std::collections::BTreeSet;
use std::path::Path;

use fastrand::Rng;

/// A command that is forbidden and one like it that is allowed.
pub(crate) struct Pair {
    pub(crate) rule: &'static str,
    /// Steps before it.
    pub(crate) before: &'static [&'static str],
    pub(crate) forbidden: Base,
    pub(crate) allowed: Base,
}

/// A command in parts.
pub(crate) struct Base {
    words: &'static [&'static str],
    /// Options with their values; their order does not matter.
    options: &'static [(&'static str, Option<Value>)],
    operands: &'static [Value],
}

#[derive(Clone, Copy)]
enum Value {
    /// Characters.
    Plain(&'static str),
    /// A path below the home, by its names.
    Home(&'static [&'static str]),
}

impl Base {
    /// The words after the name, sorted: options may come in any order, values joined to their option.
    pub(crate) fn words(&self, home: &Path) -> BTreeSet<String> {
        let value = |value: &Value| match value {
            Value::Plain(text) => (*text).to_owned(),
            Value::Home(names) => {
                names.iter().fold(home.to_owned(), |path, name| path.join(name)).display().to_string()
            }
        };
        let mut words: BTreeSet<String> = self.words[1..].iter().map(|&word| word.to_owned()).collect();
        for (name, given) in self.options {
            words.insert((*name).to_owned());
            words.extend(given.as_ref().map(value));
        }
        words.extend(self.operands.iter().map(value));
        words
    }
}

const MOUNTS: &[&str] = &["sourceosctl", "agent-machine", "mounts", "plan"];
const INSPECT: &[&str] = &["sourceosctl", "office", "inspect"];
const TERMINAL: &[&str] = &["sourceosctl", "workspace-ops", "terminal-command", "run"];
const CAPTURE: &[&str] = &["sourceosctl", "workspace-ops", "web-capture", "take"];
const AGENT: &[&str] = &["sourceosctl", "workspace-ops", "local-agent-execution", "run"];

const DEV: (&str, Option<Value>) = ("--dev-root", Some(Value::Home(&["dev"])));
const DOCS: (&str, Option<Value>) =
    ("--docs-root", Some(Value::Home(&["Documents", "SourceOS", "agent-output"])));
const DOWNLOADS: (&str, Option<Value>) =
    ("--downloads-root", Some(Value::Home(&["Downloads", "SourceOS", "agent-downloads"])));
const OPERATION: (&str, Option<Value>) = ("--operation-id", Some(Value::Plain("op-1")));

const fn base(words: &'static [&'static str], options: &'static [(&'static str, Option<Value>)]) -> Base {
    Base { words, options, operands: &[] }
}

pub(crate) const PAIRS: &[Pair] = &[
    Pair {
        rule: "MOUNT_ROOT_WHOLE_HOME",
        before: &[],
        forbidden: base(MOUNTS, &[("--dev-root", Some(Value::Home(&[]))), DOCS, DOWNLOADS]),
        allowed: base(MOUNTS, &[DEV, DOCS, DOWNLOADS]),
    },
    Pair {
        rule: "MOUNT_ROOT_WHOLE_HOME",
        before: &[],
        forbidden: base(MOUNTS, &[("--docs-root", Some(Value::Home(&[])))]),
        allowed: base(MOUNTS, &[DOCS]),
    },
    Pair {
        rule: "MOUNT_ROOT_WHOLE_DOWNLOADS",
        before: &[],
        forbidden: base(MOUNTS, &[("--downloads-root", Some(Value::Home(&["Downloads"]))), DEV]),
        allowed: base(MOUNTS, &[DOWNLOADS, DEV]),
    },
    Pair {
        rule: "OFFICE_INPUT_APP_DATA",
        before: &[],
        forbidden: Base {
            words: INSPECT,
            options: &[],
            operands: &[Value::Home(&[
                "Library",
                "Group Containers",
                "group.com.apple.notes",
                "NoteStore.sqlite",
            ])],
        },
        allowed: Base {
            words: INSPECT,
            options: &[],
            operands: &[Value::Home(&["Documents", "Reminders.docx"])],
        },
    },
    Pair {
        rule: "TERMINAL_AUDIT_OFF",
        before: &[],
        forbidden: base(TERMINAL, &[OPERATION, ("--no-audit", None)]),
        allowed: base(TERMINAL, &[OPERATION, ("--no-audit-log-rotation", None)]),
    },
    Pair {
        rule: "WEB_CAPTURE_SCOPE_NONE",
        before: &[],
        forbidden: base(CAPTURE, &[("--capture-scope", Some(Value::Plain("none"))), OPERATION]),
        allowed: base(CAPTURE, &[("--capture-scope", Some(Value::Plain("none-of-the-drafts"))), OPERATION]),
    },
    Pair {
        rule: "AGENT_POLICY_GATE_OFF",
        before: &["sourceosctl workspace-ops policy-gate record --operation-id op-1 --result allow"],
        forbidden: base(AGENT, &[OPERATION, ("--no-policy-gate", None)]),
        allowed: base(AGENT, &[OPERATION, ("--model", Some(Value::Plain("qwen3:14b")))]),
    },
];

/// Makes scripts that run a command, always the same for the same seed.
pub(crate) struct Equivalents {
    random: Rng,
    /// For names that must differ.
    count: usize,
    /// A folder was entered already; a second one would make the first useless.
    entered: bool,
}

impl Equivalents {
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: Rng::with_seed(seed), count: 0, entered: false }
    }

    fn one_of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.random.usize(..choices.len())]
    }

    fn chance(&mut self, one_in: usize) -> bool {
        self.random.usize(..one_in) == 0
    }

    fn name(&mut self) -> String {
        self.count += 1;
        format!("{}_{}", self.one_of(&["a", "root", "X", "tool", "_v"]), self.count)
    }

    pub(crate) fn of(&mut self, base: &Base) -> String {
        (self.count, self.entered) = (0, false);
        let mut before = String::new();
        let mut script = self.command(base, &mut before);
        script.insert_str(0, &before);
        for _ in 0..self.random.usize(..4) {
            script = self.wrapped(&script);
        }
        script
    }

    fn command(&mut self, base: &Base, before: &mut String) -> String {
        let mut words: Vec<String> = base.words.iter().map(|word| self.quoted(word)).collect();
        let mut options: Vec<Vec<String>> = Vec::new();
        for (name, value) in base.options {
            options.push(match value {
                None => vec![self.quoted(name)],
                Some(value) if self.chance(3) => {
                    let (name, value) = (self.quoted(name), self.value(*value, before, true));
                    vec![format!("{name}={value}")]
                }
                Some(value) => vec![self.quoted(name), self.value(*value, before, false)],
            });
        }
        self.random.shuffle(&mut options);
        let operands: Vec<String> =
            base.operands.iter().map(|value| self.value(*value, before, false)).collect();
        // The command itself, or its first words, out of a variable.
        if self.chance(5) {
            let count = 1 + self.random.usize(..words.len());
            let name = self.name();
            before.push_str(&format!("{name}='{}'{}", base.words[..count].join(" "), self.end()));
            words.splice(..count, [format!("${name}")]);
        }
        words.extend(options.into_iter().flatten());
        words.extend(operands);
        let blank = self.one_of(&[" ", "  ", "\t", " \\\n  "]).to_owned();
        words.join(&blank)
    }

    fn end(&mut self) -> &'static str {
        self.one_of(&["; ", "\n", " && ", "\n\n"])
    }

    /// The word in one of the ways to quote it.
    fn quoted(&mut self, word: &str) -> String {
        let plain = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./:=".contains(&byte));
        match self.random.usize(..8) {
            0 => format!("'{word}'"),
            1 => format!("\"{word}\""),
            2 => {
                let at = self.random.usize(..word.len());
                let (head, tail) = word.split_at(at);
                if plain { format!("{head}\\{tail}") } else { format!("'{head}'\"{tail}\"") }
            }
            3 => {
                let at = self.random.usize(..word.len());
                let (head, tail) = word.split_at(at);
                if plain { format!("{head}\"{tail}\"") } else { format!("'{head}''{tail}'") }
            }
            4 => format!("$'{word}'"),
            _ if plain => word.to_owned(),
            _ => word.replace(' ', "\\ "),
        }
    }

    /// A value, written out or out of a variable.
    fn value(&mut self, value: Value, before: &mut String, joined: bool) -> String {
        let names = match value {
            Value::Plain(text) if self.chance(5) => {
                let name = self.name();
                let quoted = self.quoted(text);
                before.push_str(&format!("{name}={quoted}{}", self.end()));
                return self.reference(&name);
            }
            Value::Plain(text) => return self.quoted(text),
            Value::Home(names) => names,
        };
        let path = self.path(names, joined);
        match self.random.usize(..8) {
            0 => {
                let name = self.name();
                let path = self.path(names, false);
                before.push_str(&format!("{name}={path}{}", self.end()));
                self.reference(&name)
            }
            1 if names.len() < 3 && !self.entered => {
                self.entered = true;
                let path = self.path(names, false);
                before
                    .push_str(&format!("mkdir -p {path} && cd {path}{}", self.one_of(&[" && ", "\n", "; "])));
                self.one_of(&["\"$PWD\"", "$PWD", "\"$(pwd)\"", "\"${PWD}\"/x/.."]).to_owned()
            }
            2 => format!("\"$(printf %s {})\"", self.path(names, false)),
            3 => format!("\"`echo {}`\"", self.path(names, false)),
            _ => path,
        }
    }

    fn reference(&mut self, name: &str) -> String {
        match self.random.usize(..5) {
            0 => format!("\"${name}\""),
            1 => format!("\"${{{name}}}\""),
            2 => format!("\"${{{name}:-/srv/none}}\""),
            3 => format!("\"${{{name}%/}}\""),
            _ => format!("\"$(echo \"${name}\")\""),
        }
    }

    /// A path below the home. Behind `=` a shell leaves a tilde alone, so it is written otherwise.
    fn path(&mut self, names: &[&str], joined: bool) -> String {
        let mut path = match self.random.usize(..5) {
            0 | 1 if !joined => "~".to_owned(),
            0 | 2 => "\"$HOME\"".to_owned(),
            3 => "${HOME}".to_owned(),
            _ => "$HOME".to_owned(),
        };
        let detour =
            |generator: &mut Self| generator.one_of(&["", "", "", "/", "/.", "/x/..", "/./"]).to_owned();
        for name in names {
            path.push_str(&detour(self));
            path.push('/');
            path.push_str(&self.quoted(name));
        }
        path.push_str(&detour(self));
        path
    }

    /// The script inside another construct that runs it.
    fn wrapped(&mut self, script: &str) -> String {
        let name = self.name();
        let single = format!("'{}'", script.replace('\'', "'\\''"));
        match self.random.usize(..30) {
            0 => format!("sh -c {single}").replacen("sh", "bash", 1),
            1 => format!("bash -euc {single} zero one"),
            2 => format!("eval {single}"),
            3 => format!("env LANG=C X=1 bash -c {single}"),
            4 => format!("timeout 60 nice -n 5 bash -c {single}"),
            5 => format!("{name}() {{\n{script}\n}}\n{name}"),
            6 => format!("function {name} {{\n{script}\n}}; {name} \"$@\""),
            7 => format!("for {name} in a b; do\n{script}\ndone"),
            8 => format!("if true; then\n{script}\nfi"),
            9 => format!("while :; do\n{script}\nbreak; done"),
            10 => format!("(\n{script}\n)"),
            11 => format!("{{\n{script}\n}}"),
            12 => format!("case x in a) ;; x)\n{script}\n;; esac"),
            13 => format!("true && {{\n{script}\n}} || true"),
            14 => format!("false || {{\n{script}\n}}"),
            15 => format!("{{\n{script}\n}} | cat"),
            16 => format!("echo x | {{\n{script}\n}}"),
            17 => format!("{{\n{script}\n}} & wait"),
            18 => format!("bash <<'END_{name}'\n{script}\nEND_{name}"),
            19 => format!("bash <<< {single}"),
            20 => format!("printf '%s\\n' {single} | bash"),
            21 => format!("cat > {name}.sh <<'END_{name}'\n{script}\nEND_{name}\nbash {name}.sh"),
            // A trap for the end within such a trap would not run.
            22 if !script.contains("trap ") => format!("trap {single} EXIT\nexit"),
            23 => format!("{name}=$(\n{script}\n)"),
            24 => format!("set -euo pipefail\n# {}\n{script}\n# sourceosctl", script.replace('\n', " ")),
            25 => format!("shopt -s expand_aliases\nalias {name}={single}\n{name}"),
            26 => format!("{name}={single}\neval \"${name}\""),
            27 => format!("bash <(cat <<'END_{name}'\n{script}\nEND_{name}\n)"),
            28 => format!("set -- {single}\nbash -c \"$1\""),
            _ => format!("echo {single}\n{script}"),
        }
    }
}

/// Runs the script in bash and gives the words of each call of `sourceosctl`, as [`Base::words`] does; `None` without bash.
pub(crate) fn calls_in_bash(folder: &Path, script: &str) -> Option<Vec<BTreeSet<String>>> {
    use std::os::unix::fs::PermissionsExt;

    let (bin, start, log) = (folder.join("bin"), folder.join("start"), folder.join("log"));
    let _ = std::fs::remove_dir_all(folder);
    for path in [&bin, &start, &folder.join("home")] {
        std::fs::create_dir_all(path).expect("a folder can be made");
    }
    let tool = bin.join("sourceosctl");
    std::fs::write(&tool, "#!/bin/sh\nprintf '%s\\0' \"$@\" =end= >> \"$CALLS\"\n")
        .expect("a program can be written");
    std::fs::set_permissions(&tool, PermissionsExt::from_mode(0o755)).expect("it can be made executable");
    #[expect(clippy::disallowed_methods, reason = "a real shell is the judge")]
    let output = std::process::Command::new("bash")
        .args(["-c", script])
        .current_dir(&start)
        .env_clear()
        .env("HOME", folder.join("home"))
        .env("PATH", format!("{}:/usr/bin:/bin", bin.display()))
        .env("CALLS", &log)
        .stdin(std::process::Stdio::null())
        .output();
    output.ok()?;
    let text = std::fs::read_to_string(&log).unwrap_or_default();
    let calls = text.split_terminator("=end=\0").map(|call| {
        let words = call.split_terminator('\0').flat_map(|word| match word.split_once('=') {
            Some((name, value)) if name.starts_with("--") => vec![name, value],
            _ => vec![word],
        });
        words.map(normalised).collect()
    });
    Some(calls.collect())
}

/// A path without its detours.
fn normalised(word: &str) -> String {
    if !word.starts_with('/') {
        return word.to_owned();
    }
    let mut names: Vec<&str> = Vec::new();
    for name in word.split('/') {
        match name {
            "" | "." => {}
            ".." => _ = names.pop(),
            name => names.push(name),
        }
    }
    format!("/{}", names.join("/"))
}
