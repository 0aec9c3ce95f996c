//! Locales as manifests write them (`en_US`) and as systems do (`en_US.UTF-8`, `de_DE@euro`, `pt-BR`).

use std::fmt;
use std::str::FromStr;

/// A language, and perhaps a territory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locale {
    language: String,
    territory: Option<String>,
}

/// How near a locale is to the user's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LocaleFit {
    /// Every locale was meant.
    All,
    /// The same language.
    Language,
    /// The same language and territory.
    Exact,
}

/// A text that is no locale.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no locale; write a language and a territory, as in en_US")]
pub struct LocaleError(String);

impl FromStr for Locale {
    type Err = LocaleError;

    /// What stands behind a dot or an @ is not looked at.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || LocaleError(text.chars().take(40).flat_map(char::escape_debug).collect());
        let name = text.split(['.', '@']).next().unwrap_or_default();
        let mut parts = name.split(['_', '-']);
        let language = parts.next().unwrap_or_default().to_ascii_lowercase();
        let territory = parts.next().map(str::to_ascii_uppercase);
        let is_language =
            (2..=3).contains(&language.len()) && language.bytes().all(|byte| byte.is_ascii_lowercase());
        // ISO 3166 letters, or a UN M.49 area such as 419.
        let is_territory = |name: &String| {
            (name.len() == 2 && name.bytes().all(|byte| byte.is_ascii_uppercase()))
                || (name.len() == 3 && name.bytes().all(|byte| byte.is_ascii_digit()))
        };
        if !is_language || !territory.as_ref().is_none_or(is_territory) || parts.next().is_some() {
            return Err(wrong());
        }
        Ok(Self { language, territory })
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.language)?;
        self.territory.as_ref().map_or(Ok(()), |territory| write!(f, "_{territory}"))
    }
}

impl Locale {
    /// How near an entry's locale is to this one, the user's. An entry without territory is for all users of the language; one with
    /// another territory is for none of them.
    #[must_use]
    pub fn fit(&self, written: &str) -> Option<LocaleFit> {
        let entry: Self = written.parse().ok()?;
        if entry.language != self.language {
            return None;
        }
        match &entry.territory {
            territory if *territory == self.territory => Some(LocaleFit::Exact),
            None => Some(LocaleFit::Language),
            Some(_) => None,
        }
    }
}
