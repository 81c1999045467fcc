use std::env;

use anyhow::{Context as _, Result};
use cofferdam_tests::libcni::{NetworkConfigList, RuntimeConf};
use serde_json::{Map, Value, json};

/// A network that a container is attached to, and how.
pub(crate) struct Delegate {
    pub(crate) list: NetworkConfigList,
    pub(crate) conf: RuntimeConf,
}

impl Delegate {
    /// The delegates of a configuration, for the container that the environment tells of.
    pub(crate) fn all(config: &Value) -> Result<Vec<Self>> {
        let lists = lists(config)?.into_iter().zip(elements(config)?);
        lists
            .enumerate()
            .map(|(number, (list, element))| {
                let offered = if number == 0 { config } else { element };
                let conf = conf(number, &offered["runtimeConfig"])?;
                Ok(Self { list, conf })
            })
            .collect()
    }
}

/// The networks of a configuration.
pub(crate) fn lists(config: &Value) -> Result<Vec<NetworkConfigList>> {
    elements(config)?.iter().map(list).collect()
}

fn elements(config: &Value) -> Result<&Vec<Value>> {
    config["delegates"].as_array().context("delegates")
}

/// A list as it is, or a list of a single plugin.
fn list(element: &Value) -> Result<NetworkConfigList> {
    let list = if element["plugins"].is_array() {
        element.clone()
    } else {
        json!({ "name": element["name"], "cniVersion": element["cniVersion"], "plugins": [element] })
    };
    NetworkConfigList::from_bytes(list.to_string().as_bytes())
}

fn conf(number: usize, offered: &Value) -> Result<RuntimeConf> {
    let args = env::var("CNI_ARGS").unwrap_or_default();
    let pairs = args.split(';').filter_map(|pair| pair.split_once('='));
    Ok(RuntimeConf {
        container_id: env::var("CNI_CONTAINERID")?,
        netns: env::var("CNI_NETNS").unwrap_or_default(),
        ifname: match number {
            0 => env::var("CNI_IFNAME")?,
            number => format!("net{number}"),
        },
        args: pairs.map(|(key, value)| [key.to_owned(), value.to_owned()]).collect(),
        capability_args: offered.as_object().map_or_else(Map::new, Clone::clone),
    })
}
