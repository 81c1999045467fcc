//! What is told when nothing allows it.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::path::Path;

use cofferdam_policy::{Mark, Packets, Question, Upon};
use cofferdam_protocol::Place::{Container, Host};
use proptest::{prelude::*, sample::select};
use support::grants;

#[test]
fn a_denial_names_operation_target_and_missing_grant() {
    let key = ["net", "ipv4", "conf", "eth0", "arp_notify"].map(str::to_owned);
    let forward = ["net", "ipv4", "ip_forward"].map(str::to_owned);
    for (question, text) in [
        (
            Question::link_create(Host, "bridge", "cni0"),
            r#"link.create of bridge "cni0" in the host namespace is not granted; the policy lacks { allow = "link.create", in = "host", kinds = ["bridge"], names = ["cni0"] }"#,
        ),
        (
            Question::LinkSet {
                place: Container,
                kind: "",
                name: "lo",
                what: "up",
            },
            r#"link.set of up of link "lo" in the container namespace is not granted; the policy lacks { allow = "link.set", in = "container", kinds = ["none"], names = ["lo"], settings = ["up"] }"#,
        ),
        (
            Question::AddressAdd {
                place: Host,
                link: "cni0",
                address: "10.22.0.1/16".parse().unwrap(),
            },
            r#"address.add of address 10.22.0.1/16 of link "cni0" in the host namespace is not granted; the policy lacks { allow = "address.add", in = "host", names = ["cni0"], prefixes = ["10.22.0.0/16"] }"#,
        ),
        (
            Question::RouteAdd {
                place: Host,
                link: "eth0",
                destination: "0.0.0.0/0".parse().unwrap(),
                table: 100,
            },
            r#"route.add of the route to 0.0.0.0/0 in table 100 through link "eth0" in the host namespace is not granted; the policy lacks { allow = "route.add", in = "host", names = ["eth0"], destinations = ["0.0.0.0/0"], tables = [100] }"#,
        ),
        (
            Question::SysctlWrite {
                place: Host,
                key: &forward,
                value: "1",
            },
            r#"sysctl.write of value "1" to sysctl "net/ipv4/ip_forward" in the host namespace is not granted; the policy lacks { allow = "sysctl.write", in = "host", keys = ["net/ipv4/ip_forward"], values = ["1"] }"#,
        ),
        (
            Question::SysctlRead {
                place: Container,
                key: &key,
            },
            r#"sysctl.read of sysctl "net/ipv4/conf/eth0/arp_notify" in the container namespace is not granted; the policy lacks { allow = "sysctl.read", in = "container", keys = ["net/ipv4/conf/eth0/arp_notify"] }"#,
        ),
        (
            Question::NftTable {
                place: Host,
                family: "inet",
                table: "t",
                hooks: &[("prerouting", -100), ("output", 0)],
                packets: &[],
                marks: &[],
            },
            r#"nftables.table of nftables table inet "t" with base chains at prerouting -100, output 0 in the host namespace is not granted; the policy lacks { allow = "nftables.table", in = "host", family = "inet", tables = ["t"], hooks = ["output", "prerouting"], priorities = [-100, 0] }"#,
        ),
        (
            Question::NftTable {
                place: Host,
                family: "inet",
                table: "t",
                hooks: &[("forward", 0)],
                packets: &[any_packet("a", 2), through("eth0")],
                marks: &[],
            },
            r#"nftables.table of nftables table inet "t" with base chains at forward 0, where rule 2 of chain "a" decides on any packet and a rule decides on packets through link "eth0" in the host namespace is not granted; the policy lacks { allow = "nftables.table", in = "host", family = "inet", tables = ["t"], hooks = ["forward"], priorities = [0], scope = "all" }"#,
        ),
        (
            Question::NftTable {
                place: Host,
                family: "inet",
                table: "t",
                hooks: &[],
                packets: &[of("10.1.0.0/16"), of("10.2.0.0/16"), through("eth*"), of("10.3.0.0/16")],
                marks: &[],
            },
            r#"nftables.table of nftables table inet "t", where a rule decides on packets from or to 10.1.0.0/16 and a rule decides on packets from or to 10.2.0.0/16 and a rule decides on packets through link "eth*" and 1 more in the host namespace is not granted; the policy lacks { allow = "nftables.table", in = "host", family = "inet", tables = ["t"], prefixes = ["10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16"], names = ["eth\\*"] }"#,
        ),
        (
            Question::NftTable {
                place: Host,
                family: "inet",
                table: "t",
                hooks: &[("forward", 0)],
                packets: &[any_packet("a", 1)],
                marks: &[Mark::new(7, u32::MAX).unwrap(), Mark::new(0x4000, 0x4000).unwrap()],
            },
            r#"nftables.table of nftables table inet "t" with base chains at forward 0 with rules that set mark 0x7 and 0x4000/0x4000, where rule 1 of chain "a" decides on any packet in the host namespace is not granted; the policy lacks { allow = "nftables.table", in = "host", family = "inet", tables = ["t"], hooks = ["forward"], priorities = [0], scope = "all", marks = ["0x7", "0x4000/0x4000"] }"#,
        ),
        (
            Question::NftElement {
                place: Host,
                family: "inet",
                table: "t",
                set: "s",
                addresses: &["10.22.0.9".parse().unwrap()],
                links: &["eth0".to_owned()],
                ports: &[22],
            },
            r#"nftables.element of set "s" of nftables table inet "t" with address 10.22.0.9 and link "eth0" and port 22 in the host namespace is not granted; the policy lacks { allow = "nftables.element", in = "host", family = "inet", tables = ["t"], sets = ["s"], prefixes = ["10.22.0.9/32"], names = ["eth0"], ports = [22] }"#,
        ),
        (
            Question::RuleDelete {
                place: Host,
                table: 254,
                priority: None,
            },
            r#"rule.delete of a routing rule of no given priority for table 254 in the host namespace is not granted; the policy lacks { allow = "rule.delete", in = "host", priorities = [[0, 4294967295]] }"#,
        ),
        (
            Question::RuleAdd {
                place: Host,
                table: 100,
                priority: Some(7),
                of_others: true,
            },
            r#"rule.add of the routing rule of priority 7 for table 100 about packets that may be others' in the host namespace is not granted; the policy lacks { allow = "rule.add", in = "host", tables = [100], priorities = [7], scope = "all" }"#,
        ),
        (
            Question::StoreOpen {
                location: Path::new("/srv/leases"),
            },
            r#"store.open of the network's records below "/srv/leases" is not granted; the policy lacks { allow = "store.open", locations = ["/srv/leases"] }"#,
        ),
        (
            Question::IpamDelegate { plugin: "dhcp" },
            r#"ipam.delegate of plugin "dhcp" is not granted; the policy lacks { allow = "ipam.delegate", plugins = ["dhcp"] }"#,
        ),
        (
            Question::PacketExchange {
                place: Container,
                link: "eth0",
                ports: &[68, 67],
            },
            r#"packet.exchange of datagrams on link "eth0" with port 68 and port 67 in the container namespace is not granted; the policy lacks { allow = "packet.exchange", in = "container", names = ["eth0"], ports = [67, 68] }"#,
        ),
        (
            Question::UpkeepKeep,
            r#"upkeep.keep of a record of the attachment is not granted; the policy lacks { allow = "upkeep.keep" }"#,
        ),
        (
            Question::VlanJoin {
                bridge: "cni0",
                vlans: &[(100, 100), (200, 299)],
            },
            r#"vlan.join of ports of bridge "cni0" in VLAN 100 and VLANs 200 to 299 in the host namespace is not granted; the policy lacks { allow = "vlan.join", in = "host", names = ["cni0"], vlans = [100, [200, 299]] }"#,
        ),
        (
            Question::VxlanJoin {
                bridge: "cni0",
                id: 42,
                peers: &[],
            },
            r#"vxlan.join of bridge "cni0" in VXLAN 42 in the host namespace is not granted; the policy lacks { allow = "vxlan.join", in = "host", names = ["cni0"], vnis = [42] }"#,
        ),
        (
            Question::VxlanJoin {
                bridge: "cni0",
                id: 42,
                peers: &["192.0.2.7".parse().unwrap()],
            },
            r#"vxlan.join of bridge "cni0" in VXLAN 42 with peer 192.0.2.7 in the host namespace is not granted; the policy lacks { allow = "vxlan.join", in = "host", names = ["cni0"], vnis = [42], peers = ["192.0.2.7/32"] }"#,
        ),
        (
            Question::DeviceTake {
                kind: "",
                name: "eth5",
                is_nodes: false,
            },
            r#"device.take of link "eth5" in the host namespace is not granted; the policy lacks { allow = "device.take", in = "host", kinds = ["none"], names = ["eth5"] }"#,
        ),
        (
            Question::DeviceTake {
                kind: "",
                name: "eth0",
                is_nodes: true,
            },
            r#"device.take of link "eth0", which the node itself uses, in the host namespace is not granted; the policy lacks { allow = "device.take", in = "host", kinds = ["none"], names = ["eth0"] }"#,
        ),
    ] {
        assert_eq!(grants(&[]).decide(&question).unwrap_err().to_string(), text);
    }
}

