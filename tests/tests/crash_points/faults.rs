//! What may happen to an attachment while it is made, by somebody else's
//! doing: a new one joins by a line.

use std::{fs, path::PathBuf};

use cofferdam_tests::{Namespace, needs_kernel};

use crate::{meanwhile::nothing_is_left_after, stage::Stage};

/// Something that somebody else does, on a node where an ADD is under way.
pub(crate) struct Fault<'a> {
    pub(crate) name: &'a str,
    pub(crate) others: Others,
    /// False when there was nothing to be done.
    pub(crate) act: fn(&Stage) -> bool,
    /// Takes away what was put there; an error when it is not there any more.
    pub(crate) clear: fn(&Stage) -> Result<(), String>,
}

/// What becomes of another attachment that is there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Others {
    /// It stays whole.
    Spared,
    /// It loses something, too.
    Hit,
}

const OTHERS_CLAIM: &str = "other\r\neth0";
const OTHERS_LINK: &str = "foreign0";
/// The first address that is given out on an empty node, and beside another.
const ADDRESSES: [&str; 2] = ["10.22.0.2", "10.22.0.3"];
const GATEWAY: &str = "10.22.0.1";
const PLUGINS: [&str; 3] = ["bridge", "host-local", "loopback"];

/// A test for each, so that they run side by side.
macro_rules! faults {
    ($($test:ident: $others:ident, $act:ident, $clear:ident;)*) => {
        $(
            #[test]
            fn $test() {
                needs_kernel!();
                let fault = Fault {
                    name: &stringify!($test).replace('_', " "),
                    others: Others::$others,
                    act: $act,
                    clear: $clear,
                };
                nothing_is_left_after(&fault);
            }
        )*
    };
}

faults! {
    the_namespace_of_the_container_goes: Spared, lose_namespace, renew_namespace;
    the_end_at_the_node_is_deleted: Spared, delete_outer_end, nothing;
    the_end_at_the_node_is_renamed: Spared, rename_outer_end, nothing;
    the_end_in_the_container_is_deleted: Spared, delete_inner_end, nothing;
    the_end_in_the_container_is_renamed: Spared, rename_inner_end, nothing;
    the_loopback_of_the_container_is_taken_down: Spared, loopback_down, nothing;
    the_bridge_is_deleted: Hit, delete_bridge, nothing;
    the_bridge_is_renamed: Hit, rename_bridge, nothing;
    the_address_is_put_on_another_link: Spared, take_address, clear_link;
    the_address_of_the_gateway_is_put_on_another_link: Spared, take_gateway, clear_link;
    the_address_is_claimed_by_somebody_else: Spared, claim, clear_claim;
    the_claim_becomes_somebody_elses: Spared, overwrite_claim, clear_claim;
    the_policies_grant_nothing_any_more: Spared, revoke, grant;
    the_components_are_removed: Spared, remove_components, restore_components;
    the_components_are_replaced: Spared, replace_components, restore_names;
}

fn nothing(_: &Stage) -> Result<(), String> {
    Ok(())
}

fn lose_namespace(stage: &Stage) -> bool {
    stage.lose_container();
    true
}

fn renew_namespace(stage: &Stage) -> Result<(), String> {
    stage.renew_container();
    Ok(())
}

/// The end of the pair that is not the other attachment's.
fn outer_end(stage: &Stage) -> Option<String> {
    let names = stage.site().node().link_names();
    names
        .into_iter()
        .find(|name| name.starts_with("veth") && !stage.was_there(name))
}

fn delete(namespace: &Namespace, link: &str) -> bool {
    namespace.ip(&["link", "delete", link]);
    true
}

fn rename(namespace: &Namespace, link: &str) -> bool {
    // A link that is up is not renamed by every kernel.
    namespace.ip(&["link", "set", link, "down"]);
    namespace.ip(&["link", "set", link, "name", OTHERS_LINK]);
    namespace.ip(&["link", "set", OTHERS_LINK, "up"]);
    true
}

fn delete_outer_end(stage: &Stage) -> bool {
    outer_end(stage).is_some_and(|link| delete(stage.site().node(), &link))
}

fn rename_outer_end(stage: &Stage) -> bool {
    outer_end(stage).is_some_and(|link| rename(stage.site().node(), &link))
}

/// Does something with the container's end, where it is.
fn with_inner_end(stage: &Stage, act: fn(&Namespace, &str) -> bool) -> bool {
    let done = stage.inside(|container| container.link("eth0").is_some() && act(container, "eth0"));
    done == Some(true)
}

