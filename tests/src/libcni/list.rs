use anyhow::{Context as _, bail, ensure};
use serde_json::{Map, Value};

use super::{go_json, version};

/// A network, as the library reads it from a list's bytes.
#[derive(Clone, Debug)]
pub struct NetworkConfigList {
    /// The network.
    pub name: String,
    /// The version that its plugins are called with.
    pub cni_version: String,
    pub(super) disable_check: bool,
    pub(super) disable_gc: bool,
    pub(super) plugins: Vec<PluginConfig>,
    pub(super) bytes: Vec<u8>,
}

/// A plugin of it.
#[derive(Clone, Debug)]
pub(super) struct PluginConfig {
    pub(super) plugin_type: String,
    /// What the plugin's own object says, which an error repeats.
    pub(super) name: String,
    pub(super) config: Map<String, Value>,
}

impl NetworkConfigList {
    /// Reads a list. Its keys match in this letter case alone.
    ///
    /// # Errors
    /// It makes no sense.
    pub fn from_bytes(bytes: &[u8]) -> anyhow::Result<Self> {
        let list = go_json::decode(bytes).context("error parsing configuration list")?;
        let name = text(&list, "name")?.context("error parsing configuration list: no name")?;
        let own = text(&list, "cniVersion")?.unwrap_or_default();
        let Some(plugins) = list["plugins"].as_array() else {
            bail!("error parsing configuration list: invalid 'plugins' type");
        };
        ensure!(
            !plugins.is_empty(),
            "error parsing configuration list: no plugins in list"
        );
        Ok(Self {
            name,
            cni_version: version::chosen(own, &list["cniVersions"])?,
            disable_check: flag(&list, "disableCheck")?,
            disable_gc: flag(&list, "disableGC")?,
            plugins: plugins.iter().map(PluginConfig::of).collect::<Result<_, _>>()?,
            bytes: bytes.to_owned(),
        })
    }
}

impl PluginConfig {
    fn of(value: &Value) -> anyhow::Result<Self> {
        let config = value.as_object().context("error parsing configuration")?.clone();
        let text = |key: &str| {
            folded(&config, key)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let plugin_type = text("type");
        ensure!(!plugin_type.is_empty(), "error parsing configuration: missing 'type'");
        Ok(Self {
            plugin_type,
            name: text("name"),
            config,
        })
    }

    /// As errors call it.
    pub(super) fn description(&self) -> String {
        match self.name.as_str() {
            "" => format!("type={:?}", self.plugin_type),
            name => format!("type={:?} name={name:?}", self.plugin_type),
        }
    }
}

/// The value of a key in any letter case; the last one counts.
pub(super) fn folded<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    let same = |(candidate, _): &(&String, &Value)| candidate.eq_ignore_ascii_case(key);
    object.iter().rfind(same).map(|(_, value)| value)
}

fn text(list: &Value, key: &str) -> anyhow::Result<Option<String>> {
    match list.get(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => bail!("error parsing configuration list: invalid {key} type"),
    }
}

fn flag(list: &Value, key: &str) -> anyhow::Result<bool> {
    match list.get(key) {
        None => Ok(false),
        Some(Value::Bool(truth)) => Ok(*truth),
        Some(Value::String(text)) if text.eq_ignore_ascii_case("true") => Ok(true),
        Some(Value::String(text)) if text.eq_ignore_ascii_case("false") => Ok(false),
        Some(_) => bail!("error parsing configuration list: invalid value for {key}"),
    }
}
