//! Commands that start others, and those that only look at words.

use contract_shell::Role;

use crate::{analysis, call, calls};

#[test]
fn starters_are_seen_through() {
    for script in [
        "sudo tool a",
        "sudo -u marit -nE X=1 tool a",
        "sudo -nu marit -- tool a",
        "doas -u x tool a",
        "env tool a",
        "env -i -u Y X=1 tool a",
        "env -S 'tool a'",
        "command tool a",
        "command -p -- tool a",
        "exec -a name tool a",
        "time tool a",
        "time -p tool a",
        "/usr/bin/time -f %e tool a",
        "nice -n 5 tool a",
        "nice -5 tool a",
        "nohup tool a &",
        "timeout -k 1 5 tool a",
        "setsid -w tool a",
        "stdbuf -oL tool a",
        "flock -n /tmp/lock tool a",
        "flock /tmp/lock -c 'tool a'",
        "chroot --userspec=1:1 / tool a",
        "unshare -rm tool a",
        "bwrap --ro-bind / / tool a",
        "systemd-run --user --scope tool a",
        "podman run --rm -v x:y image tool a",
        "docker exec -it box tool a",
        "ssh -p 22 host tool a",
        "ssh host 'cd x; tool a'",
        "su -c 'tool a'",
        "su - marit --command='tool a'",
        "script -qc 'tool a' /dev/null",
        "watch -n 1 tool a",
        "busybox sh -c 'tool a'",
        "toybox sh -c 'tool a'",
        "strace -f -o log tool a",
        "xvfb-run -a tool a",
        "ionice -c 3 nice tool a",
        "uv run tool a",
        "nix develop -c tool a",
        "nix-shell --run 'tool a'",
        "docker run image sh -ec 'tool a'",
        "find . -exec tool a \\;",
        "find . -type f -exec sh -c 'tool a' {} +",
        "xargs tool a < /dev/null",
        "trap 'tool a' EXIT",
        "git bisect run tool a; true",
        "! tool a",
        "coproc tool a",
        "coproc name { tool a; }",
        "git submodule foreach 'tool a'",
    ] {
        assert_eq!(calls(script), ["a"], "{script}");
    }
}

#[test]
fn shells_read_their_script_wherever_it_comes_from() {
    for script in [
        "sh -c 'tool a'",
        "bash -euxo pipefail -c 'tool a' name",
        "bash --norc -lc 'tool a'",
        "dash -c 'tool a'; true",
        "zsh -fc 'tool a'",
        "sh <<EOF\ntool a\nEOF",
        "sh -s <<'EOF' x\ntool a\nEOF\n",
        "sh <<-'EOF'\n\ttool a\n\tEOF",
        "bash <<< 'tool a'",
        "bash <(echo tool a)",
        "source <(echo tool a)",
        ". /dev/stdin <<< 'tool a'",
        "echo 'tool a' | sh",
        "echo tool a | bash -",
        "printf 'tool %s\\n' a | sh -s",
        "cat <<EOF | sh\ntool a\nEOF",
        "echo 'tool a' | tee x | sh",
        "eval tool a",
        "eval 'X=tool; $X a'",
        "sudo sh -c 'tool a'",
        "sudo -s <<< 'tool a'",
        "su <<< 'tool a'",
    ] {
        let calls = calls(script);
        assert_eq!(calls.len(), 1, "{script}: {calls:?}");
        assert!(calls[0].ends_with('a'), "{script}: {calls:?}");
    }
}

#[test]
fn arguments_and_exported_variables_reach_inner_shells() {
    assert_eq!(call("sh -c 'tool \"$1\" $#' zero one two"), "one|2");
    assert_eq!(call("export X=a; sh -c 'tool $X'"), "a");
    assert_eq!(call("X=a sh -c 'tool $X'"), "a");
    assert_eq!(call("set -a; X=a; sh -c 'tool $X'"), "a");
    assert_eq!(calls("X=a; sh -c 'tool \"$X\"'"), ["a", ""]);
    assert_eq!(call("f() { tool $1; }; export -f f; bash -c 'f a'"), "a");
    assert!(calls("f() { tool $1; }; bash -c 'f a'").is_empty());
    assert_eq!(call("sh -c \"tool $HOME '\\$HOME'\""), "~|$HOME");
    assert_eq!(call("sh -c \"tool $U\""), "$U…");
}

#[test]
fn words_that_come_later_are_put_in() {
    assert_eq!(call("echo ~ | xargs tool --root"), "--root|~");
    assert_eq!(calls("printf 'a\\nb c\\n' | xargs -n1 tool"), ["a", "b", "c"]);
    assert_eq!(calls("printf 'a b\\nc\\n' | xargs -I{} tool '<{}>'"), ["<a b>", "<c>"]);
    assert_eq!(call("xargs tool --root"), "--root|?…");
    assert_eq!(call("ls | xargs -I% tool %"), "?…");
    assert_eq!(call("find ~ -exec tool x{} \\;"), "x?");
    assert_eq!(calls("parallel tool {} ::: a b"), ["a", "b"]);
    assert_eq!(calls("parallel tool ::: a b"), ["a", "b"]);
}

#[test]
fn looking_is_not_running() {
    for script in [
        "echo tool a",
        "printf '%s\\n' tool a",
        "true tool a; : tool a; false tool a",
        "test tool = a; [ tool = a ]; [[ tool == a ]]",
        "grep tool a; which tool; type tool; command -v tool; command -V tool",
        "cat tool a; ls tool; cp tool a; install -m 755 tool /usr/bin",
        "apt-get install -y tool",
        "git commit -m 'tool a'",
        "# tool a",
        "cat <<EOF\ntool a\nEOF",
        "X='tool a'; Y=(tool a); export Z='tool a'",
        "for x in tool a; do echo $x; done",
        "case tool in tool) ;; esac",
        "alias x='tool a'",
        "echo 'tool a' > notes",
        "set -- tool a; local_names=tool",
    ] {
        let analysis = analysis(script);
        let runs = analysis.commands.iter().any(|command| command.name() == Some("tool"));
        assert!(!runs, "{script}: {:?}", analysis.commands);
    }
}

#[test]
fn starters_are_told_from_what_they_start() {
    let analysis = analysis("sudo tool a");
    let roles: Vec<(&str, Role)> =
        analysis.commands.iter().map(|command| (command.name().unwrap(), command.role)).collect();
    assert_eq!(roles, [("tool", Role::Runs), ("sudo", Role::Starts)]);
}

#[test]
fn a_name_may_be_a_path_or_come_out_of_a_variable() {
    assert_eq!(call("/opt/bin/tool a"), "a");
    assert_eq!(call("\"$BIN\"/tool a"), "a");
    assert_eq!(call("T=tool; $T a"), "a");
    assert_eq!(call("T='tool a'; $T b"), "a|b");
    assert_eq!(call("t=to; \"${t}ol\" a"), "a");
    assert_eq!(call("\"$(command -v tool)\" a"), "a");
}
