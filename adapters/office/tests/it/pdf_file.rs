//! Small PDF files, byte by byte.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;

/// Objects and a trailer, with a table of objects as PDF 1.4 has it.
pub fn classic(objects: &[&str], trailer: &str) -> Vec<u8> {
    let mut bytes = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n".to_vec();
    let mut offsets = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        offsets.push(bytes.len());
        bytes.extend_from_slice(format!("{} 0 obj\n{object}\nendobj\n", index + 1).as_bytes());
    }
    let start = bytes.len();
    bytes.extend_from_slice(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).as_bytes());
    for offset in offsets {
        bytes.extend_from_slice(format!("{offset:010} 00000 n \n").as_bytes());
    }
    let size = objects.len() + 1;
    bytes.extend_from_slice(
        format!("trailer\n<< /Size {size} {trailer} >>\nstartxref\n{start}\n%%EOF\n").as_bytes(),
    );
    bytes
}

pub const CATALOG: &str = "<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >> /Names << /EmbeddedFiles << /Names [(a) 6 0 R (b) 6 0 R] >> >> >>";
pub const PAGES: &str = "<< /Type /Pages /Count 2 /Kids [3 0 R 4 0 R] >>";
pub const PAGE_WITH_LINK: &str = "<< /Type /Page /Parent 2 0 R /Annots [<< /Subtype /Link /A << /S /URI /URI (https://example.org/) >> >> << /Subtype /Link /Dest [3 0 R /Fit] >>] >>";
pub const PAGE: &str = "<< /Type /Page /Parent 2 0 R >>";
pub const INFO: &str = "<< /Title <FEFF0050006C0061006E00202603> /Author (Ann \\105xample) /Creator (Example Writer) /Producer (x) /CreationDate (D:20260131120000+01'00') /ModDate (D:20260201083000Z) >>";

/// Two pages, properties, a script, two embedded files and a link.
pub fn plain() -> Vec<u8> {
    classic(&[CATALOG, PAGES, PAGE_WITH_LINK, PAGE, INFO, "<< /Type /Filespec >>"], "/Root 1 0 R /Info 5 0 R")
}

pub fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The same content as PDF 1.5 has it: objects in a stream, and the table in another, with a predictor.
pub fn packed() -> Vec<u8> {
    let objects = [CATALOG, PAGES, PAGE_WITH_LINK, PAGE, INFO, "<< /Type /Filespec >>"];
    let (mut heads, mut bodies) = (String::new(), String::new());
    for (index, object) in objects.iter().enumerate() {
        heads.push_str(&format!("{} {} ", index + 1, bodies.len()));
        bodies.push_str(object);
        bodies.push('\n');
    }
    let inner = zlib(format!("{heads}{bodies}").as_bytes());
    let mut bytes = b"%PDF-1.5\n".to_vec();
    let at = bytes.len();
    let count = objects.len();
    stream(&mut bytes, 7, &format!("/Type /ObjStm /N {count} /First {}", heads.len()), &inner);
    let start = bytes.len();
    let mut rows = vec![[0, 0, 0, 0]];
    rows.extend((0..6).map(|index| [2, 0, 7, index]));
    rows.push([1, (at >> 8) as u8, at as u8, 0]);
    rows.push([1, (start >> 8) as u8, start as u8, 0]);
    let mut above = [0_u8; 4];
    let mut table = Vec::new();
    for row in &rows {
        table.push(2);
        table.extend(row.iter().zip(above).map(|(byte, above)| byte.wrapping_sub(above)));
        above = *row;
    }
    let more =
        "/Type /XRef /Size 9 /W [1 2 1] /Root 1 0 R /Info 5 0 R /DecodeParms << /Predictor 12 /Columns 4 >>";
    stream(&mut bytes, 8, more, &zlib(&table));
    bytes.extend_from_slice(format!("startxref\n{start}\n%%EOF\n").as_bytes());
    bytes
}

fn stream(bytes: &mut Vec<u8>, number: u32, more: &str, packed: &[u8]) {
    let head =
        format!("{number} 0 obj\n<< {more} /Filter /FlateDecode /Length {} >>\nstream\n", packed.len());
    bytes.extend_from_slice(head.as_bytes());
    bytes.extend_from_slice(packed);
    bytes.extend_from_slice(b"\nendstream\nendobj\n");
}

/// A file whose table of objects is this stream of zlib.
pub fn with_table(packed: &[u8]) -> Vec<u8> {
    let mut bytes = b"%PDF-1.5\n".to_vec();
    let start = bytes.len();
    stream(&mut bytes, 1, "/Type /XRef /Size 9 /W [1 2 1] /Root 1 0 R", packed);
    bytes.extend_from_slice(format!("startxref\n{start}\n%%EOF\n").as_bytes());
    bytes
}
