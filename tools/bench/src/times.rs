//! Times by name, and what is made of them.

use std::time::Duration;

use anyhow::{Result, ensure};

/// How often a start is measured that is taken off something else.
pub(crate) const STARTS: u32 = 5;

/// Times by name, one or more for each round.
#[derive(Default)]
pub(crate) struct Times(Vec<(String, Vec<Duration>)>);

impl Times {
    pub(crate) fn add(&mut self, name: &str, time: Duration) {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, list)) => list.push(time),
            None => self.0.push((name.to_owned(), vec![time])),
        }
    }

    /// The median. Seconds.
    pub(crate) fn seconds(&self, name: &str) -> f64 {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map_or(f64::NAN, |(_, list)| median(list).as_secs_f64())
    }
}

/// The one in the middle, or the mean of the two in the middle.
pub(crate) fn median(samples: &[Duration]) -> Duration {
    let mut sorted = samples.to_vec();
    sorted.sort();
    (sorted[(sorted.len() - 1) / 2] + sorted[sorted.len() / 2]) / 2
}

/// The median of so many one-shot things, so that one round is as long as another measurement's.
pub(crate) fn median_of(count: u32, one: impl Fn() -> Result<Duration>) -> Result<Duration> {
    Ok(median(&(0..count).map(|_| one()).collect::<Result<Vec<_>>>()?))
}

/// What is left of a time without a part of it that was measured alone. Where nothing is left, both were noise: 0 would
/// meet every target.
pub(crate) fn less(whole: Duration, part: Duration) -> Result<Duration> {
    ensure!(
        part < whole,
        "it took {whole:?}, and a part of it alone {part:?}: measure again while the machine does nothing else"
    );
    Ok(whole - part)
}
