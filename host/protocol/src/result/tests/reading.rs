use super::{MIDDLE, NEW, OLD, prefix};
use crate::{
    CniError, SpecVersion,
    json::Node,
    result::{Attachment, Interface, Ip, ResultError, Route, parse, parse_output, parse_previous},
};

/// The examples of the specification's texts.
#[test]
fn examples_of_the_specification_are_read() {
    let of_0_2_0 = r#"{
        "cniVersion": "0.2.0",
        "ip4": { "ip": "10.0.0.5/24", "gateway": "10.0.0.1",
                 "routes": [ { "dst": "0.0.0.0/0" } ] },
        "ip6": { "ip": "2001:db8::5/64", "gateway": "2001:db8::1", "routes": [] },
        "dns": { "nameservers": ["10.0.0.1"], "domain": "", "search": [], "options": [] }
    }"#;
    let attachment = parse(of_0_2_0, SpecVersion::V0_2_0).unwrap();
    assert_eq!(attachment.ips.len(), 2);
    assert_eq!(attachment.routes, [Route::to(prefix("0.0.0.0/0"))]);
    assert_eq!(attachment.dns.domain, None);

    let of_0_4_0 = r#"{
        "cniVersion": "0.4.0",
        "interfaces": [
            { "name": "cni0", "mac": "00:11:22:33:44:55" },
            { "name": "veth3243", "mac": "55:44:33:22:11:11" },
            { "name": "eth0", "mac": "99:88:77:66:55:44", "sandbox": "/var/run/netns/blue" }
        ],
        "ips": [ { "version": "4", "address": "10.1.0.5/16", "gateway": "10.1.0.1",
                   "interface": 2 } ],
        "routes": [ { "dst": "0.0.0.0/0" } ],
        "dns": { "nameservers": [ "10.1.0.1" ] }
    }"#;
    let of_1_0_0 = of_0_4_0.replace("0.4.0", "1.0.0").replace("\"version\": \"4\",", "");
    let attachment = parse(of_0_4_0, SpecVersion::V0_4_0).unwrap();
    assert_eq!(attachment.interfaces[2].sandbox.as_deref(), Some("/var/run/netns/blue"));
    assert_eq!(attachment.ips[0].interface, Some(2));
    assert_eq!(parse(&of_1_0_0, SpecVersion::V1_0_0).unwrap(), attachment);

    let of_ipam = r#"{ "ips": [ { "address": "10.1.0.5/16", "gateway": "10.1.0.1" } ] }"#;
    let attachment = parse_output(of_ipam, SpecVersion::V1_1_0).unwrap();
    assert_eq!(attachment.ips[0].interface, None);
}

#[test]
fn what_is_not_set_may_be_written_in_several_ways() {
    for text in [
        r#"{"ips":[{"address":"10.0.0.2/24"}],"interfaces":[{"name":"e"}]}"#,
        r#"{"ips":[{"address":"10.0.0.2/24","interface":-1,"gateway":""}],
            "interfaces":[{"name":"e","mac":"","mtu":0,"sandbox":"","socketPath":"","pciID":""}],
            "routes":[],"dns":{}}"#,
        r#"{"IPs":[{"Address":"10.0.0.2/24","interface":null,"gateway":null}],
            "Interfaces":[{"Name":"e","mac":null}],"routes":null,"dns":null}"#,
    ] {
        for version in MIDDLE.into_iter().chain(NEW) {
            assert_eq!(
                parse_output(text, version).unwrap(),
                Attachment {
                    interfaces: vec![Interface::named("e")],
                    ips: vec![Ip::new(prefix("10.0.0.2/24"))],
                    ..Attachment::default()
                }
            );
        }
    }
}

