//! What an operator is told about a question.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use cofferdam_policy::{AskError, Asked};
use support::two_files::policy;

fn asked(text: &str) -> Result<Asked, AskError> {
    let mut words = text.split(' ');
    Asked::read(words.next().unwrap(), words)
}

/// The explanation, one grant a line.
fn explain(text: &str, network: &str, tenant: Option<&str>) -> Vec<String> {
    let policy = policy();
    let explanation = asked(text)
        .unwrap()
        .ask(|question| policy.explain(question, network, tenant));
    let mut lines = vec![explanation.question];
    lines.extend(explanation.allowed_by.iter().map(|source| format!("by {source}")));
    for refusal in &explanation.refused_by {
        lines.push(format!("not by {}", refusal.source));
        lines.extend(refusal.reasons.iter().map(|reason| format!("  {reason}")));
    }
    lines.extend(explanation.missing.map(|missing| format!("missing: {missing}")));
    lines
}

const BRIDGES: &str = "/p/bridge.toml:6: { allow = [\"link.see\", \"link.create\"], in = \"host\", kinds = [\"bridge\"], \
                       names = [\"cni*\"] }";
const VETHS: &str = "/p/bridge.team.toml:4: { allow = \"link.create\", tenants = [\"team-a\"], in = \"host\", \
                     kinds = [\"veth\", \"none\"], names = [\"veth*\"], max-per-tenant = 64 }";

#[test]
fn it_tells_which_grant_of_which_file_allows_it() {
    assert_eq!(
        explain("link.create in=host kind=bridge name=cni0", "team-x", Some("team-a")),
        [
            "link.create of bridge \"cni0\" in the host namespace",
            &format!("by {BRIDGES}"),
            &format!("not by {VETHS}"),
            "  kinds = [\"veth\", \"none\"], not for \"bridge\"",
            "  names = [\"veth*\"], not for \"cni0\"",
        ]
    );
}

#[test]
fn it_tells_for_each_grant_of_the_operation_which_bound_does_not_hold_it() {
    assert_eq!(
        explain("link.create in=container kind=none name=veth0", "mynet", None),
        [
            "link.create of link \"veth0\" in the container namespace",
            &format!("not by {BRIDGES}"),
            "  in = \"host\", not for \"container\"",
            "  kinds = [\"bridge\"], not for \"none\"",
            "  names = [\"cni*\"], not for \"veth0\"",
            &format!("not by {VETHS}"),
            "  networks = [\"team-*\"] of the file, not for \"mynet\"",
            "  tenants = [\"team-a\"], not for an attachment without a tenant",
            "  in = \"host\", not for \"container\"",
            "missing: { allow = \"link.create\", in = \"container\", kinds = [\"none\"], names = [\"veth0\"] }",
        ]
    );
}

#[test]
fn it_tells_what_a_key_that_is_left_out_means() {
    assert_eq!(
        explain(
            "route.add in=container name=eth0 destination=0.0.0.0/0 table=100",
            "mynet",
            None
        )[2..],
        [
            "  without tables it is for [254] only, not for 100",
            "missing: { allow = \"route.add\", in = \"container\", names = [\"eth0\"], destinations = [\"0.0.0.0/0\"], \
             tables = [100] }",
        ]
    );
}

#[test]
fn what_no_grant_is_about_lacks_one() {
    assert_eq!(
        explain("neighbor.add host name=eth0 address=192.0.2.1", "mynet", None),
        [
            "neighbor.add of neighbor 192.0.2.1 of link \"eth0\" in the host namespace",
            "missing: { allow = \"neighbor.add\", in = \"host\", names = [\"eth0\"], prefixes = [\"192.0.2.1/32\"] }",
        ]
    );
}

