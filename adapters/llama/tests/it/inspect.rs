//! What a file says of itself.

use serde_json::json;

use crate::calls::{done, harness, with_model};
use crate::model_file::{CHATML, Meta, lora_path, model, written};

#[test]
fn a_model_is_described() {
    let (ok, data) = done(&harness().call("model.inspect", with_model(&json!({}))));
    assert!(ok);
    for (pointer, value) in [
        ("/kind", json!("base")),
        ("/architecture", json!("llama")),
        ("/name", json!("random words")),
        ("/license", json!("MIT")),
        ("/fileBytes", json!(model().bytes().len())),
        ("/parameters", json!(27_040)),
        ("/quantization", json!({ "fileType": "F32", "tensors": [{ "type": "F32", "count": 12 }] })),
        ("/contextTokens", json!(512)),
        ("/embeddingLength", json!(32)),
        ("/layers", json!(1)),
        ("/heads", json!(2)),
        ("/kvHeads", json!(2)),
        ("/vocabularySize", json!(261)),
        ("/tokenizer/bos", json!(256)),
        ("/tokenizer/addBos", json!(true)),
        ("/chatTemplate/present", json!(true)),
        ("/memory/weightsBytes", json!(27_040 * 4)),
        ("/memory/kvBytesPerToken", json!(2 * 32 * 2)),
        ("/metadata/tokenizer.ggml.tokens", json!("[261 elements]")),
        ("/metadata/tokenizer.ggml.merges", json!([])),
    ] {
        assert_eq!(data.pointer(pointer), Some(&value), "{pointer}");
    }
    assert_eq!(data["metadata"]["tokenizer.chat_template"], CHATML);
    let summary = data["summary"].as_str().unwrap();
    assert!(summary.starts_with("name: random words\nkind: base, architecture llama\n"), "{summary}");
    assert!(!summary.ends_with('\n'));
}

#[test]
fn the_digest_of_the_tokenizer_depends_on_the_tokenizer_alone() {
    let digest = |bytes: &[u8]| {
        let (_folder, path) = written(bytes);
        done(&harness().call("model.inspect", json!({ "model": path }))).1["tokenizer"]["digest"].clone()
    };
    let own = digest(&model().bytes());
    let mut weights = model();
    weights.tensors[0].2[0] = 5.0;
    assert_eq!(digest(&weights.with("general.name", Meta::Text("another".to_owned())).bytes()), own);
    let mut order = model();
    order.metadata.reverse();
    assert_eq!(digest(&order.bytes()), own);
    assert_ne!(digest(&model().with("tokenizer.ggml.add_bos_token", Meta::Flag(false)).bytes()), own);
}

#[test]
fn a_long_text_is_cut() {
    let long = "\u{20ac}".repeat(1000);
    let (_folder, path) = written(&model().with("general.description", Meta::Text(long)).bytes());
    let data = done(&harness().call("model.inspect", json!({ "model": path }))).1;
    assert_eq!(
        data["metadata"]["general.description"],
        format!("{}... (3000 bytes)", "\u{20ac}".repeat(200))
    );
}

#[test]
fn an_adapter_is_described() {
    let data = done(&harness().call("model.inspect", json!({ "model": lora_path() }))).1;
    assert_eq!((&data["kind"], &data["layers"]), (&json!("adapter"), &json!(null)));
}
