//! What kind of file a program is: ELF with or without a loader, or a script.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// How the kernel would start a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Executable {
    /// An ELF program that needs nothing but itself.
    Static,
    /// An ELF program that is started by a loader.
    Dynamic {
        /// The path in its `PT_INTERP`.
        loader: PathBuf,
    },
    /// A text whose first line names its interpreter.
    Script {
        /// The words after `#!`.
        interpreter: Vec<String>,
    },
    /// Neither.
    Unknown,
}

/// Longest first line that the kernel reads (`BINPRM_BUF_SIZE`).
const SHEBANG_BYTES: usize = 256;
const PT_INTERP: u32 = 3;

pub(super) fn inspect(path: &Path) -> std::io::Result<Executable> {
    let mut file = File::open(path)?;
    let mut head = [0; SHEBANG_BYTES];
    let mut length = 0;
    while length < head.len() {
        match file.read(&mut head[length..])? {
            0 => break,
            count => length += count,
        }
    }
    let head = &head[..length];
    if let Some(line) = head.strip_prefix(b"#!") {
        let line = line.split(|&byte| byte == b'\n').next().unwrap_or_default();
        let line = String::from_utf8_lossy(line);
        // The kernel splits off one word and gives the rest as one argument.
        let line = line.trim();
        let (program, argument) = line.split_once([' ', '\t']).unwrap_or((line, ""));
        let words = [program, argument.trim()].into_iter().filter(|word| !word.is_empty()).map(str::to_owned);
        return Ok(Executable::Script { interpreter: words.collect() });
    }
    if !head.starts_with(b"\x7fELF") || head.len() < 64 {
        return Ok(Executable::Unknown);
    }
    Ok(elf_loader(&file, head)?.map_or(Executable::Static, |loader| Executable::Dynamic { loader }))
}

/// Reads `PT_INTERP` of an ELF file: System V ABI, chapters 4 and 5. Only 64-bit little-endian files run here.
fn elf_loader(file: &File, head: &[u8]) -> std::io::Result<Option<PathBuf>> {
    const CLASS_64_LITTLE_ENDIAN: [u8; 2] = [2, 1];
    if head[4..6] != CLASS_64_LITTLE_ENDIAN {
        return Ok(None);
    }
    let u16_at = |bytes: &[u8], at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
    let u64_at =
        |bytes: &[u8], at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
    let (offset, size, count) = (u64_at(head, 32), u16_at(head, 54), u16_at(head, 56));
    if size < 56 {
        return Ok(None);
    }
    for index in 0..u64::from(count) {
        let mut header = [0; 56];
        file.read_exact_at(&mut header, offset.saturating_add(index * u64::from(size)))?;
        if u32::from_le_bytes([header[0], header[1], header[2], header[3]]) != PT_INTERP {
            continue;
        }
        let length = usize::try_from(u64_at(&header, 32)).unwrap_or(usize::MAX).min(4096);
        let mut name = vec![0; length];
        file.read_exact_at(&mut name, u64_at(&header, 8))?;
        let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
        return Ok(Some(PathBuf::from(String::from_utf8_lossy(name).into_owned())));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_program_names_its_loader() {
        let Executable::Dynamic { loader } = inspect(Path::new("/bin/sh")).unwrap() else {
            panic!("sh is dynamic")
        };
        assert!(loader.is_file(), "{}", loader.display());
    }

    #[test]
    fn a_script_names_its_interpreter_as_the_kernel_reads_it() {
        let dir = tempfile::tempdir().unwrap();
        for (text, words) in [
            ("#!/bin/sh\n", vec!["/bin/sh"]),
            ("#! /usr/bin/env  -S python3 -u\nx", vec!["/usr/bin/env", "-S python3 -u"]),
            ("#!\n", vec![]),
        ] {
            let path = dir.path().join("script");
            std::fs::write(&path, text).unwrap();
            assert_eq!(
                inspect(&path).unwrap(),
                Executable::Script { interpreter: words.into_iter().map(str::to_owned).collect() }
            );
        }
        let path = dir.path().join("text");
        std::fs::write(&path, "hello").unwrap();
        assert_eq!(inspect(&path).unwrap(), Executable::Unknown);
    }

    #[test]
    fn a_cut_program_is_an_error_and_no_panic() {
        let dir = tempfile::tempdir().unwrap();
        let whole = std::fs::read("/bin/sh").unwrap();
        let path = dir.path().join("cut");
        for length in [4, 63, 64, 100, 500] {
            std::fs::write(&path, &whole[..length]).unwrap();
            let _ = inspect(&path);
        }
    }
}
