//! Pipes in memory, for the harness.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use crate::link::Link;

/// A cancel that is on its way: it arrives when the adapter has written this many more lines.
#[derive(Debug)]
pub(crate) struct Later {
    pub(crate) after_lines: usize,
    pub(crate) bytes: Vec<u8>,
}

#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) input: Vec<u8>,
    pub(crate) output: Vec<u8>,
    pub(crate) later: Option<Later>,
}

/// The adapter's end of a [`Memory`].
#[derive(Debug, Clone, Default)]
pub(crate) struct MemoryLink(pub(crate) Rc<RefCell<Memory>>);

impl Memory {
    fn arrive(&mut self) {
        if let Some(later) = self.later.take() {
            self.input.extend_from_slice(&later.bytes);
        }
    }
}

impl Link for MemoryLink {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let mut memory = self.0.borrow_mut();
        if memory.input.is_empty() {
            // Nothing else will happen any more, so what is on its way comes now.
            memory.arrive();
        }
        let count = memory.input.len().min(space.len());
        space[..count].copy_from_slice(&memory.input[..count]);
        memory.input.drain(..count);
        Ok(count)
    }

    fn is_ready(&mut self) -> bool {
        !self.0.borrow().input.is_empty()
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut memory = self.0.borrow_mut();
        memory.output.extend_from_slice(bytes);
        if let Some(later) = &mut memory.later {
            let lines = bytes.iter().filter(|&&byte| byte == b'\n').count();
            later.after_lines = later.after_lines.saturating_sub(lines);
            if later.after_lines == 0 {
                memory.arrive();
            }
        }
        Ok(())
    }
}
