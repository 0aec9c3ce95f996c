//! Signatures beside documents.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use contract_models::{
    Documents, Keys, ModelError, Signed, SigningKey, key_id, read_signing_key, sign, signature_path,
    verify_signature,
};
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{EncodePrivateKey as _, EncodePublicKey as _};
use serde_json::{Value, json};

use crate::{good, json, write};

pub(crate) struct Signer {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) key: SigningKey,
}

impl Signer {
    pub(crate) fn new(seed: u8) -> Self {
        let signer = Self { dir: tempfile::tempdir().unwrap(), key: SigningKey::from_bytes(&[seed; 32]) };
        std::fs::create_dir(signer.dir.path().join("keys")).unwrap();
        signer.trust(&signer.key, "own");
        signer
    }

    pub(crate) fn trust(&self, key: &SigningKey, name: &str) {
        let pem = key.verifying_key().to_public_key_pem(LineEnding::LF).unwrap();
        std::fs::write(self.dir.path().join("keys").join(format!("{name}.pub")), pem).unwrap();
    }

    pub(crate) fn keys(&self) -> Keys {
        Keys::read(&self.dir.path().join("keys")).unwrap()
    }

    fn document(&self) -> PathBuf {
        let path = self.dir.path().join("speech-carry-ref.json");
        std::fs::copy(good("model-carry/sourceos-carry-ref.json"), &path).unwrap();
        path
    }

    pub(crate) fn sign(&self, path: &Path) {
        let document = Documents::default().read_any(path).unwrap();
        std::fs::write(signature_path(path), sign(&document, &self.key)).unwrap();
    }

    fn verify(&self, path: &Path) -> Result<Signed, ModelError> {
        let documents = Documents::default();
        verify_signature(&documents, &documents.read_any(path).unwrap(), &self.keys())
    }
}

fn code(result: Result<Signed, ModelError>) -> &'static str {
    result.unwrap_err().code().as_str()
}

#[test]
fn a_signature_holds_for_the_document_in_any_spelling() {
    let signer = Signer::new(1);
    let path = signer.document();
    signer.sign(&path);
    assert_eq!(signature_path(&path).file_name().unwrap(), "speech-carry-ref.sig.json");
    let id = key_id(&signer.key.verifying_key());
    assert_eq!(signer.verify(&path).unwrap(), Signed { key_id: id });
    let compact = serde_json::to_vec(&json("model-carry/sourceos-carry-ref.json")).unwrap();
    std::fs::write(&path, compact).unwrap();
    signer.verify(&path).unwrap();
}

#[test]
fn what_is_missing_wrong_or_by_an_unknown_key_is_refused() {
    let signer = Signer::new(1);
    let path = signer.document();
    assert_eq!(code(signer.verify(&path)), "CARRY_SIGNATURE_MISSING");

    Signer { dir: tempfile::tempdir().unwrap(), key: SigningKey::from_bytes(&[2; 32]) }.sign(&path);
    assert_eq!(code(signer.verify(&path)), "CARRY_KEY_UNKNOWN");

    // The document changes after it was signed.
    signer.sign(&path);
    let mut value = json("model-carry/sourceos-carry-ref.json");
    value["spec"]["serviceRef"] = json!("service://elsewhere/modality/timeseries/climate@1.4.0");
    write(&path, &value);
    let refused = signer.verify(&path).unwrap_err();
    assert_eq!(refused.code().as_str(), "CARRY_SIGNATURE_INVALID");
    assert_eq!(refused.code().exit().status(), 3);

    // Somebody makes the digest fit.
    let changed = Documents::default().read_any(&path).unwrap().digest();
    let signature = signature_path(&path);
    let mut written: Value = serde_json::from_slice(&std::fs::read(&signature).unwrap()).unwrap();
    written["digest"] = json!(format!("sha256:{changed}"));
    write(&signature, &written);
    let refused = signer.verify(&path).unwrap_err();
    assert!(refused.to_string().contains("its key did not make it"), "{refused}");
}

