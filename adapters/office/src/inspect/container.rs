//! The zip around a document, opened within bounds.
//!
//! rawzip builds no list of its own, so that a directory that claims millions of entries costs nothing.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::Read as _;

use flate2::bufread::DeflateDecoder;
use rawzip::{
    CompressionMethod, ZipArchive, ZipArchiveEntryWayfinder, ZipSliceArchive, ZipVerification, crc32,
};

use super::damage::Damage;

/// A large workbook has some hundred parts, a deck with many images some thousand.
const MAX_ENTRIES: usize = 16_384;
/// All that the entries claim to be when unpacked.
const MAX_CLAIMED_BYTES: u64 = 2 << 30;
/// Deflate packs at most 1032:1; text of documents is below 30:1, and empty cells below 200:1.
const MAX_RATIO: u64 = 300;
/// Below this the ratio says nothing.
const RATIO_FROM_BYTES: u64 = 64 << 20;
/// One part that is read.
const MAX_PART_BYTES: u64 = 64 << 20;
/// All parts that are read, together.
const MAX_READ_BYTES: u64 = 256 << 20;
/// Longest name of a part.
const MAX_NAME_BYTES: usize = 1024;

/// An opened zip.
pub(super) struct Container<'d> {
    archive: ZipSliceArchive<&'d [u8]>,
    entries: BTreeMap<String, Entry>,
    left: Cell<u64>,
}

#[derive(Clone, Copy)]
struct Entry {
    place: ZipArchiveEntryWayfinder,
    method: CompressionMethod,
    encrypted: bool,
    bytes: u64,
}

impl<'d> Container<'d> {
    pub(super) fn open(data: &'d [u8]) -> Result<Self, Damage> {
        let archive = ZipArchive::from_slice(data)
            .map_err(|_| Damage::broken("the directory at the end of the zip is missing or cut off"))?;
        if archive.directory_offset() > archive.eocd_offset() {
            return Err(Damage::broken("the directory of the zip lies behind its end"));
        }
        let mut entries = BTreeMap::new();
        let mut claimed = 0_u64;
        let mut listed = archive.entries();
        while let Some(record) =
            listed.next_entry().map_err(|_| Damage::broken("an entry of the zip is cut off"))?
        {
            if entries.len() == MAX_ENTRIES {
                return Err(Damage::bomb(format!("more than {MAX_ENTRIES} entries")));
            }
            let name = record.file_path();
            let name = match std::str::from_utf8(name.as_bytes()) {
                Ok(name) if name.len() <= MAX_NAME_BYTES => name.to_owned(),
                _ => return Err(Damage::broken("an entry of the zip has a name that no document has")),
            };
            claimed = claimed.saturating_add(record.uncompressed_size_hint());
            let entry = Entry {
                place: record.wayfinder(),
                method: record.compression_method(),
                encrypted: record.flags().is_encrypted(),
                bytes: record.uncompressed_size_hint(),
            };
            // Readers differ in which of the two they take.
            if entries.insert(name, entry).is_some() {
                return Err(Damage::broken("two entries of the zip have one name"));
            }
        }
        check_size(claimed, data.len() as u64)?;
        if entries.is_empty() {
            return Err(Damage::Unknown("an empty zip"));
        }
        Ok(Self { archive, entries, left: Cell::new(MAX_READ_BYTES) })
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// The bytes of a part, when it is there; checked against the size and the sum that the directory has.
    pub(super) fn part(&self, name: &str) -> Result<Option<Vec<u8>>, Damage> {
        let Some(entry) = self.entries.get(name) else { return Ok(None) };
        if entry.encrypted {
            return Err(Damage::Encrypted("its zip has a password"));
        }
        if entry.bytes > MAX_PART_BYTES.min(self.left.get()) {
            return Err(Damage::bomb(format!("{} has {} bytes", shown(name), entry.bytes)));
        }
        self.left.set(self.left.get() - entry.bytes);
        let cut = || Damage::broken(format!("{} is cut off", shown(name)));
        let local = self.archive.get_entry(entry.place).map_err(|_| cut())?;
        let mut bytes = Vec::with_capacity(usize::try_from(entry.bytes).unwrap_or_default().min(1 << 20));
        // One byte more than it claims shows the lie, and no more is unpacked.
        let most = entry.bytes + 1;
        let read = match entry.method {
            CompressionMethod::STORE => local.data().take(most).read_to_end(&mut bytes),
            CompressionMethod::DEFLATE => {
                DeflateDecoder::new(local.data()).take(most).read_to_end(&mut bytes)
            }
            _ => {
                let what = "is packed in a way that documents do not have";
                return Err(Damage::broken(format!("{} {what}", shown(name))));
            }
        };
        if bytes.len() as u64 > entry.bytes {
            return Err(Damage::bomb(format!("{} is larger than it claims", shown(name))));
        }
        let seen = ZipVerification { crc: crc32(&bytes), uncompressed_size: bytes.len() as u64 };
        match read.is_ok() && local.claim_verifier().valid(seen).is_ok() {
            true => Ok(Some(bytes)),
            false => Err(Damage::broken(format!("{} cannot be unpacked, or its sum is wrong", shown(name)))),
        }
    }

    /// As [`part`](Self::part), for a part that must be there.
    pub(super) fn required(&self, name: &str) -> Result<Vec<u8>, Damage> {
        self.part(name)?.ok_or_else(|| Damage::broken(format!("{} is missing", shown(name))))
    }
}

fn check_size(claimed: u64, packed: u64) -> Result<(), Damage> {
    if claimed > MAX_CLAIMED_BYTES {
        return Err(Damage::bomb(format!("{claimed} bytes when unpacked")));
    }
    if claimed > RATIO_FROM_BYTES && claimed / packed.max(1) > MAX_RATIO {
        return Err(Damage::bomb(format!("{packed} bytes become {claimed}")));
    }
    Ok(())
}

/// A name from a file, safe on a terminal.
fn shown(name: &str) -> String {
    let name: String = name.chars().take(80).collect();
    format!("`{}`", name.escape_default())
}
