//! One line of the table of tensors.

use std::io::Read;

use super::GgufFault;
use super::cursor::Cursor;

/// Dimensions that ggml has.
const MOST_DIMENSIONS: u32 = 4;

/// A tensor: where its data is and what it means, not the data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tensor {
    pub(crate) name: String,
    /// Elements in each dimension, the fastest first.
    pub(crate) shape: Vec<u64>,
    pub(crate) kind: TensorType,
    /// From the start of the data. Bytes.
    pub(crate) offset: u64,
    /// Length of its data. Bytes.
    pub(crate) bytes: u64,
}

/// How the elements of a tensor are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TensorType {
    number: u32,
    pub(crate) name: &'static str,
    /// Elements of one block.
    block: u64,
    /// Bytes of one block.
    bytes: u64,
}

/// `ggml_type` and the traits of each, of ggml.h and ggml.c. Numbers that are missing were taken out of the format.
const TYPES: &[TensorType] = &[
    of(0, "F32", 1, 4),
    of(1, "F16", 1, 2),
    of(2, "Q4_0", 32, 18),
    of(3, "Q4_1", 32, 20),
    of(6, "Q5_0", 32, 22),
    of(7, "Q5_1", 32, 24),
    of(8, "Q8_0", 32, 34),
    of(9, "Q8_1", 32, 36),
    of(10, "Q2_K", 256, 84),
    of(11, "Q3_K", 256, 110),
    of(12, "Q4_K", 256, 144),
    of(13, "Q5_K", 256, 176),
    of(14, "Q6_K", 256, 210),
    of(15, "Q8_K", 256, 292),
    of(16, "IQ2_XXS", 256, 66),
    of(17, "IQ2_XS", 256, 74),
    of(18, "IQ3_XXS", 256, 98),
    of(19, "IQ1_S", 256, 50),
    of(20, "IQ4_NL", 32, 18),
    of(21, "IQ3_S", 256, 110),
    of(22, "IQ2_S", 256, 82),
    of(23, "IQ4_XS", 256, 136),
    of(24, "I8", 1, 1),
    of(25, "I16", 1, 2),
    of(26, "I32", 1, 4),
    of(27, "I64", 1, 8),
    of(28, "F64", 1, 8),
    of(29, "IQ1_M", 256, 56),
    of(30, "BF16", 1, 2),
    of(34, "TQ1_0", 256, 54),
    of(35, "TQ2_0", 256, 66),
    of(39, "MXFP4", 32, 17),
    of(40, "NVFP4", 64, 36),
    of(41, "Q1_0", 128, 18),
    of(42, "Q2_0", 64, 18),
];

const fn of(number: u32, name: &'static str, block: u64, bytes: u64) -> TensorType {
    TensorType { number, name, block, bytes }
}

impl TensorType {
    /// Whether llama.cpp copies tensors of this type into another order instead of using the mapped file, on some processor:
    /// `ggml_repack_get_optimal_repack_type`.
    pub(crate) fn is_repacked(self) -> bool {
        let everywhere = ["Q4_0", "Q4_K", "IQ4_NL", "MXFP4"].contains(&self.name);
        let arm = ["Q5_K", "Q6_K", "Q8_0"].contains(&self.name);
        everywhere || self.name == "Q2_K" || (cfg!(target_arch = "aarch64") && arm)
    }
}

impl Tensor {
    pub(super) fn read<R: Read>(cursor: &mut Cursor<R>, name: String) -> Result<Self, GgufFault> {
        if name.is_empty() {
            return Err(cursor.fault("a tensor has no name"));
        }
        let dimensions = cursor.u32()?;
        if !(1..=MOST_DIMENSIONS).contains(&dimensions) {
            return Err(cursor.fault(format!(
                "the tensor has {dimensions} dimensions; 1 to {MOST_DIMENSIONS} are possible"
            )));
        }
        let shape = (0..dimensions).map(|_| cursor.u64()).collect::<Result<Vec<_>, _>>()?;
        let number = cursor.u32()?;
        let Some(kind) = TYPES.iter().find(|kind| kind.number == number).copied() else {
            return Err(cursor.fault(format!("the tensor is of type {number}, which is not known")));
        };
        let bytes = byte_count(&shape, kind).ok_or_else(|| {
            cursor.fault(format!("the tensor cannot have the shape {shape:?} in the type {}", kind.name))
        })?;
        let offset = cursor.u64()?;
        Ok(Self { name, shape, kind, offset, bytes })
    }

    /// Number of elements.
    pub(crate) fn elements(&self) -> u64 {
        self.shape.iter().product()
    }
}

/// Bytes of a tensor; `None` when a row is no whole number of blocks, or the number is too large for ggml, which counts in i64.
fn byte_count(shape: &[u64], kind: TensorType) -> Option<u64> {
    let elements = shape.iter().try_fold(1_u64, |all, &one| all.checked_mul(one).filter(|_| one > 0))?;
    if shape.first()? % kind.block != 0 {
        return None;
    }
    let bytes = (elements / kind.block).checked_mul(kind.bytes)?;
    i64::try_from(elements).ok()?;
    i64::try_from(bytes).ok()?;
    Some(bytes)
}
