#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;
use crate::{CniError, SpecVersion};

fn list(keys: &str) -> NetworkList {
    let text = format!(r#"{{"name":"n","plugins":[{{"type":"bridge"}}]{keys}}}"#);
    NetworkList::parse(&text).unwrap()
}

fn refused(text: &str) -> String {
    NetworkList::parse(text).unwrap_err().to_string()
}

#[test]
fn the_example_of_the_specification_is_read() {
    let text = r#"{
        "cniVersion": "1.1.0",
        "cniVersions": ["0.3.1", "0.4.0", "1.0.0", "1.1.0"],
        "name": "dbnet",
        "plugins": [
            { "type": "bridge", "bridge": "cni0", "keyA": ["some more", "plugin specific"],
              "ipam": { "type": "host-local", "subnet": "10.1.0.0/16", "gateway": "10.1.0.1",
                        "routes": [ { "dst": "0.0.0.0/0" } ] },
              "dns": { "nameservers": [ "10.1.0.1" ] } },
            { "type": "tuning", "capabilities": { "mac": true },
              "sysctl": { "net.core.somaxconn": "500" } },
            { "type": "portmap", "capabilities": { "portMappings": true } }
        ]
    }"#;
    let list = NetworkList::parse(text).unwrap();
    assert_eq!((list.name.as_str(), list.text.as_str()), ("dbnet", text));
    assert_eq!(list.spec_version().unwrap(), SpecVersion::V1_1_0);
    let plugins: Vec<_> = list
        .plugins
        .iter()
        .map(|plugin| (plugin.plugin_type.as_str(), plugin.capabilities.join(",")))
        .collect();
    assert_eq!(
        plugins,
        [
            ("bridge", String::new()),
            ("tuning", "mac".to_owned()),
            ("portmap", "portMappings".to_owned())
        ]
    );
    assert!(!list.disable_check && !list.disable_gc && !list.load_only_inlined_plugins);
}

