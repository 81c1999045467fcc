use std::{
    collections::BTreeSet,
    net::IpAddr,
    path::{Path, PathBuf},
    time::Instant,
};

use cofferdam_journal::{Inverse, Operation, Outcome, Owner, Records};
use cofferdam_policy::Question;
use cofferdam_sandbox::{
    CallError,
    bindings::cofferdam::cni::{
        store::{Claim, Host, HostRecords, Owner as WitOwner},
        types::Error,
    },
    handle::Records as Handle,
};
use wasmtime::component::Resource;

use crate::{
    audit::Trail,
    convert::invalid,
    files::location,
    log::emit,
    mediator::{Mediator, journal_error},
    mode::Mode,
    session::{Session, close},
};

/// Bytes of a value that attachments share.
const VALUE_LIMIT: usize = 256;

impl Host for Mediator {
    fn open(&mut self) -> Result<Resource<Handle>, CallError> {
        self.enter()?;
        let location = location(&self.config).map_err(|error| invalid(error.to_string()))?;
        self.permit(&Question::StoreOpen { location: &location })?;
        let owner = self.own_record();
        let session = self.session();
        if let Some(source) = session.files.location_failure(&location) {
            return Err(journal_error(cofferdam_journal::Error::Io {
                action: "make directory",
                path: session.installation.resolve(&location),
                source,
            }));
        }
        if !session.records.is_empty() {
            return Err(invalid("the records are open already; their lock is not taken twice"));
        }
        let directory = session
            .installation
            .resolve(&location)
            .join(&session.attachment.network);
        let index = session.installation.state();
        let (attachment, deadline) = (&session.attachment, session.deadline);
        // Only an ADD makes what is not there.
        let records = if session.mode.creates() {
            Records::open(&directory, &index, attachment, owner, deadline).map(Some)
        } else {
            Records::open_existing(&directory, &index, attachment, owner, deadline)
        };
        let root = session.installation.root();
        if let Some(tape) = session.tape.as_ref().filter(|_| records.is_ok()) {
            tape.keep_records(root, &directory);
        }
        let changes = session.mode.changes();
        let mut records = records
            .map_err(journal_error)?
            .ok_or_else(|| CallError::Guest(Error::NotFound(format!("address records {}", directory.display()))))?;
        if changes {
            let deadline = Instant::now() + self.session().time_left() / 2;
            reclaim_earlier_boot(&mut records, deadline, &mut self.trail);
        }
        let number = 0;
        self.session().records.insert(number, records);
        Ok(self.table.push(Handle { number })?)
    }
}

impl HostRecords for Mediator {
    fn claim(&mut self, records: Resource<Handle>, name: String) -> Result<bool, CallError> {
        self.enter()?;
        self.require_creation()?;
        let address = address(&name)?;
        let plugin = self.plugin.clone();
        let number = self.table.get(&records)?.number;
        let session = self.session();
        let opened = session.records.get_mut(&number).ok_or_else(closed)?;
        if opened.owner(&address).map_err(journal_error)?.is_some() {
            return Ok(false);
        }
        self.count_change()?;
        let session = self.session();
        let opened = session.records.get_mut(&number).ok_or_else(closed)?;
        let directory = opened.directory().to_owned();
        let operation = Operation::Claim {
            directory: directory.clone(),
            address,
        };
        let inverse = Inverse::ReleaseClaim { directory, address };
        let journal = session.journal.as_mut().ok_or_else(closed)?;
        let sequence = journal.intend(&plugin, &operation, &inverse).map_err(journal_error)?;
        match opened.claim(&address) {
            Ok(true) => {
                journal.done(sequence, Outcome::default());
                session.claimed.push(address);
                Ok(true)
            }
            Ok(false) => {
                journal.abandon(sequence);
                Ok(false)
            }
            Err(error) => {
                journal.abandon(sequence);
                Err(journal_error(error))
            }
        }
    }

    fn owner(&mut self, records: Resource<Handle>, name: String) -> Result<Option<WitOwner>, CallError> {
        let address = address(&name)?;
        let owner = self.opened(&records)?.owner(&address).map_err(journal_error)?;
        Ok(owner.map(wit_owner))
    }

    fn release(&mut self, records: Resource<Handle>, name: String) -> Result<(), CallError> {
        let address = address(&name)?;
        self.require_changes()?;
        if self.opened(&records)?.release(&address).map_err(journal_error)? {
            self.session().claimed.retain(|claimed| *claimed != address);
            return Ok(());
        }
        Err(CallError::Guest(Error::NotFound(format!(
            "a claim of this attachment on {address}"
        ))))
    }

    fn owned(&mut self, records: Resource<Handle>) -> Result<Vec<String>, CallError> {
        let owned = self.opened(&records)?.owned().map_err(journal_error)?;
        Ok(owned.iter().map(IpAddr::to_string).collect())
    }

