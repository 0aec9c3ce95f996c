//! Words: quotes, expansions, splitting.

use contract_shell::{Part, Why};

use crate::{analysis, call, calls};

#[test]
fn quotes_and_escapes_are_taken_off() {
    assert_eq!(call(r#"tool a 'b c' "d e" f\ g h'i'"j"\k """#), "a|b c|d e|f g|hijk|");
    assert_eq!(
        call(r#"tool "\$x \a \\ \"" '\n' $'a\tb\x41\101\u00e9\'' $"q""#),
        "$x \\a \\ \"|\\n|a\tbAAé'|q"
    );
    assert_eq!(call("tool a\\\nb \\\n c \"d\\\ne\""), "ab|c|de");
    assert_eq!(call("tool a # b\n# tool c"), "a");
    assert_eq!(call("tool a#b '#c' \\#d"), "a#b|#c|#d");
}

#[test]
fn the_home_is_a_symbol() {
    let analysis = analysis("tool ~ ~/a $HOME \"${HOME}/b\" '~' \\~ a~ ~marit/c x=~ --root=~");
    let words = &analysis.commands[0].words;
    assert_eq!(words[1].text().parts(), [Part::Home]);
    assert_eq!(words[2].text().parts(), [Part::Home, Part::Text("/a".to_owned())]);
    assert_eq!(words[3].text().parts(), [Part::Home]);
    assert_eq!(words[4].text().parts(), [Part::Home, Part::Text("/b".to_owned())]);
    for quoted in [5, 6, 10] {
        assert!(words[quoted].known().is_some_and(|word| word.ends_with('~')), "{quoted}");
    }
    assert_eq!(words[7].known(), Some("a~"));
    assert_eq!(words[8].text().parts(), [Part::HomeOf("marit".to_owned()), Part::Text("/c".to_owned())]);
    assert_eq!(words[9].text().parts(), [Part::Text("x=".to_owned()), Part::Home]);
}

#[test]
fn a_home_that_is_assigned_is_what_was_assigned() {
    assert_eq!(call("HOME=/srv/h; tool ~ $HOME ~/x"), "/srv/h|/srv/h|/srv/h/x");
    assert_eq!(calls("HOME=/srv/h sh -c 'tool ~'; tool ~"), ["/srv/h", "~"]);
}

#[test]
fn what_the_environment_says_is_not_known() {
    let analysis = analysis("tool $X \"$X\" a\"$X\" ${X}b");
    let words = &analysis.commands[0].words;
    let splits: Vec<bool> = words.iter().map(contract_shell::Word::splits).collect();
    assert_eq!(splits, [false, true, false, false, true]);
    assert!(words[1].may_be_any() && !words[2].may_be_any() && !words[4].may_be_any());
    assert_eq!(words[3].why_unknown(), Some(&Why::Variable("X".to_owned())));
    assert_eq!(words[3].known(), None);
}

#[test]
fn assignments_are_followed() {
    assert_eq!(call("X=a; Y=$X/b; X=c; tool $X $Y"), "c|a/b");
    assert_eq!(call("X='a  b'; tool $X \"$X\""), "a|b|a  b");
    assert_eq!(call("X=; tool $X \"$X\" a$X"), "|a");
    assert_eq!(call("X=a; X+=b; tool $X"), "ab");
    assert_eq!(call("unset X; tool \"<$X>\""), "<>");
    assert_eq!(calls("X=a tool $X; X=b; tool $X"), ["$X…", "b"]);
    assert_eq!(call("printf -v X %s-%s a b; tool $X"), "a-b");
    assert_eq!(call("read X Y <<< 'a b c'; tool \"$X\" \"$Y\""), "a|b c");
}

#[test]
fn parameters_are_expanded_when_they_are_known() {
    assert_eq!(call("P=~/a/b.c; tool ${P%/*} ${P##*/} ${P%.c}"), "~/a|b.c|~/a/b");
    assert_eq!(
        call("P=abcabc; tool ${P#a} ${P##*b} ${P%%b*} ${P/b/_} ${P//b/_} ${P/#a/_} ${P/%c/_}"),
        "bcabc|c|a|a_cabc|a_ca_c|_bcabc|abcab_"
    );
    assert_eq!(call("P=abc; tool ${P:1} ${P:1:1} ${P: -1} ${#P} ${P^} ${P^^}"), "bc|b|c|3|Abc|ABC");
    assert_eq!(call("P=x; tool ${P:-y} ${P:+z} ${P-y} ${HOME:-/none}"), "x|z|x|~");
    assert_eq!(calls("tool ${U:-y}"), ["$U…", "y"]);
    assert!(calls("tool ${U:=y}; tool $U").iter().filter(|call| *call == "y").count() >= 1);
    assert_eq!(call("n=P; P=x; tool ${!n}"), "x");
    assert_eq!(call("tool ${U%/*}"), "$U…");
    assert_eq!(call("P=a; tool \"${P}b\" \"$P\"b $Pb"), "ab|ab|$Pb…");
    assert_eq!(call("tool \"${HOME%/*}\" \"${HOME%/}\""), "~/..|~");
    assert_eq!(call("tool ${{ matrix.x }}y ${bad name}"), "?y…|$bad…");
}

#[test]
fn arrays_and_arguments_are_lists_of_words() {
    assert_eq!(call("a=(x 'y z'); tool \"${a[@]}\" ${a[1]} \"${a[*]}\" ${#a[@]} $a"), "x|y z|y|z|x y z|2|x");
    assert_eq!(call("a=(x); a+=(y); a[4]=z; tool \"${a[@]}\" \"${!a[@]}\""), "x|y|z|0|1|4");
    assert_eq!(call("declare -A m=([k]=v); m[l]=w; tool ${m[k]} ${m[l]}"), "v|w");
    assert_eq!(call("set -- a 'b c'; tool \"$@\" $# $2 \"$*\""), "a|b c|2|b|c|a b c");
    assert_eq!(call("set -- a b c; shift; tool \"$1\" \"${@:2}\""), "b|c");
    assert_eq!(call("tool \"$@\" x"), "x");
    assert_eq!(call("a=(x $U); tool \"${a[@]}\" ${#a[@]}"), "x|$U…|?…");
}

#[test]
fn braces_and_patterns() {
    assert_eq!(
        call("tool {a,b}{1,2} {1..3} {c..a} x{,y} {z} {~,/srv}/q {01..03}"),
        "a1|a2|b1|b2|1|2|3|c|b|a|x|xy|{z}|~/q|/srv/q|01|02|03"
    );
    assert_eq!(call("tool {a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}"), "?…");
    assert_eq!(call("tool {1..99999999999999999999} {1..1000}"), "{1..99999999999999999999}|?…");
    let analysis = analysis("tool ~/*.c '*' \"[a]\" [ab]? a[b");
    let words = &analysis.commands[0].words;
    assert_eq!(
        words[1].text().parts(),
        [Part::Home, Part::Text("/".to_owned()), Part::Glob("*".to_owned()), Part::Text(".c".to_owned())]
    );
    assert_eq!((words[2].known(), words[3].known(), words[5].known()), (Some("*"), Some("[a]"), Some("a[b")));
    assert_eq!(words[4].text().parts(), [Part::Glob("[ab]".to_owned()), Part::Glob("?".to_owned())]);
    assert_eq!(call("set -f; tool *"), "*");
}

#[test]
fn substitutions_are_known_when_what_they_print_is() {
    assert_eq!(call("tool $(echo ~) \"$(printf '%s/x' ~)\" `echo a b`"), "~|~/x|a|b");
    assert_eq!(call("tool \"$(pwd)\" $(cd ~/a && pwd) $(dirname ~/a/b) $(basename a/b)"), ".|~/a|~/a|b");
    assert_eq!(call("tool $(realpath ~/a/../b) $(readlink -f ~/c) $(printenv HOME)"), "~/b|~/c|~");
    assert_eq!(call("tool $(cat <<EOF\n$HOME ) x\nEOF\n)"), "~|)|x");
    assert_eq!(call("tool \"$(date)\" $(whoami)"), "?|?…");
    assert_eq!(call("echo a > f; tool $(< f) $(cat f)"), "a|a");
    assert_eq!(call("tool $((1 + 2 * 3)) $(( (7 - 1) / 2 ))"), "7|3");
    assert_eq!(call("i=2; i=$((i + 1)); tool $i $((U + 1)) $[2*2]"), "3|?…|4");
    assert_eq!(
        calls("x=$(tool a; echo b); tool $x"),
        ["a", "? b…"].map(|call| call.replace("? b…", "?\nb…").replace('\n', "")).to_vec()
    );
}

#[test]
fn separators_that_change_are_followed() {
    assert_eq!(call("IFS=:; X=a:b; tool $X \"$X\""), "a|b|a:b");
    assert_eq!(call("IFS=,; set -- a b; tool \"$*\""), "a,b");
    assert_eq!(call("IFS=$U; X=a:b; tool $X"), "?…".replace('?', "$IFS"));
}
