//! Equal plans and equal answers leave equal evidence, whatever else differs.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;

use crate::command::{Bench, done, python, repository};

/// Runner, launcher and adapters copied elsewhere, and a folder that everyone may use.
fn elsewhere(bench: &Bench) -> std::path::PathBuf {
    let bin = bench.path("other place/bin");
    std::fs::create_dir_all(&bin).unwrap();
    let built = Path::new(env!("CARGO_BIN_EXE_contract-runner")).parent().unwrap();
    for name in ["contract-runner", "contract-launch", "adapter-text-caps"] {
        std::fs::copy(built.join(name), bin.join(name)).unwrap();
    }
    std::fs::copy(repository().join("conformance/hostile/adapters/clocks.py"), bin.join("clocks.py"))
        .unwrap();
    for folder in [bench.path("."), bench.path("other place")] {
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o777)).unwrap();
    }
    bin
}

fn evidence(bench: &Bench, out: &str) -> (String, serde_json::Value) {
    (bench.text(&format!("{out}/ipc-transcript.ndjson")), bench.receipt(out)["digests"]["subject"].clone())
}

fn same_everywhere(adapter: impl Fn(&Path) -> String, op: &str) {
    let bench = Bench::new();
    let bin = elsewhere(&bench);
    let built = Path::new(env!("CARGO_BIN_EXE_contract-runner")).parent().unwrap();
    let args = r#"{"text":"größe","n":1.0,"big":9007199254740993}"#;
    let here = if adapter(built).contains(".py") {
        adapter(&repository().join("conformance/hostile/adapters"))
    } else {
        adapter(built)
    };
    bench
        .run(["run", "--adapter", &here, "--op", op, "--args", args, "--repeat", "3", "--out", "one"])
        .expect(0);

    let mut command = std::process::Command::new(bin.join("contract-runner"));
    command
        .args([
            "run",
            "--adapter",
            &adapter(&bin),
            "--op",
            op,
            "--args",
            args,
            "--repeat",
            "3",
            "--out",
            "two",
        ])
        .current_dir(bench.path("other place"))
        .env_clear()
        .envs([
            ("PATH", "/usr/bin"),
            ("HOME", "/nowhere"),
            ("TZ", "Asia/Tokyo"),
            ("LANG", "tr_TR.UTF-8"),
            ("LC_ALL", "C"),
        ]);
    if rustix::process::geteuid().is_root() {
        command.uid(65534).gid(65534);
    }
    done(&command.output().unwrap()).expect(0);
    assert_eq!(evidence(&bench, "one"), evidence(&bench, "other place/two"));
    bench.run(["compare", "one", "other place/two"]).expect(0);
}

#[test]
fn a_rust_adapter_leaves_the_same_bytes_everywhere() {
    same_everywhere(|folder| format!("'{}/adapter-text-caps'", folder.display()), "text.caps");
}

#[test]
fn a_python_adapter_that_knows_no_seed_leaves_the_same_bytes_everywhere() {
    same_everywhere(|folder| format!("{} '{}/clocks.py'", python(), folder.display()), "x.y");
}

#[test]
fn each_single_change_changes_the_digest() {
    let bench = Bench::new();
    bench.write("data/file", "x");
    symlink(repository().join("conformance/hostile/adapters/clocks.py"), bench.path("clocks.py")).unwrap();
    bench.write("ab.ndjson", "{\"args\":{\"n\":1}}\n{\"args\":{\"n\":2}}\n");
    bench.write("ba.ndjson", "{\"args\":{\"n\":2}}\n{\"args\":{\"n\":1}}\n");
    let subject = |wishes: &str, flags: &str| {
        let adapter = format!("{} clocks.py {wishes}", python());
        let mut arguments = vec!["run", "--adapter", &adapter, "--out", "out", "-q"];
        arguments.extend(flags.split_whitespace());
        let done = bench.run(&arguments);
        assert!([0, 1, 4].contains(&done.status), "{wishes} {flags}: {}", done.stderr);
        bench.receipt("out")["digests"]["subject"]["blake3"].as_str().unwrap().to_owned()
    };
    let plain = "--args {\"n\":1}";
    let changes = [
        ("", plain.to_owned()),
        ("", "--args {\"n\":2}".to_owned()),
        ("", "--args {\"N\":1}".to_owned()),
        ("", format!("{plain} --op x.y")),
        ("", format!("{plain} --repeat 2")),
        ("", "--batch ab.ndjson".to_owned()),
        ("", "--batch ba.ndjson".to_owned()),
        ("half", plain.to_owned()),
        ("meta", plain.to_owned()),
        ("progress", plain.to_owned()),
        ("no", plain.to_owned()),
        ("fails", plain.to_owned()),
        ("fails-otherwise", plain.to_owned()),
        ("newer", plain.to_owned()),
        ("described", plain.to_owned()),
        ("", format!("{plain} --allow read=data")),
        ("", format!("{plain} --allow write=data")),
        ("", format!("{plain} --allow raw-tcp=9")),
        ("", format!("{plain} --limit memory=512MiB")),
        ("", format!("{plain} --limit total=5s")),
        ("", format!("{plain} --seed 00112233445566778899aabbccddeeff")),
        ("", format!("{plain} --accept-gap signals")),
    ];
    let digests: std::collections::BTreeMap<_, _> =
        changes.iter().map(|(wishes, flags)| (subject(wishes, flags), format!("{wishes} {flags}"))).collect();
    assert_eq!(digests.len(), changes.len(), "some changes are not seen; seen are {digests:#?}");
    // And the digest is no clock: the same again is the same.
    assert_eq!(subject("", plain), subject("", plain));
}

#[test]
fn what_is_not_in_the_digest() {
    let bench = Bench::new();
    symlink(repository().join("conformance/hostile/adapters/clocks.py"), bench.path("clocks.py")).unwrap();
    let adapter = format!("{} clocks.py", python());
    let subject = |out: &str, more: &[&str]| {
        bench.run(["run", "--adapter", &adapter, "--out", out, "-q"].iter().chain(more)).expect(0);
        bench.receipt(out)["digests"]["subject"].clone()
    };
    let one = subject("one", &[]);
    // How it was watched, and where its evidence lies.
    for more in [
        &["--keep-wire"][..],
        &["--format", "json"],
        &["--max-line-bytes", "1MiB"],
        &["--limit", "handshake=9s"],
    ] {
        assert_eq!(subject("another", more), one, "{more:?}");
    }
}
