#![allow(clippy::unwrap_used)]

use cofferdam_protocol::json::Node;
use proptest::prelude::*;

use crate::{Change, Changed, KEYWORDS, NotCompiled, Schema, SchemaError, Violation};

const EXAMPLE: &str = r#"{
    "title": "An example",
    "type": "object",
    "properties": {
        "bridge": { "type": "string", "maxLength": 15, "description": "its name", "default": "cni0" },
        "mtu": { "type": "integer", "minimum": 68, "maximum": 65535 },
        "ratio": { "type": "number" },
        "isGateway": { "type": "boolean" },
        "mode": { "type": "string", "enum": ["l2", "l3"] },
        "mac": { "type": "string", "format": "mac" },
        "sysctl": { "type": "object", "additionalProperties": { "type": "string" } },
        "strict": { "type": "object", "properties": { "one": {}, "two": {} }, "additionalProperties": false },
        "ipam": {
            "type": "object",
            "additionalProperties": true,
            "properties": {
                "ranges": { "type": "array", "items": { "type": "array", "maxItems": 2, "items": {
                    "type": "object",
                    "properties": {
                        "subnet": { "type": "string", "format": "cidr", "minLength": 1 },
                        "gateway": { "type": "string", "format": "ip" }
                    },
                    "required": ["subnet"]
                } } }
            }
        }
    }
}"#;

fn schema(text: &str) -> Schema {
    Schema::parse(text).unwrap()
}

fn told(configuration: &str) -> Vec<String> {
    let violations = schema(EXAMPLE).check(&Node::parse(configuration).unwrap());
    violations.iter().map(Violation::to_string).collect()
}

#[test]
fn what_fits_is_told_nothing_of() {
    for configuration in [
        "{}",
        r#"{"name":"n","type":"t","cniVersion":"1.0.0","prevResult":1,"cni.dev/x":[],"unknown":{}}"#,
        r#"{"bridge":"cni0","mtu":68,"ratio":1.5,"isGateway":true,"mode":"l3","mac":"02:00:5e:10:00:01"}"#,
        r#"{"BRIDGE":"cni0","Mtu":1500,"ISGATEWAY":false}"#,
        r#"{"bridge":null,"mtu":null,"ipam":null,"mode":null,"strict":null}"#,
        r#"{"mac":"","ratio":7,"sysctl":{"a":"1","A":null}}"#,
        r#"{"mtu":"x","MTU":1500}"#,
        r#"{"ipam":{"type":"host-local","ranges":[null,[],[null,{"subnet":"10.1.0.0/16","gateway":""}]]}}"#,
        r#"{"strict":{"ONE":1,"two":"x"}}"#,
        r#"{"IPAM":{"Type":"host-local"}}"#,
    ] {
        assert_eq!(told(configuration), [""; 0], "{configuration}");
    }
}

