//! Bounds of a JSON schema, looked at before llama.cpp makes a grammar of it: its converter follows references without end,
//! descends as deep as they lead, and takes time by the square or the cube of what is in a schema.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Map, Value};

use crate::references::target;

/// Deepest nesting. Output is read with the depth of messages, which is twice this.
const DEEPEST: usize = 64;
/// Most values, those of `enum` among them.
const MOST_VALUES: usize = 8192;
/// Most different `$ref`s.
const MOST_REFERENCES: usize = 1024;
/// Longest chain of references that lead to nothing but the next one, and deepest nesting of parts of an `allOf`, which the
/// converter reads where they are used, each time anew.
const DEEPEST_FOLLOWED: usize = 512;
/// Most levels of all that references lead to. The converter and the validator descend into each of them where they first meet
/// it, so this is how deep they descend at most; 5400 levels needed less than 8 MiB of stack.
const MOST_LEVELS: usize = 4096;
/// Most texts that are patterns; each is compiled.
const MOST_PATTERNS: usize = 24;
/// Longest patterns, all together. Bytes.
const LONGEST_PATTERNS: usize = 2048;
/// Most classes such as `\\d` in all patterns. To translate and compile them takes time by the square of their number: 500 took a
/// quarter of a second.
const MOST_CLASSES: usize = 64;
/// Most pairs of rules of one name. For the converter, all but letters of ASCII, digits and `-` is one `-`, and it looks through
/// those that it has for each new one.
const MOST_ALIKE: usize = 1 << 15;
/// Longest name of a property. Bytes. The converter nests a group for each character of it.
const LONGEST_NAME: usize = 200;
/// Most work for properties that need not be there. Of n of them in an object the converter makes n rules, but builds each anew
/// for every property above it, n² / 2 times in all, with a name that holds the names of all properties around it.
const MOST_OPTIONAL: usize = 1 << 21;
/// What a rule costs beside the length of its name, in bytes of it.
const RULE: usize = 64;
/// Longest names and values of all rules, each reference written out once. Bytes.
const LONGEST_WRITTEN: usize = 1 << 20;
/// Keywords with a schema, or a list of them.
const SCHEMAS: [&str; 15] = [
    "additionalProperties",
    "anyOf",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "oneOf",
    "prefixItems",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
    "additionalItems",
];

/// Why a schema is not taken, in words that quote nothing of it; otherwise its references, each once.
pub(crate) fn check(schema: &Value) -> Result<Vec<&str>, String> {
    size(schema, 0, &mut 0)?;
    let mut look = Look {
        root: schema,
        ends: BTreeMap::new(),
        met: HashSet::new(),
        open: Vec::new(),
        parts: Vec::new(),
        patterns: Patterns::default(),
        names: HashMap::new(),
        alike: 0,
        optional: 0,
        written: 0,
        deepest: 0,
        levels: 0,
    };
    look.whole(schema, "")?;
    let mut rules = 0;
    while let Some(reference) = look.open.pop() {
        let target = look.resolve(reference)?;
        rules += 1;
        look.whole(target, &format!("ref-{rules}"))?;
    }
    Ok(look.ends.into_keys().collect())
}

fn size(value: &Value, depth: usize, values: &mut usize) -> Result<(), String> {
    within("levels of nesting", depth, DEEPEST)?;
    *values += 1;
    within("values", *values, MOST_VALUES)?;
    match value {
        Value::Object(members) => members.values().try_for_each(|member| size(member, depth + 1, values)),
        Value::Array(items) => items.iter().try_for_each(|item| size(item, depth + 1, values)),
        _ => Ok(()),
    }
}

