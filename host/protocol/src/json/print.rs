use serde::Serialize;
use serde_json::{Serializer, Value, ser::PrettyFormatter};

/// Prints as Go's `json.MarshalIndent` with four spaces does, so that golden
/// files made with the reference plugins keep fitting.
pub(crate) fn pretty(value: &Value) -> String {
    let mut bytes = Vec::new();
    let formatter = PrettyFormatter::with_indent(b"    ");
    value
        .serialize(&mut Serializer::with_formatter(&mut bytes, formatter))
        .expect("a value has string keys, and a vector takes every byte");
    escape_for_html(&String::from_utf8(bytes).expect("JSON is printed as UTF-8"))
}

/// These characters can only be inside strings, where Go escapes them.
fn escape_for_html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("\\u003c"),
            '>' => escaped.push_str("\\u003e"),
            '&' => escaped.push_str("\\u0026"),
            '\u{2028}' => escaped.push_str("\\u2028"),
            '\u{2029}' => escaped.push_str("\\u2029"),
            other => escaped.push(other),
        }
    }
    escaped
}
