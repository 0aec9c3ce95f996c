//! Office files, written with another library than the one that reads them.

use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

pub type Parts = Vec<(&'static str, String)>;

pub const CORE: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<cp:coreProperties xmlns:cp="c" xmlns:dc="d" xmlns:dcterms="t" xmlns:xsi="x"><dc:title>Plan &amp; budget</dc:title>
<dc:creator>Ann Example</dc:creator><cp:lastModifiedBy>Bob Example</cp:lastModifiedBy>
<dcterms:created xsi:type="dcterms:W3CDTF">2026-01-31T12:00:00Z</dcterms:created>
<dcterms:modified xsi:type="dcterms:W3CDTF">2026-02-01T08:30:00Z</dcterms:modified></cp:coreProperties>"#;

const RELS: &str = r#"<Relationships xmlns="r">
<Relationship Id="1" Type="http://x/relationships/hyperlink" Target="https://example.org/" TargetMode="External"/>
<Relationship Id="2" Type="http://x/relationships/attachedTemplate" Target="https://example.org/t.dotm" TargetMode="External"/>
<Relationship Id="3" Type="http://x/relationships/styles" Target="styles.xml"/></Relationships>"#;

pub fn zip(parts: &[(&str, impl AsRef<[u8]>)]) -> Vec<u8> {
    zip_with(parts, CompressionMethod::Deflated)
}

pub fn zip_with(parts: &[(&str, impl AsRef<[u8]>)], method: CompressionMethod) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        writer.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        writer.write_all(bytes.as_ref()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn types(part: &str, main: &str) -> String {
    format!(
        r#"<?xml version="1.0"?><Types xmlns="t"><Default Extension="xml" ContentType="application/xml"/><Override PartName="/{part}" ContentType="{main}"/></Types>"#
    )
}

fn app(more: &str) -> String {
    format!(
        "<Properties xmlns=\"p\"><Application>Example Office</Application><AppVersion>16.0000</AppVersion>{more}</Properties>"
    )
}

pub fn docx() -> Parts {
    let main = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml";
    vec![
        ("[Content_Types].xml", types("word/document.xml", main)),
        ("docProps/core.xml", CORE.to_owned()),
        ("docProps/app.xml", app("<Pages>3</Pages><Words>1234</Words>")),
        ("word/document.xml", "<w:document xmlns:w=\"w\"><w:body/></w:document>".to_owned()),
        ("word/_rels/document.xml.rels", RELS.to_owned()),
        ("word/embeddings/sheet1.xlsx", "not looked into".to_owned()),
    ]
}

/// The same with a macro, as a .docm.
pub fn docm() -> Parts {
    let mut parts = docx();
    parts[0].1 = types("word/document.xml", "application/vnd.ms-word.document.macroEnabled.main+xml");
    parts.push(("word/vbaProject.bin", "code".to_owned()));
    parts
}

pub fn xlsx() -> Parts {
    let main = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml";
    let book = r#"<workbook xmlns="w"><sheets><sheet name="A"/><sheet name="B"/></sheets><x><sheet/></x></workbook>"#;
    vec![
        ("[Content_Types].xml", types("xl/workbook.xml", main)),
        ("docProps/core.xml", CORE.to_owned()),
        ("xl/workbook.xml", book.to_owned()),
    ]
}

pub fn pptx() -> Parts {
    let main = "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml";
    let deck = r#"<p:presentation xmlns:p="p"><p:sldIdLst><p:sldId id="256"/><p:sldId id="257"/><p:sldId id="258"/></p:sldIdLst></p:presentation>"#;
    vec![
        ("[Content_Types].xml", types("ppt/presentation.xml", main)),
        ("docProps/app.xml", app("<Words>12</Words>")),
        ("ppt/presentation.xml", deck.to_owned()),
    ]
}

/// An OpenDocument of a type (`text`, `spreadsheet`, `presentation`) with this body.
pub fn odf(kind: &str, body: &str) -> Parts {
    vec![
        ("mimetype", format!("application/vnd.oasis.opendocument.{kind}")),
        (
            "meta.xml",
            r#"<office:document-meta xmlns:office="o" xmlns:meta="m" xmlns:dc="d"><office:meta><dc:title>Minutes</dc:title>
<meta:initial-creator>Ann Example</meta:initial-creator><dc:creator>Bob Example</dc:creator>
<meta:creation-date>2026-01-31T12:00:00.123</meta:creation-date><dc:date>2026-02-01T08:30:00</dc:date>
<meta:generator>Example/1.0</meta:generator><meta:document-statistic meta:page-count="2" meta:word-count="77"/>
</office:meta></office:document-meta>"#
                .to_owned(),
        ),
        (
            "content.xml",
            format!(
                r##"<office:document-content xmlns:office="o" xmlns:text="t" xmlns:xlink="x" xmlns:draw="d" xmlns:table="b"><office:body>
<office:{kind}>{body}<text:p><text:a xlink:href="https://example.org/">x</text:a><text:a xlink:href="#in">y</text:a>
<draw:image xlink:href="Pictures/1.png"/><draw:image xlink:href="http://example.org/pixel.png"/></text:p></office:{kind}></office:body></office:document-content>"##
            ),
        ),
        ("META-INF/manifest.xml", manifest("")),
    ]
}

/// A manifest in which `content.xml` has these children.
pub fn manifest(of_content: &str) -> String {
    format!(
        r#"<manifest:manifest xmlns:manifest="m"><manifest:file-entry manifest:full-path="meta.xml"/><manifest:file-entry manifest:full-path="content.xml">{of_content}</manifest:file-entry></manifest:manifest>"#
    )
}

pub fn odt() -> Parts {
    odf("text", "")
}

pub fn ods() -> Parts {
    odf("spreadsheet", r#"<table:table/><table:table><table:table/></table:table>"#)
}

pub fn odp() -> Parts {
    odf("presentation", "<draw:page/><draw:page/>")
}
