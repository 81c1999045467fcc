//! A contract as a list of what it promises, one promise a line.

use std::{collections::BTreeMap, path::Path};

use wit_parser::{Function, Handle, PackageId, Resolve, Type, TypeDefKind, TypeId, TypeOwner, UnresolvedPackageGroup};

/// Interfaces, and each type and function by its name, with its shape.
pub(crate) struct Contract {
    promises: BTreeMap<String, String>,
}

impl Contract {
    /// The contract in the WIT files of a directory.
    pub(crate) fn read(directory: &Path) -> Self {
        let mut resolve = Resolve::default();
        let (package, _) = resolve.push_dir(directory).unwrap();
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
                promises.insert(format!("type {name}.{item}"), shape(resolve, *id));
            }
            for (item, function) in &interface.functions {
                promises.insert(format!("function {name}.{item}"), signature(resolve, function));
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

fn signature(resolve: &Resolve, function: &Function) -> String {
    let parameters: Vec<String> = function
        .params
        .iter()
        .map(|parameter| format!("{}: {}", parameter.name, name_of(resolve, &parameter.ty)))
        .collect();
    let result = function
        .result
        .as_ref()
        .map(|result| format!(" -> {}", name_of(resolve, result)));
    format!("({}){}", parameters.join(", "), result.unwrap_or_default())
}

/// A type as others mention it: by its name, where it has one.
fn name_of(resolve: &Resolve, mentioned: &Type) -> String {
    let Type::Id(id) = mentioned else {
        return format!("{mentioned:?}").to_lowercase();
    };
    let definition = &resolve.types[*id];
    let Some(name) = &definition.name else {
        return shape(resolve, *id);
    };
    match definition.owner {
        TypeOwner::Interface(owner) => {
            let owner = resolve.interfaces[owner].name.as_deref().unwrap_or_default();
            format!("{owner}.{name}")
        }
        _ => name.clone(),
    }
}

/// What a type is made of.
fn shape(resolve: &Resolve, id: TypeId) -> String {
    let name = |mentioned: &Type| name_of(resolve, mentioned);
    let list = |items: Vec<String>| items.join(", ");
    match &resolve.types[id].kind {
        TypeDefKind::Record(record) => {
            let fields = record
                .fields
                .iter()
                .map(|field| format!("{}: {}", field.name, name(&field.ty)));
            format!("record {{ {} }}", list(fields.collect()))
        }
        TypeDefKind::Variant(variant) => {
            let cases = variant.cases.iter().map(|case| match &case.ty {
                Some(holds) => format!("{}({})", case.name, name(holds)),
                None => case.name.clone(),
            });
            format!("variant {{ {} }}", list(cases.collect()))
        }
        TypeDefKind::Enum(choice) => {
            format!(
                "enum {{ {} }}",
                list(choice.cases.iter().map(|case| case.name.clone()).collect())
            )
        }
        TypeDefKind::Flags(flags) => {
            format!(
                "flags {{ {} }}",
                list(flags.flags.iter().map(|flag| flag.name.clone()).collect())
            )
        }
        TypeDefKind::Tuple(tuple) => format!("tuple<{}>", list(tuple.types.iter().map(name).collect())),
        TypeDefKind::Option(inner) => format!("option<{}>", name(inner)),
        TypeDefKind::List(inner) => format!("list<{}>", name(inner)),
        TypeDefKind::Result(result) => {
            let side = |side: &Option<Type>| side.as_ref().map_or_else(|| "_".to_owned(), name);
            format!("result<{}, {}>", side(&result.ok), side(&result.err))
        }
        TypeDefKind::Handle(Handle::Own(resource)) => format!("own<{}>", name(&Type::Id(*resource))),
        TypeDefKind::Handle(Handle::Borrow(resource)) => format!("borrow<{}>", name(&Type::Id(*resource))),
        TypeDefKind::Resource => "resource".to_owned(),
        TypeDefKind::Type(aliased) => format!("alias of {}", name(aliased)),
        other => panic!("the contract uses no {other:?}; this test has to learn it first"),
    }
}
