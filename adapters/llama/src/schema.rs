//! Bounds of a JSON schema, looked at before llama.cpp makes a grammar of it: its converter follows references without end,
//! descends as deep as they lead, and takes time by the square or the cube of what is in a schema.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

/// Deepest nesting. Output is read with the depth of messages, which is twice this.
const DEEPEST: usize = 64;
/// Most values, those of `enum` among them.
const MOST_VALUES: usize = 8192;
/// Most `$ref`s.
const MOST_REFERENCES: usize = 1024;
/// Deepest nesting when references are followed, each to the end or to where it comes back.
const DEEPEST_FOLLOWED: usize = 512;
/// Most texts that are patterns; each is compiled.
const MOST_PATTERNS: usize = 24;
/// Longest patterns, all together. Bytes.
const LONGEST_PATTERNS: usize = 2048;
/// Most classes such as `\\d` in all patterns. To translate and compile them takes time by the square of their number: 500 took a
/// quarter of a second.
const MOST_CLASSES: usize = 64;
/// Most pairs of names of one object that are the same to the converter: for it, all but letters of ASCII, digits and `-` is
/// one `-`. It looks through those that it has for each new one.
const MOST_ALIKE: usize = 1 << 16;
/// Longest name of a property. Bytes. The converter nests a group for each character of it.
const LONGEST_NAME: usize = 200;
/// Most work for properties that need not be there. For n of them in an object the converter makes n² / 2 rules, each with a
/// name that holds the names of all properties above.
const MOST_OPTIONAL: usize = 1 << 21;
/// What a rule costs beside the length of its name, in bytes of it.
const RULE: usize = 64;

/// Why a schema is not taken, in words that quote nothing of it.
pub(crate) fn check(schema: &Value) -> Result<(), String> {
    let mut look =
        Look { root: schema, values: 0, references: 0, patterns: Patterns::default(), optional: 0, alike: 0 };
    look.at(schema, 0, 0)?;
    levels(schema, schema, 0, &mut HashMap::new()).map(|_| ())
}

struct Look<'s> {
    root: &'s Value,
    values: usize,
    references: usize,
    patterns: Patterns,
    optional: usize,
    alike: usize,
}

#[derive(Default)]
struct Patterns {
    count: usize,
    bytes: usize,
    classes: usize,
}

impl Patterns {
    fn add(&mut self, text: &str) -> Result<(), String> {
        self.count += 1;
        self.bytes += text.len();
        let escapes =
            text.as_bytes().windows(2).filter(|two| two[0] == b'\\' && b"dDwWsSpP".contains(&two[1]));
        self.classes += escapes.count();
        within("patterns", self.count, MOST_PATTERNS)?;
        within("bytes in all patterns", self.bytes, LONGEST_PATTERNS)?;
        within("classes in all patterns", self.classes, MOST_CLASSES)
    }
}

impl<'s> Look<'s> {
    /// `named` is how many bytes the names on the way here have.
    fn at(&mut self, value: &'s Value, depth: usize, named: usize) -> Result<(), String> {
        within("levels of nesting", depth, DEEPEST)?;
        self.values += 1;
        within("values", self.values, MOST_VALUES)?;
        match value {
            Value::Object(members) => self.object(members, depth, named),
            Value::Array(items) => items.iter().try_for_each(|item| self.at(item, depth + 1, named)),
            _ => Ok(()),
        }
    }

