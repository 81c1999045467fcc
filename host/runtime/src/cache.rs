//! The result cache: what each attachment's ADD came to, in the format and
//! the place of the reference library, so that either can go on where the
//! other stopped.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use cofferdam_protocol::{AttachmentKey, NetworkList, json::Node, list::ListError};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{AttachmentRequest, base64};

const KIND: &str = "cniCacheV1";
/// Longest file name (`NAME_MAX` of `linux/limits.h`).
const NAME_BYTES: usize = 255;
/// The end of the name of a file that is being written.
const UNFINISHED: &str = ".new";

/// The cache can't be written.
#[derive(Debug, Error)]
#[error("the result cache {} can't be written: {error}", path.display())]
pub struct CacheError {
    /// The file or directory.
    pub path: PathBuf,
    /// What the system said.
    pub error: io::Error,
}

/// What is remembered of one attachment.
#[derive(Clone, Debug, PartialEq)]
pub struct CachedAttachment {
    /// The network's name.
    pub network: String,
    /// How the attachment was asked for.
    pub request: AttachmentRequest,
    /// The network list's text, as it was.
    pub config: Vec<u8>,
    /// The result, in the version that the last plugin printed.
    pub result: Option<Node>,
}

impl CachedAttachment {
    /// The network as it was when the container was attached: what DEL needs
    /// where its configuration has changed since, or is gone. Plugins that came
    /// from the folder beside the configuration are not in it.
    ///
    /// # Errors
    /// The text that was kept is no network, as in files that hold a bare
    /// result.
    pub fn network_list(&self) -> Result<NetworkList, ListError> {
        NetworkList::parse(&String::from_utf8_lossy(&self.config))
    }
}

/// The directory of results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultCache {
    directory: PathBuf,
}

impl Default for ResultCache {
    fn default() -> Self {
        Self::new("/var/lib/cni")
    }
}

impl ResultCache {
    /// The cache in `results` below this directory.
    #[must_use]
    pub fn new(directory: impl AsRef<Path>) -> Self {
        Self {
            directory: directory.as_ref().join("results"),
        }
    }

