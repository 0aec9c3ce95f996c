//! How much memory a model will take, and whether that is there. Asked before loading, because a process that runs into
//! RLIMIT_DATA in the middle of C++ can only abort.

use rustix::process::{Resource, getrlimit};
use rustix::system::sysinfo;

use crate::facts::Facts;
use crate::gguf::Gguf;

/// The program itself, its stacks, buffers of the tokenizer, and what the allocator holds back. Bytes.
const BASE_BYTES: u64 = 32 * 1024 * 1024;
/// llama.cpp rounds a context up to a multiple of this.
const CONTEXT_STEP: u64 = 256;
/// Tensors of the width of a layer that are alive at once in a compute graph; measured on Llama, with room.
const LIVE_WIDTHS: u64 = 12;
/// The same of the width of the feed-forward part.
const LIVE_FEED_FORWARD: u64 = 3;

/// What loading and running takes. Bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Estimate {
    /// Weights that stay in the mapped file: they take page cache, which is taken back when memory is short.
    pub(crate) mapped: u64,
    /// Weights that llama.cpp copies into another order.
    pub(crate) copied: u64,
    /// KV cache of one context.
    pub(crate) kv: u64,
    /// Buffers of one context for intermediate results and logits.
    pub(crate) compute: u64,
}

/// The shape of a context, as far as memory goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Room {
    /// Tokens that fit.
    pub(crate) context: u32,
    /// Tokens that are computed at once.
    pub(crate) batch: u32,
}

impl Estimate {
    pub(crate) fn of(facts: &Facts, gguf: &Gguf, room: Room) -> Self {
        let copied = gguf.tensors.iter().filter(|tensor| tensor.kind.is_repacked() && tensor.shape.len() > 1);
        let copied = copied.fold(0_u64, |sum, tensor| sum.saturating_add(tensor.bytes));
        let (kv, compute) = Self::of_context(facts, room);
        Self { mapped: gguf.file_bytes.saturating_sub(copied), copied, kv, compute }
    }

    /// KV cache and compute buffers of one more context.
    pub(crate) fn of_context(facts: &Facts, room: Room) -> (u64, u64) {
        let context = u64::from(room.context).div_ceil(CONTEXT_STEP) * CONTEXT_STEP;
        let batch = u64::from(room.batch);
        let width = facts.embedding_length.unwrap_or(0);
        let feed_forward = facts.feed_forward_length.unwrap_or(width.saturating_mul(4));
        let row = width
            .saturating_mul(LIVE_WIDTHS)
            .saturating_add(feed_forward.saturating_mul(LIVE_FEED_FORWARD))
            // The mask of attention, and the logits.
            .saturating_add(context)
            .saturating_add(facts.vocabulary_size.unwrap_or(0));
        let kv = facts.kv_bytes_per_token.unwrap_or(0).saturating_mul(context);
        (kv, row.saturating_mul(4).saturating_mul(batch))
    }

    /// What the process has to itself.
    pub(crate) fn private(self) -> u64 {
        [self.copied, self.kv, self.compute].iter().fold(BASE_BYTES, |sum, part| sum.saturating_add(*part))
    }

    /// Of the machine: also the mapped file, without which each token would be read from disk.
    pub(crate) fn whole(self) -> u64 {
        self.private().saturating_add(self.mapped)
    }

    /// One more context beside the first. Bytes.
    pub(crate) fn context(self) -> u64 {
        self.kv.saturating_add(self.compute)
    }
}

/// What there is. Bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Budget {
    /// RLIMIT_DATA: private writable memory of this process.
    pub(crate) data: Option<u64>,
    /// Memory of the machine.
    pub(crate) machine: u64,
}

/// An estimate is above a limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it would take about {needed} bytes of memory, and {name} is {limit} bytes; {cure}")]
pub(crate) struct Shortage {
    pub(crate) needed: u64,
    pub(crate) limit: u64,
    pub(crate) name: &'static str,
    cure: &'static str,
}

impl Budget {
    /// That of this process on this machine. sysinfo(2) needs no file, and so no right.
    pub(crate) fn here() -> Self {
        let info = sysinfo();
        let unit = u64::from(info.mem_unit.max(1));
        #[expect(clippy::useless_conversion, reason = "its width differs between architectures")]
        let machine = u64::from(info.totalram).saturating_mul(unit);
        Self { data: getrlimit(Resource::Data).current, machine }
    }

    /// Whether a model fits beside `others`, the bytes that contexts which are open take.
    pub(crate) fn check(self, estimate: Estimate, others: u64) -> Result<(), Shortage> {
        let private = estimate.private().saturating_add(others);
        if let Some(limit) = self.data.filter(|&limit| private > limit) {
            let cure = "give more with --limit memory=, lower contextTokens, or take a smaller model";
            return Err(Shortage { needed: private, limit, name: "the limit of this process", cure });
        }
        let whole = estimate.whole().saturating_add(others);
        if whole > self.machine {
            let cure = "lower contextTokens, or take a smaller model";
            return Err(Shortage {
                needed: whole,
                limit: self.machine,
                name: "the memory of this machine",
                cure,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ESTIMATE: Estimate = Estimate { mapped: 1000, copied: 100, kv: 20, compute: 3 };

    #[test]
    fn mapped_weights_count_for_the_machine_and_not_for_the_process() {
        let budget = Budget { data: Some(BASE_BYTES + 123), machine: BASE_BYTES + 1123 };
        assert_eq!(budget.check(ESTIMATE, 0), Ok(()));
        let shortage = budget.check(ESTIMATE, 1).unwrap_err();
        assert_eq!((shortage.needed, shortage.limit), (BASE_BYTES + 124, BASE_BYTES + 123));
        let machine = Budget { data: None, machine: BASE_BYTES + 1122 };
        assert_eq!(machine.check(ESTIMATE, 0).unwrap_err().name, "the memory of this machine");
    }

    #[test]
    fn an_estimate_beyond_all_numbers_is_a_shortage_and_no_overflow() {
        let huge = Estimate { mapped: u64::MAX, copied: u64::MAX, kv: u64::MAX, compute: u64::MAX };
        assert!(Budget { data: Some(u64::MAX - 1), machine: 1 }.check(huge, u64::MAX).is_err());
    }

    #[test]
    fn this_machine_has_memory() {
        assert!(Budget::here().machine > BASE_BYTES);
    }
}
