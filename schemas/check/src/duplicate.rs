//! Items of a list that say the same.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::node::Node;

/// Each string that an earlier item of the list has as well, with the index of that item. `part` is what is compared.
pub(crate) fn duplicates<'a>(list: Node<'a>, part: impl Fn(Node<'a>) -> Node<'a>) -> Vec<(usize, Node<'a>)> {
    let mut found = Vec::new();
    if list.items().len() < 2 {
        return found;
    }
    let mut seen = HashMap::with_capacity(list.items().len());
    for (index, item) in list.items().enumerate() {
        let node = part(item);
        let Some(text) = node.str() else { continue };
        match seen.entry(text) {
            Entry::Vacant(free) => _ = free.insert(index),
            Entry::Occupied(first) => found.push((*first.get(), node)),
        }
    }
    found
}
