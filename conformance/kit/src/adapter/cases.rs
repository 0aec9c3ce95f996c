//! `cases.toml` of an adapter: what it answers, and which right it needs for what.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

/// All that is claimed of one adapter.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Cases {
    /// Operations that cannot answer no or fail, and why.
    #[serde(default)]
    pub(crate) always: BTreeMap<String, String>,
    /// Rights beyond those that it asks for. With them it must answer the same.
    #[serde(default)]
    pub(crate) more_rights: Vec<String>,
    /// Reasons of unknown values that come and go with the load of the machine; then the run is made again.
    #[serde(default)]
    pub(crate) transient: Vec<String>,
    #[serde(default)]
    pub(crate) case: Vec<Case>,
    #[serde(default)]
    pub(crate) least: Vec<Least>,
}

/// One call and what comes of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Case {
    pub(crate) name: String,
    #[serde(flatten)]
    pub(crate) call: Call,
    /// Neither the name of the host nor the homes of people may be in the transcript.
    #[serde(default)]
    pub(crate) hides_names: bool,
    pub(crate) expect: Expect,
}

/// One call: `${WORK}` in it is the folder that has its files.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Call {
    pub(crate) op: String,
    #[serde(default)]
    pub(crate) args: Map<String, Value>,
    #[serde(default)]
    pub(crate) files: BTreeMap<String, File>,
    /// Rights of this call alone.
    #[serde(default)]
    pub(crate) allow: Vec<String>,
}

/// What is made in the work folder. A path that ends in `/` is a folder.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum File {
    Text(String),
    Program { program: String },
    Link { link: String },
}

/// How a call ends.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    /// One of these; `satisfied` when none is named.
    #[serde(default)]
    pub(crate) status: OneOf,
    /// Code of the error.
    pub(crate) code: Option<String>,
    /// Values in the data, by pointer.
    #[serde(default)]
    pub(crate) data: BTreeMap<String, Value>,
    /// Pointers at which the data has nothing, null, or `{unknown: reason}`.
    #[serde(default)]
    pub(crate) unknown: Vec<String>,
    /// Words in the message of the error.
    pub(crate) says: Option<String>,
}

/// How a run ends. `refused`: its input was, and nothing was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Status {
    Satisfied,
    Violated,
    Failed,
    Denied,
    Refused,
}

/// One status, or several where the machine decides.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum OneOf {
    One(Status),
    Several(Vec<Status>),
}

/// A right, and what is lost without it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Least {
    /// In the grammar of `--allow`. Several are names of one file, and are taken away together.
    pub(crate) right: Texts,
    /// Makes one row for each of these, which `${EACH}` stands for.
    #[serde(default)]
    pub(crate) each: Vec<String>,
    /// Only machines that have this path can show it.
    pub(crate) only_with: Option<String>,
    #[serde(flatten)]
    pub(crate) call: Call,
    /// What is known with the right, and is not without it.
    pub(crate) needs: Option<String>,
    /// How the call ends with it.
    #[serde(default)]
    pub(crate) with: Expect,
    /// How it ends without it; the same way, but for `needs`, when nothing is said.
    pub(crate) without: Option<Expect>,
}

/// One text or several.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Texts {
    One(String),
    Several(Vec<String>),
}

impl Default for OneOf {
    fn default() -> Self {
        Self::One(Status::Satisfied)
    }
}

impl OneOf {
    pub(crate) fn all(&self) -> &[Status] {
        match self {
            Self::One(status) => std::slice::from_ref(status),
            Self::Several(all) => all,
        }
    }
}

impl Status {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Satisfied => "satisfied",
            Self::Violated => "violated",
            Self::Failed => "failed",
            Self::Denied => "denied",
            Self::Refused => "refused",
        }
    }
}

impl Texts {
    pub(crate) fn all(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Several(all) => all,
        }
    }
}

impl Cases {
    /// Reads the file, and expands rows with `each`.
    ///
    /// # Errors
    /// In words.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let mut cases: Self =
            toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        cases.least = cases.least.iter().flat_map(Least::rows).collect();
        Ok(cases)
    }
}

impl Least {
    fn rows(&self) -> Vec<Self> {
        if self.each.is_empty() {
            return vec![self.clone()];
        }
        let row = |each: &String| {
            let put = |text: &String| text.replace("${EACH}", each);
            let mut row = self.clone();
            row.right = Texts::Several(self.right.all().iter().map(put).collect());
            row.needs = self.needs.as_ref().map(put);
            row.only_with = self.only_with.as_ref().map(put);
            row
        };
        self.each.iter().map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_is_none_of_the_form_is_refused() {
        let good = "[[case]]\nname = \"a\"\nop = \"x.y\"\nexpect = { status = \"violated\", data = { \"/a\" = 1 } }\n";
        let read: Cases = toml::from_str(good).unwrap();
        assert_eq!(read.case[0].expect.status.all(), [Status::Violated]);
        for bad in ["argz = {}", "right = \"a=b\""] {
            let error = toml::from_str::<Cases>(&format!("{good}{bad}")).unwrap_err();
            assert!(error.message().contains("unknown field"), "{bad}: {error}");
        }
    }

    #[test]
    fn each_makes_a_row_of_its_own() {
        let text = "right = \"read=/sys/block/${EACH}/ro\"\neach = [\"sda\", \"vda\"]\nop = \"x.y\"\nneeds = \"/[name=${EACH}]/ro\"";
        let least: Least = toml::from_str(text).unwrap();
        let rows = least.rows();
        let shown: Vec<_> =
            rows.iter().map(|row| (row.right.all()[0].as_str(), row.needs.as_deref())).collect();
        assert_eq!(
            shown,
            [
                ("read=/sys/block/sda/ro", Some("/[name=sda]/ro")),
                ("read=/sys/block/vda/ro", Some("/[name=vda]/ro"))
            ]
        );
    }
}
