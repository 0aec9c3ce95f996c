//! Reused ids, looked for in bounded memory (R8).

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};

/// How many ids are remembered.
const WINDOW: usize = 65_536;

/// The ids of the last 65,536 messages, as keyed 64-bit hashes: an adapter cannot construct a false hit.
#[derive(Debug, Default)]
pub struct RecentIds {
    hasher: RandomState,
    order: VecDeque<u64>,
    seen: HashSet<u64, BuildHashed>,
}

impl RecentIds {
    /// Remembers `id`; false when it was remembered already.
    pub fn insert(&mut self, id: &str) -> bool {
        let hash = self.hasher.hash_one(id);
        if !self.seen.insert(hash) {
            return false;
        }
        if self.order.len() == WINDOW {
            let oldest = self.order.pop_front().expect("the window is full");
            self.seen.remove(&oldest);
        }
        self.order.push_back(hash);
        true
    }
}

/// The keys are hashes already.
#[derive(Debug, Default, Clone)]
struct BuildHashed;

#[derive(Debug, Default)]
struct Hashed(u64);

impl BuildHasher for BuildHashed {
    type Hasher = Hashed;

    fn build_hasher(&self) -> Hashed {
        Hashed(0)
    }
}

impl std::hash::Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0 << 8 | u64::from(byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
