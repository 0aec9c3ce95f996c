//! The digest of a large model file, beside other tools and beside reading alone.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::fs::{Advice, fadvise};
use serde_json::{Value, json};

use crate::Options;
use crate::runs::Run;
use crate::scenarios::{Row, Target};
use crate::times::median;

const MIB: usize = 1 << 20;

/// Whether the file is in memory before it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cache {
    Warm,
    Cold,
}

/// Something that reads a file from its beginning to its end.
struct Reader {
    name: &'static str,
    run: Run,
    warm: Vec<Duration>,
    cold: Vec<Duration>,
}

impl Reader {
    fn new(name: &'static str, run: Run) -> Self {
        Self { name, run, warm: Vec::new(), cold: Vec::new() }
    }

    fn time(&self, file: &Path, cache: Cache) -> Result<Duration> {
        if cache == Cache::Cold {
            // Pages that are on the disk are given up (posix_fadvise(2)).
            fadvise(std::fs::File::open(file)?, 0, None, Advice::DontNeed)?;
        }
        self.run.time()
    }
}

pub(crate) fn rows(options: &Options) -> Result<Vec<Row>> {
    let mib = if options.quick { 64 } else { 512 };
    let file = made(options, mib)?;
    let manifest = manifest(options, &file)?.display().to_string();
    let read = file.display().to_string();
    let verify = ["model", "verify", "--quiet", "--manifest", &manifest, &read];
    let known = [
        Reader::new("contract-runner", Run::runner(options, &verify)),
        Reader::new("cat", Run::of("cat", &[&read])),
        Reader::new("sha256sum", Run::of("sha256sum", &[&read])),
        Reader::new("openssl", Run::of("openssl", &["dgst", "-sha256", &read])),
    ];
    let mut readers: Vec<Reader> = Vec::new();
    for reader in known {
        // The first two must be there.
        match reader.time(&file, Cache::Warm) {
            Err(error) if readers.len() < 2 => return Err(error),
            Err(_) => eprintln!("{} is not here", reader.name),
            Ok(_) => readers.push(reader),
        }
    }
    for round in 1..=options.rounds {
        eprintln!("digests, round {round} of {}", options.rounds);
        for reader in &mut readers {
            let (cold, warm) = (reader.time(&file, Cache::Cold)?, reader.time(&file, Cache::Warm)?);
            reader.cold.push(cold);
            reader.warm.push(warm);
        }
    }
    let rate = |times: &[Duration]| mib as f64 / median(times).as_secs_f64();
    let (ours, others) = readers.split_first().context("no readers")?;
    let row = |what, value, other: (&'static str, f64), least| Row {
        what,
        value,
        unit: "MiB/s",
        against: Some(other),
        target: least,
    };
    let nearly = Some(Target::TimesAtLeast(0.9));
    let mut rows = Vec::new();
    for other in others {
        let name = other.name;
        let is_reading = name == "cat";
        let warm = if is_reading {
            "digest of a file in memory, and reading alone"
        } else {
            "digest of a file in memory"
        };
        rows.push(row(warm, rate(&ours.warm), (name, rate(&other.warm)), nearly));
        if is_reading {
            let what = "digest of a file on the disk, and reading alone";
            rows.push(row(what, rate(&ours.cold), (name, rate(&other.cold)), nearly));
        }
    }
    Ok(rows)
}

/// A file of so many MiB that does not compress. One that is there may come from another version of this, or be cut.
fn made(options: &Options, mib: usize) -> Result<PathBuf> {
    let path = options.out.join(format!("bytes-{mib}.gguf"));
    let mut file = std::fs::File::create(&path)?;
    let mut state = 1_u64;
    let mut block = vec![0; MIB];
    for _ in 0..mib {
        for part in block.chunks_exact_mut(8) {
            // Knuth's MMIX generator.
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            part.copy_from_slice(&state.to_le_bytes());
        }
        file.write_all(&block)?;
    }
    file.sync_all()?;
    Ok(path)
}

/// A manifest that knows the file: `model verify` compares, and has nothing to compare with otherwise.
fn manifest(options: &Options, file: &Path) -> Result<PathBuf> {
    let runner = options.prefix.join("bin/contract-runner");
    let told = Command::new(runner).args(["model", "verify", "--format", "json"]).arg(file).output()?;
    let told: Value = serde_json::from_slice(&told.stdout)?;
    let digest = told["findings"][0]["sha256"].as_str().context("model verify tells no digest")?;
    let name = file.file_name().context("a file")?.to_string_lossy();
    let document = json!({
        "schemaVersion": "v0.1",
        "kind": "ModelCarryManifest",
        "manifestId": "urn:srcos:model-carry-manifest:bench",
        "version": 1,
        "prevManifestSha256": null,
        "integrity": {
            "contentHashAlgorithm": "sha256",
            "transportMustBeIntegrityChecked": true,
            "integrityFailureIsHardStop": true,
        },
        "entries": [{
            "entryId": "urn:srcos:model-carry-entry:bench",
            "entryKind": "base",
            "modelRef": format!("file:{name}"),
            "contentSha256": digest,
            "policySha256": "0".repeat(64),
            "targeting": {"deviceClass": ["any"], "osVersionRange": null, "locale": null},
            "baseEntryRef": null,
            "baseContentSha256": null,
        }],
    });
    let path = options.out.join("bench.manifest.json");
    std::fs::write(&path, document.to_string())?;
    Ok(path)
}