    /// Where the files are.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.directory
    }

    /// Makes sure that a result can be kept, before anything is done that
    /// would need it.
    ///
    /// # Errors
    /// The directory can't be made, or the names are too long for a file.
    pub fn prepare(&self, network: &str, key: &AttachmentKey) -> Result<(), CacheError> {
        if file_name(network, key).len() + UNFINISHED.len() + 1 > NAME_BYTES {
            let error = io::Error::new(
                io::ErrorKind::InvalidFilename,
                "the names of network and container are too long",
            );
            return Err(CacheError {
                path: self.file(network, key),
                error,
            });
        }
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.directory)
            .map_err(|error| CacheError {
                path: self.directory.clone(),
                error,
            })
    }

    /// Keeps a result. Readers see the old or the new one, never half of it,
    /// also after the machine has lost its power.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn store(&self, attachment: &CachedAttachment) -> Result<(), CacheError> {
        let key = attachment.request.key();
        self.prepare(&attachment.network, &key)?;
        let path = self.file(&attachment.network, &key);
        let temporary = self.unfinished(&attachment.network, &key);
        let written = serde_json::to_vec(&File::of(attachment))
            .map_err(io::Error::from)
            .and_then(|bytes| write(&temporary, &bytes))
            .and_then(|()| fs::rename(&temporary, &path))
            .and_then(|()| fs::File::open(&self.directory)?.sync_data());
        written.map_err(|error| {
            let _ = fs::remove_file(&temporary);
            CacheError { path, error }
        })
    }

    /// What is remembered of an attachment; `None` when that is nothing, or
    /// nothing that can be read.
    #[must_use]
    pub fn load(&self, network: &str, key: &AttachmentKey) -> Option<CachedAttachment> {
        let text = fs::read_to_string(self.file(network, key)).ok()?;
        if let Some(attachment) = decode(&text) {
            return Some(attachment);
        }
        // The format before: the result and nothing else.
        let request = AttachmentRequest {
            container_id: key.container_id.clone(),
            interface_name: key.interface_name.clone(),
            ..AttachmentRequest::default()
        };
        let result = Node::parse(&text).ok().filter(|tree| matches!(tree, Node::Object(_)))?;
        Some(CachedAttachment {
            network: network.to_owned(),
            request,
            config: Vec::new(),
            result: Some(result),
        })
    }

    /// Forgets an attachment. One that is not remembered is forgotten already.
    pub fn remove(&self, network: &str, key: &AttachmentKey) {
        let _ = fs::remove_file(self.unfinished(network, key));
        let _ = fs::remove_file(self.file(network, key));
    }

    /// The attachments of a network, sorted by file name. What can't be read
    /// is left out: the names in the file tell, not the file's name.
    #[must_use]
    pub fn attachments(&self, network: &str) -> Vec<CachedAttachment> {
        self.all(|attachment| attachment.network == network)
    }

    /// The attachments of a container to whatever networks, sorted by file
    /// name.
    #[must_use]
    pub fn attachments_of(&self, container_id: &str) -> Vec<CachedAttachment> {
        self.all(|attachment| attachment.request.container_id == container_id)
    }

    /// All attachments that satisfy a condition. Those without the names of
    /// their network and interface are nobody's.
    fn all(&self, wanted: impl Fn(&CachedAttachment) -> bool) -> Vec<CachedAttachment> {
        let Ok(entries) = fs::read_dir(&self.directory) else {
            return Vec::new();
        };
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        paths
            .iter()
            .filter_map(|path| decode(&fs::read_to_string(path).ok()?))
            .filter(|attachment| !attachment.network.is_empty() && !attachment.request.interface_name.is_empty())
            .filter(wanted)
            .collect()
    }

    /// Where a result is written before it gets its name: not among the
    /// results, where the reference library would take it for one, and under a
    /// name of the attachment's own, so that of one that was interrupted only
    /// this file is left, until the attachment's next ADD or DEL.
    fn unfinished(&self, network: &str, key: &AttachmentKey) -> PathBuf {
        self.directory
            .with_file_name(format!(".{}{UNFINISHED}", file_name(network, key)))
    }

    fn file(&self, network: &str, key: &AttachmentKey) -> PathBuf {
        self.directory.join(file_name(network, key))
    }
}

fn file_name(network: &str, key: &AttachmentKey) -> String {
    format!("{network}-{}-{}", key.container_id, key.interface_name)
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::io::Write as _;
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)?;
    file.sync_data()
}

/// The file's form, keys in the reference library's order.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct File {
    kind: String,
    #[serde(default)]
    container_id: String,
    #[serde(default)]
    config: Option<String>,
    #[serde(default)]
    if_name: String,
    #[serde(default)]
    network_name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    netns: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cni_args: Option<Vec<(String, String)>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    capability_args: Option<Node>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    result: Option<Node>,
}

impl File {
    fn of(attachment: &CachedAttachment) -> Self {
        let request = &attachment.request;
        Self {
            kind: KIND.to_owned(),
            container_id: request.container_id.clone(),
            config: Some(base64::encode(&attachment.config)),
            if_name: request.interface_name.clone(),
            network_name: attachment.network.clone(),
            netns: request.netns.clone(),
            cni_args: Some(request.args.clone()).filter(|args| !args.is_empty()),
            capability_args: request
                .capability_args
                .clone()
                .filter(|args| !args.entries().is_empty()),
            result: attachment.result.clone(),
        }
    }
}

fn decode(text: &str) -> Option<CachedAttachment> {
    let file: File = serde_json::from_str(text)
        .ok()
        .filter(|file: &File| file.kind == KIND)?;
    Some(CachedAttachment {
        network: file.network_name,
        request: AttachmentRequest {
            container_id: file.container_id,
            netns: file.netns,
            interface_name: file.if_name,
            args: file.cni_args.unwrap_or_default(),
            capability_args: file.capability_args,
        },
        config: file.config.and_then(|text| base64::decode(&text)).unwrap_or_default(),
        result: file.result,
    })
}
