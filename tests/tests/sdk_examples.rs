//! Each public item of the guest SDK is documented with an example, which the
//! SDK's own documentation tests compile.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use cofferdam_tests::Products;
use syn::{Attribute, Expr, ImplItem, Item, Lit, Meta, UseTree, Visibility};

/// What stands in the examples of an item, as words.
type Words = BTreeSet<String>;

/// What is public of a file, where it is not a public module of its own.
type Reexported = BTreeMap<String, BTreeSet<String>>;

#[test]
fn each_public_item_of_the_sdk_has_an_example() {
    let sdk = Sdk::read();
    let mut missing = Vec::new();
    for file in &sdk.files {
        missing.extend(sdk.without_example(file));
    }
    assert!(missing.is_empty(), "these have no example:\n  {}", missing.join("\n  "));
}

#[test]
fn no_example_is_left_out_by_the_compiler() {
    for file in &Sdk::read().files {
        let ignored = file
            .text
            .lines()
            .position(|line| line.contains("//") && line.contains("```ignore"));
        assert_eq!(ignored, None, "{}: an example that is ignored", file.name);
    }
}

struct File {
    /// The module's name.
    name: String,
    text: String,
    content: syn::File,
    /// Only macros are for others.
    is_hidden: bool,
}

struct Sdk {
    files: Vec<File>,
    /// Public items of private modules.
    reexported: Reexported,
    /// What is used in the examples of types, by their names.
    of_types: BTreeMap<String, Words>,
}

impl Sdk {
    fn read() -> Self {
        let sources = Products::workspace().join("guest-sdk/src");
        let root = syn::parse_file(&fs::read_to_string(sources.join("lib.rs")).unwrap()).unwrap();
        let mut sdk = Self {
            files: Vec::new(),
            reexported: Reexported::new(),
            of_types: BTreeMap::new(),
        };
        for item in &root.items {
            match item {
                Item::Mod(module) => {
                    let name = module.ident.to_string();
                    let text = fs::read_to_string(sources.join(format!("{name}.rs"))).unwrap();
                    let is_public = matches!(module.vis, Visibility::Public(_));
                    if !is_public {
                        sdk.reexported.entry(name.clone()).or_default();
                    }
                    sdk.files.push(File {
                        content: syn::parse_file(&text).unwrap(),
                        name,
                        text,
                        is_hidden: is_hidden(&module.attrs),
                    });
                }
                Item::Use(reexport) if matches!(reexport.vis, Visibility::Public(_)) => {
                    if let UseTree::Path(path) = &reexport.tree {
                        let names = sdk.reexported.entry(path.ident.to_string()).or_default();
                        names.extend(leaves(&path.tree));
                    }
                }
                _ => {}
            }
        }
        for item in sdk.files.iter().flat_map(|file| &file.content.items) {
            if let Some((name, attributes)) = named_type(item) {
                sdk.of_types.entry(name).or_default().extend(words(attributes));
            }
        }
        assert!(
            sdk.files.len() > 20 && sdk.of_types.len() > 30,
            "the SDK is read as a whole"
        );
        sdk
    }

    fn is_public(&self, file: &File, name: &str) -> bool {
        match self.reexported.get(&file.name) {
            Some(names) => names.contains(name),
            None => !file.is_hidden,
        }
    }

    /// Items of a file for which neither their own documentation nor that of
    /// the module or type that they belong to has an example.
    fn without_example(&self, file: &File) -> Vec<String> {
        let of_module = words(&file.content.attrs);
        let mut missing = Vec::new();
        let mut demand = |name: &str, attributes: &[Attribute], around: &[&Words]| {
            let is_shown = around.iter().any(|words| words.contains(name));
            if !is_hidden(attributes) && words(attributes).is_empty() && !is_shown {
                missing.push(format!("{}::{name}", file.name));
            }
        };
        for item in &file.content.items {
            match item {
                Item::Macro(item)
                    if item
                        .attrs
                        .iter()
                        .any(|attribute| attribute.path().is_ident("macro_export")) =>
                {
                    demand(&item.ident.as_ref().unwrap().to_string(), &item.attrs, &[]);
                }
                Item::Impl(block) if block.trait_.is_none() => {
                    let of = type_name(&block.self_ty);
                    if !self.is_public(file, &of) && !self.is_from_the_contract(&of) {
                        continue;
                    }
                    let of_type = self.of_types.get(&of).cloned().unwrap_or_default();
                    for (name, attributes) in public_members(&block.items) {
                        demand(&name, attributes, &[&of_type, &of_module]);
                    }
                }
                Item::Use(reexport) if matches!(reexport.vis, Visibility::Public(_)) && is_from_here(reexport) => {
                    // They are the contract's, and documented there.
                    let everywhere = all_words(&file.text);
                    for name in leaves(&reexport.tree) {
                        if self.is_public(file, &name) {
                            demand(&name, &[], &[&everywhere]);
                        }
                    }
                }
                item => {
                    if let Some((name, attributes)) = named(item)
                        && self.is_public(file, &name)
                    {
                        demand(&name, attributes, &[&of_module]);
                    }
                }
            }
        }
        missing
    }

