use cofferdam_network::{Incoming, LinkId, LinkInfo, Outgoing, RateLimit, Result};
use cofferdam_system::Errno;

use super::{
    Sides, exists, missing,
    side::{Side, refused},
};

impl Sides {
    pub(super) fn outgoing(&self, link: LinkId) -> Result<Outgoing> {
        match self.at(link.place).limits.get(&link.index) {
            Some(limit) => Ok(Outgoing::Limited(limit.token_bucket()?)),
            None => Ok(Outgoing::Default),
        }
    }

    pub(super) fn limit_rate(&mut self, link: LinkId, limit: &RateLimit) -> Result<()> {
        let bucket = limit.token_bucket()?;
        let side = self.at_mut(link.place);
        side.known(link)?;
        if side.limits.contains_key(&link.index) {
            return Err(exists(format!("a root queueing discipline of {link}")));
        }
        side.give_queue(link.index);
        // What can be sent at once, in the kernel's time.
        let nanoseconds = u128::from(bucket.buffer) << 6;
        if nanoseconds * u128::from(bucket.rate) / 1_000_000_000 == 0 {
            return Err(refused(Errno::EINVAL, format!("{limit} for {link}")));
        }
        side.limits.insert(link.index, *limit);
        Ok(())
    }

    pub(super) fn delete_rate_limit(&mut self, link: LinkId) -> Result<()> {
        let side = self.at_mut(link.place);
        side.known(link)?;
        let gone = side.limits.remove(&link.index);
        gone.map(drop)
            .ok_or_else(|| missing(format!("a root queueing discipline of {link}")))
    }

    pub(super) fn incoming(&self, link: LinkId) -> Incoming {
        let redirected = self.at(link.place).redirects.get(&link.index);
        redirected.map_or(Incoming::Default, |to| Incoming::Redirected(*to))
    }

    pub(super) fn redirect(&mut self, link: LinkId, to: u32) -> Result<()> {
        let side = self.at_mut(link.place);
        side.known(link)?;
        if side.redirects.contains_key(&link.index) {
            return Err(exists(format!("an ingress of {link}")));
        }
        side.give_queue(link.index);
        if to == 0 {
            return Err(refused(Errno::EINVAL, format!("redirecting what comes in on {link}")));
        }
        side.known(LinkId { index: to, ..link })?;
        side.redirects.insert(link.index, to);
        Ok(())
    }

    pub(super) fn delete_redirect(&mut self, link: LinkId) -> Result<()> {
        let side = self.at_mut(link.place);
        side.known(link)?;
        let gone = side.redirects.remove(&link.index);
        gone.map(drop).ok_or_else(|| missing(format!("an ingress of {link}")))
    }
}

impl Side {
    /// Whoever sends by way of a queueing discipline has a queue.
    fn give_queue(&mut self, index: u32) {
        const USUAL_LENGTH: u32 = 1000;
        let info = self.links.get_mut(&index);
        // Those that hand on what they get at once, without a queue of their own.
        let hands_on =
            |info: &&mut LinkInfo| !matches!(info.kind.as_str(), "ifb" | "tun") && info.transmit_queue_length == 0;
        if let Some(info) = info.filter(hands_on) {
            info.transmit_queue_length = USUAL_LENGTH;
        }
    }
}
