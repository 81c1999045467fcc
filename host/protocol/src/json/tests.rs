#![allow(clippy::unwrap_used)]

use std::{collections::BTreeMap, net::IpAddr};

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Error, Node, de, from_str, from_value};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Config {
    bridge: String,
    mtu: i32,
    is_gateway: bool,
    ratio: f64,
    ipam: Option<Ipam>,
    capabilities: BTreeMap<String, bool>,
    mode: Mode,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Ipam {
    ranges: Vec<Vec<Range>>,
    tasks: Vec<u8>,
    #[serde(deserialize_with = "de::empty_as_none")]
    gateway: Option<IpAddr>,
    #[serde(deserialize_with = "de::zero_as_none")]
    limit: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Range {
    subnet: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mode {
    #[default]
    Bridge,
    Vlan(u16),
    Pair(u8, u8),
    Named {
        name: String,
    },
}

fn config(text: &str) -> Config {
    from_str(text).unwrap()
}

fn refused(text: &str) -> String {
    from_str::<Config>(text).unwrap_err().to_string()
}

#[test]
fn whole_numbers_are_written_plainly_wherever_they_are() {
    let mut node = Node::parse(r#"{"a":[1500.0,{"b":15e2}],"c":0.5,"d":-3.0,"e":7,"f":9007199254740993}"#).unwrap();
    node.write_whole_numbers_plainly();
    assert_eq!(
        node.to_text(),
        r#"{"a":[1500,{"b":1500}],"c":0.5,"d":-3,"e":7,"f":9007199254740993}"#
    );
}

#[test]
fn keys_match_in_any_letter_case() {
    for text in [
        r#"{"bridge":"cni0","isGateway":true}"#,
        r#"{"BRIDGE":"cni0","IsGateway":true}"#,
        r#"{"Bridge":"cni0","ISGATEWAY":true,"unknown":[{}]}"#,
    ] {
        let config = config(text);
        assert_eq!((config.bridge.as_str(), config.is_gateway), ("cni0", true));
    }
    let ipam = config("{\"ipam\":{\"ta\u{17f}\u{212a}S\":[1]}}").ipam;
    assert_eq!(ipam.unwrap().tasks, [1]);
}

#[test]
fn the_last_of_several_keys_wins() {
    assert_eq!(config(r#"{"mtu":1,"mtu":2}"#).mtu, 2);
    assert_eq!(config(r#"{"mtu":1,"MTU":2}"#).mtu, 2);
    assert_eq!(config(r#"{"MTU":1,"mtu":2}"#).mtu, 2);
}

#[test]
fn null_is_left_out() {
    assert_eq!(config("null"), Config::default());
    assert_eq!(
        config(r#"{"bridge":null,"mtu":null,"isGateway":null,"ipam":null,"mode":null}"#),
        Config::default()
    );
    let ipam: Ipam = from_str(r#"{"ranges":[null,[]],"tasks":[null,1]}"#).unwrap();
    assert_eq!(ipam.ranges, [vec![], vec![]]);
    assert_eq!(ipam.tasks, [0, 1]);
}

#[test]
fn the_keys_of_a_map_stay_as_they_are() {
    let capabilities = config(r#"{"Capabilities":{"portMappings":true,"PortMappings":false}}"#);
    assert_eq!(
        capabilities.capabilities,
        BTreeMap::from([("portMappings".to_owned(), true), ("PortMappings".to_owned(), false)])
    );
}

#[test]
fn a_wrong_type_is_told_with_its_place() {
    for (text, error) in [
        (
            r#"{"ipam":{"ranges":[[{"subnet":1}]]}}"#,
            "ipam.ranges[0][0].subnet: expected a string, found 1",
        ),
        (
            r#"{"IPAM":{"ranges":[[],[{}]]}}"#,
            "ipam.ranges[1][0]: the key \"subnet\" is missing",
        ),
        (
            r#"{"isGateway":"true"}"#,
            "isGateway: expected a boolean, found \"true\"",
        ),
        (r#"{"mtu":1500.0}"#, "mtu: expected an integer, found 1500.0"),
        (r#"{"mtu":1e3}"#, "mtu: expected an integer, found 1000.0"),
        (
            r#"{"mtu":3000000000}"#,
            "mtu: invalid value: integer `3000000000`, expected i32",
        ),
        (r#"{"mtu":"1500"}"#, "mtu: expected an integer, found \"1500\""),
        (r#"{"ratio":[]}"#, "ratio: expected a number, found an array"),
        (
            r#"{"ipam":{"ranges":{}}}"#,
            "ipam.ranges: expected an array, found an object",
        ),
        (r#"{"ipam":7}"#, "ipam: expected an object, found 7"),
        (
            r#"{"ipam":{"gateway":"10.0.0"}}"#,
            "ipam.gateway: \"10.0.0\": invalid IP address syntax",
        ),
        (
            r#"{"capabilities":{"mac":1}}"#,
            "capabilities.mac: expected a boolean, found 1",
        ),
        (
            r#"{"mode":"tunnel"}"#,
            "mode: unknown variant `tunnel`, expected one of `bridge`, `vlan`, `pair`, `named`",
        ),
        (
            r#"{"mode":{"vlan":70000}}"#,
            "mode.vlan: invalid value: integer `70000`, expected u16",
        ),
        (
            r#"{"mode":{"named":{"name":true}}}"#,
            "mode.named.name: expected a string, found true",
        ),
        ("[]", "expected an object, found an array"),
        ("{", "EOF while parsing an object at line 1 column 1"),
        ("{} {}", "trailing characters at line 1 column 4"),
    ] {
        assert_eq!(refused(text), error, "{text}");
    }
}

#[test]
fn a_long_text_is_not_shown_in_part() {
    let short = "x".repeat(46);
    for (text, shown) in [
        (short.clone(), format!("{short:?}")),
        ("x".repeat(49), "a string".to_owned()),
    ] {
        assert_eq!(
            refused(&format!(r#"{{"mtu":"{text}"}}"#)),
            format!("mtu: expected an integer, found {shown}")
        );
    }
}

#[test]
fn an_error_has_its_place_and_its_message_apart() {
    let error = from_str::<Config>(r#"{"ipam":{"tasks":[1,true]}}"#).unwrap_err();
    assert_eq!(error.path(), "ipam.tasks[1]");
    assert_eq!(error.message(), "expected an integer, found true");
}

#[test]
fn enums_are_a_name_or_an_object_with_one_key() {
    for (text, mode) in [
        (r#""bridge""#, Mode::Bridge),
        (r#"{"vlan":5}"#, Mode::Vlan(5)),
        (r#"{"pair":[1,2]}"#, Mode::Pair(1, 2)),
        (r#"{"named":{"Name":"x"}}"#, Mode::Named { name: "x".to_owned() }),
    ] {
        assert_eq!(from_str::<Mode>(text).unwrap(), mode);
    }
}

#[test]
fn empty_and_zero_mean_not_set() {
    let ipam: Ipam = from_str(r#"{"gateway":"","limit":0}"#).unwrap();
    assert_eq!((ipam.gateway, ipam.limit), (None, None));
    let ipam: Ipam = from_str(r#"{"gateway":"10.0.0.1","limit":3}"#).unwrap();
    assert_eq!(ipam.gateway, Some("10.0.0.1".parse().unwrap()));
    assert_eq!(ipam.limit, Some(3));
}

#[test]
fn nesting_is_bounded() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(Node::parse(&nested(100)).is_ok());
    for depth in [200, 1_000_000] {
        let error: Error = Node::parse(&nested(depth)).unwrap_err();
        assert!(error.message().starts_with("recursion limit exceeded"));
    }
}

#[test]
fn a_document_keeps_order_and_duplicates() {
    let text = r#"{"b":1,"a":{"x":[1,-2,2.5,null,true]},"b":"é\n"}"#;
    let node = Node::parse(text).unwrap();
    assert_eq!(node.to_text(), text);
    assert_eq!(node.get("B"), Some(&Node::from("é\n")));
    assert_eq!(node.get_exact("B"), None);
}

#[test]
fn a_key_is_set_in_place_of_all_its_spellings() {
    let mut node = Node::parse(r#"{"Name":"x","a":1,"name":"y"}"#).unwrap();
    node.set("name", Node::from("z"));
    assert_eq!(node.to_text(), r#"{"a":1,"name":"z"}"#);
    node.remove("A");
    assert_eq!(node.to_text(), r#"{"name":"z"}"#);
}

#[test]
fn printed_as_go_prints() {
    let value = json!({"a": [], "b": {}, "c": [1], "d": "<&>\u{2028}\u{8}\u{1}ü"});
    assert_eq!(
        super::pretty(&value),
        "{\n    \"a\": [],\n    \"b\": {},\n    \"c\": [\n        1\n    ],\n    \
         \"d\": \"\\u003c\\u0026\\u003e\\u2028\\b\\u0001ü\"\n}"
    );
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i32>().prop_map(|number| Value::from(f64::from(number) / 8.0)),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-zA-Z]{0,6}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

prop_compose! {
    fn any_config()(
        bridge in ".{0,8}",
        mtu in any::<i32>(),
        is_gateway in any::<bool>(),
        ratio in any::<i16>(),
        ipam in proptest::option::of((
            proptest::collection::vec(proptest::collection::vec("[0-9./]{0,9}", 0..3), 0..3),
            any::<Vec<u8>>(),
            any::<Option<IpAddr>>(),
        )),
        capabilities in any::<BTreeMap<String, bool>>(),
        mode in prop_oneof![
            Just(Mode::Bridge),
            any::<u16>().prop_map(Mode::Vlan),
            any::<(u8, u8)>().prop_map(|(first, second)| Mode::Pair(first, second)),
            ".{0,4}".prop_map(|name| Mode::Named { name }),
        ],
    ) -> Config {
        let ranges = |sets: Vec<Vec<String>>| sets.into_iter()
            .map(|set| set.into_iter().map(|subnet| Range { subnet }).collect())
            .collect();
        Config {
            bridge,
            mtu,
            is_gateway,
            ratio: f64::from(ratio) / 4.0,
            ipam: ipam.map(|(sets, tasks, gateway)| Ipam {
                ranges: ranges(sets),
                tasks,
                gateway,
                limit: None,
            }),
            capabilities,
            mode,
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in ".*") {
        let _ = from_str::<Config>(&text);
    }

    #[test]
    fn any_document_is_read_or_refused(value in any_value(), key in "bridge|mtu|ipam|MODE|x") {
        let document = Node::Object(vec![(key, Node::from(value))]);
        let _ = from_value::<Config>(&document);
        let _ = from_value::<Ipam>(&document);
        let _ = from_value::<Mode>(&document);
    }

    #[test]
    fn untyped_documents_read_as_with_serde_json(value in any_value()) {
        let text = value.to_string();
        let strict: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(from_str::<Value>(&text).unwrap(), strict.clone());
        prop_assert_eq!(from_str::<Node>(&text).unwrap(), Node::from(strict));
        prop_assert_eq!(Node::parse(&text).unwrap().to_text(), text);
    }

    #[test]
    fn well_formed_documents_read_as_with_serde_json(config in any_config()) {
        let text = serde_json::to_string(&config).unwrap();
        let strict: Config = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(from_str::<Config>(&text).unwrap(), strict);
    }
}
