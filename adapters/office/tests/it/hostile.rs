//! Files that are built to exhaust a reader.

use std::io::Write as _;

use flate2::write::DeflateEncoder;
use flate2::{Compression, FlushCompress, Status};

use crate::bench::Bench;
use crate::office_file::{docx, xlsx, zip};
use crate::pdf_file;

const CHUNK: usize = 16 << 20;
const CHUNKS: u64 = 640;
/// What a bomb becomes when it is unpacked: 10 GiB.
pub const BOMB_BYTES: u64 = CHUNK as u64 * CHUNKS;

/// A deflate stream of 10 GiB of zeros: a full flush ends on a byte and forgets what came before, so its blocks can be repeated.
pub fn deflated_zeros() -> Vec<u8> {
    let mut compress = flate2::Compress::new(Compression::best(), false);
    let mut block = Vec::with_capacity(CHUNK / 100);
    let zeros = vec![0; CHUNK];
    let status = compress.compress_vec(&zeros, &mut block, FlushCompress::Full).unwrap();
    assert_eq!((status, compress.total_in()), (Status::Ok, CHUNK as u64));
    let mut all = Vec::new();
    for _ in 0..CHUNKS {
        all.extend_from_slice(&block);
    }
    let encoder = DeflateEncoder::new(all, Compression::best());
    encoder.finish().unwrap()
}

