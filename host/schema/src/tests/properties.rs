//! Whatever a schema and a configuration are.

use cofferdam_protocol::json::Node;
use proptest::prelude::*;

use super::schema;
use crate::Schema;

fn any_value() -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![
        Just(Node::Null),
        any::<bool>().prop_map(Node::Bool),
        any::<i64>().prop_map(|number| Node::Number(number.into())),
        "[a-z0-9./:]{0,12}".prop_map(Node::String),
        ".{0,8}".prop_map(Node::String),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Node::Array),
            proptest::collection::vec(("[a-cA-C]{1}|type", inner), 0..4).prop_map(Node::Object),
        ]
    })
}

fn any_rule() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("{}".to_owned()),
        Just(r#"{"type":"string","maxLength":4}"#.to_owned()),
        Just(r#"{"type":["integer","boolean"],"minimum":-5,"maximum":5}"#.to_owned()),
        Just(r#"{"format":"cidr"}"#.to_owned()),
        Just(r#"{"enum":["a",1,true]}"#.to_owned()),
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        let additional = prop_oneof![
            Just(String::new()),
            Just(r#","additionalProperties":false"#.to_owned()),
            inner
                .clone()
                .prop_map(|rule| format!(r#","additionalProperties":{rule}"#)),
        ];
        prop_oneof![
            inner
                .clone()
                .prop_map(|rule| format!(r#"{{"type":"array","items":{rule}}}"#)),
            (inner.clone(), inner, additional).prop_map(|(a, b, more)| format!(
                r#"{{"type":"object","properties":{{"a":{a},"b":{b}}},"required":["a"]{more}}}"#
            )),
        ]
    })
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in ".*") {
        let _ = Schema::parse(&text);
    }

    #[test]
    fn whatever_a_schema_and_a_configuration_are_the_answer_is_sound(rule in any_rule(), value in any_value()) {
        let schema = schema(&format!(r#"{{"properties":{{"a":{rule}}}}}"#));
        let configuration = Node::Object(vec![("a".to_owned(), value)]);
        let violations = schema.check(&configuration);
        prop_assert!(violations.len() <= 20);
        prop_assert!(violations.iter().all(|violation| violation.path.starts_with('a')));
        prop_assert!(schema.changes(&schema).is_empty());
        let _ = (schema.unknown_keys(&configuration), schema.fields());
    }

    #[test]
    fn any_bytes_are_a_compiled_schema_or_not(bytes in proptest::collection::vec(any::<u8>(), 0..64), value in any_value()) {
        let configuration = Node::Object(vec![("a".to_owned(), value)]);
        let _ = crate::check(&bytes, &configuration);
        let _ = crate::check(&[&[1], bytes.as_slice()].concat(), &configuration);
    }

    /// What a newer schema refuses and the older took, is told of.
    #[test]
    fn no_demand_goes_untold(old in any_rule(), new in any_rule(), value in any_value()) {
        let whole = |rule: &str| schema(&format!(r#"{{"properties":{{"a":{rule}}}}}"#));
        let (old, new) = (whole(&old), whole(&new));
        let configuration = Node::Object(vec![("a".to_owned(), value)]);
        if old.check(&configuration).is_empty() && !new.check(&configuration).is_empty() {
            let changes = old.changes(&new);
            prop_assert!(!changes.is_empty(), "{:?} and {:?}", old, new);
        }
    }
}
