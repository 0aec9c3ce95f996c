//! File formats.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// A format that a back end reads or writes, named by the extension of its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    Csv,
    Docx,
    Html,
    Md,
    Odp,
    Ods,
    Odt,
    Pdf,
    Png,
    Pptx,
    Rtf,
    Tex,
    Txt,
    Typ,
    Xlsx,
}

impl Format {
    pub(crate) const ALL: &[Self] = &[
        Self::Csv,
        Self::Docx,
        Self::Html,
        Self::Md,
        Self::Odp,
        Self::Ods,
        Self::Odt,
        Self::Pdf,
        Self::Png,
        Self::Pptx,
        Self::Rtf,
        Self::Tex,
        Self::Txt,
        Self::Typ,
        Self::Xlsx,
    ];

    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Docx => "docx",
            Self::Html => "html",
            Self::Md => "md",
            Self::Odp => "odp",
            Self::Ods => "ods",
            Self::Odt => "odt",
            Self::Pdf => "pdf",
            Self::Png => "png",
            Self::Pptx => "pptx",
            Self::Rtf => "rtf",
            Self::Tex => "tex",
            Self::Txt => "txt",
            Self::Typ => "typ",
            Self::Xlsx => "xlsx",
        }
    }

    /// The format that the name of a file shows.
    pub(crate) fn of_path(path: &str) -> Option<Self> {
        let extension = Path::new(path).extension()?.to_str()?.to_ascii_lowercase();
        Self::ALL.iter().copied().find(|format| format.extension() == extension)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.extension())
    }
}

/// A list for people.
pub(crate) fn names(formats: &[Format]) -> String {
    formats.iter().map(|format| format.extension()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_formats_are_listed_once_in_order_and_called_as_in_json() {
        assert!(Format::ALL.is_sorted());
        for format in Format::ALL {
            assert_eq!(serde_json::to_value(format).unwrap(), format.extension());
        }
    }

    #[test]
    fn the_format_is_that_of_the_last_extension_in_any_case() {
        assert_eq!(Format::of_path("/a.pdf/b.tar.DOCX"), Some(Format::Docx));
        assert_eq!(Format::of_path("/a/b"), None);
        assert_eq!(Format::of_path("/a/.pdf"), None);
    }
}