    fn claims(&mut self, records: Resource<Handle>) -> Result<Vec<Claim>, CallError> {
        self.require_gc()?;
        let claims = self.opened(&records)?.claims().map_err(journal_error)?;
        Ok(claims
            .into_iter()
            .map(|(address, owner)| Claim {
                name: address.to_string(),
                owner: wit_owner(owner),
            })
            .collect())
    }

    fn release_stale(&mut self, records: Resource<Handle>, name: String) -> Result<(), CallError> {
        self.require_gc()?;
        let address = address(&name)?;
        let valid = self.session().valid.clone();
        let opened = self.opened(&records)?;
        let owner = opened
            .owner(&address)
            .map_err(journal_error)?
            .ok_or_else(|| CallError::Guest(Error::NotFound(format!("a claim on {address}"))))?;
        let in_use = valid.iter().any(|(container, interface)| {
            *container == owner.container_id && owner.interface_name.as_ref().is_none_or(|name| name == interface)
        });
        if in_use {
            let text = format!(
                "the claim on {address} belongs to container {}, which is in use",
                owner.container_id
            );
            return Err(CallError::Guest(Error::Conflict(text)));
        }
        opened.release_for(&address, &owner).map_err(journal_error)
    }

    fn get(&mut self, records: Resource<Handle>, name: String) -> Result<Option<String>, CallError> {
        self.opened(&records)?.get(&name).map_err(journal_error)
    }

    fn compare_and_set(
        &mut self,
        records: Resource<Handle>,
        name: String,
        expected: Option<String>,
        value: String,
    ) -> Result<bool, CallError> {
        self.require_creation()?;
        self.count_change()?;
        check_value(&value)?;
        self.opened(&records)?
            .compare_and_set(&name, expected.as_deref(), &value)
            .map_err(journal_error)
    }

    fn drop(&mut self, records: Resource<Handle>) -> wasmtime::Result<()> {
        let handle = self.table.delete(records)?;
        if let Some(records) = self.session().records.remove(&handle.number) {
            close(records);
        }
        Ok(())
    }
}

impl Mediator {
    fn opened(&mut self, records: &Resource<Handle>) -> Result<&mut Records, CallError> {
        self.enter()?;
        let number = self.table.get(records)?.number;
        self.session().records.get_mut(&number).ok_or_else(closed)
    }

    fn require_changes(&mut self) -> Result<(), CallError> {
        let mode = self.session().mode;
        if mode.changes() {
            return Ok(());
        }
        Err(invalid(format!("nothing can be changed during {}", mode.verb())))
    }

    fn require_gc(&mut self) -> Result<(), CallError> {
        let mode = self.session().mode;
        if mode == Mode::Gc {
            return Ok(());
        }
        Err(invalid(format!(
            "other attachments' claims are for GC only, not for {}",
            mode.verb()
        )))
    }
}

/// Before anything is looked up: what containers of an earlier boot held is
/// nobody's.
fn reclaim_earlier_boot(records: &mut Records, deadline: Instant, trail: &mut Trail) {
    let directory = records.directory().to_owned();
    let outcome = records.reclaim_earlier_boot(deadline, |address, owner| {
        let text = format!(
            "address {address} in {}, claimed in an earlier boot for container {} interface {}",
            directory.display(),
            owner.container_id,
            owner.interface_name.as_deref().unwrap_or_default()
        );
        emit(&format!("cofferdam: info: reclaimed {text}"));
        trail.reclaimed(text);
    });
    if let Err(error) = outcome {
        emit(&format!(
            "cofferdam: warn: addresses of an earlier boot can't be reclaimed: {error}"
        ));
    }
}

/// Where the network's addresses may be on record: where they are by default,
/// and where the configuration says, if records there are granted.
pub(super) fn records_directories(session: &Session) -> BTreeSet<PathBuf> {
    let usual = session.installation.records();
    let granted = session.files.locations().map(Path::to_owned);
    let locations = granted.chain([usual]);
    locations
        .map(|location| location.join(&session.attachment.network))
        .collect()
}

fn closed() -> CallError {
    CallError::Trap(wasmtime::Error::msg("it used records that are closed"))
}

/// Values outlive the attachment, whatever becomes of it: they stay small.
fn check_value(value: &str) -> Result<(), CallError> {
    if value.len() <= VALUE_LIMIT && !value.contains(char::is_control) {
        return Ok(());
    }
    Err(invalid(format!(
        "a value has at most {VALUE_LIMIT} bytes and no control characters"
    )))
}

/// A claim is on an address, in the one form that an address is written in.
fn address(name: &str) -> Result<IpAddr, CallError> {
    match name.parse::<IpAddr>() {
        Ok(address) if address.to_string() == name => Ok(address),
        _ => Err(invalid(format!(
            "{name:?} is not an IP address in its usual form, and only those can be claimed"
        ))),
    }
}

fn wit_owner(owner: Owner) -> WitOwner {
    WitOwner {
        container_id: owner.container_id,
        interface_name: owner.interface_name,
    }
}
