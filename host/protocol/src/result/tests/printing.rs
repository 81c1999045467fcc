use super::{MIDDLE, NEW, OLD, address, prefix};
use crate::{
    CniError, Dns, SpecVersion,
    result::{Attachment, Interface, Ip, ResultError, Route, parse, to_json},
};

/// A bridge's result with everything in it.
fn full() -> Attachment {
    Attachment {
        interfaces: vec![
            Interface {
                mac: Some("00:11:22:33:44:55".to_owned()),
                ..Interface::named("cni0")
            },
            Interface {
                name: "eth0".to_owned(),
                mac: Some("02:00:00:00:00:01".to_owned()),
                mtu: Some(1450),
                sandbox: Some("/run/netns/a&b".to_owned()),
                socket_path: Some("/run/sock".to_owned()),
                pci_id: Some("0000:00:1f.6".to_owned()),
            },
        ],
        ips: vec![
            Ip {
                interface: Some(1),
                address: prefix("10.1.0.5/16"),
                gateway: Some(address("10.1.0.1")),
            },
            Ip {
                interface: Some(1),
                address: prefix("10.2.0.5/16"),
                gateway: None,
            },
            Ip {
                interface: Some(1),
                address: prefix("2001:db8::5/64"),
                gateway: None,
            },
        ],
        routes: vec![
            Route::to(prefix("0.0.0.0/0")),
            Route {
                gw: Some(address("2001:db8::1")),
                mtu: Some(1400),
                advmss: Some(1360),
                priority: Some(10),
                table: Some(0),
                scope: Some(0),
                ..Route::to(prefix("2001:db8:1::/48"))
            },
        ],
        dns: Dns {
            nameservers: vec!["10.1.0.1".to_owned()],
            domain: Some("example.com".to_owned()),
            search: vec!["example.com".to_owned()],
            options: vec!["ndots:2".to_owned()],
        },
    }
}

const FULL_0_2_0: &str = r#"{
    "cniVersion": "0.2.0",
    "ip4": {
        "ip": "10.1.0.5/16",
        "gateway": "10.1.0.1",
        "routes": [
            {
                "dst": "0.0.0.0/0"
            }
        ]
    },
    "ip6": {
        "ip": "2001:db8::5/64",
        "routes": [
            {
                "dst": "2001:db8:1::/48",
                "gw": "2001:db8::1"
            }
        ]
    },
    "dns": {
        "nameservers": [
            "10.1.0.1"
        ],
        "domain": "example.com",
        "search": [
            "example.com"
        ],
        "options": [
            "ndots:2"
        ]
    }
}"#;

const FULL_0_4_0: &str = r#"{
    "cniVersion": "0.4.0",
    "interfaces": [
        {
            "name": "cni0",
            "mac": "00:11:22:33:44:55"
        },
        {
            "name": "eth0",
            "mac": "02:00:00:00:00:01",
            "sandbox": "/run/netns/a\u0026b"
        }
    ],
    "ips": [
        {
            "version": "4",
            "interface": 1,
            "address": "10.1.0.5/16",
            "gateway": "10.1.0.1"
        },
        {
            "version": "4",
            "interface": 1,
            "address": "10.2.0.5/16"
        },
        {
            "version": "6",
            "interface": 1,
            "address": "2001:db8::5/64"
        }
    ],
    "routes": [
        {
            "dst": "0.0.0.0/0"
        },
        {
            "dst": "2001:db8:1::/48",
            "gw": "2001:db8::1",
            "mtu": 1400,
            "advmss": 1360,
            "priority": 10,
            "table": 0,
            "scope": 0
        }
    ],
    "dns": {
        "nameservers": [
            "10.1.0.1"
        ],
        "domain": "example.com",
        "search": [
            "example.com"
        ],
        "options": [
            "ndots:2"
        ]
    }
}"#;

const FULL_1_1_0: &str = r#"{
    "cniVersion": "1.1.0",
    "dns": {
        "domain": "example.com",
        "nameservers": [
            "10.1.0.1"
        ],
        "options": [
            "ndots:2"
        ],
        "search": [
            "example.com"
        ]
    },
    "interfaces": [
        {
            "mac": "00:11:22:33:44:55",
            "name": "cni0"
        },
        {
            "mac": "02:00:00:00:00:01",
            "mtu": 1450,
            "name": "eth0",
            "pciID": "0000:00:1f.6",
            "sandbox": "/run/netns/a\u0026b",
            "socketPath": "/run/sock"
        }
    ],
    "ips": [
        {
            "address": "10.1.0.5/16",
            "gateway": "10.1.0.1",
            "interface": 1
        },
        {
            "address": "10.2.0.5/16",
            "interface": 1
        },
        {
            "address": "2001:db8::5/64",
            "interface": 1
        }
    ],
    "routes": [
        {
            "dst": "0.0.0.0/0"
        },
        {
            "advmss": 1360,
            "dst": "2001:db8:1::/48",
            "gw": "2001:db8::1",
            "mtu": 1400,
            "priority": 10,
            "scope": 0,
            "table": 0
        }
    ]
}"#;

