//! Secrets in whatever surrounds them.

use contract_receipts::Redactor;
use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL};

const SECRET: &str = "hunter2-hunter2";

/// Put into the input in several forms, the secret is in none of them afterwards; and nothing else is lost.
pub(crate) fn no_form_of_a_secret_stays(bytes: &[u8]) {
    let redactor = Redactor::new([("NAME", SECRET)]).expect("the secret is long enough");
    let percent: String = SECRET.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let forms = [
        SECRET.to_owned(),
        BASE64.encode(SECRET.as_bytes()),
        BASE64_NOPAD.encode(SECRET.as_bytes()),
        BASE64URL.encode(SECRET.as_bytes()),
        percent,
    ];
    let middle = bytes.len() / 2;
    for form in forms {
        let mut text = bytes[..middle].to_vec();
        text.extend_from_slice(form.as_bytes());
        text.extend_from_slice(&bytes[middle..]);
        let clean = redactor.bytes(&text);
        let stays = clean.windows(form.len()).any(|window| window == form.as_bytes());
        assert!(!stays, "{form} stays in {}", String::from_utf8_lossy(&clean));
        assert!(clean.windows(15).any(|window| window == b"[redacted:NAME]"));
    }
}
