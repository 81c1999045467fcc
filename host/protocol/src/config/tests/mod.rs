#![allow(clippy::unwrap_used, clippy::panic)]

mod keys;
mod program;
mod properties;

use crate::{CniError, PluginConfig};

fn config(text: &str) -> PluginConfig {
    PluginConfig::parse(text).unwrap()
}

type Told = (u32, String, Option<String>);

fn told(error: CniError) -> Told {
    (error.code, error.message, error.details)
}

fn undecodable(details: &str) -> Told {
    (
        6,
        "failed to decode the network configuration".to_owned(),
        Some(details.to_owned()),
    )
}
