use crate::SpecVersion;

/// The three shapes that a result has had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// One address a family (0.1.0, 0.2.0).
    Families,
    /// Interfaces, and addresses with a `version` (0.3.0 to 0.4.0).
    Versioned,
    /// The present one (1.0.0, 1.1.0).
    Newest,
}

impl Shape {
    pub(super) fn of(version: SpecVersion) -> Self {
        match version {
            SpecVersion::V0_1_0 | SpecVersion::V0_2_0 => Self::Families,
            SpecVersion::V0_3_0 | SpecVersion::V0_3_1 | SpecVersion::V0_4_0 => Self::Versioned,
            SpecVersion::V1_0_0 | SpecVersion::V1_1_0 => Self::Newest,
        }
    }

    /// What a result of this shape may have as its `cniVersion`.
    pub(super) fn versions(self) -> &'static [&'static str] {
        match self {
            Self::Families => &["", "0.1.0", "0.2.0"],
            Self::Versioned => &["0.3.0", "0.3.1", "0.4.0"],
            Self::Newest => &["1.0.0", "1.1.0"],
        }
    }
}
