//! Streams of PDF that hold objects or the table of objects, unpacked within bounds.

use std::cell::Cell;
use std::io::Read as _;

use flate2::bufread::ZlibDecoder;

use crate::inspect::damage::Damage;

/// One stream, unpacked. Programs put some hundred objects in one.
const MAX_STREAM_BYTES: u64 = 16 << 20;
/// All streams of a file that are unpacked.
/// The places of objects in them take up to four times as much.
const MAX_ALL_BYTES: u64 = 32 << 20;

/// What is left of the bound for all streams.
#[derive(Debug)]
pub(super) struct Room(Cell<u64>);

/// How the rows of a stream were changed before packing (ISO 32000-1, 7.4.4.4).
#[derive(Debug, Clone, Copy)]
pub(super) struct Predictor {
    pub(super) columns: usize,
}

impl Room {
    pub(super) fn new() -> Self {
        Self(Cell::new(MAX_ALL_BYTES))
    }

    /// Unpacks zlib.
    pub(super) fn inflate(&self, packed: &[u8]) -> Result<Vec<u8>, Damage> {
        let most = MAX_STREAM_BYTES.min(self.0.get());
        let mut bytes = Vec::new();
        let read = ZlibDecoder::new(packed).take(most + 1).read_to_end(&mut bytes);
        if bytes.len() as u64 > most {
            return Err(Damage::bomb(format!(
                "a stream of objects has more than {most} bytes when unpacked"
            )));
        }
        self.0.set(self.0.get() - bytes.len() as u64);
        match read {
            Ok(_) => Ok(bytes),
            Err(_) => Err(Damage::broken("a stream of objects cannot be unpacked")),
        }
    }
}

/// Undoes the predictors of PNG (<https://www.w3.org/TR/png/#9Filters>), for one byte per sample.
pub(super) fn undo(bytes: &[u8], predictor: Predictor) -> Result<Vec<u8>, Damage> {
    let columns = predictor.columns;
    let (mut out, mut above) = (Vec::with_capacity(bytes.len()), vec![0_u8; columns]);
    for row in bytes.chunks_exact(columns + 1) {
        let (filter, row) = (row[0], &row[1..]);
        let mut line = vec![0_u8; columns];
        for at in 0..columns {
            let left = if at > 0 { line[at - 1] } else { 0 };
            let corner = if at > 0 { above[at - 1] } else { 0 };
            let guess = match filter {
                0 => 0,
                1 => left,
                2 => above[at],
                3 => u8::midpoint(left, above[at]),
                4 => paeth(left, above[at], corner),
                _ => return Err(Damage::broken("a row of the table of objects has an unknown filter")),
            };
            line[at] = row[at].wrapping_add(guess);
        }
        out.extend_from_slice(&line);
        above = line;
    }
    Ok(out)
}

fn paeth(left: u8, above: u8, corner: u8) -> u8 {
    let guess = i16::from(left) + i16::from(above) - i16::from(corner);
    let far = |byte: u8| (guess - i16::from(byte)).abs();
    if far(left) <= far(above) && far(left) <= far(corner) {
        left
    } else if far(above) <= far(corner) {
        above
    } else {
        corner
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undoes_each_filter() {
        let rows = [0, 1, 2, 3, 1, 1, 1, 1, 2, 1, 1, 1, 3, 1, 1, 1, 4, 1, 1, 1];
        let out = undo(&rows, Predictor { columns: 3 }).unwrap();
        assert_eq!(out, [1, 2, 3, 1, 2, 3, 2, 3, 4, 2, 3, 4, 3, 4, 5]);
        assert!(undo(&[9, 0], Predictor { columns: 1 }).is_err());
    }
}
