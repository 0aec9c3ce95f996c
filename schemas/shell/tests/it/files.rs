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
fn files_last_and_variables_do_not() {
    assert_eq!(last(&["echo 'tool a' > f", "sh f"]), ["a"]);
    assert_eq!(last(&["X=a", "tool $X"]), ["$X…"]);
    assert_eq!(last(&["cd ~", "tool \"$PWD\""]), ["."]);
    assert_eq!(last(&["f() { tool a; }; alias g='tool b'", "f\ng"]), Vec::<String>::new());
}

#[test]
fn links_are_followed() {
    assert_eq!(places(&["ln -s ~ all; tool ./all"]), ["~"]);
    assert_eq!(places(&["ln -s ~ all", "tool all/x"]), ["~/x"]);
    assert_eq!(places(&["ln -sfn ~/dev ~/l", "tool ~/l/.."]), ["~"]);
    assert_eq!(places(&["cd ~; ln -s . here; tool here/here"]), ["~"]);
    assert_eq!(places(&["ln -s ~/a b; ln -s b c; tool c"]), ["~/a"]);
    assert_eq!(places(&["ln -s ~/a/name; tool name"]), ["~/a"].map(|home| format!("{home}/name")));
    assert_eq!(places(&["sudo mount --bind ~ /mnt/x; tool /mnt/x/y"]), ["~/y"]);
    assert_eq!(places(&["sudo mount -o bind,ro ~ /mnt/x; tool /mnt/x"]), ["~"]);
    assert_eq!(places(&["if some; then ln -s ~ l; else ln -s ~/a l; fi; tool l"]), ["~", "~/a"]);
    assert_eq!(places(&["ln -s l l; tool l/x"]), ["./l/x"]);
    assert_eq!(places(&["ln -s b a; ln -s a b; tool a"]).len(), 1);
    assert_eq!(places(&["ln -s ~ l; cd l; tool .."]), ["~/.."]);
}
