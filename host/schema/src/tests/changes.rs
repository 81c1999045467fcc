//! A newer schema held against an older one.

use super::schema;
use crate::{Change, Changed};

fn changes(old: &str, new: &str) -> Vec<String> {
    let object = |properties: &str| schema(&format!(r#"{{"properties":{{{properties}}}}}"#));
    let told = |Change { path, changed }| {
        let is_demand = if changed.is_demand() { "!" } else { "" };
        let words = match changed {
            Changed::Added => "new".to_owned(),
            Changed::AddedRequired => "new and required".to_owned(),
            Changed::Removed => "gone".to_owned(),
            Changed::Narrowed(words) | Changed::Widened(words) => words,
        };
        format!("{is_demand}{path}: {words}")
    };
    object(old).changes(&object(new)).into_iter().map(told).collect()
}

#[test]
fn a_newer_schema_is_held_against_the_older() {
    for (old, new, expected) in [
        (r#""a":{}"#, r#""A":{}"#, ""),
        (r#""a":{}"#, r#""a":{},"b":{"type":"string"}"#, "b: new"),
        (r#""a":{},"b":{}"#, r#""a":{}"#, "b: gone"),
        (
            r#""a":{"type":"integer"}"#,
            r#""a":{"type":"number"}"#,
            "a: it may be a number",
        ),
        (
            r#""a":{"type":"number"}"#,
            r#""a":{"type":"integer"}"#,
            "!a: it is a number no more",
        ),
        (
            r#""a":{"enum":["x","y"]}"#,
            r#""a":{"enum":["y"]}"#,
            r#"!a: it takes "x" no more"#,
        ),
        (r#""a":{}"#, r#""a":{"const":1}"#, "!a: it takes 1 only"),
        (
            r#""a":{"minimum":1}"#,
            r#""a":{"minimum":2}"#,
            "!a: the least value is 2, and was 1",
        ),
        (
            r#""a":{"minimum":2}"#,
            r#""a":{"minimum":1}"#,
            "a: the least value is 1, and was 2",
        ),
        (
            r#""a":{"maxLength":5}"#,
            r#""a":{}"#,
            "a: the greatest number of characters was 5, and there is none",
        ),
        (
            r#""a":{"items":{"type":"string"}}"#,
            r#""a":{"items":{"type":"string","format":"ip"}}"#,
            "!a[]: it has to be an IP address",
        ),
        (
            r#""a":{"type":"array"}"#,
            r#""a":{"type":"array","items":{"maximum":1}}"#,
            "!a[]: the greatest value is 1, and there was none",
        ),
        (
            r#""a":{"items":{"const":1}}"#,
            r#""a":{}"#,
            "a[]: it takes other values than those listed before",
        ),
        (
            r#""a":{}"#,
            r#""a":{"additionalProperties":{"type":"string","maxLength":1}}"#,
            "!a: it takes fewer other keys; !a.*: it is an object or an array or an integer or a number or a boolean no \
             more; !a.*: the greatest number of characters is 1, and there was none",
        ),
        (
            r#""a.b":{"type":"string"},"a":{"properties":{"b":{}}}"#,
            r#""a.b":{"type":"string"},"a":{"properties":{"b":{}}}"#,
            "",
        ),
        (
            r#""a":{}"#,
            r#""a":{"additionalProperties":false}"#,
            "!a: it takes fewer other keys",
        ),
        (
            r#""a":{"properties":{"b":{}}}"#,
            r#""a":{"properties":{"b":{}},"required":["b"]}"#,
            "!a.b: it has to be there",
        ),
        (
            r#""a":{}"#,
            r#""a":{"properties":{"b":{}},"required":["b"]}"#,
            "!a.b: new and required",
        ),
    ] {
        assert_eq!(changes(old, new).join("; "), expected, "{old} and {new}");
    }
}
