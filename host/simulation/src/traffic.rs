use cofferdam_network::{Error, Incoming, LinkId, Outgoing, RateLimit, Result};

use super::{Sides, missing};

impl Sides {
    pub(super) fn outgoing(&self, link: LinkId) -> Result<Outgoing> {
        match self.at(link.place).limits.get(&link.index) {
            Some(limit) => Ok(Outgoing::Limited(limit.token_bucket()?)),
            None => Ok(Outgoing::Default),
        }
    }

    pub(super) fn limit_rate(&mut self, link: LinkId, limit: &RateLimit) -> Result<()> {
        limit.token_bucket()?;
        let side = self.at_mut(link.place);
        if !side.links.contains_key(&link.index) {
            return Err(missing(link));
        }
        if side.limits.contains_key(&link.index) {
            return Err(Error::AlreadyExists(format!("a limit of {link}")));
        }
        side.limits.insert(link.index, *limit);
        Ok(())
    }

    pub(super) fn delete_rate_limit(&mut self, link: LinkId) -> Result<()> {
        let gone = self.at_mut(link.place).limits.remove(&link.index);
        gone.map(|_| ()).ok_or_else(|| missing(link))
    }

    pub(super) fn incoming(&self, link: LinkId) -> Incoming {
        let side = self.at(link.place);
        side.redirects.get(&link.index).map_or(Incoming::Default, |to| {
            Incoming::Redirected(if side.links.contains_key(to) { *to } else { 0 })
        })
    }

    pub(super) fn redirect(&mut self, link: LinkId, to: u32) -> Result<()> {
        let side = self.at_mut(link.place);
        for index in [link.index, to] {
            if !side.links.contains_key(&index) {
                return Err(missing(LinkId { index, ..link }));
            }
        }
        if side.redirects.contains_key(&link.index) {
            return Err(Error::AlreadyExists(format!("an ingress of {link}")));
        }
        side.redirects.insert(link.index, to);
        Ok(())
    }

    pub(super) fn delete_redirect(&mut self, link: LinkId) -> Result<()> {
        let gone = self.at_mut(link.place).redirects.remove(&link.index);
        gone.map(|_| ()).ok_or_else(|| missing(link))
    }
}
