//! Checking documents, beside the tools that people use for it, and the ledger.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::Options;
use crate::scenarios::{Row, Target};
use crate::times::Times;

/// Small contracts in a folder and in one file, and receipts for a ledger.
pub(crate) struct Documents {
    folder: PathBuf,
    lines: PathBuf,
    receipts: PathBuf,
    schema: PathBuf,
    count: usize,
}

impl Documents {
    pub(crate) fn make(options: &Options) -> Result<Self> {
        let count = if options.quick { 1_000 } else { 10_000 };
        let out = &options.out;
        let made = Self {
            folder: out.join("contracts"),
            lines: out.join("contracts.ndjson"),
            receipts: out.join("receipts.ndjson"),
            schema: out.join("workstation-contract.v0.1.schema.json"),
            count,
        };
        let _ = std::fs::remove_dir_all(&made.folder);
        std::fs::create_dir_all(&made.folder)?;
        let (mut lines, mut receipts) = (String::new(), String::new());
        for number in 0..count {
            let text = contract(number);
            std::fs::write(made.folder.join(format!("{number:05}.json")), &text)?;
            writeln!(lines, "{}", text.replace('\n', " "))?;
            writeln!(receipts, "{}", receipt(number))?;
        }
        std::fs::write(&made.lines, lines)?;
        std::fs::write(&made.receipts, receipts)?;
        let runner = options.prefix.join("bin/contract-runner");
        let shown = Command::new(runner).args(["schema", "show", "workstation-contract.v0.1"]).output()?;
        std::fs::write(&made.schema, shown.stdout)?;
        Ok(made)
    }

    fn one(&self) -> PathBuf {
        self.folder.join("00000.json")
    }
}

/// A lane with two steps, one of them with a command that rules look into.
fn contract(number: usize) -> String {
    format!(
        r#"{{
  "api_version": "workstation-contracts.socios.io/v0.1",
  "kind": "WorkstationContract",
  "metadata": {{ "id": "bench-{number}", "name": "A small lane" }},
  "spec": {{
    "lanes": [
      {{
        "name": "check",
        "backend": {{ "type": "pixi", "pixi": {{ "manifest_path": "pixi.toml", "lock_path": "pixi.lock" }} }},
        "steps": [
          {{ "name": "test", "run": "pixi run test --jobs 2" }},
          {{ "name": "plan", "run": "sourceosctl agent-machine mounts plan --dev-root ~/dev/project-{number}" }}
        ],
        "evidence": {{ "emit": ["env.fingerprint", "agent-machine.mount.evidence"] }}
      }}
    ]
  }}
}}"#
    )
}

fn receipt(number: usize) -> String {
    let hash = format!("sha256:{number:064x}");
    format!(
        r#"{{"id":"urn:srcos:inference-receipt:bench-{number}","type":"InferenceReceipt","specVersion":"2.1.0","issuedAt":"2026-05-04T12:51:00Z","providerDaemon":"inferenced","tier":"T1","baseModelDigest":"{hash}","tokenizerDigest":"{hash}","task":"chat.completion","inputHash":"{hash}","inputTokenCount":{number},"outputHash":"{hash}","outputTokenCount":48,"dataResidencyClass":"on_device_only","escalatedFrom":null,"escalationChain":[],"computeDevice":"cpu","latencyMs":812}}"#
    )
}

/// From start to exit of a command that must end with 0.
fn time(command: &mut Command) -> Result<Duration> {
    let start = Instant::now();
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let status = status.with_context(|| format!("{command:?}"))?;
    let elapsed = start.elapsed();
    ensure!(status.success(), "{command:?}: {status}");
    Ok(elapsed)
}

/// A tool of others: how it is called, when it is there.
struct Peer {
    name: &'static str,
    one: Vec<String>,
    all: Vec<String>,
}

/// The peers that are on PATH.
fn peers(documents: &Documents) -> Vec<Peer> {
    let schema = documents.schema.display().to_string();
    let all: Vec<String> = (0..documents.count)
        .map(|n| documents.folder.join(format!("{n:05}.json")).display().to_string())
        .collect();
    let one = all[0].clone();
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let with = |mut start: Vec<String>, rest: &[String]| {
        start.extend_from_slice(rest);
        start
    };
    let python = words(&["check-jsonschema", "--schemafile", &schema]);
    let node = words(&["ajv", "validate", "--spec=draft2020", "-c", "ajv-formats", "-s", &schema, "-d"]);
    let pattern = format!("{}/*.json", documents.folder.display());
    let known = vec![
        Peer {
            name: "check-jsonschema",
            one: with(python.clone(), std::slice::from_ref(&one)),
            all: with(python, &all),
        },
        Peer {
            name: "ajv",
            one: with(node.clone(), std::slice::from_ref(&one)),
            all: with(node, &[pattern]),
        },
    ];
    known.into_iter().filter(|peer| time(&mut command(&peer.one)).is_ok()).collect()
}

