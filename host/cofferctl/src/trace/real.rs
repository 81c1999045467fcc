//! A real ADD in this process, to be listened to.

use std::{path::Path, sync::Arc};

use anyhow::{Context as _, bail};
use cofferdam_broker::{Broker, Installation, trace::Tracer};
use cofferdam_protocol::{CniError, Injection, json};

use crate::{
    output::complain,
    plan::{Arguments, BUDGET, End, environment, missing},
};

/// Attaches the container, plugin by plugin, as a runtime does. What was
/// attached stays, also where a plugin fails: DEL has to follow.
pub(super) fn add(installation: &Installation, arguments: &Arguments, tracer: &Arc<Tracer>) -> anyhow::Result<End> {
    let Some((id, netns)) = arguments.container() else {
        bail!("--real attaches a container: say which, with --netns PATH");
    };
    if arguments.has_stand_ins() {
        bail!("--real runs what is installed, as it is granted on this node: --component and --policy are for plans");
    }
    let network = arguments.network()?;
    environment(arguments)?;
    let namespace = arguments.namespace_path()?;
    let capability_args = arguments.capability_args()?;
    tell_way_back(&network.name, id, netns);
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
            return Ok(End::Unknown { plugin });
        }
        let broker = Broker::new(installation.clone(), BUDGET).heard_by(Arc::clone(tracer) as Arc<_>);
        let name = &plugin.plugin_type;
        let text = config.text().as_bytes().to_vec();
        let answer = broker.answer(name, |variable| arguments.variable(variable, &namespace), || Ok(text));
        if answer.exit != 0 {
            return Ok(End::Error {
                plugin: name.clone(),
                error: CniError::from_output(answer.stdout.as_bytes(), answer.stderr.as_bytes(), ""),
            });
        }
        let result = json::Node::parse(&answer.stdout);
        previous = Some(result.with_context(|| format!("plugin {name:?} printed what is no JSON"))?);
    }
    Ok(End::Result(previous.unwrap_or_else(|| json::Node::Object(Vec::new()))))
}

fn tell_way_back(network: &str, id: &str, netns: &Path) {
    complain(&format!(
        "this attaches the container; `cofferctl net del {network} {} --id {id}` detaches it",
        netns.display()
    ));
}
