use crate::{SpecVersion, Version, version::ParseVersionError};

/// The version to use: the highest of `cniVersions` and `cniVersion` that is
/// not newer than what we know. Where there is none, `cniVersion` stays.
pub(super) fn choose(own: &str, offered: &[String]) -> Result<String, ParseVersionError> {
    let mut best: Option<(Version, &str)> = None;
    for text in offered.iter().map(String::as_str).chain([own]) {
        let version: Version = text.parse()?;
        if version <= SpecVersion::NEWEST.version() && best.is_none_or(|(highest, _)| version > highest) {
            best = Some((version, text));
        }
    }
    Ok(best.map_or(own, |(_, text)| text).to_owned())
}
