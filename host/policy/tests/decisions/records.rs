use super::decide;

#[test]
fn records_are_in_the_very_directory() {
    decide(
        "allow = \"store.open\"",
        &[
            ("store.open location=/var/lib/cni/networks", true),
            ("store.open location=/var/lib/cni/networks/", true),
            ("store.open location=/var/lib/cni/networks/other", false),
            ("store.open location=/var/lib/cni", false),
            ("store.open location=/var/lib/cni/networks/../../../etc", false),
            ("store.open location=var/lib/cni/networks", false),
        ],
    );
    decide(
        "allow = \"store.open\"\nlocations = [\"/srv/leases\"]",
        &[
            ("store.open location=/srv/leases", true),
            ("store.open location=/var/lib/cni/networks", false),
        ],
    );
}

#[test]
fn files_and_plugins_are_named() {
    decide(
        "allow = \"resolver.read\"\nfiles = [\"/etc/resolv.conf\"]",
        &[
            ("resolver.read file=/etc/resolv.conf", true),
            ("resolver.read file=/etc/resolv.conf/../shadow", false),
            ("resolver.read file=/etc/shadow", false),
        ],
    );
    decide(
        "allow = \"ipam.delegate\"\nplugins = [\"host-local\", \"team-*\"]",
        &[
            ("ipam.delegate plugin=host-local", true),
            ("ipam.delegate plugin=team-a", true),
            ("ipam.delegate plugin=host-local2", false),
            ("ipam.delegate plugin=dhcp", false),
        ],
    );
}

#[test]
fn datagrams_have_both_their_ports_and_their_link_granted() {
    decide(
        "allow = \"packet.exchange\"\nin = \"container\"\nnames = [\"eth*\"]\nports = [[67, 68]]",
        &[
            ("packet.exchange container name=eth0 port=68 port=67", true),
            ("packet.exchange container name=eth0 port=68 port=53", false),
            ("packet.exchange container name=eth0 port=53 port=67", false),
            ("packet.exchange container name=net0 port=68 port=67", false),
            ("packet.exchange host name=eth0 port=68 port=67", false),
            ("upkeep.keep", false),
        ],
    );
    decide(
        "allow = \"packet.exchange\"\nin = \"host\"\nnames = [\"eth1\"]\nports = [68, 67]",
        &[
            ("packet.exchange host name=eth1 port=68 port=67", true),
            ("packet.exchange host name=eth0 port=68 port=67", false),
            ("packet.exchange container name=eth1 port=68 port=67", false),
        ],
    );
    decide("allow = \"upkeep.keep\"", &[("upkeep.keep", true)]);
}
