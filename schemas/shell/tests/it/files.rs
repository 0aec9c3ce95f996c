//! Links and scripts that steps make, within a step and over steps.

use crate::{calls, calls_of, lane};

/// The calls of the last step.
fn last(steps: &[&str]) -> Vec<String> {
    let mut lane = lane();
    let mut calls = Vec::new();
    for step in steps {
        calls = calls_of(&lane.run(step));
    }
    calls
}

/// The places that the first word of the only call of the last step may name.
fn places(steps: &[&str]) -> Vec<String> {
    let mut lane = lane();
    let mut places = Vec::new();
    for step in steps {
        let analysis = lane.run(step);
        let call = analysis.commands.iter().find(|command| command.name() == Some("tool"));
        places = call.map_or_else(Vec::new, |call| {
            call.places(call.words[1].text()).iter().map(ToString::to_string).collect()
        });
    }
    places
}

#[test]
fn a_script_that_was_written_is_read() {
    assert_eq!(calls("echo 'tool a' > f; sh f"), ["a"]);
    assert_eq!(calls("echo 'tool a' > f; . ./f; bash ./f; chmod +x f; ./f"), ["a"]);
    assert_eq!(calls("cat > f <<'E'\ntool \"$1\"\nE\nsh f 'x y'"), ["x y"]);
    assert_eq!(calls("printf 'tool %s\\n' a b > f; sh f"), ["a", "b"]);
    assert_eq!(calls("echo 'tool a' > f; echo 'tool b' >> f; sh < f"), ["a", "b"]);
    assert_eq!(calls("tee f <<< 'tool a'; sh f"), ["a"]);
    assert_eq!(calls("echo 'tool a' > f; cp f g; mv g h; sh h"), ["a"]);
    assert_eq!(calls("{ echo 'tool a'; echo 'tool b'; } > f; sh f"), ["a", "b"]);
    assert_eq!(calls("t=$(mktemp); echo 'tool a' > \"$t\"; sh \"$t\""), ["a"]);
    assert_eq!(calls("mkdir d; echo 'tool a' > d/f; cd d; sh f; sh ../d/f; sh \"$PWD/f\""), ["a"]);
    assert!(calls("echo 'tool a' > f; sh g").is_empty());
}

#[test]
fn a_script_is_written_and_read_by_any_descriptor_and_name() {
    for script in [
        "exec 3>f; echo 'tool a' >&3; exec 3>&-; sh f",
        "echo 'tool a' 2>f >&2; sh f",
        "echo 'tool a' 3>f >&3; sh f",
        "{ echo 'tool a' >&3; } 3>f; sh f",
        "{ cd /x; echo 'tool a'; } > f; cd -; sh f",
        "exec 3>f; cd /x; echo 'tool a' >&3; cd -; sh f",
        "exec 5>&1 > f; echo 'tool a'; exec >&5; sh f",
        "exec {fd}>f; echo 'tool a' >&$fd; sh f",
        "echo 'tool a' 3>f > /dev/fd/3; sh f",
        "exec <<'E'\ntool a\nE\nsh",
        "bash /dev/fd/3 3<<<'tool a'",
        "bash 3<<<'tool a' <&3",
        "echo 'tool a' <&- | sh",
        "echo 'tool a' > d/f.sh; for f in d/*.sh; do sh \"$f\"; done",
        "echo 'tool a' > f1; sh f?",
        "echo 'tool a' > f1; . ./f*",
        "echo 'tool a' > f1; cat f* | sh",
        "echo 'tool a' > d/f; find d -exec sh {} \\;",
        "echo 'tool a' > d/f; ls d/* | xargs -n1 sh",
        "echo 'tool a' > d/f; mv d e; sh e/f",
        "echo 'tool a' > b/other; PATH=b:$PATH; other",
        "echo 'tool a' > b/other; PATH=b:$PATH other",
        "echo 'tool a' > b/other; env PATH=b:$PATH other",
    ] {
        let calls = calls(script);
        assert!(calls.contains(&"a".to_owned()), "{script}: {calls:?}");
    }
    assert_eq!(calls("echo 'tool a' > f; exec 3>g; sh g; sh f"), ["a"]);
    assert!(calls("echo 'tool a' > x.yml; sh *.sh; echo 'tool a' 2>&1 >/dev/null | sh").is_empty());
}

