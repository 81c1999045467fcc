//! What the Go library `libcni` does, call by call: a caller of its own, which shares nothing with Cofferdam's runtime
//! library, to hold that library and the plugins against.
//!
//! Of the verbs it has what runtimes use: `AddNetworkList` and the like.

mod cache;
mod exec;
mod go_json;
mod identifiers;
mod list;
mod result;
mod stdin;
mod version;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail, ensure};
use serde_json::{Map, Value, json};

use cache::NetworkAttachment;
pub use exec::PluginError;
pub use list::NetworkConfigList;
use list::PluginConfig;
pub use result::CniResult;

/// How an attachment is asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuntimeConf {
    /// `CNI_CONTAINERID`
    pub container_id: String,
    /// `CNI_NETNS`
    pub netns: String,
    /// `CNI_IFNAME`
    pub ifname: String,
    /// `CNI_ARGS`, in order.
    pub args: Vec<[String; 2]>,
    /// Capability arguments by capability, each in the order of the runtime's own types.
    pub capability_args: Map<String, Value>,
}

/// The library, with directories of plugins and one of results.
#[derive(Clone, Debug)]
pub struct Libcni {
    path: Vec<PathBuf>,
    cache: PathBuf,
}

impl Libcni {
    /// Calls the plugins in these directories, and keeps results in `results` below another.
    #[must_use]
    pub fn new(path: Vec<PathBuf>, cache: impl Into<PathBuf>) -> Self {
        let cache = cache.into();
        Self { path, cache }
    }

    /// ADD in order, each with the result of the one before; the last result is kept.
    ///
    /// # Errors
    /// A plugin failed. Nothing is undone.
    pub fn add_network_list(&self, list: &NetworkConfigList, conf: &RuntimeConf) -> anyhow::Result<CniResult> {
        let mut result = None;
        for plugin in &list.plugins {
            let added = self.add_network(list, plugin, result.as_ref(), conf);
            result = Some(added.with_context(|| format!("plugin {} failed (add)", plugin.description()))?);
        }
        cache::add(&self.cache, &list.name, &list.bytes, conf, result.as_ref())
            .with_context(|| format!("failed to set network {:?} cached result", list.name))?;
        result.context("a list has plugins")
    }

    fn add_network(
        &self,
        list: &NetworkConfigList,
        plugin: &PluginConfig,
        previous: Option<&CniResult>,
        conf: &RuntimeConf,
    ) -> anyhow::Result<CniResult> {
        let executable = exec::find_in_path(&plugin.plugin_type, &self.path)?;
        identifiers::validate(&list.name, conf)?;
        let stdin = stdin::of_attachment(list, plugin, previous, conf);
        let output = exec::exec_plugin(&executable, &stdin, &self.variables("ADD", conf))?;
        CniResult::of_output(&output, &list.cni_version)
    }

    /// CHECK in order, each with the result that was kept.
    ///
    /// # Errors
    /// The version has no CHECK, what was kept makes no sense, or a plugin failed.
    pub fn check_network_list(&self, list: &NetworkConfigList, conf: &RuntimeConf) -> anyhow::Result<()> {
        ensure!(
            version::at_least(&list.cni_version, "0.4.0")?,
            "configuration version {:?} does not support the CHECK command",
            list.cni_version
        );
        if list.disable_check {
            return Ok(());
        }
        let kept = cache::result(&self.cache, &list.name, &list.cni_version, conf)
            .with_context(|| format!("failed to get network {:?} cached result", list.name))?;
        for plugin in &list.plugins {
            self.call("CHECK", list, plugin, kept.as_ref(), conf)?;
        }
        Ok(())
    }

    /// DEL, last first, each with the result that was kept where the version has that.
    ///
    /// # Errors
    /// A plugin failed; those before it in the list were not called, and the result stays.
    pub fn del_network_list(&self, list: &NetworkConfigList, conf: &RuntimeConf) -> anyhow::Result<()> {
        let mut kept = None;
        if version::at_least(&list.cni_version, "0.4.0")? {
            match cache::result(&self.cache, &list.name, &list.cni_version, conf) {
                Ok(result) => kept = result,
                Err(_) => cache::delete(&self.cache, &list.name, conf),
            }
        }
        for plugin in list.plugins.iter().rev() {
            self.call("DEL", list, plugin, kept.as_ref(), conf)
                .with_context(|| format!("plugin {} failed (delete)", plugin.description()))?;
        }
        cache::delete(&self.cache, &list.name, conf);
        Ok(())
    }

    fn call(
        &self,
        verb: &str,
        list: &NetworkConfigList,
        plugin: &PluginConfig,
        previous: Option<&CniResult>,
        conf: &RuntimeConf,
    ) -> anyhow::Result<()> {
        let executable = exec::find_in_path(&plugin.plugin_type, &self.path)?;
        let stdin = stdin::of_attachment(list, plugin, previous, conf);
        exec::exec_plugin(&executable, &stdin, &self.variables(verb, conf)).map(drop)
    }

