use contract_ipc::{Seed, Sender, Session, Timestamp};

const SEED: &str = "000102030405060708090a0b0c0d0e0f";

fn sender() -> Sender {
    Sender::new(*b"0123456789abcdef", "2026-01-31T23:59:59.999Z".parse().unwrap())
}

#[test]
fn r50_writes_lines_byte_for_byte() {
    let (mut sender, mut out) = (sender(), Vec::new());
    let payload = sender.write(&mut out, "hello", None, |out| out.extend_from_slice(b"{\"a\":1}"));
    assert_eq!(out[payload], *b"{\"a\":1}");
    sender.write(&mut out, "odd \"type\"", Some("reply\\to"), |out| out.extend_from_slice(b"{}"));
    assert_eq!(
        String::from_utf8(out).unwrap(),
        concat!(
            r#"{"id":"0123456789abcdef0000000000000000","payload":{"a":1},"ts":"2026-01-31T23:59:59.999Z","type":"hello","v":"ipc.v0"}"#,
            "\n",
            r#"{"id":"0123456789abcdef0000000000000001","payload":{},"replyTo":"reply\\to","ts":"2026-02-01T00:00:00.000Z","type":"odd \"type\"","v":"ipc.v0"}"#,
            "\n"
        )
    );
    assert_eq!(sender.next_number(), 2);
}

#[test]
fn r50_ids_end_in_the_number_of_the_message() {
    let sender = sender();
    for (number, digits) in
        [(0, "0000000000000000"), (0x1f, "000000000000001f"), (u64::MAX, "ffffffffffffffff")]
    {
        let id = format!("0123456789abcdef{digits}");
        assert_eq!(sender.id(number), id.as_bytes());
        assert_eq!(sender.number(&id), Some(number));
    }
    for foreign in [
        "",
        "0123456789abcdef",
        "0123456789abcdef000000000000000",
        "0123456789abcdef00000000000000000",
        "0123456789abcdef000000000000000G",
        "0123456789abcdef000000000000000F",
        "0123456789abcdef+00000000000000f",
        "1123456789abcdef0000000000000000",
    ] {
        assert_eq!(sender.number(foreign), None, "{foreign}");
    }
}

#[test]
fn r50_to_r52_ids_follow_from_the_seed() {
    // Made with: printf 'runner\n000102030405060708090a0b0c0d0e0f' | sha256sum
    let seed: Seed = SEED.parse().unwrap();
    assert_eq!(&seed.id_prefix("runner"), b"a510333564b0f580");
    assert_eq!(&seed.id_prefix("adapter"), b"3ee9b6e9926f0a7b");
    assert_eq!(&seed.id_prefix("transcript"), b"c8a23b5d6811df2c");
    let session = Session::new(seed, Timestamp::from_unix_ms(0));
    assert_eq!(session.id, "a0d916dad39ce6b0256aa1b6675a57d1");
}

#[test]
fn the_seed_of_a_plan_is_half_of_its_sha_256() {
    // Made with: printf '{}' | sha256sum
    assert_eq!(Seed::of_plan(b"{}").as_str(), "44136fa355b3678a1146ad16f7e8649e");
}

#[test]
fn a_seed_is_32_lower_case_hex_digits() {
    for bad in ["", &SEED[1..], &format!("{SEED}0"), &SEED.to_uppercase(), "00010203040506070809 a0b0c0d0e0f"]
    {
        let error = bad.parse::<Seed>().unwrap_err().to_string();
        assert_eq!(error, format!("`{bad}` is no seed; write 32 lower-case hex digits"));
    }
    assert_eq!(SEED.parse::<Seed>().unwrap().to_string(), SEED);
}
