use cofferdam_protocol::Place;
use cofferdam_sandbox::{
    CallError,
    bindings::cofferdam::cni::{
        namespaces::{Host, HostNamespace},
        types::Error,
    },
    handle::Namespace,
};
use wasmtime::component::Resource;

use crate::mediator::{Mediator, Task};

impl Host for Mediator {
    fn container(&mut self) -> Result<Resource<Namespace>, CallError> {
        self.enter()?;
        let exists = match &self.task {
            Task::Attachment(request) => request.namespace_exists,
            // It was opened, or there would be no call.
            Task::Wake(_) => true,
            Task::Network(_) => false,
        };
        if !exists {
            return Err(CallError::Guest(Error::NotFound(
                "the container's network namespace".to_owned(),
            )));
        }
        self.namespace_handle(Place::Container)
    }

    fn host(&mut self) -> Result<Resource<Namespace>, CallError> {
        self.enter()?;
        self.namespace_handle(Place::Host)
    }
}

impl Mediator {
    fn namespace_handle(&mut self, place: Place) -> Result<Resource<Namespace>, CallError> {
        let handle = self.table.push(Namespace { place })?;
        self.allowed
            .rehearsing
            .handed(handle.rep(), || format!("the {place} namespace"));
        Ok(handle)
    }
}

impl HostNamespace for Mediator {
    fn drop(&mut self, namespace: Resource<Namespace>) -> wasmtime::Result<()> {
        self.table.delete(namespace)?;
        Ok(())
    }
}
