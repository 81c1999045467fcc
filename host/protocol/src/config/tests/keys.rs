use super::{config, told, undecodable};
use crate::{Attachment, Interface, PluginConfig, SpecVersion, Verb, config::AttachmentKey};

#[test]
fn the_name_is_checked_before_anything_else() {
    for (text, expected) in [
        ("", undecodable("EOF while parsing a value at line 1 column 0")),
        ("[]", undecodable("expected an object, found an array")),
        (r#"{"name":1}"#, undecodable("name: expected a string, found 1")),
        ("null", (7, "missing network name".to_owned(), None)),
        ("{}", (7, "missing network name".to_owned(), None)),
        (
            r#"{"name":"","cniVersion":1}"#,
            (7, "missing network name".to_owned(), None),
        ),
        (
            r#"{"NAME":"a/b"}"#,
            (
                7,
                "invalid characters found in network name".to_owned(),
                Some("a/b".to_owned()),
            ),
        ),
    ] {
        assert_eq!(told(PluginConfig::parse(text).unwrap_err()), expected, "{text}");
    }
    assert_eq!(config(r#"{"name":"a","Name":"b","cniVersion":1}"#).name(), "b");
}

#[test]
fn the_text_is_kept_as_it_came() {
    let text = " {\"name\" : \"n\", \"x\": 1, \"x\": 2 }\n";
    assert_eq!(config(text).text(), text);
}

#[test]
fn keys_are_decoded_when_asked_for() {
    let full = config(
        r#"{"name":"n","CNIVersion":"1.0.0","Type":"bridge","IPAM":{"type":"host-local",
            "dataDir":"/d"},"dns":{"nameservers":["10.0.0.1"]},
            "capabilities":{"mac":true,"ips":false,"portMappings":true},
            "runtimeConfig":{"Mac":"x"}}"#,
    );
    assert_eq!(full.version_text().unwrap(), "1.0.0");
    assert_eq!(full.plugin_type().unwrap(), "bridge");
    assert_eq!(full.ipam_type().unwrap().as_deref(), Some("host-local"));
    assert_eq!(full.ipam_data_dir().unwrap().as_deref(), Some("/d"));
    assert_eq!(full.dns().unwrap().nameservers, ["10.0.0.1"]);
    assert_eq!(full.capabilities().unwrap(), ["mac", "portMappings"]);
    assert_eq!(full.runtime_config().unwrap().as_deref(), Some(r#"{"Mac":"x"}"#));

    for text in [
        r#"{"name":"n"}"#,
        r#"{"name":"n","cniVersion":"","ipam":{"type":"","dataDir":""}}"#,
        r#"{"name":"n","cniVersion":null,"ipam":null,"dns":null,"capabilities":null,
            "runtimeConfig":null,"prevResult":null}"#,
    ] {
        let bare = config(text);
        assert_eq!(bare.version_text().unwrap(), "0.1.0");
        assert_eq!(bare.plugin_type().unwrap_err().code, 7);
        assert_eq!(bare.ipam_type().unwrap(), None);
        assert_eq!(bare.ipam_data_dir().unwrap(), None);
        assert!(bare.dns().unwrap().is_empty());
        assert!(bare.capabilities().unwrap().is_empty());
        assert_eq!(bare.runtime_config().unwrap(), None);
        assert_eq!(bare.previous(SpecVersion::NEWEST).unwrap(), None);
        assert_eq!(bare.valid_attachments().unwrap(), None);
    }
}

#[test]
fn a_key_of_a_wrong_type_is_told_with_its_place() {
    let wrong = config(
        r#"{"name":"n","cniVersion":1,"type":true,"ipam":{"type":[]},"dns":"x",
            "capabilities":{"mac":"yes"},"runtimeConfig":[],"cni.dev/attachments":[{"ifname":1}]}"#,
    );
    for (result, details) in [
        (wrong.version_text().err(), "cniVersion: expected a string, found 1"),
        (wrong.plugin_type().err(), "type: expected a string, found true"),
        (wrong.ipam_type().err(), "ipam.type: expected a string, found an array"),
        (wrong.dns().err(), "dns: expected an object, found \"x\""),
        (
            wrong.capabilities().err(),
            "capabilities.mac: expected a boolean, found \"yes\"",
        ),
        (
            wrong.runtime_config().err(),
            "runtimeConfig: expected an object, found an array",
        ),
        (
            wrong.valid_attachments().err(),
            "cni.dev/attachments[0].ifname: expected a string, found 1",
        ),
    ] {
        assert_eq!(told(result.unwrap()), undecodable(details));
    }
    let error = config(r#"{"name":"n","ipam":5}"#).ipam_type().unwrap_err();
    assert_eq!(told(error), undecodable("ipam: expected an object, found 5"));
}

#[test]
fn a_plugin_is_named_by_a_plain_file_name() {
    for bad in ["../bridge", "/bin/sh", "a b", ".hidden", "-x", "a\\u0000"] {
        let config = config(&format!(r#"{{"name":"n","type":"{bad}","ipam":{{"type":"{bad}"}}}}"#));
        assert_eq!(config.plugin_type().unwrap_err().code, 7, "{bad}");
        assert_eq!(config.ipam_type().unwrap_err().code, 7, "{bad}");
    }
}

#[test]
fn valid_attachments_come_under_two_keys() {
    let valid = |keys: &str| {
        let config = config(&format!(r#"{{"name":"n",{keys}}}"#));
        config.valid_attachments().unwrap()
    };
    let one = |id: &str| {
        vec![AttachmentKey {
            container_id: id.to_owned(),
            interface_name: "eth0".to_owned(),
        }]
    };
    let first = r#""cni.dev/valid-attachments":[{"containerID":"a","ifname":"eth0"}]"#;
    let second = r#""cni.dev/attachments":[{"containerID":"b","ifname":"eth0"}]"#;
    assert_eq!(valid(first), Some(one("a")));
    assert_eq!(valid(second), Some(one("b")));
    assert_eq!(valid(&format!("{second},{first}")), Some(one("a")));
    assert_eq!(valid(r#""cni.dev/valid-attachments":null"#), Some(vec![]));
    assert_eq!(valid(r#""cni.dev/attachments":[]"#), Some(vec![]));
    assert_eq!(valid(r#""x":1"#), None);
}

#[test]
fn the_gate_lets_pass_what_both_sides_speak() {
    let gate = |version: &str, verb, supported: &[SpecVersion]| {
        config(&format!(r#"{{"name":"n","cniVersion":{version}}}"#))
            .gate(verb, supported)
            .map_err(told)
    };
    let all = SpecVersion::supported();
    let until_1_0_0 = &all[..6];
    let from_0_3_0 = &all[2..];
    let refused = |message: &str| Err((1, message.to_owned(), None));
    let incompatible = |details: &str| {
        let message = "incompatible CNI versions".to_owned();
        Err((1, message, Some(details.to_owned())))
    };
    for (version, verb, supported, expected) in [
        (r#""""#, Verb::Add, all, Ok(SpecVersion::V0_1_0)),
        (r#""0.2.0""#, Verb::Del, all, Ok(SpecVersion::V0_2_0)),
        (r#""1.1.0""#, Verb::Add, all, Ok(SpecVersion::V1_1_0)),
        (r#""0.4.0""#, Verb::Check, all, Ok(SpecVersion::V0_4_0)),
        (r#""1.1.0""#, Verb::Gc, all, Ok(SpecVersion::V1_1_0)),
        (r#""1.1.0""#, Verb::Status, all, Ok(SpecVersion::V1_1_0)),
        (
            r#""1.0""#,
            Verb::Add,
            all,
            incompatible(
                "config is \"1.0\", plugin supports [\"0.1.0\" \"0.2.0\" \"0.3.0\" \"0.3.1\" \
                 \"0.4.0\" \"1.0.0\" \"1.1.0\"]",
            ),
        ),
        (
            "null",
            Verb::Add,
            from_0_3_0,
            incompatible(
                "config is \"0.1.0\", plugin supports [\"0.3.0\" \"0.3.1\" \"0.4.0\" \"1.0.0\" \
                 \"1.1.0\"]",
            ),
        ),
        (
            r#""v1.0.0""#,
            Verb::Del,
            &all[..1],
            incompatible("config is \"v1.0.0\", plugin supports [\"0.1.0\"]"),
        ),
        (
            r#""0.3.1""#,
            Verb::Check,
            all,
            refused("config version does not allow CHECK"),
        ),
        (
            r#""1.1.0""#,
            Verb::Check,
            until_1_0_0,
            refused("plugin version does not allow CHECK"),
        ),
        (r#""1.0.0""#, Verb::Gc, all, refused("config version does not allow GC")),
        (
            r#""1.1.0""#,
            Verb::Gc,
            until_1_0_0,
            refused("plugin version does not allow GC"),
        ),
        (
            "null",
            Verb::Status,
            all,
            refused("config version does not allow STATUS"),
        ),
        (
            r#""1.2.0""#,
            Verb::Status,
            all,
            refused("plugin version does not allow STATUS"),
        ),
        (
            "1",
            Verb::Check,
            all,
            Err(undecodable("cniVersion: expected a string, found 1")),
        ),
        (
            r#""v1""#,
            Verb::Check,
            all,
            Err(undecodable(
                "\"v1\" is not a CNI version (up to three numbers, as in 1.1.0)",
            )),
        ),
    ] {
        assert_eq!(gate(version, verb, supported), expected, "{version} {verb}");
    }
}

#[test]
fn a_previous_result_is_put_in_and_taken_out() {
    let attachment = Attachment {
        interfaces: vec![Interface::named("eth0")],
        ..Attachment::default()
    };
    let config = config(r#"{"name":"n","cniVersion":"1.0.0","PrevResult":{},"keep":1}"#);
    let next = config.with_previous(&attachment, SpecVersion::V1_0_0).unwrap();
    assert_eq!(
        next.text(),
        r#"{"name":"n","cniVersion":"1.0.0","keep":1,"prevResult":{"cniVersion":"1.0.0","interfaces":[{"name":"eth0"}]}}"#
    );
    assert_eq!(
        PluginConfig::parse(next.text()).unwrap().previous(SpecVersion::V1_0_0),
        Ok(Some(attachment))
    );
}

#[test]
fn a_previous_result_that_does_not_decode_is_told_with_the_place() {
    for (text, details) in [
        (
            r#"{"ips":[{"address":"10.1.0.0/33"}]}"#,
            "prevResult.ips[0].address: \"10.1.0.0/33\" is not an address in CIDR notation (as in 10.22.0.5/16 or \
             fd00::5/64)",
        ),
        (
            r#"{"routes":[{"dst":"::/0","mtu":"x"}]}"#,
            "prevResult.routes[0].mtu: expected an integer, found \"x\"",
        ),
        ("[]", "prevResult: expected an object, found an array"),
    ] {
        let config = config(&format!(r#"{{"name":"n","prevResult":{text}}}"#));
        let error = config.previous(SpecVersion::V1_0_0).unwrap_err();
        assert_eq!(told(error), undecodable(details));
    }
}

#[test]
fn a_previous_result_of_another_version_is_refused() {
    let config = config(r#"{"name":"n","cniVersion":"1.0.0","prevResult":{"cniVersion":"0.4.0"}}"#);
    assert_eq!(
        told(config.previous(SpecVersion::V1_0_0).unwrap_err()),
        (
            1,
            "prevResult: result type supports [1.0.0 1.1.0] but unmarshalled CNIVersion is \
             \"0.4.0\""
                .to_owned(),
            None
        )
    );
}
