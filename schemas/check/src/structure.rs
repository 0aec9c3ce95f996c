//! The structure of a document against its schema: what the JSON Schema library finds, in words for people.

use jsonschema::error::{TypeKind, ValidationErrorKind as E};
use jsonschema::{PatternOptions, ValidationError, Validator};
use serde_json::Value as Tree;

use crate::kind::Kind;
use crate::locate::{Found, Place, escape};
use crate::rule::Rule;
use crate::structure_rules as rules;
use crate::time::Time;

/// Memory of one compiled pattern. Patterns are ours; the bound is for whoever writes the next one.
const PATTERN_BYTES: usize = 1 << 20;
/// Characters of a value that a message shows.
const SHOWN: usize = 60;

/// Compiles the schema of a kind. Formats are asserted; patterns take linear time.
///
/// # Panics
/// When one of our own schemas is none, which a test rules out.
pub(crate) fn compile(kind: &Kind) -> Validator {
    jsonschema::options()
        .should_validate_formats(true)
        // What a schema takes for a time, rules can compare.
        .with_format("date-time", |text: &str| Time::parse(text).is_some())
        .with_pattern_options(PatternOptions::regex().size_limit(PATTERN_BYTES))
        .build(&schema(kind))
        .expect("our schemas are JSON Schema")
}

fn schema(kind: &Kind) -> Tree {
    serde_json::from_str(kind.schema).expect("our schemas are JSON")
}

/// Every structural violation of a document.
pub(crate) fn violations(kind: &Kind, validator: &Validator, tree: &Tree) -> Vec<Found> {
    if validator.is_valid(tree) {
        return Vec::new();
    }
    let teller = Teller { schema: schema(kind) };
    let mut told = Vec::new();
    for error in validator.iter_errors(tree) {
        teller.tell(&error, &mut told);
    }
    told
}

struct Teller {
    schema: Tree,
}

impl Teller {
    fn tell(&self, error: &ValidationError<'_>, told: &mut Vec<Found>) {
        let pointer = error.instance_path().as_str();
        match error.kind() {
            E::AdditionalProperties { unexpected } | E::UnevaluatedProperties { unexpected } => {
                let members = self.at_parent(error).and_then(|schema| schema.get("properties")?.as_object());
                let known: Vec<&str> = members.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
                told.extend(unexpected.iter().map(|name| unknown_member(pointer, name, &known)));
            }
            // The form that was most nearly met is most likely the one that was meant.
            E::AnyOf { context } | E::OneOfNotValid { context } if !context.is_empty() => {
                let nearest = context.iter().min_by_key(|errors| distance(errors)).expect("it is not empty");
                for error in nearest {
                    self.tell(error, told);
                }
            }
            kind => {
                let (rule, message) = self.explain(error, kind);
                let message = self.with_meaning(error, message);
                told.push(Found { rule, place: Place::Value(pointer.to_owned()), message });
            }
        }
    }

    fn explain(&self, error: &ValidationError<'_>, kind: &E) -> (&'static Rule, String) {
        let found = || shown(&error.instance().to_string());
        match kind {
            E::Required { property } => {
                (&rules::SCHEMA_REQUIRED, format!("`{}` is missing", property.as_str().unwrap_or_default()))
            }
            E::Type { kind } => (&rules::SCHEMA_TYPE, format!("{} is needed, not {}", types(kind), found())),
            E::Enum { options } => (&rules::SCHEMA_ENUM, one_of(options, error.instance())),
            E::Constant { expected_value } => {
                (&rules::SCHEMA_CONST, format!("must be {expected_value}, not {}", found()))
            }
            E::Pattern { pattern } => {
                (&rules::SCHEMA_PATTERN, format!("{} does not have the form {pattern}", found()))
            }
            E::Format { format } => (&rules::SCHEMA_FORMAT, format!("{} is no {}", found(), form(format))),
            E::Minimum { limit } => (&rules::SCHEMA_RANGE, format!("{} is below {limit}", found())),
            E::Maximum { limit } => (&rules::SCHEMA_RANGE, format!("{} is above {limit}", found())),
            E::ExclusiveMinimum { limit } => {
                (&rules::SCHEMA_RANGE, format!("{} is not above {limit}", found()))
            }
            E::ExclusiveMaximum { limit } => {
                (&rules::SCHEMA_RANGE, format!("{} is not below {limit}", found()))
            }
            E::MinLength { limit: 1 } => (&rules::SCHEMA_LENGTH, "the string is empty".to_owned()),
            E::MinLength { limit } => {
                (&rules::SCHEMA_LENGTH, format!("{} has fewer than {limit} characters", found()))
            }
            E::MaxLength { limit } => {
                (&rules::SCHEMA_LENGTH, format!("{} has more than {limit} characters", found()))
            }
            E::MinItems { limit: 1 } => (&rules::SCHEMA_COUNT, "the list is empty".to_owned()),
            E::MinItems { limit } => (&rules::SCHEMA_COUNT, format!("the list has fewer than {limit} items")),
            E::MaxItems { limit } => (&rules::SCHEMA_COUNT, format!("the list has more than {limit} items")),
            E::MinProperties { limit } => {
                (&rules::SCHEMA_COUNT, format!("the object has fewer than {limit} members"))
            }
            E::MaxProperties { limit } => {
                (&rules::SCHEMA_COUNT, format!("the object has more than {limit} members"))
            }
            E::UniqueItems => (&rules::SCHEMA_UNIQUE, "an item occurs twice".to_owned()),
            E::Contains => {
                let wanted = self.at(error).map(|schema| shown(&schema.to_string())).unwrap_or_default();
                (&rules::SCHEMA_CONDITION, format!("no item of the list is {wanted}"))
            }
            E::Not { .. } | E::FalseSchema => {
                (&rules::SCHEMA_CONDITION, format!("{} may not stand here", found()))
            }
            _ => (&rules::SCHEMA_CONDITION, error.masked_with("the value").to_string()),
        }
    }

