//! Which bridge or VRF a link is a port of.

use cofferdam_journal::{Inverse, Operation};
use cofferdam_network::LinkId;
use cofferdam_sandbox::CallError;

use crate::mediator::Mediator;

impl Mediator {
    /// Makes a link a port of `new`. The kernel gives up the old master before
    /// it looks at the new one (`do_set_master` in `net/core/rtnetlink.c`), and
    /// a refusal would leave the link without any: two steps, each with its own
    /// way back.
    pub(super) fn change_master(
        &mut self,
        link: LinkId,
        name: &str,
        old: Option<u32>,
        new: u32,
    ) -> Result<(), CallError> {
        let Some(old) = old.filter(|old| *old != new) else {
            return self.set_master_from(link, name, old, Some(new));
        };
        self.set_master_from(link, name, Some(old), None)?;
        self.set_master_from(link, name, None, Some(new)).or_else(|refusal| {
            if matches!(refusal, CallError::Guest(_)) {
                self.set_master_from(link, name, None, Some(old))?;
            }
            Err(refusal)
        })
    }

    fn set_master_from(
        &mut self,
        link: LinkId,
        name: &str,
        old: Option<u32>,
        new: Option<u32>,
    ) -> Result<(), CallError> {
        let name = name.to_owned();
        let inverse = Inverse::RestoreMaster {
            link,
            name: name.clone(),
            old,
        };
        let operation = Operation::SetLinkMaster {
            link,
            name,
            master: new,
        };
        self.change(&operation, &inverse, |network| network.set_link_master(link, new))
    }
}
