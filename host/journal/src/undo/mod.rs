//! Carries out inverses. Each looks before it acts: what is gone is gone, and
//! what is not ours by now, or was changed by somebody else since, is left
//! alone and told of.

mod addresses;
mod claims;
mod devices;
mod elements;
mod link_settings;
mod links;
mod neighbors;
mod owned;
mod report;
mod routes;
mod rules;
mod shared;
mod sysctl;
mod traffic;
mod unrecorded;
mod upkeep;

use std::time::Instant;

use cofferdam_network::{Error as NetworkError, Network};
use cofferdam_system::Errno;
use thiserror::Error;

pub(crate) use owned::{Holdings, Kept};
pub use report::{Report, ReportItem};

use crate::{AttachmentId, Entry, Error, NamespaceRecord, Owned, Quota, model::Inverse, shared::Shared};

/// What undoing needs.
pub struct Undo<'a> {
    /// The kernel.
    pub network: &'a mut dyn Network,
    /// The registry of shared objects.
    pub shared: &'a Shared,
    /// Whose work is undone.
    pub id: &'a AttachmentId,
    /// When waiting for locks ends.
    pub deadline: Instant,
}

/// How an inverse went well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undone {
    /// The kernel is as it was before.
    Restored,
    /// There was nothing to do: it was gone, or goes with something else.
    Nothing,
    /// It was left as it is; the text says why.
    Left(String),
}

/// Why an inverse could not be carried out.
#[derive(Debug, Error)]
pub enum UndoError {
    /// The kernel refused.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// A file or a lock.
    #[error(transparent)]
    Record(#[from] Error),
}

/// What came of one inverse.
pub type UndoOutcome = Result<Undone, UndoError>;

impl<'a> Undo<'a> {
    /// What these operations own.
    pub(crate) fn holdings(&self, namespace: Option<NamespaceRecord>, pending: &[Entry]) -> Holdings<'a> {
        Holdings::new(Owned::new(self.shared.state()), self.id, namespace, pending)
    }
}

impl Undo<'_> {
    /// Carries out the inverse of one operation on record.
    pub(crate) fn carry_out(&mut self, entry: &Entry) -> UndoOutcome {
        match self.run(entry) {
            // What was in a namespace went with it.
            Err(UndoError::Network(NetworkError::NoNamespace(_))) => Ok(Undone::Nothing),
            other => other,
        }
    }

    /// For what an earlier boot did: the kernel has forgotten it, files have
    /// not.
    pub(crate) fn forget(&mut self, entry: &Entry) -> UndoOutcome {
        match entry.inverse {
            Inverse::ReleaseClaim { .. } | Inverse::LeaveShared { .. } | Inverse::FreeSlot { .. } => self.run(entry),
            Inverse::EndUpkeep { ref plugin } => self.forget_upkeep(plugin),
            _ => Ok(Undone::Nothing),
        }
    }

    fn run(&mut self, entry: &Entry) -> UndoOutcome {
        match &entry.inverse {
            Inverse::WithLink { .. } => Ok(Undone::Nothing),
            Inverse::DeleteLink { .. } => self.delete_link(entry),
            Inverse::LeaveShared { object } => self.leave(object),
            Inverse::FreeSlot { counter, number } => {
                let freed = Quota::new(self.shared.state()).free(counter, *number, self.id);
                Ok(if freed { Undone::Restored } else { Undone::Nothing })
            }
            Inverse::ReleaseClaim { directory, address } => self.release_claim(directory, address),
            Inverse::EndUpkeep { plugin } => self.end_upkeep(plugin),
            Inverse::AddAddress { link, .. } | Inverse::AddRoute { link, .. } | Inverse::AddNeighbor { link, .. }
                if self.network.link(*link)?.is_none() =>
            {
                Ok(Undone::Nothing)
            }
            Inverse::AddAddress { link, address, .. } => self.add_address(*link, *address),
            Inverse::DeleteAddress { link, address, .. } => self.delete_address(*link, *address),
            Inverse::AddRoute { link, route, .. } => self.add_route(*link, route),
            Inverse::DeleteRoute { link, route, .. } => self.delete_route(*link, route),
            Inverse::AddRule { place, rule } => self.add_rule(*place, rule),
            Inverse::DeleteRule { place, rule } => self.delete_rule(*place, rule),
            Inverse::AddNeighbor { link, neighbor, .. } => self.add_neighbor(*link, neighbor),
            Inverse::DeleteNeighbor { link, neighbor, .. } => self.delete_neighbor(*link, neighbor),
            Inverse::RefuseForwarding { address, what } => deleted(self.network.refuse_forwarding(*address, *what)),
            Inverse::LeaveZone { address, zone } => deleted(self.network.leave_zone(*address, zone)),
            Inverse::RestoreSysctl { place, key, old, new } => self.restore_sysctl(*place, key, old, new),
            Inverse::DeleteRateLimit { link, limit, .. } => self.delete_rate_limit(*link, limit),
            Inverse::DeleteRedirect { link, to, .. } => self.delete_redirect(*link, *to),
            Inverse::ForgetFlows { place, flows } => self.forget_flows(*place, flows),
            Inverse::AddElements { .. } | Inverse::DeleteElements { .. } => self.run_elements(&entry.inverse),
            Inverse::ReturnDevice { device, inside } => self.return_device(entry, device, inside),
            Inverse::RestoreUp { .. }
            | Inverse::RestoreMtu { .. }
            | Inverse::RestoreMac { .. }
            | Inverse::RestorePromiscuous { .. }
            | Inverse::RestoreAllMulticast { .. }
            | Inverse::RestoreQueueLength { .. }
            | Inverse::RestoreMaster { .. }
            | Inverse::RestoreHairpin { .. }
            | Inverse::RestoreIsolated { .. } => self.restore_link_setting(entry),
        }
    }
}

/// What we made is deleted; what is gone needs no deleting.
fn deleted(result: cofferdam_network::Result<()>) -> UndoOutcome {
    match result {
        Ok(()) => Ok(Undone::Restored),
        Err(NetworkError::NotFound(_)) => Ok(Undone::Nothing),
        Err(error) => Err(error.into()),
    }
}

/// What was there before is put back. What it belonged to may be gone, and
/// what others changed since may have left no room for it: then the kernel
/// will refuse the next time, too, and a DEL must not fail for ever.
fn put_back(result: cofferdam_network::Result<()>) -> UndoOutcome {
    match result {
        Ok(()) => Ok(Undone::Restored),
        Err(NetworkError::NotFound(_)) => Ok(Undone::Nothing),
        Err(error) if is_final(&error) => Ok(Undone::Left(format!("it can't be put back: {error}"))),
        Err(error) => Err(error.into()),
    }
}

fn is_final(error: &NetworkError) -> bool {
    match error {
        NetworkError::AlreadyExists(_)
        | NetworkError::Invalid(_)
        | NetworkError::Conflict(_)
        | NetworkError::Unsupported(_) => true,
        NetworkError::Os { errno, .. } => matches!(
            errno,
            Errno::EINVAL | Errno::ERANGE | Errno::ENETUNREACH | Errno::EHOSTUNREACH | Errno::ENETDOWN
        ),
        NetworkError::NotFound(_) | NetworkError::Deadline(_) | NetworkError::NoNamespace(_) => false,
    }
}
