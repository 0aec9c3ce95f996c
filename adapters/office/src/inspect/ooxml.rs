//! docx, xlsx and pptx: ECMA-376, Office Open XML.

use super::container::Container;
use super::damage::Damage;
use super::facts::Facts;
use super::kind::Kind;
use super::xml::{Seen, attribute, fields, local, walk};

/// Content types of the main part, and the kind that they make.
const MAIN: &[(&str, Kind)] = &[
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml", Kind::Docx),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml", Kind::Docx),
    ("application/vnd.ms-word.document.macroEnabled.main+xml", Kind::Docm),
    ("application/vnd.ms-word.template.macroEnabledTemplate.main+xml", Kind::Docm),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml", Kind::Xlsx),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.template.main+xml", Kind::Xlsx),
    ("application/vnd.ms-excel.sheet.macroEnabled.main+xml", Kind::Xlsm),
    ("application/vnd.ms-excel.template.macroEnabled.main+xml", Kind::Xlsm),
    ("application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml", Kind::Pptx),
    ("application/vnd.openxmlformats-officedocument.presentationml.template.main+xml", Kind::Pptx),
    ("application/vnd.openxmlformats-officedocument.presentationml.slideshow.main+xml", Kind::Pptx),
    ("application/vnd.ms-powerpoint.presentation.macroEnabled.main+xml", Kind::Pptm),
    ("application/vnd.ms-powerpoint.template.macroEnabled.main+xml", Kind::Pptm),
    ("application/vnd.ms-powerpoint.slideshow.macroEnabled.main+xml", Kind::Pptm),
];

/// Content types and names of parts that hold code: VBA, and sheets of Excel 4 macros.
const CODE_TYPES: &[&str] =
    &["application/vnd.ms-office.vbaProject", "application/vnd.ms-excel.macrosheet+xml"];
const CODE_NAMES: &[&str] = &["/vbaproject.bin", "/vbadata.xml", "/macrosheets/"];

const TYPES: &str = "[Content_Types].xml";

/// What the list of content types says.
#[derive(Default)]
struct Types {
    main: Option<(Kind, String)>,
    code: bool,
}

pub(super) fn facts(container: &Container<'_>) -> Result<(Kind, Facts), Damage> {
    let Some(xml) = container.part(TYPES)? else {
        return Err(Damage::Unknown("a zip that is no document"));
    };
    let types = types(&xml)?;
    let Some((kind, main)) = types.main else {
        return Err(Damage::Unknown("a package of Office that is no text, sheet or deck"));
    };
    let mut facts = Facts { macros: types.code, ..Facts::default() };
    properties(container, &mut facts)?;
    for name in container.names() {
        let lower = format!("/{}", name.to_ascii_lowercase());
        facts.macros |= CODE_NAMES.iter().any(|code| lower.contains(code));
        facts.embedded_files += u64::from(lower.contains("/embeddings/") && !lower.ends_with('/'));
        if lower.ends_with(".rels") {
            relations(name, &container.required(name)?, &mut facts)?;
        }
    }
    // Texts have no count of their own beyond the properties.
    match kind {
        Kind::Xlsx | Kind::Xlsm => {
            facts.counts.sheets = Some(count(&main, &container.required(&main)?, b"sheets", b"sheet")?);
        }
        Kind::Pptx | Kind::Pptm => {
            facts.counts.slides = Some(count(&main, &container.required(&main)?, b"sldIdLst", b"sldId")?);
        }
        _ if !container.has(&main) => return Err(Damage::broken("its main part is missing")),
        _ => {}
    }
    Ok((kind, facts))
}

fn types(xml: &[u8]) -> Result<Types, Damage> {
    let mut types = Types::default();
    walk(TYPES, xml, |_, seen| {
        if let Seen::Open(start) = seen
            && let Some(content) = attribute(start, "ContentType")
        {
            types.code |= CODE_TYPES.contains(&content.as_str());
            let kind = MAIN.iter().find(|(main, _)| *main == content).map(|(_, kind)| *kind);
            if let (None, Some(kind), Some(name)) = (&types.main, kind, attribute(start, "PartName")) {
                types.main = Some((kind, name.trim_start_matches('/').to_owned()));
            }
        }
        Ok(())
    })?;
    Ok(types)
}

fn properties(container: &Container<'_>, facts: &mut Facts) -> Result<(), Damage> {
    if let Some(xml) = container.part("docProps/core.xml")? {
        let mut core = fields("docProps/core.xml", &xml)?;
        facts.title = core.remove("title");
        facts.author = core.remove("creator");
        facts.last_modified_by = core.remove("lastModifiedBy");
        facts.created = core.remove("created");
        facts.modified = core.remove("modified");
    } else {
        facts.notes.push("it has no core properties: title, author and times are not said");
    }
    if let Some(xml) = container.part("docProps/app.xml")? {
        let mut app = fields("docProps/app.xml", &xml)?;
        let mut number = |name: &str| app.remove(name).and_then(|text| text.trim().parse().ok());
        facts.counts.pages = number("Pages");
        facts.counts.words = number("Words");
        facts.application = match (app.remove("Application"), app.remove("AppVersion")) {
            (Some(name), Some(version)) => Some(format!("{name} {version}")),
            (name, _) => name,
        };
    }
    Ok(())
}

/// Counts links that lead out of the package.
fn relations(part: &str, xml: &[u8], facts: &mut Facts) -> Result<(), Damage> {
    walk(part, xml, |_, seen| {
        if let Seen::Open(start) = seen
            && local(start) == b"Relationship"
            && attribute(start, "TargetMode").is_some_and(|mode| mode.eq_ignore_ascii_case("external"))
        {
            facts
                .external_links
                .add(attribute(start, "Type").is_some_and(|kind| kind.ends_with("/hyperlink")));
        }
        Ok(())
    })
}

/// Counts the `child` elements right below the `parent` elements.
fn count(part: &str, xml: &[u8], parent: &[u8], child: &[u8]) -> Result<u64, Damage> {
    let (mut inside, mut counted) = (None, 0);
    walk(part, xml, |depth, seen| {
        match seen {
            Seen::Open(start) if local(start) == parent => inside = Some(depth),
            Seen::Open(start) if local(start) == child && inside == Some(depth - 1) => counted += 1,
            Seen::Close if inside == Some(depth) => inside = None,
            _ => {}
        }
        Ok(())
    })?;
    Ok(counted)
}
