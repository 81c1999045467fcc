use std::io;

use cofferdam_policy::Question;
use cofferdam_sandbox::{
    CallError,
    bindings::cofferdam::cni::{
        allow_list::Host,
        types::{Error, OsError},
    },
};
use cofferdam_system::{errno_of, words_of};

use super::resolver::read;
use crate::{files::ALLOW_LIST, mediator::Mediator};

impl Host for Mediator {
    fn read(&mut self) -> Result<Option<String>, CallError> {
        self.enter()?;
        self.permit(&Question::AllowListRead {
            file: ALLOW_LIST.as_ref(),
        })?;
        let opened = self.session().files.allow_list().ok_or_else(|| {
            let text = format!("{ALLOW_LIST} was not opened when this call began");
            CallError::Trap(wasmtime::Error::msg(text))
        })?;
        let failed = |error: &io::Error| {
            let errno = (errno_of(error) as i32).unsigned_abs();
            let context = format!("read {ALLOW_LIST}: {}", words_of(error));
            CallError::Guest(Error::Os(OsError { errno, context }))
        };
        match opened {
            Ok(file) => read(file).map(Some).map_err(|error| failed(&error)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }
}
