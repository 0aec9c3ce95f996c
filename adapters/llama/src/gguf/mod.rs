//! A strict reader of GGUF files: header, metadata and table of tensors, with every count, length and offset held against
//! the length of the file. It runs before llama.cpp sees a file, which asserts where this one can say what is wrong.
//!
//! The format: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>.

mod cursor;
mod tensor;
mod value;

use std::collections::HashSet;
use std::io::Read;

pub(crate) use tensor::Tensor;
pub(crate) use value::{Array, MetaValue};

use cursor::Cursor;

/// The first four bytes.
const MAGIC: &[u8; 4] = b"GGUF";
/// Most metadata entries. The largest models have some hundreds.
const MOST_ENTRIES: u64 = 65_536;
/// Most tensors. The largest models have some thousands.
const MOST_TENSORS: u64 = 131_072;
/// Longest name of an entry in bytes, as the format says.
const LONGEST_KEY: u64 = 65_535;
/// Longest name of a tensor; llama.cpp keeps 64 bytes with the NUL.
const LONGEST_TENSOR_NAME: u64 = 63;
/// Where tensors begin, unless `general.alignment` says otherwise.
const DEFAULT_ALIGNMENT: u64 = 32;
/// Largest alignment that makes sense; a page of the largest common size is 64 KiB.
const MOST_ALIGNMENT: u64 = 65_536;

/// What is wrong with a file, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at byte {at}{}: {what}", place(.within))]
pub(crate) struct GgufFault {
    /// Offset in the file, in bytes.
    pub(crate) at: u64,
    /// The metadata key or tensor that was read.
    pub(crate) within: Option<String>,
    pub(crate) what: String,
}

fn place(within: &Option<String>) -> String {
    within.as_ref().map(|name| format!(", in `{}`", name.escape_debug())).unwrap_or_default()
}

/// The part of a GGUF file that is not weights.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Gguf {
    entries: Vec<(String, MetaValue)>,
    pub(crate) tensors: Vec<Tensor>,
    /// Length of the whole file in bytes.
    pub(crate) file_bytes: u64,
}

impl Gguf {
    /// Reads a file of `file_bytes` bytes from its start.
    pub(crate) fn read(reader: impl Read, file_bytes: u64) -> Result<Self, GgufFault> {
        let mut cursor = Cursor::new(reader, file_bytes);
        let mut magic = [0; 4];
        cursor.exactly(&mut magic)?;
        if magic != *MAGIC {
            return Err(cursor.fault_at(0, "the file does not begin with `GGUF`: it is no GGUF file"));
        }
        let version = cursor.u32()?;
        match version {
            2 | 3 => {}
            _ if matches!(version.swap_bytes(), 1..=3) => {
                return Err(cursor.fault_at(4, "it is big-endian; this machine needs a little-endian file"));
            }
            _ => {
                return Err(
                    cursor.fault_at(4, format!("it is of version {version}; versions 2 and 3 are read"))
                );
            }
        }
        let tensor_count = cursor.count("tensors", MOST_TENSORS)?;
        let entry_count = cursor.count("metadata entries", MOST_ENTRIES)?;
        let entries = read_entries(&mut cursor, entry_count)?;
        let alignment = alignment(&entries).map_err(|what| cursor.fault(what))?;
        let tensors = read_tensors(&mut cursor, tensor_count, alignment)?;
        Ok(Self { entries, tensors, file_bytes })
    }

    /// All metadata, in the order of the file.
    pub(crate) fn entries(&self) -> &[(String, MetaValue)] {
        &self.entries
    }

    /// The value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&MetaValue> {
        self.entries.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The text of a key.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        match self.get(key)? {
            MetaValue::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number of a key that is a whole number of any width and not negative.
    pub(crate) fn number(&self, key: &str) -> Option<u64> {
        self.get(key)?.number()
    }

    /// A tensor by its name.
    pub(crate) fn tensor(&self, name: &str) -> Option<&Tensor> {
        self.tensors.iter().find(|tensor| tensor.name == name)
    }
}

fn read_entries<R: Read>(cursor: &mut Cursor<R>, count: u64) -> Result<Vec<(String, MetaValue)>, GgufFault> {
    let mut entries = Vec::new();
    let mut names = HashSet::new();
    for _ in 0..count {
        cursor.within(None);
        let name = cursor.string(LONGEST_KEY)?;
        cursor.within(Some(&name));
        if name.is_empty() {
            return Err(cursor.fault("a metadata key is empty"));
        }
        let value = MetaValue::read(cursor)?;
        if !names.insert(name.clone()) {
            return Err(cursor.fault("the key is there twice"));
        }
        entries.push((name, value));
    }
    cursor.within(None);
    Ok(entries)
}

fn alignment(entries: &[(String, MetaValue)]) -> Result<u64, String> {
    let Some((_, value)) = entries.iter().find(|(name, _)| name == "general.alignment") else {
        return Ok(DEFAULT_ALIGNMENT);
    };
    match value {
        // llama.cpp insists on this width.
        MetaValue::U32(alignment)
            if alignment.is_power_of_two() && u64::from(*alignment) <= MOST_ALIGNMENT =>
        {
            Ok(u64::from(*alignment))
        }
        _ => Err(format!("general.alignment is no power of two of type u32 up to {MOST_ALIGNMENT}")),
    }
}

fn read_tensors<R: Read>(
    cursor: &mut Cursor<R>,
    count: u64,
    alignment: u64,
) -> Result<Vec<Tensor>, GgufFault> {
    let mut tensors: Vec<Tensor> = Vec::new();
    let mut names = HashSet::new();
    let mut next = 0_u64;
    for _ in 0..count {
        cursor.within(None);
        let name = cursor.string(LONGEST_TENSOR_NAME)?;
        cursor.within(Some(&name));
        if !names.insert(name.clone()) {
            return Err(cursor.fault("there are two tensors of this name"));
        }
        let tensor = Tensor::read(cursor, name)?;
        // llama.cpp wants them in order and without gaps.
        if tensor.offset != next {
            return Err(cursor.fault(format!(
                "the tensor is said to begin at byte {} of the data, and the one before ends at {next}",
                tensor.offset
            )));
        }
        next = padded(tensor.offset.saturating_add(tensor.bytes), alignment);
        tensors.push(tensor);
    }
    cursor.within(None);
    let (data, end) = (padded(cursor.at(), alignment), cursor.end());
    if let Some(tensor) =
        tensors.iter().find(|tensor| data.saturating_add(tensor.offset).saturating_add(tensor.bytes) > end)
    {
        cursor.within(Some(&tensor.name));
        return Err(cursor.fault(format!(
            "the file ends at byte {end}, in the middle of this tensor or before it; it was cut, or the copy is not finished"
        )));
    }
    Ok(tensors)
}

fn padded(value: u64, alignment: u64) -> u64 {
    value.saturating_add(alignment - 1) / alignment * alignment
}
