//! Types of artifacts, and the formats that fit them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::format::Format;

/// What is to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ArtifactType {
    Document,
    Notes,
    PdfReport,
    SlideDeck,
    Spreadsheet,
    WebPage,
}

impl ArtifactType {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Notes => "notes",
            Self::PdfReport => "pdf-report",
            Self::SlideDeck => "slide-deck",
            Self::Spreadsheet => "spreadsheet",
            Self::WebPage => "web-page",
        }
    }

    /// The formats in which it can be written, the most usual first.
    pub(crate) fn formats(self) -> &'static [Format] {
        match self {
            Self::Document => &[Format::Docx, Format::Odt, Format::Pdf, Format::Rtf, Format::Html],
            Self::Notes => &[Format::Md, Format::Txt],
            Self::PdfReport => &[Format::Pdf],
            Self::SlideDeck => &[Format::Pptx, Format::Odp, Format::Pdf],
            Self::Spreadsheet => &[Format::Xlsx, Format::Ods, Format::Csv],
            Self::WebPage => &[Format::Html],
        }
    }
}

impl fmt::Display for ArtifactType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
