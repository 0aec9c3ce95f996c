//! New inputs from old ones.

use fastrand::Rng;

use crate::corpus::{PIECES, SEEDS};

/// One to six lines of the corpus, changed in up to eight places.
pub(crate) fn input(rng: &mut Rng) -> Vec<u8> {
    let mut bytes = Vec::new();
    for line in 0..rng.usize(1..=6) {
        if line > 0 {
            bytes.push(b'\n');
        }
        bytes.extend_from_slice(seed(rng));
    }
    for _ in 0..rng.usize(0..=8) {
        change(&mut bytes, rng);
    }
    bytes
}

fn seed(rng: &mut Rng) -> &'static [u8] {
    SEEDS[rng.usize(..SEEDS.len())].as_bytes()
}

fn change(bytes: &mut Vec<u8>, rng: &mut Rng) {
    let at = rng.usize(..=bytes.len());
    let end = rng.usize(at..=bytes.len().min(at + 40));
    match rng.u8(..7) {
        0 if at < bytes.len() => bytes[at] ^= 1 << rng.u8(..8),
        1 if at < bytes.len() => bytes[at] = rng.u8(..),
        2 => drop(bytes.drain(at..end)),
        3 => {
            let copy = bytes[at..end].to_vec();
            bytes.splice(at..at, copy);
        }
        4 => bytes.truncate(at),
        5 => {
            let from = seed(rng);
            let start = rng.usize(..from.len());
            bytes.splice(at..end, from[start..].iter().copied());
        }
        _ => {
            let piece = PIECES[rng.usize(..PIECES.len())].as_bytes();
            bytes.splice(at..end, piece.iter().copied());
        }
    }
}