#[test]
fn what_does_not_fit_is_told_with_its_place_and_the_way_out() {
    for (configuration, violation) in [
        (
            r#"{"mtu":"1500"}"#,
            r#"mtu: expected an integer, found "1500"; write 1500 without quotation marks"#,
        ),
        (
            r#"{"Mtu":1500.0}"#,
            "mtu: expected an integer, found 1500.0; write it without a point and without an exponent",
        ),
        (r#"{"mtu":67}"#, "mtu: 67 is too little; write at least 68"),
        (r#"{"mtu":65536}"#, "mtu: 65536 is too much; write at most 65535"),
        (
            r#"{"isGateway":"true"}"#,
            r#"isGateway: expected a boolean, found "true"; write true without quotation marks"#,
        ),
        (
            r#"{"bridge":5}"#,
            r#"bridge: expected a string, found 5; write "5" in quotation marks"#,
        ),
        (
            r#"{"bridge":"0123456789abcdef"}"#,
            "bridge: it has 16 characters; write at most 15",
        ),
        (
            r#"{"mode":"l4"}"#,
            r#"mode: "l4" is not among what it may be; write "l2" or "l3""#,
        ),
        (
            r#"{"sysctl":{"net.a":1}}"#,
            r#"sysctl.net.a: expected a string, found 1; write "1" in quotation marks"#,
        ),
        (
            r#"{"strict":{"three":1}}"#,
            r#"strict.three: there is no such key; leave it out, or write "one" or "two""#,
        ),
        (
            r#"{"IPAM":{"ranges":[[],[{"subnet":"10.1.0.0/33"}]]}}"#,
            "ipam.ranges[1][0].subnet: \"10.1.0.0/33\" is not a network in CIDR notation; write a network in CIDR notation, \
             as 10.22.0.0/16 or fd00::/64",
        ),
        (
            r#"{"ipam":{"ranges":[[{"subnet":"10.1.0.0/16","gateway":"10.1"}]]}}"#,
            "ipam.ranges[0][0].gateway: \"10.1\" is not an IP address; write an IP address, as 10.22.0.5 or fd00::5",
        ),
        (
            r#"{"ipam":{"ranges":[[{}]]}}"#,
            "ipam.ranges[0][0]: the key \"subnet\" is missing; add it",
        ),
        (
            r#"{"ipam":{"ranges":[[{"subnet":""}]]}}"#,
            "ipam.ranges[0][0].subnet: it has 0 characters; write at least 1",
        ),
        (
            r#"{"ipam":{"ranges":"10.1.0.0/16"}}"#,
            r#"ipam.ranges: expected an array, found "10.1.0.0/16"; write a list in brackets"#,
        ),
        (
            r#"{"ipam":{"ranges":[[null,null,null]]}}"#,
            "ipam.ranges[0]: it has 3 elements; write at most 2",
        ),
        (
            "[]",
            "expected an object, found an array; write the configuration in braces",
        ),
    ] {
        assert_eq!(told(configuration), [violation], "{configuration}");
    }
}

#[test]
fn all_that_does_not_fit_is_told_up_to_a_number() {
    let found = told(r#"{"mtu":"x","bridge":[],"mac":"02"}"#);
    let places: Vec<&str> = found.iter().filter_map(|line| line.split(':').next()).collect();
    assert_eq!(places, ["bridge", "mtu", "mac"]);
    let many = format!(r#"{{"sysctl":{{{}}}}}"#, vec![r#""a":1"#; 1000].join(","));
    assert_eq!(self::told(&many).len(), 20);
}

#[test]
fn a_text_that_may_be_a_secret_is_shown_whole_or_not_at_all() {
    let long = "s".repeat(100);
    let told = told(&format!(r#"{{"mode":"{long}","mac":"{long}","mtu":"{long}"}}"#));
    assert_eq!(told.len(), 3);
    assert!(
        told.iter()
            .all(|line| line.contains("a string") && !line.contains("sss")),
        "{told:?}"
    );
}

#[test]
fn a_configuration_that_takes_too_long_is_refused_and_not_looked_at_for_ever() {
    let properties: Vec<String> = (0..900).map(|number| format!(r#""key{number}":{{}}"#)).collect();
    let text = format!(
        r#"{{"properties":{{"list":{{"type":"array","items":{{"type":"object","properties":{{{}}}}}}}}}}}"#,
        properties.join(",")
    );
    let element = r#"{"a":1,"b":2,"c":3}"#;
    let configuration = format!(r#"{{"list":[{}]}}"#, vec![element; 10_000].join(","));
    let violations = schema(&text).check(&Node::parse(&configuration).unwrap());
    assert_eq!(violations.len(), 1);
    assert!(violations[0].problem.contains("takes too long"), "{violations:?}");
}

#[test]
fn many_values_that_may_be_are_not_compared_for_ever() {
    let values: Vec<String> = (0..6000).map(|number| number.to_string()).collect();
    let schema = schema(&format!(
        r#"{{"properties":{{"list":{{"items":{{"enum":[{}]}}}}}}}}"#,
        values.join(",")
    ));
    let list = vec!["5999"; 100_000].join(",");
    let violations = schema.check(&Node::parse(&format!(r#"{{"list":[{list}]}}"#)).unwrap());
    assert_eq!(violations.len(), 1);
    assert!(violations[0].problem.contains("takes too long"), "{violations:?}");
}

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

#[test]
fn the_name_of_the_address_management_plugin_is_nobodys_slip() {
    let configuration = Node::parse(r#"{"ipam":{"type":"pod-list","pool":1,"pols":2},"pool":{"type":"x"}}"#).unwrap();
    for additional in ["", r#","additionalProperties":false"#] {
        let text = format!(r#"{{"properties":{{"ipam":{{"properties":{{"pool":{{}}}}{additional}}},"pool":{{}}}}}}"#);
        let schema = schema(&text);
        let unknown = schema
            .unknown_keys(&configuration)
            .into_iter()
            .map(|unknown| unknown.path);
        let refused = schema.check(&configuration).into_iter().map(|violation| violation.path);
        let told: Vec<String> = unknown.chain(refused).collect();
        assert_eq!(told, ["ipam.pols"], "{text}");
    }
}

#[test]
fn keys_without_effect_are_told_with_those_that_there_are() {
    let configuration = r#"{"name":"n","args":{},"ISGATEWAY":true,"isGatway":true,"sysctl":{"x":"1"},
        "ipam":{"type":"t","anything":1,"ranges":[[{"subnets":"10.0.0.0/8"}]]}}"#;
    let unknown = schema(EXAMPLE).unknown_keys(&Node::parse(configuration).unwrap());
    let paths: Vec<&str> = unknown.iter().map(|unknown| unknown.path.as_str()).collect();
    assert_eq!(paths, ["isGatway", "ipam.ranges[0][0].subnets"]);
    assert!(unknown[0].known.contains(&"isGateway".to_owned()));
    assert_eq!(unknown[1].known, ["subnet", "gateway"]);
}

#[test]
fn the_fields_are_a_table() {
    let fields = schema(EXAMPLE).fields();
    let rows: Vec<String> = fields
        .iter()
        .map(|field| format!("{}|{}|{}|{}", field.path, field.kind, field.bounds, field.is_required))
        .collect();
    assert_eq!(
        rows,
        [
            "bridge|string|at most 15 characters|false",
            "mtu|integer|68 to 65535|false",
            "ratio|number||false",
            "isGateway|boolean||false",
            r#"mode|string|"l2" or "l3"|false"#,
            "mac|string|mac|false",
            "sysctl|object||false",
            "sysctl.*|string||false",
            "strict|object||false",
            "strict.one|anything||false",
            "strict.two|anything||false",
            "ipam|object||false",
            "ipam.ranges|list of lists of objects|at most 2 elements|false",
            "ipam.ranges[][].subnet|string|not empty, cidr|true",
            "ipam.ranges[][].gateway|string|ip|false",
        ]
    );
    assert_eq!(fields[0].default.as_deref(), Some(r#""cni0""#));
    assert_eq!(fields[0].description.as_deref(), Some("its name"));
}

#[test]
fn what_is_compiled_has_nothing_that_is_for_people_and_is_damaged_or_whole() {
    let schema = schema(EXAMPLE);
    let compiled = schema.compiled();
    assert!(compiled.len() < EXAMPLE.len() / 3, "{}", compiled.len());
    let text = String::from_utf8_lossy(compiled);
    assert!(!text.contains("An example") && !text.contains("its name"));
    let configuration = Node::parse(r#"{"mtu":"x","strict":{"a":1},"ipam":{"ranges":[[{}]]}}"#).unwrap();
    for end in 0..compiled.len() {
        // The place where it was cut may be one that this configuration is not about.
        let found = crate::check(&compiled[..end], &configuration);
        assert!(found.is_err(), "{end}");
    }
    assert_eq!(crate::check(b"", &configuration), Err(NotCompiled));
    assert_eq!(crate::check(b"\x02\x00\x00", &configuration), Err(NotCompiled));
}

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
