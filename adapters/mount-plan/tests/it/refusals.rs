//! Roots that are refused, on a real file system.

use std::fs;
use std::os::unix::net::UnixListener;

use serde_json::json;

use crate::machine::{Machine, call, refused, rules, text, violations};

#[test]
fn refuses_what_the_contracts_refuse() {
    let machine = Machine::new();
    for (root, rule) in [
        ("me", "MOUNT_ROOT_WHOLE_HOME"),
        ("me/dev/..", "MOUNT_ROOT_WHOLE_HOME"),
        ("", "MOUNT_ROOT_ABOVE_HOME"),
        ("me/Downloads", "MOUNT_ROOT_WHOLE_DOWNLOADS"),
        ("me/Downloads/SourceOS", "MOUNT_ROOT_WHOLE_DOWNLOADS"),
        ("me/Documents", "MOUNT_ROOT_WHOLE_DOCUMENTS"),
        ("me/.ssh", "MOUNT_ROOT_PRIVATE"),
        ("me/.config", "MOUNT_ROOT_PRIVATE"),
        ("me/Library/Messages", "MOUNT_ROOT_PRIVATE"),
    ] {
        assert_eq!(machine.broken(&machine.path(root)), [rule], "{root}");
    }
    for (root, rule) in [
        ("/", "MOUNT_ROOT_ABOVE_HOME"),
        ("/etc", "MOUNT_ROOT_PRIVATE"),
        ("/proc", "MOUNT_ROOT_PRIVATE"),
        ("/sys/fs", "MOUNT_ROOT_PRIVATE"),
        ("~", "MOUNT_ROOT_WHOLE_HOME"),
        ("~/dev", "MOUNT_ROOT_UNRESOLVED"),
        ("dev", "MOUNT_ROOT_UNRESOLVED"),
        ("", "MOUNT_ROOT_MISSING"),
        (" ", "MOUNT_ROOT_MISSING"),
    ] {
        assert_eq!(machine.broken(root), [rule], "{root}");
    }
}

#[test]
fn refuses_a_plan_without_roots() {
    let called = call(json!({}));
    let data = refused(&called);
    assert_eq!(rules(&called), ["MOUNT_ROOT_MISSING"]);
    assert_eq!(data["violations"][0]["argument"], "");
    assert!(text(&data["summary"]).starts_with("Refused: 1 fault.\n"));
}

#[test]
fn refuses_a_folder_behind_a_link_and_says_where_it_is() {
    let machine = Machine::new();
    let real = machine.folder("me/src/tables");
    let link = machine.link("me/dev/tables", &real);
    let called = machine.plan(json!({ "devRoot": format!("{link}/./") }));
    let data = refused(&called);
    assert_eq!(rules(&called), ["MOUNT_ROOT_LINK"]);
    let violation = violations(data).next().unwrap();
    assert_eq!(violation["argument"], "devRoot");
    assert!(text(&violation["message"]).contains(&format!("the link {link:?}")), "{violation}");
    assert!(text(&violation["mend"]).contains(&format!("{real:?}")), "{violation}");
    // The folder itself may be given.
    assert_eq!(machine.broken(&real), [""; 0]);
}

#[test]
fn judges_the_end_of_a_link_and_not_its_name() {
    let machine = Machine::new();
    let up = machine.link("me/dev/up", "..");
    assert_eq!(machine.broken(&up), ["MOUNT_ROOT_WHOLE_HOME", "MOUNT_ROOT_LINK"]);
    let all = machine.link("me/dev/all", "/");
    assert_eq!(machine.broken(&all), ["MOUNT_ROOT_ABOVE_HOME", "MOUNT_ROOT_LINK"]);
    machine.folder("me/.ssh");
    let keys = machine.link("me/dev/keys", "../.ssh");
    assert_eq!(machine.broken(&keys), ["MOUNT_ROOT_PRIVATE", "MOUNT_ROOT_LINK"]);
}