#[test]
fn every_operation_can_be_asked_for() {
    for (text, described) in [
        (
            "link.see host name=eth0",
            "link.see of link \"eth0\" in the host namespace",
        ),
        (
            "link.set in=host kind=none name=eth0 setting=mtu",
            "link.set of mtu of link \"eth0\" in the host namespace",
        ),
        (
            "link.delete container kind=veth name=eth0",
            "link.delete of veth \"eth0\" in the container namespace",
        ),
        (
            "address.see host name=a",
            "address.see of the addresses of link \"a\" in the host namespace",
        ),
        (
            "address.delete host name=a address=10.0.0.1/8",
            "address.delete of address 10.0.0.1/8 of link \"a\" in the host namespace",
        ),
        (
            "route.see host name=a",
            "route.see of the routes of table 254 through link \"a\" in the host namespace",
        ),
        (
            "route.delete host name=a destination=::/0 table=7",
            "route.delete of the route to ::/0 in table 7 through link \"a\" in the host namespace",
        ),
        ("rule.see host", "rule.see of the routing rules in the host namespace"),
        (
            "rule.add host table=7 priority=9",
            "rule.add of the routing rule of priority 9 for table 7 in the host namespace",
        ),
        (
            "rule.delete host",
            "rule.delete of a routing rule of no given priority for table 254 in the host namespace",
        ),
        (
            "neighbor.see host name=a",
            "neighbor.see of the neighbors of link \"a\" in the host namespace",
        ),
        (
            "sysctl.read host key=net/ipv4/ip_forward",
            "sysctl.read of sysctl \"net/ipv4/ip_forward\" in the host namespace",
        ),
        (
            "sysctl.write host key=net/ipv4/ip_forward value=a=b",
            "sysctl.write of value \"a=b\" to sysctl \"net/ipv4/ip_forward\" in the host namespace",
        ),
        (
            "nftables.table host family=inet table=t hook=input:-5 hook=output:0",
            "nftables.table of nftables table inet \"t\" with base chains at input -5, output 0 in the host namespace",
        ),
        (
            "forwarding.accept host chain=CNI-ADMIN address=10.0.0.5",
            "forwarding.accept of the attachment, after the chain \"CNI-ADMIN\" of iptables with address 10.0.0.5 in \
             the host namespace",
        ),
        (
            "forwarding.zone host zone=trusted address=10.0.0.5",
            "forwarding.zone of the attachment in zone \"trusted\" of firewalld with address 10.0.0.5 in the host \
             namespace",
        ),
        (
            "forwarding.publish host address=fd00::5",
            "forwarding.publish of published ports of the attachment in iptables with address fd00::5 in the host \
             namespace",
        ),
        (
            "allow-list.read file=/etc/cni/tuning/allowlist.conf",
            "allow-list.read of file \"/etc/cni/tuning/allowlist.conf\"",
        ),
        (
            "nftables.element host family=ip table=t set=s",
            "nftables.element of set \"s\" of nftables table ip \"t\" in the host namespace",
        ),
        (
            "nftables.table host family=inet table=t scope=all prefix=10.0.0.0/8",
            "nftables.table of nftables table inet \"t\", where a rule decides on any packet and a rule decides on packets \
             from or to 10.0.0.0/8 in the host namespace",
        ),
        (
            "nftables.element host family=ip table=t set=s address=10.0.0.1 name=eth0 port=80 port=443",
            "nftables.element of set \"s\" of nftables table ip \"t\" with address 10.0.0.1 and link \"eth0\" and port 80 \
             and 1 more in the host namespace",
        ),
        (
            "store.open location=/srv",
            "store.open of the network's records below \"/srv\"",
        ),
        (
            "resolver.read file=/etc/resolv.conf",
            "resolver.read of file \"/etc/resolv.conf\"",
        ),
        ("ipam.delegate plugin=dhcp", "ipam.delegate of plugin \"dhcp\""),
        (
            "packet.exchange container name=eth0 port=68 port=67",
            "packet.exchange of datagrams on link \"eth0\" with port 68 and port 67 in the container namespace",
        ),
        ("upkeep.keep", "upkeep.keep of a record of the attachment"),
        (
            "vlan.join host name=cni0 vlan=100",
            "vlan.join of ports of bridge \"cni0\" in VLAN 100 in the host namespace",
        ),
        (
            "vxlan.join host name=cni0 vni=42 peer=192.0.2.7",
            "vxlan.join of bridge \"cni0\" in VXLAN 42 with peer 192.0.2.7 in the host namespace",
        ),
        (
            "device.take host kind=none name=eth5",
            "device.take of link \"eth5\" in the host namespace",
        ),
    ] {
        assert_eq!(explain(text, "mynet", None)[0], described, "{text}");
    }
}

#[test]
fn words_that_are_no_question_are_told_with_a_way_out() {
    for (text, error) in [
        (
            "link.craete",
            "there is no operation \"link.craete\": did you mean \"link.create\"?",
        ),
        (
            "link.create host kind=veth nmae=a",
            "link.create has no \"nmae\": did you mean \"name\"?",
        ),
        (
            "link.create host setting=up",
            "link.create has no \"setting\": known: in, kind, name, parent, mode, vlan, table",
        ),
        ("link.create hots", "\"hots\" is not KEY=VALUE (for example in=host)"),
        (
            "ipam.delegate dhcp",
            "\"dhcp\" is not KEY=VALUE (for example plugin=host-local)",
        ),
        (
            "link.create kind=veth name=a",
            "link.create needs in=… (for example in=host)",
        ),
        (
            "link.create host name=a",
            "link.create needs kind=… (for example kind=bridge)",
        ),
        (
            "address.add host name=a",
            "address.add needs address=… (for example address=10.22.0.5/16)",
        ),
        ("rule.see host in=host", "in=… is given twice"),
        (
            "rule.see in=hsot",
            "in=\"hsot\" is not in order: did you mean \"host\"? (for example in=host)",
        ),
        (
            "address.add host name=a address=10.0.0.1",
            "address=\"10.0.0.1\" is not in order: it has to be in CIDR notation (for example address=10.22.0.5/16)",
        ),
        (
            "neighbor.add host name=a address=10.0.0.1/8",
            "address=\"10.0.0.1/8\" is not in order: it has to be an address (for example address=10.22.0.5)",
        ),
        (
            "rule.add host table=0",
            "table=\"0\" is not in order: it has to be a whole number from 1 to 4294967295 (for example table=254)",
        ),
        (
            "sysctl.read host key=net.ipv4.ip_forward",
            "key=\"net.ipv4.ip_forward\" is not in order: its parts are separated by slashes (for example \
             key=net/ipv4/ip_forward)",
        ),
        (
            "nftables.table host family=inet table=t hook=input",
            "hook=\"input\" is not in order: a base chain has a hook and a whole number, its priority (for example \
             hook=postrouting:100)",
        ),
        (
            "nftables.table host family=inet table=t scope=every",
            "scope=\"every\" is not in order: known: attachment, all (for example scope=all)",
        ),
        (
            "nftables.element host family=inet table=t set=s address=10.0.0.0/8",
            "address=\"10.0.0.0/8\" is not in order: it has to be an address (for example address=10.22.0.5)",
        ),
        (
            "nftables.element host family=inet table=t set=s port=65536",
            "port=\"65536\" is not in order: it has to be a whole number from 0 to 65535 (for example port=8080)",
        ),
        (
            "link.set host kind=none name=a setting=mut",
            "setting=\"mut\" is not in order: did you mean \"mtu\"? (for example setting=up)",
        ),
    ] {
        assert_eq!(asked(text).unwrap_err().to_string(), error, "{text}");
    }
}
