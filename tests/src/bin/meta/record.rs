//! What a container was attached with, in a file of its own: its configuration may be another one by the time of DEL.

use std::{
    env, fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use anyhow::Result;
use serde_json::Value;

pub(crate) fn write(state: &Path, config: &Value) -> Result<()> {
    fs::create_dir_all(state)?;
    Ok(fs::write(file(state)?, config.to_string())?)
}

pub(crate) fn read(state: &Path) -> Result<Option<Value>> {
    match fs::read(file(state)?) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

pub(crate) fn remove(state: &Path) -> Result<()> {
    match fs::remove_file(file(state)?) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

fn file(state: &Path) -> Result<PathBuf> {
    let [id, ifname] = ["CNI_CONTAINERID", "CNI_IFNAME"].map(env::var);
    Ok(state.join(format!("{}-{}", id?, ifname?)))
}
