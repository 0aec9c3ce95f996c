//! Messages of invokes whose turn in the canonical order has not come, in memory and beyond it on disk.

use contract_ipc::MessageType;

/// Length of a record's head: the type and the length of its payload.
const HEAD_BYTES: usize = 9;

/// Appends a record and returns how long it is.
pub(crate) fn push_record(held: &mut Vec<u8>, kind: MessageType, write: impl FnOnce(&mut Vec<u8>)) -> usize {
    let start = held.len();
    held.push(kind as u8);
    held.extend_from_slice(&[0; 8]);
    write(held);
    let length = (held.len() - start - HEAD_BYTES) as u64;
    held[start + 1..start + HEAD_BYTES].copy_from_slice(&length.to_le_bytes());
    held.len() - start
}

/// The records in `held`, in the order in which they were pushed.
pub(crate) fn records(held: &[u8]) -> impl Iterator<Item = (MessageType, &[u8])> {
    let mut rest = held;
    std::iter::from_fn(move || {
        let (&kind, tail) = rest.split_first()?;
        let (length, tail) = tail.split_first_chunk::<8>()?;
        let length = usize::try_from(u64::from_le_bytes(*length)).expect("it was a length in memory before");
        let (payload, tail) = tail.split_at(length);
        rest = tail;
        Some((kind_of(kind), payload))
    })
}

/// Types that belong to an invoke; no others are held.
fn kind_of(byte: u8) -> MessageType {
    const HELD: [MessageType; 5] = [
        MessageType::Invoke,
        MessageType::Progress,
        MessageType::Cancel,
        MessageType::Result,
        MessageType::Error,
    ];
    HELD.into_iter().find(|kind| *kind as u8 == byte).expect("only these are pushed")
}
