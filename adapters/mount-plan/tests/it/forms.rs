//! The forms for other programs: literal words, and readers of their grammars that get the path back.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::machine::{Machine, form, plan_of};

/// Names that each grammar could trip over.
pub(crate) const ODD: &[&str] = &[
    "plain",
    "two  blanks and one at the end ",
    "colon:in:it",
    "comma,in,it",
    "colon:comma,and \"quotes\"",
    "per%cent %h %%",
    "dollar $HOME ${HOME} $$",
    "single 'quote'",
    "double \"quote\"",
    "back\\slash \\n \\",
    "# no comment; no end",
    "-dash",
    "tilde~x ~",
    "caf\u{e9} \u{1f600}",
    "*?[a]{b}",
    "`id` $(id) & | > <",
];

/// Folders with all of these names and with many that chance has made, each a root of one plan: their paths, and the plan.
pub(crate) fn odd_plan(machine: &Machine, label: &str) -> (Vec<String>, Value) {
    const ALPHABET: [&str; 15] =
        ["a", " ", ":", ",", "\"", "'", "\\", "%", "$", "#", ";", "=", "{", "}", "\u{e9}"];
    let mut random = fastrand::Rng::with_seed(20);
    let mut name = || (0..random.usize(1..10)).map(|_| ALPHABET[random.usize(..15)]).collect::<String>();
    let names: BTreeSet<String> =
        ODD.iter().map(|name| (*name).to_owned()).chain((0..300).map(|_| name())).collect();
    let sources: Vec<String> = names.iter().map(|name| machine.folder(&format!("odd/{name}"))).collect();
    let roots: Vec<String> =
        sources.iter().enumerate().map(|(index, source)| format!("x{index}={source}")).collect();
    let called = machine.plan(json!({ "roots": roots, "label": label }));
    (sources, plan_of(&called).clone())
}

fn plan(machine: &Machine, name: &str, label: &str) -> (String, Value) {
    let source = machine.folder(&format!("odd/{name}"));
    let called = machine.plan(json!({ "roots": [format!("x={source}")], "label": label }));
    (source, plan_of(&called).clone())
}

#[test]
fn plain_paths_have_plain_words() {
    let machine = Machine::new();
    let (source, plan) = plan(&machine, "plain", "private");
    assert_eq!(form(&plan, "podman"), ["-v", &format!("{source}:/agent/x:ro,Z")]);
    assert_eq!(form(&plan, "bubblewrap"), ["--ro-bind", &source, "/agent/x"]);
    assert_eq!(form(&plan, "systemd"), [format!("BindReadOnlyPaths=\"{source}\":/agent/x")]);
    assert_eq!(form(&plan, "quadlet"), [format!("Volume={source}:/agent/x:ro,Z")]);
}

#[test]
fn a_colon_goes_into_the_form_that_takes_it() {
    let machine = Machine::new();
    let (source, plan) = plan(&machine, "a:b", "shared");
    let mount = format!("type=bind,src={source},dst=/agent/x,readonly=true,relabel=shared");
    assert_eq!(form(&plan, "podman"), ["--mount", &mount]);
    assert_eq!(form(&plan, "quadlet"), [format!("Mount=\"{mount}\"")]);
}

#[test]
fn every_odd_path_comes_back_from_every_form() {
    let machine = Machine::new();
    for label in ["shared", "none"] {
        let (sources, plan) = odd_plan(&machine, label);
        let [podman, bubblewrap, systemd, quadlet] =
            ["podman", "bubblewrap", "systemd", "quadlet"].map(|name| form(&plan, name));
        assert_eq!(podman.len(), 2 * sources.len());
        assert_eq!(bubblewrap.len(), 3 * sources.len());
        assert_eq!((systemd.len(), quadlet.len()), (sources.len(), sources.len()));
        for (index, source) in sources.iter().enumerate() {
            let target = format!("/agent/x{index}");
            let words = &podman[2 * index..][..2];
            assert_eq!(&volume_source(words, &target), source, "{words:?}");
            assert_eq!(bubblewrap[3 * index..][..3], ["--ro-bind", source, &target]);
            let line = &systemd[index];
            let words = unit_words(line.strip_prefix("BindReadOnlyPaths=").unwrap(), ": ");
            let words: Vec<_> = words.iter().map(|word| expanded(word, false)).collect();
            assert_eq!(words, [source.as_str(), &target], "{line}");
            let line = &quadlet[index];
            assert_eq!(&volume_source(&quadlet_words(line), &target), source, "{line}");
        }
    }
}

