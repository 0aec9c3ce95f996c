//! Reads numbers and strings, and never past the end of the file or further than a limit.

use std::io::Read;

use super::GgufFault;

/// Most bytes of header, metadata and table together. A vocabulary of 256,000 words with merges has about 20 MB.
const MOST_HEAD_BYTES: u64 = 256 * 1024 * 1024;
/// What is read at once of something long, so that nothing is allocated because a file claims a size.
const BLOCK_BYTES: usize = 64 * 1024;

pub(super) struct Cursor<R> {
    reader: R,
    at: u64,
    end: u64,
    within: Option<String>,
}

impl<R: Read> Cursor<R> {
    pub(super) fn new(reader: R, end: u64) -> Self {
        Self { reader, at: 0, end, within: None }
    }

    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// Length of the file.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// Names what is read now, for the message of a fault.
    pub(super) fn within(&mut self, name: Option<&str>) {
        self.within = name.map(str::to_owned);
    }

    pub(super) fn fault(&self, what: impl Into<String>) -> GgufFault {
        self.fault_at(self.at, what)
    }

    pub(super) fn fault_at(&self, at: u64, what: impl Into<String>) -> GgufFault {
        GgufFault { at, within: self.within.clone(), what: what.into() }
    }

    /// Whether so many bytes can follow.
    pub(super) fn expect(&self, bytes: u64) -> Result<(), GgufFault> {
        let left = self.end.saturating_sub(self.at);
        if bytes > left {
            return Err(self.fault(format!("{bytes} bytes are announced, and the file has {left} more")));
        }
        if self.at.saturating_add(bytes) > MOST_HEAD_BYTES {
            return Err(
                self.fault(format!("metadata and table of tensors have more than {MOST_HEAD_BYTES} bytes"))
            );
        }
        Ok(())
    }

    pub(super) fn exactly(&mut self, space: &mut [u8]) -> Result<(), GgufFault> {
        self.expect(space.len() as u64)?;
        self.reader.read_exact(space).map_err(|error| self.fault(format!("it cannot be read: {error}")))?;
        self.at += space.len() as u64;
        Ok(())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], GgufFault> {
        let mut bytes = [0; N];
        self.exactly(&mut bytes)?;
        Ok(bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, GgufFault> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(super) fn u64(&mut self) -> Result<u64, GgufFault> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// A number of things, of which there can be no more than `most`.
    pub(super) fn count(&mut self, things: &str, most: u64) -> Result<u64, GgufFault> {
        let at = self.at;
        let count = self.u64()?;
        if count > most {
            return Err(self.fault_at(at, format!("it announces {count} {things}; at most {most} are read")));
        }
        Ok(count)
    }

    /// So many bytes, in blocks.
    pub(super) fn bytes(&mut self, count: u64) -> Result<Vec<u8>, GgufFault> {
        self.expect(count)?;
        let mut bytes = Vec::new();
        let mut left = usize::try_from(count).map_err(|_| self.fault("it is too long for this machine"))?;
        while left > 0 {
            let (from, block) = (bytes.len(), left.min(BLOCK_BYTES));
            bytes.resize(from + block, 0);
            self.exactly(&mut bytes[from..])?;
            left -= block;
        }
        Ok(bytes)
    }

    pub(super) fn string(&mut self, longest: u64) -> Result<String, GgufFault> {
        let at = self.at;
        let length = self.u64()?;
        if length > longest {
            return Err(self
                .fault_at(at, format!("a text of {length} bytes is announced; at most {longest} are read")));
        }
        let bytes = self.bytes(length)?;
        String::from_utf8(bytes).map_err(|_| self.fault_at(at, "a text is no UTF-8"))
    }
}