#[test]
fn goes_up_from_where_a_link_leads() {
    let machine = Machine::new();
    machine.folder("me/far/away");
    machine.link("me/dev/link", "../far/away");
    // By its letters it is me/dev/x; the kernel finds me/far/x.
    let called = machine.plan(json!({ "devRoot": machine.path("me/dev/link/../x") }));
    assert_eq!(rules(&called), ["MOUNT_ROOT_LINK"]);
    let mend = text(&violations(refused(&called)).next().unwrap()["mend"]);
    assert!(mend.contains(&machine.path("me/far/x")), "{mend}");
    // By its letters it is me/dev; the kernel finds the home.
    machine.link("me/dev/near", "../far");
    assert_eq!(machine.broken(&machine.path("me/dev/near/..")), ["MOUNT_ROOT_WHOLE_HOME", "MOUNT_ROOT_LINK"]);
}

#[test]
fn a_home_behind_a_link_is_judged_by_both_paths() {
    let machine = Machine::new();
    let link = machine.link("home", "me");
    let rules_for = |root: &str| rules(&call(json!({ "devRoot": root, "home": link })));
    assert_eq!(rules_for(&machine.home()), ["MOUNT_ROOT_WHOLE_HOME"]);
    assert_eq!(rules_for(&machine.path("me/.ssh")), ["MOUNT_ROOT_PRIVATE"]);
    assert_eq!(rules_for(&link), ["MOUNT_ROOT_WHOLE_HOME", "MOUNT_ROOT_LINK"]);
    assert_eq!(rules_for(&machine.path("me/dev")), [""; 0]);
}

#[test]
fn refuses_loops_and_links_to_nowhere() {
    let machine = Machine::new();
    let one = machine.link("me/dev/one", "two");
    machine.link("me/dev/two", "one");
    let called = machine.plan(json!({ "devRoot": one }));
    assert_eq!(rules(&called), ["MOUNT_ROOT_UNRESOLVED"]);
    assert!(text(&violations(refused(&called)).next().unwrap()["message"]).contains("ELOOP"));
    let nowhere = machine.link("me/dev/nowhere", "not/there");
    assert_eq!(machine.broken(&nowhere), ["MOUNT_ROOT_LINK"]);
}

#[test]
fn follows_as_many_links_as_the_kernel_and_no_more() {
    let machine = Machine::new();
    machine.folder("me/dev/0");
    for number in 1..=41 {
        machine.link(&format!("me/dev/{number}"), format!("{}", number - 1));
    }
    for (number, rule) in [(40, "MOUNT_ROOT_LINK"), (41, "MOUNT_ROOT_UNRESOLVED")] {
        let path = machine.path(&format!("me/dev/{number}"));
        assert_eq!(fs::metadata(&path).is_ok(), number == 40);
        assert_eq!(machine.broken(&path), [rule]);
    }
}

#[test]
fn a_link_to_a_name_that_is_no_text_is_refused_and_not_followed_by_a_panic() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let machine = Machine::new();
    let link = machine.link("me/dev/odd", OsStr::from_bytes(b"caf\xe9"));
    assert_eq!(machine.broken(&link), ["MOUNT_ROOT_LINK"]);
}

#[test]
fn refuses_what_is_no_folder() {
    let machine = Machine::new();
    let file = machine.path("me/dev/file");
    fs::write(&file, "x").unwrap();
    let socket = machine.path("me/dev/socket");
    let _listener = UnixListener::bind(&socket).unwrap();
    assert_eq!(machine.broken(&file), ["MOUNT_ROOT_NOT_A_FOLDER"]);
    assert_eq!(machine.broken(&socket), ["MOUNT_ROOT_NOT_A_FOLDER"]);
    for behind in ["/x", "/.", "/.."] {
        assert_eq!(machine.broken(&format!("{file}{behind}")), ["MOUNT_ROOT_UNRESOLVED"]);
    }
}

#[test]
fn refuses_to_make_a_folder_that_is_called_as_the_home_is_written() {
    let machine = Machine::new();
    for name in ["~", "~/dev", "$HOME/dev", "${AGENT_ROOT}", "~marit"] {
        assert_eq!(machine.broken(&machine.path(name)), ["MOUNT_ROOT_UNRESOLVED"], "{name}");
    }
    // Who has made such a folder means it.
    assert_eq!(machine.broken(&machine.folder("me/dev/~/$x")), [""; 0]);
}