#[test]
fn a_result_that_does_not_fit_is_told_with_its_place() {
    for (text, error) in [
        (
            r#"{"ips":[{"address":"10.0.0.2"}]}"#,
            "ips[0].address: \"10.0.0.2\" is not an address in CIDR notation \
             (as in 10.22.0.5/16 or fd00::5/64)",
        ),
        (r#"{"ips":[{}]}"#, "ips[0]: the key \"address\" is missing"),
        (
            r#"{"ips":[{"address":"10.0.0.2/24","interface":4294967296}]}"#,
            "ips[0].interface: a position in \"interfaces\" has at most 32 bits",
        ),
        (
            r#"{"routes":[{"dst":"::/0","mtu":-1}]}"#,
            "routes[0].mtu: invalid value: integer `-1`, expected u32",
        ),
        (r#"{"cniVersion":1}"#, "cniVersion: expected a string, found 1"),
        ("", "EOF while parsing a value at line 1 column 0"),
    ] {
        assert_eq!(
            parse_output(text, SpecVersion::NEWEST).unwrap_err().to_string(),
            format!("decoding a CNI result: {error}")
        );
    }
}

#[test]
fn the_expected_version_chooses_the_decoder() {
    let all = ["", "0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"];
    for (versions, accepted, told) in [
        (OLD.as_slice(), ["", "0.1.0", "0.2.0"], "[ 0.1.0 0.2.0]"),
        (&MIDDLE, ["0.3.0", "0.3.1", "0.4.0"], "[0.3.0 0.3.1 0.4.0]"),
        (&NEW, ["1.0.0", "1.1.0", "1.1.0"], "[1.0.0 1.1.0]"),
    ] {
        for own in all {
            for expected in versions {
                let read = parse(&format!(r#"{{"cniVersion":"{own}"}}"#), *expected);
                if accepted.contains(&own) {
                    assert_eq!(read, Ok(Attachment::default()));
                } else {
                    assert_eq!(
                        read.unwrap_err().to_string(),
                        format!("result type supports {told} but unmarshalled CNIVersion is {own:?}")
                    );
                }
            }
        }
    }
}

#[test]
fn the_own_version_of_an_output_decides() {
    let text = |version: &str| format!(r#"{{{version}"ip4":{{"ip":"10.0.0.2/24"}}}}"#);
    let addresses = |version: &str, config| parse_output(&text(version), config).map(|attachment| attachment.ips.len());
    let old = r#""cniVersion":"0.2.0","#;
    assert_eq!(addresses(old, SpecVersion::V1_1_0), Ok(1));
    for missing in ["", r#""cniVersion":"","#, r#""cniVersion":null,"#] {
        assert_eq!(addresses(missing, SpecVersion::V0_1_0), Ok(1));
        assert_eq!(addresses(missing, SpecVersion::V1_0_0), Ok(0));
    }
    // Whether it is there is asked in exactly this letter case.
    assert_eq!(addresses(r#""CNIVersion":"0.2.0","#, SpecVersion::V1_0_0), Ok(0));
    assert_eq!(
        addresses(r#""cniVersion":"1.2.0","#, SpecVersion::V1_1_0),
        Err(ResultError::UnsupportedVersion("1.2.0".to_owned()))
    );
    assert_eq!(parse_output("null", SpecVersion::V1_1_0), Ok(Attachment::default()));
}

#[test]
fn a_previous_result_fits_the_version_of_its_configuration() {
    let previous = |text: &str, config| {
        parse_previous(&Node::parse(text).unwrap(), config)
            .map_err(|error| (error.to_string(), CniError::from(error).code))
    };
    assert_eq!(previous("null", SpecVersion::V1_0_0), Ok(None));
    let some = Ok(Some(Attachment::default()));
    assert_eq!(previous("{}", SpecVersion::V0_4_0), some);
    assert_eq!(previous(r#"{"cniVersion":""}"#, SpecVersion::V1_0_0), some);
    assert_eq!(previous(r#"{"cniVersion":"1.1.0"}"#, SpecVersion::V1_0_0), some);
    let refused = "result type supports [1.0.0 1.1.0] but unmarshalled CNIVersion is \"0.4.0\"";
    assert_eq!(
        previous(r#"{"cniVersion":"0.4.0"}"#, SpecVersion::V1_0_0),
        Err((refused.to_owned(), 1))
    );
    let refused = "decoding a CNI result: expected an object, found true";
    assert_eq!(previous("true", SpecVersion::V1_0_0), Err((refused.to_owned(), 6)));
}
