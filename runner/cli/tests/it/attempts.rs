//! What the processes of the adapters of this repository cannot do, whatever their programs contain.

use std::path::Path;

use serde_json::{Value, json};

use crate::command::{Bench, Done, repository};
use crate::prefix::{ADAPTERS, Prefix};

fn manifest(name: &str) -> Value {
    let path = repository().join("adapters").join(name).join("adapter.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// What an adapter asks for on this machine.
fn asks(manifest: &Value) -> Vec<String> {
    let texts = |member: &str| manifest[member].as_array().cloned().unwrap_or_default();
    let present = |ask: &str| ask.strip_prefix("read=").is_none_or(|path| Path::new(path).exists());
    let all = texts("asks").into_iter().chain(texts("asksIfPresent"));
    all.map(|ask| ask.as_str().unwrap().to_owned()).filter(|ask| present(ask)).collect()
}

fn call(prefix: &Prefix, bench: &Bench, name: &str, op: &str, args: &Value) -> Done {
    let args = args.to_string();
    let mut words = vec!["run", "--adapter", name, "--op", op, "--args", &args, "--out", "out"];
    let mut allowed = asks(&manifest(name));
    allowed.extend((op == "process.run").then(|| "side-effect=filesystem".to_owned()));
    words.extend(allowed.iter().flat_map(|right| ["--allow", right]));
    prefix.run(bench, words)
}

#[test]
fn no_adapter_writes_anywhere_starts_anything_or_has_a_socket() {
    let prefix = Prefix::new();
    for (name, op, args, status) in [
        ("machine-probe", "machine.paths", json!({}), 0),
        ("mount-plan", "agent_machine.mounts.plan", json!({}), 1),
        ("office", "office.doctor", json!({}), 0),
        ("process", "process.run", json!({"argv": ["/missing"]}), 4),
        ("text-caps", "text.caps", json!({"text": "x"}), 0),
    ] {
        let bench = Bench::new();
        call(&prefix, &bench, name, op, &args).expect(status);
        let sandbox = &bench.receipt("out")["sandbox"];
        let profile = &sandbox["profile"];
        assert_eq!(profile["write"], json!(["${SCRATCH}"]), "{name}");
        assert_eq!(profile["rawTcp"], json!([]), "{name}");
        assert_eq!(profile["name"], "airgapped_local_only", "{name}");
        assert_eq!(profile["processes"], if name == "process" { 64 } else { 1 }, "{name}");
        let own = format!("${{RUNTIME}}/adapter-{name}");
        for program in profile["exec"].as_array().unwrap() {
            let program = program.as_str().unwrap();
            assert!(program == own || program.contains("/ld-"), "{name} may execute {program}");
        }
        let enforced: Vec<&Value> =
            sandbox["enforced"].as_array().unwrap().iter().map(|enforced| &enforced["property"]).collect();
        for property in sandbox["requested"].as_array().unwrap() {
            assert!(enforced.contains(&property), "{name}: {property} is not enforced");
        }
    }
}

/// The program of each adapter is replaced by one that reads what it is told to; the rights stay those of the adapter.
#[test]
fn with_the_rights_of_an_adapter_a_program_reads_what_the_adapter_asks_for_and_nothing_else() {
    let echo: Value =
        serde_json::from_slice(&std::fs::read(repository().join("conformance/echo/adapter.json")).unwrap())
            .unwrap();
    let prefix = Prefix::with(|_, manifest| {
        manifest["operations"] = echo["operations"].clone();
        // The program offers itself by its own name.
        manifest["name"] = echo["name"].clone();
        manifest["version"] = echo["version"].clone();
        manifest.as_object_mut().unwrap().remove("verbs");
    });
    let built = Path::new(env!("CARGO_BIN_EXE_contract-runner")).with_file_name("adapter-echo");
    for name in ADAPTERS {
        let program = prefix.adapter(name).join(format!("adapter-{name}"));
        std::fs::remove_file(&program).unwrap();
        std::fs::hard_link(&built, &program).unwrap();
        let bench = Bench::new();
        let secret = bench.write("secret", "s");
        let read = |path: &str| call(&prefix, &bench, name, "read", &json!({ "path": path }));
        for path in [
            secret.to_str().unwrap(),
            "/etc/hosts",
            "/etc/group",
            "/proc/1/environ",
            "/proc/self/environ",
            "/proc/self/maps",
            "/proc/sys/kernel/random/boot_id",
            "/sys/class/net/lo/address",
        ] {
            if std::fs::read(path).is_ok() {
                read(path).expect(4).says("ADAPTER_IO").says("Permission denied");
            }
        }
        for right in asks(&manifest(name)) {
            let path = right.strip_prefix("read=").filter(|path| Path::new(path).is_file());
            if let Some(path) = path {
                read(path).expect(0);
            }
        }
    }
}
