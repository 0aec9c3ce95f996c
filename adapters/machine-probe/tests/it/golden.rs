//! Each recorded machine gives what is written beside it.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::recorded::Recorded;

fn agrees(name: &str, expected: &str) {
    let machine = Recorded::machine(name);
    let found = machine.probe();
    assert_eq!(machine.probe(), found, "a second probe of the same machine");
    // The new result is left for review.
    let left = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.json"));
    fs::write(&left, format!("{found:#}\n")).unwrap();
    let expected: Value = contract_json::from_slice(expected.as_bytes()).unwrap();
    if let Some(pointer) = difference(&expected, &found, String::new()) {
        panic!("{name} differs at {pointer}; what was found is in {}", left.display());
    }
}

/// Where the first difference is.
fn difference(a: &Value, b: &Value, at: String) -> Option<String> {
    match (a, b) {
        (Value::Object(one), Value::Object(two)) => {
            let names = one.keys().chain(two.keys().filter(|name| !one.contains_key(*name)));
            names.into_iter().find_map(|name| {
                let place = format!("{at}/{name}");
                difference(
                    one.get(name).unwrap_or(&Value::Null),
                    two.get(name).unwrap_or(&Value::Null),
                    place,
                )
            })
        }
        (Value::Array(one), Value::Array(two)) if one.len() == two.len() => one
            .iter()
            .zip(two)
            .enumerate()
            .find_map(|(index, (one, two))| difference(one, two, format!("{at}/{index}"))),
        _ => (a != b).then_some(at),
    }
}

#[test]
fn the_laptop_with_apple_silicon() {
    agrees("m2-asahi", include_str!("../trees/m2-asahi.json"));
}

#[test]
fn the_server_with_a_gpu() {
    agrees("pure-linux", include_str!("../trees/pure-linux.json"));
}

#[test]
fn the_node_of_kubernetes() {
    agrees("kubernetes-node", include_str!("../trees/kubernetes-node.json"));
}

#[test]
fn the_small_board() {
    agrees("edge", include_str!("../trees/edge.json"));
}
