//! Branches, loops, functions, folders.

use crate::{analysis, call, calls, folder};

#[test]
fn either_branch_may_have_run() {
    assert_eq!(calls("X=1; if some; then X=2; fi; tool $X"), ["1", "2"]);
    assert_eq!(calls("if some; then X=1; elif other; then X=2; else X=3; fi; tool $X").len(), 3);
    assert_eq!(calls("X=1; some && X=2; tool $X").len(), 2);
    assert_eq!(calls("X=1; some || X=2; tool $X").len(), 2);
    assert_eq!(calls("if some; then tool a; else tool b; fi"), ["a", "b"]);
    assert_eq!(calls("some && tool a || tool b"), ["a", "b"]);
}

#[test]
fn what_is_certain_is_not_doubted() {
    assert_eq!(call("X=1; true && X=2; tool $X"), "2");
    assert_eq!(call("X=1; false && X=2; tool $X"), "1");
    assert_eq!(call("X=1; if [ a = a ]; then X=2; fi; tool $X"), "2");
    assert_eq!(call("X=1; [ 2 -lt 1 ] || X=2; tool $X"), "2");
    assert_eq!(call("case abc in a*) tool 1;; *) tool 2;; esac"), "1");
    assert!(calls("exit; tool a").is_empty());
    assert!(calls("exec other; tool a").is_empty());
    assert_eq!(call("some || exit 1; tool a"), "a");
    assert_eq!(call("case $U in a) X=1;; *) exit;; esac; tool $X"), "1");
}

#[test]
fn a_case_over_the_unknown_may_take_any_arm() {
    assert_eq!(calls("case $U in a) tool 1;; b) tool 2;; esac"), ["1", "2"]);
    assert_eq!(calls("case a in $U) tool 1;; a) tool 2;; b) tool 3;; esac"), ["1", "2"]);
    assert_eq!(calls("case a in a) tool 1;& b) tool 2;; c) tool 3;; esac"), ["1", "2"]);
    assert_eq!(calls("case ab in a*) tool 1;;& *b) tool 2;; esac"), ["1", "2"]);
}

#[test]
fn loops_go_through_their_words() {
    assert_eq!(calls("for x in a 'b c' ~; do tool $x; done"), ["a", "b|c", "~"]);
    assert_eq!(calls("for x in a b c; do [ $x = b ] && break; tool $x; done"), ["a"]);
    assert_eq!(calls("for x in a b c; do [ $x = b ] && continue; tool $x; done"), ["a", "c"]);
    assert_eq!(calls("X=; for x in a b; do X=$X$x; done; tool $X"), ["ab"]);
    assert_eq!(call("for x in $U; do tool \"$x\"; done"), "$U");
    assert_eq!(calls("X=a; for x in $U; do X=b; done; tool $X"), ["a", "b"]);
    assert_eq!(calls("select x in a b; do tool $x; break; done"), ["a", "b"]);
}

#[test]
fn loops_end_even_when_the_script_does_not() {
    assert_eq!(call("while :; do tool a; done"), "a");
    assert!(calls("i=0; while some; do i=x$i; done; tool $i").contains(&"$i…".to_owned()));
    assert_eq!(calls("i=0; while [ $i -lt 2 ]; do i=$((i+1)); tool $i; done"), ["1", "2"]);
    assert_eq!(calls("printf '1\\n2\\n' | while read x; do tool $x; done"), ["1", "2"]);
    assert_eq!(call("while read x; do tool \"$x\"; done"), "?");
    assert_eq!(calls("for ((i = 0; i < 2; i++)); do tool $i; done"), ["?…"]);
    assert!(calls("f() { tool a; f; }; f").contains(&"a".to_owned()));
}