#[test]
fn a_relative_root_is_told_in_words_of_its_own() {
    let machine = Machine::new();
    let called = machine.plan(json!({ "roots": ["x=tables"] }));
    let message = text(&violations(refused(&called)).next().unwrap()["message"]);
    assert_eq!(message, "\"tables\" is no absolute path");
}

#[test]
fn refuses_to_go_up_from_what_is_not_there() {
    let machine = Machine::new();
    assert_eq!(machine.broken(&machine.path("me/none/../dev")), ["MOUNT_ROOT_UNRESOLVED"]);
}

#[test]
fn refuses_a_path_that_is_too_long_and_plans_the_longest() {
    let machine = Machine::new();
    let base = machine.path("me/dev/");
    let path = |length: usize| {
        let mut path = base.clone();
        while path.len() < length {
            let name = (length - path.len() - 1).min(200);
            path.push_str(&"n".repeat(name.max(1)));
            if path.len() < length {
                path.push('/');
            }
        }
        path
    };
    assert_eq!(machine.broken(&path(4095)), [""; 0]);
    assert_eq!(machine.broken(&path(4096)), ["MOUNT_ROOT_UNRESOLVED"]);
}

#[test]
fn refuses_control_characters() {
    let machine = Machine::new();
    for name in ["a\nb", "a\tb", "a\rb", "a\u{1b}[2Kb", "a\u{85}b", "a\u{202e}b", "a\0b", "a\u{2028}b"] {
        assert_eq!(
            machine.broken(&machine.path(&format!("me/dev/{name}"))),
            ["MOUNT_ROOT_CONTROL_CHARACTER"],
            "{name:?}"
        );
    }
}

#[test]
fn refuses_roots_that_overlap_and_names_both() {
    let machine = Machine::new();
    let (dev, below, beside) =
        (machine.path("me/dev"), machine.folder("me/dev/out"), machine.folder("me/dev-out"));
    for (one, other) in [(&dev, &dev), (&dev, &below), (&below, &dev)] {
        let called = machine.plan(json!({ "devRoot": one, "docsRoot": other }));
        assert_eq!(rules(&called), ["MOUNT_ROOT_OVERLAP"]);
        let message = text(&violations(refused(&called)).next().unwrap()["message"]);
        for named in [format!("{one:?} (devRoot)"), format!("{other:?} (docsRoot)")] {
            assert!(message.contains(&named), "{message}");
        }
    }
    // Neither has to be there.
    let later = machine.path("me/later");
    let called = machine.plan(json!({ "devRoot": later, "roots": [format!("x={later}/x")] }));
    assert_eq!(rules(&called), ["MOUNT_ROOT_OVERLAP"]);
    let called = machine.plan(json!({ "devRoot": dev, "docsRoot": beside }));
    assert_eq!(rules(&called), [""; 0]);
}

#[test]
fn tells_every_fault_of_every_root() {
    let machine = Machine::new();
    let called = machine.plan(json!({
        "devRoot": machine.home(), "docsRoot": machine.path("me/Documents"), "roots": ["x=relative"],
    }));
    assert_eq!(
        rules(&called),
        [
            "MOUNT_ROOT_WHOLE_HOME",
            "MOUNT_ROOT_WHOLE_DOCUMENTS",
            "MOUNT_ROOT_UNRESOLVED",
            "MOUNT_ROOT_OVERLAP"
        ]
    );
    let arguments: Vec<_> =
        violations(refused(&called)).map(|violation| violation["argument"].clone()).collect();
    assert_eq!(arguments, ["devRoot", "docsRoot", "roots/0", "docsRoot"]);
}

#[test]
fn arguments_that_cannot_be_used_are_an_error() {
    for args in [
        json!({ "devRoot": "/srv/a", "home": "me" }),
        json!({ "roots": ["/srv/a"] }),
        json!({ "roots": ["Name=/srv/a"] }),
        json!({ "roots": ["-a=/srv/a"] }),
        json!({ "roots": ["dev=/srv/a"] }),
        json!({ "roots": ["a=/srv/a", "a=/srv/b"] }),
        json!({ "label": "secret" }),
        json!({ "unknown": 1 }),
    ] {
        assert_eq!(call(args.clone()).code(), "ADAPTER_BAD_INPUT", "{args}");
    }
}
