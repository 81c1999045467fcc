use serde::de::DeserializeOwned;

use super::{ListError, ListedPlugin, flag, version};
use crate::{
    SpecVersion,
    json::{self, Node},
    version::UnknownSpecVersion,
};

/// A network: the plugins that attach a container to it, in their order.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkList {
    /// The text, as it came; of a wrapped plugin configuration, a list with
    /// the same meaning.
    pub text: String,
    /// The network's name. Not checked against the grammar.
    pub name: String,
    /// The version in use, known or not; empty means 0.1.0.
    pub version: String,
    /// CHECK succeeds without asking anybody.
    pub disable_check: bool,
    /// GC does nothing.
    pub disable_gc: bool,
    /// Plugins come from `plugins` only, not from a directory besides.
    pub load_only_inlined_plugins: bool,
    /// In the order of ADD. Empty only where the list has no `plugins`.
    pub plugins: Vec<ListedPlugin>,
}

impl NetworkList {
    /// Reads a list.
    ///
    /// # Errors
    /// It is not a JSON object, or a key makes no sense.
    pub fn parse(text: &str) -> Result<Self, ListError> {
        let list = Node::parse(text)?;
        if !matches!(list, Node::Object(_)) {
            return Err(json::Error::wrong_type(&"an object", &list.shown()).into());
        }
        let name: String = exact(&list, "name")?.unwrap_or_default();
        if name.is_empty() {
            return Err(ListError::NoName);
        }
        let load_only_inlined_plugins = flag::read(&list, "loadOnlyInlinedPlugins")?;
        Ok(Self {
            text: text.to_owned(),
            name,
            version: chosen_version(&list)?,
            disable_check: flag::read(&list, "disableCheck")?,
            disable_gc: flag::read(&list, "disableGC")?,
            load_only_inlined_plugins,
            plugins: plugins(&list, load_only_inlined_plugins)?,
        })
    }

    /// Makes a list of one plugin's configuration (the form before 1.0.0).
    ///
    /// # Errors
    /// It is no JSON object, or has no `type` or no `name`.
    pub fn from_plugin(text: &str) -> Result<Self, ListError> {
        let plugin = ListedPlugin::parse(text)?;
        let name: String = folded(&plugin.config, "name")?;
        if name.is_empty() {
            return Err(ListError::NoName);
        }
        let version: String = folded(&plugin.config, "cniVersion")?;
        let list = Node::Object(vec![
            ("name".to_owned(), Node::from(name.as_str())),
            ("cniVersion".to_owned(), Node::from(version.as_str())),
            ("plugins".to_owned(), Node::Array(vec![plugin.config.clone()])),
        ]);
        Ok(Self {
            text: list.to_text(),
            name,
            version,
            disable_check: false,
            disable_gc: false,
            load_only_inlined_plugins: false,
            plugins: vec![plugin],
        })
    }

    /// The version in use.
    ///
    /// # Errors
    /// It is not a released one.
    pub fn spec_version(&self) -> Result<SpecVersion, UnknownSpecVersion> {
        match self.version.as_str() {
            "" => Ok(SpecVersion::V0_1_0),
            text => text.parse(),
        }
    }
}

fn chosen_version(list: &Node) -> Result<String, ListError> {
    let own: String = exact(list, "cniVersion")?.unwrap_or_default();
    match exact::<Vec<String>>(list, "cniVersions")? {
        Some(offered) => Ok(version::choose(&own, &offered)?),
        None => Ok(own),
    }
}

fn plugins(list: &Node, only_inlined: bool) -> Result<Vec<ListedPlugin>, ListError> {
    let Some(plugins) = list.get_exact("plugins") else {
        return if only_inlined {
            Err(ListError::NoPlugins)
        } else {
            Ok(Vec::new())
        };
    };
    let Node::Array(plugins) = plugins else {
        let error = json::Error::wrong_type(&"an array", &plugins.shown());
        return Err(error.at_key("plugins").into());
    };
    if plugins.is_empty() {
        return Err(ListError::EmptyPlugins);
    }
    plugins
        .iter()
        .enumerate()
        .map(|(index, plugin)| {
            ListedPlugin::from_tree(plugin.clone()).map_err(|error| ListError::Plugin {
                index,
                error: Box::new(error),
            })
        })
        .collect()
}

fn exact<T: DeserializeOwned>(list: &Node, key: &str) -> Result<Option<T>, json::Error> {
    list.get_exact(key)
        .map(|node| json::from_value(node).map_err(|error| error.at_key(key)))
        .transpose()
}

fn folded(plugin: &Node, key: &str) -> Result<String, json::Error> {
    match plugin.get(key) {
        Some(node) => json::from_value(node).map_err(|error| error.at_key(key)),
        None => Ok(String::new()),
    }
}
