use cofferdam_journal::{Inverse, Operation};
use cofferdam_network::{Incoming, LinkId, Outgoing, RateLimit};
use cofferdam_policy::Question;
use cofferdam_sandbox::{
    CallError,
    bindings::cofferdam::cni::traffic_control::{Host, RateLimit as WitRateLimit},
    handle::Link,
};
use wasmtime::component::Resource;

use crate::{
    convert::{conflict, invalid, network_error},
    mediator::Mediator,
};

impl Host for Mediator {
    fn limit_rate(&mut self, link: Resource<Link>, limit: WitRateLimit) -> Result<(), CallError> {
        self.enter()?;
        self.require_creation()?;
        let id = self.link_id(&link)?;
        let limit = rate_limit(limit);
        limit.token_bucket().map_err(network_error)?;
        let name = self.shaped(id)?;
        // On record, what was there before would be undone after a crash.
        let present = self.seen_on(|network| network.outgoing(id))?;
        if present != Outgoing::Default {
            return Err(has_already(&name, &present.to_string()));
        }
        let operation = Operation::LimitRate {
            link: id,
            name: name.clone(),
            limit,
        };
        let inverse = if self.is_own(id) {
            Inverse::WithLink { link: id }
        } else {
            Inverse::DeleteRateLimit { link: id, name, limit }
        };
        self.change(&operation, &inverse, |network| network.limit_rate(id, &limit))
    }

    fn is_rate_limited(&mut self, link: Resource<Link>, limit: WitRateLimit) -> Result<bool, CallError> {
        self.enter()?;
        let id = self.link_id(&link)?;
        let bucket = rate_limit(limit).token_bucket().map_err(network_error)?;
        self.permit_traffic_look(id)?;
        let present = self.seen_on(|network| network.outgoing(id))?;
        Ok(present == Outgoing::Limited(bucket))
    }

    fn redirect_incoming(&mut self, link: Resource<Link>, to: Resource<Link>) -> Result<(), CallError> {
        self.enter()?;
        self.require_creation()?;
        let (id, target) = (self.link_id(&link)?, self.link_id(&to)?);
        if id.place != target.place || id == target {
            return Err(invalid("a link is redirected to another one of the same namespace"));
        }
        let name = self.shaped(id)?;
        let to_name = self.shaped(target)?;
        let present = self.seen_on(|network| network.incoming(id))?;
        if present != Incoming::Default {
            return Err(has_already(&name, "filters for what comes in"));
        }
        let operation = Operation::RedirectIncoming {
            link: id,
            name: name.clone(),
            to: target.index,
            to_name,
        };
        let inverse = if self.is_own(id) {
            Inverse::WithLink { link: id }
        } else {
            Inverse::DeleteRedirect {
                link: id,
                name,
                to: target.index,
            }
        };
        self.change(&operation, &inverse, |network| {
            network.redirect_incoming(id, target.index)
        })
    }

    fn is_incoming_redirected(&mut self, link: Resource<Link>, to: Resource<Link>) -> Result<bool, CallError> {
        self.enter()?;
        let (id, target) = (self.link_id(&link)?, self.link_id(&to)?);
        self.permit_traffic_look(id)?;
        let present = self.seen_on(|network| network.incoming(id))?;
        Ok(id.place == target.place && present == Incoming::Redirected(target.index))
    }
}

impl Mediator {
    /// Checks that this plugin may decide on the traffic of a link, and tells
    /// the link's name.
    fn shaped(&mut self, id: LinkId) -> Result<String, CallError> {
        if !self.is_own(id) {
            let info = self.link_info_of(id)?;
            self.permit(&Question::QdiscSet {
                place: id.place,
                kind: &info.kind,
                link: &info.name,
            })?;
        }
        let name = self.link_name(id)?;
        self.refuse_change_for_others(id, &name, "the traffic")?;
        Ok(name)
    }

    fn permit_traffic_look(&mut self, id: LinkId) -> Result<(), CallError> {
        if self.is_own(id) {
            return Ok(());
        }
        let info = self.link_info_of(id)?;
        self.permit(&Question::QdiscSee {
            place: id.place,
            kind: &info.kind,
            link: &info.name,
        })
    }
}

fn rate_limit(limit: WitRateLimit) -> RateLimit {
    RateLimit {
        rate: limit.rate,
        burst: limit.burst,
        latency: limit.latency,
    }
}

fn has_already(link: &str, what: &str) -> CallError {
    conflict(format!("link {link:?} has {what} already"))
}
