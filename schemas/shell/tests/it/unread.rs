//! Texts that no POSIX shell or bash reads.

use crate::analysis;

/// The words of the commands that the text looks like.
fn looks_like(text: &str) -> Vec<String> {
    let analysis = analysis(text);
    assert!(analysis.unread.is_some(), "{text:?} is read: {:?}", analysis.commands);
    analysis.commands.iter().map(ToString::to_string).collect()
}

#[test]
fn a_broken_script_says_where() {
    for (text, line, what) in [
        ("a\n(b", 2, "a `(` without its `)`"),
        ("if a; then b", 1, "an `if` without `fi`"),
        ("a\nb 'c\nd", 2, "a quote without its end"),
        ("a &&", 1, "an operator where a command should stand"),
        ("for; do a; done", 1, "a loop without the name of its variable"),
        ("a ) b", 1, "a word or an operator that does not belong here"),
        ("echo $(a", 1, "a `$(` without its `)`"),
        ("case a in b) c", 1, "a `case` without `esac`"),
        ("[[ a", 1, "a `[[` without its `]]`"),
        ("a\0b", 1, "there is a NUL in the text"),
        ("sh -c 'if'", 1, "an `if` without `then`"),
    ] {
        let fault = analysis(text).unread.unwrap_or_else(|| panic!("{text:?} is read"));
        assert_eq!((fault.line, fault.what), (line, what), "{text:?}");
    }
}

#[test]
fn its_words_are_given_line_by_line() {
    assert_eq!(looks_like("if (Test-Path x) { tool a --root ~ }"), ["if", "Test-Path x", "tool a --root ~"]);
    assert_eq!(looks_like("tool a `\n  --b 'c d'\n)"), ["tool a --b c d"]);
    assert_eq!(looks_like("f(['tool', 'a', \"b\"]"), ["f", "tool a b"]);
    assert_eq!(looks_like("( # tool a\nx"), ["# tool a", "x"]);
    assert_eq!(looks_like("(\n# tool a\nWrite-Host tool b\necho tool c\nx"), ["x"]);
    assert_eq!(looks_like("( tool $env:HOME/x %USERPROFILE% $y {{ z }}"), ["tool ~/x ~ ? ?"]);
}

#[test]
fn the_code_of_another_language_is_looked_at_in_the_same_way() {
    let calls = |script: &str| crate::calls(script);
    assert_eq!(calls("python3 -c 'import os; os.system(\"tool a\")'"), ["a"]);
    assert_eq!(calls("perl -e 'system(\"tool\", \"a\")'"), ["a"]);
    assert_eq!(calls("awk 'BEGIN { system(\"tool a\") }' x"), ["a"]);
    assert!(calls("python3 -c 'print(\"tool a\")'").is_empty());
}

#[test]
fn carriage_returns_are_forgiven_at_the_end_of_a_line() {
    // A backslash before one may be meant for the line feed, and protects the carriage return.
    assert_eq!(crate::calls("tool a\r\ntool b\\\r\n c\r\n"), ["a", "b|c", "a", "b\r"]);
    assert_eq!(crate::calls("tool a\rb \u{2028} c"), ["a\rb|\u{2028}|c"]);
}

#[test]
fn templates_of_ci_files_are_unknown_words() {
    assert_eq!(crate::call("tool ${{ matrix.x || 'a b' }}/y \"${{ z }}\" {{ w }}"), "?/y…|?|?…");
}
