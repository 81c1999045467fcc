use std::{sync::Arc, time::Instant};

use cofferdam_journal::{Inverse, Operation, Outcome, Owned, OwnedBy, SharedObject, Taken, Thing};
use cofferdam_network::{LinkId, Network};
use cofferdam_policy::{Denial, Granted, Grants, Needs, Question};
use cofferdam_protocol::{Place, PluginConfig};
use cofferdam_sandbox::{
    CallError, ClosedWasi, GuestState, Imports, Limits, MemoryGuard,
    bindings::{
        cofferdam::cni::types,
        exports::cofferdam::cni::plugin::{NetworkRequest, Request},
        keeping::exports::cofferdam::cni::keeper::Occasion,
    },
    handle,
};
use wasmtime::component::{Resource, ResourceTable};

use crate::{
    audit::Trail,
    convert::{belongs, denied, invalid, link_error},
    exchanges::Exchanges,
    log::LogBudget,
    rehearsal::{Answer, Asked, Rehearsing},
    secrets::Secrets,
    session::{KnownLink, Session},
    uses::Uses,
    ways::{Astray, Ways},
};

/// The state behind one instance of a component: what stands between the
/// guest's calls and the kernel.
///
/// Every call of the guest comes through here and goes check → journal → do.
pub(crate) struct Mediator {
    /// Absent only while a delegate has it.
    session: Option<Session>,
    pub(crate) plugin: String,
    pub(crate) config: PluginConfig,
    pub(crate) task: Task,
    pub(crate) table: ResourceTable,
    pub(crate) log: LogBudget,
    pub(crate) trail: Trail,
    pub(crate) allowed: Allowed,
    /// What the operation that is under way uses of limits.
    pub(crate) uses: Uses,
    /// What no message tells.
    pub(crate) secrets: Secrets,
    /// Datagrams that the guest exchanges.
    pub(crate) exchanges: Exchanges,
    wasi: ClosedWasi,
    memory: MemoryGuard,
    limits: Limits,
}

/// What the guest may do: what it is granted, as far as its component declares
/// to need it.
pub(crate) struct Allowed {
    pub(crate) grants: Grants,
    pub(crate) needs: Needs,
    /// Who is told of what is not granted, and done as if it were.
    pub(crate) rehearsing: Rehearsing,
}

impl Allowed {
    /// Whether a link of this name could be seen, were it of the right kind.
    pub(crate) fn may_see(&self, place: Place, name: &str) -> bool {
        let question = Question::LinkSee {
            place,
            kind: None,
            name,
        };
        self.needs.covers(&question) && self.grants.may_see(place, name)
    }

    /// Whether a link of the node of this name could be taken, were it of the
    /// right kind.
    pub(crate) fn may_take(&self, name: &str) -> bool {
        let asked = [cofferdam_policy::Operation::DeviceTake];
        self.needs.has_any(&asked, Place::Host, |_| true) && self.grants.may_take(name)
    }

    /// Whether an address could be put into any zone of firewalld.
    pub(crate) fn may_join_zones(&self) -> bool {
        let asked = [cofferdam_policy::Operation::ForwardingZone];
        let granted = self.rehearsing.is_on() || self.grants.has_any(&asked, Place::Host);
        granted && self.needs.has_any(&asked, Place::Host, |_| true)
    }

    pub(crate) fn decide(&self, question: &Question<'_>) -> Result<Granted, Denial> {
        match self.decide_in_earnest(question) {
            // What it does not declare, no operator can grant.
            Err(_) if self.rehearsing.is_on() && self.needs.covers(question) => Ok(Granted::default()),
            decided => decided,
        }
    }

    /// The same where what is not granted stays hidden, also in a rehearsal.
    pub(crate) fn decide_in_earnest(&self, question: &Question<'_>) -> Result<Granted, Denial> {
        if self.needs.covers(question) {
            self.grants.decide(question)
        } else {
            Err(Denial::undeclared(question))
        }
    }
}

