//! Nothing panics, nothing takes for ever, whatever the text is.

use contract_shell::{MAX_BYTES, Shell, Start};
use proptest::prelude::*;

use crate::{analysis, lane};

/// Runs the text in a thread of the usual size, so that a stack that is too deep is seen. No clock is read: what is exponential in
/// these texts does not end before the test run is ended.
fn ends(text: String) {
    let shown: String = text.chars().take(40).collect();
    std::thread::spawn(move || {
        let mut lane = lane();
        let analysis = lane.run(&text);
        for command in &analysis.commands {
            for word in &command.words {
                let _ = (command.places(word.text()), word.to_string());
            }
        }
    })
    .join()
    .unwrap_or_else(|_| panic!("{shown:?} panics"));
}

#[test]
fn deep_nesting_ends() {
    for depth in [10, 49, 60, 1000, 15_000] {
        for (open, middle, close) in [
            ("( ", "a", " )"),
            ("((", "1", "))"),
            ("{ ", "a", "; }"),
            ("$(", "a", ")"),
            ("echo \"$(", "a", ")\""),
            ("${a:-", "b", "}"),
            ("\"${a:-", "b", "}\""),
            ("if a; then ", "b", "; fi"),
            ("while a; do ", "b", "; done"),
            ("for a in b; do ", "c", "; done"),
            ("case a in a) ", "b", ";; esac"),
            ("f() { ", "a", "; }"),
            ("a=(", "b", ")"),
            ("a[", "0", "]=b"),
            ("${a[", "0", "]}"),
            ("{a,", "b", "}"),
            ("[[ ( ", "a", " ) ]]"),
            ("<(", "a", ")"),
            ("@(", "a", ")"),
            ("! ", "a", ""),
            ("coproc ", "a", ""),
            ("time ", "a", ""),
            ("sudo ", "a", ""),
            ("eval ", "a", ""),
            ("a | ", "b", ""),
            ("a && ", "b", ""),
        ] {
            ends(format!("{}{middle}{}", open.repeat(depth), close.repeat(depth)));
            ends(format!("{}{middle}", open.repeat(depth)));
            ends(format!("{middle}{}", close.repeat(depth)));
        }
    }
}

#[test]
fn a_backquote_in_a_backquote_in_a_backquote_ends() {
    let mut text = "a".to_owned();
    for _ in 0..10 {
        text = format!("echo `{}`", text.replace('\\', "\\\\").replace('`', "\\`"));
    }
    ends(text);
}

#[test]
fn one_character_for_ever_ends() {
    for character in "a'\"`$(){}[]<>|&;#\\~=!*?:/ \n\t\r\u{2028}é\u{F0000}".chars() {
        ends(character.to_string().repeat(MAX_BYTES / character.len_utf8()));
    }
}

#[test]
fn growth_is_bounded() {
    for text in [
        "a=x; a=$a$a; ".repeat(2000),
        "a=x\nwhile :; do a=$a$a; done; tool $a".to_owned(),
        ":() { : | : & }; :".to_owned(),
        "f() { f; f; }; f".to_owned(),
        "for a in 1 2 3 4 5 6 7 8; do ".repeat(12) + "x" + &"; done".repeat(12),
        "if a; then b=1; else b=2; fi; c=$c$b; ".repeat(500),
        "echo {a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b} ".repeat(200),
        "a=(x x x x); a=(${a[@]} ${a[@]}); ".repeat(100),
        "a=(x x)\n".to_owned() + &"a+=(\"${a[@]}\")\n".repeat(60),
        "set -- x x\n".to_owned() + &"set -- \"$@\" \"$@\"\n".repeat(60),
        "x=xx; ".to_owned() + &"x=$x$x; ".repeat(40) + &"a=($x $x); b=$x; set -- $x; ".repeat(500),
        "set -- x x x x x x x x; ".to_owned()
            + &"set -- $@$@$@$@$@$@$@$@; ".repeat(20)
            + "tool "
            + &"$@".repeat(20_000),
        (0..5000).map(|index| format!("a[k{index}]=1\n")).collect(),
        "x=' a a a a a a a a a'; ".to_owned()
            + &"x=$x$x; ".repeat(20)
            + &"if y; then set -- $x; else set -- $x $x; fi; ".repeat(200),
        "echo 'sh f' >> f; sh f; ".repeat(50),
        "eval \"$a\"; a=\"$a$a eval\"; ".repeat(200),
        "X=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; echo ${X//a*a/b} ${X##*a*a*a*b}; ".repeat(400),
        "ln -s a b; ln -s b a; cd a; ".repeat(500),
        "cat <<A <<B\nA\nB\n".repeat(2000),
        "a".repeat(MAX_BYTES - 3) + "[x",
        "a[ ".repeat(20_000),
        "x; ".repeat(20_000),
        "x() { y; }; ".repeat(4000),
    ] {
        ends(text.chars().take(MAX_BYTES).collect());
    }
}

