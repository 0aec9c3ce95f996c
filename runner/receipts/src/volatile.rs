//! Values that may differ from run to run, by the manifest's word.

use std::ops::Range;

use contract_json::Value;

/// What stands in the transcript in the place of a volatile value.
pub const VOLATILE_MARK: &str = "${VOLATILE}";

/// The volatile pointers of each operation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Volatile {
    operations: Vec<(String, Vec<String>)>,
}

/// An operation, as [`Volatile`] numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpIndex(u32);

impl OpIndex {
    /// An operation without volatile values.
    pub const PLAIN: Self = Self(u32::MAX);
}

impl Volatile {
    /// Nothing is volatile.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Names of operations, each with JSON pointers into the `data` of its results.
    #[must_use]
    pub fn new(operations: impl IntoIterator<Item = (String, Vec<String>)>) -> Self {
        Self { operations: operations.into_iter().filter(|(_, pointers)| !pointers.is_empty()).collect() }
    }

    /// The number of the operation called `name`; look it up once per operation, not once per message.
    #[must_use]
    pub fn operation(&self, name: &str) -> OpIndex {
        let found = self.operations.iter().position(|(operation, _)| operation == name);
        found.and_then(|at| u32::try_from(at).ok()).map_or(OpIndex::PLAIN, OpIndex)
    }

    /// Where in the text of `payload`, that of a result, volatile values stand.
    pub(crate) fn spans(&self, operation: OpIndex, payload: Value<'_>) -> Vec<Range<usize>> {
        let Some((_, pointers)) = self.operations.get(operation.0 as usize) else { return Vec::new() };
        let Some(data) = payload.get("data") else { return Vec::new() };
        pointers
            .iter()
            .filter(|pointer| !pointer.is_empty())
            .filter_map(|pointer| Some(data.pointer(pointer)?.span()))
            .collect()
    }
}
