use cofferdam_network::{Incoming, LinkId, Outgoing, RateLimit};

use super::{
    ComparisonError, GONE, PRESENT, Remedy,
    survey::{Survey, link_text},
};
use crate::Entry;

impl Survey<'_, '_> {
    pub(super) fn look_at_rate_limit(
        &mut self,
        entry: &Entry,
        (link, name): (LinkId, &str),
        limit: &RateLimit,
    ) -> Result<(), ComparisonError> {
        if self.require(entry, link, name)?.is_none() {
            return Ok(());
        }
        let expected = limit.token_bucket()?;
        let object = format!("the limit of {}", link_text(link.place, name));
        match self.view.network.outgoing(link)? {
            Outgoing::Limited(found) if found == expected => {}
            Outgoing::Default => {
                let remedy = Remedy::RateLimit { link, limit: *limit };
                self.tell(entry, object, PRESENT, GONE, Some(remedy));
            }
            other => self.tell(entry, object, expected.to_string(), other.to_string(), None),
        }
        Ok(())
    }

    pub(super) fn look_at_redirect(
        &mut self,
        entry: &Entry,
        (link, name): (LinkId, &str),
        (to, to_name): (u32, &str),
    ) -> Result<(), ComparisonError> {
        if self.require(entry, link, name)?.is_none() {
            return Ok(());
        }
        let target = LinkId { index: to, ..link };
        if self.require(entry, target, to_name)?.is_none() {
            return Ok(());
        }
        let object = format!("what comes in on {}", link_text(link.place, name));
        let expected = format!("redirected to {to_name}");
        match self.view.network.incoming(link)? {
            Incoming::Redirected(index) if index == to => {}
            Incoming::Default => {
                let remedy = Remedy::Redirect { link, to };
                self.tell(entry, object, expected, Incoming::Default.to_string(), Some(remedy));
            }
            other => self.tell(entry, object, expected, other.to_string(), None),
        }
        Ok(())
    }
}
