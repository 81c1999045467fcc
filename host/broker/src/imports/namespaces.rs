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
        Ok(self.table.push(Namespace {
            place: Place::Container,
        })?)
    }

    fn host(&mut self) -> Result<Resource<Namespace>, CallError> {
        self.enter()?;
        Ok(self.table.push(Namespace { place: Place::Host })?)
    }
}

impl HostNamespace for Mediator {
    fn drop(&mut self, namespace: Resource<Namespace>) -> wasmtime::Result<()> {
        self.table.delete(namespace)?;
        Ok(())
    }
}
