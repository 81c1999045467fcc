//! What is told about a policy that is not in the format.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use cofferdam_policy::PolicyError;
use support::policy;

/// The problems of a file, one a line.
fn problems(text: &str) -> Vec<String> {
    match policy(text) {
        Err(PolicyError::Invalid(problems)) => problems.iter().map(ToString::to_string).collect(),
        other => panic!("{text:?} gives {other:?}"),
    }
}

#[test]
fn a_problem_of_a_grant_names_file_line_field_and_a_way_out() {
    for (grant, expected) in [
        (
            "in = \"host\"",
            "test.toml:2: plugin.test.grant: allow is missing (which operations it grants: allow = \"link.create\")",
        ),
        (
            "allow = \"link.craete\"",
            "test.toml:3: plugin.test.grant.allow: there is no operation \"link.craete\" (did you mean \"link.create\"?)",
        ),
        (
            "allow = \"links.*\"",
            "test.toml:3: plugin.test.grant.allow: there is no operation \"links.*\" (did you mean \"link.*\"?)",
        ),
        (
            "allow = \"*\"",
            "test.toml:3: plugin.test.grant.allow: there is no operation \"*\" (name each operation, or all of one subject, as in \"link.*\")",
        ),
        (
            "allow = []",
            "test.toml:3: plugin.test.grant.allow: the list is empty (nothing is in it: remove the grant or the key)",
        ),
        (
            "allow = 1",
            "test.toml:3: plugin.test.grant.allow: it has to be an operation or a list of operations, not an integer",
        ),
        (
            "allow = \"link.see\"",
            "test.toml:2: plugin.test.grant: in is missing: link.see needs it (in = \"container\")",
        ),
        (
            "allow = \"link.see\"\nin = \"hsot\"",
            "test.toml:4: plugin.test.grant.in: \"hsot\" is not one of the known words (did you mean \"host\"?)",
        ),
        (
            "allow = \"link.see\"\nin = [\"host\"]",
            "test.toml:4: plugin.test.grant.in: it has to be a string, not an array",
        ),
        (
            "allow = \"link.see\"\nin = \"host\"",
            "test.toml:2: plugin.test.grant: names is missing: link.see in the host namespace needs it (names = [\"cni*\"], or [\"*\"] for every link)",
        ),
        (
            "allow = \"link.see\"\nin = \"container\"\nname = [\"lo\"]",
            "test.toml:5: plugin.test.grant.name: there is no such key (did you mean \"names\"?)",
        ),
        (
            "allow = \"link.see\"\nin = \"container\"\nquota = 1",
            "test.toml:5: plugin.test.grant.quota: there is no such key (known: allow, networks, tenants, in, kinds, names)",
        ),
        (
            "allow = \"link.see\"\nin = \"container\"\nnames = \"lo\"",
            "test.toml:5: plugin.test.grant.names: it has to be a list, not a string (in brackets: [ ... ])",
        ),
        (
            "allow = \"link.see\"\nin = \"container\"\nnames = []",
            "test.toml:5: plugin.test.grant.names: the list is empty (nothing is in it: remove the grant or the key)",
        ),
        (
            "allow = \"link.see\"\nin = \"container\"\nnames = [1]",
            "test.toml:5: plugin.test.grant.names: it has to be a string, not an integer",
        ),
        (
            "allow = \"link.see\"\nin = \"container\"\nnames = [\"\"]",
            "test.toml:5: plugin.test.grant.names: \"\" is not a name or pattern: it is empty",
        ),
        (
            "allow = \"link.see\"\nin = \"container\"\nkinds = [\"v*\"]",
            "test.toml:5: plugin.test.grant.kinds: \"v*\" is not a kind of link (such as bridge or veth; none for lo and network cards; patterns are for names)",
        ),
        (
            "allow = \"link.set\"\nin = \"container\"\nsettings = [\"master\", \"prots\"]",
            "test.toml:5: plugin.test.grant.settings: \"prots\" is not one of the known words (did you mean \"ports\"?)",
        ),
        (
            "allow = \"address.add\"\nin = \"container\"\nprefixes = [\"10.22.0.5/16\"]",
            "test.toml:5: plugin.test.grant.prefixes: \"10.22.0.5/16\" has bits after its prefix (10.22.0.0/16 is the network, 10.22.0.5/32 the address)",
        ),
        (
            "allow = \"address.add\"\nin = \"container\"\nprefixes = [\"10.22.0.0\"]",
            "test.toml:5: plugin.test.grant.prefixes: \"10.22.0.0\" is not a network in CIDR notation (as in 10.22.0.0/16 or fd00::/64)",
        ),
        (
            "allow = \"route.see\"\nin = \"container\"\ntables = [\"main\"]",
            "test.toml:5: plugin.test.grant.tables: it has to be a number or a pair of numbers, not a string (100, or [100, 199] for all of these; whole numbers from 1 to 4294967295)",
        ),
        (
            "allow = \"route.see\"\nin = \"container\"\ntables = [0]",
            "test.toml:5: plugin.test.grant.tables: the number is out of range (whole numbers from 1 to 4294967295)",
        ),
        (
            "allow = \"route.see\"\nin = \"container\"\ntables = [[9, 1]]",
            "test.toml:5: plugin.test.grant.tables: the range ends before it begins ([1, 9])",
        ),
        (
            "allow = \"sysctl.read\"\nin = \"container\"\nkeys = [\"net.ipv4.ip_forward\"]",
            "test.toml:5: plugin.test.grant.keys: \"net.ipv4.ip_forward\" is not a sysctl key: parts are separated by slashes (as in net/ipv4/ip_forward or net/ipv4/conf/*/arp_notify)",
        ),
        (
            "allow = \"sysctl.read\"\nin = \"container\"",
            "test.toml:2: plugin.test.grant: keys is missing: sysctl.read needs it (keys = [\"net/ipv4/ip_forward\"])",
        ),
        (
            "allow = \"nftables.table\"\nin = \"host\"\nfamily = \"inet\"\ntables = [\"t\"]\nhooks = [\"postrouting\"]",
            "test.toml:2: plugin.test.grant: priorities is missing: nftables.table needs it (priorities = [100])",
        ),
        (
            "allow = \"nftables.table\"\nin = \"host\"\nfamily = \"inet\"\ntables = [\"t\"]\npriorities = [1]",
            "test.toml:2: plugin.test.grant: hooks is missing: nftables.table needs it (hooks = [\"postrouting\"])",
        ),
        (
            "allow = \"nftables.table\"\nin = \"host\"\nfamily = \"arp\"\ntables = [\"t\"]",
            "test.toml:5: plugin.test.grant.family: \"arp\" is not one of the known words (known: inet, ip, ip6, bridge)",
        ),
        (
            "allow = \"nftables.table\"\nin = \"host\"\nfamily = \"inet\"\ntables = [\"t\"]\nscope = \"every\"",
            "test.toml:7: plugin.test.grant.scope: \"every\" is not one of the known words (known: attachment, all)",
        ),
        (
            "allow = \"nftables.table\"\nin = \"host\"\nfamily = \"inet\"\ntables = [\"t\"]\nscope = \"all\"\nprefixes = [\"10.22.0.0/16\"]",
            "test.toml:2: plugin.test.grant: prefixes bounds nothing: scope is \"all\" packets already (remove prefixes)",
        ),
        (
            "allow = \"nftables.table\"\nin = \"host\"\nfamily = \"inet\"\ntables = [\"t\"]\nmarks = [\"3/1\"]",
            "test.toml:7: plugin.test.grant.marks: \"3/1\" is not a mark: its value has bits that are not in its mask (as in 0x2000/0x2000, which leaves all other bits as they are, or */0xff00)",
        ),
        (
            "allow = \"nftables.table\"\nin = \"container\"\nfamily = \"inet\"\ntables = [\"t\"]\nmarks = [\"1/1\"]",
            "test.toml:2: plugin.test.grant: marks bounds nothing: all packets of the container namespace are the attachment's own (remove marks)",
        ),
        (
            "allow = \"nftables.table\"\nin = \"container\"\nfamily = \"inet\"\ntables = [\"t\"]\nscope = \"attachment\"",
            "test.toml:2: plugin.test.grant: scope bounds nothing: all packets of the container namespace are the attachment's own (remove scope)",
        ),
        (
            "allow = \"nftables.element\"\nin = \"container\"\nfamily = \"inet\"\ntables = [\"t\"]\nsets = [\"s\"]\nports = [80]",
            "test.toml:2: plugin.test.grant: ports bounds nothing: all packets of the container namespace are the attachment's own (remove ports)",
        ),
        (
            "allow = \"nftables.element\"\nin = \"host\"\nfamily = \"inet\"\ntables = [\"t\"]\nsets = [\"s\"]\nports = [65536]",
            "test.toml:8: plugin.test.grant.ports: the number is out of range (whole numbers from 0 to 65535)",
        ),
        (
            "allow = \"store.open\"\nlocations = [\"leases\"]",
            "test.toml:4: plugin.test.grant.locations: \"leases\" is not an absolute path without `..`",
        ),
        (
            "allow = \"store.open\"\nlocations = [\"/var/../etc\"]",
            "test.toml:4: plugin.test.grant.locations: \"/var/../etc\" is not an absolute path without `..`",
        ),
        (
            "allow = \"store.open\"\nin = \"host\"",
            "test.toml:4: plugin.test.grant.in: there is no such key (known: allow, networks, tenants, locations)",
        ),
        (
            "allow = \"link.create\"\nin = \"container\"\nmax = 0",
            "test.toml:5: plugin.test.grant.max: the number is out of range (1 to 4294967295; without the key there is no limit)",
        ),
        (
            "allow = \"link.create\"\nin = \"container\"\nmax = 4294967296",
            "test.toml:5: plugin.test.grant.max: the number is out of range (1 to 4294967295; without the key there is no limit)",
        ),
        (
            "allow = \"link.create\"\nin = \"container\"\nmax = 1.5",
            "test.toml:5: plugin.test.grant.max: it has to be a whole number, not a float",
        ),
    ] {
        let text = format!("[plugin.test]\n[[plugin.test.grant]]\n{grant}\n");
        assert_eq!(problems(&text), [expected], "{grant}");
    }
}

