//! What a plan says, and what was seen for it.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use contract_check::{Checker, Options};
use contract_json::{Tape, sha256_text, to_canonical_vec};
use serde_json::json;

use crate::machine::{Machine, evidence_of, form, plan_of, text};

#[test]
fn plans_the_three_roots_of_the_contract() {
    let machine = Machine::new();
    let dev = machine.path("me/dev");
    let docs = machine.folder("me/Documents/SourceOS/agent-output");
    let downloads = machine.folder("me/Downloads/SourceOS/agent-downloads");
    let called = machine
        .plan(json!({ "devRoot": dev, "docsRoot": docs, "downloadsRoot": downloads, "label": "shared" }));
    let plan = plan_of(&called);
    let mount = |name: &str, source: &str, reason: &str| {
        json!({
            "name": name, "source": source, "target": format!("/agent/{name}"), "mode": "read-write",
            "class": "mutable_state", "volumeClass": "agent-artifacts",
            "selinux": { "label": "shared", "option": "z", "reason": "The user named this label." },
            "exists": true, "reason": reason
        })
    };
    assert_eq!(
        plan["mounts"],
        json!([
            mount("dev", &dev, "The agent changes code there."),
            mount("docs", &docs, "The agent leaves documents there."),
            mount("downloads", &downloads, "The agent leaves downloads there."),
        ])
    );
    assert_eq!(
        form(plan, "bubblewrap"),
        [
            "--bind",
            &dev,
            "/agent/dev",
            "--bind",
            &docs,
            "/agent/docs",
            "--bind",
            &downloads,
            "/agent/downloads"
        ]
    );
    assert_eq!(called.data()["violations"], json!([]));
    let summary = text(&called.data()["summary"]);
    assert!(summary.starts_with("A plan of 3 mounts. Nothing was mounted.\n"), "{summary}");
    assert!(!summary.ends_with('\n') && summary.contains(&docs), "{summary}");
}

#[test]
fn a_root_of_the_user_is_read_only() {
    let machine = Machine::new();
    let tables = machine.folder("tide tables");
    let called = machine.plan(json!({ "roots": [format!("tables={tables}")] }));
    let mount = &plan_of(&called)["mounts"][0];
    assert_eq!((&mount["mode"], &mount["class"]), (&json!("read-only"), &json!("immutable_input")));
    assert_eq!(form(plan_of(&called), "bubblewrap"), ["--ro-bind", &tables, "/agent/tables"]);
}

#[test]
fn a_folder_that_is_not_there_is_to_be_made() {
    let machine = Machine::new();
    let called = machine.plan(json!({ "docsRoot": machine.path("me/Documents/SourceOS/agent-output") }));
    assert_eq!(plan_of(&called)["mounts"][0]["exists"], json!(false));
    let facts = &evidence_of(&called)["mounts"][0];
    assert_eq!(facts["exists"], json!(false));
    assert_eq!(facts["realPath"], json!(machine.path("me/Documents/SourceOS/agent-output")));
    assert_eq!(facts["judgedPath"], json!(machine.home()));
    assert!(text(&called.data()["summary"]).contains("To be made"));
}

#[test]
fn evidence_says_what_was_seen() {
    let machine = Machine::new();
    let dev = machine.path("me/dev");
    fs::set_permissions(&dev, Permissions::from_mode(0o2750)).unwrap();
    let spelled = machine.path("me/./dev/../dev//");
    let called = machine.plan(json!({ "devRoot": spelled }));
    let evidence = evidence_of(&called);
    let facts = &evidence["mounts"][0];
    assert_eq!((&facts["spelledPath"], &facts["realPath"]), (&json!(spelled), &json!(dev)));
    assert_eq!((&facts["permissions"], &facts["links"]), (&json!("2750"), &json!(0)));
    assert_eq!(facts["ownerUid"], json!(fs::metadata(&dev).unwrap().uid()));
    assert_eq!(facts["argument"], json!("devRoot"));
    let plan = to_canonical_vec(plan_of(&called));
    assert_eq!(evidence["planDigest"], json!(sha256_text(&plan)));
}

#[test]
fn the_type_of_the_file_system_is_that_of_the_folder() {
    // Every Linux has it as a file system of its own; the rules refuse it as a root, so it is asked directly.
    let name = |path: &str| adapter_mount_plan::file_system::FileSystem::of(path.as_ref()).name;
    assert_eq!(name("/proc"), "proc");
    assert_eq!(name("/nowhere at all"), "unknown");
}

#[test]
fn a_way_that_everyone_may_change_is_a_warning() {
    let machine = Machine::new();
    let open = machine.folder("me/dev/open");
    let root = machine.folder("me/dev/open/tables");
    let verdict = |mode| {
        fs::set_permissions(&open, Permissions::from_mode(mode)).unwrap();
        let called = machine.plan(json!({ "devRoot": root }));
        let checks = evidence_of(&called)["mounts"][0]["checks"].as_array().unwrap().clone();
        let warned = text(&called.data()["summary"]).contains("Warning");
        let verdict =
            checks.iter().find(|check| check["check"] == "world-writable").unwrap()["verdict"].clone();
        assert_eq!(warned, verdict == "warning");
        verdict
    };
    assert_eq!(verdict(0o755), "pass");
    assert_eq!(verdict(0o777), "warning");
    // Only the owner of an entry may replace it there, as in /tmp.
    assert_eq!(verdict(0o1777), "pass");
}

#[test]
fn the_same_request_gets_the_same_bytes() {
    let machine = Machine::new();
    let args = json!({ "devRoot": machine.path("me/dev"), "docsRoot": machine.path("me/out"), "roots": [
        format!("b={}", machine.folder("b")), format!("a={}", machine.folder("a")),
    ] });
    let bytes = || serde_json::to_vec(machine.plan(args.clone()).data()).unwrap();
    assert_eq!(bytes(), bytes());
}

#[test]
fn both_documents_are_valid_by_the_rules_of_their_kind() {
    let machine = Machine::new();
    let called = machine.plan(json!({
        "devRoot": machine.path("me/dev"),
        "docsRoot": machine.path("me/Documents/SourceOS/agent-output"),
        "roots": [format!("odd={}", machine.folder("odd: 100% \"q\" 'r' \\ $HOME,x é"))],
    }));
    let checker = Checker::new(Options { home: Some(machine.home()) });
    for (document, kind) in [
        (plan_of(&called), "agent-machine-mount-plan"),
        (evidence_of(&called), "agent-machine-mount-evidence"),
    ] {
        let text = serde_json::to_vec(document).unwrap();
        let checked = checker.check(&mut Tape::new(), &text, None).unwrap();
        assert_eq!(checked.kind.map(|kind| kind.name), Some(kind));
        assert_eq!(checked.violations, []);
    }
}
