//! Rules in the tables of iptables, as `iptables` shows them, and made by it.

use std::{net::IpAddr, process::Command};

use cofferdam_network::{FORWARDING_CHAIN, Forwarded, ForwardingLead, Kernel, Network};
use cofferdam_protocol::Place;

use crate::fixture::{assert_not_found, in_new_namespace, skipped};

/// What `iptables` prints; `None` where there is none that uses nf_tables.
fn iptables(command: &str) -> Option<Vec<String>> {
    let mut words = command.split(' ');
    let program = words.next().unwrap();
    let version = Command::new(program).arg("--version").output().ok()?;
    if !String::from_utf8_lossy(&version.stdout).contains("nf_tables") {
        return None;
    }
    let output = Command::new(program).args(words).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command}: {errors}");
    Some(
        String::from_utf8(output.stdout)
            .unwrap()
            .lines()
            .map(str::to_owned)
            .collect(),
    )
}

fn lead(ipv6: bool, from: &str, chain: &str) -> ForwardingLead {
    ForwardingLead {
        ipv6,
        from: from.to_owned(),
        chain: chain.to_owned(),
        comment: "a comment of some words".to_owned(),
    }
}

/// Runs a test where there is a table `filter` of iptables for both families.
fn on_a_node(test: impl FnOnce(&mut Kernel) + Send + 'static) {
    in_new_namespace(|kernel| {
        let made = ["iptables", "ip6tables"].map(|program| iptables(&format!("{program} -P FORWARD DROP")));
        if made.iter().any(Option::is_none) {
            skipped(format_args!("iptables that uses nf_tables is not installed"));
            return;
        }
        test(kernel);
    });
}

#[test]
fn iptables_lists_them_like_its_own() {
    on_a_node(|kernel| {
        for (program, ipv6, address, host) in [
            ("iptables", false, "10.0.0.2", "10.0.0.2/32"),
            ("ip6tables", true, "fd00::2", "fd00::2/128"),
        ] {
            let address: IpAddr = address.parse().unwrap();
            kernel
                .add_forwarding_lead(&lead(ipv6, "FORWARD", FORWARDING_CHAIN))
                .unwrap();
            kernel
                .add_forwarding_lead(&lead(ipv6, FORWARDING_CHAIN, "ADMIN"))
                .unwrap();
            kernel.accept_forwarding(address, Forwarded::Sent).unwrap();
            // Twice is once.
            kernel.accept_forwarding(address, Forwarded::Sent).unwrap();
            assert!(kernel.accepts_forwarding(address, Forwarded::Sent).unwrap());
            let listed = iptables(&format!("{program} -S")).unwrap();
            let expected = [
                "-P INPUT ACCEPT".to_owned(),
                "-P FORWARD DROP".to_owned(),
                "-P OUTPUT ACCEPT".to_owned(),
                "-N ADMIN".to_owned(),
                "-N CNI-FORWARD".to_owned(),
                "-A FORWARD -m comment --comment \"a comment of some words\" -j CNI-FORWARD".to_owned(),
                "-A CNI-FORWARD -m comment --comment \"a comment of some words\" -j ADMIN".to_owned(),
                format!("-A CNI-FORWARD -d {host} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"),
                format!("-A CNI-FORWARD -s {host} -j ACCEPT"),
            ];
            assert_eq!(listed, expected);
            kernel.refuse_forwarding(address, Forwarded::Sent).unwrap();
            assert!(!kernel.accepts_forwarding(address, Forwarded::Sent).unwrap());
            assert_not_found(
                kernel.refuse_forwarding(address, Forwarded::Sent),
                &[host.split('/').next().unwrap()],
            );
            kernel
                .delete_forwarding_lead(&lead(ipv6, FORWARDING_CHAIN, "ADMIN"))
                .unwrap();
            assert_not_found(
                kernel.delete_forwarding_lead(&lead(ipv6, FORWARDING_CHAIN, "ADMIN")),
                &["CNI-FORWARD", "ADMIN"],
            );
            assert!(
                !kernel
                    .has_forwarding_lead(&lead(ipv6, FORWARDING_CHAIN, "ADMIN"))
                    .unwrap()
            );
            assert!(
                kernel
                    .has_forwarding_lead(&lead(ipv6, "FORWARD", FORWARDING_CHAIN))
                    .unwrap()
            );
        }
    });
}

#[test]
fn published_ports_are_accepted_after_all_rules_that_are_there() {
    on_a_node(|kernel| {
        for (program, theirs, address, host) in [
            ("iptables", "198.51.100.0/24", "10.0.0.2", "10.0.0.2/32"),
            ("ip6tables", "2001:db8::/32", "fd00::2", "fd00::2/128"),
        ] {
            let address: IpAddr = address.parse().unwrap();
            let list = || iptables(&format!("{program} -S FORWARD")).unwrap();
            // Rules that differ in the comment alone, or in the direction, are not ours.
            for rule in [
                format!("-s {theirs} -j DROP"),
                format!("-d {host} -m conntrack --ctstate DNAT --ctdir ORIGINAL -j ACCEPT"),
                format!("-s {host} -m conntrack --ctstate DNAT -j ACCEPT"),
            ] {
                iptables(&format!("{program} -A FORWARD {rule}")).unwrap();
            }
            let before = list();
            assert!(!kernel.accepts_forwarding(address, Forwarded::Published).unwrap());
            // Twice is once.
            kernel.accept_forwarding(address, Forwarded::Published).unwrap();
            kernel.accept_forwarding(address, Forwarded::Published).unwrap();
            assert!(kernel.accepts_forwarding(address, Forwarded::Published).unwrap());
            assert!(!kernel.accepts_forwarding(address, Forwarded::Sent).unwrap());
            let comment = "-m comment --comment \"cofferdam published ports\"";
            let ours = [
                format!("-A FORWARD -d {host} -m conntrack --ctstate DNAT --ctdir ORIGINAL {comment} -j ACCEPT"),
                format!("-A FORWARD -s {host} -m conntrack --ctstate DNAT --ctdir REPLY {comment} -j ACCEPT"),
            ];
            assert_eq!(list(), [before.as_slice(), &ours].concat());
            kernel.refuse_forwarding(address, Forwarded::Published).unwrap();
            assert_eq!(list(), before);
            assert_not_found(
                kernel.refuse_forwarding(address, Forwarded::Published),
                &["published ports", "FORWARD"],
            );
        }
    });
}

