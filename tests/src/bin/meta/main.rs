//! A meta plugin in the manner of Multus, for tests: it attaches a container to each of the networks in its `delegates`,
//! through libcni, and knows nothing of who their plugins are.
//!
//! ```json
//! { "type": "meta", "stateDir": "/var/lib/cni/meta", "delegates": [ LIST, … ] }
//! ```
//!
//! The first delegate gets the runtime's interface name and what the runtime offers by capability; those after it `net1`,
//! `net2`, and what their own `runtimeConfig` has. All get the pod's `CNI_ARGS`.

#![allow(clippy::print_stdout)]

mod delegate;
mod merge;
mod record;

use std::{
    env,
    io::Read as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, Result, bail};
use cofferdam_tests::libcni::{Libcni, PluginError};
use delegate::Delegate;
use serde_json::{Value, json};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A delegate's code and details are handed up.
            let plugins = error.downcast_ref::<PluginError>().cloned().unwrap_or_default();
            let code = if plugins.code == 0 { 999 } else { plugins.code };
            println!(
                "{}",
                json!({ "code": code, "msg": format!("{error:#}"), "details": plugins.details })
            );
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let verb = env::var("CNI_COMMAND")?;
    if verb == "VERSION" {
        println!(
            "{}",
            json!({ "cniVersion": "1.1.0", "supportedVersions": ["0.3.1", "0.4.0", "1.0.0", "1.1.0"] })
        );
        return Ok(());
    }
    let mut stdin = Vec::new();
    std::io::stdin().read_to_end(&mut stdin)?;
    let config: Value = serde_json::from_slice(&stdin)?;
    let state = PathBuf::from(config["stateDir"].as_str().context("stateDir")?);
    let path = env::split_paths(&env::var_os("CNI_PATH").context("CNI_PATH")?).collect();
    let libcni = Libcni::new(path, &state);
    match verb.as_str() {
        "ADD" => add(&libcni, &config, &state),
        "CHECK" => check(&libcni, &config, &state),
        "DEL" => del(&libcni, &config, &state),
        "STATUS" => status(&libcni, &config),
        "GC" => Ok(()),
        other => bail!("unknown CNI_COMMAND: {other}"),
    }
}

fn add(libcni: &Libcni, config: &Value, state: &Path) -> Result<()> {
    let delegates = Delegate::all(config)?;
    record::write(state, config)?;
    let mut results = Vec::new();
    for (number, delegate) in delegates.iter().enumerate() {
        match libcni.add_network_list(&delegate.list, &delegate.conf) {
            Ok(result) => results.push(result),
            Err(error) => {
                // What failed is deleted with those before it.
                let _ = delete(libcni, delegates.get(..=number).unwrap_or_default());
                record::remove(state)?;
                return Err(error.context(format!("delegate {}", delegate.list.name)));
            }
        }
    }
    let version = config["cniVersion"].as_str().context("cniVersion")?;
    println!("{}", merge::merged(&results, version)?);
    Ok(())
}

fn check(libcni: &Libcni, config: &Value, state: &Path) -> Result<()> {
    for delegate in recorded(config, state)? {
        libcni.check_network_list(&delegate.list, &delegate.conf)?;
    }
    Ok(())
}

fn del(libcni: &Libcni, config: &Value, state: &Path) -> Result<()> {
    delete(libcni, &recorded(config, state)?)?;
    record::remove(state)
}

/// Those that the container was attached with; without a record, those of the configuration.
fn recorded(config: &Value, state: &Path) -> Result<Vec<Delegate>> {
    match record::read(state)? {
        Some(recorded) => Delegate::all(&recorded),
        None => Delegate::all(config),
    }
}

/// Last first; one that fails keeps no other from being deleted.
fn delete(libcni: &Libcni, delegates: &[Delegate]) -> Result<()> {
    let mut outcome = Ok(());
    for delegate in delegates.iter().rev() {
        outcome = libcni.del_network_list(&delegate.list, &delegate.conf).and(outcome);
    }
    outcome
}

fn status(libcni: &Libcni, config: &Value) -> Result<()> {
    for list in delegate::lists(config)? {
        libcni.get_status_network_list(&list)?;
    }
    Ok(())
}
