//! Keys: those whose signatures a user accepts, and the one with which an operator signs. Both are files that openssl writes:
//! `openssl genpkey -algorithm ed25519 -out NAME.key` and `openssl pkey -in NAME.key -pubout -out NAME.pub`.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use ed25519_dalek::pkcs8::{DecodePrivateKey as _, DecodePublicKey as _};
use ed25519_dalek::{SigningKey, VerifyingKey};

use crate::digest::{Sha256Digest, open_regular};
use crate::document::read_text;
use crate::error::ModelError;

/// How a signature names a key: `sha256:` and the SHA-256 of its 32 bytes. A name that follows from the key cannot be given to another.
#[must_use]
pub fn key_id(key: &VerifyingKey) -> String {
    format!("sha256:{}", Sha256Digest::of(key.as_bytes()))
}

/// The keys in a folder that the user names.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    keys: Vec<(String, VerifyingKey)>,
}

impl Keys {
    /// Reads every `*.pub` of a folder: SubjectPublicKeyInfo in PEM (RFC 8410), one key a file.
    ///
    /// # Errors
    /// `CONTRACT_INPUT_UNREADABLE`; `CARRY_KEY_INVALID`, also when there is no key.
    pub fn read(folder: &Path) -> Result<Self, ModelError> {
        let mut keys = Vec::new();
        for path in crate::folder::files_ending(folder, ".pub")? {
            let key = read_public(&path)?;
            keys.push((key_id(&key), key));
        }
        if keys.is_empty() {
            let what = "there is no key, which is a file NAME.pub".to_owned();
            return Err(ModelError::BadKey { path: folder.to_owned(), what });
        }
        Ok(Self { keys })
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.keys.len()
    }

    pub(crate) fn find(&self, id: &str) -> Option<&VerifyingKey> {
        self.keys.iter().find(|(known, _)| known == id).map(|(_, key)| key)
    }
}

fn read_public(path: &Path) -> Result<VerifyingKey, ModelError> {
    let bad = |what: String| ModelError::BadKey { path: path.to_owned(), what };
    let text = String::from_utf8(read_text(path)?).map_err(|_| bad("it is no text".to_owned()))?;
    let key = VerifyingKey::from_public_key_pem(&text)
        .map_err(|error| bad(format!("no Ed25519 public key in PEM: {error}")))?;
    if key.is_weak() {
        return Err(bad("a weak key: one signature fits many documents".to_owned()));
    }
    Ok(key)
}

/// Reads the key of an operator: PKCS #8 in PEM.
///
/// # Errors
/// `CONTRACT_INPUT_UNREADABLE`; `CARRY_KEY_INVALID`, also when others may read it.
pub fn read_signing_key(path: &Path) -> Result<SigningKey, ModelError> {
    let bad = |what: String| ModelError::BadKey { path: path.to_owned(), what };
    let found = open_regular(path).and_then(|file| file.metadata()).map_err(ModelError::unreadable(path))?;
    if found.permissions().mode() & 0o077 != 0 {
        return Err(bad("others may read or write it; chmod 600 it".to_owned()));
    }
    let text = String::from_utf8(read_text(path)?).map_err(|_| bad("it is no text".to_owned()))?;
    SigningKey::from_pkcs8_pem(&text)
        .map_err(|error| bad(format!("no Ed25519 private key in PEM (PKCS #8): {error}")))
}
