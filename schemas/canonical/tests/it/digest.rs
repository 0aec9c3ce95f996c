use contract_json::{Digest, Digester, from_slice};

#[test]
fn digests_of_nothing_are_the_published_ones() {
    let digest = Digest::of(b"");
    assert_eq!(digest.blake3, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262");
    assert_eq!(digest.sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

#[test]
fn counts_bytes_and_lines_over_updates() {
    let mut digester = Digester::new();
    digester.update(b"a\nb");
    digester.update(b"\n");
    let digest = digester.finish();
    assert_eq!((digest.bytes, digest.lines), (4, 2));
    assert_eq!(digest.digest(), Digest::of(b"a\nb\n"));
}

#[test]
fn an_expected_digest_names_its_algorithm() {
    let digest = Digest::of(b"x");
    assert_eq!(digest.matches(&digest.blake3_uri()), Ok(true));
    assert_eq!(digest.matches(&format!("sha256:{}", digest.sha256)), Ok(true));
    assert_eq!(digest.matches(&format!("sha256:{}", digest.blake3)), Ok(false));
    for bad in ["", "blake3:", "md5:00", &digest.sha256, &format!("sha256:{}", digest.sha256.to_uppercase())]
    {
        assert!(digest.matches(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_document_is_read_strictly_before_serde_sees_it() {
    let error = from_slice::<Digest>(b"{\n\"blake3\":\"a\",\"blake3\":\"b\",\"sha256\":\"\"}")
        .expect_err("duplicate key");
    assert_eq!(error.to_string(), "2:14: duplicate key at byte 15");
    let error = from_slice::<Digest>(b"{\"blake3\":1}").expect_err("a number");
    assert!(error.to_string().starts_with("1:11: invalid type: integer"), "{error}");
}
