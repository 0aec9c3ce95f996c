//! The programs that could make or convert an artifact, as data.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::format::Format::{
    self, Csv, Docx, Html, Md, Odp, Ods, Odt, Pdf, Png, Pptx, Rtf, Tex, Txt, Typ, Xlsx,
};

/// What a back end would be started for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) enum Serves {
    #[serde(rename = "office.convert")]
    Convert,
    #[serde(rename = "office.generate")]
    Generate,
}

/// Formats between which a back end leads.
pub(crate) struct Route {
    pub(crate) serves: &'static [Serves],
    pub(crate) reads: &'static [Format],
    pub(crate) writes: &'static [Format],
}

/// A program that could do the work. None is ever started here.
pub(crate) struct Backend {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    /// Names of its executable file, the usual one first.
    pub(crate) programs: &'static [&'static str],
    /// Where it lies when it is on no search path.
    pub(crate) places: &'static [&'static str],
    /// The back end without which it does nothing.
    pub(crate) needs: Option<&'static str>,
    pub(crate) routes: &'static [Route],
}

const BOTH: &[Serves] = &[Serves::Convert, Serves::Generate];
const CONVERT: &[Serves] = &[Serves::Convert];

/// LibreOffice converts within texts, sheets and slides, and from each of them to PDF; a draft is a file of one of these.
const OF_LIBREOFFICE: &[Route] = &[
    Route { serves: BOTH, reads: &[Docx, Html, Odt, Rtf, Txt], writes: &[Docx, Html, Odt, Pdf, Rtf] },
    Route { serves: CONVERT, reads: &[Docx, Html, Odt, Rtf, Txt], writes: &[Txt] },
    Route { serves: BOTH, reads: &[Csv, Ods, Xlsx], writes: &[Csv, Ods, Pdf, Xlsx] },
    Route { serves: BOTH, reads: &[Odp, Pptx], writes: &[Odp, Pdf, Pptx] },
];

/// Every back end; the first one that fits and is there is taken.
pub(crate) const BACKENDS: &[Backend] = &[
    Backend {
        name: "libreoffice",
        what: "LibreOffice without a window",
        programs: &["soffice", "libreoffice", "org.libreoffice.LibreOffice"],
        places: &[
            "/usr/lib/libreoffice/program/soffice",
            "/usr/lib64/libreoffice/program/soffice",
            "/opt/libreoffice/program/soffice",
            "/opt/libreoffice7.6/program/soffice",
            "/opt/libreoffice24.2/program/soffice",
            "/opt/libreoffice24.8/program/soffice",
            "/opt/libreoffice25.2/program/soffice",
            "/opt/libreoffice25.8/program/soffice",
            "/opt/libreoffice26.2/program/soffice",
            "/opt/collaboraoffice/program/soffice",
            "/Applications/LibreOffice.app/Contents/MacOS/soffice",
        ],
        needs: None,
        routes: OF_LIBREOFFICE,
    },
    Backend {
        name: "pandoc",
        what: "Pandoc, for texts with marks; its PDF needs an engine of its own and is not counted",
        programs: &["pandoc"],
        places: &[],
        needs: None,
        routes: &[Route {
            serves: BOTH,
            reads: &[Docx, Html, Md, Odt, Rtf, Tex],
            writes: &[Docx, Html, Md, Odt, Pptx, Rtf, Tex, Txt, Typ],
        }],
    },
    Backend {
        name: "typst",
        what: "Typst, from its own texts to PDF",
        programs: &["typst"],
        places: &[],
        needs: None,
        routes: &[Route { serves: BOTH, reads: &[Typ], writes: &[Pdf, Png] }],
    },
    Backend {
        name: "tectonic",
        what: "Tectonic, from LaTeX to PDF; it may want the network for packages",
        programs: &["tectonic"],
        places: &[],
        needs: None,
        routes: &[Route { serves: BOTH, reads: &[Tex], writes: &[Pdf] }],
    },
    Backend {
        name: "xelatex",
        what: "XeLaTeX of TeX Live, from LaTeX to PDF",
        programs: &["xelatex", "pdflatex"],
        places: &["/usr/share/texlive/bin/xelatex", "/Library/TeX/texbin/xelatex"],
        needs: None,
        routes: &[Route { serves: BOTH, reads: &[Tex], writes: &[Pdf] }],
    },
    Backend {
        name: "weasyprint",
        what: "WeasyPrint, from web pages to PDF",
        programs: &["weasyprint", "wkhtmltopdf"],
        places: &[],
        needs: None,
        routes: &[Route { serves: BOTH, reads: &[Html], writes: &[Pdf] }],
    },
    Backend {
        name: "unoconv",
        what: "A client of a LibreOffice that listens",
        programs: &["unoconvert", "unoconv"],
        places: &[],
        needs: Some("libreoffice"),
        routes: OF_LIBREOFFICE,
    },
    Backend {
        name: "gnumeric",
        what: "The converter of Gnumeric, for sheets",
        programs: &["ssconvert"],
        places: &[],
        needs: None,
        routes: &[Route { serves: CONVERT, reads: &[Csv, Ods, Xlsx], writes: &[Csv, Html, Ods, Pdf, Xlsx] }],
    },
    Backend {
        name: "poppler-text",
        what: "pdftotext of Poppler, from PDF to text",
        programs: &["pdftotext"],
        places: &[],
        needs: None,
        routes: &[Route { serves: CONVERT, reads: &[Pdf], writes: &[Html, Txt] }],
    },
    Backend {
        name: "poppler-images",
        what: "pdftoppm of Poppler, from PDF to images of its pages",
        programs: &["pdftoppm", "pdftocairo"],
        places: &[],
        needs: None,
        routes: &[Route { serves: CONVERT, reads: &[Pdf], writes: &[Png] }],
    },
];

impl Backend {
    /// Whether one of its routes leads from every format of `from` to `to`.
    pub(crate) fn leads(&self, serves: Serves, from: &[Format], to: Format) -> bool {
        self.routes.iter().any(|route| {
            route.serves.contains(&serves)
                && route.writes.contains(&to)
                && from.iter().all(|format| route.reads.contains(format))
        })
    }

    pub(crate) fn reads(&self) -> BTreeSet<Format> {
        self.routes.iter().flat_map(|route| route.reads).copied().collect()
    }

    pub(crate) fn writes(&self) -> BTreeSet<Format> {
        self.routes.iter().flat_map(|route| route.writes).copied().collect()
    }

    pub(crate) fn serves(&self) -> BTreeSet<Serves> {
        self.routes.iter().flat_map(|route| route.serves).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::ArtifactType;

    #[test]
    fn what_is_needed_is_in_the_table() {
        for needed in BACKENDS.iter().filter_map(|backend| backend.needs) {
            assert!(BACKENDS.iter().any(|backend| backend.name == needed));
        }
    }

    #[test]
    fn each_format_of_each_artifact_has_a_back_end_that_makes_it() {
        use ArtifactType::{Document, Notes, PdfReport, SlideDeck, Spreadsheet, WebPage};
        for artifact in [Document, Notes, PdfReport, SlideDeck, Spreadsheet, WebPage] {
            for format in artifact.formats() {
                let made = BACKENDS.iter().any(|backend| backend.leads(Serves::Generate, &[], *format));
                assert!(made, "{artifact} as {format}");
            }
        }
    }
}
