//! Policies and questions at random, of so few names that they often meet.

use cofferdam_policy::{Asked, PluginPolicy};
use proptest::{collection::vec, option, prelude::*, sample::select};

/// The names of networks and tenants that questions come from.
pub(crate) const NETWORKS: [&str; 3] = ["n", "m1", "m2"];
pub(crate) const TENANTS: [Option<&str>; 3] = [None, Some("t"), Some("u1")];

/// Operations of one grant, the lines that it has to have, and lines that it
/// may have: one of each group.
type Template = (
    &'static str,
    &'static [&'static [&'static str]],
    &'static [&'static [&'static str]],
);

const PLACES: &[&str] = &["in = \"host\"", "in = \"container\""];
const NAMES: &[&str] = &[
    "names = [\"a*\"]",
    "names = [\"a0\"]",
    "names = [\"*\"]",
    "names = [\"a0\", \"b*\"]",
];
const KINDS: &[&str] = &["kinds = [\"veth\"]", "kinds = [\"none\", \"veth\"]"];
const SETTINGS: &[&str] = &["settings = [\"up\"]", "settings = [\"mtu\", \"up\"]"];
const PREFIXES: &[&str] = &[
    "prefixes = [\"10.0.0.0/8\"]",
    "prefixes = [\"10.1.0.0/16\", \"fd00::/8\"]",
    "prefixes = [\"0.0.0.0/0\", \"::/0\"]",
];
const DESTINATIONS: &[&str] = &[
    "destinations = [\"10.0.0.0/8\"]",
    "destinations = [\"0.0.0.0/0\", \"::/0\"]",
];
const ROUTING_TABLES: &[&str] = &[
    "tables = [254]",
    "tables = [100]",
    "tables = [[1, 300]]",
    "tables = [100, 254]",
];
const PRIORITIES: &[&str] = &[
    "priorities = [1]",
    "priorities = [[0, 4294967295]]",
    "priorities = [[0, 9]]",
];
const KEYS: &[&str] = &[
    "keys = [\"net/ipv4/ip_forward\"]",
    "keys = [\"net/ipv4/conf/*/mtu\"]",
    "keys = [\"net/ipv4/conf/a0/mtu\", \"net/ipv4/conf/all/mtu\"]",
];
const VALUES: &[&str] = &["values = [\"0\"]", "values = [\"0\", \"1\"]"];
const FAMILIES: &[&str] = &["family = \"inet\"", "family = \"ip\""];
const TABLES: &[&str] = &["tables = [\"t*\"]", "tables = [\"t\"]"];
const HOOKS: &[&str] = &[
    "hooks = [\"input\"]\npriorities = [0]",
    "hooks = [\"input\", \"output\"]\npriorities = [[-5, 5]]",
];
const MARKS: &[&str] = &["marks = [\"1/1\"]", "marks = [\"*/3\", \"7\"]"];
const PORTS: &[&str] = &["ports = [80]", "ports = [[1, 100], 443]"];
const IN_HOST: &[&str] = &["in = \"host\""];
const SETS: &[&str] = &["sets = [\"s*\"]", "sets = [\"s\"]"];
const ZONES: &[&str] = &["zones = [\"t*\"]", "zones = [\"trusted\"]"];
const CHAINS: &[&str] = &["chains = [\"C*\"]", "chains = [\"CNI-ADMIN\"]"];
const VLANS: &[&str] = &["vlans = [5]", "vlans = [7, [1, 9]]"];
const VNIS: &[&str] = &["vnis = [5]", "vnis = [7, [1, 16777215]]"];
const PEERS: &[&str] = &["peers = [\"10.0.0.0/8\"]", "peers = [\"10.1.2.3/32\", \"fd00::/8\"]"];
const LOCATIONS: &[&str] = &[
    "locations = [\"/srv\"]",
    "locations = [\"/var/lib/cni/networks\", \"/srv\"]",
];
const FILES: &[&str] = &[
    "files = [\"/etc/resolv.conf\"]",
    "files = [\"/a\", \"/etc/resolv.conf\"]",
];
const PLUGINS: &[&str] = &["plugins = [\"host-local\"]", "plugins = [\"h*\"]"];
const ORIGINS: &[&str] = &[
    "origins = [\"https://a.example\"]",
    "origins = [\"http://10.1.2.3:8080\", \"https://a.example\"]",
];
const METHODS: &[&str] = &["methods = [\"GET\"]", "methods = [\"GET\", \"POST\"]"];
const URL_PATHS: &[&str] = &["paths = [\"/v1\"]", "paths = [\"/v1/a\", \"/b\"]", "paths = [\"/\"]"];
const CREDENTIAL: &[&str] = &["credential = \"a\"", "credential = \"b\""];
const AUTHORITY: &[&str] = &["ca = \"a\""];
const MAX: &[&str] = &["max = 1", "max = 3"];
const MAX_PER_NETWORK: &[&str] = &["max-per-network = 2"];
const MAX_PER_TENANT: &[&str] = &["max-per-tenant = 2", "max-per-tenant = 4"];

const TEMPLATES: &[Template] = &[
    ("\"link.see\"", &[PLACES, NAMES], &[KINDS]),
    ("[\"link.see\", \"link.delete\"]", &[PLACES, NAMES], &[KINDS]),
    (
        "\"link.create\"",
        &[PLACES, NAMES, KINDS],
        &[MAX, MAX_PER_NETWORK, MAX_PER_TENANT],
    ),
    ("\"link.set\"", &[PLACES, NAMES], &[KINDS, SETTINGS]),
    ("\"link.*\"", &[&["in = \"container\""]], &[NAMES, KINDS]),
    ("\"address.*\"", &[&["in = \"container\""]], &[NAMES]),
    ("\"address.add\"", &[PLACES, NAMES, PREFIXES], &[MAX, MAX_PER_NETWORK]),
    (
        "[\"address.add\", \"neighbor.add\"]",
        &[&["in = \"container\""]],
        &[PREFIXES, MAX],
    ),
    ("\"route.*\"", &[&["in = \"container\""]], &[NAMES, ROUTING_TABLES]),
    (
        "[\"route.add\", \"route.delete\"]",
        &[PLACES, NAMES, DESTINATIONS],
        &[ROUTING_TABLES],
    ),
    ("\"rule.add\"", &[PLACES, PRIORITIES], &[ROUTING_TABLES, MAX_PER_TENANT]),
    ("\"rule.add\"", &[&["in = \"container\""]], &[ROUTING_TABLES]),
    ("\"rule.add\"", &[IN_HOST, PRIORITIES, &["scope = \"all\""]], &[MAX]),
    (
        "[\"neighbor.add\", \"neighbor.delete\"]",
        &[PLACES, NAMES, PREFIXES],
        &[],
    ),
    ("\"sysctl.read\"", &[PLACES, KEYS], &[]),
    ("\"sysctl.write\"", &[PLACES, KEYS], &[VALUES]),
    ("\"nftables.table\"", &[PLACES, FAMILIES, TABLES], &[HOOKS]),
    (
        "\"nftables.table\"",
        &[IN_HOST, FAMILIES, TABLES],
        &[HOOKS, PREFIXES, NAMES, MARKS],
    ),
    (
        "\"nftables.table\"",
        &[IN_HOST, FAMILIES, TABLES, &["scope = \"all\""]],
        &[HOOKS, MARKS],
    ),
    (
        "\"nftables.table\"",
        &[IN_HOST, FAMILIES, TABLES, &["scope = \"attachment\""]],
        &[HOOKS, NAMES],
    ),
    ("\"nftables.element\"", &[PLACES, FAMILIES, TABLES, SETS], &[]),
    (
        "\"nftables.element\"",
        &[IN_HOST, FAMILIES, TABLES, SETS],
        &[PREFIXES, NAMES, PORTS],
    ),
    ("\"store.open\"", &[], &[LOCATIONS]),
    ("\"resolver.read\"", &[FILES], &[]),
    ("\"ipam.delegate\"", &[PLUGINS], &[]),
    ("\"packet.exchange\"", &[PLACES, NAMES, PORTS], &[]),
    ("\"upkeep.keep\"", &[], &[]),
    ("\"allow-list.read\"", &[FILES], &[]),
    ("\"forwarding.accept\"", &[IN_HOST, CHAINS], &[PREFIXES]),
    ("\"forwarding.zone\"", &[IN_HOST, ZONES], &[PREFIXES]),
    ("\"forwarding.publish\"", &[IN_HOST], &[PREFIXES]),
    ("\"vlan.join\"", &[IN_HOST, NAMES, VLANS], &[]),
    ("\"vxlan.join\"", &[IN_HOST, NAMES, VNIS], &[PEERS]),
    ("\"device.take\"", &[IN_HOST, KINDS, NAMES], &[]),
    (
        "\"http.request\"",
        &[ORIGINS, METHODS],
        &[URL_PATHS, CREDENTIAL, AUTHORITY],
    ),
];

fn maybe(lines: &'static [&'static str]) -> impl Strategy<Value = Option<&'static str>> {
    option::weighted(0.4, select(lines))
}

