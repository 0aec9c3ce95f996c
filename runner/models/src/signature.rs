//! signature.v0: an Ed25519 signature beside a document, over the document's canonical bytes.

use std::path::{Path, PathBuf};

use data_encoding::BASE64;
use ed25519_dalek::{Signature, Signer as _, SigningKey};
use serde::{Deserialize, Serialize};

use crate::document::{Document, Documents};
use crate::error::ModelError;
use crate::keys::{Keys, key_id};

/// The kind of document.
pub const SIGNATURE: &str = "signature.v0";

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    v: Version,
    algorithm: Algorithm,
    key_id: String,
    digest: String,
    signature: String,
}

#[derive(Debug, Serialize, Deserialize)]
enum Version {
    #[serde(rename = "signature.v0")]
    V0,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Algorithm {
    Ed25519,
}

/// A document that was signed by a key of the user's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The key.
    pub key_id: String,
}

/// Where the signature of a document is: `NAME.sig.json` beside `NAME.json`.
#[must_use]
pub fn signature_path(document: &Path) -> PathBuf {
    let name = document.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = name.strip_suffix(".json").unwrap_or(&name);
    document.with_file_name(format!("{stem}.sig.json"))
}

/// Holds a document against the signature beside it.
///
/// # Errors
/// `CARRY_SIGNATURE_MISSING`; `CARRY_SIGNATURE_INVALID` when it is that of another document, cut, or not made by its key;
/// `CARRY_KEY_UNKNOWN`.
pub fn verify_signature(
    documents: &Documents,
    document: &Document,
    keys: &Keys,
) -> Result<Signed, ModelError> {
    let path = signature_path(&document.path);
    if path.symlink_metadata().is_err() {
        return Err(ModelError::Unsigned { document: document.path.clone(), signature: path });
    }
    let bad = |what: String| ModelError::BadSignature { signature: path.clone(), what };
    // A broken signature is a signature that does not hold, whatever is broken in it.
    let written: Written = documents.read(&path, SIGNATURE).and_then(|signature| signature.parse()).map_err(
        |error| match error {
            ModelError::Invalid { what, .. } => bad(what),
            error => bad(error.to_string()),
        },
    )?;
    if written.digest != format!("sha256:{}", document.digest()) {
        let what = format!("it signs {}; the document is sha256:{}", written.digest, document.digest());
        return Err(bad(what));
    }
    let Some(key) = keys.find(&written.key_id) else {
        return Err(ModelError::UnknownKey {
            signature: path.clone(),
            key_id: written.key_id,
            known: keys.count(),
        });
    };
    let bytes = BASE64.decode(written.signature.as_bytes()).ok();
    let signature = bytes.as_deref().and_then(|bytes| Signature::from_slice(bytes).ok());
    let holds =
        signature.is_some_and(|signature| key.verify_strict(document.canonical(), &signature).is_ok());
    if holds { Ok(Signed { key_id: written.key_id }) } else { Err(bad("its key did not make it".to_owned())) }
}

/// Signs a document: the text of its signature.
#[must_use]
pub fn sign(document: &Document, key: &SigningKey) -> Vec<u8> {
    let written = Written {
        v: Version::V0,
        algorithm: Algorithm::Ed25519,
        key_id: key_id(&key.verifying_key()),
        digest: format!("sha256:{}", document.digest()),
        signature: BASE64.encode(&key.sign(document.canonical()).to_bytes()),
    };
    let mut text = serde_json::to_vec_pretty(&written).expect("it is plain text");
    text.push(b'\n');
    text
}
