//! Adapters that send what the upstream reference adapters send run as they are. The other direction, our adapters under
//! the bytes of the upstream runner, is in adapters/text-caps/tests.

use crate::command::{Bench, python, repository};

#[test]
fn the_caps_adapter_runs_as_it_is() {
    let bench = Bench::new();
    let script = repository().join("conformance/upstream/caps.sh");
    let adapter = script.display().to_string();
    let done = bench.run(["run", "--adapter", &adapter, "--text", "hello", "--out", "out"]);
    assert_eq!(done.expect(0).stdout, "{\"text\":\"HELLO\"}\n");
    bench.run(["verify", "out"]).expect(0);
    let transcript = bench.text("out/ipc-transcript.ndjson");
    assert!(transcript.contains(
        r#""payload":{"adapter":{"name":"caps-adapter","version":"0.1.0"},"capabilities":[{"name":"text.caps","sideEffects":"none","timeouts":{"defaultMs":10000}}]}"#
    ));
    assert_eq!(bench.receipt("out")["exitCode"], 0);
}

#[test]
fn the_bridge_adapter_needs_the_side_effect_that_it_declares() {
    let bench = Bench::new();
    let script = repository().join("conformance/upstream/bridge.py");
    let adapter = format!("{} {}", python(), script.display());
    let arguments = ["run", "--adapter", &adapter, "--op", "remote.echo", "--args", "{\"a\":[1,null]}"];
    bench.run(arguments).expect(3).says("--allow side-effect=network");
    let done = bench.run(arguments.into_iter().chain(["--allow", "side-effect=network"]));
    assert_eq!(
        done.expect(0).stdout,
        "{\"args\":{\"a\":[1,null]},\"method\":\"echo\",\"skeletonMode\":true,\"transport\":\"tritrpc\"}\n"
    );
}
