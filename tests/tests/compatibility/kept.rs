//! Components as they were when a version of the contract was new.

use std::{collections::BTreeSet, fs, path::PathBuf};

use cofferdam_tests::{Container, Installation, Products, Site, Snapshot, finish, needs_kernel, scenarios};
use serde_json::Value;

use crate::text::Contract;

/// The versions that something was kept of.
pub(crate) const VERSIONS: [&str; 2] = ["0.1.0", "0.1.1"];

pub(crate) fn directory(version: &str) -> PathBuf {
    Products::workspace().join(format!("tests/fixtures/contract-{version}"))
}

/// The name and the bytes of each component that was kept: those that use what
/// was new.
pub(crate) fn components(version: &str) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(directory(version).join("components")).unwrap();
    let mut components: Vec<_> = entries
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, fs::read(path).unwrap())
        })
        .collect();
    components.sort();
    components
}

#[test]
fn every_interface_is_used_by_a_component_that_was_kept() {
    for version in VERSIONS {
        let installation = Installation::new();
        let mut used = BTreeSet::new();
        for (name, _) in components(version) {
            let file = directory(version).join(format!("components/{name}.wasm"));
            let mut inspect = installation.cofferctl();
            inspect.args(["component", "inspect", "--json"]).arg(file);
            let told: Value = serde_json::from_str(&finish(&mut inspect, b"").printed(&name)).unwrap();
            for list in ["imports", "exports"] {
                let interfaces = told[list].as_array().unwrap().iter();
                used.extend(interfaces.map(|interface| interface.as_str().unwrap().to_owned()));
            }
        }
        let contract = Contract::read(&directory(version).join("wit"));
        let earlier: BTreeSet<String> = VERSIONS
            .iter()
            .filter(|earlier| **earlier < version)
            .flat_map(|earlier| {
                let contract = Contract::read(&directory(earlier).join("wit"));
                contract.interfaces().map(str::to_owned).collect::<Vec<_>>()
            })
            .collect();
        let missing: Vec<String> = contract
            .interfaces()
            .filter(|interface| !earlier.contains(*interface))
            .map(|interface| format!("cofferdam:cni/{interface}@{version}"))
            .filter(|interface| !used.contains(interface))
            .collect();
        assert_eq!(missing, [""; 0], "of {version} nothing was kept that uses these");
    }
}

#[test]
fn a_component_that_was_kept_attaches_and_leaves_nothing() {
    needs_kernel!();
    let kept = Installation::new();
    for version in VERSIONS {
        // In the place of those of an earlier version.
        for (name, wasm) in components(version) {
            let _ = kept.add_component(&name, &wasm).printed(&name);
        }
        // A later contract has more.
        for scenario in scenarios().iter().filter(|scenario| scenario.contract <= version) {
            let site = Site::with(Installation::with_components_of(&kept));
            site.node().keep_links_bare();
            let _surroundings = (scenario.surroundings)(&site);
            let container = Container::new("c1");
            (scenario.furnish)(&container.namespace);
            let node = site.snapshot();
            let inside = Snapshot::of(&container.namespace);
            eprintln!("{} with the components of {version}", scenario.name);

            let result = site.add(&container, &scenario.config);
            site.check(&container, &scenario.config, &result).silent_success();
            site.del(&container, &scenario.config);

            node.assert_same(&site.snapshot());
            inside.assert_same(&Snapshot::of(&container.namespace));
        }
    }
}
