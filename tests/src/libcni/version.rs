use anyhow::{Context as _, ensure};
use serde_json::Value;

/// The newest version that the library implements.
pub(super) const CURRENT: &str = "1.1.0";

/// Up to three numbers; a missing version is the first one.
fn parsed(version: &str) -> anyhow::Result<[u32; 3]> {
    let version = if version.is_empty() { "0.1.0" } else { version };
    let parts: Vec<&str> = version.split('.').collect();
    ensure!(parts.len() <= 3, "invalid version {version:?}: too many parts");
    let mut numbers = [0; 3];
    for (number, part) in numbers.iter_mut().zip(parts) {
        *number = part.parse().with_context(|| format!("invalid version {version:?}"))?;
    }
    Ok(numbers)
}

pub(super) fn at_least(version: &str, other: &str) -> anyhow::Result<bool> {
    Ok(parsed(version)? >= parsed(other)?)
}

/// The highest of what a list offers, as far as the library knows it.
pub(super) fn chosen(own: String, offered: &Value) -> anyhow::Result<String> {
    let Some(offered) = offered.as_array() else {
        return Ok(own);
    };
    let offered = offered.iter().map(|version| version.as_str().context("cniVersions"));
    let mut known = Vec::new();
    for version in offered.chain((!own.is_empty()).then_some(Ok(own.as_str()))) {
        let version = version?;
        if at_least(CURRENT, version)? {
            known.push((parsed(version)?, version.to_owned()));
        }
    }
    known.sort();
    Ok(known.pop().map_or(own, |(_, version)| version))
}
