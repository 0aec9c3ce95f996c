//! Ways to run a command that do not look like one.

use crate::{analysis, calls};

/// Every script calls `tool a`.
fn call_tool(scripts: &[&str]) {
    for script in scripts {
        let calls = calls(script);
        assert!(calls.iter().any(|call| call.starts_with('a')), "{script}: {calls:?}");
    }
}

#[test]
fn options_of_a_shell_stand_in_groups() {
    call_tool(&[
        "bash -oe pipefail -c 'tool a'",
        "bash -Oc extglob 'tool a'",
        "bash -eo pipefail -O extglob -c 'tool a'",
        "zsh -opipefail -c 'tool a'",
        "bash \"$OPTIONS\" 'tool a'",
        "env -S'tool a'",
        "env -vS 'tool a'",
        "env - X=1 tool a",
        "env --split-string='tool a'",
        "xargs -a f -n1 -alist tool a",
        "docker run --rm image bash -e -c 'tool a'",
        "podman run image bash -l -c 'tool a'",
        "docker exec x bash --noprofile -eo pipefail -c 'tool a'",
        "docker run --entrypoint sh image -c 'tool a'",
        "docker run bash bash -c 'tool a'",
    ]);
    assert_eq!(calls("echo b > l; echo c | xargs --arg-file=l tool"), ["b"]);
    assert_eq!(calls("echo b > l; echo c | xargs -al tool"), ["b"]);
    assert_eq!(calls("echo b | xargs -iX tool X"), ["b"]);
}

#[test]
fn other_languages_are_known_by_their_options() {
    call_tool(&[
        "perl -le 'system(\"tool a\")'",
        "perl -e'system(\"tool a\")'",
        "perl -ne 'print `tool a`'",
        "perl -e 'print qx(tool a)'",
        "ruby -e 'puts %x[tool a]'",
        "python3 -uc 'os.system(\"tool a\")'",
        "python3 -c \"os.system('tool a $HOME')\"",
        "python3.11 -c 'os.execlp(\"tool\", \"tool\", \"a\")'",
        "python3 -c 'os.spawnlp(os.P_WAIT, \"tool\", \"tool\", \"a\")'",
        "python3 -c 'subprocess.run([\"sudo\", \"-n\", \"tool\", \"a\"])'",
        "awk 'BEGIN { print \"tool a\" | \"sh\" }'",
        "awk 'BEGIN { printf \"tool a\" | \"sh\" }'",
        "node --eval='execSync(\"tool a\")'",
        "fish -c 'tool a'",
        "tcsh -c 'tool a'",
    ]);
    for script in [
        "python3 -c 'logging.warning(\"tool a\")'",
        "node -e 'console.error(`tool a`)'",
        "node -e 'console.log(\"tool a\")'",
        "awk '{ print \"tool a\" > \"/dev/stderr\" }'",
    ] {
        assert!(calls(script).is_empty(), "{script}");
    }
}

#[test]
fn handlers_run_in_the_state_after_any_command() {
    for script in [
        "x=b; trap 'tool $x' USR1; x=a; kill -USR1 $$; x=c; true",
        "x=b; trap 'test -n \"$go\" && tool $x' DEBUG; x=a; go=1; true; x=c; go=",
        "x=b; f() { :; }; trap 'tool $x' RETURN; set -T; x=a; f; x=c",
        "x=b; trap 'tool $x' ERR; x=a; false; x=c",
        "x=b; f() { tool $x; }; trap f USR1; x=a; other; x=c",
        "x=b; trap 'x=a' USR1; other; tool $x",
        "x=b; trap 'tool $x' EXIT; x=a; other; x=c",
        "PS4='$(tool a)'; set -x; other",
    ] {
        assert!(calls(script).contains(&"a".to_owned()), "{script}: {:?}", calls(script));
    }
    let folders = analysis("cd /b; trap 'tool' USR1; cd /a; kill -USR1 $$; cd /b");
    assert!(
        folders
            .commands
            .iter()
            .any(|command| command.to_string() == "tool" && command.cwd.to_string() == "/a")
    );
}

#[test]
fn what_a_shell_runs_at_its_start_is_seen() {
    call_tool(&[
        "echo 'tool a' > e; BASH_ENV=./e bash -c true",
        "echo 'tool a' > e; export BASH_ENV=$PWD/e; bash -c true",
        "BASH_ENV='$(tool a)' bash -c true",
        "BASH_ENV='$(tool a)' other",
        "echo 'tool a' > e; ENV=./e sh -i < /dev/null",
        "echo 'tool a' > e; bash --rcfile e -i < /dev/null",
        "bash --rcfile <(echo 'tool a') -i < /dev/null",
        "echo 'tool a' >> ~/.bashrc; bash -ic true",
        "PROMPT_COMMAND='tool a' bash -i < /dev/null",
        "env 'BASH_FUNC_ls%%=() { tool a; }' bash -c ls",
        "GIT_EDITOR='tool a' git commit",
    ]);
    assert!(calls("echo 'tool a' >> ~/.bashrc; bash -c true").is_empty());
}

#[test]
fn callbacks_and_other_names_are_seen() {
    call_tool(&[
        "f() { tool a; }; mapfile -C f -c 1 x <<< y",
        "mapfile -C 'tool a' -c 1 x <<< y",
        "compgen -C 'tool a'",
        "compgen -W '$(tool a)'",
        "f() { tool a; }; compgen -F f",
        "command_not_found_handle() { tool a; }; other",
        "command_not_found_handle() { tool $2; }; other a",
        "BASH_ALIASES[q]='tool a'\nq",
        "alias s='tool ' a='a b'\ns a",
        "alias q='tool a #'\nq",
        "f_plan() { tool a; }; A=$(some); f_$A",
        "hash -p /x/tool ls; ls a",
    ]);
    for script in [
        "ln -s /x/tool ./cat; ./cat a",
        "mkdir b; ln -s tool b/ls; PATH=b:$PATH; ls a",
        "cp tool ./echo; ./echo a",
    ] {
        let runs = |command: &contract_shell::Command| {
            command.role == contract_shell::Role::Runs
                && command.words.len() == 2
                && command.words[1].known() == Some("a")
        };
        assert!(analysis(script).commands.iter().any(runs), "{script}");
    }
}

#[test]
fn programs_that_look_may_be_told_to_run() {
    call_tool(&[
        "git bisect run tool a",
        "git -c alias.p='!tool a' p",
        "git config alias.p '!tool a'; git p",
        "git config --global alias.p '!tool'; git p a",
        "git -c core.sshCommand='tool a' fetch",
        "git submodule foreach --recursive tool a",
        "tar cf x --checkpoint=1 --checkpoint-action=exec='tool a' f",
        "tar xf x --to-command='tool a'",
        "tar -I 'tool a' -xf x",
        "sed 's/x/tool a/e'",
        "sed -n -e '1e tool a'",
        "sed '/a\\/b/,$s,[;],tool a,ge;p'",
        "split --filter='tool a' -",
        "rsync -e 'tool a' x:y z",
        "rsync -aze 'tool a' x:y z",
    ]);
    for script in [
        "sed 's/tool a/tool b/g; s/e/tool a/' f",
        "sed -e 's/x/tool a/' -e '/tool a/d' f",
        "sed '/x/a tool a' e",
        "git config user.name 'tool a'; git commit -m 'tool a'",
        "tar -czf tool a",
    ] {
        assert!(calls(script).is_empty(), "{script}: {:?}", calls(script));
    }
}
