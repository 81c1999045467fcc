//! Configurations that fit, and that do not.

use cofferdam_protocol::json::Node;

use super::{EXAMPLE, schema, told};
use crate::NotCompiled;

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
