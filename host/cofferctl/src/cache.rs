//! Where a user's programs keep what can be made again.

use std::path::PathBuf;

use anyhow::Context as _;

use crate::files::make_directory;

/// Who has a convention of its own.
#[derive(Clone, Copy)]
enum System {
    MacOs,
    Windows,
    /// Of freedesktop.org, which Linux and the BSDs have.
    Other,
}

const HERE: System = if cfg!(target_os = "macos") {
    System::MacOs
} else if cfg!(windows) {
    System::Windows
} else {
    System::Other
};

/// The user's directory, which is made where there is none yet.
///
/// # Errors
/// Nothing says where it is, or it can't be made.
pub(crate) fn users_cache() -> anyhow::Result<PathBuf> {
    let directory = |name: &str| {
        let value = std::env::var_os(name).map(PathBuf::from);
        value.filter(|path| path.is_absolute())
    };
    let cache = HERE.cache(directory).with_context(|| {
        format!(
            "{}; say with --cache where to keep compiled components",
            HERE.what_is_missing()
        )
    })?;
    make_directory(&cache)?;
    Ok(cache)
}

impl System {
    fn cache(self, directory: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
        match self {
            Self::MacOs => Some(directory("HOME")?.join("Library/Caches")),
            Self::Windows => directory("LOCALAPPDATA"),
            Self::Other => directory("XDG_CACHE_HOME").or_else(|| Some(directory("HOME")?.join(".cache"))),
        }
    }

    /// That none of the variables says where it is.
    fn what_is_missing(self) -> &'static str {
        match self {
            Self::MacOs => "HOME is not set",
            Self::Windows => "LOCALAPPDATA is not set",
            Self::Other => "neither XDG_CACHE_HOME nor HOME is set",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_system_has_its_own_place() {
        let found = |system: System, set: &[&str]| {
            let cache = system.cache(|name| set.contains(&name).then(|| PathBuf::from(name)));
            cache.map(|path| path.to_string_lossy().replace('\\', "/"))
        };
        let all = ["HOME", "XDG_CACHE_HOME", "LOCALAPPDATA"];
        for (system, set, place) in [
            (System::Other, &all[..], Some("XDG_CACHE_HOME")),
            (System::Other, &["HOME"], Some("HOME/.cache")),
            (System::Other, &["LOCALAPPDATA"], None),
            (System::MacOs, &all, Some("HOME/Library/Caches")),
            (System::Windows, &all, Some("LOCALAPPDATA")),
            (System::Windows, &["HOME"], None),
        ] {
            assert_eq!(found(system, set).as_deref(), place, "{set:?}");
        }
    }
}
