use cofferdam_tests::{CniError, Container, Namespace, Output, Site, Snapshot};
use serde_json::{Value, json};

/// Codes of the host, as `docs/errors.md` lists them.
pub(crate) const DENIED: u64 = 100;
pub(crate) const NOT_FOUND: u64 = 101;
pub(crate) const ALREADY_EXISTS: u64 = 102;
pub(crate) const INVALID: u64 = 103;
pub(crate) const CONFLICT: u64 = 105;
pub(crate) const QUOTA: u64 = 106;

/// Enough for an attachment of its own, with a bound in every dimension.
pub(crate) const NARROW: &str = r#"
[plugin.hostile]

[[plugin.hostile.grant]]
allow = ["link.see", "link.create"]
in = "host"
kinds = ["veth"]
names = ["veth*"]

[[plugin.hostile.grant]]
allow = ["link.see", "link.create"]
in = "host"
kinds = ["bridge"]
names = ["cni0"]

[[plugin.hostile.grant]]
allow = "link.set"
in = "host"
kinds = ["bridge"]
names = ["cni0"]
settings = ["up"]

[[plugin.hostile.grant]]
allow = ["link.see", "link.create", "link.set"]
in = "container"
kinds = ["veth"]

[[plugin.hostile.grant]]
allow = "address.see"
in = "container"

[[plugin.hostile.grant]]
allow = ["address.add", "address.delete"]
in = "container"
prefixes = ["10.22.0.0/16"]

[[plugin.hostile.grant]]
allow = "address.see"
in = "host"
names = ["cni0"]

[[plugin.hostile.grant]]
allow = ["address.add", "address.delete"]
in = "host"
names = ["cni0"]
prefixes = ["10.22.0.0/16"]

[[plugin.hostile.grant]]
allow = "route.see"
in = "container"

[[plugin.hostile.grant]]
allow = ["route.add", "route.delete"]
in = "container"
destinations = ["10.22.0.0/16"]

[[plugin.hostile.grant]]
allow = "route.see"
in = "host"
names = ["vethown"]

[[plugin.hostile.grant]]
allow = ["route.add", "route.delete"]
in = "host"
names = ["vethown"]
destinations = ["10.22.0.0/16"]

[[plugin.hostile.grant]]
allow = ["rule.add", "rule.delete"]
in = "host"
tables = [100]
priorities = [[1000, 1999]]

[[plugin.hostile.grant]]
allow = "neighbor.see"
in = "container"

[[plugin.hostile.grant]]
allow = ["neighbor.add", "neighbor.delete"]
in = "container"
prefixes = ["10.22.0.0/16"]

[[plugin.hostile.grant]]
allow = "sysctl.read"
in = "host"
keys = ["net/ipv4/ip_forward"]

[[plugin.hostile.grant]]
allow = "sysctl.write"
in = "host"
keys = ["net/ipv4/ip_forward"]
values = ["1"]

[[plugin.hostile.grant]]
allow = "sysctl.write"
in = "container"
keys = ["net/ipv4/conf/*/arp_notify"]
values = ["1"]

[[plugin.hostile.grant]]
allow = "nftables.table"
in = "host"
family = "inet"
tables = ["hostile"]
hooks = ["forward"]
priorities = [0]

[[plugin.hostile.grant]]
allow = "nftables.element"
in = "host"
family = "inet"
tables = ["hostile"]
sets = ["sources"]

[[plugin.hostile.grant]]
allow = "store.open"
locations = ["/var/lib/cni/networks"]
"#;

/// A node with an uplink and another tenant on it, a plugin with narrow
/// grants, and a container that is to be attached.
pub(crate) struct Arena {
    pub(crate) site: Site,
    pub(crate) container: Container,
    before: (Snapshot, Snapshot),
}

impl Arena {
    pub(crate) fn new() -> Self {
        Self::with_policy(NARROW)
    }

    /// With these grants on top of the narrow ones.
    pub(crate) fn with_grants(grants: &str) -> Self {
        Self::with_policy(&format!("{NARROW}{grants}"))
    }

    /// The same on a node with more.
    pub(crate) fn on(node: impl FnOnce(&Namespace), grants: &str) -> Self {
        let site = Site::new();
        site.installation().policy("hostile.toml", &format!("{NARROW}{grants}"));
        furnish(&site);
        node(site.node());
        Self::around(site)
    }

    pub(crate) fn with_policy(policy: &str) -> Self {
        let site = Site::new();
        site.installation().policy("hostile.toml", policy);
        furnish(&site);
        Self::around(site)
    }

    /// Beside another container, which is attached like this.
    pub(crate) fn beside(policy: &str, id: &str, attach: impl FnOnce(&Site, &Container)) -> (Self, Container) {
        let site = Site::new();
        site.installation().policy("hostile.toml", policy);
        furnish(&site);
        let other = Container::new(id);
        attach(&site, &other);
        (Self::around(site), other)
    }

