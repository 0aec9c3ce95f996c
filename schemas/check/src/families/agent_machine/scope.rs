//! Lists of references that allow or deny.

use crate::node::Node;

/// Whether the list has the item.
pub(super) fn has(list: Node<'_>, item: &str) -> bool {
    list.strings().any(|other| other == item)
}

/// Whether the list is there and has no item.
pub(super) fn is_empty(list: Node<'_>) -> bool {
    is_list(list) && list.items().len() == 0
}

/// Whether the value is a list, empty or not.
pub(super) fn is_list(node: Node<'_>) -> bool {
    node.exists() && node.nearest().is_array()
}

/// Whether the value is a list of strings.
pub(super) fn is_sound(list: Node<'_>) -> bool {
    is_list(list) && list.items().all(|item| item.str().is_some())
}

/// Whether the list of strings does not have the item. A list that is absent has none.
pub(super) fn lacks(list: Node<'_>, item: &str) -> bool {
    !has(list, item) && (!list.exists() || is_sound(list))
}

/// The first item of `list` that `other` has as well.
pub(super) fn shared<'a>(list: Node<'a>, other: Node<'_>) -> Option<Node<'a>> {
    list.items().find(|item| item.str().is_some_and(|text| has(other, text)))
}

/// The first item of `list` that `other`, a list of strings, does not have.
pub(super) fn beyond<'a>(list: Node<'a>, other: Node<'_>) -> Option<Node<'a>> {
    list.items().find(|item| item.str().is_some_and(|text| other.exists() && lacks(other, text)))
}

/// Whether a time is not later than another; false when one of them is no time.
pub(super) fn is_not_after(time: Node<'_>, start: Node<'_>) -> bool {
    matches!((time.time(), start.time()), (Some(time), Some(start)) if time <= start)
}

/// A string in a message.
pub(super) fn text(node: Node<'_>) -> &str {
    node.str().unwrap_or_default()
}
