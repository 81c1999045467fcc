use cofferdam_sandbox::{
    CallError,
    bindings::cofferdam::cni::types::{Error, Host},
};

use crate::mediator::Mediator;

impl Host for Mediator {
    fn convert_error(&mut self, error: CallError) -> wasmtime::Result<Error> {
        match error {
            CallError::Guest(error) => Ok(error),
            CallError::Trap(trap) => Err(trap),
        }
    }
}