    fn around(site: Site) -> Self {
        let container = Container::new("attacker");
        let before = (site.snapshot(), Snapshot::of(&container.namespace));
        Self {
            site,
            container,
            before,
        }
    }

    /// ADD of a component that makes these calls.
    pub(crate) fn run(&self, calls: &Value) -> Output {
        self.site.try_add(&self.container, &config(calls))
    }

    /// The same; it has to fail without a trace.
    #[track_caller]
    pub(crate) fn fails(&self, attack: &str, calls: &Value) -> CniError {
        let output = self.run(calls);
        assert_eq!(output.code, 1, "{attack}: {output}");
        self.assert_untouched(attack);
        output.error()
    }

    /// Node and container are as they were.
    #[track_caller]
    pub(crate) fn assert_untouched(&self, attack: &str) {
        for (before, now) in [
            (&self.before.0, self.site.snapshot()),
            (&self.before.1, Snapshot::of(&self.container.namespace)),
        ] {
            let difference = before.difference(&now);
            assert!(difference.is_empty(), "{attack} left:\n{difference}");
        }
    }

    /// Denied, by this operation and with these words about object and grant.
    #[track_caller]
    pub(crate) fn denied(&self, attack: &str, calls: &Value, operation: &str, object: &str, grant: &str) {
        let error = self.fails(attack, calls);
        assert_eq!(error.code, DENIED, "{attack}: {error:?}");
        assert!(error.message.starts_with(operation), "{attack}: {error:?}");
        assert!(
            error.message.contains("not granted") && error.message.contains(object),
            "{attack}: no {object:?} in {error:?}"
        );
        let missing = format!("missing grant: {{ allow = \"{operation}\"");
        assert!(
            error.text().contains(&missing) && error.text().contains(grant),
            "{attack}: no {grant:?} in {error:?}"
        );
    }

    /// Refused with this code and these words.
    #[track_caller]
    pub(crate) fn refused(&self, attack: &str, calls: &Value, code: u64, words: &str) {
        let error = self.fails(attack, calls);
        assert_eq!(error.code, code, "{attack}: {error:?}");
        assert!(error.message.contains(words), "{attack}: no {words:?} in {error:?}");
    }

    /// What the component was told, by the host's answers to its calls.
    #[track_caller]
    pub(crate) fn told(&self, calls: &[Value]) -> String {
        let calls: Vec<_> = calls.iter().cloned().chain([json!({ "do": "tell" })]).collect();
        self.fails("a look around", &Value::from(calls)).message
    }
}

/// The network configuration of a component that makes these calls.
pub(crate) fn config(calls: &Value) -> Value {
    json!({
        "cniVersion": "1.0.0", "name": "mynet", "type": "cofferdam", "plugin": "hostile", "calls": calls,
        "ipam": { "type": "host-local", "subnet": "10.22.0.0/16" }
    })
}

/// A pair with the host's end `vethown` and the container's `eth0`: links 0
/// and 1 of a script.
pub(crate) fn own_pair() -> Value {
    json!({
        "do": "veth",
        "first": { "in": "host", "name": "vethown" },
        "second": { "in": "container", "name": "eth0" },
    })
}

/// The pair, and then this.
pub(crate) fn on_own_pair(call: Value) -> Value {
    json!([own_pair(), call])
}

/// What a node has that is none of the plugin's business.
fn furnish(site: &Site) {
    let node = site.node();
    // Duplicate detection would come to its end in the middle of a test.
    node.keep_links_bare();
    for command in [
        // An uplink, with the way out, and a name that looks like the plugin's.
        "link add up0 type veth peer name far0",
        "link property add dev up0 altname veth-uplink",
        "link property add dev up0 altname an-alternative-name-longer-than-fifteen-bytes",
        "address add 192.0.2.2/24 dev up0",
        "link set up0 up",
        "link set far0 up",
        "route add default via 192.0.2.1",
        // A bridge of the node's, with another name that is granted.
        "link add br-ex type bridge",
        "link property add dev br-ex altname cni-ex",
        "link set br-ex up",
        // Another tenant.
        "link add vethtenant type veth peer name tenant0",
        "link set vethtenant master br-ex up",
        "neighbour add 192.0.2.77 lladdr 02:00:00:00:00:77 dev up0 nud permanent",
        "route add 198.51.100.0/24 dev up0 table 100",
        "rule add from 198.51.100.0/24 lookup 100 priority 500",
        "rule add from 203.0.113.0/24 lookup 100 priority 1500",
    ] {
        node.ip(&command.split(' ').collect::<Vec<_>>());
    }
    node.tool(
        "nft",
        &["add table inet firewall { chain input { type filter hook input priority 0; }; }"],
    );
    node.tool(
        "nft",
        &["add table inet hostile-2 { set sources { type ipv4_addr; }; }"],
    );
    for (network, address, owner) in [
        ("mynet", "10.22.0.77", "tenant\r\neth0"),
        ("othernet", "10.33.0.5", "tenant\r\neth0"),
    ] {
        let directory = site.leases().join(network);
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(directory.join(address), owner).unwrap();
    }
}
