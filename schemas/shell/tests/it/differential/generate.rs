//! Random scripts that end, and that call `tool` often.

use std::fmt::Write;

const VARIABLES: &[&str] = &["A", "B", "C"];
const FUNCTIONS: &[&str] = &["f", "g"];

/// Makes scripts, always the same for the same seed.
pub(super) struct Generator {
    random: u64,
    bash: bool,
    depth: usize,
    /// Functions may call only those defined before them, so that every script ends.
    callable: usize,
}

impl Generator {
    pub(super) fn new(seed: u64, bash: bool) -> Self {
        Self { random: seed, bash, depth: 0, callable: 0 }
    }

    fn below(&mut self, bound: usize) -> usize {
        // SplitMix64, as published by its authors into the public domain.
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).unwrap()
    }

    fn one_of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }

    pub(super) fn script(&mut self) -> String {
        self.callable = 0;
        let mut script = String::new();
        for name in FUNCTIONS {
            let body = self.list(2);
            writeln!(script, "{name}() {{\n{body}\n}}").unwrap();
            self.callable += 1;
        }
        script + &self.list(5) + "\ntool end $A \"$B\" ${C-none}"
    }

    fn list(&mut self, most: usize) -> String {
        let count = 1 + self.below(most);
        let statements: Vec<String> = (0..count).map(|_| self.statement()).collect();
        let separator = self.one_of(&["\n", "; ", "\n", " && ", " || "]);
        // A comment or a here-document must not swallow what follows on its line.
        if statements.iter().any(|statement| statement.contains(['#', '\n'])) {
            return statements.join("\n");
        }
        statements.join(separator)
    }

    fn words(&mut self) -> String {
        let count = self.below(3);
        (0..=count).map(|_| self.word()).collect::<Vec<_>>().join(" ")
    }

    fn variable(&mut self) -> &'static str {
        self.one_of(VARIABLES)
    }

    fn word(&mut self) -> String {
        let name = self.variable();
        let other = self.variable();
        match self.below(if self.bash { 26 } else { 21 }) {
            0 => "~".to_owned(),
            1 => "~/dev".to_owned(),
            2 => "\"$HOME\"/x".to_owned(),
            3 => format!("${name}"),
            4 => format!("\"${name}\""),
            5 => format!("\"${{{name}}}-${other}\""),
            6 => format!("${{{name}:-d}}"),
            7 => format!("\"${{{name}:-${other} e}}\""),
            8 => format!("${{{name}%/*}}"),
            9 => format!("${{{name}##*/}}"),
            10 => format!("\"${{{name}:+alt}}\""),
            11 => format!("$(echo ${name})"),
            12 => format!("\"`echo \"${name}\" '  z'`\""),
            13 => "'single  $A'".to_owned(),
            14 => "a\\ b".to_owned(),
            15 => "\"$@\"".to_owned(),
            16 => "\"${1-none}\"".to_owned(),
            17 => "$((1 + 2))".to_owned(),
            18 => format!("\"${{#{name}}}\""),
            19 => "$(cd ~ && pwd)".to_owned(),
            20 => self.one_of(&["plain", "--root=x", "--", "b", "\"\""]).to_owned(),
            21 => format!("{{p,${name}}}"),
            22 => "$'t\\tab'".to_owned(),
            23 => format!("\"${{{name}//b/B}}\""),
            24 => format!("\"${{{name}:1:2}}\""),
            _ => "{1..2}".to_owned(),
        }
    }

    fn condition(&mut self) -> String {
        let name = self.variable();
        match self.below(6) {
            0 => "true".to_owned(),
            1 => "false".to_owned(),
            2 => format!("[ \"${name}\" = b ]"),
            3 => format!("test -n \"${name}\""),
            4 => "! false".to_owned(),
            _ => format!("case ${name} in *a*) true;; *) false;; esac"),
        }
    }

    fn statement(&mut self) -> String {
        self.depth += 1;
        let statement = if self.depth > 4 { self.plain() } else { self.any() };
        self.depth -= 1;
        statement
    }

    fn plain(&mut self) -> String {
        match self.below(6) {
            0 => {
                let (name, word) = (self.variable(), self.word());
                // A tilde, a brace or several words mean something else after `=`.
                let quoted = word.starts_with('{') || word.contains("$@");
                if quoted { format!("{name}=plain") } else { format!("{name}={word}") }
            }
            1 => "cd ~/dev".to_owned(),
            2 => {
                self.one_of(&["cd", "cd ..", "cd ~/dev/..", "cd \"$HOME\"/dev/x", "cd ~", "cd ."]).to_owned()
                    + " >/dev/null 2>&1"
            }
            _ => format!("tool {}", self.words()),
        }
    }

    fn any(&mut self) -> String {
        let name = self.variable();
        match self.below(if self.bash { 27 } else { 24 }) {
            0 => format!("if {}; then {}\nelse {}\nfi", self.condition(), self.list(2), self.list(2)),
            1 => format!("if {}; then {}\nfi", self.condition(), self.list(2)),
            2 => format!("for {name} in {} b; do {}\ndone", self.words(), self.list(2)),
            3 => format!(
                "for {name} in a b; do if {}; then break; fi\n{}\ndone",
                self.condition(),
                self.list(2)
            ),
            4 => format!("({}\n)", self.list(2)),
            5 => format!("{{ {}\n}}", self.list(2)),
            6 => format!("case {} in a*) {}\n;; *b) {}\n;; esac", self.word(), self.list(1), self.list(1)),
            7 if self.callable > 0 => format!("{} {}", FUNCTIONS[self.below(self.callable)], self.words()),
            8 => format!("eval '{}'", self.plain().replace('\'', "'\\''")),
            9 => format!(
                "{} -c '{}' zero {}",
                if self.bash { "bash" } else { "sh" },
                self.plain().replace('\'', "'\\''"),
                self.words()
            ),
            10 => format!("export {name}; sh -c 'tool \"${name}\"'"),
            11 => format!("echo {} | xargs tool", self.word()),
            12 => format!("sh <<EOF\ntool \"${name}\" \\${name}\nEOF"),
            13 => format!("{name}=x tool ${name}; tool \"${name}\""),
            14 => format!("set -- {}", self.words()),
            15 => format!("{name}=${name}a; tool \"${name}\""),
            16 => format!("{} && {}", self.condition(), self.plain()),
            17 => format!("{} || {}", self.condition(), self.plain()),
            18 => {
                format!("printf '%s\\n' {} | while read -r {name}; do tool \"${name}\"; done", self.words())
            }
            19 => format!("echo 'tool \"$1\" ~' > s.sh; sh ./s.sh {}", self.word()),
            20 => format!("unset {name}; tool \"x${name}\""),
            21 => format!("tool {} # tool comment", self.words()),
            22 => format!("X=$({}\n); tool \"$X\"", self.list(1)),
            23 => "i=0; while [ $i -lt 2 ]; do i=$((i+1)); tool $i; done".to_owned(),
            24 => format!("R=({}); tool \"${{R[@]}}\" ${{#R[@]}}", self.words()),
            25 => format!("read -r {name} <<< {}; tool \"${name}\"", self.word()),
            26 => {
                format!("local_{name}() {{ local {name}=l; tool ${name}; }}; local_{name}; tool \"${name}\"")
            }
            _ => self.plain(),
        }
    }
}