/// What the guest was asked to do; its delegate is asked the same.
#[derive(Clone)]
pub(crate) enum Task {
    Attachment(Box<Request>),
    Network(NetworkRequest),
    Wake(Box<Occasion>),
}

impl Imports for Mediator {}

impl GuestState for Mediator {
    fn wasi(&mut self) -> &mut ClosedWasi {
        &mut self.wasi
    }

    fn memory(&mut self) -> &mut MemoryGuard {
        &mut self.memory
    }

    fn limits(&self) -> Limits {
        self.limits
    }
}

impl Mediator {
    pub(crate) fn new(
        session: Session,
        plugin: &str,
        config: PluginConfig,
        allowed: Allowed,
        limits: Limits,
        trail: Trail,
        task: Task,
    ) -> Self {
        let world = Arc::clone(&session.world);
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits.handles);
        Self {
            session: Some(session),
            plugin: plugin.to_owned(),
            config,
            task,
            table,
            log: LogBudget::new(limits.log),
            trail,
            allowed,
            uses: Uses::default(),
            secrets: Secrets::default(),
            exchanges: Exchanges::default(),
            wasi: ClosedWasi::new(limits.log).told_by(Some(world)),
            memory: MemoryGuard::new(limits),
            limits,
        }
    }

    /// Ends the instance's part, with its trail in the audit log.
    pub(crate) fn into_session(mut self) -> Session {
        self.give_back_uses();
        self.trail.finish();
        let ends_exchange = !self.exchanges.is_empty();
        let session = self
            .session
            .as_mut()
            .expect("a delegate gives the session back before its caller goes on");
        session.exchanging &= !ends_exchange;
        self.session
            .expect("a delegate gives the session back before its caller goes on")
    }

    pub(crate) fn session(&mut self) -> &mut Session {
        self.session
            .as_mut()
            .expect("a delegate gives the session back before its caller goes on")
    }

    /// Lends the session to a delegate.
    pub(crate) fn lend(&mut self) -> Session {
        self.session.take().expect("a guest has one delegate at a time")
    }

    /// Takes the session back from a delegate.
    pub(crate) fn give_back(&mut self, session: Session) {
        self.session = Some(session);
    }

    pub(crate) fn network(&mut self) -> &mut dyn Network {
        self.session().network.as_mut()
    }

    /// Counts a call of the guest, and ends those that come too late.
    pub(crate) fn enter(&mut self) -> Result<(), CallError> {
        // Nothing came of the operation before, if it is not settled.
        self.give_back_uses();
        let limits = self.limits;
        let session = self
            .session
            .as_mut()
            .expect("a delegate gives the session back before its caller goes on");
        if !session.spent.call(&self.plugin, limits) {
            let rule = format!("it made more than {} host calls", self.limits.host_calls);
            return Err(CallError::Trap(wasmtime::Error::msg(rule)));
        }
        if Instant::now() >= self.session().deadline {
            return Err(CallError::Guest(types::Error::Deadline(
                "the time of this call is used up".to_owned(),
            )));
        }
        Ok(())
    }

    /// Asks the declaration and the policy. A grant with a limit is used up by one, unless nothing
    /// comes of the operation.
    pub(crate) fn permit(&mut self, question: &Question<'_>) -> Result<(), CallError> {
        self.permit_sharing(question, None)
    }

    /// The same for what makes a shared object, or joins one that is counted.
    pub(crate) fn permit_sharing(
        &mut self,
        question: &Question<'_>,
        object: Option<&SharedObject>,
    ) -> Result<(), CallError> {
        self.tell_audience(question, false);
        let granted = match self.allowed.decide(question) {
            Ok(granted) => granted,
            Err(denial) => {
                self.trail.denied(&denial);
                return Err(denied(denial));
            }
        };
        self.count_use(granted, object)?;
        // What the operator wants on record is not done without.
        self.trail
            .allowed(question)
            .map_err(|error| CallError::Trap(wasmtime::Error::new(error)))
    }

    /// In a rehearsal: what is asked for, whether it is granted, and whether the
    /// answer is that there is no such thing.
    pub(crate) fn tell_audience(&mut self, question: &Question<'_>, is_hidden: bool) {
        if !self.allowed.rehearsing.is_on() {
            return;
        }
        let journal = self.session().journal.as_ref();
        let operations = journal.map_or(0, |journal| journal.history().entries().len());
        let denial = self.allowed.decide_in_earnest(question).err();
        self.allowed.rehearsing.asked(Asked {
            plugin: &self.plugin,
            question,
            answer: match &denial {
                None => Answer::Granted,
                Some(denial) if is_hidden || !self.allowed.needs.covers(question) => Answer::Denied(denial),
                Some(denial) => Answer::Overlooked(denial),
            },
            operations,
        });
    }

    /// Refuses what makes new objects outside ADD.
    pub(crate) fn require_creation(&mut self) -> Result<(), CallError> {
        let mode = self.session().mode;
        if mode.creates() {
            return Ok(());
        }
        Err(invalid(format!("nothing new can be made during {}", mode.verb())))
    }

    /// Counts a change: what was done has to be undone in bounded time. What
    /// the attachment's own addresses are has to be found out anew: a link that
    /// is deleted or set down takes some away as well.
    pub(crate) fn count_change(&mut self) -> Result<(), CallError> {
        let (plugin, limits) = (self.plugin.clone(), self.limits);
        self.session().own_addresses.clear();
        let spent = &mut self.session().spent;
        spent.change(&plugin, limits).map_err(quota)
    }

    /// Counts a link that is to be made.
    pub(crate) fn count_link(&mut self) -> Result<(), CallError> {
        let (plugin, limits) = (self.plugin.clone(), self.limits);
        let spent = &mut self.session().spent;
        spent.link(&plugin, limits).map_err(quota)
    }

    /// Counts a datagram that is to be sent.
    pub(crate) fn count_datagram(&mut self) -> Result<(), CallError> {
        let (plugin, limits) = (self.plugin.clone(), self.limits);
        let spent = &mut self.session().spent;
        spent.datagram(&plugin, limits).map_err(quota)
    }

    /// Counts a request that is to be sent.
    pub(crate) fn count_request(&mut self) -> Result<(), CallError> {
        let (plugin, limits) = (self.plugin.clone(), self.limits);
        let spent = &mut self.session().spent;
        spent.request(&plugin, limits).map_err(quota)
    }

    /// Journal, then what the operation makes the attachment's, then kernel.
    /// Outside ADD there is nothing to go back to, and the journal is left out.
    pub(crate) fn perform<T>(
        &mut self,
        operation: &Operation,
        inverse: &Inverse,
        act: impl FnOnce(&mut dyn Network) -> cofferdam_network::Result<T>,
        outcome: impl FnOnce(&T) -> Outcome,
    ) -> Result<T, CallError> {
        self.count_change()?;
        let plugin = self.plugin.clone();
        let session = self.session();
        if !session.mode.changes() {
            return Err(invalid(format!(
                "nothing can be changed during {}",
                session.mode.verb()
            )));
        }
        let things = session.scope().things(operation, inverse);
        let ways = Ways::concern(operation).then(|| Ways::new(session));
        let Some(journal) = session.journal.as_mut() else {
            return act(session.network.as_mut()).map_err(|error| link_error(error, &session.deeds));
        };
        let sequence = journal.intend(&plugin, operation, inverse).map_err(journal_error)?;
        let owner = || OwnedBy::new(&session.attachment, &plugin);
        let taken = match take(&session.owned, things, owner, session.deadline) {
            Ok(taken) => taken,
            Err(error) => {
                journal.abandon(sequence);
                return Err(error);
            }
        };
        if let Err(astray) = refuse_astray(ways, operation, session.network.as_mut()) {
            session.owned.give_up(&taken, &session.attachment);
            journal.abandon(sequence);
            return Err(astray.into());
        }
        match act(session.network.as_mut()) {
            Ok(value) => {
                journal.done(sequence, outcome(&value));
                session.deeds.note(operation);
                self.settle_uses();
                Ok(value)
            }
            Err(error) => {
                let in_doubt = error.leaves_doubt();
                let told = link_error(error, &session.deeds);
                if in_doubt {
                    self.settle_uses();
                } else {
                    session.owned.give_up(&taken, &session.attachment);
                    journal.abandon(sequence);
                    self.give_back_uses();
                }
                Err(told)
            }
        }
    }

    /// A look at links that the guest has handles of, or at what is on them.
    pub(crate) fn seen_on<T>(
        &mut self,
        look: impl FnOnce(&mut dyn Network) -> cofferdam_network::Result<T>,
    ) -> Result<T, CallError> {
        let session = self.session();
        look(session.network.as_mut()).map_err(|error| link_error(error, &session.deeds))
    }

    /// [`Mediator::perform`] for what makes no link.
    pub(crate) fn change(
        &mut self,
        operation: &Operation,
        inverse: &Inverse,
        act: impl FnOnce(&mut dyn Network) -> cofferdam_network::Result<()>,
    ) -> Result<(), CallError> {
        self.perform(operation, inverse, act, |()| Outcome::default())
    }

    /// Makes a handle of a link for the guest.
    pub(crate) fn link_handle(&mut self, id: LinkId, name: &str) -> Result<Resource<handle::Link>, CallError> {
        self.session().deeds.show(id, name);
        let handle = self.table.push(handle::Link {
            place: id.place,
            index: id.index,
        })?;
        let what = || format!("link {name} in the {} namespace", id.place);
        self.allowed.rehearsing.handed(handle.rep(), what);
        Ok(handle)
    }

    /// The link behind a handle.
    pub(crate) fn link_id(&self, link: &Resource<handle::Link>) -> Result<LinkId, CallError> {
        let link = self.table.get(link)?;
        Ok(LinkId {
            place: link.place,
            index: link.index,
        })
    }

    /// A link that this plugin made, or shares, in this request.
    pub(crate) fn known_link(&mut self, id: LinkId) -> Option<KnownLink> {
        let plugin = self.plugin.clone();
        self.session().links.of_plugin(id, &plugin).cloned()
    }

    /// Whether this plugin made, or shares, a link of that name in this
    /// request.
    pub(crate) fn knows_named(&mut self, place: Place, name: &str) -> bool {
        let plugin = self.plugin.clone();
        self.session().links.has_named_of(place, name, &plugin)
    }
}

