//! Which fields a plugin's configuration has, by its sources: those of its `Config`, as serde names and decodes them.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use syn::{
    Attribute, Expr, ExprLit, ExprMethodCall, Field, File, Item, ItemImpl, ItemStruct, Lit, LitStr, Local, Pat, Type,
    TypePath, UseTree,
    visit::{self, Visit},
};

/// A plugin's crate, but for its tests.
pub(super) struct PluginSources {
    /// What the plugin calls itself.
    pub(super) name: String,
    config: String,
    /// What the capability arguments are decoded into.
    capabilities: BTreeSet<String>,
    structs: BTreeMap<String, ItemStruct>,
}

impl PluginSources {
    /// All plugins of the workspace.
    pub(super) fn all() -> Vec<Self> {
        let mut directories: Vec<_> = fs::read_dir(workspace().join("plugins"))
            .unwrap()
            .map(|entry| entry.unwrap().path().join("src"))
            .collect();
        directories.sort();
        directories.iter().map(|directory| Self::of(directory)).collect()
    }

    fn of(directory: &Path) -> Self {
        let mut reader = Reader::default();
        for file in rust_files(directory) {
            reader.visit_file(&parsed(&file));
        }
        let place = directory.display();
        let [plugin] = &reader.plugins[..] else {
            panic!("{place}: not one implementation of Plugin")
        };
        let (name, config, configures) = plugin.clone();
        assert!(
            !configures || config == "Nothing",
            "{place}: configure() of its own reads keys that nobody sees here"
        );
        assert!(
            !reader.decodes,
            "{place}: config::parse() besides Config reads keys that nobody sees here"
        );
        // Common parts are the SDK's.
        let mut sdk = Reader::default();
        sdk.visit_file(&parsed(&workspace().join("guest-sdk/src/config.rs")));
        let mut structs = sdk.structs;
        structs.extend(reader.structs);
        assert_eq!(
            reader.asks, reader.asks_into_known,
            "{place}: capabilities() into a type that nobody sees here"
        );
        Self {
            name,
            config,
            capabilities: reader.capabilities,
            structs,
        }
    }

    /// Its configuration as `PATH: KIND` for each field, runtimeConfig included.
    pub(super) fn fields(&self) -> BTreeSet<String> {
        let mut fields = BTreeSet::new();
        self.add_struct("", &self.config, &mut fields);
        for capabilities in &self.capabilities {
            self.add_struct("runtimeConfig.", capabilities, &mut fields);
        }
        if !self.capabilities.is_empty() {
            fields.insert("runtimeConfig: object".to_owned());
        }
        fields
    }

    fn add_struct(&self, prefix: &str, name: &str, fields: &mut BTreeSet<String>) {
        let found = self.structs.get(name);
        let found = found.unwrap_or_else(|| panic!("{}: no struct {name}", self.name));
        let all = Serde::of(&found.attrs);
        for field in &found.fields {
            let serde = Serde::of(&field.attrs);
            assert!(
                !serde.flatten,
                "{}: what is flattened has keys in one letter case only, and errors without a place",
                self.name
            );
            let is_required = !all.is_default && !serde.is_default && !is_option(&field.ty);
            let key = serde.rename.unwrap_or_else(|| written(field, all.camel_case));
            for key in serde.aliases.into_iter().chain([key]) {
                let path = format!("{prefix}{key}");
                if is_required {
                    fields.insert(format!("{path}: has to be there"));
                }
                self.add_type(&path, &field.ty, fields);
            }
        }
    }

    fn add_type(&self, path: &str, of: &Type, fields: &mut BTreeSet<String>) {
        let (name, inner) = named(of);
        let kind = match (name.as_str(), inner) {
            ("Option", Some(inner)) => return self.add_type(path, &inner, fields),
            ("Vec", Some(inner)) => {
                self.add_type(&format!("{path}[]"), &inner, fields);
                "list"
            }
            ("bool", _) => "boolean",
            ("String", _) => "string",
            ("IpAddr", _) => "ip",
            ("IpPrefix", _) => "cidr",
            ("i64", _) => "integer",
            ("u64", _) => "integer from 0",
            ("u32", _) => "integer from 0 to 4294967295",
            ("u8", _) => "integer from 0 to 255",
            // The one type that reads itself: of the plugin tuning.
            ("Settings", _) => {
                fields.insert(format!("{path}.*: string"));
                "object"
            }
            (name, _) => {
                self.add_struct(&format!("{path}."), name, fields);
                "object"
            }
        };
        fields.insert(format!("{path}: {kind}"));
    }
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn rust_files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

fn parsed(file: &Path) -> File {
    syn::parse_file(&fs::read_to_string(file).unwrap()).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The last name in a type, and what is in its angle brackets.
fn named(of: &Type) -> (String, Option<Type>) {
    let Type::Path(TypePath { path, .. }) = of else {
        panic!("a type that is no name")
    };
    let last = path.segments.last().unwrap();
    let inner = match &last.arguments {
        syn::PathArguments::AngleBracketed(arguments) => match arguments.args.first() {
            Some(syn::GenericArgument::Type(inner)) => Some(inner.clone()),
            _ => None,
        },
        _ => None,
    };
    (last.ident.to_string(), inner)
}

fn is_option(of: &Type) -> bool {
    named(of).0 == "Option"
}

fn written(field: &Field, camel_case: bool) -> String {
    let name = field.ident.as_ref().expect("a field with a name").to_string();
    if !camel_case {
        return name;
    }
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |text, word| {
        let (initial, rest) = word.split_at(1);
        text + &initial.to_uppercase() + rest
    })
}

/// What serde is told of a struct or a field. A word that is not known here fails the test that reads it.
#[derive(Default)]
struct Serde {
    camel_case: bool,
    is_default: bool,
    flatten: bool,
    rename: Option<String>,
    aliases: Vec<String>,
}

impl Serde {
    fn of(attributes: &[Attribute]) -> Self {
        let mut serde = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
            let read = attribute.parse_nested_meta(|meta| {
                let word = meta.path.require_ident()?.to_string();
                let text = || Ok::<_, syn::Error>(meta.value()?.parse::<LitStr>()?.value());
                match word.as_str() {
                    "default" if !meta.input.peek(syn::Token![=]) => serde.is_default = true,
                    "flatten" => serde.flatten = true,
                    "deserialize_with" => drop(text()?),
                    "rename" => serde.rename = Some(text()?),
                    "alias" => serde.aliases.push(text()?),
                    "rename_all" if text()? == "camelCase" => serde.camel_case = true,
                    _ => return Err(meta.error("what this does to keys is not known here")),
                }
                Ok(())
            });
            read.unwrap_or_else(|error| panic!("#[serde(…)]: {error}"));
        }
        serde
    }
}

