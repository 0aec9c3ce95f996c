//! What is measured, and against which target.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::memory::Peak;
use crate::pinning::{Cores, available};
use crate::runs::{Run, line_bytes, syncs_alone};
use crate::times::{STARTS, Times, less, median_of};
use crate::{Options, documents, floor, launch, memory, models};

/// One line of the table.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) what: &'static str,
    /// The measured value, with its unit.
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    /// What it is compared with, and its value in the same unit.
    pub(crate) against: Option<(&'static str, f64)>,
    pub(crate) target: Option<Target>,
}

/// What it should be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    /// At most so many times the other.
    RatioAtMost(f64),
    /// At least so many times the other: more is better.
    TimesAtLeast(f64),
    /// The other takes at least so many times as long.
    FasterAtLeast(f64),
    /// At most so much more than the other.
    MoreAtMost(f64),
    AtLeast(f64),
    AtMost(f64),
}

impl Row {
    pub(crate) fn ratio(&self) -> Option<f64> {
        self.against.map(|(_, other)| self.value / other)
    }

    /// By which factor the target is missed (above 1) or met.
    pub(crate) fn missed_by(&self) -> Option<f64> {
        let other = self.against.map_or(f64::NAN, |(_, other)| other);
        Some(match self.target? {
            Target::RatioAtMost(limit) => self.value / other / limit,
            Target::TimesAtLeast(limit) => limit / (self.value / other),
            Target::FasterAtLeast(limit) => limit / (other / self.value),
            Target::MoreAtMost(limit) => (self.value - other) / limit,
            Target::AtLeast(limit) => limit / self.value,
            Target::AtMost(limit) => self.value / limit,
        })
    }
}

/// A measurement that is made once in every round, with its name.
type Measurement<'o> = (&'static str, Box<dyn Fn() -> Result<Duration> + 'o>);

/// Arguments of an echo call with a text of so many bytes, in a file.
fn args_file(options: &Options, bytes: usize) -> Result<PathBuf> {
    let path = options.out.join(format!("args-{bytes}.json"));
    std::fs::write(&path, format!("{{\"text\":\"{}\"}}", "x".repeat(bytes)))?;
    Ok(path)
}

/// Time of one call in a warm session: the run with `count` calls, without what a run with one call takes.
fn per_call(options: &Options, bytes: usize, count: u32, in_flight: u32, cores: Cores) -> Result<Duration> {
    let args = args_file(options, bytes)?;
    let once = Run::echo(options, &args, 1, in_flight, Cores::Free);
    let start = median_of(STARTS, || once.time())?;
    let all = Run::echo(options, &args, count, in_flight, cores).time()?;
    let calls =
        less(all, start).with_context(|| format!("{count} calls, {bytes} B, {in_flight} in flight"))?;
    Ok(calls / (count - 1))
}

fn per_call_python(options: &Options, count: u32) -> Result<Duration> {
    let text = "x".repeat(16);
    let once = Run::python(options, &text, 1);
    let start = median_of(STARTS, || once.time())?;
    let all = Run::python(options, &text, count).time()?;
    let calls = less(all, start).with_context(|| format!("{count} calls in Python"))?;
    Ok(calls / (count - 1))
}

pub(crate) fn measure(options: &Options) -> Result<Vec<Row>> {
    std::fs::create_dir_all(&options.out)?;
    let share = |count: u32| if options.quick { count / 10 } else { count };
    let small = args_file(options, 16)?;
    let (request, reply) = line_bytes(options, &small)?;
    let has_two = available()?.len() > 1;
    let mut measurements: Vec<Measurement<'_>> = Vec::new();
    let mut add = |name, measure: Box<dyn Fn() -> Result<Duration>>| {
        measurements.push((name, measure));
    };
    if has_two {
        add("floor 2", Box::new(move || floor::round_trip(Cores::Two, request, reply, share(20_000))));
        add("warm 2", Box::new(move || per_call(options, 16, share(20_000), 1, Cores::Two)));
    }
    add("floor 1", Box::new(move || floor::round_trip(Cores::One, request, reply, share(50_000))));
    add("warm 1", Box::new(move || per_call(options, 16, share(50_000), 1, Cores::One)));
    add("warm 4 KiB", Box::new(move || per_call(options, 4096, share(20_000), 1, Cores::One)));
    add("warm 1 MiB", Box::new(move || per_call(options, 1 << 20, share(200), 1, Cores::One)));
    add("32 x 16 B", Box::new(move || per_call(options, 16, share(200_000), 32, Cores::Free)));
    add("32 x 4 KiB", Box::new(move || per_call(options, 4096, share(50_000), 32, Cores::Free)));
    add("32 x 1 MiB", Box::new(move || per_call(options, 1 << 20, share(200), 32, Cores::Free)));
    add("python warm", Box::new(move || per_call_python(options, share(2_000))));
    add("syncs", Box::new(move || median_of(20, || syncs_alone(options))));
    let one_shot = Run::echo(options, &small, 1, 1, Cores::Free);
    add("one-shot", Box::new(move || median_of(20, || one_shot.time())));
    let python = Run::python(options, "0123456789abcdef", 1);
    add("python one-shot", Box::new(move || median_of(3, || python.time())));
    add("bare start", Box::new(move || median_of(40, || launch::bare(options))));
    add("launcher start", Box::new(move || median_of(40, || launch::launcher_alone(options))));
    add("sandboxed start", Box::new(move || median_of(40, || launch::sandboxed(options))));

    let mut times = Times::default();
    for round in 1..=options.rounds {
        eprintln!("round {round} of {}", options.rounds);
        for (name, measure) in &measurements {
            times.add(name, measure()?);
        }
    }
    let mut rows = speed_rows(&times, has_two);
    rows.extend(documents::rows(options)?);
    rows.extend(memory_rows(options)?);
    rows.extend(models::rows(options)?);
    Ok(rows)
}

