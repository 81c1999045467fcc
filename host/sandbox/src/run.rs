use wasmtime::{
    Store,
    component::{Instance, InstancePre},
};

use crate::{
    ClosedWasi, Fault, Imports, Limits, MemoryGuard, Program, Sandbox, SandboxError,
    bindings::{
        CniPlugin, CniPluginPre,
        cofferdam::cni::types::{Attachment, Failure},
        exports::cofferdam::cni::plugin::{NetworkRequest, Request},
        keeping::{CniKeeper, exports::cofferdam::cni::keeper::Occasion},
    },
    contract, linker,
};

/// What the sandbox itself needs of the state behind an instance.
pub trait GuestState: Send + Sized {
    /// What stands behind the WASI imports.
    fn wasi(&mut self) -> &mut ClosedWasi;
    /// Watches the growth of memory and tables.
    fn memory(&mut self) -> &mut MemoryGuard;
    /// The limits that this instance was made with.
    fn limits(&self) -> Limits;
}

/// A guest's answer: its result, its own failure, or its end by a fault.
pub type Verdict<T> = Result<Result<T, Failure>, Fault>;

/// Why there is no instance of a program.
#[derive(Debug)]
pub enum NotStarted {
    /// The program is none that could run here.
    Program(SandboxError),
    /// What it runs before it is called did not come to its end, or it is too
    /// large from the start.
    Fault(Fault),
}

/// One instance of a plugin, made for one call.
pub struct Guest<T: Imports> {
    store: Store<T>,
    plugin: CniPlugin,
    instance: Instance,
}

impl<T: Imports> Guest<T> {
    /// Links what the program imports and instantiates it. The program's start
    /// functions run then: what holds for its call holds for them.
    ///
    /// # Errors
    /// The program imports what is not offered, is no plugin, or was ended.
    pub fn new(sandbox: &Sandbox, program: &Program, state: T) -> Result<Self, (NotStarted, Box<T>)> {
        match Self::prepare(sandbox, program) {
            Ok(prepared) => Self::instantiate(sandbox, &prepared, state),
            Err(error) => Err((NotStarted::Program(error), Box::new(state))),
        }
    }

    /// Whether the program imports only what is offered and exports what a
    /// plugin has to, with the right types. Nothing of it runs.
    ///
    /// # Errors
    /// What of that it does not.
    pub fn fits(sandbox: &Sandbox, program: &Program) -> Result<(), SandboxError> {
        Self::prepare(sandbox, program).map(drop)
    }

    fn prepare(sandbox: &Sandbox, program: &Program) -> Result<CniPluginPre<T>, SandboxError> {
        let imports = program.imports(sandbox);
        contract::check_versions(imports.iter().map(String::as_str))?;
        let linker = linker::link(sandbox, &imports)?;
        let instance: InstancePre<T> = linker.instantiate_pre(&program.component).map_err(|error| {
            let hint = contract::hint(imports.iter().map(String::as_str));
            SandboxError::Import(format!("{error:#}{hint}"))
        })?;
        CniPluginPre::new(instance).map_err(|error| SandboxError::NotAPlugin(format!("{error:#}")))
    }

    fn instantiate(sandbox: &Sandbox, prepared: &CniPluginPre<T>, state: T) -> Result<Self, (NotStarted, Box<T>)> {
        let limits = state.limits();
        let mut store = Store::new(sandbox.engine(), state);
        store.limiter(|state| state.memory());
        store.set_epoch_deadline(1);
        store.set_hostcall_fuel(limits.transfer);
        let instance = match prepared.instance_pre().instantiate(&mut store) {
            Ok(instance) => instance,
            Err(error) => {
                let fault = fault(&error, store.data_mut());
                return Err((NotStarted::Fault(fault), Box::new(store.into_data())));
            }
        };
        match CniPlugin::new(&mut store, &instance) {
            Ok(plugin) => Ok(Self {
                store,
                plugin,
                instance,
            }),
            Err(error) => {
                let error = SandboxError::NotAPlugin(format!("{error:#}"));
                Err((NotStarted::Program(error), Box::new(store.into_data())))
            }
        }
    }

    /// Calls `add`.
    pub fn add(&mut self, request: &Request) -> Verdict<Attachment> {
        let answer = self.plugin.cofferdam_cni_plugin().call_add(&mut self.store, request);
        self.verdict(answer)
    }

    /// Calls `del`.
    pub fn del(&mut self, request: &Request) -> Verdict<()> {
        let answer = self.plugin.cofferdam_cni_plugin().call_del(&mut self.store, request);
        self.verdict(answer)
    }

    /// Calls `check`.
    pub fn check(&mut self, request: &Request) -> Verdict<()> {
        let answer = self.plugin.cofferdam_cni_plugin().call_check(&mut self.store, request);
        self.verdict(answer)
    }

    /// Calls `gc`.
    pub fn gc(&mut self, request: &NetworkRequest) -> Verdict<()> {
        let answer = self.plugin.cofferdam_cni_plugin().call_gc(&mut self.store, request);
        self.verdict(answer)
    }

    /// Calls `status`.
    pub fn status(&mut self, request: &NetworkRequest) -> Verdict<()> {
        let answer = self.plugin.cofferdam_cni_plugin().call_status(&mut self.store, request);
        self.verdict(answer)
    }

    /// Calls the keeper's `wake`; `None` where the program has no keeper.
    pub fn wake(&mut self, occasion: &Occasion) -> Option<Verdict<()>> {
        let keeper = CniKeeper::new(&mut self.store, &self.instance).ok()?;
        let answer = keeper.cofferdam_cni_keeper().call_wake(&mut self.store, occasion);
        Some(self.verdict(answer))
    }

    /// Ends the instance and gives its state back.
    pub fn into_state(self) -> T {
        self.store.into_data()
    }

    fn verdict<R>(&mut self, answer: wasmtime::Result<Result<R, Failure>>) -> Verdict<R> {
        answer.map_err(|error| fault(&error, self.store.data_mut()))
    }
}

fn fault<T: GuestState>(error: &wasmtime::Error, state: &mut T) -> Fault {
    let message = state.wasi().message();
    Fault::new(error, state.memory(), message)
}
