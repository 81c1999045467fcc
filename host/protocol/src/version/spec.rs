use std::{fmt, str::FromStr};

use thiserror::Error;

use super::Version;

/// A released version of the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(non_camel_case_types)]
pub enum SpecVersion {
    /// ADD and DEL; a result with one address a family.
    V0_1_0,
    /// VERSION.
    V0_2_0,
    /// Lists of plugins; results with interfaces.
    V0_3_0,
    /// A typing error of 0.3.0 put right.
    V0_3_1,
    /// CHECK; the previous result on DEL.
    V0_4_0,
    /// No `version` in the addresses of a result.
    V1_0_0,
    /// GC and STATUS.
    V1_1_0,
}

/// A text does not name a released version.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{0:?} is not a released version of the CNI specification")]
pub struct UnknownSpecVersion(pub String);

impl SpecVersion {
    /// All of them, oldest first.
    pub const ALL: [Self; 7] = [
        Self::V0_1_0,
        Self::V0_2_0,
        Self::V0_3_0,
        Self::V0_3_1,
        Self::V0_4_0,
        Self::V1_0_0,
        Self::V1_1_0,
    ];

    /// The newest.
    pub const NEWEST: Self = Self::V1_1_0;

    /// The versions that this implementation speaks: all of them.
    #[must_use]
    pub fn supported() -> &'static [Self] {
        &Self::ALL
    }

    /// As in `cniVersion`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V0_1_0 => "0.1.0",
            Self::V0_2_0 => "0.2.0",
            Self::V0_3_0 => "0.3.0",
            Self::V0_3_1 => "0.3.1",
            Self::V0_4_0 => "0.4.0",
            Self::V1_0_0 => "1.0.0",
            Self::V1_1_0 => "1.1.0",
        }
    }

    /// As numbers, to be compared with versions that are not released.
    #[must_use]
    pub fn version(self) -> Version {
        match self {
            Self::V0_1_0 => Version::new(0, 1, 0),
            Self::V0_2_0 => Version::new(0, 2, 0),
            Self::V0_3_0 => Version::new(0, 3, 0),
            Self::V0_3_1 => Version::new(0, 3, 1),
            Self::V0_4_0 => Version::new(0, 4, 0),
            Self::V1_0_0 => Version::new(1, 0, 0),
            Self::V1_1_0 => Version::new(1, 1, 0),
        }
    }

    /// Whether there are lists of plugins, each given the previous one's
    /// result, and results that name interfaces.
    #[must_use]
    pub fn has_chaining(self) -> bool {
        self >= Self::V0_3_0
    }

    /// Whether there is CHECK.
    #[must_use]
    pub fn has_check(self) -> bool {
        self >= Self::V0_4_0
    }

    /// Whether DEL is given the result of ADD.
    #[must_use]
    pub fn has_previous_on_del(self) -> bool {
        self >= Self::V0_4_0
    }

    /// Whether there are GC and STATUS.
    #[must_use]
    pub fn has_gc_status(self) -> bool {
        self >= Self::V1_1_0
    }
}

impl FromStr for SpecVersion {
    type Err = UnknownSpecVersion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|version| version.as_str() == text)
            .ok_or_else(|| UnknownSpecVersion(text.to_owned()))
    }
}

impl fmt::Display for SpecVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_version_is_named_exactly_or_not_at_all() {
        for version in SpecVersion::ALL {
            assert_eq!(version.as_str().parse::<SpecVersion>().unwrap(), version);
            assert_eq!(version.as_str().parse::<Version>().unwrap(), version.version());
        }
        for text in ["", "1.0", "v1.0.0", "1.1.0 ", "1.2.0"] {
            assert!(text.parse::<SpecVersion>().is_err(), "{text}");
        }
    }

    #[test]
    fn each_version_has_what_its_specification_added() {
        for (version, chaining, check, gc_status) in [
            (SpecVersion::V0_1_0, false, false, false),
            (SpecVersion::V0_2_0, false, false, false),
            (SpecVersion::V0_3_0, true, false, false),
            (SpecVersion::V0_3_1, true, false, false),
            (SpecVersion::V0_4_0, true, true, false),
            (SpecVersion::V1_0_0, true, true, false),
            (SpecVersion::V1_1_0, true, true, true),
        ] {
            assert_eq!(version.has_chaining(), chaining, "{version}");
            assert_eq!(version.has_check(), check, "{version}");
            assert_eq!(version.has_previous_on_del(), check, "{version}");
            assert_eq!(version.has_gc_status(), gc_status, "{version}");
        }
    }
}
