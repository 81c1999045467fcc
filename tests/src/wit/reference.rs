//! The contract as a document, made of its doc comments.

use std::{collections::BTreeSet, fmt::Write as _};

use wit_parser::{
    Docs, Function, FunctionKind, Interface, InterfaceId, Package, PackageId, Resolve, Type, TypeDef, TypeDefKind,
    TypeId, WorldItem,
};

use super::words::{name_of, shape, signature};

/// What writes the document.
const WRITER: &str = "cargo run --release -p cofferdam-tests --bin contract-reference > docs/contract.md";

/// The package as Markdown.
#[must_use]
pub fn reference(resolve: &Resolve, package: PackageId) -> String {
    let package = &resolve.packages[package];
    let mut page = Page::default();
    page.line(&format!("# The contract, `{}`", package.name));
    page.line(&format!("<!-- Made of wit/ by `{WRITER}`; change it there. -->"));
    page.docs(&package.docs);
    let interfaces = in_order(resolve, package);
    page.line("## Interfaces");
    page.table(
        ["interface", "what it is for"],
        interfaces.iter().map(|(name, id)| {
            let docs = first_sentence(&resolve.interfaces[*id].docs);
            [format!("[`{name}`](#{name})"), docs]
        }),
    );
    page.line("## Worlds");
    for (name, id) in &package.worlds {
        let world = &resolve.worlds[*id];
        page.line(&format!("### world `{name}`"));
        page.docs(&world.docs);
        for (verb, items) in [("imports", &world.imports), ("exports", &world.exports)] {
            let names: Vec<String> = items
                .values()
                .filter_map(|item| match item {
                    WorldItem::Interface { id, .. } => resolve.interfaces[*id].name.clone(),
                    _ => None,
                })
                .map(|name| format!("[`{name}`](#{name})"))
                .collect();
            if !names.is_empty() {
                page.line(&format!("It {verb} {}.", names.join(", ")));
            }
        }
    }
    for (name, id) in interfaces {
        page.interface(resolve, name, id);
    }
    page.text
}

/// The interfaces as the worlds mention them, what is exported first.
fn in_order<'r>(resolve: &'r Resolve, package: &'r Package) -> Vec<(&'r str, InterfaceId)> {
    let worlds = package.worlds.values().map(|id| &resolve.worlds[*id]);
    let mut ids: Vec<InterfaceId> = Vec::new();
    for world in worlds {
        for items in [&world.exports, &world.imports] {
            ids.extend(items.values().filter_map(|item| match item {
                WorldItem::Interface { id, .. } => Some(*id),
                _ => None,
            }));
        }
    }
    ids.extend(package.interfaces.values());
    let mut seen = BTreeSet::new();
    ids.retain(|id| seen.insert(id.index()));
    let named = ids
        .into_iter()
        .map(|id| (resolve.interfaces[id].name.as_deref().unwrap_or_default(), id));
    named.collect()
}

