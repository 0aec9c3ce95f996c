//! What is not certain is not taken for certain: a branch counts as impossible only when every shell leaves it out.

use crate::{analysis, calls};

/// The script may run `tool`, or says that it could not be followed.
fn may_run(script: &str) {
    let analysis = analysis(script);
    let found = analysis.commands.iter().any(|command| command.name() == Some("tool"));
    assert!(found, "{script}: {:?}", analysis.commands);
}

#[test]
fn classes_of_characters_match() {
    for script in [
        "case a in [[:alpha:]]) tool;; esac",
        "case 5x in [[:digit:]]*) tool;; esac",
        "case 1 in [[:digit:]]) tool;; *) :;; esac",
        "case X in [[:upper:]_]) tool;; esac",
        "case - in [[:punct:]]) tool;; esac",
        "case é in [[:alpha:]]) tool;; esac",
        "case a in [[=a=]]) tool;; esac",
        "case ] in []]) tool;; esac",
        "case B in [a-c]) :;; *) tool;; esac",
        "case a in [^b]) :;; *) tool;; esac",
        "case a in '*') :;; *) tool;; esac",
        "case - in [a'-'z]) tool;; esac",
    ] {
        may_run(script);
    }
    assert_eq!(calls("case a in [[:digit:]]) tool;; esac"), <[String; 0]>::default());
    assert_eq!(
        calls("x=/srv1/..; tool ${x/[[:digit:]]/} ${x%%1*} ${x#/[!s]} ${x//[.-]}"),
        ["/srv/..|/srv|/srv1/..|/srv1/"]
    );
}

#[test]
fn patterns_that_are_not_modelled_may_match() {
    for script in [
        "shopt -s extglob\ncase x in @(no)) :;; *) tool;; esac",
        "shopt -s extglob\ncase ab in !(ab)) :;; ab) tool;; esac",
        "shopt -s nocasematch; case A in a) tool;; esac",
    ] {
        may_run(script);
    }
    for script in [
        "x=/srv/x; tool \"${x//+([a-z])/}\"",
        "x=/srv/x; tool \"${x%/@(x)}\"",
        "x=/srv/x; tool \"${x/x/&}\"",
        "shopt -s nocasematch; x=/srv/X; tool \"${x/x/y}\"",
    ] {
        assert_eq!(calls(script), ["?"], "{script}");
    }
}

#[test]
fn what_may_fail_is_not_taken_to_succeed() {
    for command in [
        "true < /none",
        ": > /none/x",
        "echo x > /dev/full",
        "echo x >&-",
        "echo x",
        "printf %d abc",
        "declare -F f",
        "true; declare -f f",
        "declare -p X",
        "local x=1",
        "export 1a=2",
        "readonly q=1; declare q=2",
        "readonly q=1; unset q",
        "set -o none",
        "return 0",
        "set +e; return 0",
        "logout",
        "exit --help",
        "exit 0 < /none",
        "exit 1 2",
        "(exit 256) && false",
        "x+=1",
        "[ a == a ]",
        "[ a = a",
        "source f",
        "pwd",
    ] {
        may_run(&format!("{command} || tool"));
        may_run(&format!("if {command}; then :; else tool; fi"));
    }
    may_run("return 0 2> /dev/null || true\ntool");
    may_run("while :; do break x; done; tool");
    assert!(calls("true || tool").is_empty());
    assert!(calls("f() { return 0; tool; }; f").is_empty());
    assert!(calls("(exit $?; tool)").is_empty());
}