    fn object(&mut self, members: &'s Map<String, Value>, depth: usize, named: usize) -> Result<(), String> {
        if let Some(Value::String(reference)) = members.get("$ref") {
            self.references += 1;
            within("references", self.references, MOST_REFERENCES)?;
            self.follow(reference)?;
        }
        if ["$dynamicRef", "$recursiveRef"].iter().any(|key| members.contains_key(*key)) {
            return Err("it has a `$dynamicRef` or `$recursiveRef`; only `$ref` is followed".to_owned());
        }
        if depth > 0 && members.get("$id").is_some_and(Value::is_string) {
            return Err("it has an `$id` below its begin, where references would be read anew".to_owned());
        }
        let own = members.get("pattern").and_then(Value::as_str);
        let names =
            members.get("patternProperties").and_then(Value::as_object).into_iter().flat_map(Map::keys);
        own.into_iter().chain(names.map(String::as_str)).try_for_each(|text| self.patterns.add(text))?;
        let has_types = members.get("type").is_some_and(Value::is_array);
        if has_types && members.contains_key("allOf") {
            // The converter reads `allOf` again for each type, and what is in it likewise.
            return Err("it has a list of types beside `allOf`; write them as `anyOf`".to_owned());
        }
        let optional = self.optional_of(members);
        let longest = properties(members).into_iter().flat_map(Map::keys).map(String::len).max().unwrap_or(0);
        self.optional += optional * optional * (named + longest + RULE + optional);
        if self.optional > MOST_OPTIONAL {
            let what = "it has too many properties that are not `required`; require more of them, or make names shorter";
            return Err(what.to_owned());
        }
        let mut names: HashMap<String, usize> = HashMap::new();
        for name in members.keys() {
            *names.entry(plain(name)).or_default() += 1;
        }
        self.alike += names.values().filter(|&&count| count > 1).map(|count| count * count).sum::<usize>();
        if self.alike > MOST_ALIKE {
            let what = "it has too many names that are alike but for characters other than letters of ASCII and digits";
            return Err(what.to_owned());
        }
        for (name, member) in members {
            within("bytes in a name", name.len(), LONGEST_NAME)?;
            self.at(member, depth + 1, named + name.len() + 1)?;
        }
        Ok(())
    }

    /// How many properties need not be there, those of all parts of an `allOf` together.
    fn optional_of(&self, members: &'s Map<String, Value>) -> usize {
        let own = properties(members);
        let required = members.get("required").and_then(Value::as_array);
        let required: HashSet<&str> = required.into_iter().flatten().filter_map(Value::as_str).collect();
        let own = own.map_or(0, |own| own.keys().filter(|name| !required.contains(name.as_str())).count());
        let parts = members.get("allOf").and_then(Value::as_array).into_iter().flatten();
        let parts = parts.flat_map(|part| {
            let alternatives =
                ["oneOf", "anyOf"].iter().filter_map(|key| part.get(key)?.as_array()).flatten();
            std::iter::once(part).chain(alternatives)
        });
        let of_parts =
            parts.filter_map(|part| properties(self.target(part).ok()?.as_object()?)).map(Map::len);
        own + usize::from(members.contains_key("additionalProperties")) + of_parts.sum::<usize>()
    }

    /// What a reference leads to at last.
    fn follow(&self, reference: &str) -> Result<&'s Value, String> {
        let mut target = self.resolve(reference)?;
        for _ in 0..DEEPEST_FOLLOWED {
            let Some(Value::String(next)) = target.get("$ref") else { return Ok(target) };
            target = self.resolve(next)?;
        }
        Err("its references lead round in a circle, or on and on".to_owned())
    }

    fn target(&self, schema: &'s Value) -> Result<&'s Value, String> {
        match schema.get("$ref") {
            Some(Value::String(reference)) => self.follow(reference),
            _ => Ok(schema),
        }
    }

    fn resolve(&self, reference: &str) -> Result<&'s Value, String> {
        if !reference.starts_with("#/") {
            return Err("it has a reference that does not begin with `#/`".to_owned());
        }
        if reference.contains(['~', '%']) {
            return Err(
                "it has a reference with an escape (`~` or `%`); give the place a plain name".to_owned()
            );
        }
        resolve(self.root, reference).ok_or_else(|| "it has a reference to what is not there".to_owned())
    }
}

/// What is at a place of a schema, as the converter reads it: names between slashes as they stand.
pub(crate) fn resolve<'s>(root: &'s Value, reference: &str) -> Option<&'s Value> {
    reference.strip_prefix("#/")?.split('/').try_fold(root, |value, name| match value {
        Value::Object(members) => members.get(name),
        Value::Array(items) => items.get(name.parse::<usize>().ok()?),
        _ => None,
    })
}

