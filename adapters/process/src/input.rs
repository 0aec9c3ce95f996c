//! The arguments of `process.run`, judged while they are read.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

/// What is to be run, and how.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Run {
    pub(crate) argv: Argv,
    pub(crate) cwd: Option<AbsolutePath>,
    #[serde(default)]
    pub(crate) environment: BTreeMap<VariableName, Text>,
    #[serde(default)]
    pub(crate) stdin: String,
    #[serde(default)]
    max_output_bytes: MaxOutputBytes,
    #[serde(default)]
    output_limit_bytes: OutputLimitBytes,
    #[serde(default)]
    termination_grace_ms: TerminationGraceMs,
}

impl Run {
    /// How many of the last bytes of each stream the result keeps.
    pub(crate) fn tail_bytes(&self) -> usize {
        usize::try_from(self.max_output_bytes.0).expect("at most 1 MiB")
    }

    /// How much both streams may have together.
    pub(crate) fn output_limit_bytes(&self) -> u64 {
        self.output_limit_bytes.0
    }

    /// Time between SIGTERM and SIGKILL.
    pub(crate) fn grace(&self) -> Duration {
        Duration::from_millis(self.termination_grace_ms.0)
    }
}

/// A text that the kernel can take: without NUL.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Text(pub(crate) String);

impl TryFrom<String> for Text {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.contains('\0') { Err("a NUL cannot be passed to a program") } else { Ok(Self(text)) }
    }
}

/// A path that does not depend on where somebody is.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Text")]
pub(crate) struct AbsolutePath(pub(crate) PathBuf);

impl TryFrom<Text> for AbsolutePath {
    type Error = String;

    fn try_from(Text(text): Text) -> Result<Self, Self::Error> {
        if text.starts_with('/') {
            Ok(Self(PathBuf::from(text)))
        } else {
            Err(format!("`{text}` is no absolute path, and nothing is looked for in PATH"))
        }
    }
}

/// A program and its arguments.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Vec<Text>")]
pub(crate) struct Argv {
    pub(crate) program: AbsolutePath,
    pub(crate) arguments: Vec<Text>,
}

impl TryFrom<Vec<Text>> for Argv {
    type Error = String;

    fn try_from(words: Vec<Text>) -> Result<Self, Self::Error> {
        let mut words = words.into_iter();
        let program = words.next().ok_or("a command has at least one word, its program")?;
        Ok(Self { program: program.try_into()?, arguments: words.collect() })
    }
}

/// A name that every shell can use.
/// <https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap03.html#tag_03_216>
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct VariableName(pub(crate) String);

impl TryFrom<String> for VariableName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        let letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
        let first = name.bytes().next().is_some_and(letter);
        if first && name.bytes().all(|byte| letter(byte) || byte.is_ascii_digit()) {
            Ok(Self(name))
        } else {
            Err(format!("{name:?} is no name of a variable: letters, digits and `_`, no digit first"))
        }
    }
}

/// A number within bounds, and what it is when nobody gives it.
macro_rules! bounded {
    ($name:ident, $range:expr, $default:expr) => {
        #[derive(Debug, Deserialize)]
        #[serde(try_from = "u64")]
        struct $name(u64);

        impl TryFrom<u64> for $name {
            type Error = String;

            fn try_from(number: u64) -> Result<Self, Self::Error> {
                let range = $range;
                if range.contains(&number) {
                    Ok(Self(number))
                } else {
                    Err(format!("{number} is not within {} and {}", range.start(), range.end()))
                }
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self($default)
            }
        }
    };
}

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

// Two tails of 1 MiB have at most 12 MiB as JSON (`\u0000` for each byte); a line may have 16 MiB (R3).
bounded!(MaxOutputBytes, 0..=MIB, 64 * KIB);
bounded!(OutputLimitBytes, 1..=1024 * MIB, 64 * MIB);
bounded!(TerminationGraceMs, 0..=60_000, 500);
