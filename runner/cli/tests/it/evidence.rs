//! verify, replay, compare.

use serde_json::json;

use crate::command::{Bench, python, repository, skipped};

fn small_run(bench: &Bench, out: &str) {
    bench.run(["run", "--adapter", "text-caps", "--text", "größe", "--out", out, "-q"]).expect(0);
}

#[test]
fn verify_tells_consistent_verified_mismatch_and_unverifiable_apart() {
    let bench = Bench::new();
    small_run(&bench, "a");
    let digest = bench.receipt("a")["digests"]["receipt"]["blake3"].as_str().unwrap().to_owned();
    assert!(bench.run(["verify", "a"]).expect(0).stdout.starts_with("consistent (unsigned) blake3:"));
    let expected = format!("blake3:{digest}");
    assert!(
        bench.run(["verify", "a", "--expect-digest", &expected]).expect(0).stdout.starts_with("verified ")
    );
    let other = format!("blake3:{}", "0".repeat(64));
    assert!(bench.run(["verify", "a", "--expect-digest", &other]).expect(1).stdout.starts_with("mismatch"));
    bench.run(["verify", "a", "--expect-digest", "md5:0"]).expect(2);
    bench.run(["verify", "nothing"]).expect(6);
    std::fs::remove_file(bench.path("a/ipc-transcript.ndjson")).unwrap();
    bench.run(["verify", "a"]).expect(6);
}

#[test]
fn a_flipped_byte_anywhere_is_found() {
    let bench = Bench::new();
    small_run(&bench, "a");
    for file in ["a/ipc-transcript.ndjson", "a/run-receipt.json"] {
        let bytes = std::fs::read(bench.path(file)).unwrap();
        for at in (0..bytes.len()).step_by(bytes.len() / 25) {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            std::fs::write(bench.path(file), &changed).unwrap();
            let done = bench.run(["verify", "a"]);
            assert!([1, 6].contains(&done.status), "{file} byte {at}: {}", done.stdout);
        }
        std::fs::write(bench.path(file), &bytes).unwrap();
    }
    bench.run(["verify", "a"]).expect(0);
}

#[test]
fn replay_runs_again_and_finds_a_changed_adapter() {
    let bench = Bench::new();
    small_run(&bench, "a");
    bench.run(["replay", "a"]).expect(0);
    let source = "import json, sys\n\
        for text in sys.stdin:\n    m = json.loads(text)\n    n = globals().get('n', 0) + 1\n\
        \x20   def send(t, p, r=None):\n        global n\n        n += 1\n        print(json.dumps({'v': 'ipc.v0', 'id': f'adapter-{n}', 'ts': '2026-01-01T00:00:00Z', 'type': t, 'payload': p} | ({'replyTo': r} if r else {})), flush=True)\n\
        \x20   if m['type'] == 'hello':\n        send('hello_ack', {'selected': 'ipc.v0'}, m['id'])\n        send('capabilities', {'adapter': {'name': 'a', 'version': '1'}, 'capabilities': [{'name': 'x.y'}]})\n\
        \x20   if m['type'] == 'invoke':\n        send('result', {'ok': True, 'data': {'answer': 41}}, m['id'])\n";
    bench.write("mine.py", source);
    let adapter = format!("{} mine.py", python());
    bench.run(["run", "--adapter", &adapter, "--repeat", "3", "--out", "b", "-q"]).expect(0);
    bench.run(["replay", "b", "--out", "again"]).expect(0);
    bench.run(["verify", "again"]).expect(0);
    bench.write("mine.py", &format!("{source}# The same answers by another program.\n"));
    bench.run(["replay", "b"]).expect(1).says("the adapter's files are not those");
    bench.write("mine.py", &source.replace("41", "42"));
    let done = bench.run(["replay", "b"]);
    assert!(done.expect(1).stdout.contains("/payload/data/answer: 41 | 42"), "{}", done.stdout);
    bench.run(["compare", "b", "a"]).expect(1);
    bench.run(["compare", "b", "nothing"]).expect(6);
}

