//! What a file is, by its content.

use serde::Serialize;

use super::damage::Damage;

/// How a file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Pdf,
    Zip,
}

/// The kind of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Docm,
    Docx,
    Odp,
    Ods,
    Odt,
    Pdf,
    Pptm,
    Pptx,
    Xlsm,
    Xlsx,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        self.extensions()[0]
    }

    /// Extensions of its files: its own first, then those of templates and shows.
    pub(super) fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Docm => &["docm", "dotm"],
            Self::Docx => &["docx", "dotx"],
            Self::Odp => &["odp", "otp"],
            Self::Ods => &["ods", "ots"],
            Self::Odt => &["odt", "ott"],
            Self::Pdf => &["pdf"],
            Self::Pptm => &["pptm", "potm", "ppsm"],
            Self::Pptx => &["pptx", "potx", "ppsx"],
            Self::Xlsm => &["xlsm", "xltm"],
            Self::Xlsx => &["xlsx", "xltx"],
        }
    }
}

/// A PDF may begin with up to so many bytes of something else (ISO 32000-1, annex H, note 13).
const PDF_LEAD: usize = 1024;

pub(super) fn family(bytes: &[u8]) -> Result<Family, Damage> {
    // https://www.sqlite.org/fileformat.html#the_database_header
    if bytes.starts_with(b"SQLite format 3\0") {
        return Err(Damage::ApplicationData("an SQLite database"));
    }
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        return Ok(Family::Zip);
    }
    if bytes.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        return Err(compound(bytes));
    }
    if pdf_start(bytes).is_some() {
        return Ok(Family::Pdf);
    }
    let what = match bytes {
        [b'{', b'\\', b'r', b't', b'f', ..] => "RTF",
        [b'<', ..] => "markup",
        _ if bytes[..bytes.len().min(512)]
            .iter()
            .all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace()) =>
        {
            "plain text"
        }
        _ => "nothing that is known",
    };
    Err(Damage::Unknown(what))
}

/// Where the PDF in these bytes begins.
pub(super) fn pdf_start(bytes: &[u8]) -> Option<usize> {
    bytes[..bytes.len().min(PDF_LEAD)].windows(5).position(|window| window == b"%PDF-")
}

/// A compound file: an encrypted document of today, or a document of before 2007.
fn compound(bytes: &[u8]) -> Damage {
    // [MS-CFB] 2.2: the sector shift at 30, the first sector of the directory at 48.
    let number = |at: usize| bytes.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes);
    let shift = bytes.get(30).copied().unwrap_or_default().min(16);
    let directory = number(48).map(|sector| (sector as usize + 1) << shift).unwrap_or_default();
    // [MS-OFFCRYPTO] 1.3.3: the document lies in a stream of this name, in UTF-16.
    let wanted: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let names = bytes.get(directory..).unwrap_or_default();
    let names = &names[..names.len().min(64 << 10)];
    match names.windows(wanted.len()).any(|window| window == wanted) {
        true => Damage::Encrypted("a package of Office with a password"),
        false => Damage::Unknown("a document of Office from before 2007"),
    }
}