#[test]
fn a_signature_that_is_cut_or_changed_anywhere_does_not_hold() {
    let signer = Signer::new(1);
    let path = signer.document();
    signer.sign(&path);
    let signature = signature_path(&path);
    let text = std::fs::read(&signature).unwrap();
    for end in 0..text.len() - 2 {
        std::fs::write(&signature, &text[..end]).unwrap();
        assert_eq!(code(signer.verify(&path)), "CARRY_SIGNATURE_INVALID", "cut after {end} bytes");
    }
    let mut written: Value = serde_json::from_slice(&text).unwrap();
    let base64 = written["signature"].as_str().unwrap().to_owned();
    for at in 0..base64.len() {
        let mut bytes = base64.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'Q' } else { b'A' };
        written["signature"] = json!(String::from_utf8(bytes).unwrap());
        write(&signature, &written);
        assert_eq!(code(signer.verify(&path)), "CARRY_SIGNATURE_INVALID", "character {at}");
    }
    let mut other: Value = serde_json::from_slice(&text).unwrap();
    other["algorithm"] = json!("rsa");
    write(&signature, &other);
    assert_eq!(code(signer.verify(&path)), "CARRY_SIGNATURE_INVALID");
    std::fs::write(&signature, text).unwrap();
    signer.verify(&path).unwrap();
}

#[test]
fn another_key_that_claims_the_name_of_a_known_one_does_not_hold() {
    let signer = Signer::new(1);
    let path = signer.document();
    signer.sign(&path);
    let signature = signature_path(&path);
    let other = SigningKey::from_bytes(&[2; 32]);
    let document = Documents::default().read_any(&path).unwrap();
    let mut forged: Value = serde_json::from_slice(&sign(&document, &other)).unwrap();
    forged["keyId"] = json!(key_id(&signer.key.verifying_key()));
    write(&signature, &forged);
    assert_eq!(code(signer.verify(&path)), "CARRY_SIGNATURE_INVALID");
    // Both are trusted now, and each under its own name only.
    signer.trust(&other, "other");
    assert_eq!(signer.keys().count(), 2);
    assert_eq!(code(signer.verify(&path)), "CARRY_SIGNATURE_INVALID");
    forged["keyId"] = json!(key_id(&other.verifying_key()));
    write(&signature, &forged);
    signer.verify(&path).unwrap();
}

#[test]
fn what_is_no_key_is_refused() {
    let signer = Signer::new(1);
    let keys = signer.dir.path().join("keys");
    let bad = |text: &str| {
        std::fs::write(keys.join("bad.pub"), text).unwrap();
        Keys::read(&keys).unwrap_err().code().as_str()
    };
    let own = std::fs::read_to_string(keys.join("own.pub")).unwrap();
    let private = signer.key.to_pkcs8_pem(LineEnding::LF).unwrap();
    for text in ["", "hello", &own[..own.len() - 30], &own.replace('M', "N"), &private] {
        assert_eq!(bad(text), "CARRY_KEY_INVALID", "{text}");
    }
    // A point of small order: the identity, y = 1.
    let small = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n-----END PUBLIC KEY-----\n";
    assert_eq!(bad(small), "CARRY_KEY_INVALID");
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(Keys::read(empty.path()).unwrap_err().code().as_str(), "CARRY_KEY_INVALID");
}

#[test]
fn a_private_key_that_others_may_read_is_not_used() {
    let signer = Signer::new(1);
    let path = signer.dir.path().join("own.key");
    std::fs::write(&path, &*signer.key.to_pkcs8_pem(LineEnding::LF).unwrap()).unwrap();
    for (mode, good) in [(0o644, false), (0o640, false), (0o600, true), (0o400, true)] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(read_signing_key(&path).is_ok(), good, "{mode:o}");
    }
}

#[test]
fn a_signature_that_openssl_made_holds() {
    // openssl pkeyutl -sign -rawin, over the canonical bytes of conformance/good/model-carry/sourceos-carry-ref.json.
    let key = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAzh6lm90bWmk8HBxhejTfHRarjQK213lCsew4XxwmchY=\n-----END PUBLIC KEY-----\n";
    let signer = Signer::new(1);
    let path = signer.document();
    std::fs::copy(good("models/signature.v0.json"), signature_path(&path)).unwrap();
    assert_eq!(code(signer.verify(&path)), "CARRY_KEY_UNKNOWN");
    std::fs::write(signer.dir.path().join("keys/openssl.pub"), key).unwrap();
    signer.verify(&path).unwrap();
}
