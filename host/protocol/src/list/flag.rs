use super::ListError;
use crate::json::Node;

/// A key that is a boolean, or a boolean as text in any letter case.
pub(super) fn read(list: &Node, key: &'static str) -> Result<bool, ListError> {
    let Some(node) = list.get_exact(key) else {
        return Ok(false);
    };
    let truth = match node {
        Node::Bool(truth) => Some(*truth),
        Node::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Node::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    };
    truth.ok_or_else(|| ListError::Flag {
        key,
        found: node.to_text(),
    })
}
