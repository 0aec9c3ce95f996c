//! What is known of programs, as data: which start others, which only look at their words.

mod looks;

use looks::LOOKS;

/// Programs that read shell scripts.
pub(crate) const SHELLS: &[&str] = &["ash", "bash", "dash", "ksh", "mksh", "rbash", "sh", "yash", "zsh"];

/// A program that starts the command that follows its own options.
#[derive(Debug)]
pub(crate) struct Starter {
    pub(crate) name: &'static str,
    /// Options that take the next word as their value.
    pub(crate) valued: &'static [&'static str],
    /// Words of its own before the command.
    pub(crate) operands: usize,
    /// `NAME=value` may stand before the command.
    pub(crate) assignments: bool,
}

const fn starter(name: &'static str, valued: &'static [&'static str], operands: usize) -> Starter {
    Starter { name, valued, operands, assignments: false }
}

const fn with_assignments(name: &'static str, valued: &'static [&'static str]) -> Starter {
    Starter { name, valued, operands: 0, assignments: true }
}

/// Programs that start others, sorted by name.
pub(crate) const STARTERS: &[Starter] = &[
    starter("busybox", &[], 0),
    starter("caffeinate", &["-t", "-w"], 0),
    starter("catatonit", &[], 0),
    starter("chroot", &["--userspec", "--groups"], 1),
    starter("chrt", &["-T", "-P", "-D", "-p"], 1),
    starter("cpulimit", &["-l", "--limit", "-p", "-e"], 0),
    starter("dbus-run-session", &["--config-file", "--dbus-daemon"], 0),
    with_assignments("doas", &["-u", "-C", "-a"]),
    starter("dumb-init", &["-r", "--rewrite"], 0),
    starter("eatmydata", &[], 0),
    with_assignments(
        "env",
        &["-u", "--unset", "-C", "--chdir", "-S", "--split-string", "-a", "--argv0", "-P"],
    ),
    starter("fakeroot", &["-l", "-s", "-i", "-b", "--lib", "--faked"], 0),
    starter("flock", &["-w", "--wait", "--timeout", "-E", "--conflict-exit-code"], 1),
    starter("gosu", &[], 1),
    starter("gtimeout", &["-k", "--kill-after", "-s", "--signal"], 1),
    starter("ionice", &["-c", "--class", "-n", "--classdata"], 0),
    starter("linux32", &[], 0),
    starter("linux64", &[], 0),
    starter("ltrace", &["-e", "-o", "-s", "-p", "-u", "-l", "-n", "-a"], 0),
    starter("nice", &["-n", "--adjustment"], 0),
    starter("nohup", &[], 0),
    starter("nsenter", &["-t", "--target", "-S", "--setuid", "-G", "--setgid"], 0),
    starter("numactl", &["-C", "-N", "-m", "-i", "-p", "--physcpubind", "--cpunodebind", "--membind"], 0),
    starter("pkexec", &["--user", "-u"], 0),
    starter("prlimit", &["-o", "--output"], 0),
    starter("proxychains", &["-f"], 0),
    starter("proxychains4", &["-f"], 0),
    starter("setarch", &[], 0),
    starter(
        "setpriv",
        &["--reuid", "--regid", "--groups", "--inh-caps", "--ambient-caps", "--bounding-set"],
        0,
    ),
    starter("setsid", &[], 0),
    starter("stdbuf", &["-i", "-o", "-e", "--input", "--output", "--error"], 0),
    starter("strace", &["-e", "-o", "-p", "-s", "-u", "-E", "-P", "-a", "-b", "-I", "-O", "-S", "-X"], 0),
    starter("su-exec", &[], 1),
    with_assignments(
        "sudo",
        &[
            "-u",
            "--user",
            "-g",
            "--group",
            "-h",
            "--host",
            "-p",
            "--prompt",
            "-C",
            "--close-from",
            "-r",
            "--role",
            "-t",
            "--type",
            "-T",
            "--command-timeout",
            "-U",
            "--other-user",
            "-D",
            "--chdir",
            "-R",
            "--chroot",
        ],
    ),
    starter("systemd-cat", &["-t", "--identifier", "-p", "--priority"], 0),
    starter("systemd-inhibit", &["--what", "--who", "--why", "--mode"], 0),
    starter("taskset", &["-p"], 1),
    starter("time", &["-f", "--format", "-o", "--output"], 0),
    starter("timeout", &["-k", "--kill-after", "-s", "--signal"], 1),
    starter("tini", &["-p", "-e"], 0),
    starter("torsocks", &["-u", "-p", "-a", "-P"], 0),
    starter("toybox", &[], 0),
    starter("unbuffer", &[], 0),
    starter(
        "unshare",
        &["-R", "--root", "-w", "--wd", "-S", "--setuid", "-G", "--setgid", "--propagation"],
        0,
    ),
    starter(
        "xvfb-run",
        &["-e", "-f", "-n", "-p", "-s", "-w", "--error-file", "--server-num", "--server-args"],
        0,
    ),
];

/// Programs that start a command in a folder: options that name it, and options by which it is another (`*`: always).
const FOLDERS: &[(&str, &[&str], &[&str])] = &[
    ("chroot", &[], &["*"]),
    ("doas", &[], &[]),
    ("env", &["-C", "--chdir"], &[]),
    ("nsenter", &[], &["*"]),
    ("pkexec", &[], &["*"]),
    ("proot", &[], &["*"]),
    ("sudo", &["-D", "--chdir"], &["-i", "--login", "-R", "--chroot", "-h", "--host"]),
    ("unshare", &["-w", "--wd"], &["-R", "--root"]),
];

/// Options of any program that name the folder in which it starts a command.
pub(crate) const FOLDER_OPTIONS: &[&str] = &[
    "--chdir",
    "--cwd",
    "--dir",
    "--directory",
    "--prefix",
    "--pwd",
    "--wd",
    "--work-dir",
    "--workdir",
    "--working-dir",
    "--working-directory",
    "-C",
    "-w",
];

/// Programs that start a command in a folder of a container, of another user or of another machine.
pub(crate) const ELSEWHERE: &[&str] = &[
    "act",
    "ansible",
    "arch-chroot",
    "buildah",
    "bwrap",
    "distrobox",
    "docker",
    "docker-compose",
    "flatpak",
    "incus",
    "kubectl",
    "limactl",
    "lxc",
    "lxc-attach",
    "lxc-execute",
    "machinectl",
    "mosh",
    "multipass",
    "nerdctl",
    "oc",
    "podman",
    "podman-compose",
    "proot",
    "schroot",
    "systemd-nspawn",
    "systemd-run",
    "toolbox",
    "vagrant",
    "wsl",
];

/// Files in the home that a shell of a user runs at its start.
pub(crate) const START_FILES: &[&str] = &[
    ".bash_login",
    ".bash_profile",
    ".bashrc",
    ".kshrc",
    ".mkshrc",
    ".profile",
    ".shrc",
    ".zlogin",
    ".zprofile",
    ".zshenv",
    ".zshrc",
];

/// Programs and the option whose value is a script.
pub(crate) const SCRIPT_OPTIONS: &[(&str, &[&str])] = &[
    ("flock", &["-c", "--command"]),
    (
        "git",
        &[
            "-x",
            "--exec",
            "--extcmd",
            "foreach",
            "--tree-filter",
            "--index-filter",
            "--msg-filter",
            "--env-filter",
            "--commit-filter",
            "--parent-filter",
            "--tag-name-filter",
            "--upload-pack",
            "--receive-pack",
        ],
    ),
    ("man", &["-P", "--pager"]),
    ("nix-shell", &["--run", "--command"]),
    ("npm", &["-c", "--call"]),
    ("npx", &["-c", "--call"]),
    ("rg", &["--pre"]),
    ("rsync", &["-e", "--rsh", "--rsync-path"]),
    ("runuser", &["-c", "--command", "--session-command"]),
    ("scp", &["-S"]),
    ("script", &["-c", "--command"]),
    ("sg", &["-c"]),
    ("sort", &["--compress-program"]),
    ("split", &["--filter"]),
    ("su", &["-c", "--command", "--session-command"]),
    (
        "tar",
        &[
            "--checkpoint-action",
            "--info-script",
            "--new-volume-script",
            "--rsh-command",
            "--to-command",
            "--use-compress-program",
            "-F",
            "-I",
        ],
    ),
    ("vagrant", &["-c", "--command"]),
    ("zip", &["-TT", "--unzip-command"]),
];

/// Programs of which every word with blanks in it is a script.
pub(crate) const SCRIPT_WORDS: &[&str] = &["concurrently", "hyperfine", "sg", "tmux", "watchexec"];

/// Programs that run text of another language which stands after one of these options; without options, in any word.
pub(crate) const LANGUAGES: &[(&str, &[&str])] = &[
    ("Rscript", &["-e"]),
    ("awk", &[]),
    ("bun", &["-e", "--eval", "-p", "--print"]),
    ("csh", &["-c"]),
    ("deno", &["eval"]),
    ("elixir", &["-e", "--eval"]),
    ("elvish", &["-c"]),
    ("emacs", &["--eval", "--execute", "-eval", "-execute"]),
    ("expect", &["-c"]),
    ("fish", &["-c", "--command", "-C", "--init-command"]),
    ("gawk", &[]),
    ("gdb", &["-ex", "--eval-command", "-eval-command"]),
    ("groovy", &["-e"]),
    ("guile", &["-c"]),
    ("jruby", &["-e"]),
    ("julia", &["-e", "--eval", "-E", "--print"]),
    ("lua", &["-e"]),
    ("luajit", &["-e"]),
    ("mawk", &[]),
    ("nawk", &[]),
    ("node", &["-e", "--eval", "-p", "--print"]),
    ("nodejs", &["-e", "--eval", "-p", "--print"]),
    ("nu", &["-c", "--commands"]),
    ("osascript", &["-e"]),
    ("perl", &["-e", "-E"]),
    ("php", &["-r", "-B", "-R", "-E", "--run"]),
    ("powershell", &["-c", "-C", "-Command", "-command"]),
    ("pwsh", &["-c", "-C", "-Command", "-command"]),
    ("pypy", &["-c"]),
    ("python", &["-c"]),
    ("ruby", &["-e"]),
    ("tclsh", &["-c"]),
    ("tcsh", &["-c"]),
    ("vim", &["-c", "--cmd"]),
    ("xonsh", &["-c"]),
];

/// Options of `ssh` that take the next word.
pub(crate) const SSH_VALUED: &[&str] = &[
    "-b", "-c", "-D", "-E", "-e", "-F", "-I", "-i", "-J", "-L", "-l", "-m", "-O", "-o", "-p", "-Q", "-R",
    "-S", "-W", "-w",
];

/// Options of `xargs` that take the next word.
pub(crate) const XARGS_VALUED: &[&str] = &[
    "-a",
    "--arg-file",
    "-d",
    "--delimiter",
    "-E",
    "-I",
    "-J",
    "-e?",
    "-i?",
    "-l?",
    "-L",
    "--max-lines",
    "-n",
    "--max-args",
    "-P",
    "--max-procs",
    "-s",
    "--max-chars",
    "-R",
    "-S",
];

/// Options of `parallel` that take the next word.
pub(crate) const PARALLEL_VALUED: &[&str] = &[
    "-j",
    "--jobs",
    "-a",
    "--arg-file",
    "-S",
    "--sshlogin",
    "--delay",
    "--timeout",
    "-n",
    "-N",
    "--wd",
    "--workdir",
    "--joblog",
    "--results",
    "--retries",
    "--tempdir",
    "--tmpdir",
    "-L",
    "-P",
    "-s",
    "-I",
    "-C",
    "--colsep",
    "-d",
    "--memfree",
    "--load",
    "--nice",
    "--halt",
    "--env",
    "--shellquote",
    "--tagstring",
];

/// The starter of that name.
pub(crate) fn starter_named(name: &str) -> Option<&'static Starter> {
    STARTERS.binary_search_by(|starter| starter.name.cmp(name)).ok().map(|at| &STARTERS[at])
}

/// Options that name the folder of what the starter starts, and options by which it is another.
pub(crate) fn folders_of(name: &str) -> Option<(&'static [&'static str], &'static [&'static str])> {
    FOLDERS.iter().find(|(program, ..)| *program == name).map(|(_, named, elsewhere)| (*named, *elsewhere))
}

/// The name without the version at its end, when the program stands in a table by that name: `python3.11`.
pub(crate) fn without_version(name: &str) -> &str {
    let known = |name: &str| {
        SHELLS.contains(&name)
            || starter_named(name).is_some()
            || looks(name)
            || options_of(LANGUAGES, name).is_some()
            || options_of(SCRIPT_OPTIONS, name).is_some()
    };
    let trimmed = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
    if known(name) || !known(trimmed) { name } else { trimmed }
}

/// Whether the command only looks at its words.
pub(crate) fn looks(name: &str) -> bool {
    LOOKS.binary_search(&name).is_ok()
}

/// The options of that program, when it stands in the table.
pub(crate) fn options_of(
    table: &'static [(&'static str, &'static [&'static str])],
    name: &str,
) -> Option<&'static [&'static str]> {
    table.binary_search_by(|(program, _)| (*program).cmp(name)).ok().map(|at| table[at].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted() {
        assert!(LOOKS.is_sorted() && SHELLS.is_sorted());
        assert!(STARTERS.is_sorted_by_key(|starter| starter.name));
        assert!(SCRIPT_OPTIONS.is_sorted() && LANGUAGES.is_sorted());
    }
}