/// A zip with one deflated part, whose directory names it under each of these names and with this size.
pub fn one_part(names: &[&str], packed: &[u8], claimed: u32) -> Vec<u8> {
    let fields = |out: &mut Vec<u8>, name: &str| {
        out.extend_from_slice(&[20, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        out.extend_from_slice(&u32::try_from(packed.len()).unwrap().to_le_bytes());
        out.extend_from_slice(&claimed.to_le_bytes());
        out.extend_from_slice(&u16::try_from(name.len()).unwrap().to_le_bytes());
        out.extend_from_slice(&[0, 0]);
    };
    let mut bytes = b"PK\x03\x04".to_vec();
    fields(&mut bytes, names[0]);
    bytes.extend_from_slice(names[0].as_bytes());
    bytes.extend_from_slice(packed);
    let start = bytes.len();
    for name in names {
        bytes.extend_from_slice(b"PK\x01\x02\x14\x00");
        fields(&mut bytes, name);
        bytes.extend_from_slice(&[0; 14]);
        bytes.extend_from_slice(name.as_bytes());
    }
    let size = bytes.len() - start;
    let count = u16::try_from(names.len()).unwrap().to_le_bytes();
    bytes.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    bytes.extend_from_slice(&count);
    bytes.extend_from_slice(&count);
    bytes.extend_from_slice(&u32::try_from(size).unwrap().to_le_bytes());
    bytes.extend_from_slice(&u32::try_from(start).unwrap().to_le_bytes());
    bytes.extend_from_slice(&[0, 0]);
    bytes
}

/// A part of 10 GiB that says it has 2000 bytes.
pub fn lying_bomb() -> Vec<u8> {
    one_part(&["[Content_Types].xml"], &deflated_zeros(), 2000)
}

#[test]
fn a_part_that_is_larger_than_it_claims_is_a_bomb() {
    let (code, message) = Bench::new().refusal("a.docx", &lying_bomb());
    assert_eq!(code, "ADAPTER_DOCUMENT_BOMB");
    assert!(message.contains("larger than it claims"), "{message}");
}

#[test]
fn parts_that_share_their_bytes_are_a_bomb() {
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&vec![0; CHUNK]).unwrap();
    let names: Vec<String> = (0..1000).map(|number| format!("part{number}.xml")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let bytes = one_part(&names, &packed.finish().unwrap(), CHUNK as u32);
    let (code, message) = Bench::new().refusal("a.docx", &bytes);
    assert_eq!(code, "ADAPTER_DOCUMENT_BOMB");
    assert!(message.contains("16777216000 bytes when unpacked"), "{message}");
}

#[test]
fn a_ratio_that_no_document_has_is_a_bomb() {
    let mut parts: Vec<(&str, Vec<u8>)> =
        xlsx().into_iter().map(|(name, text)| (name, text.into_bytes())).collect();
    parts.push(("xl/media/image1.bmp", vec![0; 80 << 20]));
    let (code, message) = Bench::new().refusal("a.xlsx", &zip(&parts));
    assert_eq!(code, "ADAPTER_DOCUMENT_BOMB");
    assert!(message.contains("become"), "{message}");
}

#[test]
fn more_entries_than_any_document_has_are_a_bomb() {
    let names: Vec<String> = (0..20_000).map(|number| format!("p{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (code, message) = Bench::new().refusal("a.docx", &one_part(&names, &[3, 0], 0));
    assert_eq!(code, "ADAPTER_DOCUMENT_BOMB");
    assert!(message.contains("more than 16384 entries"), "{message}");
}

#[test]
fn deep_xml_is_a_bomb_and_entities_are_none() {
    let mut bench = Bench::new();
    let mut deep = docx();
    deep[1].1 = "<a>".repeat(100_000);
    assert_eq!(bench.refusal("a.docx", &zip(&deep)).0, "ADAPTER_DOCUMENT_BOMB");
    let mut laughs = docx();
    laughs[1].1 = r#"<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><x xmlns:dc="d"><dc:title>&b;&b;!</dc:title></x>"#.to_owned();
    assert_eq!(bench.inspected("a.docx", &zip(&laughs))["metadata"]["title"], "!");
}

#[test]
fn a_table_of_objects_of_ten_gigabytes_is_a_bomb() {
    let mut zlib = vec![0x78, 0xda];
    zlib.extend(deflated_zeros());
    let (code, message) = Bench::new().refusal("a.pdf", &pdf_file::with_table(&zlib));
    assert_eq!(code, "ADAPTER_DOCUMENT_BOMB");
    assert!(message.contains("16777216 bytes when unpacked"), "{message}");
}

#[test]
fn circles_in_a_pdf_end() {
    let mut bench = Bench::new();
    let kids = "<< /Type /Pages /Count 1 /Kids [2 0 R 2 0 R 3 0 R] >>";
    let data =
        bench.inspected("a.pdf", &pdf_file::classic(&["<< /Pages 2 0 R >>", kids, kids], "/Root 1 0 R"));
    assert_eq!(data["metadata"]["counts"]["pages"], 1);
    let circle = pdf_file::classic(&["2 0 R", "1 0 R"], "/Root 1 0 R");
    let (code, message) = bench.refusal("a.pdf", &circle);
    assert_eq!(code, "ADAPTER_DOCUMENT_DAMAGED");
    assert!(message.contains("circle"), "{message}");
}

#[test]
fn a_table_that_names_itself_as_older_ends() {
    let objects = ["<< /Pages 2 0 R >>", "<< /Count 0 >>"];
    let at =
        pdf_file::classic(&objects, "/Root 1 0 R").windows(5).position(|window| window == b"xref\n").unwrap();
    let bytes = pdf_file::classic(&objects, &format!("/Root 1 0 R /Prev {at}"));
    assert_eq!(Bench::new().inspected("a.pdf", &bytes)["metadata"]["counts"]["pages"], 0);
}

#[test]
fn a_list_of_millions_of_objects_is_refused_within_bounds() {
    let kids = format!("<< /Count 1 /Kids [{}] >>", "[]".repeat(4 << 20));
    let data =
        Bench::new().inspected("a.pdf", &pdf_file::classic(&["<< /Pages 2 0 R >>", &kids], "/Root 1 0 R"));
    let notes = data["metadata"]["notes"].to_string();
    assert!(notes.contains("links are counted as far as they could"), "{notes}");
}
