use std::{
    net::IpAddr,
    sync::{Arc, Mutex},
};

use cofferdam_journal::{Operation, Progress, StateDirectory};
use cofferdam_network::{Error, LinkId, LinkInfo, LinkSettings, PortVlans, Result, Rule, SysctlKey, nftables};
use cofferdam_policy::{Grants, Mark, Packets, Question};
use cofferdam_protocol::{IpPrefix, Place};
use cofferdam_simulation::{Observer, Side, Sides};
use nix::errno::Errno;

use super::{
    packets,
    script::{Fault, Kind},
};

/// Table that a route is in which names none.
const MAIN_TABLE: u32 = 254;

/// What the host is at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    /// The component runs.
    #[default]
    Coming,
    /// It is over: everything goes back.
    Going,
}

/// What the test and the observer know of each other.
#[derive(Debug, Default)]
pub(super) struct Watch {
    pub(super) phase: Phase,
    /// When the fault struck.
    pub(super) struck: Option<Phase>,
}

/// Holds each change against the journal and the grants, by rules of its own,
/// and lets the kernel fail where the input says so.
pub(super) struct Watcher {
    state: StateDirectory,
    grants: Grants,
    before: Sides,
    fault: Option<Fault>,
    watch: Arc<Mutex<Watch>>,
    /// Changes so far.
    count: u32,
    /// Operations that were on record at the last change.
    on_record: usize,
    /// What the kernel is to say although it did what was asked.
    late: Option<Error>,
}

impl Observer for Watcher {
    fn change(&mut self, sides: &Sides, operation: &Operation) -> Result<()> {
        let phase = self.watch.lock().unwrap().phase;
        if phase == Phase::Coming && !self.is_refusal_of_strangers(operation) {
            self.check_on_record(operation);
            assert!(self.is_granted(sides, operation), "{operation:?} is not granted");
        }
        self.count += 1;
        match self.fault {
            Some(fault) if fault.at == self.count => {
                self.watch.lock().unwrap().struck = Some(phase);
                self.strike(fault.kind)
            }
            _ => Ok(()),
        }
    }

    fn changed(&mut self) -> Result<()> {
        self.late.take().map_or(Ok(()), Err)
    }

    fn read(&mut self, _: &Sides, place: Place, key: &SysctlKey) {
        if self.watch.lock().unwrap().phase == Phase::Going {
            return;
        }
        let key = key.parts();
        // What is to be set is looked at first.
        let writes = ["0", "1", "2"].map(|value| Question::SysctlWrite { place, key, value });
        let allowed =
            self.allows(&Question::SysctlRead { place, key }) || writes.iter().any(|write| self.allows(write));
        assert!(allowed, "{key:?} is read, and not granted");
    }
}

impl Watcher {
    pub(super) fn new(
        state: StateDirectory,
        grants: Grants,
        before: Sides,
        fault: Option<Fault>,
        watch: Arc<Mutex<Watch>>,
    ) -> Self {
        Self {
            state,
            grants,
            before,
            fault,
            watch,
            count: 0,
            on_record: 0,
            late: None,
        }
    }

    fn strike(&mut self, kind: Kind) -> Result<()> {
        let refused = |errno| {
            Err(Error::Os {
                errno,
                context: "the simulated kernel".to_owned(),
            })
        };
        match kind {
            Kind::NotPermitted => refused(Errno::EPERM),
            Kind::NoMemory => refused(Errno::ENOMEM),
            Kind::Slow => Err(Error::Deadline("the simulated kernel".to_owned())),
            Kind::DoneButSlow => {
                self.late = Some(Error::Deadline("the simulated kernel".to_owned()));
                Ok(())
            }
        }
    }

    /// A link of the host's making takes no routes from routers or redirects,
    /// whatever the component says; the setting goes with the link.
    fn is_refusal_of_strangers(&self, operation: &Operation) -> bool {
        let Operation::SetSysctl {
            place: Place::Host,
            key,
            value,
        } = operation
        else {
            return false;
        };
        match key.parts() {
            [_, family, conf, name, what] => {
                let known = matches!(
                    (family.as_str(), what.as_str()),
                    ("ipv6", "accept_ra") | ("ipv4" | "ipv6", "accept_redirects")
                );
                known && conf == "conf" && value == "0" && self.before.host.by_name(name).is_none()
            }
            _ => false,
        }
    }

