use wasmtime::{Store, component::InstancePre};

use crate::{
    ClosedWasi, Fault, Imports, Limits, MemoryGuard, Program, Sandbox, SandboxError,
    bindings::{
        CniPlugin, CniPluginPre,
        cofferdam::cni::types::{Attachment, Failure},
        exports::cofferdam::cni::plugin::{NetworkRequest, Request},
    },
    linker,
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

/// One instance of a plugin, made for one call.
pub struct Guest<T: Imports> {
    store: Store<T>,
    plugin: CniPlugin,
}

impl<T: Imports> Guest<T> {
    /// Links what the program imports and instantiates it.
    ///
    /// # Errors
    /// The program imports what is not offered, or is no plugin.
    pub fn new(sandbox: &Sandbox, program: &Program, state: T) -> Result<Self, (SandboxError, Box<T>)> {
        match linker::link(sandbox, program).and_then(|linker| prepare(&linker, program)) {
            Ok(prepared) => Self::instantiate(sandbox, &prepared, state),
            Err(error) => Err((error, Box::new(state))),
        }
    }

    fn instantiate(sandbox: &Sandbox, prepared: &CniPluginPre<T>, state: T) -> Result<Self, (SandboxError, Box<T>)> {
        let limits = state.limits();
        let mut store = Store::new(sandbox.engine(), state);
        store.limiter(|state| state.memory());
        store.set_epoch_deadline(1);
        store.set_hostcall_fuel(limits.transfer);
        match prepared.instantiate(&mut store) {
            Ok(plugin) => Ok(Self { store, plugin }),
            Err(error) => {
                let error = SandboxError::NotAPlugin(format!("it can't be instantiated: {}", error.root_cause()));
                Err((error, Box::new(store.into_data())))
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

    /// Ends the instance and gives its state back.
    pub fn into_state(self) -> T {
        self.store.into_data()
    }

    fn verdict<R>(&mut self, answer: wasmtime::Result<Result<R, Failure>>) -> Verdict<R> {
        answer.map_err(|error| {
            let state = self.store.data_mut();
            let message = state.wasi().message();
            Fault::new(&error, state.memory(), message)
        })
    }
}

fn prepare<T: Imports>(
    linker: &wasmtime::component::Linker<T>,
    program: &Program,
) -> Result<CniPluginPre<T>, SandboxError> {
    let instance: InstancePre<T> = linker
        .instantiate_pre(&program.component)
        .map_err(|error| SandboxError::Import(format!("{error:#}")))?;
    CniPluginPre::new(instance).map_err(|error| SandboxError::NotAPlugin(format!("{error:#}")))
}
