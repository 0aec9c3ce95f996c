//! Files that are no models, or not ones that can be used.

use serde_json::{Value, json};

use crate::calls::{done, failed, harness};
use crate::model_file::{GgufFile, Meta, lora_path, model, written};

/// What `inference.generate` and `model.inspect` say of a file.
fn refused(bytes: &[u8]) -> (String, String, Value) {
    let (_folder, path) = written(bytes);
    let mut session = harness();
    let inspected = failed(&session.call("model.inspect", json!({ "model": path })));
    let called = session.call("inference.generate", json!({ "model": path, "prompt": "a" }));
    assert_eq!(failed(&called), inspected, "both read it with the same reader");
    let (code, message, details) = inspected;
    (code, message.replace(&path, "FILE"), details)
}

/// What loading says of a file that the reader takes.
fn not_loaded(file: &GgufFile) -> (String, String) {
    let (_folder, path) = written(&file.bytes());
    let called = harness().call("inference.generate", json!({ "model": path, "prompt": "a" }));
    let (code, message, _) = failed(&called);
    (code, message.replace(&path, "FILE"))
}

#[test]
fn what_is_no_gguf_file_is_named_with_its_place() {
    for (bytes, at, says) in [
        (&b""[..], 0, "4 bytes are announced, and the file has 0 more"),
        (b"GGML and more", 0, "does not begin with `GGUF`"),
        (b"GGUF\x01\0\0\0........................", 4, "version 1"),
        (b"GGUF\0\0\0\x03........................", 4, "big-endian"),
        (
            b"GGUF\x03\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\0\0\0\0",
            8,
            "18446744073709551615 tensors",
        ),
    ] {
        let (code, message, details) = refused(bytes);
        assert_eq!((code.as_str(), &details["at"]), ("ADAPTER_MODEL_INVALID", &json!(at)), "{message}");
        assert!(message.contains(says), "{message}");
    }
}

#[test]
fn a_file_that_was_cut_is_named_with_the_tensor() {
    let bytes = model().bytes();
    let (code, message, details) = refused(&bytes[..bytes.len() - 1]);
    assert_eq!((code.as_str(), &details["within"]), ("ADAPTER_MODEL_INVALID", &json!("output_norm.weight")));
    assert!(message.contains("it was cut"), "{message}");
}

#[test]
fn every_cut_of_the_head_is_an_error_with_a_place() {
    let bytes = model().bytes();
    let mut session = harness();
    for end in (0..6000).step_by(37) {
        let (_folder, path) = written(&bytes[..end]);
        let (code, _, details) = failed(&session.call("model.inspect", json!({ "model": path })));
        assert_eq!(code, "ADAPTER_MODEL_INVALID");
        assert!(details["at"].as_u64().unwrap() <= end as u64);
    }
}

#[test]
fn lies_about_sizes_cost_nothing() {
    // A text of 2^60 bytes, an array of 2^60 numbers, a tensor of 2^62 elements.
    let head = |entries: u64| {
        let mut bytes = b"GGUF\x03\0\0\0\0\0\0\0\0\0\0\0".to_vec();
        bytes.extend(entries.to_le_bytes());
        bytes
    };
    let mut long_key = head(1);
    long_key.extend((1_u64 << 60).to_le_bytes());
    assert!(refused(&long_key).1.contains("a text of 1152921504606846976 bytes"));
    let mut array = head(1);
    array.extend(1_u64.to_le_bytes());
    array.extend(b"a\x09\0\0\0\x06\0\0\0");
    array.extend((1_u64 << 22).to_le_bytes());
    let (_, message, details) = refused(&array);
    assert!(message.contains("16777216 bytes are announced, and the file has 0 more"), "{message}");
    assert_eq!(details["within"], "a");
}

#[test]
fn what_is_there_twice_or_in_disorder_is_refused() {
    let mut twice = model();
    twice.metadata.push(("general.name".to_owned(), Meta::Text("again".to_owned())));
    assert!(refused(&twice.bytes()).1.contains("in `general.name`: the key is there twice"));
    let mut tensors = model();
    tensors.tensors[1].0 = tensors.tensors[2].0.clone();
    assert!(refused(&tensors.bytes()).1.contains("two tensors of this name"));
    let mut shapeless = model();
    shapeless.tensors[0].1 = vec![0, 4];
    assert!(refused(&shapeless.bytes()).1.contains("cannot have the shape [0, 4]"));
    for bad in [Meta::U32(3), Meta::U32(0), Meta::U32(1 << 30), Meta::Text("32".to_owned())] {
        assert!(refused(&model().with("general.alignment", bad).bytes()).1.contains("general.alignment"));
    }
}