#[test]
fn a_key_has_to_bound_every_operation_of_its_grant() {
    for (grant, expected) in [
        (
            "allow = [\"link.see\", \"link.create\"]\nin = \"container\"\nmax = 1",
            "plugin.test.grant.max: it does not bound link.see (give link.see a grant of its own)",
        ),
        (
            "allow = \"address.*\"\nin = \"container\"\nprefixes = [\"10.0.0.0/8\"]",
            "plugin.test.grant.prefixes: it does not bound address.see (give address.see a grant of its own)",
        ),
        (
            "allow = [\"link.set\", \"address.see\"]\nin = \"container\"\nkinds = [\"veth\"]",
            "plugin.test.grant.kinds: it does not bound address.see (give address.see a grant of its own)",
        ),
        (
            "allow = [\"route.see\", \"nftables.element\"]\nin = \"container\"\nfamily = \"ip\"\nsets = [\"s\"]\ntables = [\"t\"]",
            "plugin.test.grant.tables: it means something else for nftables.element (give nftables.element a grant of its own)",
        ),
        (
            "allow = \"nftables.*\"\nin = \"host\"\nfamily = \"ip\"\nsets = [\"s\"]\ntables = [\"t\"]\nscope = \"all\"",
            "plugin.test.grant.scope: it does not bound nftables.element (give nftables.element a grant of its own)",
        ),
        (
            "allow = [\"link.see\", \"nftables.element\"]\nin = \"host\"\nfamily = \"ip\"\nsets = [\"s\"]\ntables = [\"t\"]\nnames = [\"a\"]",
            "plugin.test.grant.names: it means something else for nftables.element (give nftables.element a grant of its own)",
        ),
    ] {
        let text = format!("[plugin.test]\n[[plugin.test.grant]]\n{grant}\n");
        let found = problems(&text);
        assert!(
            found.iter().any(|problem| problem.ends_with(expected)),
            "{grant}: {found:?}"
        );
    }
}

