//! A contract as a list of what it promises, one promise a line.

use std::{collections::BTreeMap, path::Path};

use cofferdam_tests::wit::{self, shape, signature};
use wit_parser::{PackageId, Resolve, UnresolvedPackageGroup};

/// Interfaces, and each type and function by its name, with its shape.
pub(crate) struct Contract {
    promises: BTreeMap<String, String>,
}

impl Contract {
    /// The contract in the WIT files of a directory.
    pub(crate) fn read(directory: &Path) -> Self {
        let (resolve, package) = wit::read(directory);
        Self::of(&resolve, package)
    }

    /// A contract in one text.
    pub(crate) fn parse(text: &str) -> Self {
        let mut resolve = Resolve::default();
        let group = UnresolvedPackageGroup::parse("contract.wit", text).unwrap();
        let package = resolve.push_group(group).unwrap();
        Self::of(&resolve, package)
    }

    fn of(resolve: &Resolve, package: PackageId) -> Self {
        let mut promises = BTreeMap::new();
        for (name, interface) in &resolve.packages[package].interfaces {
            let interface = &resolve.interfaces[*interface];
            promises.insert(format!("interface {name}"), String::new());
            for (item, id) in &interface.types {
                promises.insert(format!("type {name}.{item}"), shape(resolve, *id, None));
            }
            for (item, function) in &interface.functions {
                promises.insert(format!("function {name}.{item}"), signature(resolve, function, None));
            }
        }
        for (name, world) in &resolve.packages[package].worlds {
            let world = &resolve.worlds[*world];
            for (direction, items) in [("imports", &world.imports), ("exports", &world.exports)] {
                for key in items.keys() {
                    let item = resolve.name_world_key(key);
                    let item = item.split('@').next().unwrap_or(&item).to_owned();
                    promises.insert(format!("world {name} {direction} {item}"), String::new());
                }
            }
        }
        Self { promises }
    }

    pub(crate) fn interfaces(&self) -> impl Iterator<Item = &str> {
        self.promises
            .keys()
            .filter_map(|promise| promise.strip_prefix("interface "))
    }

    /// What this one promises and `later` does not keep.
    pub(crate) fn broken_by(&self, later: &Self) -> Vec<String> {
        let broken = self
            .promises
            .iter()
            .filter_map(|(name, shape)| match later.promises.get(name) {
                None => Some(format!("{name} is gone")),
                Some(now) if now != shape => Some(format!("{name} was {shape} and is {now}")),
                Some(_) => None,
            });
        broken.collect()
    }

    /// What a world of `later` exports that this one's does not: nobody's
    /// component has it.
    pub(crate) fn asked_for_by(&self, later: &Self) -> Vec<String> {
        let names = later.promises.keys().filter(|name| name.contains(" exports "));
        let worlds: Vec<&str> = self
            .promises
            .keys()
            .filter_map(|name| name.split_once(" imports "))
            .map(|(world, _)| world)
            .collect();
        names
            .filter(|name| !self.promises.contains_key(*name))
            .filter(|name| worlds.iter().any(|world| name.starts_with(&format!("{world} "))))
            .cloned()
            .collect()
    }
}
