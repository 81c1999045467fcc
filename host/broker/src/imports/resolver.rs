use std::{
    fs::File,
    io::{self, Read as _, Seek as _},
    path::PathBuf,
};

use cofferdam_policy::Question;
use cofferdam_sandbox::{
    CallError,
    bindings::cofferdam::cni::{
        resolver::Host,
        types::{Error, OsError},
    },
};
use cofferdam_system::{errno_of, words_of};

use crate::{convert::invalid, mediator::Mediator};

/// Bytes that are read of a file.
const LIMIT: u64 = 64 << 10;

impl Host for Mediator {
    fn resolv_conf(&mut self) -> Result<Option<String>, CallError> {
        self.enter()?;
        let path = self
            .config
            .ipam_resolv_conf()
            .map_err(|error| invalid(error.to_string()))?;
        let Some(path) = path.map(PathBuf::from) else {
            return Ok(None);
        };
        if !path.has_root() {
            return Err(invalid(format!(
                "ipam.resolvConf: {} is not an absolute path",
                path.display()
            )));
        }
        self.permit(&Question::ResolverRead { file: &path })?;
        let session = self.session();
        let failed = |error: &io::Error| {
            let errno = (errno_of(error) as i32).unsigned_abs();
            let file = session.installation.resolve(&path);
            let context = format!("read {}: {}", file.display(), words_of(error));
            CallError::Guest(Error::Os(OsError { errno, context }))
        };
        let opened = session.files.resolver(&path).ok_or_else(|| {
            let text = format!("{} was not opened when this call began", path.display());
            CallError::Trap(wasmtime::Error::msg(text))
        })?;
        let text = opened
            .as_ref()
            .map_err(failed)
            .and_then(|file| read(file).map_err(|error| failed(&error)))?;
        self.session().deeds.read.push(text.clone());
        Ok(Some(text))
    }
}

/// From its beginning, however often it was read before.
pub(super) fn read(mut file: &File) -> io::Result<String> {
    let mut text = String::new();
    file.rewind()?;
    file.take(LIMIT).read_to_string(&mut text)?;
    Ok(text)
}
