//! A granted secret is in no file and no output of a run.

use crate::command::{Bench, Done, done, hostile, repository};

const SECRET: &str = "s3cr\"et/to ken+\u{fc}\\n!";

fn run(bench: &Bench, op: &str, more: &[&str]) -> Done {
    let adapters = format!("read={}", repository().join("conformance/hostile/adapters").display());
    let adapter = hostile("tells_secret");
    let fixed = [
        "run",
        "--adapter",
        &adapter,
        "--op",
        op,
        "--out",
        "out",
        "--keep-wire",
        "-v",
        "--allow",
        &adapters,
        "--allow",
        "env=API_TOKEN",
    ];
    let output = bench.command(fixed.iter().chain(more)).env("API_TOKEN", SECRET).output().unwrap();
    done(&output)
}

/// Each form in which the secret could be read by someone.
fn forms() -> Vec<Vec<u8>> {
    let json = serde_json::to_string(SECRET).unwrap();
    let twice = serde_json::to_string(&json).unwrap();
    let percent: String = SECRET
        .bytes()
        .map(|b| {
            if b.is_ascii_alphanumeric() || b"-_.~".contains(&b) {
                char::from(b).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect();
    let inner = |text: &str| text.as_bytes()[1..text.len() - 1].to_vec();
    let mut forms = vec![SECRET.as_bytes().to_vec(), inner(&json), inner(&twice), percent.into_bytes()];
    // The middle of its base64 at each of the three alignments.
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for shift in 0..3 {
        let mut bytes = vec![0; shift];
        bytes.extend_from_slice(SECRET.as_bytes());
        let text: Vec<u8> = bytes
            .chunks_exact(3)
            .flat_map(|c| {
                let n = u32::from(c[0]) << 16 | u32::from(c[1]) << 8 | u32::from(c[2]);
                [18, 12, 6, 0].map(|s| ALPHABET[(n >> s & 63) as usize])
            })
            .collect();
        forms.push(text[4..text.len() - 4].to_vec());
    }
    forms
}

fn nowhere(bench: &Bench, done: &Done) {
    let mut all = done.stdout.clone().into_bytes();
    all.extend_from_slice(done.stderr.as_bytes());
    for entry in std::fs::read_dir(bench.path("out")).unwrap().flatten() {
        all.extend(std::fs::read(entry.path()).unwrap());
    }
    for form in forms() {
        let found = all.windows(form.len()).position(|part| part == form);
        assert_eq!(found, None, "{} is in the evidence or the output", String::from_utf8_lossy(&form));
    }
    assert!(all.windows(20).any(|part| part == b"[redacted:API_TOKEN]"));
}

#[test]
fn told_in_a_result_and_in_progress() {
    let bench = Bench::new();
    let done = run(&bench, "x.y", &[]);
    done.expect(0);
    nowhere(&bench, &done);
    bench.run(["verify", "out"]).expect(0);
    let done = run(&bench, "x.y", &["--format", "json"]);
    nowhere(&bench, &done);
}

#[test]
fn told_in_an_error_or_on_stdout() {
    let bench = Bench::new();
    for op in ["x.fail", "x.print"] {
        let done = run(&bench, op, &[]);
        done.expect(4);
        nowhere(&bench, &done);
    }
}

#[test]
fn one_that_is_too_short_is_refused() {
    let bench = Bench::new();
    let output = bench
        .command(["run", "--adapter", "text-caps", "--text", "a", "--allow", "env=PIN", "--out", "out"])
        .env("PIN", "1234")
        .output()
        .unwrap();
    done(&output).expect(2).says("shorter than 8 bytes");
}