#[test]
fn what_failed_may_have_done_nothing() {
    for (script, folders) in [
        ("x=~; declare x=~/dev || true; tool \"$x\"", 2),
        ("x=~; x+=/dev || true; tool \"$x\"", 2),
        ("x=~; echo x=b > f; source ./f || true; tool \"$x\"", 2),
        ("x=~; { x=~/dev; } < /none || true; tool \"$x\"", 2),
        ("x=~; { x=~/dev; } &> /dev/null; tool \"$x\"", 2),
        ("x=~; x=~/dev :; tool \"$x\"", 2),
        ("x=~; x=~/dev export x; tool \"$x\"", 2),
        ("x=~; if declare x=~/dev; then :; fi; tool \"$x\"", 2),
        ("readonly x=~; x=~/dev; tool \"$x\"", 2),
        ("readonly x=~; unset x; tool \"$x\"", 2),
        ("readonly x=~; f() { local x=~/dev; tool \"$x\"; }; f", 2),
        ("x=~; x=~/dev other; tool \"$x\"", 1),
        ("x=~; export x=~/dev; tool \"$x\"", 1),
    ] {
        assert_eq!(calls(script).len(), folders, "{script}: {:?}", calls(script));
    }
    assert_eq!(crate::calls("cd a; time cd b; tool $PWD").len(), 2);
}

#[test]
fn functions_far_down_are_seen() {
    let chain: String = (1..30).map(|index| format!("f{index}() {{ f{}; }}; ", index + 1)).collect();
    may_run(&format!("{chain} f30() {{ tool; }}; f1"));
    may_run("f() { if [ \"$1\" = aaaaaaaaaaaaaaaaaaaaaaaa ]; then tool; else f \"a$1\"; fi; }; f a");
    may_run("i=0; f() { i=$((i + 1)); if [ $i = 30 ]; then tool; else f; fi; }; f");
    let deep: String = (1..60).map(|index| format!("f{index}() {{ f{}; }}; ", index + 1)).collect();
    assert!(analysis(&format!("{deep} f60() {{ tool; }}; f1")).unread.is_some());
}

#[test]
fn commands_in_expansions_are_seen() {
    for script in [
        "x='a[$(tool)]'; echo $((x))",
        "y='a[$(tool)]'; x=y; echo $((x + 1))",
        "x='a[$(tool)]'; [[ $x -eq 1 ]]",
        "x='a[$(tool)]'; [[ x -eq 1 ]]",
        "x='a[$(tool)]'; b=(1 2); echo ${b[x]} ${b[@]:x}",
        "test -v 'a[$(tool)]'",
        "printf -v 'a[$(tool)]' x",
        "read 'a[$(tool)]' <<< 1",
        "unset 'a[`tool`]'",
        "x='a[$(tool)]'; echo ${!x}",
        "declare \"a[\\$(tool)]=x\"",
        "let 'a[$(tool)]=1'",
        "x='$(tool)'; : \"${x@P}\"",
        "x=a; : ${x^^$(tool)}",
        "x=a; : ${x,$(tool)}",
        ": ${HOME:$(tool)}",
        ": ${x?$(tool)}",
        "x=(); : ${x[@]/$(tool)} ${@:$(tool)}",
        "[[ x || tool a ]]",
        "f() { tool; }; [[ x || f ]]",
        "((tool a b))",
        "f() { tool; }; ((f))",
    ] {
        may_run(script);
    }
    assert!(calls("x='$(tool)'; [[ $x == a ]] && echo $x").is_empty());
    assert!(calls("[[ ! -f a && ( $x =~ ^(a|b)$ || b -nt c ) || -n $x ]]; [[ $x =~ (a|b)c ]]").is_empty());
}

#[test]
fn what_shells_read_in_different_ways_is_not_swallowed() {
    for script in [
        "echo {{ x; tool a; echo }}",
        "{{ || tool a; : }}",
        "echo start \\\r\ntool a",
        "cat <<EOF\nx\nE\\\nOF\ntool a",
        "cat <<EOF\nx\\\nEOF\ntool a\nEOF\ntool b",
        "x=(a)#; tool a",
    ] {
        may_run(script);
    }
    assert_eq!(calls("tool $'/home\\0/a' $'/root\\c@/x' $'a\\400b'"), ["/home|/root|a"]);
    assert_eq!(calls("x=(a) # b\ntool {{ y.z }} ${{ a || b }}"), ["?…|?…"]);
}

