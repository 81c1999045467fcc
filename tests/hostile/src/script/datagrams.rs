use cofferdam_guest_sdk::{
    Failure,
    bindings::{
        packets::{self, Exchange, Outgoing},
        upkeep::{self, Farewell, UpkeepRecord},
    },
};

use super::{Outcome, Script, call::Call, done, failure};

impl Script {
    /// `None` when the call is of another kind.
    pub(super) fn datagram_call(&mut self, call: &Call) -> Option<Outcome> {
        let outcome = match call {
            Call::Exchange { link, local, remote } => self.begin(*link, *local, *remote),
            Call::Send {
                exchange,
                source,
                bytes,
            } => self.send(*exchange, source, *bytes),
            Call::Receive { exchange, milliseconds } => {
                let received = self.exchange(*exchange).map(|exchange| exchange.receive(*milliseconds));
                received.and_then(|received| self.look(received))
            }
            Call::Keep {
                address,
                bytes,
                farewell,
            } => self.keep_record(address.as_deref(), *bytes, farewell.as_deref()),
            Call::Kept => self.look(upkeep::kept()),
            _ => return None,
        };
        Some(outcome)
    }

    fn begin(&mut self, link: usize, local: u16, remote: u16) -> Outcome {
        let exchange = packets::open(self.link(link)?, local, remote).map_err(failure)?;
        self.exchanges.push(exchange);
        Ok(())
    }

    fn exchange(&self, number: usize) -> Result<&Exchange, Failure> {
        let missing = || Failure::internal(format!("the script has no exchange {number}"));
        self.exchanges.get(number).ok_or_else(missing)
    }

    fn send(&self, number: usize, source: &str, bytes: usize) -> Outcome {
        done(self.exchange(number)?.send(&outgoing(source, bytes)?))
    }

    fn keep_record(&self, address: Option<&str>, bytes: usize, farewell: Option<&str>) -> Outcome {
        let farewell = match farewell {
            Some(source) => Some(Farewell {
                exchange: self.exchange(0)?,
                datagram: outgoing(source, 8)?,
            }),
            None => None,
        };
        done(upkeep::keep(&UpkeepRecord {
            address: address.map(ipv4).transpose()?,
            after_seconds: None,
            state: vec![0; bytes],
            farewell,
        }))
    }
}

fn outgoing(source: &str, bytes: usize) -> Result<Outgoing, Failure> {
    Ok(Outgoing {
        source: ipv4(source)?,
        destination: (255, 255, 255, 255),
        mac: None,
        payload: vec![0x5a; bytes],
    })
}

fn ipv4(text: &str) -> Result<(u8, u8, u8, u8), Failure> {
    let address: std::net::Ipv4Addr = text
        .parse()
        .map_err(|error| Failure::invalid_config(format!("{text:?}: {error}")))?;
    Ok(address.octets().into())
}
