//! A file that is written and digested in large blocks, beside the session once there is more than one of them.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;

use contract_json::{Digester, FileDigest};
use rustix::fs::{Advice, fadvise, fdatasync};

use crate::block_writer::BlockWriter;

/// Digests are several times faster on blocks of this size than line by line.
const BLOCK_BYTES: usize = 64 * 1024;

/// A new file that grows at its end.
#[derive(Debug)]
pub(crate) struct BlockFile {
    file: File,
    buffer: Vec<u8>,
    /// Of all that was flushed, while there is no `writer`.
    digester: Digester,
    writer: Option<BlockWriter>,
    settled_bytes: u64,
}

impl BlockFile {
    pub(crate) fn new(file: File) -> Self {
        let buffer = Vec::with_capacity(BLOCK_BYTES + BLOCK_BYTES / 4);
        Self { file, buffer, digester: Digester::new(), writer: None, settled_bytes: 0 }
    }

    /// Where to append. Call [`settle`](Self::settle) afterwards.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Place in the file of the byte `at` of the buffer.
    pub(crate) fn place(&self, at: usize) -> u64 {
        self.settled_bytes + at as u64
    }

    /// Hands the buffer over when it has grown to a block. An error may be that of an earlier block.
    pub(crate) fn settle(&mut self) -> io::Result<()> {
        if self.buffer.len() < BLOCK_BYTES {
            return Ok(());
        }
        if self.writer.is_none() {
            let digester = std::mem::take(&mut self.digester);
            self.writer = Some(BlockWriter::start(self.file.try_clone()?, digester)?);
        }
        self.settled_bytes += self.buffer.len() as u64;
        let writer = self.writer.as_mut().expect("made above");
        let full = std::mem::take(&mut self.buffer);
        self.buffer = writer.write(full)?;
        self.buffer.shrink_to(2 * BLOCK_BYTES);
        Ok(())
    }

    /// Writes everything out.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        if let Some(writer) = self.writer.take() {
            self.digester = writer.finish()?;
        }
        self.digester.update(&self.buffer);
        self.settled_bytes += self.buffer.len() as u64;
        let written = self.file.write_all(&self.buffer);
        self.buffer.clear();
        written
    }

    /// Digest of all that was flushed.
    pub(crate) fn digest(&self) -> FileDigest {
        self.digester.finish()
    }

    /// Reads flushed bytes back.
    pub(crate) fn read_back(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, offset)?;
        Ok(bytes)
    }

    /// Lets the kernel begin to write.
    pub(crate) fn start_write_back(&self) {
        start_write_back(&self.file);
    }

    /// Waits until the disk has it.
    pub(crate) fn sync(&self) -> io::Result<()> {
        Ok(fdatasync(&self.file)?)
    }
}

/// Lets the kernel begin to write `file`, without waiting: several files then reach the disk together. This advice starts
/// write-back of dirty pages, and is the only call of that kind that is safe in Rust; it promises nothing, so its failure
/// does not matter.
pub(crate) fn start_write_back(file: &File) {
    let _ = fadvise(file, 0, None, Advice::DontNeed);
}