#[test]
fn what_is_written_in_roundabout_ways_is_seen() {
    for script in [
        "f() { local -n out=$1; out=~; }; x=~/dev; f x; tool \"$x\"",
        "x=~/dev; declare -n r=x; r=~; tool \"$x\"",
        "x=~/dev; declare -n r=$y; r=~; tool \"$x\"",
        "x=(~/dev); printf -v 'x[0]' %s ~; tool \"$x\"",
        "x=/srv/x; printf -vx %s /home; tool \"$x\"",
        "x=(~/dev); read -r 'x[0]' <<< ~; tool \"$x\"",
        "x=~/dev; read -r $y <<< ~; tool \"$x\"",
        "read x <<< \"/srv/.\\\\.\"; tool \"$x\"",
        "mapfile -t -s1 a <<< $'/srv/x\\n/home'; tool \"${a[0]}\"",
        "r=(~/dev); i=0; r[i]=~; tool \"${r[0]}\"",
        "r=(~/dev); r[1-1]=~; tool \"$r\"",
        "r=(~/dev); r[-1]=~; tool \"${r[0]}\"",
        "r=(~/dev); r[$y]=~; tool \"${r[0]}\"",
        "a=([5]=~ [1]=~/dev); tool \"${a[-1]}\"",
        "a=([0]=q [2]=q); a+=(~); tool \"${a[3]:-~/dev}\"",
        "a=(x y [0]=z ~); tool \"${a[1]}\"",
        "declare -A m; m[a]=~/dev; m[\"a\"]=~; tool \"${m[a]}\"",
        "declare -A m; k=5; m[k]=~; m[5]=~/dev; tool \"${m[k]}\"",
        "r=~/dev; f() { local r=x; declare -g r=~; }; f; tool \"$r\"",
        "x=~; g() { unset x; }; f() { local x=~/dev; g; tool \"${x:-~/dev}\"; }; f",
        "x=~; y=\"${x@A}\"; x=~/dev; eval \"$y\"; tool \"$x\"",
        "declare -l p; p=X; tool \"$p\"",
        "declare -i p; p=~; tool \"$p\"",
        "shopt -s lastpipe; x=~/dev; echo ~ | read -r x; tool \"$x\"",
        "tool \"$(echo -e '\\u002fhome')\"",
        "tool \"$(printf '\\u002fhome')\"",
        "tool \"$(echo -e '/home\\c/x/dev')\"",
        "tool \"$(printf %b '/home\\c/x/dev')\"",
        "tool \"$(printf '/srv/.\\0./home')\"",
    ] {
        let calls = calls(script);
        let seen = calls.iter().any(|call| call == "~" || call.contains(['?', '$']));
        assert!(seen, "{script}: {calls:?}");
    }
    assert_eq!(calls("shopt -s lastpipe; cd ~/dev; true | cd ~; tool $PWD"), ["~/dev", "~"]);
    assert_eq!(calls("declare -A m=([a]=x [b]=y); m[c]=z; tool ${m[a]} ${m[c]} ${m['b']}"), ["x|z|y"]);
    assert_eq!(calls("a=(x y); a+=(z); a[1]=w; i=2; tool ${a[@]} ${a[i]} ${a[-1]}"), ["x|w|z|z|z"]);
    assert_eq!(calls("f() { local -r d=$1; tool $d; }; f a; f b"), ["a", "b"]);
}

#[test]
fn symbols_in_quotes_are_symbols_when_text_is_read_again() {
    for script in ["eval \"tool '$HOME' $U\"", "eval \"tool \\$'$HOME' $U\"", "sh -c \"tool '$HOME' $U\""] {
        assert_eq!(calls(script), ["~|$U…"], "{script}");
    }
}