#[test]
fn a_failed_run_can_be_replayed_too() {
    let bench = Bench::new();
    bench.run_hostile("error_reply", "").expect(4);
    let allow = format!("read={}", repository().join("conformance/hostile/adapters").display());
    bench.run(["replay", "out", "--allow", &allow]).expect(0);
}

#[test]
fn a_receipt_grants_nothing_to_a_replay() {
    let bench = Bench::new();
    bench.write("granted files/a", "x");
    let grant = json!({
        "v": "grant.v0", "issuer": "me", "subject": {"adapter": "text-caps"},
        "rights": [], "expires": "2100-01-01T00:00:00Z",
    });
    bench.write("grant.json", &grant.to_string());
    let flags = [
        ["--max-line-bytes", "20000000"],
        ["--allow", "write=granted files"],
        ["--limit", "memory=2GiB"],
        ["--grant", "grant.json"],
    ];
    let run = ["run", "--adapter", "text-caps", "--text", "a", "--out", "a", "-q"];
    bench.run(run.iter().chain(flags.as_flattened())).expect(0);
    let missing =
        "--max-line-bytes 20000000 --allow 'write=granted files' --limit memory=2GiB --grant grant.json";
    bench.run(["replay", "a"]).expect(3).says("a receipt grants nothing").says(missing);
    for left_out in 0..flags.len() {
        let mut flags = flags.to_vec();
        let [name, _] = flags.remove(left_out);
        bench.run(["replay", "a"].iter().chain(flags.as_flattened())).expect(3).says(name);
    }
    bench.run(["replay", "a"].iter().chain(flags.as_flattened())).expect(0);
}

#[test]
fn the_receipt_names_the_five_parts_of_authority_and_what_is_open() {
    let bench = Bench::new();
    bench.write("data/x", "");
    bench
        .run([
            "run",
            "--adapter",
            "text-caps",
            "--text",
            "a",
            "--allow",
            "read=data",
            "--limit",
            "total=9s",
            "--out",
            "o",
        ])
        .expect(0);
    let receipt = bench.receipt("o");
    let authority = &receipt["authority"];
    assert_eq!(authority["delegation"]["by"], "local-operator");
    assert_eq!(authority["scope"][0], "read=${ROOT}/data");
    assert_eq!(authority["budget"]["totalMs"], 9000);
    assert_eq!(authority["policyProfile"], "airgapped_local_only");
    assert_eq!(authority["audit"]["receipt"], "run-receipt.json");
    let sandbox = &receipt["sandbox"];
    assert_eq!(sandbox["requested"].as_array().unwrap().len(), sandbox["enforced"].as_array().unwrap().len());
    assert!(!sandbox["notCovered"].as_array().unwrap().is_empty());
    bench
        .run(["run", "--adapter", "text-caps", "--text", "a", "--allow", "connect=127.0.0.1:9", "--out", "o"])
        .expect(0);
    assert_eq!(bench.receipt("o")["authority"]["policyProfile"], "local_with_granted_network");
}

#[test]
fn a_disk_that_fills_up_leaves_no_receipt_and_shows_it() {
    if !rustix::process::geteuid().is_root() {
        skipped("only root can mount the small file system for this");
        return;
    }
    let bench = Bench::new();
    std::fs::create_dir(bench.path("small")).unwrap();
    let line = format!(
        "mount -t tmpfs -o size=600k small small && {} run --adapter echo --op echo --args '{{\"t\":\"{}\"}}' --repeat 400 --out small/o >/dev/null; s=$?; ls small/o; exit $s",
        env!("CARGO_BIN_EXE_contract-runner"),
        "x".repeat(2000)
    );
    let output = std::process::Command::new("/usr/bin/unshare")
        .args(["-m", "/bin/sh", "-c", &line])
        .current_dir(bench.path("."))
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .output()
        .unwrap();
    let done = crate::command::done(&output);
    done.expect(74).says("CONTRACT_EVIDENCE_FAILED").says("\"run-receipt.v0\"");
    assert!(!done.stdout.contains("run-receipt.json"), "{}", done.stdout);
}
