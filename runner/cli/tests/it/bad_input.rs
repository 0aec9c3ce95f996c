//! What cannot be used is refused before anything starts: the place and the mend are named.

use crate::command::{Bench, python};

fn refused(bench: &Bench, arguments: &[&str], status: i32, words: &[&str]) {
    let done = bench.run(arguments.iter().copied().chain(["--out", "out"]));
    done.expect(status);
    for word in words {
        done.says(word);
    }
    assert!(done.stdout.is_empty());
    assert!(
        !bench.path("out/run-receipt.json").exists() && !bench.path("out/ipc-transcript.ndjson").exists()
    );
}

#[test]
fn an_unknown_adapter() {
    refused(&Bench::new(), &["run", "--adapter", "nosuch"], 2, &["ADAPTER_NOT_FOUND", "`nosuch`", "do: "]);
    refused(&Bench::new(), &["run", "--adapter", ""], 2, &["ADAPTER_NOT_FOUND", "empty"]);
    refused(&Bench::new(), &["run", "--adapter", "'x"], 2, &["ADAPTER_NOT_FOUND", "quotes"]);
}

#[test]
fn a_script_or_interpreter_that_is_not_there() {
    let bench = Bench::new();
    refused(
        &bench,
        &["run", "--adapter", &format!("{} gone.py", python())],
        2,
        &["ADAPTER_NOT_FOUND", "gone.py"],
    );
    bench.write("script", "#!/no/such/interpreter\n");
    refused(&bench, &["run", "--adapter", "./script"], 2, &["script", "not executable"]);
}

#[test]
fn arguments_that_are_no_json_object() {
    let bench = Bench::new();
    for (text, words) in [
        ("{\"a\":", "args:1:6"),
        ("[1]", "not a JSON object"),
        ("{\"a\":1,\"a\":2}", "args:1:"),
        ("{\"a\":NaN}", "args:1:6"),
        // Its canonical form is 100000000000000000000, which no adapter would take (R4).
        ("{\"a\":[1e20]}", "args: a number that is a whole one"),
    ] {
        refused(
            &bench,
            &["run", "--adapter", "text-caps", "--args", text],
            2,
            &["CONTRACT_INPUT_UNREADABLE", words],
        );
    }
    refused(&bench, &["run", "--adapter", "text-caps", "--args-file", "gone.json"], 2, &["gone.json"]);
    bench.write("calls.ndjson", "{\"args\":{}}\n{\"arguments\":{}}\n");
    refused(&bench, &["run", "--adapter", "text-caps", "--batch", "calls.ndjson"], 2, &["calls.ndjson:2"]);
    bench.write("wide.ndjson", "{\"args\":{\"a\":1e20}}\n");
    refused(&bench, &["run", "--adapter", "text-caps", "--batch", "wide.ndjson"], 2, &["wide.ndjson:1"]);
    bench.write("empty.ndjson", "\n");
    refused(&bench, &["run", "--adapter", "text-caps", "--batch", "empty.ndjson"], 2, &["no call in it"]);
}

#[test]
fn arguments_against_the_schema() {
    let bench = Bench::new();
    bench.write(
        "a/adapter.json",
        r#"{"v":"adapter.v0","name":"a","version":"1","command":["/bin/cat"],"operations":[{"name":"x.y",
            "inputSchema":{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}}]}"#,
    );
    refused(
        &bench,
        &["run", "--adapter", "./a", "--args", "{\"n\":\"1\"}"],
        2,
        &["CONTRACT_ARGS_INVALID", "/n"],
    );
    refused(&bench, &["run", "--adapter", "./a", "--op", "x.z"], 2, &["CONTRACT_OP_NOT_OFFERED", "--op x.y"]);
}

#[test]
fn a_manifest_that_cannot_be_read() {
    let bench = Bench::new();
    bench.write("a/adapter.json", "{\"v\":\"adapter.v0\",\n \"name\": }");
    refused(&bench, &["run", "--adapter", "./a"], 2, &["ADAPTER_MANIFEST_INVALID", "adapter.json:2:10"]);
    bench.write(
        "a/adapter.json",
        r#"{"v":"adapter.v0","name":"a","version":"1","command":["x"],"operations":[],"more":1}"#,
    );
    refused(&bench, &["run", "--adapter", "./a"], 2, &["ADAPTER_MANIFEST_INVALID", "more"]);
}