#[test]
fn numbers_that_make_no_sense_are_refused_before_llama_cpp_divides_by_them() {
    for key in
        ["attention.head_count", "embedding_length", "block_count", "context_length", "feed_forward_length"]
    {
        for number in [0, u32::MAX] {
            let (code, message, _) =
                refused(&model().with(&format!("llama.{key}"), Meta::U32(number)).bytes());
            assert_eq!(code, "ADAPTER_MODEL_INVALID");
            assert!(message.contains(key) && message.contains(&number.to_string()), "{message}");
        }
    }
    assert!(refused(&model().without("general.architecture").bytes()).1.contains("names no architecture"));
}

#[test]
fn a_token_that_is_there_twice_is_refused() {
    let tokens = ["a", "b", "", "", "a"].map(str::to_owned).to_vec();
    let (code, message, _) = refused(&model().with("tokenizer.ggml.tokens", Meta::Texts(tokens)).bytes());
    assert_eq!(code, "ADAPTER_MODEL_INVALID");
    assert!(message.contains("its tokens 0 and 4 are the same"), "{message}");
}

#[test]
fn what_llama_cpp_says_is_passed_on() {
    let renamed = |to: &str| {
        let mut file = GgufFile { tensors: model().tensors, metadata: Vec::new() };
        for (key, value) in model().metadata {
            file.set(&key.replace("llama.", &format!("{to}.")), value);
        }
        file.with("general.architecture", Meta::Text(to.to_owned()))
    };
    let (code, message) = not_loaded(&renamed("unheardof"));
    assert_eq!(code, "ADAPTER_MODEL_UNSUPPORTED");
    assert!(message.contains("unheardof"), "{message}");

    let mut missing = model();
    missing.tensors.retain(|(name, ..)| name != "blk.0.attn_q.weight");
    let (code, message) = not_loaded(&missing);
    assert_eq!(code, "ADAPTER_MODEL_INVALID");
    assert!(message.contains("blk.0.attn_q.weight"), "{message}");
}

#[test]
fn files_that_are_not_there_or_no_files_are_unreadable() {
    for (path, says) in [
        ("/missing/model.gguf", "there is no such file"),
        ("model.gguf", "does not begin with /"),
        ("/dev/null", "no regular file"),
        ("/", "no regular file"),
    ] {
        for op in ["model.inspect", "inference.generate"] {
            let args = if op == "model.inspect" {
                json!({ "model": path })
            } else {
                json!({ "model": path, "prompt": "a" })
            };
            let (code, message, details) = failed(&harness().call(op, args));
            assert_eq!((code.as_str(), &details["path"]), ("ADAPTER_MODEL_UNREADABLE", &json!(path)));
            assert!(message.contains(says), "{message}");
        }
    }
}

#[test]
fn an_adapter_is_no_model() {
    let called = harness().call("inference.generate", json!({ "model": lora_path(), "prompt": "a" }));
    let (code, message, _) = failed(&called);
    assert_eq!(code, "ADAPTER_MODEL_UNSUPPORTED");
    assert!(message.contains("name its base as model"), "{message}");
}

#[test]
fn one_file_of_several_is_refused() {
    let (code, message, _) = refused(&model().with("split.count", Meta::U32(3)).bytes());
    assert_eq!(code, "ADAPTER_MODEL_UNSUPPORTED");
    assert!(message.contains("one of several files"), "{message}");
}

#[test]
fn a_model_larger_than_memory_is_refused_before_it_is_loaded() {
    // 4096 layers with 2^20 KV heads of width 16: an exabyte of KV cache.
    let file = model()
        .with("llama.attention.head_count_kv", Meta::U32(1 << 30))
        .with("llama.block_count", Meta::U32(4096));
    let (_folder, path) = written(&file.bytes());
    let called = harness().call("inference.generate", json!({ "model": path, "prompt": "a" }));
    let (code, message, details) = failed(&called);
    assert_eq!(code, "ADAPTER_MEMORY");
    assert!(details["estimateBytes"].as_u64().unwrap() > details["limitBytes"].as_u64().unwrap());
    assert!(message.contains("the memory of this machine"), "{message}");
    assert!(called.progress.is_empty());
}

#[test]
fn a_file_that_was_replaced_is_loaded_anew() {
    let (_folder, path) = written(&model().bytes());
    let mut session = harness();
    let args = json!({ "model": path, "prompt": "The quick", "maxTokens": 20 });
    let before = done(&session.call("inference.generate", args.clone())).1;
    let mut other = model();
    other.tensors[0].2.reverse();
    // Beside it and renamed, as files are replaced: what is mapped stays what it was.
    std::fs::write(format!("{path}.new"), other.bytes()).unwrap();
    std::fs::rename(format!("{path}.new"), &path).unwrap();
    let after = done(&session.call("inference.generate", args)).1;
    assert_ne!(before["text"], after["text"]);
}
