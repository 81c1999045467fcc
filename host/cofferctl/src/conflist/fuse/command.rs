use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use cofferdam_broker::Installation;
use cofferdam_protocol::json::Node;
use cofferdam_runtime::load_file;

use super::fuse;
use crate::output::say_json;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The list. It is not changed.
    file: PathBuf,
}

pub(in crate::conflist) fn run(installation: &Installation, arguments: &Arguments) -> anyhow::Result<()> {
    let network = load_file(&arguments.file)?;
    let store = installation.components();
    let is_component = |name: &str| store.resolve(name).is_ok();
    let fused = fuse(&network, is_component);
    if fused.len() == network.plugins.len() {
        bail!(
            "{}: no two plugins that follow one another are installed components, so there is nothing to fuse;              `cofferctl component list` tells what is installed",
            arguments.file.display()
        );
    }
    let list = Node::parse(&network.text)?;
    let mut document = Node::Object(list.entries().to_vec());
    // Those of a folder are among them now.
    document.set("loadOnlyInlinedPlugins", Node::Bool(true));
    document.set("plugins", Node::Array(fused));
    say_json(&serde_json::to_value(&document)?);
    Ok(())
}
