//! The calls of components, as they are told by the generated bindings, in words.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One call of a component to the host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Call {
    pub(super) plugin: String,
    /// `links.get`
    pub(super) function: String,
    /// Names and values.
    pub(super) arguments: Vec<(String, String)>,
    /// Absent where the component was ended in it.
    pub(super) result: Option<String>,
    pub(super) microseconds: u128,
    /// How many plugins wait for this one's end.
    pub(super) depth: usize,
}

/// What handles stand for, by their numbers.
pub(super) type Handles = BTreeMap<u32, String>;

/// `[method]link.info` of the interface `links` is `link.info`; `get` of it is
/// `links.get`.
pub(super) fn function_name(interface: &str, function: &str) -> String {
    match function.split_once(']') {
        Some((_, method)) => method.to_owned(),
        None => format!("{interface}.{function}"),
    }
}

/// As the interface has it: the bindings' names avoid the words of Rust.
pub(super) fn argument_name(field: &str) -> String {
    field.trim_end_matches('_').replace('_', "-")
}

/// A value as it is printed for programmers, with what handles stand for.
pub(super) fn in_words(value: &str, handles: &Handles) -> String {
    const BEGIN: &str = "Resource { rep: ";
    const END: &str = "\" }";
    let mut text = String::new();
    let mut rest = value;
    while let Some(at) = rest.find(BEGIN) {
        let handle = &rest[at + BEGIN.len()..];
        let number = handle.split(',').next().and_then(|number| number.parse::<u32>().ok());
        let (Some(number), Some(end)) = (number, handle.find(END)) else {
            break;
        };
        text.push_str(&rest[..at]);
        match handles.get(&number) {
            Some(what) => text.push_str(what),
            None => text.push_str(&format!("handle {number}")),
        }
        rest = &handle[end + END.len()..];
    }
    text.push_str(rest);
    text
}

/// What comes of a call: the host's own wrapping is left out.
pub(super) fn result_in_words(result: &str, handles: &Handles) -> String {
    let inner = |begin: &str, end: &str| result.strip_prefix(begin)?.strip_suffix(end);
    let error = inner("Err(Guest(", "))").or_else(|| inner("Ok(Err(", "))"));
    if let Some(error) = error {
        let error = error.strip_prefix("Error::").unwrap_or(error);
        return format!("error {}", in_words(error, handles));
    }
    let value = inner("Ok(Ok(", "))").or_else(|| inner("Ok(", ")"));
    in_words(value.unwrap_or(result), handles)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_are_what_they_stand_for() {
        let handles = Handles::from([(3, "link eth0".to_owned())]);
        for (value, words) in [
            (r#"Resource { rep: 3, state: "borrow" }"#, "link eth0"),
            (r#"Some(Resource { rep: 4, state: "own" })"#, "Some(handle 4)"),
            (
                r#"[Resource { rep: 3, state: "own" }, Resource { rep: 3, state: "own" }]"#,
                "[link eth0, link eth0]",
            ),
            (r#""a text""#, r#""a text""#),
            ("Resource { rep: x", "Resource { rep: x"),
        ] {
            assert_eq!(in_words(value, &handles), words);
        }
    }

    #[test]
    fn a_result_is_what_the_component_gets() {
        let none = Handles::new();
        for (result, words) in [
            ("Ok(())", "()"),
            // Of a call that goes to another plugin.
            ("Ok(Ok(Attachment { }))", "Attachment { }"),
            ("Ok(Err(Failure { code: 7 }))", "error Failure { code: 7 }"),
            (r#"Err(Guest(Error::NotFound("x")))"#, r#"error NotFound("x")"#),
            ("Err(Trap(it used a dead handle))", "Err(Trap(it used a dead handle))"),
        ] {
            assert_eq!(result_in_words(result, &none), words);
        }
    }

    #[test]
    fn functions_go_by_their_interface_or_resource() {
        assert_eq!(function_name("links", "get"), "links.get");
        assert_eq!(function_name("links", "[method]link.info"), "link.info");
    }
}
