//! Reading a file of the folder: regular, not through a link, block by block.

use std::fs::File;
use std::io::{self, Read as _};

use contract_json::{Digester, FileDigest};

use crate::folder::Folder;
use crate::verdict::{Finding, Stop};

const BLOCK_BYTES: usize = 64 * 1024;

/// Opens a regular file; its size.
pub(super) fn open(folder: &Folder, name: &str, step: u8) -> Result<(File, u64), Stop> {
    let unverifiable =
        |found: String| Stop::unverifiable(Finding::new(step, name, None, "a readable regular file", found));
    let file = folder.open_regular(name).map_err(|error| unverifiable(error.to_string()))?;
    let size = file.metadata().map_err(|error| unverifiable(error.to_string()))?.len();
    Ok((file, size))
}

/// Digests of a file of the stated size, whose blocks `take` sees, too.
pub(super) fn digest(
    folder: &Folder,
    name: &str,
    stated: &FileDigest,
    mut take: impl FnMut(&[u8]),
) -> Result<FileDigest, Stop> {
    let (mut file, size) = open(folder, name, 4)?;
    let wrong_size = |size: u64| {
        Stop::mismatch(Finding::new(
            4,
            name,
            None,
            format!("{} bytes", stated.bytes),
            format!("{size} bytes"),
        ))
    };
    if size != stated.bytes {
        return Err(wrong_size(size));
    }
    let mut digester = Digester::new();
    let mut block = vec![0; BLOCK_BYTES];
    let mut read = 0;
    loop {
        let count = match file.read(&mut block) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                let finding = Finding::new(4, name, None, "a readable regular file", error.to_string());
                return Err(Stop::unverifiable(finding));
            }
        };
        digester.update(&block[..count]);
        take(&block[..count]);
        read += count as u64;
        // A file that grows while it is read would never end.
        if read > stated.bytes {
            return Err(wrong_size(read));
        }
    }
    let actual = digester.finish();
    if actual.bytes == stated.bytes { Ok(actual) } else { Err(wrong_size(actual.bytes)) }
}
