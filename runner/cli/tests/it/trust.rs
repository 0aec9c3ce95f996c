//! What an adapter brings along (manifest, links, programs) grants nothing.

use std::os::unix::fs::{PermissionsExt as _, symlink};

use serde_json::json;

use crate::command::{Bench, python};

/// An adapter in `a/` with this command, and something private beside it.
fn adapter(command: serde_json::Value) -> Bench {
    let bench = Bench::new();
    bench.write("private/secret.txt", "import nothing");
    bench.write("a/good.py", "");
    let manifest = json!({
        "v": "adapter.v0", "name": "a", "version": "1", "command": command, "operations": [{"name": "x.y"}],
    });
    bench.write("a/adapter.json", &manifest.to_string());
    bench
}

/// Everything that the run could read, write or execute.
fn profile(bench: &Bench) -> String {
    let profile = bench.receipt("out")["sandbox"]["profile"].clone();
    assert!(profile["read"].as_array().is_some_and(|paths| paths.len() > 2), "{profile}");
    profile.to_string()
}

#[test]
fn a_script_outside_of_the_manifests_folder_is_not_granted() {
    for script in ["../private/secret.txt", "./link.txt"] {
        let bench = adapter(json!([python(), "-u", script]));
        symlink(bench.path("private/secret.txt"), bench.path("a/link.txt")).unwrap();
        bench.run(["run", "--adapter", "./a", "--out", "out"]).expect(4);
        assert!(!profile(&bench).contains("secret"), "{script}: {}", profile(&bench));
    }
    // One that a person typed was meant.
    let bench = adapter(json!([python(), "./good.py"]));
    let typed = format!("{} private/secret.txt", python());
    bench.run(["run", "--adapter", &typed, "--out", "out"]).expect(4);
    assert!(profile(&bench).contains("secret.txt"));
}

#[test]
fn a_virtual_environment_names_no_folder_but_that_of_a_python() {
    let bench = adapter(json!(["./bin/python3", "./good.py"]));
    std::fs::create_dir(bench.path("a/bin")).unwrap();
    std::fs::copy(std::fs::canonicalize(python()).unwrap(), bench.path("a/bin/python3")).unwrap();
    let home = bench.path("private/bin");
    bench.write("a/pyvenv.cfg", &format!("home = {}\n", home.display()));
    bench.run(["run", "--adapter", "./a", "--out", "out"]).expect(4);
    assert!(!profile(&bench).contains("private"), "{}", profile(&bench));
}

#[test]
fn a_program_that_names_any_file_as_its_loader_does_not_get_it() {
    let bench = Bench::new();
    let mut program = std::fs::read("/bin/true").unwrap();
    let loader = b"/lib64/ld-linux-x86-64.so.2\0";
    let Some(at) = program.windows(loader.len()).position(|window| window == loader) else {
        return crate::command::skipped("/bin/true names another loader");
    };
    program[at..at + 12].copy_from_slice(b"/etc/passwd\0");
    let path = bench.path("helper");
    std::fs::write(&path, program).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    bench
        .run(["run", "--adapter", "text-caps", "--text", "a", "--allow", "exec=./helper", "--out", "out"])
        .expect(0);
    assert!(profile(&bench).contains("helper") && !profile(&bench).contains("/etc/passwd"));
    bench.run(["run", "--adapter", "./helper"]).expect(2).says("is no loader");
}

#[test]
fn the_evidence_is_out_of_reach_of_a_right_to_write() {
    let bench = Bench::new();
    let arguments = ["run", "--adapter", "text-caps", "--text", "a", "--allow", "write=."];
    bench.run(arguments).expect(2).says("covers the output folder");
    let elsewhere = tempfile::tempdir().unwrap();
    let out = elsewhere.path().join("out").display().to_string();
    bench.run(arguments.into_iter().chain(["--out", &out])).expect(0);
}

#[test]
fn a_lock_pins_every_file_that_the_command_names() {
    let bench = adapter(json!(["/bin/sh", "./run.sh", "./more.txt"]));
    bench.write(
        "a/run.sh",
        "read -r hello\nid=${hello#*\\\"id\\\":\\\"}; id=${id%%\\\"*}\n\
         echo '{\"v\":\"ipc.v0\",\"id\":\"adapter-1\",\"ts\":\"2026-01-01T00:00:00Z\",\"type\":\"hello_ack\",\"replyTo\":\"'$id'\",\"payload\":{\"selected\":\"ipc.v0\"}}'\n\
         echo '{\"v\":\"ipc.v0\",\"id\":\"adapter-2\",\"ts\":\"2026-01-01T00:00:00Z\",\"type\":\"capabilities\",\"payload\":{\"adapter\":{\"name\":\"a\",\"version\":\"1\"},\"capabilities\":[{\"name\":\"x.y\"}]}}'\n\
         read -r ack\n",
    );
    bench.write("a/more.txt", "one");
    bench.run(["adapter", "lock", "./a", "--out", "adapters.lock"]).expect(0);
    bench.write("a/more.txt", "two");
    bench.run(["run", "--adapter", "./a", "--lock", "adapters.lock"]).expect(3).says("its command changed");
}