/// Collects what matters of a crate.
#[derive(Default)]
struct Reader {
    structs: BTreeMap<String, ItemStruct>,
    /// The name and the `Config` of each `Plugin`, and whether it reads that itself.
    plugins: Vec<(String, String, bool)>,
    /// Whether something is decoded besides.
    decodes: bool,
    /// Types that capability arguments are decoded into.
    capabilities: BTreeSet<String>,
    /// How often they are, and how often into a type that is written there.
    asks: usize,
    asks_into_known: usize,
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes: &[Attribute] = match item {
            Item::Mod(module) => &module.attrs,
            Item::Fn(function) => &function.attrs,
            _ => &[],
        };
        let is_test = |attribute: &Attribute| {
            attribute.path().is_ident("cfg")
                && attribute
                    .parse_args::<syn::Path>()
                    .is_ok_and(|path| path.is_ident("test"))
        };
        if !attributes.iter().any(is_test) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_struct(&mut self, item: &'ast ItemStruct) {
        if item.attrs.iter().any(derives_deserialize) {
            let other = self.structs.insert(item.ident.to_string(), item.clone());
            assert!(other.is_none(), "two structs are called {}", item.ident);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        let of = item.trait_.as_ref().and_then(|(_, path, _)| path.segments.last());
        if of.is_some_and(|segment| segment.ident == "Plugin") {
            self.plugins.push(plugin(item));
        }
        visit::visit_item_impl(self, item);
    }

    fn visit_local(&mut self, local: &'ast Local) {
        let asks_before = self.asks;
        visit::visit_local(self, local);
        if let (Pat::Type(pattern), true) = (&local.pat, self.asks > asks_before) {
            self.asks_into_known += 1;
            self.capabilities.insert(named(&pattern.ty).0);
        }
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        self.asks += usize::from(call.method == "capabilities" && call.args.is_empty());
        visit::visit_expr_method_call(self, call);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.decodes |= names.ends_with(&["config".to_owned(), "parse".to_owned()]);
        // Of the SDK: it asks for the capability mac.
        if names.last().is_some_and(|name| name == "asked_mac") {
            self.capabilities.insert("MacCapability".to_owned());
        }
        visit::visit_path(self, path);
    }

    fn visit_use_path(&mut self, path: &'ast syn::UsePath) {
        self.decodes |= path.ident == "config" && imports(&path.tree, "parse");
        visit::visit_use_path(self, path);
    }
}

fn derives_deserialize(attribute: &Attribute) -> bool {
    let mut derives = false;
    if attribute.path().is_ident("derive") {
        let read = attribute.parse_nested_meta(|meta| {
            derives |= meta
                .path
                .segments
                .last()
                .is_some_and(|last| last.ident == "Deserialize");
            Ok(())
        });
        read.unwrap();
    }
    derives
}

fn imports(tree: &UseTree, name: &str) -> bool {
    match tree {
        UseTree::Name(found) => found.ident == name,
        UseTree::Rename(found) => found.ident == name,
        UseTree::Group(group) => group.items.iter().any(|tree| imports(tree, name)),
        UseTree::Glob(_) => true,
        UseTree::Path(_) => false,
    }
}

fn plugin(item: &ItemImpl) -> (String, String, bool) {
    let (mut name, mut config, mut configures) = (None, None, false);
    for item in &item.items {
        match item {
            syn::ImplItem::Type(found) if found.ident == "Config" => config = Some(named(&found.ty).0),
            syn::ImplItem::Const(found) if found.ident == "NAME" => {
                if let Expr::Lit(ExprLit {
                    lit: Lit::Str(text), ..
                }) = &found.expr
                {
                    name = Some(text.value());
                }
            }
            syn::ImplItem::Fn(found) => configures |= found.sig.ident == "configure",
            _ => {}
        }
    }
    (
        name.expect("a plugin has a NAME"),
        config.expect("a plugin has a Config"),
        configures,
    )
}
