use crate::{
    operation::Operation,
    range::Range,
    words::{FAMILIES, HOOKS, METHODS, MODES, PACKET_SCOPES, PLACES, SETTINGS},
};

/// In what respect a grant is bounded. Each is a key of the grant's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dimension {
    Place,
    Kinds,
    LinkNames,
    Settings,
    /// Links of the node that new ones may be upon.
    Parents,
    /// What links upon one of the node do with its frames.
    Modes,
    /// VLANs of links and bridges of the node.
    Vlans,
    /// Identifiers of VXLANs of the node.
    Vnis,
    /// Prefixes of addresses of nodes that VXLANs send to.
    Peers,
    /// Prefixes of addresses that a link may have, or neighbours.
    Prefixes,
    Destinations,
    RoutingTables,
    RulePriorities,
    Keys,
    Values,
    Family,
    TableNames,
    Hooks,
    HookPriorities,
    Sets,
    /// Chains of iptables that an operator fills.
    Chains,
    /// Zones of firewalld.
    Zones,
    /// Whose packets rules may decide on.
    PacketScope,
    /// Addresses whose packets may be decided on, besides the attachment's.
    PacketPrefixes,
    /// Links whose packets may be decided on, besides the attachment's.
    PacketLinks,
    /// Marks that rules may set.
    Marks,
    /// Ports in the keys of elements.
    Ports,
    /// Ports that datagrams come from and go to.
    ExchangePorts,
    Locations,
    Files,
    Plugins,
    /// Where requests go.
    Origins,
    Methods,
    /// What the paths of requests begin with.
    UrlPaths,
    /// What the host adds to requests, by its name.
    Credential,
    /// Whose certificates are trusted, by its name.
    Authority,
    /// Objects at a time: of one attachment, of a network, of a tenant.
    Max,
    MaxPerNetwork,
    MaxPerTenant,
}

/// What the value of a key looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// One of these words.
    Word(&'static [&'static str]),
    /// A list of these words.
    Words(&'static [&'static str]),
    /// A list of kinds of links.
    Kinds,
    /// A list of texts.
    Texts,
    /// A list of names or patterns of names.
    Patterns,
    /// A list of networks in CIDR notation.
    Prefixes,
    /// A list of numbers and of pairs of numbers, within these.
    Ranges(Range),
    /// A list of sysctl keys.
    Keys,
    /// A list of absolute paths.
    Paths,
    /// A list of marks with masks.
    Marks,
    /// A list of schemes with hosts and ports.
    Origins,
    /// A list of beginnings of paths of URLs.
    UrlPaths,
    /// The name of something that the operator keeps apart.
    Name,
    /// A number of objects.
    Count,
}

/// Whether a grant has to be bounded in a dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Required {
    /// What leaving it out means is up to the dimension.
    No,
    /// In the node's own namespace nothing is granted by leaving something
    /// out.
    InHost,
    Always,
}

/// A dimension that an operation has.
pub(crate) type Bound = (Dimension, Required);

impl Dimension {
    /// Those that bound what is done to packets of others, or tells others
    /// what to do, and have no meaning in the container's namespace.
    pub(crate) const OF_PACKETS: [Self; 5] = [
        Self::PacketScope,
        Self::PacketPrefixes,
        Self::PacketLinks,
        Self::Marks,
        Self::Ports,
    ];

    /// Those that say how something is done, and not what: they are the
    /// operator's, and no question is about them.
    pub(crate) const OF_MANNER: [Self; 2] = [Self::Credential, Self::Authority];

