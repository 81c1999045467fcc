use std::{fs::OpenOptions, io::Write as _, path::Path};

use anyhow::{Context as _, bail};

use super::observed::Observed;
use crate::output::say;
use crate::used::Used;

/// Fails before anything is done where a policy would be in the way.
pub(super) fn refuse_existing(directory: &Path, used: &Used) -> anyhow::Result<()> {
    if !directory.is_dir() {
        bail!("{}: there is no such directory", directory.display());
    }
    let paths = used.components.keys().map(|plugin| directory.join(file(plugin)));
    match paths.into_iter().find(|path| path.exists()) {
        Some(path) => bail!("{} exists, and is not replaced; name another directory", path.display()),
        None => Ok(()),
    }
}

/// Prints the policies, or writes them.
pub(super) fn put(directory: Option<&Path>, observed: &Observed) -> anyhow::Result<()> {
    for (number, (plugin, learned)) in observed.policies.iter().enumerate() {
        let text = learned.to_string();
        let Some(directory) = directory else {
            let gap = if number == 0 { "" } else { "\n" };
            say(&format!("{gap}# ---- {}\n{}", file(plugin), text.trim_end()));
            continue;
        };
        let path = directory.join(file(plugin));
        let created = OpenOptions::new().write(true).create_new(true).open(&path);
        created
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .with_context(|| format!("write {}", path.display()))?;
        say(&path.display().to_string());
    }
    Ok(())
}

fn file(plugin: &str) -> String {
    format!("{plugin}.toml")
}