#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    /// A paragraph of its own.
    fn line(&mut self, line: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn docs(&mut self, docs: &Docs) {
        if let Some(contents) = &docs.contents {
            self.line(contents.trim());
        }
    }

    /// A list where nothing is said of any row.
    fn table(&mut self, head: [&str; 2], rows: impl Iterator<Item = [String; 2]>) {
        let rows: Vec<[String; 2]> = rows.collect();
        if rows.iter().all(|[_, right]| right.is_empty()) {
            let names: Vec<&str> = rows.iter().map(|[left, _]| left.as_str()).collect();
            return self.line(&names.join(", "));
        }
        let mut table = format!("| {} | {} |\n|---|---|", head[0], head[1]);
        for [left, right] in rows {
            // Writing to a text does not fail.
            let _ = write!(table, "\n| {left} | {} |", right.replace('|', "\\|"));
        }
        self.line(&table);
    }

    fn interface(&mut self, resolve: &Resolve, name: &str, id: InterfaceId) {
        let interface = &resolve.interfaces[id];
        self.line(&format!("## {name}"));
        self.docs(&interface.docs);
        for (name, function) in &interface.functions {
            if function.kind == FunctionKind::Freestanding {
                self.function(resolve, id, name, function);
            }
        }
        for (name, type_id) in &interface.types {
            self.definition(resolve, interface, id, name, *type_id);
        }
    }

    fn function(&mut self, resolve: &Resolve, within: InterfaceId, name: &str, function: &Function) {
        self.line(&format!(
            "### `{name}`\n\n```wit\n{name}: func{}\n```",
            signature(resolve, function, Some(within))
        ));
        self.docs(&function.docs);
    }

    fn definition(&mut self, resolve: &Resolve, interface: &Interface, within: InterfaceId, name: &str, id: TypeId) {
        let definition = &resolve.types[id];
        let mentioned = |holds: &Type| format!("`{}`", name_of(resolve, holds, Some(within)));
        let described = |name: &str, docs: &Docs, holds: Option<&Type>| {
            let holds = holds.map(|holds| format!(": {}", mentioned(holds))).unwrap_or_default();
            [format!("`{name}`{holds}"), one_line(docs)]
        };
        match &definition.kind {
            TypeDefKind::Record(record) => {
                self.heading("record", name, definition);
                let rows = record.fields.iter();
                self.table(
                    ["field", ""],
                    rows.map(|field| described(&field.name, &field.docs, Some(&field.ty))),
                );
            }
            TypeDefKind::Variant(variant) => {
                self.heading("variant", name, definition);
                let rows = variant.cases.iter();
                self.table(
                    ["case", ""],
                    rows.map(|case| described(&case.name, &case.docs, case.ty.as_ref())),
                );
            }
            TypeDefKind::Enum(choice) => {
                self.heading("enum", name, definition);
                let rows = choice.cases.iter();
                self.table(["case", ""], rows.map(|case| described(&case.name, &case.docs, None)));
            }
            TypeDefKind::Flags(flags) => {
                self.heading("flags", name, definition);
                let rows = flags.flags.iter();
                self.table(["flag", ""], rows.map(|flag| described(&flag.name, &flag.docs, None)));
            }
            TypeDefKind::Resource => {
                self.heading("resource", name, definition);
                self.methods(resolve, interface, within, name, id);
            }
            // What another interface has is told of there.
            TypeDefKind::Type(Type::Id(other)) if resolve.types[*other].owner != definition.owner => {}
            _ => {
                self.heading("type", name, definition);
                self.line(&format!(
                    "```wit\ntype {name} = {}\n```",
                    shape(resolve, id, Some(within))
                ));
            }
        }
    }

    fn heading(&mut self, kind: &str, name: &str, definition: &TypeDef) {
        self.line(&format!("### {kind} `{name}`"));
        self.docs(&definition.docs);
    }

    fn methods(&mut self, resolve: &Resolve, interface: &Interface, within: InterfaceId, resource: &str, id: TypeId) {
        for (full_name, function) in &interface.functions {
            let is_its_own = match function.kind {
                FunctionKind::Method(of) | FunctionKind::Static(of) | FunctionKind::Constructor(of) => of == id,
                _ => false,
            };
            if is_its_own {
                let name = full_name.rsplit_once('.').map_or(full_name.as_str(), |(_, name)| name);
                let signature = signature(resolve, function, Some(within));
                self.line(&format!(
                    "#### `{resource}.{name}`\n\n```wit\n{name}: func{}\n```",
                    without_self(&signature)
                ));
                self.docs(&function.docs);
            }
        }
    }
}

/// Without the parameter that every method has.
fn without_self(signature: &str) -> String {
    match signature.strip_prefix("(self: ").and_then(|rest| rest.split_once('>')) {
        Some((_, rest)) => format!("({}", rest.trim_start_matches(", ")),
        None => signature.to_owned(),
    }
}

fn one_line(docs: &Docs) -> String {
    let contents = docs.contents.as_deref().unwrap_or_default();
    contents.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn first_sentence(docs: &Docs) -> String {
    let line = one_line(docs);
    line.split_once(". ")
        .map(|(sentence, _)| format!("{sentence}."))
        .unwrap_or(line)
}
