//! What a need is about, in words.

use cofferdam_policy::{Need, Operation};
use cofferdam_protocol::Place;

/// What a component asks for by a need, without its bounds.
pub(crate) fn of_need(need: &Need) -> String {
    let words: Vec<&str> = need.operations().map(of_operation).collect();
    let place = match need.place() {
        Some(Place::Host) => " in the node's namespace",
        Some(Place::Container) => " in the container's namespace",
        None => "",
    };
    format!("{}{place}", words.join("; "))
}

fn of_operation(operation: Operation) -> &'static str {
    match operation {
        Operation::LinkSee => "look at network interfaces",
        Operation::LinkCreate => "create network interfaces",
        Operation::LinkSet => "change settings of network interfaces",
        Operation::LinkDelete => "delete network interfaces",
        Operation::AddressSee => "look at addresses of network interfaces",
        Operation::AddressAdd => "add addresses to network interfaces",
        Operation::AddressDelete => "remove addresses from network interfaces",
        Operation::RouteSee => "look at routes",
        Operation::RouteAdd => "add routes",
        Operation::RouteDelete => "remove routes",
        Operation::RuleSee => "look at routing rules",
        Operation::RuleAdd => "add routing rules",
        Operation::RuleDelete => "remove routing rules",
        Operation::NeighborSee => "look at permanent neighbours",
        Operation::NeighborAdd => "add permanent neighbours",
        Operation::NeighborDelete => "remove permanent neighbours",
        Operation::SysctlRead => "read kernel settings",
        Operation::SysctlWrite => "write kernel settings",
        Operation::NftablesTable => "set up tables and chains of the packet filter",
        Operation::NftablesElement => "fill sets of the packet filter",
        Operation::QdiscSee => "look at how fast network interfaces send",
        Operation::QdiscSet => "limit how fast network interfaces send, and redirect what they get",
        Operation::ConntrackForget => "have tracked connections forgotten",
        Operation::StoreOpen => "read and write its own records",
        Operation::ResolverRead => "read the node's file on name resolution",
        Operation::IpamDelegate => "call an address management plugin",
        Operation::AllowListRead => "read what the operator lets containers have set",
        Operation::ForwardingAccept => "have the node forward what containers send and get",
        Operation::ForwardingPublish => "have the node forward connections to published ports",
        Operation::ForwardingZone => "put containers into zones of firewalld",
        Operation::PacketExchange => "exchange UDP datagrams",
        Operation::UpkeepKeep => "keep a record that it is called again for",
        Operation::VxlanJoin => "join bridges to VXLANs",
        Operation::VlanJoin => "put ports of bridges into VLANs",
        Operation::DeviceTake => "take a network device of the node",
        Operation::HttpRequest => "send HTTP requests to services",
    }
}
