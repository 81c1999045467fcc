//! Packet filter and address translation, typed and closed.
//!
//! A table declares what stays the same whatever is attached; sets and maps
//! carry what grows with the number of attachments.
//!
//! ```
//! use cofferdam_guest_sdk::nftables::{
//!     Action, Base, Chain, ChainType, Family, Field, Hook, Rule, Set, Table, ValueType, Verdict,
//! };
//!
//! let table = Table::new(Family::Inet, "guard")
//!     .with_set(Set::new("blocked", [ValueType::Ipv4Address]))
//!     .with_chain(
//!         Chain::new("forward")
//!             .with_base(Base {
//!                 chain_type: ChainType::Filter,
//!                 hook: Hook::Forward,
//!                 priority: 0,
//!                 default_drop: false,
//!             })
//!             .with_rule(Rule::new(Action::Verdict(Verdict::Drop)).when_in_set([Field::IpSource], "blocked")),
//!     );
//! assert_eq!(table.chains.len(), 1);
//! ```
//!
//! What rules match on and do besides:
//!
//! ```
//! use cofferdam_guest_sdk::nftables::{
//!     Action, AddressType, ConnectionStates, Data, DataType, Element, Field, MapLookup, MarkChange, MarkMatch, Match,
//!     NatTarget, Rule, Set, TableId, Value, ValueMatch, ValueType, Verdict,
//! };
//!
//! # fn example(target: NatTarget, table: &TableId) {
//! // What comes to port 80 of an address of the node, in a new connection, leads elsewhere.
//! let mut published = Rule::new(Action::DestinationNat(NatTarget { port: Some(8080), ..target }));
//! published.matches = vec![
//!     Match::Value(ValueMatch { field: Field::DestinationPort, value: Value::Port(80), negate: false }),
//!     Match::DestinationType(AddressType::Local),
//!     Match::ConnectionState(ConnectionStates::NEW),
//! ];
//!
//! // The same for any number of ports, by a map from a port to an address and a port.
//! let ports = Set {
//!     data: Some(DataType::Values(vec![ValueType::Ipv4Address, ValueType::Port])),
//!     ..Set::new("ports", [ValueType::Port])
//! };
//! let by_map = Rule::new(Action::DestinationNatMap(MapLookup {
//!     fields: vec![Field::DestinationPort],
//!     map_name: ports.name.clone(),
//! }));
//! let element = Element {
//!     data: Some(Data::Values(vec![Value::Address(target.address), Value::Port(8080)])),
//!     ..Element::new([Value::Port(80)])
//! };
//!
//! // Packets with a mark get another one.
//! let mut marked = Rule::new(Action::SetMark(MarkChange { mask: 0x2000, value: 0x2000 }));
//! marked.matches.push(Match::MarkBits(MarkMatch { mask: 0x1000, value: 0x1000, negate: false }));
//! marked.actions.push(Action::Verdict(Verdict::Accept));
//! # }
//! ```

use std::net::IpAddr;

use cofferdam_protocol::{IpPrefix, MacAddress};

use crate::{Error, Namespace, bindings::nftables, convert::mac_to_wit};

pub use crate::bindings::nftables::{
    Action, AddressType, Base, Chain, ChainType, ConnectionStates, Data, DataType, Element, Family, Field, Hook,
    MapLookup, MarkChange, MarkMatch, Match, NatTarget, PrefixMatch, Rule, Set, SetMatch, Table, TableId, Value,
    ValueMatch, ValueType, Verdict,
};

impl Table {
    /// A table without sets and chains.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::nftables::{Family, Table};
    /// assert!(Table::new(Family::Inet, "guard").chains.is_empty());
    /// ```
    #[must_use]
    pub fn new(family: Family, name: &str) -> Self {
        Self {
            id: TableId {
                family,
                name: name.to_owned(),
            },
            sets: Vec::new(),
            chains: Vec::new(),
        }
    }

    /// The same with a set or map.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::nftables::{Family, Set, Table, ValueType};
    /// let table = Table::new(Family::Inet, "guard").with_set(Set::new("blocked", [ValueType::Ipv4Address]));
    /// assert_eq!(table.sets[0].name, "blocked");
    /// ```
    #[must_use]
    pub fn with_set(mut self, set: Set) -> Self {
        self.sets.push(set);
        self
    }

    /// The same with a chain.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::nftables::{Chain, Family, Table};
    /// let table = Table::new(Family::Inet, "guard").with_chain(Chain::new("to-containers"));
    /// assert_eq!(table.chains[0].name, "to-containers");
    /// ```
    #[must_use]
    pub fn with_chain(mut self, chain: Chain) -> Self {
        self.chains.push(chain);
        self
    }
}

