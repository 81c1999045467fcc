//! What a component declares to need: what it covers, and what is told when it
//! is not granted.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::path::Path;

use cofferdam_policy::{Asked, Denial, Needs, NeedsError};
use support::{grants, policy};

fn needs(json: &str) -> Needs {
    read(json).unwrap_or_else(|error| panic!("{json}: {error}"))
}

fn read(json: &str) -> Result<Needs, NeedsError> {
    Needs::parse(Path::new("x.wasm"), json)
}

fn asked(question: &str) -> Asked {
    let mut words = question.split(' ');
    Asked::read(words.next().unwrap(), words).unwrap_or_else(|error| panic!("{question}: {error}"))
}

fn covers(needs: &Needs, question: &str) -> bool {
    asked(question).ask(|question| needs.covers(question))
}

/// What is told to be missing; nothing where all is granted.
fn missing(json: &str, bodies: &[&str]) -> Vec<String> {
    grants(bodies)
        .satisfy(&needs(json))
        .map_or_else(|unmet| unmet.missing, |()| Vec::new())
}

#[test]
fn a_need_covers_what_lies_within_all_that_it_says() {
    let json = r#"[
        { "allow": "link.set", "in": "host", "kinds": ["bridge"], "settings": ["up"] },
        { "allow": ["address.see", "address.add"], "in": "container", "when": "ipam" },
        { "allow": "nftables.table", "in": "host", "family": "inet", "tables": ["masq_*"], "hooks": ["postrouting"],
          "priorities": [100] },
        { "allow": "sysctl.write", "in": "container", "keys": ["net/ipv4/conf/*/arp_notify"], "values": ["1"] },
        { "allow": "route.add", "in": "container" },
        { "allow": "store.open" }
    ]"#;
    let needs = needs(json);
    for (question, expected) in [
        ("link.set host kind=bridge name=any setting=up", true),
        ("link.set host kind=bridge name=any setting=mtu", false),
        ("link.set host kind=veth name=any setting=up", false),
        ("link.set container kind=bridge name=any setting=up", false),
        ("link.delete host kind=bridge name=any", false),
        ("address.add container name=eth0 address=10.0.0.1/8", true),
        ("address.see container name=eth0", true),
        ("address.delete container name=eth0 address=10.0.0.1/8", false),
        ("nftables.table host family=inet table=masq_a", true),
        (
            "nftables.table host family=inet table=masq_a hook=postrouting:100",
            true,
        ),
        (
            "nftables.table host family=inet table=masq_a hook=postrouting:99",
            false,
        ),
        ("nftables.table host family=inet table=masq_a hook=input:100", false),
        ("nftables.table host family=ip table=masq_a", false),
        ("nftables.table host family=inet table=firewall", false),
        ("sysctl.write container key=net/ipv4/conf/eth0/arp_notify value=1", true),
        ("sysctl.write container key=net/ipv4/conf/all/arp_notify value=1", false),
        (
            "sysctl.write container key=net/ipv4/conf/eth0/arp_notify value=0",
            false,
        ),
        // What a grant would have to say, a need leaves open.
        ("route.add container name=eth0 destination=0.0.0.0/0 table=100", true),
        ("store.open location=/anywhere", true),
        ("ipam.delegate plugin=host-local", false),
    ] {
        assert_eq!(covers(&needs, question), expected, "{question}");
    }
}