/// Makes things the attachment's; what was not its own before.
fn take(
    owned: &Owned,
    things: Vec<Thing>,
    owner: impl FnOnce() -> OwnedBy,
    deadline: Instant,
) -> Result<Vec<Thing>, CallError> {
    if things.is_empty() {
        return Ok(things);
    }
    match owned.take(things, &owner(), deadline).map_err(journal_error)? {
        Taken::All(taken) => Ok(taken),
        Taken::Belongs { thing, to } => Err(belongs(&thing, &to)),
    }
}

/// An operation must not lead what is another attachment's astray.
fn refuse_astray(ways: Option<Ways>, operation: &Operation, network: &mut dyn Network) -> Result<(), Astray> {
    ways.map_or(Ok(()), |ways| ways.refuse(operation, network))
}

pub(crate) fn quota(text: String) -> CallError {
    CallError::Guest(types::Error::Quota(text))
}

/// The journal can't be written: nothing is done.
pub(crate) fn journal_error(error: cofferdam_journal::Error) -> CallError {
    match error {
        cofferdam_journal::Error::Busy { .. } => CallError::Guest(types::Error::Busy(error.to_string())),
        // A guest may have it of somebody's request.
        cofferdam_journal::Error::InvalidName(_) => invalid(error.to_string()),
        error => CallError::Trap(wasmtime::Error::new(error)),
    }
}