    /// The way back is on record before the kernel is asked, once for each
    /// time.
    fn check_on_record(&mut self, operation: &Operation) {
        let attachments = self.state.attachments(None).unwrap();
        let [attachment] = attachments.as_slice() else {
            panic!("{} attachments are on record", attachments.len());
        };
        let history = attachment.history.as_ref().expect("a journal can be read");
        assert_eq!(history.damaged_lines(), 0);
        let entries = history.entries();
        assert!(entries.len() > self.on_record, "{operation:?} is not on record");
        self.on_record = entries.len();
        let last = entries.last().expect("there is one");
        assert_eq!(last.progress, Progress::Intended, "{operation:?}");
        let same = match (&last.operation, operation) {
            // Of a table that is there the chains are replaced, and those that
            // it no longer has emptied.
            (Operation::CreateTable { place, table }, Operation::ReplaceChains { place: at, table: new }) => {
                let (kept, emptied) = new.chains.split_at(table.chains.len().min(new.chains.len()));
                (place, &table.id, &table.sets) == (at, &new.id, &new.sets)
                    && table.chains == kept
                    && emptied.iter().all(|chain| chain.rules.is_empty())
            }
            (recorded, operation) => recorded == operation,
        };
        assert!(same, "{operation:?} is done, and {:?} on record", last.operation);
    }

    fn allows(&self, question: &Question<'_>) -> bool {
        self.grants.decide(question).is_ok()
    }

    /// Made in this request, and no bridge, which is shared.
    fn is_own(&self, info: &LinkInfo) -> bool {
        info.kind == "veth" && self.is_new(info.id)
    }

    fn is_new(&self, link: LinkId) -> bool {
        !self.before.at(link.place).links.contains_key(&link.index)
    }

    fn may_set(&self, info: &LinkInfo, what: &str) -> bool {
        let question = Question::LinkSet {
            place: info.id.place,
            kind: &info.kind,
            name: &info.name,
            what,
        };
        self.is_own(info) || self.allows(&question)
    }

    fn may_shape(&self, sides: &Sides, link: LinkId) -> bool {
        let Some(info) = sides.at(link.place).links.get(&link.index) else {
            return true;
        };
        let question = Question::QdiscSet {
            place: link.place,
            kind: &info.kind,
            link: &info.name,
        };
        self.is_own(info) || self.allows(&question)
    }

    /// A master is one's own making, a bridge that one may join, or granted.
    fn may_join(&self, sides: &Sides, place: Place, master: Option<u32>) -> bool {
        let Some(master) = master.and_then(|index| sides.at(place).links.get(&index)) else {
            return true;
        };
        let (kind, name) = (master.kind.as_str(), master.name.as_str());
        let joins = Question::link_create(place, kind, name);
        self.may_set(master, "ports") || kind == "bridge" && self.allows(&joins)
    }

    fn keeps_to_attachment(&self, sides: &Sides, rule: &Rule) -> bool {
        let input = rule
            .input_interface
            .as_deref()
            .and_then(|name| sides.host.by_name(name));
        let source = rule.source.filter(|source| *source == IpPrefix::host(source.address()));
        input.is_some_and(|info| self.is_own(info))
            || source.is_some_and(|source| is_containers(sides, source.address()))
    }

    fn may_use_table(&self, place: Place, table: &nftables::TableId, chains: &[nftables::Chain]) -> bool {
        let bases = chains.iter().filter_map(|chain| chain.base.as_ref());
        let hooks: Vec<(&str, i32)> = bases.map(|base| (hook(base.hook), base.priority)).collect();
        let family = table.family.to_string();
        let ask = |packets: &[Packets], marks: &[Mark]| {
            self.allows(&Question::NftTable {
                place,
                family: &family,
                table: &table.name,
                hooks: &hooks,
                packets,
                marks,
            })
        };
        let concerned = [packets::decided(chains), packets::written(chains)].concat();
        let rules = chains.iter().flat_map(|chain| &chain.rules);
        let mut marks = rules.flat_map(|rule| &rule.actions).filter_map(|action| match action {
            nftables::Action::SetMark { mask, value } => Mark::new(*value, *mask),
            _ => None,
        });
        let is_allowed = |packets| ask(std::slice::from_ref(packets), &[]);
        ask(&[], &[])
            && (place == Place::Container
                || concerned.iter().all(is_allowed) && marks.all(|mark| ask(&[], std::slice::from_ref(&mark))))
    }

