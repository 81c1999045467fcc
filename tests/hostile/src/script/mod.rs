//! A list of calls of the host, one after the other, as the configuration
//! says: most attacks are no more than that.

mod call;
mod datagrams;
mod devices;
mod links;
mod packet_filter;
mod records;
mod routing;
mod traffic;
mod vlans;
mod vxlans;

use cofferdam_guest_sdk::{
    Error, Failure,
    bindings::{
        allow_list, ipam,
        links::Link,
        log,
        namespaces::{self, Namespace},
        packets::Exchange,
        resolver,
        store::Records,
        types,
    },
};

pub(crate) use self::call::Call;
use self::call::In;

/// How a call ended.
type Outcome = Result<(), Failure>;

/// What a script has got so far.
#[derive(Default)]
pub(crate) struct Script {
    links: Vec<Link>,
    records: Option<Records>,
    exchanges: Vec<Exchange>,
    round: u32,
    seen: Vec<String>,
    /// Whether a refusal is no reason to stop.
    undaunted: bool,
}

impl Script {
    pub(crate) fn new(undaunted: bool) -> Self {
        Self {
            undaunted,
            ..Self::default()
        }
    }

    /// Makes the calls, up to the first that is refused; undaunted, all.
    pub(crate) fn run(&mut self, calls: &[Call]) -> Outcome {
        for call in calls {
            let outcome = self.make(call);
            if !self.undaunted {
                outcome?;
            }
        }
        Ok(())
    }

    fn make(&mut self, call: &Call) -> Outcome {
        match call {
            Call::Repeat { times, calls } => self.repeat(*times, calls),
            Call::Drop { keep } => {
                self.links.truncate(*keep);
                Ok(())
            }
            Call::Tell => Err(Failure::internal(std::mem::take(&mut self.seen).join("; "))),
            Call::Trap => std::process::abort(),
            Call::Log { text } => {
                log::write(log::Level::Warn, &self.text(text));
                Ok(())
            }
            Call::ReadResolver => {
                let text = resolver::resolv_conf().map_err(failure)?;
                self.saw(text);
                Ok(())
            }
            Call::ReadAllowList => self.look(allow_list::read()),
            Call::Delegate => {
                let result = ipam::add()?;
                self.saw(result);
                Ok(())
            }
            call => self
                .link_call(call)
                .or_else(|| self.vlan_call(call))
                .or_else(|| self.vxlan_call(call))
                .or_else(|| self.routing_call(call))
                .or_else(|| self.traffic_call(call))
                .or_else(|| self.packet_filter_call(call))
                .or_else(|| self.record_call(call))
                .or_else(|| self.datagram_call(call))
                .or_else(|| self.device_call(call))
                .unwrap_or_else(|| Err(Failure::internal(format!("nobody makes the call {call:?}")))),
        }
    }

    fn repeat(&mut self, times: u32, calls: &[Call]) -> Outcome {
        let outer = self.round;
        for round in 0..times {
            self.round = round;
            self.run(calls)?;
        }
        self.round = outer;
        Ok(())
    }

    fn text(&self, text: &str) -> String {
        text.replace("{n}", &self.round.to_string())
    }

    fn link(&self, number: usize) -> Result<&Link, Failure> {
        let missing = || Failure::internal(format!("the script has no link {number}"));
        self.links.get(number).ok_or_else(missing)
    }

    fn saw(&mut self, what: impl std::fmt::Debug) {
        self.seen.push(format!("{what:?}"));
    }

    /// Keeps what a call told.
    fn look<T: std::fmt::Debug>(&mut self, told: Result<T, types::Error>) -> Outcome {
        let told = told.map_err(failure)?;
        self.saw(told);
        Ok(())
    }
}

fn namespace(place: In) -> Result<Namespace, Failure> {
    match place {
        In::Host => namespaces::host(),
        In::Container => namespaces::container(),
    }
    .map_err(failure)
}

fn failure(error: types::Error) -> Failure {
    Error::from(error).into()
}

fn done(outcome: Result<(), types::Error>) -> Outcome {
    outcome.map_err(failure)
}

fn address(text: &str) -> Result<types::IpAddress, Failure> {
    let address: std::net::IpAddr = text
        .parse()
        .map_err(|error| Failure::invalid_config(format!("{text:?}: {error}")))?;
    Ok(address.into())
}

/// Takes every length that the contract has room for.
fn prefix(text: &str) -> Result<types::IpPrefix, Failure> {
    let wrong = || Failure::invalid_config(format!("{text:?} is no prefix"));
    let (start, length) = text.split_once('/').ok_or_else(wrong)?;
    Ok(types::IpPrefix {
        address: address(start)?,
        length: length.parse().map_err(|_| wrong())?,
    })
}

fn mac([a, b, c, d, e, f]: [u8; 6]) -> types::MacAddress {
    (a, b, c, d, e, f)
}
