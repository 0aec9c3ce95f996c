//! What is known of programs, as data: which start others, which only look at their words.

/// Programs that read shell scripts.
pub(crate) const SHELLS: &[&str] = &["ash", "bash", "dash", "ksh", "mksh", "rbash", "sh", "yash", "zsh"];

/// Commands that print, store or compare their words and start nothing that these name.
pub(crate) const LOOKS: &[&str] = &[
    ":",
    "[",
    "addgroup",
    "adduser",
    "ag",
    "apk",
    "apt",
    "apt-cache",
    "apt-get",
    "aptitude",
    "base64",
    "basename",
    "bat",
    "bg",
    "brew",
    "cat",
    "chgrp",
    "chmod",
    "chown",
    "cksum",
    "cmp",
    "comm",
    "complete",
    "cp",
    "curl",
    "cut",
    "date",
    "dd",
    "df",
    "diff",
    "dir",
    "dirname",
    "dirs",
    "dnf",
    "dpkg",
    "du",
    "echo",
    "egrep",
    "expr",
    "false",
    "fg",
    "fgrep",
    "file",
    "fold",
    "getent",
    "gh",
    "git",
    "glab",
    "grep",
    "groups",
    "gunzip",
    "gzip",
    "hash",
    "head",
    "help",
    "history",
    "hub",
    "id",
    "info",
    "install",
    "jobs",
    "join",
    "jq",
    "kill",
    "killall",
    "less",
    "ln",
    "locate",
    "logger",
    "logname",
    "ls",
    "mail",
    "man",
    "md5sum",
    "mkdir",
    "mktemp",
    "more",
    "mv",
    "nl",
    "notify-send",
    "od",
    "paste",
    "pgrep",
    "pip",
    "pip3",
    "pkill",
    "popd",
    "pr",
    "print",
    "printenv",
    "printf",
    "ps",
    "pwd",
    "readlink",
    "realpath",
    "return",
    "rev",
    "rg",
    "rm",
    "rmdir",
    "rpm",
    "rsync",
    "scp",
    "sed",
    "seq",
    "sha1sum",
    "sha256sum",
    "sha512sum",
    "shasum",
    "shellcheck",
    "shift",
    "shopt",
    "shred",
    "sleep",
    "sort",
    "split",
    "stat",
    "strings",
    "sum",
    "sync",
    "tac",
    "tail",
    "tar",
    "tee",
    "test",
    "times",
    "touch",
    "tr",
    "tree",
    "true",
    "truncate",
    "tsort",
    "type",
    "ulimit",
    "umask",
    "uname",
    "unexpand",
    "uniq",
    "unlink",
    "unzip",
    "useradd",
    "users",
    "wait",
    "wall",
    "wc",
    "wget",
    "whatis",
    "whereis",
    "which",
    "who",
    "whoami",
    "write",
    "xxd",
    "yes",
    "yq",
    "yum",
    "zcat",
    "zip",
    "zypper",
];

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

/// Programs and the option whose value is a script.
pub(crate) const SCRIPT_OPTIONS: &[(&str, &[&str])] = &[
    ("flock", &["-c", "--command"]),
    ("git", &["-x", "--exec", "foreach", "--tree-filter", "--index-filter", "--msg-filter"]),
    ("nix-shell", &["--run", "--command"]),
    ("npm", &["-c", "--call"]),
    ("npx", &["-c", "--call"]),
    ("runuser", &["-c", "--command", "--session-command"]),
    ("script", &["-c", "--command"]),
    ("sg", &["-c"]),
    ("su", &["-c", "--command", "--session-command"]),
    ("vagrant", &["-c", "--command"]),
];

/// Programs of which every word with blanks in it is a script.
pub(crate) const SCRIPT_WORDS: &[&str] = &["concurrently", "hyperfine", "sg", "tmux", "watchexec"];

/// Programs that run text of another language which stands after one of these options.
pub(crate) const LANGUAGES: &[(&str, &[&str])] = &[
    ("awk", &[]),
    ("gawk", &[]),
    ("lua", &["-e"]),
    ("mawk", &[]),
    ("node", &["-e", "--eval", "-p", "--print"]),
    ("perl", &["-e", "-E"]),
    ("php", &["-r"]),
    ("pwsh", &["-c", "-Command", "-command"]),
    ("python", &["-c"]),
    ("python2", &["-c"]),
    ("python3", &["-c"]),
    ("ruby", &["-e"]),
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

/// The starter of that name.
pub(crate) fn starter_named(name: &str) -> Option<&'static Starter> {
    STARTERS.binary_search_by(|starter| starter.name.cmp(name)).ok().map(|at| &STARTERS[at])
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