#[test]
fn functions_get_their_arguments() {
    assert_eq!(call("f() { tool \"$1\" $# \"$@\"; }; f a 'b c'"), "a|2|a|b c");
    assert_eq!(call("function f { tool x; }; f"), "x");
    assert_eq!(calls("f() { local X=in; tool $X; }; X=out; f; tool $X"), ["in", "out"]);
    assert_eq!(calls("f() { X=in; return; X=no; }; X=out; f; tool $X"), ["in"]);
    assert_eq!(calls("f() { if some; then return; fi; X=2; }; X=1; f; tool $X").len(), 2);
    let wrapped = calls("tool() { command tool wrapped \"$@\"; }; tool a");
    assert!(wrapped.contains(&"wrapped|a".to_owned()), "{wrapped:?}");
    assert_eq!(call("f() { tool a; }; \"$U\""), "a");
    assert!(calls("f() { tool a; }").is_empty(), "nobody calls it");
}

#[test]
fn aliases_may_or_may_not_be_expanded() {
    assert_eq!(calls("alias t='tool a'\nt b"), ["a|b"]);
    assert!(analysis("alias t='tool a'\nt b").commands.iter().any(|command| command.name() == Some("t")));
    assert!(calls("alias c='cd ~ &&'\nc tool x").iter().all(|call| call == "x"));
    assert_eq!(calls("alias t='{ tool a; }'\nt"), ["a"]);
    assert_eq!(calls("alias tool='tool a'\ntool b"), ["b", "a|b"]);
}

#[test]
fn a_subshell_keeps_its_changes_to_itself() {
    assert_eq!(calls("X=1; (X=2; tool $X); tool $X"), ["2", "1"]);
    assert_eq!(calls("X=1; X=2 | true; tool $X"), ["1"]);
    assert_eq!(calls("X=1; { X=2; }; tool $X"), ["2"]);
    assert_eq!(calls("X=1; sh -c 'X=2'; tool $X"), ["1"]);
    assert_eq!(calls("X=1; X=2 & tool $X"), ["1"]);
    assert_eq!(calls("(exit; tool a); tool b"), ["b"]);
}

#[test]
fn folders_are_entered_and_left() {
    assert_eq!(folder("cd ~ && tool"), "~");
    assert_eq!(folder("cd ~/a/../b/. && tool"), "~/b");
    assert_eq!(folder("cd; cd ..; tool"), "~/..");
    assert_eq!(folder("cd /a; cd ~; cd - >/dev/null; tool"), "/a");
    assert_eq!(folder("pushd ~/a; pushd /b; popd; tool"), "~/a");
    assert_eq!(folder("(cd ~; true); tool"), ".");
    assert_eq!(folder("cd sub; tool"), "./sub");
    assert!(folder("cd $U; tool").contains(['?', '$']), "not known");
    assert!(folder("cd \"$U\"/x; tool").contains(['?', '$']), "not known");
    assert_eq!(folder("CDPATH=/a; cd b; tool"), "?");
    assert_eq!(folder("env -C ~ tool"), "~");
    assert_eq!(folder("sudo -D /srv tool"), "/srv");
    assert_eq!(folder("ssh host tool"), "~");
    assert_eq!(call("cd ~/a; tool $PWD ~+; true"), "~/a|~/a");
    assert_eq!(call("cd ~; cd /b; tool $OLDPWD ~-"), "~|~");
}

#[test]
fn a_folder_that_may_be_missing_is_asked_for_only_where_the_script_does() {
    assert_eq!(folder("cd ~/a; tool"), "~/a");
    assert_eq!(folder("mkdir -p ~/a && cd ~/a\ntool"), "~/a");
    assert_eq!(calls("cd ~/a || cd ~/b; tool $PWD"), ["~/a", "~/b"]);
    assert_eq!(folder("cd ~/a || exit; tool"), "~/a");
    assert_eq!(calls("some && cd ~/a; tool $PWD"), ["~/a", "."]);
}

#[test]
fn lines_are_counted() {
    let analysis = analysis("a\n\nb \\\n  c\nsh -c 'd\ne'\ncat <<E\n$(f)\nE\ng $(\nh)");
    let lines: Vec<(&str, usize)> =
        analysis.commands.iter().map(|command| (command.name().unwrap(), command.line)).collect();
    assert_eq!(
        lines,
        [("a", 1), ("b", 3), ("d", 5), ("e", 5), ("sh", 5), ("f", 8), ("cat", 7), ("h", 11), ("g", 10)]
    );
}