/// What an operator saves and restores is written by iptables.
#[test]
fn what_iptables_restores_is_known_again() {
    on_a_node(|kernel| {
        let address: IpAddr = "10.0.0.2".parse().unwrap();
        let empty = iptables("iptables -S").unwrap();
        kernel.accept_forwarding(address, Forwarded::Published).unwrap();
        let restored = Command::new("sh")
            .args(["-c", "saved=$(iptables-save) && echo \"$saved\" | iptables-restore"])
            .status()
            .unwrap();
        assert!(restored.success());
        assert_ne!(iptables("iptables -S").unwrap(), empty);
        assert!(kernel.accepts_forwarding(address, Forwarded::Published).unwrap());
        kernel.refuse_forwarding(address, Forwarded::Published).unwrap();
        assert_eq!(iptables("iptables -S").unwrap(), empty);
    });
}

#[test]
fn a_rule_comes_before_all_others_and_theirs_stay() {
    on_a_node(|kernel| {
        for rule in [
            "iptables -A FORWARD -i eth0 -j ACCEPT",
            "iptables -N CNI-FORWARD",
            "iptables -A CNI-FORWARD -s 10.0.0.2/32 -p tcp -j ACCEPT",
            "iptables -A CNI-FORWARD -s 10.0.0.0/24 -j ACCEPT",
            "iptables -A CNI-FORWARD ! -s 10.0.0.2/32 -j ACCEPT",
            "iptables -A CNI-FORWARD -s 10.0.0.2/32 -d 10.0.0.3/32 -j ACCEPT",
            "iptables -A CNI-FORWARD -d 10.0.0.2/32 -j ACCEPT",
            "iptables -A CNI-FORWARD -s 10.0.0.2/32 -j DROP",
            "iptables -A FORWARD -i eth0 -j CNI-FORWARD",
        ] {
            iptables(rule).unwrap();
        }
        let before = iptables("iptables -S").unwrap();
        let address: IpAddr = "10.0.0.2".parse().unwrap();
        let lead = lead(false, "FORWARD", FORWARDING_CHAIN);
        assert!(
            !kernel.has_forwarding_lead(&lead).unwrap()
                && !kernel.accepts_forwarding(address, Forwarded::Sent).unwrap()
        );
        kernel.add_forwarding_lead(&lead).unwrap();
        kernel.accept_forwarding(address, Forwarded::Sent).unwrap();
        let now = iptables("iptables -S FORWARD").unwrap();
        assert!(now[1].contains("-j CNI-FORWARD") && now.len() == 4, "{now:?}");
        kernel.refuse_forwarding(address, Forwarded::Sent).unwrap();
        kernel.delete_forwarding_lead(&lead).unwrap();
        assert_eq!(iptables("iptables -S").unwrap(), before);
    });
}

#[test]
fn what_iptables_made_is_known_and_deleted() {
    on_a_node(|kernel| {
        for rule in [
            "iptables -N CNI-FORWARD",
            "iptables -I FORWARD 1 -m comment --comment other -j CNI-FORWARD",
            "iptables -A CNI-FORWARD -d 10.0.0.2/32 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
            "iptables -A CNI-FORWARD -s 10.0.0.2/32 -j ACCEPT",
        ] {
            iptables(rule).unwrap();
        }
        let address: IpAddr = "10.0.0.2".parse().unwrap();
        assert!(
            kernel
                .has_forwarding_lead(&lead(false, "FORWARD", FORWARDING_CHAIN))
                .unwrap()
        );
        assert!(kernel.accepts_forwarding(address, Forwarded::Sent).unwrap());
        assert!(
            !kernel
                .accepts_forwarding("10.0.0.3".parse().unwrap(), Forwarded::Sent)
                .unwrap()
        );
        kernel.refuse_forwarding(address, Forwarded::Sent).unwrap();
        assert_eq!(iptables("iptables -S CNI-FORWARD").unwrap(), ["-N CNI-FORWARD"]);
    });
}

#[test]
fn without_iptables_there_is_nothing_to_add_to() {
    in_new_namespace(|kernel| {
        let address: IpAddr = "10.0.0.2".parse().unwrap();
        let lead = lead(false, "FORWARD", FORWARDING_CHAIN);
        assert!(!kernel.has_chain(Place::Host, &lead.table(), "FORWARD").unwrap());
        assert!(
            !kernel.has_forwarding_lead(&lead).unwrap()
                && !kernel.accepts_forwarding(address, Forwarded::Sent).unwrap()
        );
        assert_not_found(kernel.add_forwarding_lead(&lead), &["filter"]);
        assert_not_found(kernel.accept_forwarding(address, Forwarded::Sent), &["filter"]);
        assert_not_found(kernel.refuse_forwarding(address, Forwarded::Sent), &["10.0.0.2"]);
    });
}
