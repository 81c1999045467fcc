use std::fs;

use cofferdam_broker::check_component;
use cofferdam_sandbox::{ComponentStore, Program, Sandbox};

use super::{Finding, Node};

const CHECK: &str = "components";

/// Whether each component that has a name is there, is what was installed, and
/// can be run by this version.
pub(super) fn look(node: &Node<'_>) -> Vec<Finding> {
    let store = node.installation.components();
    let sandbox = match Sandbox::new() {
        Ok(sandbox) => sandbox,
        Err(error) => {
            let finding = Finding::error(CHECK, "this processor", error);
            return vec![
                finding.way_out("Cofferdam runs on x86-64 and 64-bit ARM, with the features that it was built for"),
            ];
        }
    };
    let broken = |name: String| {
        let error = usable(&store, &sandbox, &name).err()?;
        let place = store.path().join("plugins").join(&name);
        let finding = Finding::error(
            CHECK,
            place.display(),
            format!("plugin {name:?} can't be run: {error:#}"),
        );
        Some(finding.way_out(
            "install it again with `cofferctl component add`; after an upgrade of Cofferdam `cofferctl component compile` \
             will do",
        ))
    };
    names(&store).into_iter().filter_map(broken).collect()
}

/// Those in the store, also what can't be resolved.
fn names(store: &ComponentStore) -> Vec<String> {
    let entries = fs::read_dir(store.path().join("plugins")).into_iter().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    names
}

fn usable(store: &ComponentStore, sandbox: &Sandbox, name: &str) -> anyhow::Result<()> {
    let digest = store.resolve(name)?;
    store.wasm(digest)?;
    let program = Program::load(sandbox, store.artifact(digest)?)?;
    check_component(sandbox, &program)?;
    Ok(())
}