    /// What an element in the node's namespace holds is the attachment's own,
    /// or granted.
    fn may_use_set(
        &self,
        sides: &Sides,
        place: Place,
        table: &nftables::TableId,
        set: &nftables::Set,
        elements: &[nftables::Element],
    ) -> bool {
        let family = table.family.to_string();
        let ask = |addresses: &[IpAddr], links: &[String]| {
            self.allows(&Question::NftElement {
                place,
                family: &family,
                table: &table.name,
                set: &set.name,
                addresses,
                links,
                ports: &[],
            })
        };
        let values = elements.iter().flat_map(|element| {
            let data = match &element.data {
                Some(nftables::Data::Values(values)) => values.as_slice(),
                _ => &[],
            };
            element.key.iter().chain(data)
        });
        let mut values = values.map(|value| match value {
            nftables::Value::Address(address) => is_containers(sides, *address) || ask(&[*address], &[]),
            nftables::Value::InterfaceName(name) => {
                let link = sides.host.by_name(name);
                link.is_some_and(|info| self.is_own(info)) || ask(&[], std::slice::from_ref(name))
            }
            _ => true,
        });
        ask(&[], &[]) && (place == Place::Container || values.all(|allowed| allowed))
    }

    fn is_granted(&self, sides: &Sides, operation: &Operation) -> bool {
        let info = |link: &LinkId| sides.at(link.place).links.get(&link.index);
        match operation {
            Operation::CreateBridge { bridge } => {
                self.allows(&Question::link_create(bridge.place, "bridge", &bridge.name))
            }
            Operation::CreateVeth { first, second } => [first, second].into_iter().all(|end| {
                let create = Question::link_create(end.place, "veth", &end.name);
                self.allows(&create) && self.may_join(sides, end.place, end.master)
            }),
            Operation::UseParent { .. } => true,
            Operation::TakeDevice { link, .. } => info(link).is_none_or(|info| {
                self.allows(&Question::DeviceTake {
                    kind: &info.kind,
                    name: &info.name,
                    is_nodes: false,
                })
            }),
            Operation::CreateLink { link } => {
                self.allows(&Question::link_create(link.place, link.settings.kind(), &link.name))
            }
            // Nobody else's could be put back.
            Operation::DeleteLink { link, .. } => info(link).is_some_and(|info| self.is_own(info)),
            Operation::SetLinkUp { link, .. } => info(link).is_none_or(|info| self.may_set(info, "up")),
            Operation::SetLinkMtu { link, .. } => info(link).is_none_or(|info| self.may_set(info, "mtu")),
            Operation::SetLinkMac { link, .. } => info(link).is_none_or(|info| self.may_set(info, "mac")),
            Operation::SetLinkPromiscuous { link, .. } => {
                info(link).is_none_or(|info| self.may_set(info, "promiscuous"))
            }
            Operation::SetLinkAllMulticast { link, .. } => {
                info(link).is_none_or(|info| self.may_set(info, "all-multicast"))
            }
            Operation::SetLinkQueueLength { link, .. } => {
                info(link).is_none_or(|info| self.may_set(info, "transmit-queue-length"))
            }
            Operation::SetPortHairpin { link, .. } => info(link).is_none_or(|info| self.may_set(info, "hairpin")),
            Operation::SetPortIsolated { link, .. } => info(link).is_none_or(|info| self.may_set(info, "isolated")),
            Operation::SetPortVlans { link, vlans, .. } => self.may_join_vlans(sides, *link, vlans),
            // Each is made of several changes.
            Operation::CreateVlanGateway { .. } | Operation::CreateVrf { .. } | Operation::CreateVxlan { .. } => false,
            Operation::AddVxlanPeer { link, peer, .. } => self.may_send_to(sides, *link, *peer),
            Operation::SetLinkMaster { link, master, .. } => {
                info(link).is_none_or(|info| self.may_set(info, "master")) && self.may_join(sides, link.place, *master)
            }
            Operation::CreateTable { place, table } | Operation::ReplaceChains { place, table } => {
                self.may_use_table(*place, &table.id, &table.chains)
            }
            Operation::CreateChain { place, table, chain } => {
                self.may_use_table(*place, table, std::slice::from_ref(chain))
            }
            Operation::AddElements {
                place,
                table,
                set,
                elements,
                ..
            } => self.may_use_set(sides, *place, table, set, elements),
            // Those that are there are the attachment's.
            Operation::DeleteElements { place, table, set, .. } => self.may_use_set(sides, *place, table, set, &[]),
            // A component has no such calls.
            Operation::DeleteTable { .. } | Operation::DeleteChain { .. } | Operation::Claim { .. } => false,
            // The simulated node has no iptables.
            Operation::LeadForwarding { .. } | Operation::AcceptForwarding { .. } | Operation::JoinZone { .. } => false,
            routing => self.is_routing_granted(sides, routing),
        }
    }

    /// In the node's namespace each VLAN that a port gets is granted.
    fn may_join_vlans(&self, sides: &Sides, port: LinkId, vlans: &PortVlans) -> bool {
        let side = sides.at(port.place);
        let before = side.vlans.get(&port.index).cloned().unwrap_or_default();
        let joined = vlans.beyond(&before);
        let master = side.links.get(&port.index).and_then(|info| info.master);
        let Some(bridge) = master.and_then(|index| side.links.get(&index)) else {
            return false;
        };
        port.place == Place::Container
            || joined.is_empty()
            || self.allows(&Question::VlanJoin {
                bridge: &bridge.name,
                vlans: &joined,
            })
    }

