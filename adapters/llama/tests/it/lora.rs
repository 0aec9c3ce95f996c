//! LoRA adapters.

use serde_json::{Value, json};

use crate::calls::{done, failed, generate, generated, harness, with_model};
use crate::model_file::{Meta, WIDTH, lora, lora_path, written};

fn text(session: &mut contract_adapter::Harness<adapter_llama::LlamaAdapter>, adapters: Value) -> Value {
    let args = with_model(&json!({ "prompt": "The quick", "maxTokens": 40, "adapters": adapters }));
    done(&session.call("inference.generate", args)).1["text"].clone()
}

#[test]
fn an_adapter_changes_the_model_only_while_it_is_asked_for() {
    let mut session = harness();
    let plain = text(&mut session, json!([]));
    let changed = text(&mut session, json!([{ "path": lora_path() }]));
    assert_ne!(plain, changed);
    assert_eq!(text(&mut session, json!([])), plain);
    assert_eq!(text(&mut session, json!([{ "path": lora_path() }])), changed);
    assert_eq!(text(&mut session, json!([{ "path": lora_path(), "scale": 0 }])), plain);
    assert_ne!(text(&mut session, json!([{ "path": lora_path(), "scale": 8 }])), changed);
}

#[test]
fn an_adapter_of_another_base_is_refused() {
    let with = |bytes: &[u8]| {
        let (_folder, path) = written(bytes);
        let called = generate(&json!({ "prompt": "a", "adapters": [{ "path": path }] }));
        assert!(called.progress.is_empty(), "nothing was loaded");
        let (code, message, _) = failed(&called);
        (code, message)
    };
    let mut elsewhere = lora(WIDTH);
    elsewhere.tensors[0].0 = "blk.7.attn_q.weight.lora_a".to_owned();
    elsewhere.tensors[1].0 = "blk.7.attn_q.weight.lora_b".to_owned();
    let mut half = lora(WIDTH);
    half.tensors.truncate(3);
    for (bytes, says) in [
        (lora(64).bytes(), "it was made for another model"),
        (elsewhere.bytes(), "`blk.7.attn_q.weight`, which the model does not have"),
        (half.bytes(), "one of the two factors is missing"),
        (
            lora(WIDTH).with("general.architecture", Meta::Text("qwen2".to_owned())).bytes(),
            "for architecture qwen2",
        ),
        (lora(WIDTH).with("adapter.type", Meta::Text("other".to_owned())).bytes(), "no LoRA adapter"),
    ] {
        let (code, message) = with(&bytes);
        assert_eq!(code, "ADAPTER_LORA_INVALID");
        assert!(message.contains(says), "{message}");
    }
    assert_eq!(with(b"GGUF").0, "ADAPTER_MODEL_INVALID");
    assert!(generated(&json!({ "prompt": "a", "maxTokens": 1 })).0);
}
