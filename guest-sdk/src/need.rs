/// Something that a plugin asks the host for, as it is declared in its
/// component: an operation in the policy's words, where, and as narrowly as it
/// is known when the plugin is built. What is not said is not bounded.
///
/// Operators see the declaration in `cofferctl component inspect`. The host
/// holds the component to it: an ADD is refused before it begins where nothing
/// that is needed for every attachment is granted, and what is not declared is
/// denied even where it is granted. So declare what any verb asks for, and
/// with [`Need::always`] what no ADD can do without.
///
/// What a plugin makes for the attachment it may see, set and delete anyhow;
/// addresses and routes on it count as needs.
///
/// ```
/// use cofferdam_guest_sdk::Need;
///
/// const NEEDS: &[Need] = &[
///     Need::always("link.create").in_host().kinds(&["veth"]),
///     Need::always("link.create").in_container().kinds(&["veth"]),
///     Need::when("ipam.type", "ipam.delegate"),
///     Need::when("ipam.type", "address.add").in_container(),
///     Need::when("ipMasq", "nftables.table").in_host().family("inet").tables(&["masq"]).hooks(&["postrouting"], &[100])
///         .scope("attachment"),
///     Need::when("portMappings", "nftables.element").in_host().family("inet").tables(&["ports"]).ports(&[[1024, 65535]]),
///     Need::when("CHECK", "link.see").in_container().kinds(&["veth"]),
/// ];
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Need {
    pub(crate) operation: &'static str,
    /// Absent: for every attachment.
    pub(crate) when: Option<&'static str>,
    /// The keys of a grant, from the first on.
    pub(crate) bounds: [Option<(&'static str, Value)>; MOST_BOUNDS],
}

/// No operation has more keys.
const MOST_BOUNDS: usize = 9;

/// The value of a key.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value {
    Text(&'static str),
    Texts(&'static [&'static str]),
    Numbers(&'static [i32]),
    /// From and to, both included.
    Ranges(&'static [[u16; 2]]),
    WideRanges(&'static [[u32; 2]]),
}

impl Need {
    /// What every ADD asks for, whatever the configuration says. The operation
    /// is one of `docs/policy.md`, or all of a subject as in `link.*`.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::Need;
    /// const NEED: Need = Need::always("link.create");
    /// ```
    #[must_use]
    pub const fn always(operation: &'static str) -> Self {
        Self {
            operation,
            when: None,
            bounds: [None; MOST_BOUNDS],
        }
    }

    /// What only some requests ask for; `when` tells people which, in a word:
    /// a field of the configuration, or a verb.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::Need;
    /// const NEED: Need = Need::when("mtu", "link.set");
    /// ```
    #[must_use]
    pub const fn when(when: &'static str, operation: &'static str) -> Self {
        Self {
            when: Some(when),
            ..Self::always(operation)
        }
    }

    /// In the node's own namespace.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::Need;
    /// const NEED: Need = Need::always("link.create").in_host();
    /// ```
    #[must_use]
    pub const fn in_host(self) -> Self {
        self.bound("in", Value::Text("host"))
    }

    /// In the container's namespace.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::Need;
    /// const NEED: Need = Need::always("address.add").in_container();
    /// ```
    #[must_use]
    pub const fn in_container(self) -> Self {
        self.bound("in", Value::Text("container"))
    }

    /// Of links of these kinds; `none` is that of `lo` and network cards.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::Need;
    /// const NEED: Need = Need::always("link.create").in_host().kinds(&["veth"]);
    /// ```
    #[must_use]
    pub const fn kinds(self, kinds: &'static [&'static str]) -> Self {
        self.bound("kinds", Value::Texts(kinds))
    }

    /// Of links of these names; `*` stands for any characters. Of nftables:
    /// links whose packets are decided on, besides the attachment's.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::Need;
    /// const NEED: Need = Need::always("link.see").in_container().names(&["lo"]);
    /// ```
    #[must_use]
    pub const fn names(self, names: &'static [&'static str]) -> Self {
        self.bound("names", Value::Texts(names))
    }

    /// These settings of a link: `up`, `mtu`, …
    ///
    /// ```
    /// # use cofferdam_guest_sdk::Need;
    /// const NEED: Need = Need::always("link.set").in_container().settings(&["mtu", "up"]);
    /// ```
    #[must_use]
    pub const fn settings(self, settings: &'static [&'static str]) -> Self {
        self.bound("settings", Value::Texts(settings))
    }

    /// Links upon links of the node of these names; `*` stands for any
    /// characters.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::Need;
    /// const NEED: Need = Need::always("link.create").in_container().kinds(&["macvlan"]).parents(&["eth*"]);
    /// ```
    #[must_use]
    pub const fn parents(self, parents: &'static [&'static str]) -> Self {
        self.bound("parents", Value::Texts(parents))
    }

    /// Links upon links of the node in these modes.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::Need;
    /// const NEED: Need = Need::always("link.create").in_container().kinds(&["macvlan"]).modes(&["bridge"]);
    /// ```
    #[must_use]
    pub const fn modes(self, modes: &'static [&'static str]) -> Self {
        self.bound("modes", Value::Texts(modes))
    }

    /// VLANs of links of the node: ranges, with first and last.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::Need;
    /// const NEED: Need = Need::always("link.create").in_container().kinds(&["vlan"]).vlans(&[[100, 199]]);
    /// ```
    #[must_use]
    pub const fn vlans(self, vlans: &'static [[u16; 2]]) -> Self {
        self.bound("vlans", Value::Ranges(vlans))
    }

    /// Identifiers of VXLANs of the node: ranges, with first and last.
    ///
    /// ```
    /// use cofferdam_guest_sdk::Need;
    ///
    /// const NEED: Need = Need::always("vxlan.join").vnis(&[[42, 99]]);
    /// ```
    #[must_use]
    pub const fn vnis(self, vnis: &'static [[u32; 2]]) -> Self {
        self.bound("vnis", Value::WideRanges(vnis))
    }

    /// Nodes in these networks that VXLANs send to.
    ///
    /// ```
    /// use cofferdam_guest_sdk::Need;
    ///
    /// const NEED: Need = Need::always("vxlan.join").peers(&["192.0.2.0/24"]);
    /// ```
    #[must_use]
    pub const fn peers(self, peers: &'static [&'static str]) -> Self {
        self.bound("peers", Value::Texts(peers))
    }

    /// Addresses in these networks. Of nftables: networks whose packets are
    /// decided on, besides the attachment's.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::Need;
    /// const NEED: Need = Need::always("address.add").in_container().prefixes(&["10.22.0.0/16"]);
    /// ```
    #[must_use]
    pub const fn prefixes(self, prefixes: &'static [&'static str]) -> Self {
        self.bound("prefixes", Value::Texts(prefixes))
    }

    /// Routes to destinations in these networks.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::Need;
    /// const NEED: Need = Need::always("route.add").in_container().destinations(&["0.0.0.0/0"]);
    /// ```
    #[must_use]
    pub const fn destinations(self, destinations: &'static [&'static str]) -> Self {
        self.bound("destinations", Value::Texts(destinations))
    }

    /// These settings below `/proc/sys/`, with slashes; `*` stands for any
    /// characters of one interface's name.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::Need;
    /// const NEED: Need = Need::when("sysctl", "sysctl.write").in_container().keys(&["net/ipv4/conf/*/arp_notify"]);
    /// ```
    #[must_use]
    pub const fn keys(self, keys: &'static [&'static str]) -> Self {
        self.bound("keys", Value::Texts(keys))
    }

    /// These values of settings.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::Need;
    /// const NEED: Need = Need::when("isGateway", "sysctl.write").in_host().keys(&["net/ipv4/ip_forward"]).values(&["1"]);
    /// ```
    #[must_use]
    pub const fn values(self, values: &'static [&'static str]) -> Self {
        self.bound("values", Value::Texts(values))
    }

    /// nftables tables of this family.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::Need;
    /// const NEED: Need = Need::always("nftables.table").in_host().family("inet");
    /// ```
    #[must_use]
    pub const fn family(self, family: &'static str) -> Self {
        self.bound("family", Value::Text(family))
    }

    /// nftables tables of these names; `*` stands for any characters.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::Need;
    /// const NEED: Need = Need::always("nftables.table").in_host().tables(&["guard"]);
    /// ```
    #[must_use]
    pub const fn tables(self, tables: &'static [&'static str]) -> Self {
        self.bound("tables", Value::Texts(tables))
    }

    /// Base chains at these hooks, with these priorities.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::Need;
    /// const NEED: Need = Need::always("nftables.table").in_host().hooks(&["forward"], &[0]);
    /// ```
    #[must_use]
    pub const fn hooks(self, hooks: &'static [&'static str], priorities: &'static [i32]) -> Self {
        self.bound("hooks", Value::Texts(hooks))
            .bound("priorities", Value::Numbers(priorities))
    }

    /// nftables sets and maps of these names; `*` stands for any characters.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::Need;
    /// const NEED: Need = Need::always("nftables.element").in_host().tables(&["guard"]).sets(&["blocked"]);
    /// ```
    #[must_use]
    pub const fn sets(self, sets: &'static [&'static str]) -> Self {
        self.bound("sets", Value::Texts(sets))
    }

    /// Whose packets the rules of an nftables table in the host decide on:
    /// those of the `attachment`, besides what [`prefixes`](Self::prefixes) and
    /// [`names`](Self::names) tell, or `all`. Where none of the three is said,
    /// all may be.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::Need;
    /// const NEED: Need = Need::always("nftables.table").in_host().tables(&["guard"]).scope("attachment");
    /// ```
    #[must_use]
    pub const fn scope(self, scope: &'static str) -> Self {
        self.bound("scope", Value::Text(scope))
    }

    /// Marks that the rules of an nftables table in the host set: `VALUE/MASK`,
    /// `VALUE` for the whole mark, `*/MASK` for any value of these bits.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::Need;
    /// const NEED: Need = Need::when("portMappings", "nftables.table").in_host().marks(&["0x2000/0x2000"]);
    /// ```
    #[must_use]
    pub const fn marks(self, marks: &'static [&'static str]) -> Self {
        self.bound("marks", Value::Texts(marks))
    }

    /// Ports in the keys of nftables elements in the host, or of datagrams:
    /// ranges, with first and last.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::Need;
    /// const NEED: Need = Need::when("portMappings", "nftables.element").in_host().ports(&[[1024, 65535]]);
    /// ```
    #[must_use]
    pub const fn ports(self, ports: &'static [[u16; 2]]) -> Self {
        self.bound("ports", Value::Ranges(ports))
    }

    /// Requests to these origins: `https://ipam.example:8443`. Most plugins get
    /// theirs from the configuration, and leave it open.
    ///
    /// ```
    /// use cofferdam_guest_sdk::Need;
    ///
    /// const NEED: Need = Need::always("http.request").origins(&["https://ipam.example:8443"]);
    /// ```
    #[must_use]
    pub const fn origins(self, origins: &'static [&'static str]) -> Self {
        self.bound("origins", Value::Texts(origins))
    }

    /// Requests by these methods: `GET`, `POST`, …
    ///
    /// ```
    /// use cofferdam_guest_sdk::Need;
    ///
    /// const NEED: Need = Need::always("http.request").methods(&["GET", "POST"]);
    /// ```
    #[must_use]
    pub const fn methods(self, methods: &'static [&'static str]) -> Self {
        self.bound("methods", Value::Texts(methods))
    }

    /// Requests with paths that begin with these, in whole segments.
    ///
    /// ```
    /// use cofferdam_guest_sdk::Need;
    ///
    /// const NEED: Need = Need::always("http.request").paths(&["/v1/addresses"]);
    /// ```
    #[must_use]
    pub const fn paths(self, paths: &'static [&'static str]) -> Self {
        self.bound("paths", Value::Texts(paths))
    }

    const fn bound(mut self, key: &'static str, value: Value) -> Self {
        let mut index = 0;
        while self.bounds[index].is_some() {
            index += 1;
        }
        self.bounds[index] = Some((key, value));
        self
    }
}
