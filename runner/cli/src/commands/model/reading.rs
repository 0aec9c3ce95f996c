//! Reading a model with a bar on the terminal, and the digests that are remembered.

use std::ops::ControlFlow;
use std::path::Path;

use contract_engine::{Surroundings, now};
use contract_models::{DigestCache, ModelError, Sha256Digest, digest_file};

use super::super::note;

use crate::args::Output;
use crate::progress::Spinner;
use crate::style;

/// Digests of this command.
pub(super) struct Reading {
    cache: Option<DigestCache>,
    output: Output,
}

impl Reading {
    pub(super) fn new(around: &Surroundings, output: Output) -> Self {
        Self { cache: around.cache_folder().map(|folder| DigestCache::open(&folder)), output }
    }

    /// What the cache knows; nothing is read.
    pub(super) fn known(&self, path: &Path) -> Option<Sha256Digest> {
        self.cache.as_ref()?.known(path)
    }

    /// Reads a file from beginning to end, whatever the cache says, and tells the cache.
    pub(super) fn anew(&mut self, path: &Path) -> Result<Sha256Digest, ModelError> {
        let bar = Bar::of(path, self.output);
        let digested = digest_file(path, now().unix_ms(), None, &mut |done, total| bar.show(done, total))?;
        if let Some(cache) = &mut self.cache {
            cache.put(digested.identity, digested.sha256, now().unix_ms());
        }
        Ok(digested.sha256)
    }

    /// Keeps what was found. A cache that cannot be written costs time and nothing else.
    pub(super) fn end(mut self) {
        if let Some(Err(error)) = self.cache.as_mut().map(DigestCache::save) {
            note(self.output, &format!("note: digests are not remembered: {error}"));
        }
    }
}

/// A bar for a file that takes longer than a second.
pub(super) struct Bar(Option<Spinner>);

impl Bar {
    pub(super) fn of(path: &Path, output: Output) -> Self {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let name = format!("reading {}", style::tame(&name));
        Self((!output.quiet && style::is_terminal()).then(|| Spinner::start(name)))
    }

    pub(super) fn show(&self, done: u64, total: u64) -> ControlFlow<()> {
        if let Some(spinner) = &self.0 {
            #[expect(clippy::cast_precision_loss, reason = "a bar of 20 cells")]
            let fraction = done as f64 / total.max(1) as f64;
            spinner.note(Some(fraction), "");
        }
        ControlFlow::Continue(())
    }
}
