//! Verbs of adapters: command words that are data in their manifests.

use serde_json::{Value, json};

use crate::command::{Bench, repository};
use crate::prefix::Prefix;

#[test]
fn a_verb_runs_its_operation_prints_the_summary_and_leaves_a_receipt() {
    let (bench, prefix) = (Bench::new(), Prefix::new());
    let done = prefix.run(&bench, ["paths", "--out", "out"]);
    done.expect(0).says("satisfied machine-probe machine.paths");
    assert!(done.stdout.contains("/var/lib/agent-machine"), "{}", done.stdout);
    assert_eq!(bench.receipt("out")["invocation"]["op"], "machine.paths");
    bench.run(["verify", "out"]).expect(0);
    let data: Value =
        serde_json::from_str(&prefix.run(&bench, ["paths", "--format", "json"]).stdout).unwrap();
    assert_eq!(data["summary"].as_str().unwrap(), done.stdout.trim_end());
}

#[test]
fn documents_are_written_where_emit_says() {
    let (bench, prefix) = (Bench::new(), Prefix::new());
    prefix.run(&bench, ["probe", "--emit", "documents"]).expect(0).says("documents in documents");
    for (name, kind) in [("agent-machine", "agent-machine"), ("cache-tier.models", "cache-tier")] {
        let path = format!("documents/{name}.json");
        bench.run(["validate", "--kind", kind, &path]).expect(0);
    }
    let text = bench.text("documents/os.release.json");
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(text.trim_end(), String::from_utf8(contract_json::to_canonical_vec(&document)).unwrap());
}

#[test]
fn an_adapter_of_another_folder_brings_its_verbs_and_no_rights() {
    let bench = Bench::new();
    let adapters = repository().join("adapters");
    let run = |words: &[&str]| {
        crate::command::done(
            &bench.command(words).env("CONTRACT_RUNNER_ADAPTERS", &adapters).output().unwrap(),
        )
    };
    run(&["help"]).expect(0);
    // The binary lies beside the runner, but not beside this manifest.
    let manifest = bench.write("mine/seer/adapter.json", &manifest("seer", &["read=/etc/passwd"]));
    std::fs::hard_link(
        std::path::Path::new(env!("CARGO_BIN_EXE_contract-runner")).with_file_name("adapter-text-caps"),
        manifest.with_file_name("adapter-text-caps"),
    )
    .or_else(|_| {
        let built =
            std::path::Path::new(env!("CARGO_BIN_EXE_contract-runner")).with_file_name("adapter-text-caps");
        std::fs::copy(built, manifest.with_file_name("adapter-text-caps")).map(drop)
    })
    .unwrap();
    let mine = |words: &[&str]| {
        let folder = bench.path("mine");
        crate::command::done(&bench.command(words).env("CONTRACT_RUNNER_ADAPTERS", folder).output().unwrap())
    };
    mine(&["see", "--text", "x"]).expect(3).says("POLICY_DENIED").says("--allow read=/etc/passwd");
}

fn manifest(name: &str, asks: &[&str]) -> String {
    json!({
        "v": "adapter.v0", "name": name, "version": "1", "command": ["./adapter-text-caps"], "asks": asks,
        "operations": [{"name": "text.caps", "inputSchema": {"type": "object", "properties": {"text": {"type": "string"}}}}],
        "verbs": [{"words": ["see"], "op": "text.caps"}],
    })
    .to_string()
}

#[test]
fn a_word_of_ours_is_never_anothers_and_a_broken_manifest_is_named() {
    let (bench, prefix) = (
        Bench::new(),
        Prefix::with(|name, manifest| match name {
            "text-caps" => manifest["verbs"] = json!([{"words": ["run"], "op": "text.caps"}]),
            "office" => manifest["verbs"] = json!([{"words": ["Office"], "op": "office.doctor"}]),
            _ => {}
        }),
    );
    prefix.run(&bench, ["run"]).expect(2).says("--adapter");
    prefix.run(&bench, ["office", "doctor"]).expect(2).says("/verbs/0/words").says("unrecognized subcommand");
}

#[test]
fn flags_follow_from_the_input_schema() {
    let (bench, prefix) = (Bench::new(), Prefix::new());
    let help = prefix.run(&bench, ["office", "generate", "--help"]);
    help.expect(0);
    for flag in ["--artifact-type", "--format", "--workroom-id", "--emit", "--allow"] {
        assert!(help.stdout.contains(flag), "{flag} is not in {}", help.stdout);
    }
    prefix.run(&bench, ["office", "generate", "--artifact-typ", "x"]).expect(2).says("--artifact-type");
    prefix.run(&bench, ["mounts"]).expect(2).says("plan");
    // The runner's own --format stands before a verb that has another.
    let words = "--format json office generate --dry-run --artifact-type document --format docx --title T --workroom-id w";
    let done = prefix.run(&bench, words.split(' '));
    let data: Value = serde_json::from_str(&done.expect(0).stdout).unwrap();
    assert!(data["documents"]["office.artifact.plan"].is_object());
}

#[test]
fn a_word_of_ours_may_be_a_value() {
    let (bench, prefix) = (Bench::new(), Prefix::new());
    prefix.run(&bench, ["paths", "--out", "run"]).expect(0);
    bench.run(["verify", "run"]).expect(0);
    prefix.run(&bench, ["--format", "json", "-q", "paths", "--emit", "verify"]).expect(0);
}

#[test]
fn a_private_folder_is_no_input_wherever_the_home_is() {
    let (bench, prefix) = (Bench::new(), Prefix::new());
    let key = bench.write("home/.ssh/id_ed25519", "x");
    prefix.run(&bench, ["office", "inspect", key.to_str().unwrap()]).expect(4).says("ADAPTER_INPUT_APP_DATA");
}

#[test]
fn a_document_that_is_not_declared_is_not_written() {
    let (bench, prefix) = (
        Bench::new(),
        Prefix::with(|name, manifest| {
            if name == "machine-probe" {
                manifest["operations"]
                    .as_array_mut()
                    .unwrap()
                    .iter_mut()
                    .for_each(|op| op["documents"] = json!([]));
            }
        }),
    );
    prefix.run(&bench, ["paths", "--emit", "documents"]).expect(4).says("ADAPTER_UNDECLARED");
}

#[test]
fn completions_and_help_know_the_verbs() {
    let (bench, prefix) = (Bench::new(), Prefix::new());
    let help = prefix.run(&bench, ["--help"]);
    assert!(help.expect(0).stdout.contains("mounts") && help.stdout.contains("probe"), "{}", help.stdout);
    assert!(prefix.run(&bench, ["completions", "bash"]).expect(0).stdout.contains("--downloads-root"));
}

#[test]
fn a_manifest_cannot_take_help_away_or_permit_itself_to_read() {
    for (verb, why) in [
        (json!({"words": ["help"], "op": "text.caps"}), "`help`"),
        (
            json!({"words": ["see"], "op": "text.caps", "fixed": {"text": "/etc/shadow"}, "paths": {"text": "read"}}),
            "only a person",
        ),
        (
            json!({"words": ["see"], "op": "text.caps", "fromEnvironment": {"text": "HOME"}, "paths": {"text": "read"}}),
            "only a person",
        ),
    ] {
        let (bench, prefix) = (
            Bench::new(),
            Prefix::with(|name, manifest| {
                if name == "text-caps" {
                    manifest["verbs"] = json!([verb]);
                }
            }),
        );
        prefix.run(&bench, ["see"]).expect(2).says(why);
        prefix.run(&bench, ["--help"]).expect(0);
        prefix.run(&bench, ["paths"]).expect(0);
    }
}