#[test]
fn a_right_that_leaves_its_root_or_is_none() {
    let bench = Bench::new();
    bench.write("here/file", "");
    std::os::unix::fs::symlink("/etc", bench.path("link")).unwrap();
    for (right, words) in [
        ("read=../..", "leaves"),
        ("read=link", "through a link"),
        ("read=gone", "does not exist"),
        ("reed=/x", "`reed` is unknown"),
        ("connect=nowhere", "HOST:PORT"),
        ("env=NOT_SET_ANYWHERE", "no such variable"),
    ] {
        refused(
            &bench,
            &["run", "--adapter", "text-caps", "--text", "a", "--allow", right],
            2,
            &["CONTRACT_USAGE", words],
        );
    }
}

#[test]
fn flags_that_contradict_each_other() {
    let bench = Bench::new();
    for flags in [
        &["--text", "a", "--args", "{}"][..],
        &["--batch", "x", "--repeat", "2"],
        &["--batch", "x", "--text", "a"],
        &["-q", "-v"],
        &["--repeat", "0"],
        &["--in-flight", "0"],
        &["--in-flight", "65"],
        &["--limit", "memory=lots"],
        &["--limit", "patience=1s"],
        &["--accept-gap", "everything"],
        &["--seed", "1234"],
        &["--sandbox-max-abi", "0"],
        &["--max-line-bytes", "12"],
        &["--no-sandbox"],
    ] {
        let arguments: Vec<_> = ["run", "--adapter", "text-caps"].iter().chain(flags).copied().collect();
        refused(&bench, &arguments, 2, &["error"]);
    }
}

#[test]
fn a_grant_that_is_missing_expired_or_for_another_adapter() {
    let bench = Bench::new();
    let grant = |expires: &str, adapter: &str| {
        format!(
            r#"{{"v":"grant.v0","issuer":"ops","subject":{{"adapter":"{adapter}"}},"rights":[],"expires":"{expires}"}}"#
        )
    };
    let run = ["run", "--adapter", "text-caps", "--text", "a", "--grant", "g.json"];
    refused(&bench, &run, 2, &["POLICY_GRANT_INVALID", "g.json"]);
    bench.write("g.json", &grant("2001-01-01T00:00:00Z", "text-caps"));
    refused(&bench, &run, 3, &["POLICY_GRANT_UNUSABLE", "expired"]);
    bench.write("g.json", &grant("2999-01-01T00:00:00Z", "other"));
    refused(&bench, &run, 3, &["POLICY_GRANT_UNUSABLE", "other"]);
    let denied = bench.text("out/denied-receipt.json");
    assert!(denied.contains("\"status\":\"denied\"") && denied.contains("POLICY_GRANT_UNUSABLE"), "{denied}");
    bench.write("g.json", &grant("2999-01-01T00:00:00Z", "text-caps"));
    bench.run(run.iter().chain(&["--require-grant"])).expect(0);
    refused(
        &bench,
        &["run", "--adapter", "text-caps", "--text", "a", "--allow", "processes=2", "--require-grant"],
        3,
        &["POLICY_GRANT_REQUIRED", "processes=2"],
    );
}

#[test]
fn what_a_manifest_asks_for_and_nobody_granted() {
    let bench = Bench::new();
    let asks = crate::command::repository().join("conformance/hostile/adapters/asks");
    let adapter = asks.to_str().unwrap();
    refused(
        &bench,
        &["run", "--adapter", adapter],
        3,
        &["POLICY_DENIED", "--allow read=/etc --allow processes=4"],
    );
    assert!(bench.path("out/denied-receipt.json").exists());
}

#[test]
fn an_output_folder_that_is_not_ours_or_cannot_be_written() {
    let bench = Bench::new();
    bench.write("mine/thesis.txt", "dear");
    let run = |out: &str| bench.run(["run", "--adapter", "text-caps", "--text", "a", "--out", out]);
    run("mine").expect(2).says("CONTRACT_OUT_NOT_OURS").says("thesis.txt");
    assert_eq!(bench.text("mine/thesis.txt"), "dear");
    bench.write("file", "");
    run("file").expect(2).says("CONTRACT_OUT_UNWRITABLE");
    run("/proc/nothing").expect(2).says("CONTRACT_OUT_UNWRITABLE");
}

#[test]
fn everything_granted_leaves_nothing_to_show_the_sandbox_with() {
    let bench = Bench::new();
    refused(
        &bench,
        &["run", "--adapter", "text-caps", "--text", "a", "--allow", "read=/"],
        3,
        &["SANDBOX_NOT_ENFORCED", "Grant less"],
    );
}
