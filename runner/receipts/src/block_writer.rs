//! A thread that writes and digests blocks: what evidence costs most is done while the session goes on.

use std::fs::File;
use std::io::{self, Write as _};
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;

use contract_json::Digester;

/// Blocks that may wait. One more is being written and one is being filled, so memory stays flat.
const WAITING: usize = 2;

/// The near end of the thread.
#[derive(Debug)]
pub(crate) struct BlockWriter {
    full: SyncSender<Vec<u8>>,
    written: Receiver<Vec<u8>>,
    thread: Option<JoinHandle<io::Result<Digester>>>,
}

impl BlockWriter {
    /// Goes on where `digester` stands.
    pub(crate) fn start(mut file: File, mut digester: Digester) -> io::Result<Self> {
        let (full, blocks) = sync_channel::<Vec<u8>>(WAITING);
        let (back, written) = channel();
        let thread = std::thread::Builder::new().name("evidence".to_owned()).spawn(move || {
            for mut block in blocks {
                digester.update(&block);
                file.write_all(&block)?;
                block.clear();
                // The session may be over already.
                let _ = back.send(block);
            }
            Ok(digester)
        })?;
        Ok(Self { full, written, thread: Some(thread) })
    }

    /// Hands `block` over, and waits when too many are waiting; gives an empty one back.
    pub(crate) fn write(&mut self, block: Vec<u8>) -> io::Result<Vec<u8>> {
        if self.full.send(block).is_err() {
            // The thread ends early for one reason only.
            return Err(match self.thread.take().map(JoinHandle::join) {
                Some(Ok(Err(error))) => error,
                _ => gone(),
            });
        }
        Ok(self.written.try_recv().unwrap_or_default())
    }

    /// Waits until all blocks are written.
    pub(crate) fn finish(self) -> io::Result<Digester> {
        let Self { full, thread, .. } = self;
        drop(full);
        thread.map_or_else(|| Err(gone()), |thread| thread.join().unwrap_or_else(|_| Err(gone())))
    }
}

fn gone() -> io::Error {
    io::Error::other("the thread that writes evidence has ended")
}