    /// As a policy writes it. Two that never belong to one operation may
    /// share a key.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Place => "in",
            Self::Kinds => "kinds",
            Self::LinkNames | Self::PacketLinks => "names",
            Self::Settings => "settings",
            Self::Parents => "parents",
            Self::Modes => "modes",
            Self::Vlans => "vlans",
            Self::Vnis => "vnis",
            Self::Peers => "peers",
            Self::Prefixes | Self::PacketPrefixes => "prefixes",
            Self::Destinations => "destinations",
            Self::RoutingTables | Self::TableNames => "tables",
            Self::RulePriorities | Self::HookPriorities => "priorities",
            Self::Keys => "keys",
            Self::Values => "values",
            Self::Family => "family",
            Self::Hooks => "hooks",
            Self::Sets => "sets",
            Self::Chains => "chains",
            Self::Zones => "zones",
            Self::PacketScope => "scope",
            Self::Marks => "marks",
            Self::Ports | Self::ExchangePorts => "ports",
            Self::Locations => "locations",
            Self::Files => "files",
            Self::Plugins => "plugins",
            Self::Origins => "origins",
            Self::Methods => "methods",
            Self::UrlPaths => "paths",
            Self::Credential => "credential",
            Self::Authority => "ca",
            Self::Max => "max",
            Self::MaxPerNetwork => "max-per-network",
            Self::MaxPerTenant => "max-per-tenant",
        }
    }

    pub(crate) fn form(self) -> Form {
        match self {
            Self::Place => Form::Word(&PLACES),
            Self::Kinds => Form::Kinds,
            Self::LinkNames
            | Self::Parents
            | Self::PacketLinks
            | Self::TableNames
            | Self::Sets
            | Self::Plugins
            | Self::Chains
            | Self::Zones => Form::Patterns,
            Self::Settings => Form::Words(&SETTINGS),
            Self::Modes => Form::Words(&MODES),
            Self::Vlans => Form::Ranges(Range::VLANS),
            Self::Vnis => Form::Ranges(Range::VNIS),
            Self::Prefixes | Self::Destinations | Self::PacketPrefixes | Self::Peers => Form::Prefixes,
            Self::PacketScope => Form::Word(&PACKET_SCOPES),
            Self::Marks => Form::Marks,
            Self::Ports | Self::ExchangePorts => Form::Ranges(Range::PORTS),
            Self::RoutingTables => Form::Ranges(Range::ROUTING_TABLES),
            Self::RulePriorities => Form::Ranges(Range::RULE_PRIORITIES),
            Self::HookPriorities => Form::Ranges(Range::HOOK_PRIORITIES),
            Self::Keys => Form::Keys,
            Self::Values => Form::Texts,
            Self::Family => Form::Word(&FAMILIES),
            Self::Hooks => Form::Words(&HOOKS),
            Self::Locations | Self::Files => Form::Paths,
            Self::Origins => Form::Origins,
            Self::Methods => Form::Words(&METHODS),
            Self::UrlPaths => Form::UrlPaths,
            Self::Credential | Self::Authority => Form::Name,
            Self::Max | Self::MaxPerNetwork | Self::MaxPerTenant => Form::Count,
        }
    }

    /// What the key bounds, for people.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::Place => "The namespace that it is about.",
            Self::Kinds => "Kinds of links; none is that of lo and network cards.",
            Self::LinkNames => "Names of links; * stands for any characters, \\* for itself.",
            Self::Settings => "What of a link may be set; without it, everything.",
            Self::Parents => "Names of links of the node that the new ones may be upon; without it, none.",
            Self::Modes => "Modes of links upon one of the node; without it, all but passthru.",
            Self::Vlans => "Numbers of VLANs of the node's links and bridges, or [first, last]; without it, none.",
            Self::Vnis => "Identifiers of VXLANs that bridges of the node may be joined to, or [first, last].",
            Self::Peers => "Networks in which the nodes lie that VXLANs send to; without it, none.",
            Self::Prefixes => "Networks in which the addresses lie.",
            Self::Destinations => "Networks in which the routes' destinations lie.",
            Self::RoutingTables => "Numbers of routing tables, or [first, last]; without it, the main one (254).",
            Self::RulePriorities => "Priorities of routing rules, or [first, last].",
            Self::Keys => "Settings below /proc/sys, with slashes; * stands for any characters of an interface's name.",
            Self::Values => "Values that may be written; without it, every one.",
            Self::Family => "The family of nftables tables.",
            Self::TableNames => "Names of nftables tables; * stands for any characters.",
            Self::Hooks => "Where base chains may be; without it, there are none.",
            Self::HookPriorities => "Priorities of base chains, or [first, last].",
            Self::Sets => "Names of sets and maps; * stands for any characters.",
            Self::Chains => "Names of iptables chains that are asked first; * stands for any characters.",
            Self::Zones => "Names of zones of firewalld; * stands for any characters.",
            Self::PacketScope => "Whose packets rules may decide on; without it, the attachment's only.",
            Self::PacketPrefixes => "Networks whose packets may be decided on as well, besides the attachment's own.",
            Self::PacketLinks => "Links whose packets may be decided on as well, besides the attachment's own.",
            Self::Marks => "Marks that rules may set, each as VALUE/MASK, or * for any value; without it, none.",
            Self::Ports => "Ports that keys of elements may have, or [first, last]; without it, none.",
            Self::ExchangePorts => "Ports that datagrams come from and go to, on either side, or [first, last].",
            Self::Locations => "Directories that hold a directory of records for each network.",
            Self::Files => {
                "Files of the node: in the form of resolv.conf(5), or lists of what containers may have set."
            }
            Self::Plugins => "Names of IPAM plugins; * stands for any characters.",
            Self::Origins => "Where requests may go: scheme, host and, where it is not the scheme's own, port.",
            Self::Methods => "What requests may ask for.",
            Self::UrlPaths => "What the paths of requests begin with, in whole segments; without it, every path.",
            Self::Credential => {
                "NAME for /etc/cofferdam/credentials/NAME, which the host adds to the requests; without it, none."
            }
            Self::Authority => {
                "NAME for /etc/cofferdam/authorities/NAME.pem, whose certificates alone are trusted; without it, the node's."
            }
            Self::Max => "How many of these one attachment may have.",
            Self::MaxPerNetwork => "How many of these all attachments of one network may have together.",
            Self::MaxPerTenant => "How many of these all attachments of one tenant may have together.",
        }
    }

    /// An example of the key's value.
    pub(crate) fn example(self) -> &'static str {
        match self {
            Self::Place => r#"in = "container""#,
            Self::Kinds => r#"kinds = ["bridge"]"#,
            Self::LinkNames => r#"names = ["cni*"], or ["*"] for every link"#,
            Self::Settings => r#"settings = ["up"]"#,
            Self::Parents => r#"parents = ["eth1"]"#,
            Self::Modes => r#"modes = ["bridge"]"#,
            Self::Vlans => "vlans = [100, [200, 299]]",
            Self::Vnis => "vnis = [42, [10000, 19999]]",
            Self::Peers => r#"peers = ["192.0.2.0/24"]"#,
            Self::Prefixes => r#"prefixes = ["10.22.0.0/16"], or ["0.0.0.0/0", "::/0"] for every address"#,
            Self::Destinations => {
                r#"destinations = ["10.22.0.0/16"], or ["0.0.0.0/0", "::/0"] for every destination, the default routes included"#
            }
            Self::RoutingTables => "tables = [254, [1000, 1999]]",
            Self::RulePriorities => "priorities = [100, [1000, 1999]]",
            Self::Keys => r#"keys = ["net/ipv4/ip_forward"]"#,
            Self::Values => r#"values = ["1"]"#,
            Self::Family => r#"family = "inet""#,
            Self::TableNames => r#"tables = ["cofferdam_masquerade"]"#,
            Self::Hooks => r#"hooks = ["postrouting"]"#,
            Self::HookPriorities => "priorities = [100]",
            Self::Sets => r#"sets = ["sources4"]"#,
            Self::Chains => r#"chains = ["CNI-ADMIN"]"#,
            Self::Zones => r#"zones = ["trusted"]"#,
            Self::PacketScope => r#"scope = "attachment""#,
            Self::PacketPrefixes => r#"prefixes = ["10.22.0.0/16"]"#,
            Self::PacketLinks => r#"names = ["cni0"]"#,
            Self::Marks => r#"marks = ["0x2000/0x2000"]"#,
            Self::Ports => "ports = [8080, [30000, 32767]]",
            Self::ExchangePorts => "ports = [67, 68]",
            Self::Locations => r#"locations = ["/var/lib/cni/networks"]"#,
            Self::Files => r#"files = ["/etc/resolv.conf"]"#,
            Self::Plugins => r#"plugins = ["host-local"]"#,
            Self::Origins => r#"origins = ["https://ipam.example:8443"]"#,
            Self::Methods => r#"methods = ["GET", "POST"]"#,
            Self::UrlPaths => r#"paths = ["/v1/addresses"]"#,
            Self::Credential => r#"credential = "ipam""#,
            Self::Authority => r#"ca = "ipam""#,
            Self::Max => "max = 16",
            Self::MaxPerNetwork => "max-per-network = 1024",
            Self::MaxPerTenant => "max-per-tenant = 256",
        }
    }
}

