//! A language model in a session of the runner that is warm: model loaded, context made.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::Options;
use crate::runs::Run;
use crate::times::{STARTS, less, median_of};
use crate::weights::Sizes;

/// A request that is made again and again. Its prompt is as many tokens as wanted: one to begin with, then one for each character.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Work {
    pub(crate) sizes: Sizes,
    pub(crate) prompt: usize,
    pub(crate) generate: usize,
}

impl Work {
    /// The prompt, which is one token shorter than what is read.
    pub(crate) fn text(&self) -> String {
        "a".repeat(self.prompt - 1)
    }

    /// Mean time of `count` such requests from the runner's side: what a run of one request takes is taken off.
    pub(crate) fn in_session(&self, options: &Options, model: &Path, count: u32) -> Result<Duration> {
        let start = median_of(STARTS, || self.run(options, model, 1, 1))?;
        let all = self.run(options, model, count + 1, 1)?;
        let requests = less(all, start).with_context(|| format!("{count} times {self:?}"))?;
        Ok(requests / count)
    }

    /// Time of so many such requests that are made at once: twice as many, less a run of them.
    pub(crate) fn at_once(&self, options: &Options, model: &Path, count: u32) -> Result<Duration> {
        let once = self.run(options, model, count, count)?;
        let twice = self.run(options, model, 2 * count, count)?;
        less(twice, once).with_context(|| format!("{count} times {self:?} at once"))
    }

    /// Time of a run of `count` requests, of which `in_flight` are open at a time.
    fn run(&self, options: &Options, model: &Path, count: u32, in_flight: u32) -> Result<Duration> {
        let out = options.out.join("run");
        let time = self.command(options, model, count, in_flight, &out)?.time()?;
        self.check(&out.join("ipc-transcript.ndjson"), count)?;
        Ok(time)
    }

    /// A run in which less was done than wanted is no measurement.
    fn check(&self, transcript: &Path, count: u32) -> Result<()> {
        let mut results = 0;
        for line in std::fs::read_to_string(transcript)?.lines() {
            let message: Value = serde_json::from_str(line)?;
            if message["type"] == "result" {
                let usage = &message["payload"]["data"]["usage"];
                let is_whole = usage["promptTokens"] == self.prompt && usage["outputTokens"] == self.generate;
                ensure!(is_whole, "{}: {usage} instead of {self:?}", transcript.display());
                results += 1;
            }
        }
        ensure!(results == count, "{}: {results} results instead of {count}", transcript.display());
        Ok(())
    }

    fn command(
        &self,
        options: &Options,
        model: &Path,
        count: u32,
        in_flight: u32,
        out: &Path,
    ) -> Result<Run> {
        let args = json!({
            "model": model, "prompt": self.text(), "maxTokens": self.generate, "contextTokens": self.sizes.context,
        });
        let file =
            options.out.join(format!("args-{}-{}-{}.json", self.sizes.name, self.prompt, self.generate));
        std::fs::write(&file, args.to_string())?;
        let (count, in_flight) = (count.to_string(), in_flight.to_string());
        let read = format!("read={}", model.display());
        let out = out.display().to_string();
        let file = file.display().to_string();
        let words =
            ["run", "--quiet", "--adapter", "llama", "--op", "inference.generate", "--args-file", &file];
        let more = [
            "--repeat",
            &count,
            "--in-flight",
            &in_flight,
            "--out",
            &out,
            "--allow",
            &read,
            "--allow",
            "read=/proc/self/status",
        ];
        let limits = [
            "--limit",
            "memory=1GiB",
            "--limit",
            "run=30min",
            "--limit",
            "total=30min",
            "--limit",
            "cpu=30min",
        ];
        let words: Vec<&str> = words.into_iter().chain(more).chain(limits).collect();
        Ok(Run::runner(options, &words))
    }

    /// The same in the engine alone, in batches of so many tokens: reading the prompt, and making one token. Means, as a
    /// session is seen from outside.
    pub(crate) fn alone(&self, engine: &Path, model: &Path, batch: u32, repeat: u32) -> Result<Alone> {
        self.together(engine, model, batch, 1, repeat)
    }

    /// The same for several at the same time, a token of each in every batch.
    pub(crate) fn together(
        &self,
        engine: &Path,
        model: &Path,
        batch: u32,
        sequences: u32,
        repeat: u32,
    ) -> Result<Alone> {
        // The first token comes with the prompt.
        let generate = self.generate as u64 - 1;
        let (prompt, sequences, repeats) = (self.prompt as u64, sequences.into(), repeat.into());
        let numbers = [self.sizes.context, batch.into(), prompt, generate, sequences, repeats];
        let done = Command::new(engine)
            .arg(model)
            .args(numbers.map(|number| number.to_string()))
            .output()
            .with_context(|| engine.display().to_string())?;
        ensure!(done.status.success(), "{}: {}", engine.display(), String::from_utf8_lossy(&done.stderr));
        let told: Value = serde_json::from_slice(&done.stdout)?;
        let mean = |name: &str| {
            let all = told[name].as_array().with_context(|| name.to_owned())?;
            ensure!(all.len() == repeat as usize, "{name}: {} times instead of {repeat}", all.len());
            let sum: f64 = all.iter().filter_map(Value::as_f64).sum();
            anyhow::Ok(Duration::from_secs_f64(sum / 1e9) / repeat)
        };
        let tokens = u32::try_from(self.generate - 1)?.max(1);
        Ok(Alone { prompt: mean("promptNs")?, token: mean("generateNs")? / tokens })
    }
}

/// What llama.cpp itself takes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Alone {
    pub(crate) prompt: Duration,
    pub(crate) token: Duration,
}

/// Makes the models.
pub(crate) fn models(options: &Options, sizes: [Sizes; 2]) -> Result<[PathBuf; 2]> {
    let folder = options.out.join("models");
    std::fs::create_dir_all(&folder)?;
    // Rights name whole paths without links.
    let folder = folder.canonicalize()?;
    let [small, large] = sizes.map(|sizes| sizes.file(&folder));
    Ok([small?, large?])
}