#[test]
fn whose_packets_are_decided_on_is_open_until_a_need_says_something_of_it() {
    let table = |bounds: &str| {
        needs(&format!(
            r#"[{{ "allow": "nftables.table", "in": "host", "tables": ["t"]{bounds} }}]"#
        ))
    };
    let element = |bounds: &str| {
        needs(&format!(
            r#"[{{ "allow": "nftables.element", "in": "host", "tables": ["t"]{bounds} }}]"#
        ))
    };
    let own_table = "nftables.table host family=inet table=t";
    let own_element = "nftables.element host family=inet table=t set=s";
    for (bounds, words, expected) in [
        ("", "", true),
        ("", " scope=all", true),
        ("", " prefix=10.1.0.0/16", true),
        (r#", "scope": "attachment""#, "", true),
        (r#", "scope": "attachment""#, " scope=all", false),
        (r#", "scope": "attachment""#, " prefix=10.1.0.0/16", false),
        (r#", "scope": "attachment""#, " name=eth0", false),
        (r#", "prefixes": ["10.0.0.0/8"]"#, "", true),
        (r#", "prefixes": ["10.0.0.0/8"]"#, " prefix=10.1.0.0/16", true),
        (r#", "prefixes": ["10.0.0.0/8"]"#, " prefix=192.0.2.0/24", false),
        (
            r#", "prefixes": ["10.0.0.0/8"]"#,
            " prefix=10.1.0.0/16 name=eth0",
            false,
        ),
        (r#", "prefixes": ["10.0.0.0/8"]"#, " scope=all", false),
        (r#", "names": ["eth*"]"#, "", true),
        (r#", "names": ["eth*"]"#, " name=eth0 name=eth1", true),
        (r#", "names": ["eth*"]"#, " name=eth0 name=wlan0", false),
        (
            r#", "scope": "attachment", "prefixes": ["10.0.0.0/8"], "names": ["eth*"]"#,
            " prefix=10.1.0.0/16 name=eth0",
            true,
        ),
        ("", " mark=1/1", true),
        (r#", "scope": "attachment""#, " mark=1/1", true),
        (r#", "marks": ["*/3"]"#, " mark=1/1 mark=0/2", true),
        (r#", "marks": ["*/3"]"#, " mark=4/4", false),
        (r#", "scope": "all""#, "", true),
        (r#", "scope": "all""#, " scope=all prefix=10.1.0.0/16 name=eth0", true),
    ] {
        let question = format!("{own_table}{words}");
        assert_eq!(covers(&table(bounds), &question), expected, "{bounds} {question}");
    }
    for (bounds, words, expected) in [
        ("", " address=10.1.0.1 name=eth0 port=80", true),
        (r#", "prefixes": ["10.0.0.0/8"]"#, "", true),
        (r#", "prefixes": ["10.0.0.0/8"]"#, " address=10.1.0.1 port=80", true),
        (r#", "prefixes": ["10.0.0.0/8"]"#, " address=192.0.2.1", false),
        (r#", "prefixes": ["10.0.0.0/8"]"#, " name=eth0", false),
        (r#", "names": ["eth0"]"#, " name=eth0", true),
        (r#", "names": ["eth0"]"#, " address=10.1.0.1", false),
        (
            r#", "ports": [80, [8000, 8999]]"#,
            " address=10.1.0.1 port=80 port=8080",
            true,
        ),
        (r#", "ports": [80, [8000, 8999]]"#, " port=80 port=22", false),
    ] {
        let question = format!("{own_element}{words}");
        assert_eq!(covers(&element(bounds), &question), expected, "{bounds} {question}");
    }
}

#[test]
fn packets_of_others_that_are_always_needed_have_to_be_granted() {
    let table = "allow = 'nftables.table'\nin = 'host'\nfamily = 'inet'\ntables = ['t']";
    let element = "allow = 'nftables.element'\nin = 'host'\nfamily = 'inet'\ntables = ['t']\nsets = ['s']";
    for (need, grant, lacking) in [
        (r#""scope": "attachment""#, "", ""),
        (r#""scope": "attachment""#, "scope = 'all'", ""),
        (r#""scope": "all""#, "scope = 'all'", ""),
        (r#""scope": "all""#, "", r#"scope = "all""#),
        (
            r#""scope": "all""#,
            "prefixes = ['0.0.0.0/0', '::/0']",
            r#"scope = "all""#,
        ),
        (r#""prefixes": ["10.1.0.0/16"]"#, "prefixes = ['10.0.0.0/8']", ""),
        (r#""prefixes": ["10.1.0.0/16"]"#, "scope = 'all'", ""),
        (r#""marks": ["1/1"]"#, "marks = ['*/3']", ""),
        (r#""marks": ["1/1"]"#, "scope = 'all'", r#"marks = ["0x1/0x1"]"#),
        (
            r#""marks": ["1/1", "2/2"]"#,
            "marks = ['1/1']",
            r#"marks = ["0x2/0x2"]"#,
        ),
        (
            r#""prefixes": ["10.1.0.0/16"]"#,
            "names = ['eth0']",
            r#"prefixes = ["10.1.0.0/16"]"#,
        ),
        (
            r#""names": ["eth0", "wlan0"]"#,
            "names = ['eth*']",
            r#"names = ["wlan0"]"#,
        ),
    ] {
        let json = format!(r#"[{{ "allow": "nftables.table", "in": "host", {need} }}]"#);
        let expected = if lacking.is_empty() {
            Vec::new()
        } else {
            vec![format!(
                r#"{{ allow = "nftables.table", in = "host", family = …, tables = …, {lacking} }}"#
            )]
        };
        assert_eq!(
            missing(&json, &[&format!("{table}\n{grant}")]),
            expected,
            "{need}, {grant}"
        );
    }
    let json = r#"[{ "allow": "nftables.element", "in": "host", "ports": [22, [8000, 8999]] }]"#;
    assert_eq!(missing(json, &[&format!("{element}\nports = [[1, 65535]]")]), [""; 0]);
    assert_eq!(
        missing(json, &[&format!("{element}\nports = [8080]")]),
        [r#"{ allow = "nftables.element", in = "host", family = …, tables = …, sets = …, ports = [22] }"#]
    );
}

#[test]
fn declaring_nothing_is_not_declaring_that_nothing_is_needed() {
    let question = "link.see container name=lo";
    let (undeclared, nothing) = (needs(Needs::UNDECLARED), needs("[]"));
    assert!(!undeclared.is_declared() && covers(&undeclared, question));
    assert!(nothing.is_declared() && !covers(&nothing, question));
    assert!(grants(&[]).satisfy(&undeclared).is_ok());
}

#[test]
fn a_subject_stands_for_all_its_operations() {
    let needs = needs(r#"[{ "allow": "link.*", "in": "host" }]"#);
    assert!(covers(&needs, "link.delete host kind=bridge name=x"));
    assert!(!covers(&needs, "link.delete container kind=bridge name=x"));
    assert!(!covers(&needs, "address.see host name=x"));
}

#[test]
fn a_denial_for_want_of_a_declaration_says_so() {
    let denial = asked("link.see container name=lo").ask(Denial::undeclared);
    assert_eq!(
        denial.to_string(),
        "link.see of link \"lo\" in the container namespace is not granted; the policy lacks nothing: the component \
         does not declare to need this, and no grant makes up for that; its author adds it to what the component \
         declares: Need::always(\"link.see\").in_container()"
    );
    let denial = asked("link.set container kind=veth name=eth0 setting=mtu").ask(Denial::undeclared);
    assert!(
        denial
            .missing
            .ends_with(": Need::always(\"link.set\").in_container().settings(&[\"mtu\"])"),
        "{denial}"
    );
    assert!(denial.is_undeclared());
    let denial = asked("ipam.delegate plugin=static").ask(Denial::undeclared);
    assert!(
        denial.missing.ends_with(": Need::always(\"ipam.delegate\")"),
        "{denial}"
    );
}

#[test]
fn what_is_needed_for_every_attachment_and_not_granted_is_told_with_its_grant() {
    let json = r#"[
        { "allow": "link.create", "in": "host", "kinds": ["bridge", "veth"] },
        { "allow": "link.set", "in": "container", "names": ["lo"], "settings": ["up", "mtu"] },
        { "allow": "address.add", "in": "container" },
        { "allow": "store.open" },
        { "allow": "resolver.read" },
        { "allow": "link.delete", "in": "host", "when": "DEL" }
    ]"#;
    assert_eq!(
        missing(json, &[]),
        [
            r#"{ allow = "link.create", in = "host", kinds = ["bridge", "veth"], names = … }"#,
            r#"{ allow = "link.set", in = "container", names = ["lo"], settings = ["up", "mtu"] }"#,
            r#"{ allow = "address.add", in = "container" }"#,
            r#"{ allow = "store.open" }"#,
            r#"{ allow = "resolver.read", files = … }"#,
        ]
    );
    let some = [
        "allow = 'link.create'\nin = 'host'\nkinds = ['veth']\nnames = ['veth*']",
        "allow = 'link.set'\nin = 'container'\nnames = ['l*']\nsettings = ['up']",
        "allow = 'address.add'\nin = 'host'\nnames = ['x']\nprefixes = ['0.0.0.0/0']",
        "allow = 'store.open'\nlocations = ['/var/lib/other']",
        "allow = 'resolver.read'\nfiles = ['/etc/resolv.conf']",
    ];
    assert_eq!(
        missing(json, &some),
        [
            r#"{ allow = "link.create", in = "host", kinds = ["bridge"], names = … }"#,
            r#"{ allow = "link.set", in = "container", names = ["lo"], settings = ["mtu"] }"#,
            r#"{ allow = "address.add", in = "container" }"#,
        ]
    );
}

#[test]
fn a_need_is_met_where_some_of_it_is_granted() {
    for (need, grant) in [
        (
            r#"{ "allow": "link.see", "in": "host", "names": ["cni*"] }"#,
            "allow = 'link.see'\nin = 'host'\nnames = ['cni0']",
        ),
        (
            r#"{ "allow": "address.add", "in": "container", "prefixes": ["10.22.0.0/24"] }"#,
            "allow = 'address.add'\nin = 'container'\nprefixes = ['10.0.0.0/8']",
        ),
        (
            r#"{ "allow": "sysctl.write", "in": "container", "keys": ["net/ipv4/conf/*/arp_notify"] }"#,
            "allow = 'sysctl.write'\nin = 'container'\nkeys = ['net/ipv4/conf/eth0/arp_notify']",
        ),
        (
            r#"{ "allow": "nftables.table", "in": "host", "hooks": ["input"], "priorities": [0] }"#,
            "allow = 'nftables.table'\nin = 'host'\nfamily = 'inet'\ntables = ['x']\nhooks = ['input']\npriorities = [[-10, 10]]",
        ),
    ] {
        assert_eq!(missing(&format!("[{need}]"), &[grant]), Vec::<String>::new(), "{need}");
    }
    for (need, grant) in [
        (
            r#"{ "allow": "link.see", "in": "host", "names": ["cni*"] }"#,
            "allow = 'link.see'\nin = 'host'\nnames = ['br*']",
        ),
        (
            r#"{ "allow": "nftables.table", "in": "host", "hooks": ["input"], "priorities": [0] }"#,
            "allow = 'nftables.table'\nin = 'host'\nfamily = 'inet'\ntables = ['x']",
        ),
        (
            r#"{ "allow": "rule.add", "in": "host", "tables": [100] }"#,
            "allow = 'rule.add'\nin = 'host'\npriorities = [1]",
        ),
    ] {
        assert_eq!(missing(&format!("[{need}]"), &[grant]).len(), 1, "{need}");
    }
}

#[test]
fn a_policy_for_others_is_told_as_such() {
    let text = "[plugin.test]\ntenants = ['team-a']\n[[plugin.test.grant]]\nallow = 'link.see'\nin = 'container'\n";
    let policy = policy(text).unwrap();
    let needs = needs(r#"[{ "allow": "link.see", "in": "container" }]"#);
    let told = |tenant| {
        let satisfied = policy.for_attachment("n", tenant).satisfy(&needs);
        satisfied.map_or_else(|unmet| unmet.missing, |()| Vec::new())
    };
    assert_eq!(told(Some("team-a")), Vec::<String>::new());
    assert_eq!(told(None), ["a [plugin.test] for network \"n\" without tenants"]);
    // A network as a whole is served where one of its tenants is.
    assert!(policy.satisfy_on_network("n", &needs).is_ok());
}

#[test]
fn a_network_that_no_grant_is_for_is_not_served_for_any_tenant() {
    let text = "[plugin.test]\nnetworks = ['n']\n[[plugin.test.grant]]\ntenants = ['team-a']\nnetworks = ['n']\n\
                allow = 'link.see'\nin = 'container'\n";
    let policy = policy(text).unwrap();
    let needs = needs(r#"[{ "allow": "link.see", "in": "container" }]"#);
    assert!(policy.satisfy_on_network("n", &needs).is_ok());
    assert!(policy.satisfy_on_network("other", &needs).is_err());
}

#[test]
fn a_declaration_that_is_not_in_order_is_told_with_every_problem() {
    for (json, expected) in [
        ("", "x.wasm: it is not JSON"),
        ("[] []", "x.wasm: it is not JSON"),
        (
            r#"[{ "allow": "store.open", "allow": "link.see" }]"#,
            "\"allow\" is there twice",
        ),
        ("{}", "x.wasm: needs: it has to be a list, not a table"),
        (r#"["link.see host"]"#, "needs[0]: it has to be a table, not a string"),
        (r#"[{ "in": "host" }]"#, "needs[0]: allow is missing"),
        (
            r#"[{ "allow": "link.craete", "in": "host" }]"#,
            "needs[0].allow: there is no operation \"link.craete\" (did you mean \"link.create\"?)",
        ),
        (
            r#"[{ "allow": "link.see" }]"#,
            "needs[0]: in is missing: link.see needs it",
        ),
        (
            r#"[{ "allow": "link.see", "in": "node" }]"#,
            "needs[0].in: \"node\" is not one of the known words",
        ),
        (
            r#"[{ "allow": "link.see", "in": "host", "max": 3 }]"#,
            "needs[0].max: there is no such key",
        ),
        (
            r#"[{ "allow": "link.create", "in": "host", "max": 3 }]"#,
            "needs[0].max: there is no such key (known: allow, when, in, kinds, names, parents, modes, vlans, tables)",
        ),
        (
            r#"[{ "allow": "link.see", "in": "host", "networks": ["n"] }]"#,
            "needs[0].networks: there is no such key",
        ),
        (
            r#"[{ "allow": "link.see", "in": "host", "kinds": [] }]"#,
            "needs[0].kinds: the list is empty",
        ),
        (
            r#"[{ "allow": ["link.see", "rule.see"], "in": "host", "names": ["x"] }]"#,
            "needs[0].names: it does not bound rule.see (give rule.see a need of its own)",
        ),
        (
            r#"[{ "allow": "nftables.table", "in": "container", "names": ["eth0"] }]"#,
            "needs[0]: names bounds nothing: all packets of the container namespace are the attachment's own",
        ),
        (
            r#"[{ "allow": "nftables.table", "in": "host", "scope": "all", "names": ["eth0"] }]"#,
            "needs[0]: names bounds nothing: scope is \"all\" packets already",
        ),
        (
            r#"[{ "allow": "store.open", "when": "a\nb" }]"#,
            "needs[0].when: it has to be one line",
        ),
        (
            r#"[{ "allow": "store.open", "when": "" }]"#,
            "needs[0].when: it has to be one line",
        ),
        (
            r#"[{ "allow": "store.open", "when": 1.5 }]"#,
            "needs[0].when: it has to be a string, not a float",
        ),
    ] {
        let told = read(json).unwrap_err().to_string();
        assert!(told.contains(expected), "{json}: {told}");
    }
    let two = read(r#"[{ "allow": "x" }, { "allow": "store.open", "y": 1 }]"#).unwrap_err();
    assert_eq!(two.0.len(), 2, "{two}");
    let many = format!("[{}]", vec![r#"{ "allow": "store.open" }"#; 257].join(","));
    assert!(read(&many).unwrap_err().to_string().contains("more than 256"));
}

#[test]
fn needs_are_told_in_words() {
    let json = r#"[
        { "allow": "link.set", "in": "container", "names": ["lo"], "settings": ["up"] },
        { "allow": ["address.see", "address.add"], "in": "host", "when": "isGateway" },
        { "allow": "store.open" }
    ]"#;
    let needs = needs(json);
    let required: Vec<String> = needs.required().map(ToString::to_string).collect();
    assert_eq!(
        required,
        [
            r#"link.set in the container namespace, names = ["lo"], settings = ["up"]"#,
            "store.open"
        ]
    );
    let optional: Vec<(String, Option<&str>)> = needs.optional().map(|need| (need.to_string(), need.when())).collect();
    assert_eq!(
        optional,
        [(
            "address.see, address.add in the host namespace".to_owned(),
            Some("isGateway")
        )]
    );
}

#[test]
fn a_policy_that_does_not_fit_to_a_declaration_is_told() {
    let text = "[plugin.test]\n\
                [[plugin.test.grant]]\nallow = ['link.see', 'link.set']\nin = 'container'\n\
                [[plugin.test.grant]]\nallow = 'link.set'\nin = 'host'\nnames = ['x']\n\
                [[plugin.test.grant]]\nnetworks = ['n']\ntenants = ['t']\nallow = 'store.open'\n";
    let policy = policy(text).unwrap();
    let declared = |json| -> Vec<String> {
        let findings = policy.compare(&needs(json)).into_iter();
        findings
            .map(|finding| format!("{}: {}", finding.severity, finding.problem))
            .collect()
    };
    let fits = r#"[
        { "allow": "link.set", "in": "container", "when": "x" },
        { "allow": "link.set", "in": "host", "when": "x" },
        { "allow": "store.open" }
    ]"#;
    assert_eq!(declared(fits), [""; 0]);
    assert_eq!(declared(Needs::UNDECLARED), [""; 0]);
    assert_eq!(
        declared(
            r#"[{ "allow": "link.set", "in": "container" }, { "allow": "route.see", "in": "container" }, { "allow": "store.open" }]"#
        ),
        [
            "warning: test.toml:5: plugin.test.grant: the component does not declare to need any of this, so it has no \
             effect (cofferctl component inspect test tells what it declares)",
            "warning: test.toml:1: plugin.test: the component needs for every attachment what no grant allows: route.see \
             in the container namespace ({ allow = \"route.see\", in = \"container\" })",
        ]
    );
}