/// How many levels are below a value, references followed.
fn levels<'s>(
    root: &'s Value,
    value: &'s Value,
    depth: usize,
    known: &mut HashMap<*const Value, usize>,
) -> Result<usize, String> {
    if let Some(&levels) = known.get(&std::ptr::from_ref(value)) {
        within("levels of nesting when its references are followed", depth + levels, DEEPEST_FOLLOWED)?;
        return Ok(levels);
    }
    within("levels of nesting when its references are followed", depth, DEEPEST_FOLLOWED)?;
    // Until it is known: a circle that comes back here adds nothing.
    known.insert(std::ptr::from_ref(value), 0);
    let referenced = value.get("$ref").and_then(Value::as_str).and_then(|reference| resolve(root, reference));
    let below: Box<dyn Iterator<Item = &Value>> = match value {
        Value::Object(members) => Box::new(members.values().chain(referenced)),
        Value::Array(items) => Box::new(items.iter()),
        _ => Box::new(std::iter::empty()),
    };
    let mut deepest = 0;
    for part in below {
        deepest = deepest.max(levels(root, part, depth + 1, known)? + 1);
    }
    known.insert(std::ptr::from_ref(value), deepest);
    Ok(deepest)
}

/// A name with each run of other characters as one `-`.
fn plain(name: &str) -> String {
    let mut plain = String::new();
    let mut is_other = false;
    for char in name.chars() {
        let was_other = std::mem::replace(&mut is_other, !char.is_ascii_alphanumeric() && char != '-');
        match (was_other, is_other) {
            (_, false) => plain.push(char),
            (false, true) => plain.push('-'),
            (true, true) => {}
        }
    }
    plain
}

fn properties(members: &Map<String, Value>) -> Option<&Map<String, Value>> {
    members.get("properties")?.as_object()
}

fn within(what: &str, number: usize, most: usize) -> Result<(), String> {
    if number <= most { Ok(()) } else { Err(format!("it has more than {most} {what}")) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_bound_is_named_and_nothing_is_quoted() {
        let names = |count: u32, name: &dyn Fn(u32) -> String| {
            let properties: Map<_, _> = (0..count).map(|at| (name(at), json!({}))).collect();
            json!({ "properties": properties })
        };
        let deep = (0..70).fold(json!({}), |inner, _| json!({ "items": inner }));
        let alike = names(300, &|at| format!("\u{e4}{}", char::from_u32(0x4e00 + at).unwrap()));
        for (schema, says) in [
            (deep, "64 levels of nesting"),
            (json!({ "enum": vec!["secret"; 9000] }), "8192 values"),
            (json!({ "allOf": vec![json!({ "pattern": "secret" }); 30] }), "24 patterns"),
            (json!({ "pattern": "secret".repeat(400) }), "2048 bytes in all patterns"),
            (json!({ "items": { "pattern": "\\w".repeat(70) } }), "64 classes in all patterns"),
            (names(1, &|_| "secret".repeat(40)), "200 bytes in a name"),
            (names(200, &|at| format!("secret{at}")), "not `required`"),
            (
                json!({ "required": alike["properties"].as_object().unwrap().keys().collect::<Vec<_>>(), "properties": alike["properties"] }),
                "too many names that are alike",
            ),
            (json!({ "$ref": "#secret" }), "does not begin with `#/`"),
            (json!({ "$ref": "#/$defs/secret" }), "what is not there"),
            (json!({ "$defs": { "secret": { "$ref": "#/$defs/secret" } } }), "circle"),
            (json!({ "items": { "$id": "secret" } }), "`$id`"),
            (json!({ "$dynamicRef": "#secret" }), "`$dynamicRef`"),
            (json!({ "type": ["object", "string"], "allOf": [{}] }), "`anyOf`"),
        ] {
            let why = check(&schema).unwrap_err();
            assert!(why.contains(says) && !why.contains("secret"), "{says}: {why}");
        }
    }

    #[test]
    fn ordinary_schemas_are_within_the_bounds() {
        let tree = json!({ "$defs": { "node": { "type": "object", "properties": {
            "left": { "$ref": "#/$defs/node" }, "right": { "$ref": "#/$defs/node" }, "value": { "type": "integer" } } } },
            "$ref": "#/$defs/node" });
        let wide: Map<_, _> = (0..90).map(|at| (format!("p{at}"), json!({ "type": "string" }))).collect();
        for schema in
            [json!({}), json!({ "$id": "urn:a", "type": "string" }), tree, json!({ "properties": wide })]
        {
            assert_eq!(check(&schema), Ok(()), "{schema}");
        }
    }
}