    /// Whether a type is one that some file has from the bindings.
    fn is_from_the_contract(&self, name: &str) -> bool {
        let mut uses = self.files.iter().flat_map(|file| &file.content.items);
        uses.any(|item| match item {
            Item::Use(reexport) if matches!(reexport.vis, Visibility::Public(_)) => {
                leaves(&reexport.tree).contains(&name.to_owned())
            }
            _ => false,
        })
    }
}

/// Whether an import is of this crate's modules, and not of what is generated
/// within one.
fn is_from_here(import: &syn::ItemUse) -> bool {
    matches!(&import.tree, UseTree::Path(path) if path.ident == "crate")
}

fn is_hidden(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) => list.path.is_ident("doc") && list.tokens.to_string() == "hidden",
        _ => false,
    })
}

/// A public type or trait.
fn named_type(item: &Item) -> Option<(String, &[Attribute])> {
    match item {
        Item::Struct(_) | Item::Enum(_) | Item::Trait(_) | Item::Type(_) => named(item),
        _ => None,
    }
}

/// A public item that is no module, macro or import.
fn named(item: &Item) -> Option<(String, &[Attribute])> {
    let (visibility, name, attributes) = match item {
        Item::Fn(item) => (&item.vis, &item.sig.ident, &item.attrs),
        Item::Struct(item) => (&item.vis, &item.ident, &item.attrs),
        Item::Enum(item) => (&item.vis, &item.ident, &item.attrs),
        Item::Trait(item) => (&item.vis, &item.ident, &item.attrs),
        Item::Type(item) => (&item.vis, &item.ident, &item.attrs),
        Item::Const(item) => (&item.vis, &item.ident, &item.attrs),
        Item::Static(item) => (&item.vis, &item.ident, &item.attrs),
        _ => return None,
    };
    matches!(visibility, Visibility::Public(_)).then(|| (name.to_string(), attributes.as_slice()))
}

fn public_members(items: &[ImplItem]) -> impl Iterator<Item = (String, &[Attribute])> {
    items.iter().filter_map(|item| {
        let (visibility, name, attributes) = match item {
            ImplItem::Fn(item) => (&item.vis, &item.sig.ident, &item.attrs),
            ImplItem::Const(item) => (&item.vis, &item.ident, &item.attrs),
            _ => return None,
        };
        matches!(visibility, Visibility::Public(_)).then(|| (name.to_string(), attributes.as_slice()))
    })
}

fn type_name(of: &syn::Type) -> String {
    match of {
        syn::Type::Path(path) => path.path.segments.last().unwrap().ident.to_string(),
        _ => String::new(),
    }
}

/// The names that an import brings.
fn leaves(tree: &UseTree) -> Vec<String> {
    match tree {
        UseTree::Path(path) => leaves(&path.tree),
        UseTree::Group(group) => group.items.iter().flat_map(leaves).collect(),
        UseTree::Name(name) => vec![name.ident.to_string()],
        UseTree::Rename(name) => vec![name.rename.to_string()],
        UseTree::Glob(_) => Vec::new(),
    }
}

/// What stands in the examples that these attributes document something with.
fn words(attributes: &[Attribute]) -> Words {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.value()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    });
    words_of_examples(lines)
}

/// The same of all comments of a file.
fn all_words(text: &str) -> Words {
    let comments = text.lines().filter_map(|line| {
        let line = line.trim_start();
        line.strip_prefix("///").or_else(|| line.strip_prefix("//!"))
    });
    words_of_examples(comments.map(str::to_owned))
}

fn words_of_examples(lines: impl Iterator<Item = String>) -> Words {
    let mut words = Words::new();
    let mut is_example = false;
    let mut is_block = false;
    for line in lines.flat_map(|line| line.lines().map(str::to_owned).collect::<Vec<_>>()) {
        if let Some(tag) = line.trim().strip_prefix("```") {
            is_block = !is_block;
            is_example = is_block && ["", "rust", "no_run"].contains(&tag);
        } else if is_example {
            let parts = line.split(|symbol: char| !symbol.is_alphanumeric() && symbol != '_');
            words.extend(parts.filter(|part| !part.is_empty()).map(str::to_owned));
        }
    }
    words
}
