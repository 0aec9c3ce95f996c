//! The folder that a command runs in.

use crate::{analysis, folder};

/// The folders of the calls of `tool`.
fn folders(script: &str) -> Vec<String> {
    let analysis = analysis(script);
    let calls = analysis.commands.iter().filter(crate::is_tool);
    calls.map(|command| command.cwd.to_string()).collect()
}

#[test]
fn a_program_may_start_another_in_another_folder() {
    for script in [
        "find ~ -execdir tool \\;",
        "sudo -i tool",
        "sudo -iu x tool",
        "su -l -c tool",
        "su - x -c tool",
        "runuser -lc tool x",
        "chroot /x tool",
        "docker run image tool",
        "systemd-run --user tool",
        "parallel --wd /x tool ::: a",
    ] {
        assert_eq!(folder(&format!("cd ~/dev; {script}")), "?", "{script}");
    }
    for (script, expected) in [
        ("env -C /x tool", "/x"),
        ("env -C/x tool", "/x"),
        ("env --chd /x tool", "/x"),
        ("sudo -C 5 tool", "~/dev"),
        ("sudo --chdir=/x tool", "/x"),
        ("podman run -w /x image tool", "/x"),
        ("systemd-run --working-directory=/x tool", "/x"),
        ("bwrap --chdir /x tool", "/x"),
        ("su x -c tool", "~/dev"),
    ] {
        assert_eq!(folder(&format!("cd ~/dev; {script}")), expected, "{script}");
    }
    for script in ["uv --directory /x run tool", "tmux new -c /x tool", "make -C /x tool"] {
        assert_eq!(folders(&format!("cd ~/dev; {script}")), ["/x", "~/dev"], "{script}");
    }
}

#[test]
fn cd_and_its_like_take_options() {
    for (script, expected) in [
        ("cd -LP ~/a; tool", "~/a"),
        ("cd -Pe ~/a; tool", "~/a"),
        ("cd -- ~/a; tool", "~/a"),
        ("OLDPWD=~/a; cd -; tool", "~/a"),
        ("pushd /a; pushd -n ~/b; popd; tool", "~/b"),
        ("pushd -n ~/b; pushd; tool", "~/b"),
        ("pushd ~/b; pushd /a; popd -n; tool", "/a"),
        ("pushd /a; pushd /b; pushd +1; tool", "?"),
        ("pushd /a; dirs -c; popd; tool", "?"),
    ] {
        assert_eq!(folder(&format!("cd ~/dev; {script}")), expected, "{script}");
    }
    assert_eq!(folders("mkdir ~/x; ln -s ~/x ~/l; set -P; cd ~/l; cd ..; tool").len(), 1);
    assert!(folders("ln -s ~/x/y ~/l; set -P; cd ~/l; cd ..; tool").contains(&"~/x".to_owned()));
    assert!(folders("shopt -s cdable_vars; h=~/a; cd h; tool").contains(&"~/a".to_owned()));
}

#[test]
fn a_failed_cd_goes_on_where_the_script_lets_it() {
    for script in [
        "cd ~/a && true; tool",
        "! cd ~/a; tool",
        "while cd ~/a; do break; done; tool",
        "if cd ~/a; then :; fi; tool",
        "if cd ~/a; tool; then :; fi",
        "set +e; cd ~/a; tool",
        "set +e; (set -e); cd ~/a; tool",
        "set +e; if x; then set -e; fi; cd ~/a; tool",
        "f() { cd ~/a; tool; }; f || true",
        "cd ~/a && true\ntool",
    ] {
        let mut folders = folders(&format!("cd /b; {script}"));
        folders.sort();
        assert_eq!(folders, ["/b", "~/a"], "{script}");
    }
    for script in [
        "cd ~/a; tool",
        "cd ~/a && tool",
        "mkdir -p ~/a && cd ~/a && true; tool",
        "set +e; set -e; cd ~/a; tool",
    ] {
        assert_eq!(folder(&format!("cd /b; {script}")), "~/a", "{script}");
    }
}
