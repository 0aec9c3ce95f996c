use adapter_process::ProcessAdapter;
use contract_adapter::Harness;
use serde_json::{Value, json};

use crate::program::{done, script};

fn manifest() -> Value {
    contract_json::from_slice(include_bytes!("../../adapter.json")).unwrap()
}

fn accepts(schema: &str, value: &Value) -> bool {
    let operation = &manifest()["operations"][0];
    jsonschema::validator_for(&operation[schema]).unwrap().is_valid(value)
}

#[test]
fn the_manifest_says_what_the_program_offers() {
    let manifest = manifest();
    assert_eq!(manifest["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(manifest["command"], json!(["./adapter-process"]));
    let harness = Harness::new(ProcessAdapter);
    let offered: Vec<_> = harness.offered().capabilities.iter().map(|capability| &capability.name).collect();
    assert_eq!(offered, ["process.run"]);
}

#[test]
fn the_input_schema_tells_good_arguments_from_bad_ones() {
    let with = |name: &str, value: Value| {
        let mut args = json!({ "argv": ["/bin/echo", "", "é\n"] });
        args[name] = value;
        args
    };
    for (name, good) in [
        ("argv", json!(["/bin/echo"])),
        ("cwd", json!("/")),
        ("environment", json!({ "_A1": "", "B": "=\n" })),
        ("stdin", json!("\u{0}")),
        ("maxOutputBytes", json!(0)),
        ("outputLimitBytes", json!(1)),
        ("terminationGraceMs", json!(60_000)),
    ] {
        assert!(accepts("inputSchema", &with(name, good.clone())), "{name} {good}");
        assert!(done(with(name, if name == "outputLimitBytes" { json!(1000) } else { good })).0);
    }
    for (name, bad) in [
        ("argv", json!([])),
        ("argv", json!(["echo"])),
        ("argv", json!(["/bin/echo", "\u{0}"])),
        ("argv", json!(["/bin/echo\u{0}"])),
        ("argv", json!("/bin/echo")),
        ("cwd", json!("a")),
        ("environment", json!({ "A=": "" })),
        ("environment", json!({ "": "" })),
        ("environment", json!({ "A": "\u{0}" })),
        ("maxOutputBytes", json!(1_048_577)),
        ("outputLimitBytes", json!(0)),
        ("outputLimitBytes", json!(1_073_741_825)),
        ("terminationGraceMs", json!(60_001)),
        ("shell", json!(true)),
    ] {
        assert!(!accepts("inputSchema", &with(name, bad.clone())), "{name} {bad}");
    }
    assert!(!accepts("inputSchema", &json!({})));
}

#[test]
fn the_defaults_of_the_schema_are_those_of_the_program() {
    let defaults =
        |name: &str| manifest()["operations"][0]["inputSchema"]["properties"][name]["default"].clone();
    assert_eq!(defaults("maxOutputBytes"), 65_536);
    let (_, data) = done(script("head -c 65537 /dev/zero"));
    assert_eq!(
        (data["stdout"]["tail"].as_str().unwrap().len(), &data["stdout"]["truncated"]),
        (65_536, &json!(true))
    );
    assert_eq!(defaults("outputLimitBytes"), 64 * 1024 * 1024);
    assert_eq!(defaults("terminationGraceMs"), 500);
    assert_eq!(defaults("stdin"), "");
}

#[test]
fn the_output_schema_takes_what_the_program_gives_and_nothing_else() {
    for program in
        ["exit 0", "exit 255", "ulimit -c 0; kill -SEGV $$", "printf '\\377'; tail -f /dev/null >/dev/null &"]
    {
        let (_, data) = done(script(program));
        assert!(accepts("outputSchema", &data), "{data}");
    }
    let (_, good) = done(script("true"));
    for (pointer, bad) in [
        ("/exitStatus", json!(256)),
        ("/signal", json!("11")),
        ("/documents", json!({ "a": {} })),
        ("/stdout/tail", json!(null)),
        ("/stderr", json!({ "bytes": 0, "tail": "", "truncated": false, "more": 1 })),
        ("/leftover", json!(-1)),
    ] {
        let mut data = good.clone();
        *data.pointer_mut(pointer).unwrap() = bad;
        assert!(!accepts("outputSchema", &data), "{pointer}");
    }
    let mut data = good;
    data["more"] = json!(1);
    assert!(!accepts("outputSchema", &data));
}
