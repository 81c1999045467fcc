use std::net::IpAddr;

use proptest::prelude::*;

use super::{MIDDLE, NEW, OLD};
use crate::{
    Dns, IpPrefix, SpecVersion,
    result::{Attachment, Interface, Ip, ResultError, Route, parse, parse_output, to_json},
};

fn some_text() -> impl Strategy<Value = Option<String>> {
    proptest::option::of(".{1,8}")
}

fn some_number() -> impl Strategy<Value = Option<u32>> {
    proptest::option::of(1u32..)
}

fn any_prefix() -> impl Strategy<Value = IpPrefix> {
    (any::<IpAddr>(), any::<u8>()).prop_map(|(address, length)| {
        let bits = if address.is_ipv6() { 129 } else { 33 };
        IpPrefix::new(address, length % bits).unwrap().to_canonical()
    })
}

fn any_address() -> impl Strategy<Value = Option<IpAddr>> {
    proptest::option::of(any::<IpAddr>().prop_map(|address| address.to_canonical()))
}

prop_compose! {
    fn any_interface()(
        name in ".{0,8}",
        mac in some_text(),
        mtu in some_number(),
        sandbox in some_text(),
        socket_path in some_text(),
        pci_id in some_text(),
    ) -> Interface {
        Interface { name, mac, mtu, sandbox, socket_path, pci_id }
    }
}

prop_compose! {
    fn any_ip()(
        interface in any::<Option<u32>>(),
        address in any_prefix(),
        gateway in any_address(),
    ) -> Ip {
        Ip { interface, address, gateway }
    }
}

prop_compose! {
    fn any_route()(
        dst in any_prefix(),
        gw in any_address(),
        (mtu, advmss, priority) in (some_number(), some_number(), some_number()),
        table in any::<Option<u32>>(),
        scope in any::<Option<u8>>(),
    ) -> Route {
        Route { dst, gw, mtu, advmss, priority, table, scope }
    }
}

prop_compose! {
    fn any_attachment()(
        interfaces in proptest::collection::vec(any_interface(), 0..4),
        ips in proptest::collection::vec(any_ip(), 0..4),
        routes in proptest::collection::vec(any_route(), 0..4),
        nameservers in any::<Vec<String>>(),
        domain in some_text(),
        search in any::<Vec<String>>(),
        options in any::<Vec<String>>(),
    ) -> Attachment {
        Attachment { interfaces, ips, routes, dns: Dns { nameservers, domain, search, options } }
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in ".*") {
        for version in SpecVersion::ALL {
            let _ = parse(&text, version);
            let _ = parse_output(&text, version);
        }
    }

    #[test]
    fn from_1_0_0_on_a_result_is_read_back_whole(attachment in any_attachment()) {
        for version in NEW {
            let text = to_json(&attachment, version).unwrap();
            prop_assert_eq!(&parse(&text, version).unwrap(), &attachment);
            prop_assert_eq!(&parse_output(&text, version).unwrap(), &attachment);
        }
    }

    #[test]
    fn from_0_3_0_on_only_what_is_new_in_interfaces_gets_lost(attachment in any_attachment()) {
        let mut expected = attachment.clone();
        for interface in &mut expected.interfaces {
            (interface.mtu, interface.socket_path, interface.pci_id) = (None, None, None);
        }
        for version in MIDDLE {
            let text = to_json(&attachment, version).unwrap();
            prop_assert_eq!(&parse(&text, version).unwrap(), &expected);
        }
    }

    #[test]
    fn before_0_3_0_the_first_address_of_each_family_is_left(attachment in any_attachment()) {
        let first = |ipv6| attachment.ips.iter().find(|ip| ip.address.is_ipv6() == ipv6);
        let expected: Vec<Ip> = [first(false), first(true)]
            .into_iter()
            .flatten()
            .map(|ip| Ip { interface: None, ..ip.clone() })
            .collect();
        for version in OLD {
            match to_json(&attachment, version) {
                Err(error) => {
                    prop_assert_eq!(error, ResultError::NoAddresses);
                    prop_assert!(expected.is_empty());
                }
                Ok(text) => {
                    let read = parse(&text, version).unwrap();
                    prop_assert_eq!(&read.ips, &expected);
                    prop_assert_eq!(&read.dns, &attachment.dns);
                    // What is left is not lost again.
                    prop_assert_eq!(to_json(&read, version).unwrap(), text);
                }
            }
        }
    }
}
