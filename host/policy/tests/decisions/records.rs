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