/// The words that a Quadlet line becomes in `ExecStart=`, after systemd has expanded it.
fn quadlet_words(line: &str) -> [String; 2] {
    let (option, word) = match line.split_once('=').unwrap() {
        ("Volume", value) => ("-v", value.to_owned()),
        ("Mount", value) => {
            let mut words = unit_words(value, " ");
            assert_eq!(words.len(), 1, "{line}");
            ("--mount", words.remove(0))
        }
        _ => panic!("{line}"),
    };
    [option.to_owned(), expanded(&word, true)]
}

/// What podman takes for the source.
fn volume_source(words: &[String], target: &str) -> String {
    match words {
        [option, value] if option == "-v" => {
            let parts: Vec<_> = value.split(':').collect();
            let [source, to, options] = parts[..] else { panic!("{value}") };
            assert_eq!(to, target, "{value}");
            assert!(["ro", "ro,z"].contains(&options), "{value}");
            source.to_owned()
        }
        [option, value] if option == "--mount" => {
            let fields = comma_separated(value);
            let field = |name: &str| fields.iter().find_map(|field| field.strip_prefix(&format!("{name}=")));
            assert_eq!((field("type"), field("dst")), (Some("bind"), Some(target)), "{value}");
            assert_eq!(field("readonly"), Some("true"));
            assert!(fields.len() == if field("relabel").is_some() { 5 } else { 4 }, "{value}");
            field("src").unwrap().to_owned()
        }
        _ => panic!("{words:?}"),
    }
}

/// RFC 4180, one record. A quote inside a field that does not begin with one is an error, as it is for podman.
fn comma_separated(text: &str) -> Vec<String> {
    let (mut fields, mut field) = (Vec::new(), String::new());
    let mut characters = text.chars().peekable();
    let (mut quoted, mut begins) = (false, true);
    while let Some(character) = characters.next() {
        match character {
            '"' if begins => quoted = true,
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                field.push('"');
            }
            '"' if quoted => quoted = false,
            '"' => panic!("a bare quote: {text}"),
            ',' if !quoted => {
                fields.push(std::mem::take(&mut field));
                begins = true;
                continue;
            }
            other => field.push(other),
        }
        begins = false;
    }
    assert!(!quoted, "{text}");
    fields.push(field);
    fields
}

/// systemd.syntax(7): words between separators, with quotes and backslashes. Only `\\` is the same for all settings.
fn unit_words(text: &str, separators: &str) -> Vec<String> {
    let (mut words, mut word) = (Vec::new(), String::new());
    let (mut quote, mut characters) = (None, text.chars());
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                assert_eq!(characters.next(), Some('\\'), "{text}");
                word.push('\\');
            }
            '"' | '\'' if quote.is_none() => quote = Some(character),
            _ if quote == Some(character) => quote = None,
            _ if quote.is_none() && separators.contains(character) => words.push(std::mem::take(&mut word)),
            other => word.push(other),
        }
    }
    assert_eq!(quote, None, "{text}");
    words.push(word);
    words
}

/// What specifiers, and in commands variables, leave of a text in which all of them are escaped.
fn expanded(text: &str, is_command: bool) -> String {
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character == '%' || (is_command && character == '$') {
            assert_eq!(characters.next(), Some(character), "{text}");
        }
        plain.push(character);
    }
    plain
}
