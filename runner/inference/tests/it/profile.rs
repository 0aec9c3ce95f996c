use std::path::Path;

use contract_damage::{odd_values, places};
use contract_engine::Right;
use contract_inference::{Binding, Profile, Role};
use contract_ipc::Code;
use serde_json::{Value, json};

use crate::{document, read};

fn with_runtime(runtime: Value) -> Profile {
    let mut written = document("tiny");
    written["runtime"] = runtime;
    read(&written).unwrap()
}

fn bound(profile: &Profile) -> Result<Binding, Code> {
    profile.binding(None).map_err(|failure| failure.code)
}

#[test]
fn llama_runs_the_file_below_the_folder_of_the_profile() {
    let profile = read(&document("tiny")).unwrap();
    let binding = bound(&profile).unwrap();
    assert_eq!(binding, Binding::Llama { model: "/models/tiny.gguf".into() });
    assert_eq!((binding.adapter(), binding.asks()), ("llama", vec![Right::Read("/models/tiny.gguf".into())]));
    assert!(profile.roles.contains(&Role::Triage));
    let named = profile.binding(Some(Path::new("/elsewhere/other.gguf"))).unwrap();
    assert_eq!(named, Binding::Llama { model: "/elsewhere/other.gguf".into() });
}

#[test]
fn a_file_outside_the_folder_of_the_profile_is_refused() {
    for name in [
        "file:/etc/passwd",
        "file:../x.gguf",
        "file:a/../../x",
        "file:",
        "file:./x",
        "file:///x",
        "file:a\0b",
    ] {
        let mut written = document("tiny");
        written["model"]["ggufRef"] = json!(name);
        assert_eq!(read(&written).unwrap_err().code, Code::InferenceProfileInvalid, "{name}");
    }
}

#[test]
fn a_name_of_a_catalogue_is_no_file() {
    for name in [json!("smollm2-360m-q8.gguf"), json!("hf://x/y.gguf"), json!(null)] {
        let mut written = document("tiny");
        written["model"]["ggufRef"] = name;
        assert_eq!(bound(&read(&written).unwrap()), Err(Code::InferenceModelNotNamed));
    }
}

#[test]
fn servers_are_reached_at_their_address_under_their_own_name() {
    let at = |runtime: Value| match bound(&with_runtime(runtime)) {
        Ok(Binding::Endpoint { at, model }) => Ok((at.to_string(), model)),
        Ok(other) => panic!("{other:?}"),
        Err(code) => Err(code),
    };
    let tiny = |at: &str| Ok((at.to_owned(), "tiny".to_owned()));
    assert_eq!(at(json!({"kind": "ollama", "defaultLocalPort": 11434})), tiny("127.0.0.1:11434"));
    assert_eq!(
        at(
            json!({"kind": "openai-compatible", "endpoint": "http://localhost:8091/v1", "defaultLocalPort": 8091})
        ),
        tiny("127.0.0.1:8091")
    );
    for unusable in [
        json!({"kind": "ollama"}),
        json!({"kind": "ollama", "endpoint": "https://127.0.0.1:1"}),
        json!({"kind": "ollama", "endpoint": "http://127.0.0.1:1", "defaultLocalPort": 2}),
    ] {
        assert_eq!(at(unusable), Err(Code::InferenceModelNotNamed));
    }
    let mut written = document("tiny");
    written["runtime"] = json!({"kind": "ollama", "defaultLocalPort": 1});
    written["model"]["ollamaRef"] = json!("tiny:words");
    let profile = read(&written).unwrap();
    assert!(matches!(bound(&profile), Ok(Binding::Endpoint { model, .. }) if model == "tiny:words"));
    let given = profile.binding(Some(Path::new("/x.gguf"))).unwrap_err();
    assert_eq!(given.code, Code::InferenceModelNotNamed);
}