#[test]
fn the_highest_version_that_we_know_is_chosen() {
    for (keys, version) in [
        ("", ""),
        (r#","cniVersion":"0.4.0""#, "0.4.0"),
        (r#","cniVersion":"9.9.9""#, "9.9.9"),
        (r#","cniVersions":["0.3.1","1.0.0","0.4.0"]"#, "1.0.0"),
        (r#","cniVersion":"1.1.0","cniVersions":["1.0.0"]"#, "1.1.0"),
        (r#","cniVersion":"0.4.0","cniVersions":["1.2.0","1.0.0"]"#, "1.0.0"),
        (r#","cniVersion":"1.2.0","cniVersions":["2.0.0"]"#, "1.2.0"),
        (r#","cniVersion":"1.2.0","cniVersions":["0.10.0","0.9.0"]"#, "0.10.0"),
        (r#","cniVersion":"0.4.0","cniVersions":[]"#, "0.4.0"),
    ] {
        assert_eq!(list(keys).version, version, "{keys}");
    }
    assert_eq!(list("").spec_version().unwrap(), SpecVersion::V0_1_0);
    assert!(list(r#","cniVersion":"1.2.0""#).spec_version().is_err());
    assert_eq!(
        refused(r#"{"name":"n","cniVersions":["1.0.0","new"]}"#),
        "cniVersions: \"new\" is not a CNI version (up to three numbers, as in 1.1.0)"
    );
}

#[test]
fn a_flag_is_a_boolean_or_a_text() {
    for (value, truth) in [
        ("true", true),
        ("false", false),
        ("\"true\"", true),
        ("\"False\"", false),
        ("\"TRUE\"", true),
    ] {
        for key in ["disableCheck", "disableGC", "loadOnlyInlinedPlugins"] {
            let list = list(&format!(r#","{key}":{value}"#));
            assert_eq!(list.disable_check, truth && key == "disableCheck");
            assert_eq!(list.disable_gc, truth && key == "disableGC");
            assert_eq!(list.load_only_inlined_plugins, truth && key == "loadOnlyInlinedPlugins");
        }
    }
    for (value, found) in [("1", "1"), ("\"yes\"", "\"yes\""), ("null", "null"), ("\"\"", "\"\"")] {
        assert_eq!(
            refused(&format!(r#"{{"name":"n","disableGC":{value}}}"#)),
            format!("disableGC: {found} is neither true nor false")
        );
    }
}

#[test]
fn keys_of_a_list_match_exactly() {
    assert!(!list(r#","DisableCheck":true"#).disable_check);
    assert_eq!(refused(r#"{"Name":"n"}"#), "a network configuration needs a \"name\"");
}

#[test]
fn keys_of_a_plugin_match_in_any_letter_case() {
    let list = NetworkList::parse(r#"{"name":"n","plugins":[{"Type":"bridge"}]}"#).unwrap();
    assert_eq!(list.plugins[0].plugin_type, "bridge");
}

#[test]
fn plugins_may_come_from_elsewhere_unless_the_list_says_otherwise() {
    assert!(NetworkList::parse(r#"{"name":"n"}"#).unwrap().plugins.is_empty());
    assert_eq!(
        refused(r#"{"name":"n","loadOnlyInlinedPlugins":"true"}"#),
        "a network configuration with \"loadOnlyInlinedPlugins\" needs \"plugins\""
    );
}

#[test]
fn a_list_that_makes_no_sense_is_refused() {
    for (text, code, message) in [
        (
            "[]",
            6,
            "decoding a network configuration: expected an object, found an array",
        ),
        (
            "{",
            6,
            "decoding a network configuration: EOF while parsing an object at line 1 column 1",
        ),
        (
            r#"{"name":5}"#,
            6,
            "decoding a network configuration: name: expected a string, found 5",
        ),
        (
            r#"{"name":"n","plugins":[]}"#,
            7,
            "plugins: the list is empty; it has to name at least one plugin",
        ),
        (
            r#"{"name":"n","plugins":{}}"#,
            6,
            "decoding a network configuration: plugins: expected an array, found an object",
        ),
        (
            r#"{"name":"n","plugins":[{"type":"a"},{}]}"#,
            7,
            "plugins[1]: a plugin configuration needs a \"type\"",
        ),
        (
            r#"{"name":"n","plugins":["a"]}"#,
            7,
            "plugins[0]: decoding a network configuration: expected an object, found \"a\"",
        ),
    ] {
        let error = CniError::from(NetworkList::parse(text).unwrap_err());
        assert_eq!((error.code, error.message.as_str()), (code, message), "{text}");
    }
}

#[test]
fn a_single_plugin_becomes_a_list() {
    let text = r#"{"cniVersion":"0.2.0","Name":"mynet","type":"bridge","bridge":"cni0"}"#;
    let list = NetworkList::from_plugin(text).unwrap();
    assert_eq!((list.name.as_str(), list.version.as_str()), ("mynet", "0.2.0"));
    assert_eq!(list.plugins, [ListedPlugin::parse(text).unwrap()]);
    let again = NetworkList::parse(&list.text).unwrap();
    assert_eq!(again, list);

    for (text, error) in [
        (r#"{"name":"n"}"#, "a plugin configuration needs a \"type\""),
        (r#"{"type":"t"}"#, "a network configuration needs a \"name\""),
    ] {
        assert_eq!(NetworkList::from_plugin(text).unwrap_err().to_string(), error);
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in ".*") {
        let _ = NetworkList::parse(&text);
        let _ = NetworkList::from_plugin(&text);
        let _ = ListedPlugin::parse(&text);
    }

    #[test]
    fn the_chosen_version_is_one_of_those_given(
        own in "[0-2]\\.[0-3]\\.[0-3]",
        offered in proptest::collection::vec("[0-2]\\.[0-3]\\.[0-3]", 0..5),
    ) {
        let quoted: Vec<String> = offered.iter().map(|version| format!("{version:?}")).collect();
        let chosen = list(&format!(
            r#","cniVersion":"{own}","cniVersions":[{}]"#,
            quoted.join(",")
        ))
        .version;
        prop_assert!(chosen == own || offered.contains(&chosen));
    }
}