    /// DEL for what is kept and not valid, then GC in order where the version has it. `None` is a caller who knows of
    /// nothing.
    ///
    /// # Errors
    /// All that failed, a line each.
    pub fn gc_network_list(&self, list: &NetworkConfigList, valid: Option<&[(&str, &str)]>) -> anyhow::Result<()> {
        if list.disable_gc {
            return Ok(());
        }
        let mut errors = Vec::new();
        let kept = cache::attachments(&self.cache);
        for NetworkAttachment { conf, .. } in kept.into_iter().filter(|kept| kept.network == list.name) {
            if !valid
                .unwrap_or_default()
                .contains(&(conf.container_id.as_str(), conf.ifname.as_str()))
            {
                errors.extend(self.del_network_list(list, &conf).err());
            }
        }
        if version::at_least(&list.cni_version, "1.1.0").unwrap_or_default() {
            let valid = valid.map(|valid| {
                let pair = |(id, ifname): &(&str, &str)| json!({ "containerID": id, "ifname": ifname });
                Value::Array(valid.iter().map(pair).collect())
            });
            for plugin in &list.plugins {
                errors.extend(self.of_network("GC", list, plugin, valid.as_ref()).err());
            }
        }
        let texts: Vec<String> = errors.iter().map(|error| format!("{error:#}")).collect();
        match texts.is_empty() {
            true => Ok(()),
            false => bail!(texts.join("\n")),
        }
    }

    /// STATUS in order.
    ///
    /// # Errors
    /// The first plugin's own that is not ready.
    pub fn get_status_network_list(&self, list: &NetworkConfigList) -> anyhow::Result<()> {
        if version::at_least(&list.cni_version, "1.1.0").unwrap_or_default() {
            for plugin in &list.plugins {
                self.of_network("STATUS", list, plugin, None)?;
            }
        }
        Ok(())
    }

    fn of_network(
        &self,
        verb: &str,
        list: &NetworkConfigList,
        plugin: &PluginConfig,
        valid: Option<&Value>,
    ) -> anyhow::Result<()> {
        let stdin = stdin::of_network(list, plugin, valid);
        let executable = exec::find_in_path(&plugin.plugin_type, &self.path)?;
        let variables = self.variables(verb, &RuntimeConf::default());
        exec::exec_plugin(&executable, &stdin, &variables).map(drop)
    }

    /// VERSION of each plugin of a list.
    ///
    /// # Errors
    /// One of them is not there or does not support the list's version.
    pub fn validate_network_list(&self, list: &NetworkConfigList) -> anyhow::Result<()> {
        for plugin in &list.plugins {
            let executable = exec::find_in_path(&plugin.plugin_type, &self.path)?;
            let variables = [
                ("CNI_COMMAND", "VERSION"),
                ("CNI_CONTAINERID", ""),
                ("CNI_NETNS", "dummy"),
                ("CNI_ARGS", ""),
                ("CNI_IFNAME", "dummy"),
                ("CNI_PATH", "dummy"),
            ];
            let variables = variables.map(|(name, value)| (name, value.to_owned()));
            let stdin = format!(r#"{{"cniVersion":"{}"}}"#, version::CURRENT);
            let answer: Value = serde_json::from_slice(&exec::exec_plugin(&executable, stdin.as_bytes(), &variables)?)?;
            let supported = answer["supportedVersions"].as_array().context("supportedVersions")?;
            ensure!(
                supported.contains(&json!(list.cni_version)),
                "plugin {} does not support config version {:?}",
                plugin.plugin_type,
                list.cni_version
            );
        }
        Ok(())
    }

    /// The file that an attachment's result is kept in.
    #[must_use]
    pub fn cache_file(&self, list: &NetworkConfigList, conf: &RuntimeConf) -> PathBuf {
        cache::file(&self.cache, &list.name, conf)
    }

    /// What the library would have in a file, had it written what it reads there.
    ///
    /// # Errors
    /// It is no file of the kind.
    pub fn rewritten(file: &Path) -> anyhow::Result<Vec<u8>> {
        let elsewhere = tempfile::tempdir()?;
        let document: Value = serde_json::from_slice(&fs::read(file)?)?;
        let result = CniResult::of(&document["result"])?;
        let directory = file.parent().and_then(Path::parent).context("no file of a cache")?;
        let kept = cache::attachments(directory).into_iter();
        let mut same = kept.filter(|kept| cache::file(directory, &kept.network, &kept.conf) == file);
        let kept = same.next().context("no file of the kind")?;
        cache::add(elsewhere.path(), &kept.network, &kept.config, &kept.conf, Some(&result))?;
        Ok(fs::read(cache::file(elsewhere.path(), &kept.network, &kept.conf))?)
    }

    fn variables(&self, verb: &str, conf: &RuntimeConf) -> [(&'static str, String); 6] {
        let args: Vec<String> = conf.args.iter().map(|[key, value]| format!("{key}={value}")).collect();
        let path: Vec<_> = self.path.iter().map(|path| path.to_string_lossy()).collect();
        [
            ("CNI_COMMAND", verb.to_owned()),
            ("CNI_CONTAINERID", conf.container_id.clone()),
            ("CNI_NETNS", conf.netns.clone()),
            ("CNI_ARGS", args.join(";")),
            ("CNI_IFNAME", conf.ifname.clone()),
            ("CNI_PATH", path.join(":")),
        ]
    }
}