#[test]
fn what_is_over_a_limit_is_unread_and_says_so() {
    let long = analysis(&"a ".repeat(MAX_BYTES));
    assert_eq!(long.unread.unwrap().what, "the text is longer than 64 KiB");
    let deep = analysis(&"( ".repeat(100));
    assert_eq!(deep.unread.unwrap().what, "nested too deep");
    let busy = analysis("f() { f; f; }; f; tool a");
    assert_eq!(busy.unread.unwrap().what, "more commands than are followed");
    assert!(busy.commands.iter().any(|command| command.to_string() == "tool a"), "its words are looked at");
}

#[test]
fn no_limit_is_silent() {
    let lines = "x\n".repeat(70);
    for script in [
        format!("xargs -n1 tool <<E\n{lines}E"),
        format!("xargs -I{{}} tool {{}} <<E\n{lines}E"),
        format!("parallel tool ::: {}", "x ".repeat(70)),
        (0..5).map(|i| format!("if some; then x=$x{i}; fi; ")).collect::<String>()
            + "echo $x > f; if some; then x=y; fi; echo $x >> f",
    ] {
        assert!(analysis(&script).unread.is_some(), "{script}");
    }
}

const PIECES: &[&str] = &[
    "a",
    "b=",
    "x[",
    "]",
    "]=",
    "(",
    ")",
    "((",
    "))",
    "$(",
    "${",
    "}",
    "{",
    "`",
    "'",
    "\"",
    "\\",
    "\n",
    " ",
    ";",
    ";;",
    ";&",
    "&",
    "&&",
    "|",
    "||",
    "|&",
    "<",
    ">",
    "<<A",
    "<<-A",
    "<<'A'",
    "\nA\n",
    "<<<",
    ">&",
    "&>",
    "2>",
    "<(",
    ">(",
    "if",
    "then",
    "else",
    "elif",
    "fi",
    "for",
    "in",
    "while",
    "until",
    "do",
    "done",
    "case",
    "esac",
    "select",
    "function",
    "f()",
    "time",
    "-p",
    "!",
    "[[",
    "]]",
    "==",
    "=~",
    "coproc",
    "#",
    "$",
    "$'",
    "$\"",
    "$((",
    "$[",
    "@(",
    "!(",
    "*",
    "?",
    "~",
    "~9",
    "+",
    "-",
    ":",
    "%",
    "/",
    "é",
    "\u{2028}",
    "\0",
    "\r",
    "\t",
    "1",
    "99999999999999999999",
    "a=(",
    "declare",
    "export",
    "alias",
    "${#",
    "${!",
    "$@",
    "$*",
    "[@]",
    ":-",
    "//",
    "^",
    "@Q",
    "..",
    ",",
    "{1..9}",
    "eval",
    "sh -c",
    "xargs",
    "read",
    "set --",
    "cd",
    "local",
    "shift",
    "trap",
    "sudo",
    "env -S",
    "IFS=",
    "echo",
    "printf",
    "%s%d",
    "break",
    "return",
    "exit",
    "ln -s",
    "cat >f",
    ". f",
    "HOME=",
    "unset",
    "a=$a$a",
    "while :; do",
    "done; ",
    "for a in",
    "find -exec",
    "parallel",
    "ssh h",
    "python -c",
    "${{ a }}",
    "{{ b }}",
    "\u{F0000}",
    "\u{F0001}",
];

fn soup() -> impl Strategy<Value = String> {
    let piece = (0..PIECES.len(), any::<bool>());
    prop::collection::vec(piece, 0..40).prop_map(|pieces| {
        pieces
            .into_iter()
            .map(|(at, blank)| format!("{}{}", PIECES[at], if blank { " " } else { "" }))
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_soup_of_shell_pieces_is_survived(steps in prop::collection::vec(soup(), 1..3)) {
        let mut lane = Shell::new(Start { cwd: None, watched: &["a"] });
        for step in steps {
            for command in lane.run(&step).commands {
                prop_assert!(!command.words.is_empty());
                for word in &command.words {
                    prop_assert!(!command.places(word.text()).is_empty());
                }
            }
        }
    }

    #[test]
    fn any_text_is_survived(text in any::<String>()) {
        let _ = analysis(&text);
    }

    #[test]
    fn a_plain_command_is_given_as_it_is(words in prop::collection::vec("[a-z0-9_./:,@%+-]{1,12}", 1..8)) {
        let script = format!("./tool {}", words.join(" "));
        let analysis = analysis(&script);
        prop_assert_eq!(analysis.commands.len(), 1);
        let given: Vec<&str> = analysis.commands[0].words[1..].iter().filter_map(contract_shell::Word::known).collect();
        prop_assert_eq!(given, words);
    }

    #[test]
    fn single_quotes_keep_everything(text in "[^'\\x00\\r]{0,40}") {
        let script = format!("./tool '{text}'");
        let analysis = analysis(&script);
        prop_assert_eq!(analysis.commands[0].words[1].known(), Some(text.as_str()));
    }
}
