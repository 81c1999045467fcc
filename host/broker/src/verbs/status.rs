use std::fs;

use cofferdam_journal::StateDirectory;
use cofferdam_network::{
    Network as _,
    nftables::{Family, TableId},
};
use cofferdam_policy::Operation;
use cofferdam_protocol::{CniError, Place, json::Node};

use super::add::{foresee_members, journal_failure, of_member};
use crate::{call::Call, codes, component::run, mode::Mode, session::Session};

/// The specification's "plugin not available".
const NOT_AVAILABLE: u32 = 50;

/// Says whether an ADD would be served: the state directory, what the kernel
/// has to be able to, each member's policy and component with those of the
/// address management plugin, and what the components say themselves.
pub(crate) fn status(call: &Call) -> Result<String, CniError> {
    let state = StateDirectory::open_to_look(&call.installation.state());
    let state = state.map_err(|error| not_available(journal_failure(error)))?;
    state.try_write().map_err(|error| unwritable(&error))?;
    may_enter_namespaces()?;
    ask_routing(call)?;
    let mut session = Session::new(call, Mode::Status, &state, call.host_kernel(), None).map_err(not_available)?;
    foresee_members(call, &session).map_err(not_available)?;
    ask_packet_filter(call, &mut session)?;
    for member in &call.members {
        let task = call.network_task(member, &[]);
        let (returned, answer) = run(session, &member.plugin, member.config.clone(), task);
        session = returned;
        answer.map_err(|error| not_available(of_member(call, member, error)))?;
    }
    Ok(String::new())
}

fn unwritable(error: &cofferdam_journal::Error) -> CniError {
    let text = format!(
        "nothing can be attached, since it could not be put on record: {error}; make room there, or mount it writable"
    );
    CniError::new(NOT_AVAILABLE, text)
}

/// An ADD goes into the container's namespace, which takes the first of these,
/// and changes something there.
const CAPABILITIES: [(&str, u64); 2] = [("CAP_SYS_ADMIN", 1 << 21), ("CAP_NET_ADMIN", 1 << 12)];

fn may_enter_namespaces() -> Result<(), CniError> {
    // Where the kernel does not tell, an ADD will.
    let Some(effective) = effective_capabilities() else {
        return Ok(());
    };
    let missing: Vec<&str> = CAPABILITIES
        .iter()
        .filter(|(_, bit)| effective & bit == 0)
        .map(|(name, _)| *name)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let text = format!(
        "nothing can be attached, since this process can't work in containers' network namespaces without {}; the \
         runtime has to run plugins with it, as root has it",
        missing.join(" and ")
    );
    Err(CniError::new(NOT_AVAILABLE, text))
}

fn effective_capabilities() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:"))?;
    u64::from_str_radix(effective.trim(), 16).ok()
}

fn ask_routing(call: &Call) -> Result<(), CniError> {
    let answer = call.host_kernel().link_by_name(Place::Host, "lo");
    answer.map(drop).map_err(|error| {
        let text = format!(
            "nothing can be attached, since the kernel can't be asked about links: {error}; the runtime's sandbox has to let \
             plugins use netlink sockets"
        );
        CniError::new(NOT_AVAILABLE, text)
    })
}

/// Where a member needs the kernel's nf_tables for this configuration, asks it
/// for a table. Whether that is there is no matter.
fn ask_packet_filter(call: &Call, session: &mut Session) -> Result<(), CniError> {
    const PACKET_FILTER: [Operation; 2] = [Operation::NftablesTable, Operation::NftablesElement];
    let is_needed = session.plugins.with_configs(call).any(|(loaded, config)| {
        let is_configured = |key: &str| config.tree().get(key).is_some_and(is_something);
        loaded.grants.has_any(&PACKET_FILTER, Place::Host)
            && loaded.needs.has_any(&PACKET_FILTER, Place::Host, is_configured)
    });
    if !is_needed {
        return Ok(());
    }
    let table = TableId {
        family: Family::Inet,
        name: "cofferdam_status".to_owned(),
    };
    session.network.has_table(Place::Host, &table).map(drop).map_err(|error| {
        let text = format!(
            "network {:?} needs the kernel's nf_tables, which can't be used: {error}; load the module nf_tables, or run a \
             kernel with CONFIG_NF_TABLES and CONFIG_NF_TABLES_INET",
            call.attachment.network
        );
        CniError::new(NOT_AVAILABLE, text)
    })
}

/// Whether a key of a configuration asks for anything.
fn is_something(value: &Node) -> bool {
    match value {
        Node::Null | Node::Bool(false) => false,
        Node::String(text) => !text.is_empty(),
        Node::Array(items) => !items.is_empty(),
        _ => true,
    }
}

/// What the host finds wrong has a code of the host; for STATUS the
/// specification has its own. A plugin's 50 or 51 stays.
pub(super) fn not_available(error: CniError) -> CniError {
    let host_side = [
        codes::DENIED,
        codes::COMPONENT,
        codes::FAULT,
        codes::JOURNAL,
        codes::CONFINEMENT,
    ]
    .contains(&error.code);
    if host_side {
        CniError {
            code: NOT_AVAILABLE,
            ..error
        }
    } else {
        error
    }
}