impl Operation {
    /// The dimensions that a grant of this operation can be bounded in.
    pub(crate) fn bounds(self) -> &'static [Bound] {
        use Dimension::{
            Authority, Chains, Credential, Destinations, ExchangePorts, Family, Files, HookPriorities, Hooks, Keys,
            Kinds, LinkNames, Locations, Marks, Max, MaxPerNetwork, MaxPerTenant, Methods, Modes, Origins, PacketLinks,
            PacketPrefixes, PacketScope, Parents, Peers, Place, Plugins, Ports, Prefixes, RoutingTables,
            RulePriorities, Sets, Settings, TableNames, UrlPaths, Values, Vlans, Vnis, Zones,
        };
        use Required::{Always, InHost, No};
        match self {
            Self::LinkSee | Self::LinkDelete | Self::QdiscSee | Self::QdiscSet => {
                &[(Place, Always), (Kinds, No), (LinkNames, InHost)]
            }
            Self::LinkCreate => &[
                (Place, Always),
                (Kinds, InHost),
                (LinkNames, InHost),
                (Parents, No),
                (Modes, No),
                (Vlans, No),
                (RoutingTables, No),
                (Max, No),
                (MaxPerNetwork, No),
                (MaxPerTenant, No),
            ],
            Self::LinkSet => &[(Place, Always), (Kinds, No), (LinkNames, InHost), (Settings, No)],
            Self::AddressSee | Self::NeighborSee => &[(Place, Always), (LinkNames, InHost)],
            Self::AddressAdd | Self::NeighborAdd => &[
                (Place, Always),
                (LinkNames, InHost),
                (Prefixes, InHost),
                (Max, No),
                (MaxPerNetwork, No),
                (MaxPerTenant, No),
            ],
            Self::AddressDelete | Self::NeighborDelete => &[(Place, Always), (LinkNames, InHost), (Prefixes, InHost)],
            Self::RouteSee => &[(Place, Always), (LinkNames, InHost), (RoutingTables, No)],
            Self::RouteAdd => &[
                (Place, Always),
                (LinkNames, InHost),
                (Destinations, InHost),
                (RoutingTables, No),
                (Max, No),
                (MaxPerNetwork, No),
                (MaxPerTenant, No),
            ],
            Self::RouteDelete => &[
                (Place, Always),
                (LinkNames, InHost),
                (Destinations, InHost),
                (RoutingTables, No),
            ],
            Self::RuleSee => &[(Place, Always)],
            Self::RuleAdd => &[
                (Place, Always),
                (RoutingTables, No),
                (RulePriorities, InHost),
                (PacketScope, No),
                (Max, No),
                (MaxPerNetwork, No),
                (MaxPerTenant, No),
            ],
            Self::RuleDelete => &[(Place, Always), (RoutingTables, No), (RulePriorities, InHost)],
            Self::SysctlRead => &[(Place, Always), (Keys, Always)],
            Self::SysctlWrite => &[(Place, Always), (Keys, Always), (Values, No)],
            Self::NftablesTable => &[
                (Place, Always),
                (Family, Always),
                (TableNames, Always),
                (Hooks, No),
                (HookPriorities, No),
                (PacketScope, No),
                (PacketPrefixes, No),
                (PacketLinks, No),
                (Marks, No),
            ],
            Self::NftablesElement => &[
                (Place, Always),
                (Family, Always),
                (TableNames, Always),
                (Sets, Always),
                (PacketPrefixes, No),
                (PacketLinks, No),
                (Ports, No),
            ],
            Self::ConntrackForget => &[(Place, Always), (Ports, InHost)],
            Self::StoreOpen => &[(Locations, No)],
            Self::ResolverRead | Self::AllowListRead => &[(Files, Always)],
            Self::IpamDelegate => &[(Plugins, Always)],
            Self::PacketExchange => &[(Place, Always), (LinkNames, InHost), (ExchangePorts, Always)],
            Self::UpkeepKeep => &[],
            Self::HttpRequest => &[
                (Origins, Always),
                (Methods, Always),
                (UrlPaths, No),
                (Credential, No),
                (Authority, No),
            ],
            Self::VlanJoin => &[(Place, Always), (LinkNames, InHost), (Vlans, Always)],
            Self::VxlanJoin => &[(Place, Always), (LinkNames, InHost), (Vnis, Always), (Peers, No)],
            Self::ForwardingAccept => &[(Place, Always), (Chains, Always), (PacketPrefixes, No)],
            Self::ForwardingPublish => &[(Place, Always), (PacketPrefixes, No)],
            Self::ForwardingZone => &[(Place, Always), (Zones, Always), (PacketPrefixes, No)],
            Self::DeviceTake => &[
                (Place, Always),
                (Kinds, Always),
                (LinkNames, Always),
                (Max, No),
                (MaxPerNetwork, No),
                (MaxPerTenant, No),
            ],
        }
    }

    /// The dimension that a key means for this operation, if it has it.
    pub(crate) fn dimension(self, key: &str) -> Option<Dimension> {
        self.bounds()
            .iter()
            .map(|(dimension, _)| *dimension)
            .find(|dimension| dimension.key() == key)
    }
}
