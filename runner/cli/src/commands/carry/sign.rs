//! `carry sign`

use std::path::Path;

use contract_engine::{Failure, Surroundings};
use contract_ipc::{Code, Exit};
use contract_models::{Documents, key_id, read_signing_key, signature_path};
use serde_json::json;

use super::super::model::failure;
use super::super::{print_json, print_line, write_whole};
use crate::args::{Format, Output};
use crate::style::tame;

pub(super) fn sign(path: &Path, key: &Path, around: &Surroundings, output: Output) -> Result<Exit, Failure> {
    let key = read_signing_key(&around.root.join(key)).map_err(failure)?;
    // What breaks a rule is not signed: a signature would lend it weight.
    let document = Documents::default().read_any(&around.root.join(path)).map_err(failure)?;
    let signature = signature_path(&document.path);
    write_whole(&signature, &contract_models::sign(&document, &key)).map_err(|error| {
        Failure::new(Code::ContractOutputFailed, format!("{}: {error}", signature.display()))
    })?;
    let (id, digest) = (key_id(&key.verifying_key()), document.digest());
    if output.format == Format::Json {
        let path = signature.display().to_string();
        print_json(
            &json!({"v": "sign.v0", "signature": path, "keyId": id, "digest": format!("sha256:{digest}")}),
        )?;
    } else {
        print_line(&format!("{} signs sha256:{digest} by {id}", tame(&signature.display().to_string())))?;
    }
    Ok(Exit::Satisfied)
}
