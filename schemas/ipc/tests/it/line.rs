use contract_ipc::{LineReader, LineTooLong};
use proptest::prelude::*;

/// Lines with their CR mark, and what is left.
type Lines = (Vec<(Vec<u8>, bool)>, Vec<u8>);

/// Feeds `input` in the given pieces.
fn read(input: &[u8], pieces: &[usize], limit: usize) -> Result<Lines, LineTooLong> {
    let mut reader = LineReader::new(limit);
    let (mut lines, mut at, mut piece) = (Vec::new(), 0, 0);
    while at < input.len() {
        let wanted = pieces.get(piece).copied().unwrap_or(usize::MAX).max(1);
        let space = reader.space();
        let count = wanted.min(space.len()).min(input.len() - at);
        space[..count].copy_from_slice(&input[at..at + count]);
        reader.filled(count);
        (at, piece) = (at + count, piece + 1);
        while let Some(line) = reader.next_line()? {
            lines.push((line.text.to_vec(), line.had_cr));
        }
    }
    Ok((lines, reader.rest().to_vec()))
}

fn texts(input: &str) -> Vec<String> {
    let lines = read(input.as_bytes(), &[], 1 << 20).unwrap().0;
    lines.into_iter().map(|(text, _)| String::from_utf8(text).unwrap()).collect()
}

#[test]
fn r1_only_lf_ends_a_line() {
    assert_eq!(
        texts("a\u{2028}b\u{2029}c\u{85}d\u{b}e\u{c}f\rg\n\nh\n"),
        ["a\u{2028}b\u{2029}c\u{85}d\u{b}e\u{c}f\rg", "", "h"]
    );
}

#[test]
fn r2_one_cr_before_the_lf_is_taken_off_and_told() {
    let (lines, rest) = read(b"a\r\nb\nc\r\r\n\r\n", &[], 100).unwrap();
    let expected: [(&[u8], bool); 4] = [(b"a", true), (b"b", false), (b"c\r", true), (b"", true)];
    assert_eq!(lines, expected.map(|(text, cr)| (text.to_vec(), cr)));
    assert!(rest.is_empty());
}

#[test]
fn r2_what_lacks_its_lf_is_left_over() {
    let (lines, rest) = read(b"a\n{\"b\":1}", &[], 100).unwrap();
    assert_eq!((lines.len(), rest.as_slice()), (1, &b"{\"b\":1}"[..]));
}

#[test]
fn r3_the_limit_is_exact_to_the_byte() {
    let too_long = Err(LineTooLong { max_line_bytes: 10 });
    let ten = b"0123456789";
    for end in [&b"\n"[..], b"\r\n"] {
        let fits = [ten, end].concat();
        assert_eq!(read(&fits, &[], 10).unwrap().0[0].0, ten);
        let over = [ten, &b"x"[..], end].concat();
        assert_eq!(read(&over, &[], 10), too_long);
    }
    assert_eq!(read(b"0123456789\r\r\n", &[], 10), too_long, "one CR alone is part of the end");
}

#[test]
fn r3_a_line_over_the_limit_is_refused_without_its_lf() {
    let too_long = Err(LineTooLong { max_line_bytes: 10 });
    assert_eq!(read(b"0123456789", &[], 10).unwrap().1, b"0123456789");
    assert_eq!(read(b"0123456789\r", &[], 10).unwrap().1, b"0123456789\r", "its LF may come");
    assert_eq!(read(b"0123456789x", &[], 10), too_long);
    assert_eq!(read(b"0123456789\rx", &[], 10), too_long);
    assert_eq!(LineTooLong { max_line_bytes: 10 }.to_string(), "a line is longer than 10 bytes");
}

#[test]
fn r3_memory_is_bounded_by_the_limit_and_one_read() {
    const LIMIT: usize = contract_ipc::DEFAULT_MAX_LINE_BYTES;
    let mut reader = LineReader::new(LIMIT);
    let (mut come, mut buffer_bytes) = (0, 0);
    while come < LIMIT {
        assert_eq!(reader.next_line(), Ok(None));
        let space = reader.space();
        buffer_bytes = buffer_bytes.max(come + space.len());
        let count = space.len().min(LIMIT - come);
        space[..count].fill(b'x');
        reader.filled(count);
        come += count;
    }
    reader.space()[0] = b'\n';
    reader.filled(1);
    assert_eq!(reader.next_line().unwrap().unwrap().text.len(), LIMIT);
    assert!(buffer_bytes <= LIMIT + 64 * 1024, "{buffer_bytes}");
}

#[test]
fn a_character_may_be_split_at_any_byte() {
    let input = "é\u{2028}\u{1f600}\r\nß\n".as_bytes();
    let whole = read(input, &[], 100).unwrap();
    for at in 1..input.len() {
        assert_eq!(read(input, &[at], 100).unwrap(), whole, "split at {at}");
    }
    assert_eq!(read(input, &vec![1; input.len()], 100).unwrap(), whole);
}

proptest! {
    #[test]
    fn pieces_of_any_size_give_the_same_lines(
        lines in prop::collection::vec("[a-zé\u{2028}\r]{0,40}", 0..20),
        rest in "[a-z]{0,10}",
        pieces in prop::collection::vec(1..50_usize, 0..40),
    ) {
        let input: String = lines.iter().map(|line| format!("{line}\n")).collect::<String>() + &rest;
        let (read, left) = read(input.as_bytes(), &pieces, 200).unwrap();
        let expected: Vec<_> = lines
            .iter()
            .map(|line| (line.strip_suffix('\r').unwrap_or(line).as_bytes().to_vec(), line.ends_with('\r')))
            .collect();
        prop_assert_eq!(read, expected);
        prop_assert_eq!(left, rest.into_bytes());
    }

    #[test]
    fn lines_over_one_read_block_come_whole(lengths in prop::collection::vec(0..200_000_usize, 1..5)) {
        let mut input = Vec::new();
        for (index, length) in lengths.iter().enumerate() {
            input.extend(std::iter::repeat_n(b'a' + u8::try_from(index).unwrap(), *length));
            input.push(b'\n');
        }
        let lines = read(&input, &[], 200_000).unwrap().0;
        prop_assert_eq!(lines.iter().map(|(text, _)| text.len()).collect::<Vec<_>>(), lengths);
    }
}
