#[cfg(target_os = "linux")]
mod command;

use std::collections::BTreeSet;

use cofferdam_protocol::{ListedPlugin, NetworkList, json::Node};
#[cfg(target_os = "linux")]
pub(super) use command::{Arguments, run};

/// The list's plugins, where each run of components is one `chain`.
pub(crate) fn fuse(network: &NetworkList, is_component: impl Fn(&str) -> bool) -> Vec<Node> {
    let mut fused = Vec::new();
    let mut run: Vec<Member> = Vec::new();
    for plugin in &network.plugins {
        match members(plugin, &is_component) {
            Some(members) => run.extend(members),
            None => {
                fused.extend(chain(&mut run));
                fused.push(plugin.config.clone());
            }
        }
    }
    fused.extend(chain(&mut run));
    fused
}

/// A member of a chain: its object as it was alone, and as it is in the chain.
struct Member {
    alone: Node,
    within: Node,
    capabilities: Vec<String>,
}

/// What a plugin adds to a chain; `None` where it can be in none.
fn members(plugin: &ListedPlugin, is_component: impl Fn(&str) -> bool) -> Option<Vec<Member>> {
    if plugin.plugin_type != "cofferdam" {
        return is_component(&plugin.plugin_type).then(|| vec![member(&plugin.config, plugin.capabilities.clone())]);
    }
    if let Some(name) = plugin.config.get("plugin").and_then(Node::as_str) {
        let mut config = plugin.config.clone();
        config.remove("plugin");
        config.set("type", Node::from(name));
        return is_component(name).then(|| vec![member(&config, plugin.capabilities.clone())]);
    }
    let Some(Node::Array(chain)) = plugin.config.get("chain") else {
        return None;
    };
    chain
        .iter()
        .map(|config| {
            let listed = ListedPlugin::from_tree(config.clone()).ok()?;
            Some(member(config, listed.capabilities))
        })
        .collect()
}

fn member(config: &Node, capabilities: Vec<String>) -> Member {
    let mut within = config.clone();
    // The list's are set for every member.
    within.remove("name");
    within.remove("cniVersion");
    Member {
        alone: config.clone(),
        within,
        capabilities,
    }
}

/// One plugin that stands for all members; a single one stays as it is.
fn chain(run: &mut Vec<Member>) -> Option<Node> {
    let members = std::mem::take(run);
    match members.as_slice() {
        [] => return None,
        [single] => return Some(single.alone.clone()),
        _ => {}
    }
    // The runtime gives the chain what any member wants; each gets its own.
    let wanted: BTreeSet<&String> = members.iter().flat_map(|member| &member.capabilities).collect();
    let capabilities: Vec<(String, Node)> = wanted
        .into_iter()
        .map(|name| (name.clone(), Node::Bool(true)))
        .collect();
    let mut entries = vec![("type".to_owned(), Node::from("cofferdam"))];
    if !capabilities.is_empty() {
        entries.push(("capabilities".to_owned(), Node::Object(capabilities)));
    }
    let members = members.into_iter().map(|member| member.within).collect();
    entries.push(("chain".to_owned(), Node::Array(members)));
    Some(Node::Object(entries))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn fused(plugins: &str) -> String {
        let network = NetworkList::parse(&format!(r#"{{"name":"n","plugins":{plugins}}}"#)).unwrap();
        Node::Array(fuse(&network, |name| name != "foreign")).to_text()
    }

    #[test]
    fn components_that_follow_one_another_become_a_chain_with_the_capabilities_of_all() {
        assert_eq!(
            fused(
                r#"[{"type":"bridge","name":"x","capabilities":{"ips":true,"mac":false}},
                    {"type":"cofferdam","plugin":"portmap","capabilities":{"portMappings":true}},
                    {"type":"foreign","a":1},{"type":"tuning","b":2}]"#
            ),
            r#"[{"type":"cofferdam","capabilities":{"ips":true,"portMappings":true},"chain":[{"type":"bridge","capabilities":{"ips":true,"mac":false}},{"capabilities":{"portMappings":true},"type":"portmap"}]},{"type":"foreign","a":1},{"type":"tuning","b":2}]"#
        );
    }

    #[test]
    fn a_chain_that_is_there_is_taken_in() {
        assert_eq!(
            fused(r#"[{"type":"cofferdam","chain":[{"type":"a"},{"type":"b"}]},{"type":"c"}]"#),
            r#"[{"type":"cofferdam","chain":[{"type":"a"},{"type":"b"},{"type":"c"}]}]"#
        );
    }
}