#[test]
fn a_file_is_about_one_plugin() {
    for (text, expected) in [
        (
            "",
            "test.toml:1: plugin: there is no [plugin.test] table (it may be empty, and grants nothing then)",
        ),
        (
            "[plugins.test]",
            "test.toml:1: plugins: there is no such key (did you mean \"plugin\"?)",
        ),
        (
            "plugin = 1",
            "test.toml:1: plugin: it has to be a table, not an integer",
        ),
        (
            "[plugin]\ntest = []",
            "test.toml:2: plugin.test: it has to be a table, not an array",
        ),
        (
            "[plugin.test]\n\n[plugin.bridge]",
            "test.toml:3: plugin.bridge: this file is about another plugin ([plugin.bridge] belongs into bridge.toml)",
        ),
        (
            "[plugin.test]\nnetwork = [\"a\"]",
            "test.toml:2: plugin.test.network: there is no such key (did you mean \"networks\"?)",
        ),
        (
            "[plugin.test]\nnetworks = []",
            "test.toml:2: plugin.test.networks: the list is empty (nothing is in it: remove the grant or the key)",
        ),
        (
            "[plugin.test]\ncomponent = \"sha256:abc\"",
            "test.toml:2: plugin.test.component: it is not a digest (sha256: and 64 digits of 0-9 and a-f, as sha256sum prints them)",
        ),
        (
            "[plugin.test]\nsigned-by = \"../vendor\"",
            "test.toml:2: plugin.test.signed-by: \"../vendor\" is not the name of a key (KEY for the file keys/KEY.pub of the policy directory: 1 to 64 letters, digits, - and _)",
        ),
        (
            "[plugin.test]\naudit = \"al\"",
            "test.toml:2: plugin.test.audit: \"al\" is not one of the known words (did you mean \"all\"?)",
        ),
        (
            "[plugin.test]\nrecord = \"failure\"",
            "test.toml:2: plugin.test.record: \"failure\" is not one of the known words (did you mean \"failures\"?)",
        ),
        (
            "[plugin.test]\naudit = true",
            "test.toml:2: plugin.test.audit: it has to be a string, not a boolean",
        ),
        (
            "[plugin.test]\ntenants = \"team-a\"",
            "test.toml:2: plugin.test.tenants: it has to be a list, not a string (in brackets: [ ... ])",
        ),
        (
            "[plugin.test.grant]\nallow = \"rule.see\"",
            "test.toml:1: plugin.test.grant: it has to be a list of grants, not a table (write [[plugin.test.grant]], with two brackets)",
        ),
        (
            "[plugin.test]\ngrant = [1]",
            "test.toml:2: plugin.test.grant: it has to be a table, not an integer",
        ),
    ] {
        assert_eq!(problems(text), [expected], "{text}");
    }
}