fn speed_rows(times: &Times, has_two: bool) -> Vec<Row> {
    let us = |name: &str| times.seconds(name) * 1e6;
    let ms = |name: &str| times.seconds(name) * 1e3;
    let rate = |name: &str| 1.0 / times.seconds(name);
    let row = |what, value, unit, against, target| Row { what, value, unit, against, target };
    let mut rows = Vec::new();
    if has_two {
        rows.push(row(
            "warm call, 16 B, one in flight, each on its core",
            us("warm 2"),
            "us",
            Some(("raw pipes", us("floor 2"))),
            Some(Target::RatioAtMost(1.3)),
        ));
    }
    rows.extend([
        row(
            "warm call, 16 B, one in flight, both on one core",
            us("warm 1"),
            "us",
            Some(("raw pipes", us("floor 1"))),
            Some(Target::RatioAtMost(1.7)),
        ),
        row("warm call, 4 KiB, one in flight, one core", us("warm 4 KiB"), "us", None, None),
        row("warm call, 1 MiB, one in flight, one core", us("warm 1 MiB"), "us", None, None),
        row(
            "calls a second, 16 B, 32 in flight",
            rate("32 x 16 B"),
            "/s",
            None,
            Some(Target::AtLeast(350_000.0)),
        ),
        row(
            "calls a second, 4 KiB, 32 in flight",
            rate("32 x 4 KiB"),
            "/s",
            None,
            Some(Target::AtLeast(100_000.0)),
        ),
        row("calls a second, 1 MiB, 32 in flight", rate("32 x 1 MiB"), "/s", None, None),
        row("warm call, 16 B", us("warm 1"), "us", Some(("Python", us("python warm"))), None),
        row(
            "one-shot run, exec to exit, durable",
            ms("one-shot"),
            "ms",
            Some(("the syncs alone", ms("syncs"))),
            Some(Target::MoreAtMost(4.0)),
        ),
        row(
            "one-shot run, and the same in Python",
            ms("one-shot"),
            "ms",
            Some(("Python, no sandbox", ms("python one-shot"))),
            Some(Target::FasterAtLeast(20.0)),
        ),
        row("start and end of the launcher alone", ms("launcher start"), "ms", None, None),
        row(
            "start of a program in the sandbox",
            ms("sandboxed start"),
            "ms",
            Some(("the same without", ms("bare start"))),
            Some(Target::MoreAtMost(0.5)),
        ),
    ]);
    rows
}

fn memory_rows(options: &Options) -> Result<Vec<Row>> {
    let small = args_file(options, 16)?;
    let (calls, bytes) = if options.quick { (100_000, 100 << 20) } else { (1_000_000, 1 << 30) };
    let stream_args = options.out.join("args-stream.json");
    std::fs::write(&stream_args, format!("{{\"bytes\":{bytes},\"chunk\":65536}}"))?;
    let stream = Run::operation(options, "stream", &stream_args, 1, 1);
    let runs = [
        (
            "peak memory, a million calls, 32 in flight",
            "its own part of it",
            Run::echo(options, &small, calls, 32, Cores::Free),
        ),
        ("peak memory, a stream of 1 GiB", "its own part of that", stream),
    ];
    let mut rows = Vec::new();
    for (what, own, run) in runs {
        eprintln!("{what}");
        let Peak { resident_kib, own_kib, own_early_kib } = memory::peak(&run)?;
        #[expect(clippy::cast_precision_loss, reason = "KiB of a process")]
        let mib = |kib: u64| kib as f64 / 1024.0;
        rows.push(Row {
            what,
            value: mib(resident_kib),
            unit: "MiB",
            against: None,
            // 8 MB.
            target: Some(Target::AtMost(8e6 / 1024.0 / 1024.0)),
        });
        rows.push(Row {
            what: own,
            value: mib(own_kib),
            unit: "MiB",
            against: Some(("its first tenth", mib(own_early_kib))),
            target: None,
        });
    }
    Ok(rows)
}