impl Set {
    /// A set.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::nftables::{Set, ValueType};
    /// // Of an address and a port.
    /// let set = Set::new("open", [ValueType::Ipv4Address, ValueType::Port]);
    /// ```
    #[must_use]
    pub fn new(name: &str, key: impl Into<Vec<ValueType>>) -> Self {
        Self {
            name: name.to_owned(),
            key: key.into(),
            data: None,
        }
    }

    /// A map that gives a verdict.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::nftables::{DataType, Set, ValueType};
    /// let map = Set::verdict_map("chain-of", [ValueType::Ipv4Address]);
    /// assert_eq!(map.data, Some(DataType::Verdict));
    /// ```
    #[must_use]
    pub fn verdict_map(name: &str, key: impl Into<Vec<ValueType>>) -> Self {
        Self {
            data: Some(DataType::Verdict),
            ..Self::new(name, key)
        }
    }
}

impl Chain {
    /// A chain without rules.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::nftables::Chain;
    /// assert_eq!(Chain::new("to-containers").base, None);
    /// ```
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            base: None,
            rules: Vec::new(),
        }
    }

    /// The same as a base chain.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::nftables::{Base, Chain, ChainType, Hook};
    /// let chain = Chain::new("postrouting").with_base(Base {
    ///     chain_type: ChainType::Nat,
    ///     hook: Hook::Postrouting,
    ///     priority: 100,
    ///     default_drop: false,
    /// });
    /// ```
    #[must_use]
    pub fn with_base(mut self, base: Base) -> Self {
        self.base = Some(base);
        self
    }

    /// The same with a rule at the end.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::nftables::{Action, Chain, Rule, Verdict};
    /// let chain = Chain::new("blocked").with_rule(Rule::new(Action::Verdict(Verdict::Drop)));
    /// assert_eq!(chain.rules.len(), 1);
    /// ```
    #[must_use]
    pub fn with_rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }
}

impl Rule {
    /// A rule for all packets.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::nftables::{Action, Rule, Verdict};
    /// let rule = Rule::new(Action::Verdict(Verdict::Accept));
    /// ```
    #[must_use]
    pub fn new(action: Action) -> Self {
        Self {
            matches: Vec::new(),
            actions: vec![action],
            comment: None,
        }
    }

    /// The same, only for packets whose destination lies in a network.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::nftables::{Action, Match, PrefixMatch, Rule, Verdict};
    /// let multicast = "224.0.0.0/4".parse().unwrap();
    /// let rule = Rule::new(Action::Verdict(Verdict::Return)).when_to(multicast);
    /// assert!(matches!(&rule.matches[0], Match::Prefix(PrefixMatch { negate: false, .. })));
    /// ```
    #[must_use]
    pub fn when_to(self, network: IpPrefix) -> Self {
        self.when_destination(network, false)
    }

    /// The same, only for packets whose destination lies outside a network.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::nftables::{Action, Rule};
    /// let own = "10.22.0.0/16".parse().unwrap();
    /// let rule = Rule::new(Action::Masquerade).unless_to(own);
    /// ```
    #[must_use]
    pub fn unless_to(self, network: IpPrefix) -> Self {
        self.when_destination(network, true)
    }

    /// The same, only for packets whose fields are in a set of the table.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::nftables::{Action, Field, Match, Rule, SetMatch, Verdict};
    /// let rule = Rule::new(Action::Verdict(Verdict::Drop)).when_in_set([Field::IpSource], "blocked");
    /// assert!(matches!(&rule.matches[0], Match::InSet(SetMatch { set_name, .. }) if set_name == "blocked"));
    /// ```
    #[must_use]
    pub fn when_in_set(mut self, fields: impl Into<Vec<Field>>, set: &str) -> Self {
        self.matches.push(Match::InSet(SetMatch {
            fields: fields.into(),
            set_name: set.to_owned(),
            negate: false,
        }));
        self
    }

    fn when_destination(mut self, network: IpPrefix, negate: bool) -> Self {
        let field = if network.is_ipv6() {
            Field::Ip6Destination
        } else {
            Field::IpDestination
        };
        self.matches.push(Match::Prefix(PrefixMatch {
            field,
            prefix: network.network().into(),
            negate,
        }));
        self
    }
}

impl Action {
    /// The verdict that a map gives for the fields.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::nftables::{Action, Field, Rule};
    /// let rule = Rule::new(Action::verdict_from("chain-of", [Field::IpSource]));
    /// ```
    #[must_use]
    pub fn verdict_from(map: &str, fields: impl Into<Vec<Field>>) -> Self {
        Self::VerdictMap(MapLookup {
            fields: fields.into(),
            map_name: map.to_owned(),
        })
    }
}

impl Element {
    /// A member of a set.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::nftables::{Element, Value};
    /// let address: std::net::IpAddr = "10.22.0.2".parse().unwrap();
    /// let element = Element::new([Value::from(address)]);
    /// ```
    #[must_use]
    pub fn new(key: impl Into<Vec<Value>>) -> Self {
        Self {
            key: key.into(),
            data: None,
        }
    }