fn delete_inner_end(stage: &Stage) -> bool {
    with_inner_end(stage, delete)
}

fn rename_inner_end(stage: &Stage) -> bool {
    with_inner_end(stage, rename)
}

fn loopback_down(stage: &Stage) -> bool {
    stage.inside(|container| container.ip(&["link", "set", "lo", "down"]));
    true
}

/// Does something with the bridge, where it is.
fn with_bridge(stage: &Stage, act: fn(&Namespace, &str) -> bool) -> bool {
    let node = stage.site().node();
    node.link("cni0").is_some() && act(node, "cni0")
}

fn delete_bridge(stage: &Stage) -> bool {
    with_bridge(stage, delete)
}

fn rename_bridge(stage: &Stage) -> bool {
    with_bridge(stage, rename)
}

fn address(stage: &Stage) -> &'static str {
    ADDRESSES[usize::from(stage.is_beside_another())]
}

/// A link of somebody else's with an address.
fn put_link(stage: &Stage, address: &str) -> bool {
    let node = stage.site().node();
    node.ip(&["link", "add", OTHERS_LINK, "type", "bridge"]);
    node.ip(&["address", "add", &format!("{address}/16"), "dev", OTHERS_LINK]);
    node.ip(&["link", "set", OTHERS_LINK, "up"]);
    true
}

fn take_address(stage: &Stage) -> bool {
    put_link(stage, address(stage))
}

fn take_gateway(stage: &Stage) -> bool {
    put_link(stage, GATEWAY)
}

fn clear_link(stage: &Stage) -> Result<(), String> {
    let node = stage.site().node();
    let addresses = node.addresses(OTHERS_LINK);
    if addresses.len() != 1 {
        return Err(format!("the other's link has the addresses {addresses:?}"));
    }
    delete(node, OTHERS_LINK);
    Ok(())
}

fn claim_file(stage: &Stage) -> PathBuf {
    stage.site().leases().join("mynet").join(address(stage))
}

/// Where nobody has it yet.
fn claim(stage: &Stage) -> bool {
    !claim_file(stage).exists() && overwrite_claim(stage)
}

fn overwrite_claim(stage: &Stage) -> bool {
    let path = claim_file(stage);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    // What a claim is written to may have another name by now.
    let _ = fs::remove_file(&path);
    fs::write(&path, OTHERS_CLAIM).unwrap();
    true
}

fn clear_claim(stage: &Stage) -> Result<(), String> {
    let path = claim_file(stage);
    match fs::read_to_string(&path) {
        Ok(text) if text == OTHERS_CLAIM => {}
        found => return Err(format!("the other's claim is {found:?} by now")),
    }
    fs::remove_file(&path).unwrap();
    Ok(())
}

fn revoke(stage: &Stage) -> bool {
    let installation = stage.site().installation();
    installation.remove_policies();
    for plugin in PLUGINS {
        installation.policy(&format!("{plugin}.toml"), &format!("[plugin.{plugin}]\n"));
    }
    true
}

fn grant(stage: &Stage) -> Result<(), String> {
    stage.site().installation().default_policies();
    Ok(())
}

fn components(stage: &Stage) -> PathBuf {
    stage.site().installation().root().join("var/lib/cofferdam/components")
}

fn remove_components(stage: &Stage) -> bool {
    let directory = components(stage);
    fs::rename(&directory, directory.with_extension("away")).unwrap();
    true
}

fn restore_components(stage: &Stage) -> Result<(), String> {
    let directory = components(stage);
    fs::rename(directory.with_extension("away"), directory).unwrap();
    Ok(())
}

fn names(stage: &Stage) -> PathBuf {
    stage.site().installation().root().join("var/lib/cofferdam/plugins")
}

/// Each plugin becomes another one.
fn replace_components(stage: &Stage) -> bool {
    let away = names(stage).with_extension("away");
    fs::create_dir(&away).unwrap();
    for plugin in PLUGINS {
        fs::copy(names(stage).join(plugin), away.join(plugin)).unwrap();
    }
    for (plugin, other) in [
        ("bridge", "loopback"),
        ("host-local", "loopback"),
        ("loopback", "hostile"),
    ] {
        stage.site().installation().replace_component(plugin, other);
    }
    true
}

fn restore_names(stage: &Stage) -> Result<(), String> {
    let away = names(stage).with_extension("away");
    for plugin in PLUGINS {
        let name = names(stage).join(plugin);
        fs::remove_file(&name).unwrap();
        fs::copy(away.join(plugin), name).unwrap();
    }
    fs::remove_dir_all(away).unwrap();
    Ok(())
}
