//! The smallest policy for what was seen: all of it, no more of it, and in
//! order.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::path::Path;

use cofferdam_policy::{Asked, Finding, Learned, NO_KEYS, Needs, PluginPolicy, Problem, everything};
use proptest::{prelude::*, sample::select};
use support::{
    arbitrary::{NETWORKS, question, questions},
    ground::Ground,
};

fn parsed(text: &str) -> PluginPolicy {
    PluginPolicy::parse("test", &[("test.toml".into(), text.to_owned())], NO_KEYS)
        .unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn allows(policy: &PluginPolicy, network: &str, asked: &Asked) -> bool {
    asked.ask(|question| policy.for_attachment(network, None).decide(question).is_ok())
}

fn asked(question: &str) -> Asked {
    let mut words = question.split(' ');
    Asked::read(words.next().unwrap(), words).unwrap_or_else(|error| panic!("{question}: {error}"))
}

/// What is learned from these, each on its network.
fn learned<'q>(seen: impl IntoIterator<Item = (&'q str, &'q Asked)>) -> String {
    let mut learned = Learned::new("test");
    for (network, asked) in seen {
        let arguments = asked.ask(|question| question.as_grant());
        learned.saw(network, "ADD", &arguments).unwrap();
    }
    learned.to_string()
}

fn seen() -> impl Strategy<Value = Vec<(&'static str, Asked)>> {
    prop::collection::vec((select(&NETWORKS[..]), question()), 1..25)
}

