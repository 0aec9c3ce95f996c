//! Which files an adapter says it uses.

use contract_models::FileIdentity;
use serde::Deserialize;

/// The files that an adapter uses: the model, then its LoRA adapters.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Loaded {
    files: Vec<LoadedFile>,
}

/// What the system says of an open file, in decimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LoadedFile {
    device: String,
    inode: String,
    bytes: String,
    mtime_ns: String,
    ctime_ns: String,
}

impl Loaded {
    /// Whether they are these, in this order.
    pub(crate) fn is<'f>(&self, files: impl ExactSizeIterator<Item = &'f FileIdentity>) -> bool {
        files.len() == self.files.len() && self.files.iter().zip(files).all(|(loaded, file)| loaded.is(file))
    }
}

impl LoadedFile {
    fn is(&self, file: &FileIdentity) -> bool {
        self.device == file.device.to_string()
            && self.inode == file.inode.to_string()
            && self.bytes == file.bytes.to_string()
            && self.mtime_ns == file.mtime_ns.to_string()
            && self.ctime_ns == file.ctime_ns.to_string()
    }
}
