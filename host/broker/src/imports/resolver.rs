use std::{fs::File, io::Read as _, path::PathBuf};

use cofferdam_policy::Question;
use cofferdam_sandbox::{
    CallError,
    bindings::cofferdam::cni::{
        resolver::Host,
        types::{Error, OsError},
    },
};

use crate::{convert::invalid, mediator::Mediator};

/// Bytes that are read of a resolver configuration.
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
        if !path.is_absolute() {
            return Err(invalid(format!(
                "ipam.resolvConf: {} is not an absolute path",
                path.display()
            )));
        }
        self.permit(&Question::ResolverRead { file: &path })?;
        let path = self.session().installation.resolve(&path);
        let mut text = String::new();
        File::open(&path)
            .and_then(|file| file.take(LIMIT).read_to_string(&mut text))
            .map_err(|error| {
                let errno = error.raw_os_error().unwrap_or(nix::libc::EIO).unsigned_abs();
                let context = format!("read {}: {error}", path.display());
                CallError::Guest(Error::Os(OsError { errno, context }))
            })?;
        self.session().deeds.read.push(text.clone());
        Ok(Some(text))
    }
}
