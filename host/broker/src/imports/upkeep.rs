use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use cofferdam_journal::{Farewell, Inverse, Operation, Outcome, UpkeepRecord, since_boot};
use cofferdam_policy::Question;
use cofferdam_sandbox::{
    CallError,
    bindings::cofferdam::cni::{
        types::Error,
        upkeep::{Farewell as WitFarewell, Host, UpkeepRecord as WitRecord},
    },
};

use super::packets::ipv4;
use crate::{
    convert::invalid,
    mediator::{Mediator, Task, journal_error},
    mode::Mode,
};

/// Bytes of a state.
const LONGEST_STATE: usize = 4096;

impl Host for Mediator {
    fn keep(&mut self, record: WitRecord) -> Result<(), CallError> {
        self.enter()?;
        let mode = self.session().mode;
        if !matches!(mode, Mode::Add | Mode::Wake) {
            return Err(invalid(format!("nothing is kept during {}", mode.verb())));
        }
        if record.state.len() > LONGEST_STATE {
            return Err(invalid(format!("a state has at most {LONGEST_STATE} bytes")));
        }
        self.permit(&Question::UpkeepKeep)?;
        let address = record.address.map(ipv4);
        if let Some(address) = address {
            self.refuse_not_lent(address)?;
        }
        let farewell = match record.farewell {
            Some(farewell) => Some(self.farewell(farewell, address)?),
            None => None,
        };
        let record = self.record(address, record.after_seconds, record.state, farewell)?;
        self.put(&record)
    }

    fn kept(&mut self) -> Result<(Vec<u8>, u32), CallError> {
        self.enter()?;
        self.permit(&Question::UpkeepKeep)?;
        let plugin = self.plugin.clone();
        let session = self.session();
        let record = session
            .upkeep
            .read(&session.attachment, &plugin)
            .map_err(journal_error)?;
        record
            .map(|record| {
                let elapsed = record.elapsed();
                (record.state, elapsed)
            })
            .ok_or_else(|| CallError::Guest(Error::NotFound("a record of this plugin for the attachment".to_owned())))
    }
}

impl Mediator {
    /// The address has to be one that came in a datagram, and nobody else's.
    fn refuse_not_lent(&mut self, address: Ipv4Addr) -> Result<(), CallError> {
        let usable =
            !(address.is_unspecified() || address.is_loopback() || address.is_multicast() || address.is_broadcast());
        let session = self.session();
        let was_kept = session.kept.as_ref().is_some_and(|kept| kept.address == Some(address));
        if !usable || !(was_kept || session.deeds.received.has_ipv4(address)) {
            return Err(invalid(format!("{address} was not in a datagram that came")));
        }
        match session.scope().address(IpAddr::V4(address)) {
            Some(thing) => self.refuse_others(&thing),
            None => Ok(()),
        }
    }

    fn farewell(&mut self, farewell: WitFarewell, address: Option<Ipv4Addr>) -> Result<Farewell, CallError> {
        let opened = self.opened_exchange(&farewell.exchange)?;
        let (link, ports) = (opened.link, opened.ports);
        Ok(Farewell {
            link,
            name: self.link_name(link)?,
            ports,
            datagram: self.datagram(link, farewell.datagram, address)?,
        })
    }

    fn record(
        &mut self,
        address: Option<Ipv4Addr>,
        after_seconds: Option<u32>,
        state: Vec<u8>,
        farewell: Option<Farewell>,
    ) -> Result<UpkeepRecord, CallError> {
        let kept = since_boot();
        let args = match &self.task {
            Task::Attachment(request) => {
                let pairs = request.args.iter().map(|argument| match &argument.value {
                    Some(value) => format!("{}={value}", argument.key),
                    None => argument.key.clone(),
                });
                pairs.collect::<Vec<_>>().join(";")
            }
            Task::Wake(_) | Task::Network(_) => self
                .session()
                .kept
                .as_ref()
                .map(|kept| kept.args.clone())
                .unwrap_or_default(),
        };
        let (plugin, config) = (self.plugin.clone(), self.config.text().to_owned());
        let session = self.session();
        Ok(UpkeepRecord {
            attachment: session.attachment.clone(),
            plugin,
            namespace: session.namespace.clone(),
            config,
            args,
            address,
            kept,
            due: after_seconds.map(|seconds| kept + Duration::from_secs(seconds.into())),
            state,
            farewell,
        })
    }

    /// Journal, then the file. An attachment that is there has it in its
    /// journal already.
    fn put(&mut self, record: &UpkeepRecord) -> Result<(), CallError> {
        self.count_change()?;
        let plugin = self.plugin.clone();
        let session = self.session();
        let Some(journal) = session.journal.as_mut() else {
            return session.upkeep.keep(record).map_err(journal_error);
        };
        let operation = Operation::Keep {
            plugin: plugin.clone(),
            address: record.address,
        };
        let inverse = Inverse::EndUpkeep { plugin: plugin.clone() };
        let sequence = journal.intend(&plugin, &operation, &inverse).map_err(journal_error)?;
        match session.upkeep.keep(record) {
            Ok(()) => {
                journal.done(sequence, Outcome::default());
                session.claimed.extend(record.address.map(IpAddr::V4));
                Ok(())
            }
            Err(error) => {
                journal.abandon(sequence);
                Err(journal_error(error))
            }
        }
    }
}
