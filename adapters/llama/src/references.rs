//! References of a JSON schema.

use std::collections::HashMap;

use serde_json::{Map, Value};

/// Keywords whose value is data, also where it looks like a schema.
const DATA: [&str; 4] = ["const", "default", "enum", "examples"];
/// Keywords with names of the user's, which are no keywords.
const NAMED: [&str; 6] =
    ["$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties"];

/// What is at a place of a schema, as the converter reads it: names between slashes as they stand.
pub(crate) fn resolve<'s>(root: &'s Value, reference: &str) -> Option<&'s Value> {
    reference.strip_prefix("#/")?.split('/').try_fold(root, |value, name| match value {
        Value::Object(members) => members.get(name),
        // One text for each place: each text is written out once more.
        Value::Array(items) => {
            name.parse::<usize>().ok().filter(|at| at.to_string() == name).and_then(|at| items.get(at))
        }
        _ => None,
    })
}

/// The same, or why not.
pub(crate) fn target<'s>(root: &'s Value, reference: &str) -> Result<&'s Value, String> {
    let Some(places) = reference.strip_prefix("#/") else {
        return Err("it has a reference that does not begin with `#/`".to_owned());
    };
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._!$&'()*+,;=:@?".contains(&byte);
    if !places.bytes().all(is_plain) {
        let what = "it has a reference with an escape (`~` or `%`), or with a character that would need one; \
                    give the place a name of letters of ASCII and digits";
        return Err(what.to_owned());
    }
    resolve(root, reference).ok_or_else(|| "it has a reference to what is not there".to_owned())
}

/// The text of a schema for llama.cpp's converter. That names the rule of a reference by the letters and digits in it, and takes
/// a rule of that name for it, be it of another reference or of a property. So all that is referred to is put below a name that
/// is nowhere else.
pub(crate) fn for_converter(schema: &Value, references: &[&str]) -> String {
    let text = schema.to_string();
    if references.is_empty() {
        return text;
    }
    let own = (0..).map(|number| format!("r{number}r")).find(|own| !text.contains(own));
    let own = own.expect("a text does not have all names");
    // A letter at the end: the converter puts digits there to tell rules apart.
    let names: HashMap<&str, String> =
        references.iter().enumerate().map(|(number, reference)| (*reference, format!("{number}r"))).collect();
    let renamed = |value: &Value| {
        let mut value = value.clone();
        rename(&mut value, false, &|reference| Some(format!("#/{own}/{}", names.get(reference)?)));
        value
    };
    let targets = names
        .iter()
        .filter_map(|(reference, name)| Some((name.clone(), renamed(resolve(schema, reference)?))));
    let targets: Map<String, Value> = targets.collect();
    let mut schema = renamed(schema);
    schema[&own] = Value::Object(targets);
    schema.to_string()
}

fn rename(value: &mut Value, is_named: bool, to: &impl Fn(&str) -> Option<String>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                match member {
                    Value::String(reference) if key == "$ref" && !is_named => {
                        if let Some(name) = to(reference) {
                            *reference = name;
                        }
                    }
                    _ if !is_named && DATA.contains(&key.as_str()) => {}
                    member => rename(member, !is_named && NAMED.contains(&key.as_str()), to),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, false, to)),
        _ => {}
    }
}