    /// The schema says what belongs there; that is the best mend.
    fn with_meaning(&self, error: &ValidationError<'_>, message: String) -> String {
        let wants = match error.kind() {
            E::Required { property } => self.at_parent(error).and_then(|schema| {
                schema.get("properties")?.get(property.as_str()?)?.get("description")?.as_str()
            }),
            E::Pattern { .. } | E::Type { .. } | E::Not { .. } | E::FalseSchema => {
                self.at_parent(error).and_then(|schema| schema.get("description")?.as_str())
            }
            _ => None,
        };
        match wants {
            Some(wants) => format!("{message} ({})", wants.trim_end_matches('.')),
            None => message,
        }
    }

    fn at(&self, error: &ValidationError<'_>) -> Option<&Tree> {
        self.schema.pointer(error.schema_path().as_str())
    }

    fn at_parent(&self, error: &ValidationError<'_>) -> Option<&Tree> {
        let path = error.schema_path().as_str();
        self.schema.pointer(&path[..path.rfind('/')?])
    }
}

fn unknown_member(pointer: &str, name: &str, known: &[&str]) -> Found {
    let message = match nearest(name, known) {
        Some(meant) => format!("`{}` is not known here; did you mean `{meant}`?", shown(name)),
        None if known.is_empty() => format!("`{}` is not known here", shown(name)),
        None => format!("`{}` is not known here; known are: {}", shown(name), known.join(", ")),
    };
    let place = Place::Name(format!("{pointer}/{}", escape(name)));
    Found { rule: &rules::SCHEMA_UNKNOWN_MEMBER, place, message }
}

/// How far a branch is from being met: a wrong constant or type says that another form was meant.
fn distance(errors: &[ValidationError<'_>]) -> usize {
    errors
        .iter()
        .map(|error| match error.kind() {
            E::Constant { .. } | E::Type { .. } | E::Enum { .. } => 10,
            _ => 1,
        })
        .sum()
}

fn one_of(options: &Tree, found: &Tree) -> String {
    let options: Vec<&Tree> = options.as_array().into_iter().flatten().collect();
    let names: Vec<&str> = options.iter().filter_map(|option| option.as_str()).collect();
    let meant = found.as_str().and_then(|text| nearest(text, &names));
    let list = options.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let found = shown(&found.to_string());
    match meant {
        Some(meant) => format!("{found} is none of {list}; did you mean \"{meant}\"?"),
        None => format!("{found} is none of {list}"),
    }
}

/// The known name that was most likely meant.
pub(crate) fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let close = |candidate: &&&str| {
        strsim::jaro_winkler(&name.to_ascii_lowercase(), &candidate.to_ascii_lowercase()) > 0.85
    };
    let best = |a: &&&str, b: &&&str| strsim::jaro_winkler(name, a).total_cmp(&strsim::jaro_winkler(name, b));
    known.iter().filter(close).max_by(best).copied()
}

fn types(kind: &TypeKind) -> String {
    let name = |kind: &str| match kind {
        "null" => "null".to_owned(),
        "array" => "a list".to_owned(),
        "integer" | "object" => format!("an {kind}"),
        _ => format!("a {kind}"),
    };
    match kind {
        TypeKind::Single(one) => name(one.as_str()),
        TypeKind::Multiple(several) => {
            several.iter().map(|kind| name(kind.as_str())).collect::<Vec<_>>().join(" or ")
        }
    }
}

fn form(format: &str) -> String {
    match format {
        "date-time" => "date and time with offset (RFC 3339), such as 2026-01-31T12:00:00Z".to_owned(),
        "date" => "date (RFC 3339), such as 2026-01-31".to_owned(),
        "uri" => "URI with a scheme (RFC 3986)".to_owned(),
        other => other.to_owned(),
    }
}

/// A value in a message: short, and on one line.
fn shown(text: &str) -> String {
    let mut chars = text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c });
    let mut short: String = chars.by_ref().take(SHOWN).collect();
    if chars.next().is_some() {
        short.push('…');
    }
    short
}
