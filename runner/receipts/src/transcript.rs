//! The canonical layer as it is written: lines with ids and times by their number.

use std::fs::File;
use std::io;

use contract_ipc::{MessageType, Sender, Session};

use crate::block_file::BlockFile;
use crate::receipt::Counts;

/// Where a payload stands in the file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) offset: u64,
    pub(crate) bytes: usize,
}

/// `ipc-transcript.ndjson`, in the making.
#[derive(Debug)]
pub(crate) struct Transcript {
    pub(crate) file: BlockFile,
    sender: Sender,
    pub(crate) counts: Counts,
    pub(crate) capabilities: Option<Place>,
    pub(crate) first_invoke: Option<Place>,
    /// The end of the last invoke, when there is one and it is a `result`.
    pub(crate) last_result: Option<Place>,
}

/// Line number of hello, which hello_ack names.
const HELLO_LINE: u64 = 0;
/// Line number of capabilities, which capabilities_ack names.
const CAPABILITIES_LINE: u64 = 2;

impl Transcript {
    pub(crate) fn new(file: File, session: &Session) -> Self {
        Self {
            file: BlockFile::new(file),
            sender: Sender::new(session.seed.id_prefix("transcript"), session.clock),
            counts: Counts::default(),
            capabilities: None,
            first_invoke: None,
            last_result: None,
        }
    }

    /// Writes one line and returns its number. `invoke` is the line of the invoke that it belongs to.
    pub(crate) fn line(
        &mut self,
        kind: MessageType,
        invoke: Option<u64>,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> io::Result<u64> {
        let number = self.sender.next_number();
        let reply_to = match kind {
            MessageType::HelloAck => Some(HELLO_LINE),
            MessageType::CapabilitiesAck => Some(CAPABILITIES_LINE),
            _ => invoke,
        };
        let id = reply_to.map(|line| self.sender.id(line));
        let id = id.as_ref().map(|id| std::str::from_utf8(id).expect("ids are hex digits"));
        let buffer = self.file.buffer();
        let payload = self.sender.write(buffer, type_name(kind), id, write);
        let place = Place { offset: self.file.place(payload.start), bytes: payload.len() };
        match kind {
            MessageType::Capabilities => self.capabilities = Some(place),
            MessageType::Invoke => {
                self.counts.invokes += 1;
                self.first_invoke.get_or_insert(place);
                self.last_result = None;
            }
            MessageType::Progress => self.counts.progress += 1,
            MessageType::Error => self.counts.errors += 1,
            MessageType::Result => {
                self.counts.results += 1;
                self.last_result = Some(place);
            }
            _ => {}
        }
        self.file.settle()?;
        Ok(number)
    }

    /// Bytes of a payload that was written, everything flushed.
    pub(crate) fn payload(&self, place: Place) -> io::Result<Vec<u8>> {
        self.file.read_back(place.offset, place.bytes)
    }
}

pub(crate) fn type_name(kind: MessageType) -> &'static str {
    match kind {
        MessageType::Hello => "hello",
        MessageType::HelloAck => "hello_ack",
        MessageType::Capabilities => "capabilities",
        MessageType::CapabilitiesAck => "capabilities_ack",
        MessageType::Invoke => "invoke",
        MessageType::Result => "result",
        MessageType::Error => "error",
        MessageType::Cancel => "cancel",
        MessageType::Progress => "progress",
        MessageType::Unknown => "unknown",
    }
}
