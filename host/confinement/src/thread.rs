//! What each thread gives up by itself: the kernel keeps these per thread.

use rustix::{
    io::Errno,
    thread::{
        CapabilitiesSecureBits, CapabilitySet, CapabilitySets, capabilities, capability_is_in_bounding_set,
        remove_capability_from_bounding_set, set_capabilities, set_capabilities_secure_bits, set_no_new_privs,
    },
};

use crate::unsafe_calls::landlock_restrict_self;

/// Being root means nothing to `execve`, no capability can be made ambient,
/// none outlives a change of user, and none of this can be taken back.
const SECURE_BITS: CapabilitiesSecureBits = CapabilitiesSecureBits::NO_ROOT
    .union(CapabilitiesSecureBits::NO_ROOT_LOCKED)
    .union(CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE)
    .union(CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE_LOCKED)
    .union(CapabilitiesSecureBits::KEEP_CAPS_LOCKED);

/// What a thread keeps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rest {
    /// Capabilities, of those that it has.
    pub(crate) capabilities: CapabilitySet,
    /// The descriptor of a Landlock ruleset.
    pub(crate) ruleset: Option<i32>,
    /// Whether the bounding set is left as it is.
    pub(crate) bounding_set: bool,
}

/// What a thread did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Done {
    /// The capabilities that are left.
    pub(crate) capabilities: CapabilitySet,
    /// Whether the bounding set could be closed: that takes a capability.
    pub(crate) bounding_set_closed: bool,
}

/// A step of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Step {
    /// Giving up to gain privileges by executing a file (`PR_SET_NO_NEW_PRIVS`).
    NoNewPrivileges = 1,
    /// Entering the Landlock domain.
    FileView = 2,
    /// Locking the secure bits, and emptying the bounding set of capabilities.
    BoundingSet = 3,
    /// Giving capabilities up.
    Capabilities = 4,
}

impl Step {
    pub(crate) fn from_number(number: i32) -> Self {
        match number {
            1 => Self::NoNewPrivileges,
            2 => Self::FileView,
            3 => Self::BoundingSet,
            _ => Self::Capabilities,
        }
    }
}

/// Has the calling thread give up all but the rest. Safe in a signal handler:
/// system calls and nothing else.
pub(crate) fn give_up(rest: Rest) -> Result<Done, (Step, Errno)> {
    set_no_new_privs(true).map_err(|errno| (Step::NoNewPrivileges, errno))?;
    if let Some(ruleset) = rest.ruleset {
        landlock_restrict_self(ruleset).map_err(|errno| (Step::FileView, errno))?;
    }
    let held = capabilities(None).map_err(|errno| (Step::Capabilities, errno))?;
    let may_set = held.effective.contains(CapabilitySet::SETPCAP);
    if may_set {
        set_capabilities_secure_bits(SECURE_BITS).map_err(|errno| (Step::BoundingSet, errno))?;
    }
    let bounding_set_closed = may_set && !rest.bounding_set;
    if bounding_set_closed {
        close_bounding_set(rest.capabilities, held.permitted).map_err(|errno| (Step::BoundingSet, errno))?;
    }
    let left = held.permitted & rest.capabilities;
    // Ambient ones go with the inheritable ones.
    let sets = CapabilitySets {
        effective: left,
        permitted: left,
        inheritable: CapabilitySet::empty(),
    };
    set_capabilities(None, sets).map_err(|errno| (Step::Capabilities, errno))?;
    Ok(Done {
        capabilities: left,
        bounding_set_closed,
    })
}

/// What is not permitted may be missing in the set as well, as in a container:
/// reading an entry costs a tenth of removing it.
fn close_bounding_set(keep: CapabilitySet, permitted: CapabilitySet) -> Result<(), Errno> {
    for number in 0..u64::BITS {
        let capability = CapabilitySet::from_bits_retain(1 << number);
        if keep.contains(capability) {
            continue;
        }
        let present = permitted.contains(capability)
            || match capability_is_in_bounding_set(capability) {
                // The kernel has no more.
                Err(Errno::INVAL) => break,
                answer => answer?,
            };
        if present {
            remove_capability_from_bounding_set(capability)?;
        }
    }
    Ok(())
}
