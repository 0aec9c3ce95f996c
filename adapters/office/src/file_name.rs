//! Names of files, made of titles.

use contract_json::Digest;

use crate::format::Format;

/// Fewer than the 255 bytes that file systems take, so that an editor can add to it.
const MAX_STEM_BYTES: usize = 100;

/// Names that Windows keeps for devices, whatever extension follows:
/// <https://learn.microsoft.com/windows/win32/fileio/naming-a-file>.
const DEVICES: &[&str] = &["aux", "con", "nul", "prn"];

/// A name without folders, spaces, leading dots and signs that a shell reads.
pub(crate) fn safe(title: &str, format: Format) -> String {
    let mut stem = String::new();
    for character in title.chars().flat_map(char::to_lowercase) {
        match character {
            character if character.is_alphanumeric() => stem.push(character),
            _ if stem.ends_with('-') || stem.is_empty() => {}
            _ => stem.push('-'),
        }
    }
    let mut stem = stem.trim_end_matches('-').to_owned();
    if stem.len() > MAX_STEM_BYTES {
        let end = (0..=MAX_STEM_BYTES).rev().find(|at| stem.is_char_boundary(*at)).unwrap_or_default();
        // Two long titles that begin alike stay apart.
        stem = format!("{}-{}", &stem[..end], &Digest::of(title.as_bytes()).sha256[..8]);
    }
    if stem.is_empty() {
        stem = "untitled".to_owned();
    }
    if is_device(&stem) {
        stem.insert_str(0, "artifact-");
    }
    format!("{stem}.{format}")
}

fn is_device(stem: &str) -> bool {
    let numbered = |name: &str| {
        stem.strip_prefix(name).is_some_and(|rest| rest.len() == 1 && rest.as_bytes()[0].is_ascii_digit())
    };
    DEVICES.contains(&stem) || numbered("com") || numbered("lpt")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_becomes_one_plain_name() {
        for (title, name) in [
            ("Demo Briefing Deck", "demo-briefing-deck.pptx"),
            ("../../etc/passwd", "etc-passwd.pptx"),
            ("  .hidden; rm -rf $HOME  ", "hidden-rm-rf-home.pptx"),
            ("Größe & Zahl — 2026", "größe-zahl-2026.pptx"),
            ("…!?", "untitled.pptx"),
            ("CON", "artifact-con.pptx"),
            ("lpt1", "artifact-lpt1.pptx"),
            ("com12", "com12.pptx"),
        ] {
            assert_eq!(safe(title, Format::Pptx), name, "{title}");
        }
    }

    #[test]
    fn long_titles_are_cut_and_stay_apart() {
        let (one, other) = (format!("{}a", "é".repeat(200)), format!("{}b", "é".repeat(200)));
        let (one, other) = (safe(&one, Format::Pdf), safe(&other, Format::Pdf));
        assert_ne!(one, other);
        assert!(one.len() < 128 && one.starts_with("éé"));
    }
}
