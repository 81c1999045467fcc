//! What is a schema, and what is none.

use crate::{KEYWORDS, Schema, SchemaError};

#[test]
fn what_is_no_schema_is_refused_with_its_place() {
    let nested = format!("{}{}{}", r#"{"items":"#.repeat(20), "{}", "}".repeat(20));
    for (text, path, problem) in [
        ("", "", "EOF while parsing"),
        ("[]", "", "expected an object of keywords, found an array"),
        (r#"{"type":"array"}"#, "", "a configuration is an object"),
        (
            r#"{"type":"text"}"#,
            "type",
            r#""text" is none of object, array, string"#,
        ),
        (r#"{"type":[]}"#, "type", "it names no type"),
        (r#"{"type":"null"}"#, "type", "expected an array"),
        (
            r#"{"properties":{"a":{"pattern":".*"}}}"#,
            "properties.a.pattern",
            "this keyword is not understood",
        ),
        (
            r##"{"$ref":"#"}"##,
            "$ref",
            "this keyword is not understood; there are $schema, $comment, title,",
        ),
        (
            r#"{"properties":{"a":{},"A":{}}}"#,
            "properties",
            r#""A" and "a" are one key"#,
        ),
        (
            r#"{"title":"a","title":"b"}"#,
            "",
            r#"the keyword "title" is there twice"#,
        ),
        (
            r#"{"required":["a"]}"#,
            "required",
            "there are more names than properties",
        ),
        (
            r#"{"properties":{"b":{}},"required":["a"]}"#,
            "required",
            r#""a" is none of the properties"#,
        ),
        (
            r#"{"properties":{"a":{"minimum":2,"maximum":1}}}"#,
            "properties.a",
            "the least value is more than the most",
        ),
        (
            r#"{"properties":{"a":{"minLength":2,"maxLength":1}}}"#,
            "properties.a",
            "the least length is more",
        ),
        (
            r#"{"properties":{"a":{"minItems":-1}}}"#,
            "properties.a.minItems",
            "expected a whole number, found -1",
        ),
        (
            r#"{"properties":{"a":{"enum":[]}}}"#,
            "properties.a.enum",
            "the list is empty",
        ),
        (
            r#"{"properties":{"a":{"enum":[{}]}}}"#,
            "properties.a.enum",
            "expected strings, numbers and booleans only",
        ),
        (
            r#"{"properties":{"a":{"format":"uri"}}}"#,
            "properties.a.format",
            r#""uri" is none of ip, cidr, mac"#,
        ),
        (
            r#"{"properties":{"a":true}}"#,
            "properties.a",
            "expected an object of keywords, found true",
        ),
        (&nested, "items.items", "more than 16 schemas within one another"),
    ] {
        let SchemaError {
            path: found,
            problem: told,
        } = Schema::parse(text).unwrap_err();
        assert!(
            found.starts_with(path) && (path.len() == found.len() || text == nested),
            "{text}: {found}"
        );
        assert!(told.starts_with(problem), "{text}: {told}");
    }
    let large = format!(r#"{{"title":"{}"}}"#, "x".repeat(Schema::LIMIT));
    assert!(Schema::parse(&large).unwrap_err().problem.contains("more than 65536"));
    let many: Vec<String> = (0..1001).map(|number| format!(r#""a{number}":{{}}"#)).collect();
    let many = format!(r#"{{"properties":{{{}}}}}"#, many.join(","));
    assert!(Schema::parse(&many).unwrap_err().problem.contains("more than 1000"));
}

#[test]
fn every_keyword_that_is_named_is_understood() {
    for keyword in KEYWORDS {
        let refused = Schema::parse(&format!(r#"{{"{keyword}":null}}"#)).err();
        let is_unknown = |error: SchemaError| error.problem.contains("not understood");
        assert!(!refused.is_some_and(is_unknown), "{keyword}");
    }
}