fn any_packet(chain: &str, rule: usize) -> Packets {
    Packets {
        chain: Some(chain.to_owned()),
        rule: Some(rule),
        ..Packets::default()
    }
}

fn of(prefix: &str) -> Packets {
    Packets {
        prefixes: vec![prefix.parse().unwrap()],
        ..Packets::default()
    }
}

fn through(link: &str) -> Packets {
    Packets {
        links: vec![link.to_owned()],
        ..Packets::default()
    }
}

#[test]
fn a_refused_look_does_not_tell_whether_the_link_exists() {
    let look = |kind| {
        grants(&[])
            .decide(&Question::LinkSee {
                place: Host,
                kind,
                name: "eth0",
            })
            .unwrap_err()
    };
    assert_eq!(look(None), look(Some("bridge")));
    assert_eq!(look(None), look(Some("")));
}

#[test]
fn a_name_can_not_forge_a_line_or_a_wider_grant() {
    let question = Question::link_create(Host, "veth", "*\", \"\n\u{441}");
    let denial = grants(&[]).decide(&question).unwrap_err();
    assert_eq!(denial.target, r#"veth "*\", \"\u000a\u0441" in the host namespace"#);
    assert!(
        denial.missing.contains(r#"names = ["\\*\", \"\u000a\u0441"]"#),
        "{}",
        denial.missing
    );
    let question = Question::link_create(Host, "veth\n", "x");
    assert_eq!(
        grants(&[]).decide(&question).unwrap_err().target,
        "link \"x\" in the host namespace"
    );
}

/// The texts that a question can be made of.
#[derive(Debug)]
struct Words {
    name: String,
    key: Vec<String>,
    value: String,
    path: String,
    address: std::net::IpAddr,
    length: u8,
    number: u32,
    priority: Option<u32>,
    hooks: Vec<(usize, i32)>,
    packets: Vec<Packets>,
    marks: Vec<Mark>,
    ports: Vec<u16>,
    vlan: u16,
}

prop_compose! {
    fn words()(
        name in "\\PC{1,12}|[a-z*\\\\\"\n\u{0}]{1,8}",
        part in "[a-z0-9.*\\\\]{1,10}",
        value in any::<String>(),
        path in "/[a-z/ *\\\\\"]{0,20}",
        address in any::<std::net::IpAddr>(),
        length in any::<u8>(),
        number in 1..=u32::MAX,
        priority in any::<Option<u32>>(),
        hooks in prop::collection::vec((0_usize..5, any::<i32>()), 0..4),
        packets in prop::collection::vec(packets(), 0..4),
        marks in prop::collection::vec(any::<(u32, u32)>(), 0..4),
        ports in prop::collection::vec(any::<u16>(), 0..4),
        vlan in 0_u16..=4094,
    ) -> Words {
        let key = ["net", "ipv4", "conf", &part, "mtu"].map(str::to_owned).to_vec();
        let marks = marks.into_iter().filter_map(|(value, mask)| Mark::new(value, mask)).collect();
        Words { name, key, value, path, address, length, number, priority, hooks, packets, marks, ports, vlan }
    }
}

fn packets() -> impl Strategy<Value = Packets> {
    let prefixes = prop::collection::vec(select(&["10.0.0.0/8", "10.1.2.3/32", "::/0"][..]), 0..3);
    let links = prop::collection::vec("[a-z*\\\\\"\n]{1,8}", 0..3);
    (prefixes, links, "\\PC{1,9}").prop_map(|(prefixes, links, chain)| Packets {
        prefixes: prefixes.into_iter().map(|prefix| prefix.parse().unwrap()).collect(),
        links,
        chain: Some(chain),
        rule: None,
    })
}

/// What is granted for this attachment's name alone is asked for again with the
/// next one's.
#[test]
fn names_that_the_host_chooses_anew_are_a_pattern_in_the_missing_grant() {
    let key = ["net", "ipv4", "conf", "veth0a1b2c3d", "rp_filter"].map(str::to_owned);
    let links = ["veth0a1b2c3d", "up*", "veth11111111"].map(str::to_owned);
    for (question, missing) in [
        (
            Question::AddressAdd {
                place: Host,
                link: "veth0a1b2c3d",
                address: "192.0.2.1/32".parse().unwrap(),
            },
            r#"{ allow = "address.add", in = "host", names = ["veth*"], prefixes = ["192.0.2.1/32"] }"#,
        ),
        (
            Question::link_create(Host, "veth", "veth0a1b2c3"),
            r#"{ allow = "link.create", in = "host", kinds = ["veth"], names = ["veth0a1b2c3"] }"#,
        ),
        (
            Question::SysctlWrite {
                place: Host,
                key: &key,
                value: "1",
            },
            r#"{ allow = "sysctl.write", in = "host", keys = ["net/ipv4/conf/veth*/rp_filter"], values = ["1"] }"#,
        ),
        (
            Question::NftElement {
                place: Host,
                family: "inet",
                table: "t",
                set: "s",
                addresses: &[],
                links: &links,
                ports: &[],
            },
            r#"{ allow = "nftables.element", in = "host", family = "inet", tables = ["t"], sets = ["s"], names = ["up\\*", "veth*"] }"#,
        ),
    ] {
        let denial = grants(&[]).decide(&question).unwrap_err();
        assert_eq!(denial.missing, missing);
        let granted = support::policy(&format!("plugin.test.grant = [{missing}]")).unwrap();
        assert!(granted.for_attachment("n", None).decide(&question).is_ok(), "{missing}");
    }
}

proptest! {
    /// What a denial proposes is a grant, and it allows what was denied.
    #[test]
    fn the_missing_grant_allows_what_was_denied(words in words(), host in any::<bool>()) {
        prop_assume!(!matches!(words.key[3].as_str(), "." | ".."));
        prop_assume!(words.value.chars().count() < 256);
        let hooks = ["prerouting", "input", "forward", "output", "postrouting"];
        let hooks: Vec<(&str, i32)> = words.hooks.iter().map(|(hook, priority)| (hooks[*hook], *priority)).collect();
        let place = if host { Host } else { Container };
        let longest = if words.address.is_ipv6() { 128 } else { 32 };
        let prefix = cofferdam_protocol::IpPrefix::new(words.address, words.length % (longest + 1)).unwrap();
        let (name, link, table, address) = (&*words.name, &*words.name, words.number, words.address);
        let (addresses, links) = ([words.address], [words.name.clone()]);
        let (key, value, path) = (&*words.key, &*words.value, Path::new(&words.path));
        // Nothing is asked about no flows at all.
        let forgotten = [&words.ports[..], &[53]].concat();
        for question in [
            Question::LinkSee { place, kind: Some("veth"), name },
            Question::link_create(place, "veth", name),
            Question::LinkCreate {
                place,
                kind: "vlan",
                name,
                upon: Some(Upon { parent: name, mode: Some("passthru"), vlan: Some(words.vlan) }),
                table: Some(words.number),
            },
            Question::LinkSet { place, kind: "", name, what: "mac" },
            Question::LinkDelete { place, kind: "veth", name },
            Question::AddressSee { place, link },
            Question::AddressAdd { place, link, address: prefix },
            Question::AddressDelete { place, link, address: prefix },
            Question::RouteSee { place, link, table },
            Question::RouteAdd { place, link, destination: prefix, table },
            Question::RouteDelete { place, link, destination: prefix, table },
            Question::RuleSee { place },
            Question::RuleAdd { place, table, priority: words.priority, of_others: false },
            Question::RuleAdd { place, table, priority: words.priority, of_others: true },
            Question::RuleDelete { place, table, priority: words.priority },
            Question::NeighborSee { place, link },
            Question::NeighborAdd { place, link, address },
            Question::NeighborDelete { place, link, address },
            Question::SysctlRead { place, key },
            Question::SysctlWrite { place, key, value },
            Question::NftTable {
                place,
                family: "inet",
                table: name,
                hooks: &hooks,
                packets: &words.packets,
                marks: &words.marks,
            },
            Question::NftElement {
                place,
                family: "ip6",
                table: name,
                set: name,
                addresses: &addresses,
                links: &links,
                ports: &words.ports,
            },
            Question::QdiscSee { place, kind: "veth", link },
            Question::QdiscSet { place, kind: "", link },
            Question::ConntrackForget { place, ports: &forgotten },
            Question::StoreOpen { location: path },
            Question::ResolverRead { file: path },
            Question::IpamDelegate { plugin: name },
            Question::PacketExchange { place, link, ports: &[68, 67] },
            Question::UpkeepKeep,
            Question::VlanJoin { bridge: link, vlans: &[(1, 1), (20, 4094)] },
            Question::VxlanJoin { bridge: link, id: 42, peers: &addresses },
            Question::AllowListRead { file: path },
            Question::ForwardingAccept { chain: name, addresses: &addresses },
            Question::ForwardingPublish { addresses: &addresses },
            Question::ForwardingZone { zone: name, addresses: &addresses },
            Question::DeviceTake { kind: "", name, is_nodes: false },
            Question::DeviceTake { kind: "veth", name, is_nodes: true },
        ] {
            let denial = grants(&[]).decide(&question).unwrap_err();
            prop_assert!(denial.to_string().is_ascii() && !denial.to_string().contains('\n'));
            let text = format!("plugin.test.grant = [{}]", denial.missing);
            let policy = support::policy(&text);
            prop_assert!(policy.is_ok(), "{text}: {}", policy.unwrap_err());
            let granted = policy.unwrap().for_attachment("n", None).decide(&question);
            prop_assert!(granted.is_ok(), "{text} on {question:?}");
        }
    }
}