/// A setting of one interface of the container is learned for any.
fn is_generalised(asked: &Asked) -> bool {
    asked.ask(|question| question.as_grant().contains("keys") && question.target().contains("container"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn what_was_seen_is_allowed_and_nothing_else(seen in seen(), others in questions()) {
        let text = learned(seen.iter().map(|(network, asked)| (*network, asked)));
        let policy = parsed(&text);
        for (network, asked) in &seen {
            prop_assert!(allows(&policy, network, asked), "{asked:?}\n{text}");
        }
        let alone: Vec<(&str, PluginPolicy)> = seen
            .iter()
            .map(|(network, asked)| (*network, parsed(&learned([(*network, asked)]))))
            .collect();
        for network in NETWORKS {
            for other in others.iter().filter(|other| !is_generalised(other)) {
                let expected = alone.iter().any(|(_, policy)| allows(policy, network, other));
                prop_assert_eq!(allows(&policy, network, other), expected, "{:?} on {}\n{}", other, network, text);
            }
        }
    }

    #[test]
    fn a_learned_policy_is_in_order_and_has_nothing_needless(seen in seen()) {
        let ground = Ground::new();
        ground.write("test.toml", learned(seen.iter().map(|(network, asked)| (*network, asked))));
        let report = ground.directory().check_all();
        // What was seen may be dangerous: that is told with the key and what to do about it.
        let is_danger = |finding: &&Finding| {
            let Problem { field, suggestion, .. } = &finding.problem;
            field.strip_prefix("plugin.test.grant.").is_some() && suggestion.is_some()
        };
        let others: Vec<_> = report.findings.iter().filter(|finding| !is_danger(finding)).collect();
        prop_assert!(others.is_empty(), "{:?}", others);
    }

    #[test]
    fn everything_is_everything(questions in questions()) {
        let paths = ["/srv", "/etc", "/a", "/b"].map(Path::new);
        let origins = ["https://a.example", "http://10.1.2.3:8080", "https://b.example"];
        let policy = parsed(&everything("test", &paths, &paths, &origins));
        for asked in &questions {
            prop_assert!(allows(&policy, "any", asked), "{asked:?}");
        }
    }
}

#[test]
fn everything_has_the_packets_of_everybody() {
    let policy = parsed(&everything("test", &[], &[], &[]));
    for question in [
        "nftables.table host family=inet table=t hook=forward:0 scope=all prefix=10.0.0.0/8 name=eth0 mark=7 mark=1/1",
        "nftables.element host family=ip6 table=t set=s address=2001:db8::1 address=192.0.2.1 name=eth0 port=0 port=65535",
        "nftables.table container family=inet table=t scope=all mark=7",
        "rule.add host table=7 priority=7 scope=all",
        "rule.delete host table=7 priority=7",
        "nftables.element container family=inet table=t set=s address=192.0.2.1 name=eth0 port=80",
    ] {
        assert!(allows(&policy, "any", &asked(question)), "{question}");
    }
}

#[test]
fn whose_packets_were_decided_on_is_learned_as_narrowly() {
    for (question, expected) in [
        ("nftables.table host family=inet table=t", None),
        (
            "nftables.table host family=inet table=t prefix=192.0.2.0/24 name=eth0",
            Some("prefixes = [\"192.0.2.0/24\"]\nnames = [\"eth0\"]\n"),
        ),
        (
            "nftables.table host family=inet table=t scope=all",
            Some("scope = \"all\"\n"),
        ),
        (
            "nftables.table host family=inet table=t mark=8192/8192",
            Some("marks = [\"0x2000/0x2000\"]\n"),
        ),
        ("nftables.element host family=inet table=t set=s", None),
        (
            "nftables.element host family=inet table=t set=s address=192.0.2.1 name=veth0a1b2c3d port=80",
            Some("prefixes = [\"192.0.2.1/32\"]\nnames = [\"veth*\"]\nports = [80]\n"),
        ),
    ] {
        let text = learned([("n", &asked(question))]);
        match expected {
            Some(expected) => assert!(text.contains(expected), "{question}\n{text}"),
            None => assert!(
                ["scope", "prefixes", "names", "marks", "ports"]
                    .iter()
                    .all(|key| !text.contains(&format!("\n{key} = "))),
                "{question}\n{text}"
            ),
        }
    }
}

#[test]
fn lists_are_merged_only_where_that_allows_no_more() {
    let questions = [
        "link.create host kind=bridge name=cni0",
        "link.create host kind=veth name=veth0a1b2c3d",
        "link.create host kind=veth name=vethffffffff",
        "link.set host kind=bridge name=cni0 setting=up",
        "link.set host kind=bridge name=cni0 setting=promiscuous",
        "nftables.table host family=inet table=masq hook=postrouting:100",
        "nftables.table host family=inet table=masq",
        "sysctl.write container key=net/ipv6/conf/lo/disable_ipv6 value=0",
        "sysctl.write container key=net/ipv6/conf/eth0/disable_ipv6 value=0",
        "sysctl.write host key=net/ipv4/conf/cni0/route_localnet value=1",
        "ipam.delegate plugin=host-local",
    ]
    .map(asked);
    let text = learned(questions.iter().map(|asked| ("my*net", asked)));
    let expected = r#"# What plugin "test" was seen to do, and no more: see `cofferctl policy
# learn` in docs/policy.md for what that leaves out.

[plugin.test]
networks = ["my\\*net"]

# ADD.
[[plugin.test.grant]]
allow = "ipam.delegate"
plugins = ["host-local"]

# ADD.
[[plugin.test.grant]]
allow = "link.create"
in = "host"
kinds = ["bridge"]
names = ["cni0"]

# ADD.
# Cofferdam chooses the name for each attachment: veth and eight digits.
[[plugin.test.grant]]
allow = "link.create"
in = "host"
kinds = ["veth"]
names = ["veth*"]

# ADD.
[[plugin.test.grant]]
allow = "link.set"
in = "host"
kinds = ["bridge"]
names = ["cni0"]
settings = ["up", "promiscuous"]

# ADD.
[[plugin.test.grant]]
allow = "sysctl.write"
in = "host"
keys = ["net/ipv4/conf/cni0/route_localnet"]
values = ["1"]

# ADD.
[[plugin.test.grant]]
allow = "nftables.table"
in = "host"
family = "inet"
tables = ["masq"]
hooks = ["postrouting"]
priorities = [100]

# ADD.
# The star is an interface of the container; the runtime chooses its name.
[[plugin.test.grant]]
allow = "sysctl.write"
in = "container"
keys = ["net/ipv6/conf/*/disable_ipv6"]
values = ["0"]
"#;
    assert_eq!(text, expected);
}

#[test]
fn a_setting_of_a_link_that_the_host_named_is_learned_for_such_links_only() {
    let asked = asked("sysctl.write host key=net/ipv4/conf/veth0a1b2c3d/route_localnet value=1");
    let text = learned([("n", &asked)]);
    assert!(
        text.contains("# Cofferdam chooses the name")
            && text.contains(r#"keys = ["net/ipv4/conf/veth*/route_localnet"]"#),
        "{text}"
    );
}

#[test]
fn each_network_has_its_own() {
    let both = asked("link.see container name=eth0");
    let (one, other) = (asked("link.see host name=a"), asked("link.see host name=b"));
    let text = learned([("n", &both), ("m", &both), ("n", &one), ("m", &other)]);
    let policy = parsed(&text);
    for (network, asked, expected) in [
        ("n", &both, true),
        ("m", &both, true),
        ("other", &both, false),
        ("n", &one, true),
        ("m", &one, false),
        ("m", &other, true),
    ] {
        assert_eq!(allows(&policy, network, asked), expected, "{network} {asked:?}\n{text}");
    }
    assert_eq!(text.matches("networks = ").count(), 3, "{text}");
}

#[test]
fn verbs_are_told_together() {
    let mut learned = Learned::new("test");
    for verb in ["DEL", "ADD", "CHECK", "ADD"] {
        learned
            .saw("n", verb, r#"{ allow = "link.see", in = "container", names = ["lo"] }"#)
            .unwrap();
    }
    assert!(learned.to_string().contains("\n# ADD, CHECK, DEL.\n"), "{learned}");
}

#[test]
fn what_is_no_grant_is_told() {
    let mut learned = Learned::new("test");
    for arguments in [
        "",
        "{ allow = \"link.see\"",
        "{ allow = \"link.fly\" }",
        "{ allow = \"link.see\" }, {}",
        "…",
    ] {
        let told = learned.saw("n", "ADD", arguments).err().map(|error| error.to_string());
        // Nothing seen is nothing learned, and no harm.
        assert!(
            arguments.is_empty() || told.unwrap().contains("no grant"),
            "{arguments}"
        );
    }
}

#[test]
fn what_was_declared_and_not_seen_is_told() {
    let needs = r#"[
        { "allow": "link.see", "in": "container", "names": ["lo"], "when": "CHECK" },
        { "allow": "link.set", "in": "container", "when": "ADD" },
        { "allow": ["address.see", "link.see"], "in": "container", "when": "some" },
        { "allow": "store.open" }
    ]"#;
    let needs = Needs::parse(Path::new("x"), needs).unwrap();
    let mut learned = Learned::new("test");
    learned
        .saw(
            "n",
            "ADD",
            r#"{ allow = "link.see", in = "container", names = ["eth0"] }"#,
        )
        .unwrap();
    let not_seen: Vec<Option<&str>> = learned.not_seen(&needs).map(|need| need.when()).collect();
    assert_eq!(not_seen, [Some("CHECK"), Some("ADD")]);
}
