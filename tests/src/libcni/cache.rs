use std::{
    fs,
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use super::{CniResult, RuntimeConf, go_json};

const KIND: &str = "cniCacheV1";

/// What the library finds of an attachment when it lists them.
#[derive(Clone, Debug)]
pub(super) struct NetworkAttachment {
    /// The network.
    pub(super) network: String,
    /// How the attachment was asked for.
    pub(super) conf: RuntimeConf,
    /// The list's bytes, as they were.
    pub(super) config: Vec<u8>,
}

pub(super) fn file(directory: &Path, network: &str, conf: &RuntimeConf) -> PathBuf {
    let name = format!("{network}-{}-{}", conf.container_id, conf.ifname);
    directory.join("results").join(name)
}

/// Writes the file, in place.
pub(super) fn add(
    directory: &Path,
    network: &str,
    config: &[u8],
    conf: &RuntimeConf,
    result: Option<&CniResult>,
) -> anyhow::Result<()> {
    let mut cached = Map::new();
    cached.insert("kind".to_owned(), json!(KIND));
    cached.insert("containerId".to_owned(), json!(conf.container_id));
    cached.insert("config".to_owned(), json!(STANDARD.encode(config)));
    cached.insert("ifName".to_owned(), json!(conf.ifname));
    cached.insert("networkName".to_owned(), json!(network));
    let mut given = |key: &str, is_given: bool, value: Value| {
        if is_given {
            cached.insert(key.to_owned(), value);
        }
    };
    given("netns", !conf.netns.is_empty(), json!(conf.netns));
    given("cniArgs", !conf.args.is_empty(), json!(conf.args));
    let mut capabilities = conf.capability_args.clone();
    // Within them, the runtime's types have orders of their own.
    capabilities.sort_keys();
    given(
        "capabilityArgs",
        !capabilities.is_empty(),
        Value::Object(capabilities.clone()),
    );
    if let Some(result) = result {
        given("result", true, go_json::decode(&go_json::encode(result.document()))?);
    }
    let file = file(directory, network, conf);
    let results = file.parent().expect("a file has a directory");
    fs::DirBuilder::new().recursive(true).mode(0o700).create(results)?;
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(file)?;
    Ok(file.write_all(&go_json::encode(&Value::Object(cached)))?)
}

pub(super) fn delete(directory: &Path, network: &str, conf: &RuntimeConf) {
    let _ = fs::remove_file(file(directory, network, conf));
}

/// The result of an attachment's ADD, in this version; `None` where nothing is kept.
pub(super) fn result(
    directory: &Path,
    network: &str,
    version: &str,
    conf: &RuntimeConf,
) -> anyhow::Result<Option<CniResult>> {
    let Ok(bytes) = fs::read(file(directory, network, conf)) else {
        return Ok(None);
    };
    let document = go_json::decode(&bytes)?;
    // The format before: the result and nothing else.
    let raw = if document["kind"] == KIND {
        &document["result"]
    } else {
        &document
    };
    let in_version = CniResult::of(raw)?.in_version(version);
    in_version
        .with_context(|| format!("failed to convert cached result to config version {version:?}"))
        .map(Some)
}

/// All attachments, sorted by file name; what can't be read is left out.
pub(super) fn attachments(directory: &Path) -> Vec<NetworkAttachment> {
    let entries = fs::read_dir(directory.join("results")).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.sort();
    files.iter().filter_map(|file| read(file).ok()).collect()
}

fn read(file: &Path) -> anyhow::Result<NetworkAttachment> {
    let document = go_json::decode(&fs::read(file)?)?;
    ensure!(document["kind"] == KIND, "another kind");
    let text = |key: &str| document[key].as_str().unwrap_or_default().to_owned();
    let attachment = NetworkAttachment {
        network: text("networkName"),
        conf: RuntimeConf {
            container_id: text("containerId"),
            netns: text("netns"),
            ifname: text("ifName"),
            args: serde_json::from_value(document["cniArgs"].clone()).unwrap_or_default(),
            capability_args: document["capabilityArgs"].as_object().cloned().unwrap_or_default(),
        },
        config: STANDARD.decode(text("config")).ok().context("not base64")?,
    };
    ensure!(
        !attachment.network.is_empty() && !attachment.conf.ifname.is_empty(),
        "nobody's"
    );
    Ok(attachment)
}