#[test]
fn each_version_has_its_shape_and_order_of_keys() {
    for (text, of, versions) in [
        (FULL_0_2_0, "0.2.0", OLD.as_slice()),
        (FULL_0_4_0, "0.4.0", &MIDDLE),
        (FULL_1_1_0, "1.1.0", &NEW),
    ] {
        for version in versions {
            assert_eq!(to_json(&full(), *version).unwrap(), text.replace(of, version.as_str()));
        }
    }
}

#[test]
fn an_empty_result_has_dns_only_before_1_0_0() {
    let empty = Attachment::default();
    for version in OLD {
        assert_eq!(to_json(&empty, version), Err(ResultError::NoAddresses));
    }
    for version in MIDDLE {
        assert_eq!(
            to_json(&empty, version).unwrap(),
            format!("{{\n    \"cniVersion\": \"{version}\",\n    \"dns\": {{}}\n}}")
        );
    }
    for version in NEW {
        assert_eq!(
            to_json(&empty, version).unwrap(),
            format!("{{\n    \"cniVersion\": \"{version}\"\n}}")
        );
    }
}

#[test]
fn layer_2_only_can_not_be_told_before_0_3_0() {
    let attachment = Attachment {
        interfaces: vec![Interface::named("eth0")],
        ..Attachment::default()
    };
    let error = to_json(&attachment, SpecVersion::V0_2_0).unwrap_err();
    assert_eq!(error.to_string(), "cannot convert: no valid IP addresses");
    assert_eq!(CniError::from(error).code, 999);
}

#[test]
fn routes_of_a_family_without_an_address_are_left_out_before_0_3_0() {
    let attachment = Attachment {
        ips: vec![Ip::new(prefix("10.0.0.2/24"))],
        routes: vec![
            Route::to(prefix("::/0")),
            Route::to(prefix("0.0.0.0/0")).via(address("10.0.0.1")),
        ],
        ..Attachment::default()
    };
    let text = to_json(&attachment, SpecVersion::V0_1_0).unwrap();
    assert_eq!(
        parse(&text, SpecVersion::V0_1_0).unwrap().routes,
        [Route::to(prefix("0.0.0.0/0")).via(address("10.0.0.1"))]
    );
}

#[test]
fn an_ipv4_address_written_as_ipv6_is_an_ipv4_address() {
    let text = r#"{"cniVersion":"1.0.0","ips":[
        {"address":"::ffff:10.0.0.2/120","gateway":"::ffff:10.0.0.1"}]}"#;
    let attachment = parse(text, SpecVersion::V1_0_0).unwrap();
    assert_eq!(attachment.ips[0].address, prefix("10.0.0.2/24"));
    assert_eq!(attachment.ips[0].gateway, Some(address("10.0.0.1")));

    let made = Attachment {
        ips: vec![Ip {
            gateway: Some(address("::ffff:10.0.0.1")),
            ..Ip::new(prefix("::ffff:10.0.0.2/120"))
        }],
        ..Attachment::default()
    };
    for version in SpecVersion::ALL {
        let text = to_json(&made, version).unwrap();
        assert_eq!(parse(&text, version).unwrap().ips, attachment.ips, "{version}");
        assert!(!text.contains("ffff") && !text.contains("\"6\""), "{text}");
    }
}

#[test]
fn ip_addresses_print_in_canonical_form() {
    let text = r#"{"cniVersion":"1.1.0","ips":[{"address":"2001:DB8:0:0:0:0:0:5/64",
        "gateway":"::102:304"}]}"#;
    let printed = to_json(&parse(text, SpecVersion::NEWEST).unwrap(), SpecVersion::NEWEST).unwrap();
    assert!(printed.contains("\"2001:db8::5/64\""), "{printed}");
    assert!(printed.contains("\"::102:304\""), "{printed}");
}

#[test]
fn an_old_result_is_read_into_the_new_shape() {
    let attachment = parse(FULL_0_2_0, SpecVersion::V0_2_0).unwrap();
    assert_eq!(
        to_json(&attachment, SpecVersion::V0_4_0).unwrap(),
        r#"{
    "cniVersion": "0.4.0",
    "ips": [
        {
            "version": "4",
            "address": "10.1.0.5/16",
            "gateway": "10.1.0.1"
        },
        {
            "version": "6",
            "address": "2001:db8::5/64"
        }
    ],
    "routes": [
        {
            "dst": "0.0.0.0/0"
        },
        {
            "dst": "2001:db8:1::/48",
            "gw": "2001:db8::1"
        }
    ],
    "dns": {
        "nameservers": [
            "10.1.0.1"
        ],
        "domain": "example.com",
        "search": [
            "example.com"
        ],
        "options": [
            "ndots:2"
        ]
    }
}"#
    );
}