/// Lines of `networks` and `tenants`.
pub(crate) fn selection() -> impl Strategy<Value = String> {
    let networks = maybe(&[
        "networks = [\"n\"]",
        "networks = [\"m*\"]",
        "networks = [\"n\", \"m1\"]",
    ]);
    let tenants = maybe(&["tenants = [\"t\"]", "tenants = [\"*\"]", "tenants = [\"u*\", \"t\"]"]);
    (networks, tenants).prop_map(|lines| [lines.0, lines.1].into_iter().flatten().collect::<Vec<_>>().join("\n"))
}

/// The body of a grant.
pub(crate) fn grant() -> impl Strategy<Value = String> {
    select(TEMPLATES).prop_flat_map(|(allow, required, optional)| {
        let required: Vec<_> = required.iter().map(|lines| select(*lines)).collect();
        let optional: Vec<_> = optional.iter().map(|lines| maybe(lines)).collect();
        (required, optional, option::weighted(0.3, selection())).prop_map(move |(required, optional, selection)| {
            let mut lines = vec![format!("allow = {allow}")];
            lines.extend(required.into_iter().map(str::to_owned));
            lines.extend(optional.into_iter().flatten().map(str::to_owned));
            lines.extend(selection.filter(|lines| !lines.is_empty()));
            lines.join("\n")
        })
    })
}

