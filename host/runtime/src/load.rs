//! Network configurations from files: by name as the reference library finds
//! them, or all of a directory as runtimes do.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use cofferdam_protocol::{ListedPlugin, NetworkList, json::Node, list::ListError};
use thiserror::Error;

/// What the name of a list's file ends with.
const LIST: &str = "conflist";

/// No network could be loaded.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The directory holds nothing of the kind.
    #[error("no net configurations found in {}", directory.display())]
    Empty {
        /// The directory.
        directory: PathBuf,
    },
    /// No file has a network of that name.
    #[error("no net configuration with name {name:?} in {}", directory.display())]
    NotFound {
        /// The network.
        name: String,
        /// The directory.
        directory: PathBuf,
    },
    /// A file or directory can't be read.
    #[error("{} can't be read: {error}", path.display())]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A file is not a network configuration.
    #[error("{}: {error}", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: ListError,
    },
    /// A list has no plugins, neither its own nor in the directory besides.
    #[error("{}: no plugin configs found", path.display())]
    NoPlugins {
        /// The file.
        path: PathBuf,
    },
}

/// Loads the network of that name: the first `*.conflist` that has it, or else
/// the first `*.conf` or `*.json`. A missing directory is an empty one.
///
/// # Errors
/// No file has it, or a file that comes before it is broken.
pub fn load_network(directory: &Path, name: &str) -> Result<NetworkList, LoadError> {
    let lists = files(directory, &[LIST])?;
    let single = files(directory, &["conf", "json"])?;
    if lists.is_empty() && single.is_empty() {
        return Err(LoadError::Empty {
            directory: directory.to_owned(),
        });
    }
    for path in lists.iter().chain(&single) {
        match load_file(path) {
            Ok(network) if network.name == name => return Ok(network),
            Ok(_) => {}
            // A single plugin needs no name, but has none to be found by then.
            Err(LoadError::Parse {
                error: ListError::NoName,
                ..
            }) if extension(path) != Some(LIST) => {}
            Err(error) => return Err(error),
        }
    }
    Err(LoadError::NotFound {
        name: name.to_owned(),
        directory: directory.to_owned(),
    })
}

/// Loads every `*.conf`, `*.conflist` and `*.json` of a directory, sorted by
/// file name.
///
/// # Errors
/// There is none, or one of them is broken.
pub fn load_directory(directory: &Path) -> Result<Vec<NetworkList>, LoadError> {
    let paths = network_files(directory)?;
    if paths.is_empty() {
        return Err(LoadError::Empty {
            directory: directory.to_owned(),
        });
    }
    paths.iter().map(|path| load_file(path)).collect()
}

/// The files of a directory that [`load_directory`] loads, in its order: for
/// who goes on after one that is broken. A missing directory has none.
///
/// # Errors
/// The directory can't be read.
pub fn network_files(directory: &Path) -> Result<Vec<PathBuf>, LoadError> {
    files(directory, &["conf", LIST, "json"])
}

/// Loads one file. A list takes the plugins of the directory besides it that
/// has the network's name, unless it says `loadOnlyInlinedPlugins`.
///
/// # Errors
/// It can't be read, or is broken.
pub fn load_file(path: &Path) -> Result<NetworkList, LoadError> {
    let text = read(path)?;
    let parse = |error| LoadError::Parse {
        path: path.to_owned(),
        error,
    };
    if !is_list(path, &text) {
        return NetworkList::from_plugin(&text).map_err(parse);
    }
    let mut network = NetworkList::parse(&text).map_err(parse)?;
    if !network.load_only_inlined_plugins && is_file_name(&network.name) {
        let directory = path.parent().unwrap_or(Path::new("")).join(&network.name);
        network.plugins.extend(plugins_of(&directory)?);
    }
    if network.plugins.is_empty() {
        return Err(LoadError::NoPlugins { path: path.to_owned() });
    }
    Ok(network)
}

/// Whether the text is a list: by the file's name, or, where that promises a
/// single plugin, by having plugins and no type of its own.
fn is_list(path: &Path, text: &str) -> bool {
    if extension(path) == Some(LIST) {
        return true;
    }
    Node::parse(text).is_ok_and(|tree| tree.get_exact("plugins").is_some() && tree.get("type").is_none())
}

fn is_file_name(name: &str) -> bool {
    !name.contains('/') && name != "." && name != ".."
}

fn plugins_of(directory: &Path) -> Result<Vec<ListedPlugin>, LoadError> {
    let paths = files(directory, &["conf"])?;
    let load = |path: &PathBuf| {
        let text = read(path)?;
        ListedPlugin::parse(&text).map_err(|error| LoadError::Parse {
            path: path.clone(),
            error,
        })
    };
    paths.iter().map(load).collect()
}

/// The files of a directory with one of these extensions, sorted.
fn files(directory: &Path, extensions: &[&str]) -> Result<Vec<PathBuf>, LoadError> {
    let unreadable = |error| LoadError::Read {
        path: directory.to_owned(),
        error,
    };
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(error)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let entry = entry.map_err(unreadable)?;
        let path = entry.path();
        let wanted = extension(&path).is_some_and(|extension| extensions.contains(&extension));
        if wanted && !entry.file_type().map_err(unreadable)?.is_dir() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// What follows the last dot, also where nothing is before it.
fn extension(path: &Path) -> Option<&str> {
    path.file_name()?
        .to_str()?
        .rsplit_once('.')
        .map(|(_, extension)| extension)
}

fn read(path: &Path) -> Result<String, LoadError> {
    fs::read_to_string(path).map_err(|error| LoadError::Read {
        path: path.to_owned(),
        error,
    })
}