/// Goes through a schema as the converter does, and through what only a validator reads, too.
struct Look<'s> {
    root: &'s Value,
    /// What each reference leads to at last.
    ends: BTreeMap<&'s str, &'s Value>,
    /// References whose targets are rules.
    met: HashSet<&'s str>,
    /// Those of them that are not gone through yet.
    open: Vec<&'s str>,
    /// References in an `allOf` that are followed now.
    parts: Vec<&'s str>,
    patterns: Patterns,
    /// How many rules have a name.
    names: HashMap<String, usize>,
    alike: usize,
    optional: usize,
    written: usize,
    /// Of what is gone through now.
    deepest: usize,
    levels: usize,
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
    /// The root, or what a reference leads to.
    fn whole(&mut self, schema: &'s Value, path: &str) -> Result<(), String> {
        self.deepest = 0;
        self.schema(schema, path, 0, false)?;
        self.levels += self.deepest;
        within("levels of nesting when its references are followed", self.levels, MOST_LEVELS)
    }

    /// `path` is the name of the rule. A part of an `allOf` has none, and its references are followed at once.
    fn schema(&mut self, schema: &'s Value, path: &str, depth: usize, is_part: bool) -> Result<(), String> {
        within("levels of nesting when the references in an `allOf` are followed", depth, DEEPEST_FOLLOWED)?;
        self.deepest = self.deepest.max(depth);
        self.write(path.len() + RULE)?;
        if !is_part {
            self.name(path)?;
        }
        let Value::Object(members) = schema else { return Ok(()) };
        self.keywords(members, path)?;
        for (key, member) in members {
            match (key.as_str(), member) {
                ("$ref", Value::String(reference)) => {
                    self.follow(reference)?;
                    if is_part {
                        self.part(reference, path, depth)?;
                    } else if self.met.insert(reference) {
                        self.open.push(reference);
                    }
                }
                ("allOf", Value::Array(parts)) => {
                    parts.iter().try_for_each(|part| self.schema(part, path, depth + 1, true))?;
                }
                ("anyOf" | "oneOf", Value::Array(parts)) if is_part => {
                    parts.iter().try_for_each(|part| self.schema(part, path, depth + 1, true))?;
                }
                (
                    "properties" | "patternProperties" | "dependentSchemas" | "dependencies",
                    Value::Object(parts),
                ) => {
                    for (name, part) in parts {
                        self.schema(part, &format!("{path}-{name}"), depth + 1, false)?;
                    }
                }
                (key, Value::Array(parts)) if SCHEMAS.contains(&key) => {
                    for (at, part) in parts.iter().enumerate() {
                        self.schema(part, &format!("{path}-{key}-{at}"), depth + 1, false)?;
                    }
                }
                (key, part) if SCHEMAS.contains(&key) => {
                    self.schema(part, &format!("{path}-{key}"), depth + 1, false)?;
                }
                ("const" | "enum", data) => self.write(data.to_string().len())?,
                _ => {}
            }
        }
        Ok(())
    }

    /// What a part of an `allOf` refers to.
    fn part(&mut self, reference: &'s str, path: &str, depth: usize) -> Result<(), String> {
        if self.parts.contains(&reference) {
            let what =
                "it has an `allOf` whose references lead back to it; write such a `$ref` without `allOf`";
            return Err(what.to_owned());
        }
        self.parts.push(reference);
        self.schema(self.resolve(reference)?, path, depth + 1, true)?;
        self.parts.pop();
        Ok(())
    }

    fn write(&mut self, bytes: usize) -> Result<(), String> {
        self.written += bytes;
        within("bytes of rules when its references are written out", self.written, LONGEST_WRITTEN)
    }

    fn name(&mut self, path: &str) -> Result<(), String> {
        let same = self.names.entry(plain(path)).or_default();
        *same += 1;
        self.alike += *same - 1;
        if self.alike <= MOST_ALIKE {
            return Ok(());
        }
        let what =
            "it has too many names that are alike but for characters other than letters of ASCII and digits";
        Err(what.to_owned())
    }

    fn keywords(&mut self, members: &'s Map<String, Value>, path: &str) -> Result<(), String> {
        if ["$dynamicRef", "$recursiveRef"].iter().any(|key| members.get(*key).is_some_and(Value::is_string))
        {
            return Err("it has a `$dynamicRef` or `$recursiveRef`; only `$ref` is followed".to_owned());
        }
        if !std::ptr::eq(members, self.root.as_object().unwrap_or(members))
            && members.get("$id").is_some_and(Value::is_string)
        {
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
        let names = || properties(members).into_iter().flat_map(Map::keys);
        let longest = names().map(String::len).max().unwrap_or(0);
        within("bytes in a name", longest, LONGEST_NAME)?;
        let others = members.get("additionalProperties").is_some_and(|others| *others != Value::Bool(false));
        // The converter makes classes of their characters, and writes them as they stand.
        if others
            && names().any(|name| name.contains([']', '\\', '^', '"']) || name.contains(char::is_control))
        {
            let what = "it has a property whose name has `]`, a backslash, `^`, a quote or a control character, \
                        beside `additionalProperties`; rename it, or make that `false`";
            return Err(what.to_owned());
        }
        let optional = self.optional_of(members)?;
        self.optional += optional * optional * (path.len() + longest + RULE + optional);
        if self.optional > MOST_OPTIONAL {
            let what = "it has too many properties that are not `required`; require more of them, or make names shorter";
            return Err(what.to_owned());
        }
        Ok(())
    }

    /// How many properties need not be there, those of all parts of an `allOf` together.
    fn optional_of(&mut self, members: &'s Map<String, Value>) -> Result<usize, String> {
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
        let mut of_parts = 0;
        for part in parts {
            of_parts += self.target(part)?.as_object().and_then(properties).map_or(0, Map::len);
        }
        Ok(own + usize::from(members.contains_key("additionalProperties")) + of_parts)
    }

    /// What a reference leads to at last.
    fn follow(&mut self, reference: &'s str) -> Result<&'s Value, String> {
        if let Some(end) = self.ends.get(reference) {
            return Ok(end);
        }
        let mut target = self.resolve(reference)?;
        for _ in 0..DEEPEST_FOLLOWED {
            let Some(Value::String(next)) = target.get("$ref") else {
                self.ends.insert(reference, target);
                within("references", self.ends.len(), MOST_REFERENCES)?;
                return Ok(target);
            };
            target = self.resolve(next)?;
        }
        Err("its references lead round in a circle, or on and on".to_owned())
    }

    fn target(&mut self, schema: &'s Value) -> Result<&'s Value, String> {
        match schema.get("$ref") {
            Some(Value::String(reference)) => self.follow(reference),
            _ => Ok(schema),
        }
    }

    fn resolve(&self, reference: &str) -> Result<&'s Value, String> {
        target(self.root, reference)
    }
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
            (
                json!({ "$defs": { "secret": { "$ref": "#/$defs/secret" } }, "$ref": "#/$defs/secret" }),
                "circle",
            ),
            (json!({ "$ref": "#/$defs/\u{e4}secret" }), "letters of ASCII"),
            (json!({ "$ref": "#/allOf/00", "allOf": [{}] }), "what is not there"),
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
            assert_eq!(check(&schema).err(), None, "{schema}");
        }
    }

    fn nested(levels: usize, innermost: Value, around: impl Fn(Value) -> Value) -> Value {
        (0..levels).fold(innermost, |inner, _| around(inner))
    }

    #[test]
    fn what_grows_when_references_are_written_out_is_refused() {
        let items = |inner| json!({ "items": inner });
        let wide = |count: usize| json!({ "anyOf": vec![json!({}); count] });
        let to_each: Vec<_> =
            (1..=50).map(|level| json!({ "$ref": format!("#/$defs/a{}", "/items".repeat(level)) })).collect();
        let each_level = json!({ "$defs": { "a": nested(50, wide(2000), items) }, "anyOf": to_each });
        assert!(check(&each_level).unwrap_err().contains("written out"));
        let long = "n".repeat(200);
        let names = nested(
            28,
            wide(7000),
            |inner| json!({ "properties": { long.as_str(): inner }, "required": [long] }),
        );
        assert!(check(&names).unwrap_err().contains("written out"));
        let values = json!({ "enum": vec!["v".repeat(100); 300] });
        let values = json!({ "$defs": { "a": nested(50, values, items) }, "anyOf": each_level["anyOf"] });
        assert!(check(&values).unwrap_err().contains("written out"));
    }

    #[test]
    fn references_that_lead_deeper_and_deeper_are_refused_though_they_come_back() {
        let chain = |count: usize| {
            let mut defs = Map::new();
            for at in 0..count {
                let next = json!({ "$ref": format!("#/$defs/x{}", at + 1) });
                defs.insert(format!("s{at}"), nested(50, next, |inner| json!({ "not": inner })));
                let back =
                    json!({ "anyOf": [{ "$ref": format!("#/$defs/s{at}") }, { "$ref": "#/$defs/x0" }] });
                defs.insert(format!("x{at}"), back);
            }
            defs.insert(format!("x{count}"), json!({ "$ref": "#/$defs/x0" }));
            json!({ "$defs": defs, "$ref": "#/$defs/x0" })
        };
        assert_eq!(check(&chain(70)).err(), None);
        let why = check(&chain(90)).unwrap_err();
        assert!(why.contains("4096 levels of nesting when its references are followed"), "{why}");
    }

    #[test]
    fn parts_of_an_all_of_are_read_where_they_are_used() {
        let part = |name: &str| json!({ "allOf": [{ "$ref": format!("#/$defs/{name}") }] });
        let node = json!({ "properties": { "children": { "items": part("node") }, "next": part("node") } });
        let back = json!({ "$defs": { "node": node }, "$ref": "#/$defs/node" });
        assert!(check(&back).unwrap_err().contains("write such a `$ref` without `allOf`"));
        let base = json!({ "$defs": { "base": { "properties": { "id": { "type": "integer" } } } },
            "properties": { "a": part("base"), "b": { "items": part("base") } } });
        assert_eq!(check(&base).err(), None);
        let mut defs: Map<String, Value> = (0..40)
            .map(|at| {
                let next = part(&format!("d{}", at + 1));
                (format!("d{at}"), json!({ "required": ["l", "r"], "properties": { "l": next, "r": next } }))
            })
            .collect();
        defs.insert("d40".to_owned(), json!({}));
        assert!(check(&json!({ "$defs": defs, "$ref": "#/$defs/d0" })).unwrap_err().contains("written out"));
        assert_eq!(check(&json!({ "$defs": defs, "$ref": "#/$defs/d36" })).err(), None);
    }

    #[test]
    fn data_and_names_are_no_keywords() {
        for schema in [
            json!({ "const": { "$ref": "x", "$id": "urn:a" }, "enum": [{ "$dynamicRef": "#a" }] }),
            json!({ "examples": [{ "$ref": "x" }], "default": { "$recursiveRef": "#" } }),
            json!({ "properties": { "$dynamicRef": {}, "$ref": {}, "$id": {}, "const": { "type": "string" } } }),
            json!({ "const": { "n".repeat(300): 1 } }),
        ] {
            assert_eq!(check(&schema), Ok(vec![]), "{schema}");
        }
        for (schema, says) in [
            (json!({ "properties": { "const": { "$ref": "x" } } }), "does not begin"),
            (json!({ "properties": { "a": { "$dynamicRef": "#a" } } }), "`$dynamicRef`"),
            (json!({ "const": { "$ref": "x" }, "$ref": "#/const" }), "does not begin"),
        ] {
            assert!(check(&schema).unwrap_err().contains(says), "{schema}");
        }
    }

    #[test]
    fn names_that_would_break_a_class_are_refused_beside_further_properties() {
        for name in ["a]", "\\", "a^b", "\"", "\n"] {
            let with = |others: Value| json!({ "properties": { name: {} }, "additionalProperties": others });
            for others in [json!(true), json!({}), json!({ "type": "string" })] {
                assert!(
                    check(&with(others)).unwrap_err().contains("beside `additionalProperties`"),
                    "{name}"
                );
            }
            assert_eq!(check(&with(json!(false))).err(), None, "{name}");
            assert_eq!(check(&json!({ "properties": { name: {} } })).err(), None, "{name}");
        }
    }
}
