//! Lines whose turn has not come: a call that stays open holds up those of all later ones.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

/// Lines in memory, about; more go to files without a name.
const MEMORY_BYTES: usize = 1024 * 1024;
/// What the map costs for each line.
const ENTRY_BYTES: usize = 64;
/// Place and length of a line, for each call; zeros where there is none.
const SLOT_BYTES: usize = 16;

/// Lines by the number of their call.
#[derive(Debug, Default)]
pub(crate) struct EarlyLines {
    memory: BTreeMap<u64, Vec<u8>>,
    memory_bytes: usize,
    disk: Option<Disk>,
}

#[derive(Debug)]
struct Disk {
    lines: File,
    slots: File,
    /// Length of `lines`.
    end: u64,
    count: u64,
}

impl EarlyLines {
    /// Keeps a line until [`take`](Self::take).
    pub(crate) fn keep(&mut self, call: u64, line: &[u8]) -> io::Result<()> {
        self.memory_bytes += line.len() + ENTRY_BYTES;
        self.memory.insert(call, line.to_vec());
        if self.memory_bytes > MEMORY_BYTES { self.spill() } else { Ok(()) }
    }

    /// The line of `call`, when it is here.
    pub(crate) fn take(&mut self, call: u64) -> io::Result<Option<Vec<u8>>> {
        if let Some(line) = self.memory.remove(&call) {
            self.memory_bytes -= line.len() + ENTRY_BYTES;
            return Ok(Some(line));
        }
        let Some(disk) = &mut self.disk else { return Ok(None) };
        let line = disk.read(call)?;
        disk.count -= u64::from(line.is_some());
        if disk.count == 0 {
            self.disk = None;
        }
        Ok(line)
    }

    /// The lowest call that has a line, of `from` and later ones up to `end`.
    pub(crate) fn next_from(&self, from: u64, end: u64) -> io::Result<Option<u64>> {
        let in_memory = self.memory.range(from..).next().map(|(call, _)| *call);
        let Some(disk) = &self.disk else { return Ok(in_memory) };
        for call in from..in_memory.unwrap_or(end) {
            if disk.slot(call)?.is_some() {
                return Ok(Some(call));
            }
        }
        Ok(in_memory)
    }

    fn spill(&mut self) -> io::Result<()> {
        if self.disk.is_none() {
            self.disk =
                Some(Disk { lines: tempfile::tempfile()?, slots: tempfile::tempfile()?, end: 0, count: 0 });
        }
        let disk = self.disk.as_mut().expect("made above");
        let mut block = Vec::with_capacity(self.memory_bytes);
        for (call, line) in &self.memory {
            let place = disk.end + block.len() as u64;
            block.extend_from_slice(line);
            let mut slot = [0; SLOT_BYTES];
            slot[..8].copy_from_slice(&place.to_le_bytes());
            slot[8..].copy_from_slice(&(line.len() as u64).to_le_bytes());
            disk.slots.write_all_at(&slot, call * SLOT_BYTES as u64)?;
        }
        disk.lines.write_all_at(&block, disk.end)?;
        disk.end += block.len() as u64;
        disk.count += self.memory.len() as u64;
        self.memory.clear();
        self.memory_bytes = 0;
        Ok(())
    }
}

impl Disk {
    fn slot(&self, call: u64) -> io::Result<Option<(u64, usize)>> {
        let mut slot = [0; SLOT_BYTES];
        // Beyond the end of the file there is nothing, which is the same as zeros.
        self.slots.read_at(&mut slot, call * SLOT_BYTES as u64)?;
        let (place, length) = slot.split_at(8);
        let number = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
        let length = usize::try_from(number(length)).map_err(io::Error::other)?;
        Ok((length > 0).then(|| (number(place), length)))
    }

    fn read(&self, call: u64) -> io::Result<Option<Vec<u8>>> {
        let Some((place, length)) = self.slot(call)? else { return Ok(None) };
        let mut line = vec![0; length];
        self.lines.read_exact_at(&mut line, place)?;
        Ok(Some(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_beyond_memory_come_back_in_their_order() {
        let mut early = EarlyLines::default();
        let line = |call: u64| format!("{call} {}\n", "x".repeat(1000)).into_bytes();
        for call in (1..5000).rev() {
            early.keep(call, &line(call)).unwrap();
        }
        assert!(early.disk.is_some() && early.memory_bytes <= MEMORY_BYTES);
        assert_eq!(early.next_from(0, 5000).unwrap(), Some(1));
        assert_eq!(early.take(0).unwrap(), None);
        for call in 1..5000 {
            assert_eq!(early.take(call).unwrap(), Some(line(call)));
        }
        assert_eq!(early.take(1).unwrap(), None);
        assert_eq!(early.next_from(0, 5000).unwrap(), None);
        assert!(early.disk.is_none(), "the disk has its room back");
    }
}
