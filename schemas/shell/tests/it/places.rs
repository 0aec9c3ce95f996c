//! Paths become places.

use contract_shell::{Place, Root, Text, Why};

use crate::analysis;

/// The place that the only word of `tool` names.
fn place(script: &str) -> Place {
    let analysis = analysis(script);
    let call = analysis.commands.iter().find(|command| command.name() == Some("tool")).unwrap();
    call.places(call.words[1].text()).remove(0)
}

#[test]
fn spellings_of_one_place_are_equal() {
    for word in
        ["~", "~/", "~/.", "~//", "\"$HOME\"", "${HOME}/x/..", "/$HOME", "//./$HOME/", "~/a/b/../../."]
    {
        assert_eq!(place(&format!("tool {word}")), Place::of(Root::Home), "{word}");
    }
    for word in ["/", "//", "/.", "/..", "/a/../../b/.."] {
        assert_eq!(place(&format!("tool {word}")), Place::of(Root::FileSystem), "{word}");
    }
}

#[test]
fn above_the_home_is_told() {
    let above = place("tool ~/../..");
    assert_eq!((above.root, above.above, above.names.len()), (Root::Home, 2, 0));
    let neighbour = place("tool ~/../marit/x");
    assert_eq!((neighbour.above, neighbour.known_names().unwrap()), (1, vec!["marit", "x"]));
    // `$HOME-old` stands beside the home.
    let beside = place("tool \"$HOME-old\"/x");
    assert_eq!((beside.root.clone(), beside.above, beside.is_known()), (Root::Home, 1, false));
}

#[test]
fn what_is_not_known_is_said() {
    assert_eq!(place("tool x").why_unknown(), Some(Why::StartFolder));
    assert_eq!(place("tool \"$U\"").why_unknown(), Some(Why::Variable("U".to_owned())));
    let below = place("tool ~/a/\"$U\"/b");
    assert_eq!((below.root.clone(), below.is_known(), below.names.len()), (Root::Home, false, 3));
    // The unknown name may be several, so `..` behind it proves nothing.
    assert!(!place("tool ~/\"$U\"/..").is_known());
    assert_eq!(place("tool ~/*/..").names.len(), 0);
}

#[test]
fn an_absolute_path_is_one() {
    assert_eq!(Place::absolute("/srv/./x/../y").unwrap().to_string(), "/srv/y");
    assert_eq!(Place::absolute("srv"), None);
    assert_eq!(Place::of(Root::Start).join(&Text::from("a/../../b")).to_string(), "./../b");
}
