use cofferdam_network::{Error, Flows, Incoming, LinkId, Outgoing, RateLimit};
use cofferdam_protocol::Place;

use super::{Undo, UndoOutcome, Undone, deleted, put_back};

impl Undo<'_> {
    /// Ends a limit that the attachment set on a link of others.
    pub(super) fn delete_rate_limit(&mut self, link: LinkId, limit: &RateLimit) -> UndoOutcome {
        match self.network.outgoing(link)? {
            Outgoing::Default => Ok(Undone::Nothing),
            Outgoing::Limited(bucket) if limit.token_bucket().is_ok_and(|ours| ours == bucket) => {
                deleted(self.network.delete_rate_limit(link))
            }
            other => Ok(Undone::Left(format!("somebody gave {link} {other} since"))),
        }
    }

    /// Ends a redirection, also one whose target is gone, and one of which no
    /// more was made than the place for it.
    pub(super) fn delete_redirect(&mut self, link: LinkId, to: u32) -> UndoOutcome {
        match self.network.incoming(link)? {
            Incoming::Default => Ok(Undone::Nothing),
            Incoming::Redirected(index) if index == to || index == 0 => deleted(self.network.delete_redirect(link)),
            Incoming::Empty => deleted(self.network.delete_redirect(link)),
            other => Ok(Undone::Left(format!(
                "somebody had what comes in on {link} {other} since"
            ))),
        }
    }

    /// So that what the attachment's rules did ends with them.
    pub(super) fn forget_flows(&mut self, place: Place, flows: &[Flows]) -> UndoOutcome {
        match self.network.forget_flows(place, flows) {
            // Without them there was nothing to be forgotten.
            Ok(()) | Err(Error::Unsupported(_)) => Ok(Undone::Nothing),
            forgotten => put_back(forgotten),
        }
    }
}