    /// The node that a VXLAN sends to is granted, for the bridge that it is a
    /// port of.
    fn may_send_to(&self, sides: &Sides, vxlan: LinkId, peer: IpAddr) -> bool {
        let side = sides.at(vxlan.place);
        let Some(info) = side.links.get(&vxlan.index) else {
            return true;
        };
        let bridge = info.master.and_then(|index| side.links.get(&index));
        let (Some(LinkSettings::Vxlan(settings)), Some(bridge)) = (&info.settings, bridge) else {
            return false;
        };
        self.allows(&Question::VxlanJoin {
            bridge: &bridge.name,
            id: settings.id,
            peers: &[peer],
        })
    }

    fn is_routing_granted(&self, sides: &Sides, operation: &Operation) -> bool {
        let is_own = |link: &LinkId| {
            let info = sides.at(link.place).links.get(&link.index);
            // What is gone can't be changed.
            info.is_none_or(|info| self.is_own(info))
        };
        let known = |link: &LinkId| sides.at(link.place).links.contains_key(&link.index);
        match operation {
            Operation::AddAddress {
                link, name, address, ..
            } => {
                let (place, address) = (link.place, *address);
                self.allows(&Question::AddressAdd {
                    place,
                    link: name,
                    address,
                }) || !known(link)
            }
            Operation::DeleteAddress { link, name, address } => {
                let (place, address) = (link.place, *address);
                let delete = Question::AddressDelete {
                    place,
                    link: name,
                    address,
                };
                is_own(link) || self.allows(&delete)
            }
            Operation::AddRoute { link, name, route, .. } => {
                let add = Question::RouteAdd {
                    place: link.place,
                    link: name,
                    destination: route.destination,
                    table: route.table.unwrap_or(MAIN_TABLE),
                };
                self.allows(&add) || !known(link)
            }
            Operation::DeleteRoute { link, name, route } => {
                let delete = Question::RouteDelete {
                    place: link.place,
                    link: name,
                    destination: route.destination,
                    table: route.table.unwrap_or(MAIN_TABLE),
                };
                is_own(link) || self.allows(&delete)
            }
            Operation::AddRule { place, rule } => self.allows(&Question::RuleAdd {
                place: *place,
                table: rule.table,
                priority: rule.priority,
                of_others: *place == Place::Host && !self.keeps_to_attachment(sides, rule),
            }),
            Operation::DeleteRule { place, rule } => self.allows(&Question::RuleDelete {
                place: *place,
                table: rule.table,
                priority: rule.priority,
            }),
            Operation::AddNeighbor { link, name, neighbor } => {
                let (place, address) = (link.place, neighbor.address);
                self.allows(&Question::NeighborAdd {
                    place,
                    link: name,
                    address,
                }) || !known(link)
            }
            Operation::DeleteNeighbor { link, name, neighbor } => {
                let (place, address) = (link.place, neighbor.address);
                let delete = Question::NeighborDelete {
                    place,
                    link: name,
                    address,
                };
                is_own(link) || self.allows(&delete)
            }
            Operation::LimitRate { link, .. } => self.may_shape(sides, *link),
            Operation::RedirectIncoming { link, to, .. } => {
                self.may_shape(sides, *link) && self.may_shape(sides, LinkId { index: *to, ..*link })
            }
            Operation::ForgetFlows { place, flows } => {
                let ports: Vec<u16> = flows.iter().map(|flows| flows.port).collect();
                self.allows(&Question::ConntrackForget {
                    place: *place,
                    ports: &ports,
                })
            }
            Operation::SetSysctl { place, key, value } => self.allows(&Question::SysctlWrite {
                place: *place,
                key: key.parts(),
                value,
            }),
            _ => false,
        }
    }
}

/// The container has it, and the node does not.
fn is_containers(sides: &Sides, address: IpAddr) -> bool {
    let has = |side: &Side| {
        let mut all = side.addresses.values().flatten();
        all.any(|info| info.address.address() == address)
    };
    has(&sides.container) && !has(&sides.host)
}

fn hook(hook: nftables::Hook) -> &'static str {
    match hook {
        nftables::Hook::Prerouting => "prerouting",
        nftables::Hook::Input => "input",
        nftables::Hook::Forward => "forward",
        nftables::Hook::Output => "output",
        nftables::Hook::Postrouting => "postrouting",
    }
}