/// The text of a file about plugin `test`.
pub(crate) fn file_text(head: &str, grants: &[String]) -> String {
    let mut text = format!("[plugin.test]\n{head}\n");
    for grant in grants {
        text.push_str(&format!("[[plugin.test.grant]]\n{grant}\n"));
    }
    text
}

/// A policy of such files.
pub(crate) fn policy_of(texts: &[String]) -> PluginPolicy {
    let named = |(index, text): (usize, &String)| (format!("test.{index}.toml").into(), text.clone());
    let files: Vec<_> = texts.iter().enumerate().map(named).collect();
    PluginPolicy::parse("test", &files, cofferdam_policy::NO_KEYS).unwrap_or_else(|error| panic!("{error}\n{texts:?}"))
}

/// Texts of one or two files.
pub(crate) fn files() -> impl Strategy<Value = Vec<String>> {
    let file = (selection(), vec(grant(), 0..6)).prop_map(|(head, grants)| file_text(&head, &grants));
    vec(file, 1..3)
}

/// The words of each kind of question.
const QUESTIONS: &[(&str, &[&[&str]])] = &[
    ("link.see", &[IN, NAME]),
    ("link.see", &[IN, NAME, KIND]),
    ("link.create", &[IN, NAME, KIND]),
    (
        "link.set",
        &[IN, NAME, KIND, &["setting=up", "setting=mtu", "setting=mac"]],
    ),
    ("link.delete", &[IN, NAME, KIND]),
    ("address.see", &[IN, NAME]),
    ("address.add", &[IN, NAME, ADDRESS]),
    ("address.delete", &[IN, NAME, ADDRESS]),
    ("route.see", &[IN, NAME, TABLE]),
    ("route.add", &[IN, NAME, TABLE, DESTINATION]),
    ("route.delete", &[IN, NAME, TABLE, DESTINATION]),
    ("rule.add", &[IN, TABLE]),
    ("rule.add", &[IN, TABLE, &["priority=1", "priority=5", "priority=100"]]),
    (
        "rule.add",
        &[IN, &["table=254"], &["priority=5"], &["scope=all", "scope=attachment"]],
    ),
    (
        "neighbor.add",
        &[IN, NAME, &["address=10.1.2.3", "address=fd00::1", "address=192.0.2.1"]],
    ),
    ("sysctl.read", &[IN, KEY]),
    ("sysctl.write", &[IN, KEY, &["value=0", "value=1", "value=2"]]),
    (
        "nftables.table",
        &[IN, &["family=inet", "family=ip"], &["table=t", "table=t2"]],
    ),
    (
        "nftables.table",
        &[
            IN,
            &["family=inet"],
            &["table=t"],
            &["hook=input:0", "hook=input:3", "hook=output:0"],
            &["hook=input:0"],
        ],
    ),
    (
        "nftables.table",
        &[
            IN,
            &["family=inet"],
            &["table=t"],
            &["scope=all", "scope=attachment"],
            &["prefix=10.1.0.0/16", "prefix=10.1.2.0/24", "prefix=::/0"],
            NAME,
        ],
    ),
    ("nftables.table", &[IN, &["family=inet"], &["table=t"], NAME]),
    (
        "nftables.table",
        &[IN, &["family=inet"], &["table=t"], &["mark=1/1", "mark=0/2", "mark=7"]],
    ),
    (
        "nftables.element",
        &[
            IN,
            &["family=inet"],
            &["table=t"],
            &["set=s"],
            &["address=10.1.0.5", "address=192.0.2.1", "address=fd00::1"],
            NAME,
            &["port=80", "port=443", "port=8080"],
        ],
    ),
    (
        "nftables.element",
        &[
            IN,
            &["family=inet", "family=ip"],
            &["table=t", "table=t2"],
            &["set=s", "set=s4"],
        ],
    ),
    (
        "store.open",
        &[&["location=/var/lib/cni/networks", "location=/srv", "location=/etc"]],
    ),
    (
        "allow-list.read",
        &[&["file=/etc/cni/tuning/allowlist.conf", "file=/a", "file=/b"]],
    ),
    (
        "forwarding.accept",
        &[
            &["in=host"],
            &["chain=CNI-ADMIN", "chain=C", "chain=X"],
            &["address=10.1.2.3", "address=fd00::1"],
        ],
    ),
    (
        "forwarding.zone",
        &[
            &["in=host"],
            &["zone=trusted", "zone=t", "zone=public"],
            &["address=10.1.2.3", "address=fd00::1"],
        ],
    ),
    (
        "forwarding.publish",
        &[&["in=host"], &["address=10.1.2.3", "address=fd00::1"]],
    ),
    ("resolver.read", &[&["file=/etc/resolv.conf", "file=/a", "file=/b"]]),
    ("ipam.delegate", &[&["plugin=host-local", "plugin=h", "plugin=dhcp"]]),
    ("packet.exchange", &[IN, NAME, &["port=80", "port=443", "port=8080"]]),
    ("upkeep.keep", &[]),
    ("vlan.join", &[&["in=host"], NAME, &["vlan=5", "vlan=9", "vlan=4094"]]),
    (
        "vxlan.join",
        &[
            &["in=host"],
            NAME,
            &["vni=5", "vni=9"],
            &["peer=10.1.2.3", "peer=fd00::1"],
        ],
    ),
    ("vxlan.join", &[&["in=host"], NAME, &["vni=5", "vni=16777215"]]),
    ("device.take", &[&["in=host"], KIND, NAME]),
    (
        "http.request",
        &[
            &["method=GET", "method=POST", "method=DELETE"],
            &[
                "url=https://a.example/v1/a/b",
                "url=https://a.example/v1?x=y",
                "url=http://10.1.2.3:8080/b",
                "url=https://b.example/b",
            ],
        ],
    ),
];
const IN: &[&str] = &["in=host", "in=container"];
const NAME: &[&str] = &["name=a0", "name=a1", "name=b0", "name=c0"];
const KIND: &[&str] = &["kind=veth", "kind=none", "kind=bridge"];
const ADDRESS: &[&str] = &[
    "address=10.1.0.5/16",
    "address=10.2.0.5/24",
    "address=fd00::5/64",
    "address=192.0.2.1/24",
];
const DESTINATION: &[&str] = &["destination=10.1.0.0/16", "destination=0.0.0.0/0", "destination=::/0"];
const TABLE: &[&str] = &["table=254", "table=100", "table=299"];
const KEY: &[&str] = &[
    "key=net/ipv4/ip_forward",
    "key=net/ipv4/conf/a0/mtu",
    "key=net/ipv4/conf/all/mtu",
];

pub(crate) fn question() -> impl Strategy<Value = Asked> {
    select(QUESTIONS).prop_flat_map(|(operation, words)| {
        let words: Vec<_> = words.iter().map(|words| select(*words)).collect();
        words.prop_map(move |words| Asked::read(operation, words).unwrap_or_else(|error| panic!("{error}")))
    })
}

/// What a policy says to a question: nothing where it is denied, else for how
/// many uses of each counter there is room.
pub(crate) fn decision(
    policy: &PluginPolicy,
    question: &Asked,
    network: &str,
    tenant: Option<&str>,
) -> Option<Vec<bool>> {
    let granted = question
        .ask(|question| policy.for_attachment(network, tenant).decide(question))
        .ok()?;
    Some((0..6).map(|used| granted.check(|_| used).is_ok()).collect())
}

pub(crate) fn questions() -> impl Strategy<Value = Vec<Asked>> {
    vec(question(), 30)
}
