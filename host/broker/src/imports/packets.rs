use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use cofferdam_network::{Datagram, LinkId, Ports};
use cofferdam_policy::Question;
use cofferdam_sandbox::{
    CallError, Outside,
    bindings::cofferdam::cni::packets::{Host, HostExchange, Incoming, Outgoing},
    handle::{Exchange, Link},
};
use wasmtime::component::Resource;

use crate::{
    convert::{conflict, invalid, link_error, mac_address, network_error, wit_mac_address},
    exchanges::OpenExchange,
    mediator::{Mediator, quota},
};

impl Host for Mediator {
    fn open(&mut self, link: Resource<Link>, local: u16, remote: u16) -> Result<Resource<Exchange>, CallError> {
        self.enter()?;
        let session = self.session();
        if !session.mode.exchanges() {
            let text = format!("nothing can be sent during {}", session.mode.verb());
            return Err(invalid(text));
        }
        let id = self.link_id(&link)?;
        let name = self.link_name(id)?;
        self.permit(&Question::PacketExchange {
            place: id.place,
            link: &name,
            ports: &[local, remote],
        })?;
        // One socket was opened for it.
        if self.session().exchanging {
            return Err(quota("this request exchanges datagrams already".to_owned()));
        }
        let ports = Ports { local, remote };
        let exchange = self.seen_on(|network| network.open_exchange(id, ports))?;
        self.session().exchanging = true;
        let number = self.exchanges.add(OpenExchange {
            link: id,
            ports,
            exchange,
        });
        Ok(self.table.push(Exchange { number })?)
    }
}

impl HostExchange for Mediator {
    fn send(&mut self, exchange: Resource<Exchange>, datagram: Outgoing) -> Result<(), CallError> {
        self.enter()?;
        let link = self.opened_exchange(&exchange)?.link;
        let datagram = self.datagram(link, datagram, None)?;
        self.count_datagram()?;
        let sent = self.opened_exchange(&exchange)?.exchange.send(&datagram);
        sent.map_err(|error| link_error(error, &self.session().deeds))
    }

    fn receive(&mut self, exchange: Resource<Exchange>, milliseconds: u32) -> Result<Option<Incoming>, CallError> {
        self.enter()?;
        let world = Arc::clone(&self.session().world);
        let begun = world.monotonic_clock();
        let wait = Duration::from_millis(milliseconds.into()).min(self.session().time_left());
        let received = self.opened_exchange(&exchange)?.exchange.receive(wait);
        let session = self.session();
        let received = received.map_err(|error| link_error(error, &session.deeds))?;
        Ok(received.map(|received| {
            session.deeds.received.push(&received.payload);
            Incoming {
                source: received.source.octets().into(),
                mac: wit_mac_address(received.mac),
                payload: received.payload,
                waited: milliseconds_since(begun, world.as_ref()),
            }
        }))
    }

    fn drop(&mut self, exchange: Resource<Exchange>) -> wasmtime::Result<()> {
        let exchange = self.table.delete(exchange)?;
        self.end_exchange(exchange.number);
        Ok(())
    }
}

impl Mediator {
    fn end_exchange(&mut self, number: u32) {
        if self.exchanges.remove(number) {
            self.session().exchanging = false;
        }
    }

    pub(super) fn opened_exchange(&mut self, exchange: &Resource<Exchange>) -> Result<&mut OpenExchange, CallError> {
        let number = self.table.get(exchange)?.number;
        let opened = self.exchanges.get(number);
        opened.ok_or_else(|| CallError::Trap(wasmtime::Error::msg("the exchange is closed")))
    }

    /// What a guest wants to be sent. It comes from an address that the link
    /// has, from `lent`, or from nowhere.
    pub(super) fn datagram(
        &mut self,
        link: LinkId,
        outgoing: Outgoing,
        lent: Option<Ipv4Addr>,
    ) -> Result<Datagram, CallError> {
        if outgoing.payload.len() > Datagram::LONGEST {
            return Err(invalid(format!("a datagram has at most {} bytes", Datagram::LONGEST)));
        }
        let source = ipv4(outgoing.source);
        if !source.is_unspecified() && Some(source) != lent {
            let addresses = self.network().addresses(link).map_err(network_error)?;
            if !addresses.iter().any(|info| info.address.address() == source) {
                return Err(conflict(format!("{source} is no address of the link")));
            }
        }
        Ok(Datagram {
            source,
            destination: ipv4(outgoing.destination),
            mac: outgoing.mac.map(mac_address),
            payload: outgoing.payload,
        })
    }
}

/// Whole milliseconds, of which one that has begun counts.
fn milliseconds_since(begun: u64, world: &dyn Outside) -> u32 {
    let elapsed = world.monotonic_clock().saturating_sub(begun);
    u32::try_from(elapsed.div_ceil(1_000_000)).unwrap_or(u32::MAX)
}

pub(super) fn ipv4((a, b, c, d): (u8, u8, u8, u8)) -> Ipv4Addr {
    Ipv4Addr::new(a, b, c, d)
}