    /// The same with the verdict that the map gives for it.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::nftables::{Element, Value, Verdict};
    /// let address: std::net::IpAddr = "10.22.0.2".parse().unwrap();
    /// let element = Element::new([Value::from(address)]).with_verdict(Verdict::Goto("to-net".to_owned()));
    /// ```
    #[must_use]
    pub fn with_verdict(mut self, verdict: Verdict) -> Self {
        self.data = Some(Data::Verdict(verdict));
        self
    }
}

impl From<MacAddress> for Value {
    fn from(address: MacAddress) -> Self {
        Self::Ether(mac_to_wit(address))
    }
}

impl From<IpAddr> for Value {
    fn from(address: IpAddr) -> Self {
        Self::Address(address.into())
    }
}

#[allow(clippy::missing_errors_doc)]
impl Namespace {
    /// Makes the table, or takes the existing one if it is the same. In the
    /// node's namespace its rules keep to packets of attachments, by sets or
    /// maps with an address or interface in their key, unless more is granted.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, Namespace, nftables::{Family, Set, Table, ValueType}};
    /// # fn example(host: &Namespace) -> Result<(), Error> {
    /// let table = Table::new(Family::Inet, "guard").with_set(Set::new("blocked", [ValueType::Ipv4Address]));
    /// host.ensure_table(&table)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Conflict`] when somebody else made a table of that name,
    /// [`Error::Denied`] when a rule decides on packets that may be others'.
    pub fn ensure_table(&self, table: &Table) -> Result<(), Error> {
        Ok(nftables::ensure_table(&self.0, table)?)
    }

    /// Makes a chain (not a base chain) in a table of this plugin, or takes
    /// the existing one if it is the same.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, Namespace, nftables::{Chain, Table}};
    /// # fn example(host: &Namespace, table: &Table) -> Result<(), Error> {
    /// host.ensure_chain(&table.id, &Chain::new("to-net"))?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn ensure_chain(&self, table: &TableId, chain: &Chain) -> Result<(), Error> {
        Ok(nftables::ensure_chain(&self.0, table, chain)?)
    }

    /// Adds elements to a set or map, all or none. One that this attachment
    /// has already is left as it is.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, Namespace, nftables::{Element, Table, Value}};
    /// # fn example(host: &Namespace, table: &Table, address: std::net::IpAddr) -> Result<(), Error> {
    /// let element = Element::new([Value::from(address)]);
    /// host.add_elements(&table.id, "blocked", &[element])?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Conflict`] when another attachment has one, [`Error::Denied`]
    /// when one holds an address, interface or port that is neither this
    /// attachment's nor granted. Put addresses on the container's link first.
    pub fn add_elements(&self, table: &TableId, set: &str, elements: &[Element]) -> Result<(), Error> {
        Ok(nftables::add_elements(&self.0, table, set, elements)?)
    }

    /// Adds elements that attachments share: each stays until the last
    /// attachment that added it is gone.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, Namespace, nftables::{Element, Table, Value}};
    /// # fn example(host: &Namespace, table: &Table, address: std::net::IpAddr) -> Result<(), Error> {
    /// let element = Element::new([Value::from(address)]);
    /// host.share_elements(&table.id, "networks", &[element])?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Conflict`] when one is an attachment's own, [`Error::Denied`]
    /// as for [`add_elements`](Self::add_elements).
    pub fn share_elements(&self, table: &TableId, set: &str, elements: &[Element]) -> Result<(), Error> {
        Ok(nftables::share_elements(&self.0, table, set, elements)?)
    }

    /// Removes elements of this attachment. One that is missing is success.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, Namespace, nftables::{Element, Table, Value}};
    /// # fn example(host: &Namespace, table: &Table, address: std::net::IpAddr) -> Result<(), Error> {
    /// let element = Element::new([Value::from(address)]);
    /// host.delete_elements(&table.id, "blocked", &[element])?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn delete_elements(&self, table: &TableId, set: &str, elements: &[Element]) -> Result<(), Error> {
        Ok(nftables::delete_elements(&self.0, table, set, elements)?)
    }

    /// Whether the elements are there, in the order asked.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, Namespace, nftables::{Element, Table, Value}};
    /// # fn example(host: &Namespace, table: &Table, address: std::net::IpAddr) -> Result<(), Error> {
    /// let element = Element::new([Value::from(address)]);
    /// let is_blocked = host.has_elements(&table.id, "blocked", &[element])? == [true];
    /// # Ok(())
    /// # }
    /// ```
    pub fn has_elements(&self, table: &TableId, set: &str, elements: &[Element]) -> Result<Vec<bool>, Error> {
        Ok(nftables::has_elements(&self.0, table, set, elements)?)
    }
}
