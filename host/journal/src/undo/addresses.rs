use cofferdam_network::{Error, LinkId};
use cofferdam_protocol::IpPrefix;

use super::{Undo, UndoError, UndoOutcome, Undone, deleted, put_back};

impl Undo<'_> {
    /// Puts back an address that the attachment deleted.
    pub(super) fn add_address(&mut self, link: LinkId, address: IpPrefix) -> UndoOutcome {
        if self.addresses(link)?.contains(&address) {
            return Ok(Undone::Nothing);
        }
        put_back(self.network.add_address(link, address, true))
    }

    /// Deletes an address that the attachment added, and no other: unless
    /// `promote_secondaries` says otherwise, the kernel lets go of all IPv4
    /// addresses of a network with the first of them.
    pub(super) fn delete_address(&mut self, link: LinkId, address: IpPrefix) -> UndoOutcome {
        let before = self.addresses(link)?;
        if !before.contains(&address) {
            return Ok(Undone::Nothing);
        }
        let outcome = deleted(self.network.delete_address(link, address))?;
        let after = self.addresses(link)?;
        for lost in before {
            if lost == address || after.contains(&lost) {
                continue;
            }
            match self.network.add_address(link, lost, true) {
                Ok(()) | Err(Error::AlreadyExists(_) | Error::NotFound(_)) => {}
                Err(error) => {
                    return Ok(Undone::Left(format!(
                        "address {lost} went with {address}, and can't be put back: {error}"
                    )));
                }
            }
        }
        Ok(outcome)
    }

    /// The addresses of a link; none when it is gone.
    fn addresses(&mut self, link: LinkId) -> Result<Vec<IpPrefix>, UndoError> {
        match self.network.addresses(link) {
            Ok(addresses) => Ok(addresses.into_iter().map(|info| info.address).collect()),
            Err(Error::NotFound(_)) => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }
}