#[test]
fn all_problems_are_told_at_once_in_the_order_of_lines() {
    let found = problems(
        "colour = 1\n[plugin.test]\nnetworks = 5\n[[plugin.test.grant]]\nallow = [\"a\", \"b\"]\n\
         [[plugin.test.grant]]\nallow = \"link.see\"\nin = \"x\"\nnames = [\"\", 5]\n",
    );
    let lines: Vec<&str> = found
        .iter()
        .map(|problem| problem.split(": ").next().unwrap())
        .collect();
    assert_eq!(
        lines,
        [
            "test.toml:1",
            "test.toml:3",
            "test.toml:5",
            "test.toml:5",
            "test.toml:8",
            "test.toml:9",
            "test.toml:9"
        ],
        "{found:#?}"
    );
}

#[test]
fn a_text_that_is_not_toml_is_told_with_its_lines() {
    let found = problems("[plugin.test]\ncomponent = abc\n[[plugin.test.grant]]\nallow = \"x\"\nallow = \"y\"\n");
    assert_eq!(
        found,
        [
            "test.toml:2: string values must be quoted, expected literal string",
            "test.toml:5: duplicate key"
        ]
    );
    let found = problems("[plugin.test]\n[plugin.test.grant]\nallow = \"x\"\n[plugin.test.grant]\nallow = \"y\"\n");
    assert!(
        found[0].ends_with("duplicate key; each grant begins with [[plugin.NAME.grant]], in two brackets"),
        "{found:?}"
    );
}

#[test]
fn a_long_list_of_problems_is_cut() {
    let text = format!(
        "[plugin.test]\n{}",
        (0..500).map(|number| format!("k{number} = 1\n")).collect::<String>()
    );
    let error = policy(&text).unwrap_err().to_string();
    assert!(error.ends_with("and 490 more"), "{error}");
}