#[test]
fn runtimes_without_an_adapter_are_refused_by_name() {
    for kind in ["mlx", "other"] {
        let failure = with_runtime(json!({"kind": kind})).binding(None).unwrap_err();
        assert_eq!(failure.code, Code::InferenceRuntimeUnsupported);
        assert!(failure.message.contains(&format!("`{kind}`")), "{failure}");
    }
}

/// Members by which a document could say that something is allowed.
const SWITCHES: [(&str, &str); 10] = [
    ("policy", "localOnlyDefault"),
    ("policy", "sendPromptOffDeviceDefault"),
    ("policy", "allowToolUse"),
    ("policy", "allowNetwork"),
    ("policy", "allowModelDownload"),
    ("policy", "requiresExplicitPull"),
    ("evidence", "emitModelAvailability"),
    ("evidence", "emitRuntimeHealth"),
    ("evidence", "emitRoutingDecision"),
    ("evidence", "emitPromptHashOnly"),
];

#[test]
fn no_setting_of_a_profile_changes_what_a_run_may_do() {
    let plain = read(&document("tiny")).unwrap();
    let (mut taken, mut refused) = (0, 0);
    for bits in 0..1_u32 << SWITCHES.len() {
        let mut written = document("tiny");
        for (index, (object, member)) in SWITCHES.iter().enumerate() {
            written[object][member] = json!(bits >> index & 1 == 1);
        }
        match read(&written) {
            Err(failure) => {
                assert_eq!(failure.code, Code::InferenceProfileInvalid);
                refused += 1;
            }
            Ok(profile) => {
                assert_eq!(profile.binding(None).unwrap().asks(), plain.binding(None).unwrap().asks());
                assert_eq!(profile.restrictions, plain.restrictions);
                assert_eq!(
                    (profile.roles, profile.fallbacks),
                    (plain.roles.clone(), plain.fallbacks.clone())
                );
                taken += 1;
            }
        }
    }
    // Only the three members about evidence that may be either are free.
    assert_eq!((taken, refused), (8, 1016));
}

#[test]
fn a_changed_profile_is_refused_or_asks_for_one_file_or_one_address() {
    let original = document("tiny");
    let found = places(&original);
    let rights = [
        json!("read=/"),
        json!("connect=192.0.2.1:1"),
        json!(["*"]),
        json!({"allow": ["read=/"]}),
        json!({"allowNetwork": true, "rights": ["connect=192.0.2.1:1"]}),
    ];
    let others: Vec<&Value> = odd_values().iter().chain(&rights).collect();
    let mut seen = 0;
    for pointer in &found {
        for other in &others {
            let mut changed = original.clone();
            *changed.pointer_mut(pointer).unwrap() = (*other).clone();
            let Ok(profile) = read(&changed) else { continue };
            seen += 1;
            let Ok(binding) = profile.binding(None) else { continue };
            let asks = binding.asks();
            assert_eq!(asks.len(), 1, "{pointer}: {other}");
            match &asks[0] {
                Right::Read(path) => assert!(path.starts_with("/models") && path != Path::new("/models")),
                right => panic!("{pointer}: {other}: {right}"),
            }
        }
    }
    assert!(seen > 0 && found.len() * others.len() > 300, "{seen} of {}", found.len() * others.len());
}

#[test]
fn what_is_no_profile_is_refused_with_its_place() {
    let text = document("tiny").to_string();
    for bad in [
        "",
        "{",
        "[]",
        "null",
        &text[..text.len() - 1],
        &text.replace("{", "{\"v\":1,"),
        &format!("{text}{text}"),
    ] {
        let failure = Profile::read(bad.as_bytes(), Path::new("/models")).unwrap_err();
        assert_eq!(failure.code, Code::InferenceProfileInvalid, "{bad}");
    }
    let mut several = document("tiny");
    several["policy"]["allowNetwork"] = json!(true);
    several["policy"]["allowToolUse"] = json!(true);
    let failure = read(&several).unwrap_err();
    assert!(
        failure.message.contains("CARRY_NETWORK") && failure.message.contains("CARRY_TOOL_USE"),
        "{failure}"
    );
}