#[test]
fn files_last_and_variables_do_not() {
    assert_eq!(last(&["echo 'tool a' > f", "sh f"]), ["a"]);
    assert_eq!(last(&["X=a", "tool $X"]), ["$X…"]);
    assert_eq!(last(&["cd ~", "tool \"$PWD\""]), ["."]);
    assert_eq!(last(&["f() { tool a; }; alias g='tool b'", "f\ng"]), Vec::<String>::new());
}

#[test]
fn links_are_followed() {
    assert_eq!(places(&["ln -s ~ all; tool ./all"]), ["~"]);
    // The name of the home is not known, nor whether `all` was a folder.
    assert_eq!(places(&["ln -s ~ all", "tool all/x"]), ["~", "~/x", "./all/x"]);
    assert_eq!(places(&["ln -sn ~ all", "tool all/x"]), ["~/x"]);
    assert_eq!(places(&["ln -sfn ~/dev ~/l", "tool ~/l/.."]), ["~"]);
    assert_eq!(places(&["cd ~; ln -s . here; tool here/here"]), ["~"]);
    assert_eq!(places(&["ln -s ~/a b; ln -s b c; tool c"]), ["~/a"]);
    assert_eq!(places(&["ln -s ~/a/name; tool name"]), ["~/a"].map(|home| format!("{home}/name")));
    assert_eq!(places(&["sudo mount --bind ~ /mnt/x; tool /mnt/x/y"]), ["~/y"]);
    assert_eq!(places(&["sudo mount -o bind,ro ~ /mnt/x; tool /mnt/x"]), ["~"]);
    assert_eq!(places(&["if some; then ln -s ~ l; else ln -s ~/a l; fi; tool l"]), ["~", "~/a"]);
    assert_eq!(places(&["ln -s l l; tool l/x"]), ["./l/x"]);
    assert_eq!(places(&["ln -s b a; ln -s a b; tool a"]).len(), 1);
    assert_eq!(places(&["ln -sn ~ l; cd l; tool .."]), ["~/.."]);
}

#[test]
fn links_come_about_in_many_ways() {
    for (script, expected) in [
        ("ln -st ~/d /x/y; tool ~/d/y", "/x/y"),
        ("ln -s -t ~/d /x/y; tool ~/d/y", "/x/y"),
        ("ln --symbolic --target-directory=\"$HOME/d\" /x/y; tool ~/d/y", "/x/y"),
        ("ln -s /a/b /x/y ~/d; tool ~/d/y", "/x/y"),
        ("ln -s -b -S .bak /x ~/d/l; tool ~/d/l", "/x"),
        ("ln -s ~ ~/d; tool ~/d/home", "~"),
        ("ln -s /x ~/l; mv ~/l ~/m; tool ~/m", "/x"),
        ("ln -s /x ~/l; cp -P ~/l ~/m; tool ~/m", "/x"),
        ("ln -s /x ~/q/l; mv ~/q ~/r; tool ~/r/l", "/x"),
        ("for i in $(some); do ln -s /x ~/l$i; done; tool ~/l2", "/x"),
        ("ln -s /x ~/$(some); tool ~/l", "/x"),
        ("ln -s /x \"$U\"; tool ~/l", "/x"),
        ("ln -s /x \"$U/l\"; tool ~/l", "/x"),
        ("ln -s /x/y ~/q/l; tool ~/q/*/..", "/x"),
        ("mount -B /x /m; tool /m", "/x"),
        ("mount -R /x /m; tool /m", "/x"),
        ("mount --move /x /m; tool /m", "/x"),
        ("mount /x /m -o bind; tool /m", "/x"),
        ("mount -t overlay overlay -o lowerdir=/y:/x /m; tool /m", "/x"),
        ("bindfs /x /m; tool /m", "/x"),
    ] {
        let places = places(&[script]);
        assert!(places.iter().any(|place| place == expected), "{script}: {places:?}");
    }
    assert_eq!(places(&["ln -s /x \"$U/l\"; tool ~/m"]), ["~/m"]);
    assert_eq!(places(&["ln -s /x ~/c/a$U; tool ~/b"]), ["~/b"]);
    assert_eq!(places(&["tool \"$(realpath --relative-to=/a/b /a)\""]), ["?"]);
}