fn command(words: &[String]) -> Command {
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]);
    command
}

pub(crate) fn rows(options: &Options) -> Result<Vec<Row>> {
    let documents = Documents::make(options)?;
    let runner = options.prefix.join("bin/contract-runner");
    let validate = |path: &Path| {
        let mut command = Command::new(&runner);
        command.arg("validate").arg(path);
        command
    };
    let peers = peers(&documents);
    let mut times = Times::default();
    for round in 1..=options.rounds {
        eprintln!("documents, round {round} of {}", options.rounds);
        for _ in 0..20 {
            times.add("one", time(&mut validate(&documents.one()))?);
        }
        times.add("files", time(&mut validate(&documents.folder))?);
        times.add("lines", time(&mut validate(&documents.lines))?);
        for peer in &peers {
            times.add(&format!("{} one", peer.name), time(&mut command(&peer.one))?);
            times.add(&format!("{} files", peer.name), time(&mut command(&peer.all))?);
        }
        ledger(options, &documents, &runner, &mut times)?;
    }
    Ok(table(&documents, &peers, &times))
}

fn table(documents: &Documents, peers: &[Peer], times: &Times) -> Vec<Row> {
    let seconds = |name: &str| times.seconds(name);
    #[expect(clippy::cast_precision_loss, reason = "a number of files")]
    let count = documents.count as f64;
    let row = |what, value, unit, against, target| Row { what, value, unit, against, target };
    let mut rows = vec![
        row("one contract, exec to exit", seconds("one") * 1e3, "ms", None, Some(Target::AtMost(3.0))),
        row(
            "contracts a second, one a file",
            count / seconds("files"),
            "/s",
            None,
            Some(Target::AtLeast(50_000.0)),
        ),
        row(
            "contracts a second, one a line",
            count / seconds("lines"),
            "/s",
            None,
            Some(Target::AtLeast(50_000.0)),
        ),
    ];
    for peer in peers {
        let other = (peer.name, seconds(&format!("{} one", peer.name)) * 1e3);
        let faster = Some(Target::FasterAtLeast(20.0));
        rows.push(row("one contract, and another tool", seconds("one") * 1e3, "ms", Some(other), faster));
        let other = (peer.name, seconds(&format!("{} files", peer.name)) * 1e3);
        rows.push(row(
            "10,000 contracts, and another tool",
            seconds("files") * 1e3,
            "ms",
            Some(other),
            faster,
        ));
    }
    rows.extend([
        row(
            "receipts appended a second, no sync",
            count / seconds("append"),
            "/s",
            None,
            Some(Target::AtLeast(50_000.0)),
        ),
        row(
            "a receipt appended, synced",
            seconds("append synced") * 1e3,
            "ms",
            Some(("the sync alone", seconds("sync") * 1e3)),
            Some(Target::RatioAtMost(1.11)),
        ),
        row(
            "receipts verified a second",
            count / seconds("verify"),
            "/s",
            None,
            Some(Target::AtLeast(200_000.0)),
        ),
    ]);
    rows
}

/// Receipts that are appended and synced one by one.
const SYNCED: u32 = 200;

fn ledger(options: &Options, documents: &Documents, runner: &Path, times: &mut Times) -> Result<()> {
    let ledger = options.out.join("ledger.ndjson");
    let few = options.out.join("few.ndjson");
    let text = std::fs::read_to_string(&documents.receipts)?;
    let lines: Vec<&str> = text.lines().take(SYNCED as usize).collect();
    std::fs::write(&few, lines.join("\n"))?;
    let fresh = || {
        for name in ["ledger.ndjson", "ledger.ndjson.head"] {
            let _ = std::fs::remove_file(options.out.join(name));
        }
    };
    let append = |receipts: &Path, more: &[&str]| {
        let mut command = Command::new(runner);
        command.args(["ledger", "append"]).arg(&ledger).arg(receipts).args(more);
        time(&mut command)
    };
    fresh();
    times.add("append", append(&documents.receipts, &["--no-sync"])?);
    times.add("verify", time(Command::new(runner).args(["ledger", "verify"]).arg(&ledger))?);
    fresh();
    times.add("append synced", append(&few, &[])? / SYNCED);
    times.add("sync", syncs(options, lines.len())? / SYNCED);
    Ok(())
}

/// So many lines of the same length, each written and synced, and nothing else.
fn syncs(options: &Options, count: usize) -> Result<Duration> {
    let path = options.out.join("synced-lines");
    let mut file = std::fs::File::create(&path)?;
    let line = [b'x'; 760];
    let start = Instant::now();
    for _ in 0..count {
        file.write_all(&line)?;
        file.sync_data()?;
    }
    Ok(start.elapsed())
}
