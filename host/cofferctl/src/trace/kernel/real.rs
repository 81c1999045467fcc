//! A real ADD, to be listened to.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context as _, bail};
use cofferdam_broker::{Installation, trace::Call};
use cofferdam_protocol::{CniError, Injection, json};

use super::child::{Order, Outcome};
use crate::{
    output::complain,
    plan::{Arguments, End, environment, missing},
};

/// Attaches the container, plugin by plugin, as a runtime does. What was
/// attached stays, also where a plugin fails: DEL has to follow.
pub(super) fn add(installation: &Installation, arguments: &Arguments) -> anyhow::Result<(Vec<Call>, End)> {
    let Some((id, netns)) = arguments.container() else {
        bail!("--real attaches a container: say which, with --netns PATH");
    };
    if arguments.has_stand_ins() {
        bail!(
            "--real runs what is installed, as it is granted on this node: --component, --policy and --answers are for plans"
        );
    }
    let network = arguments.network()?;
    environment(arguments)?;
    let namespace = arguments.namespace_path()?;
    let capability_args = arguments.capability_args()?;
    tell_way_back(&network.name, id, netns);
    let mut all = Vec::new();
    let mut previous = None;
    for plugin in &network.plugins {
        let injection = Injection {
            name: &network.name,
            version: &network.version,
            previous: previous.as_ref(),
            capability_args: capability_args.as_ref(),
            valid_attachments: None,
        };
        let config = injection.apply(&plugin.config)?;
        if let Some(plugin) = missing(installation, &config)? {
            return Ok((all, End::Unknown { plugin }));
        }
        let name = &plugin.plugin_type;
        let order = Order {
            root: installation.root().to_owned(),
            plugin: name.clone(),
            variables: variables(arguments, &namespace),
            config: config.text().to_owned(),
        };
        let Outcome {
            calls,
            succeeded,
            stdout,
            stderr,
        } = order.carry_out()?;
        all.extend(calls);
        if !succeeded {
            let error = CniError::from_output(stdout.as_bytes(), stderr.as_bytes(), "");
            let plugin = name.clone();
            return Ok((all, End::Error { plugin, error }));
        }
        let result = json::Node::parse(&stdout);
        previous = Some(result.with_context(|| format!("plugin {name:?} printed what is no JSON"))?);
    }
    let result = previous.unwrap_or_else(|| json::Node::Object(Vec::new()));
    Ok((all, End::Result(result)))
}

/// The variables of the request.
fn variables(arguments: &Arguments, namespace: &str) -> BTreeMap<String, String> {
    let names = [
        "CNI_COMMAND",
        "CNI_CONTAINERID",
        "CNI_NETNS",
        "CNI_IFNAME",
        "CNI_ARGS",
        "CNI_PATH",
    ];
    let pairs = names
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), arguments.variable(name, namespace)?)));
    pairs.collect()
}

fn tell_way_back(network: &str, id: &str, netns: &Path) {
    complain(&format!(
        "this attaches the container; `cofferctl net del {network} {} --id {id}` detaches it",
        netns.display()
    ));
}
