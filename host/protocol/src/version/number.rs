use std::{fmt, str::FromStr};

use thiserror::Error;

/// A version as a configuration may name it, released or not: up to three
/// numbers, compared one by one. The empty text is 0.1.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// The first number.
    pub major: u32,
    /// The second number; 0 when left out.
    pub minor: u32,
    /// The third number; 0 when left out.
    pub patch: u32,
}

/// A text is no version.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{0:?} is not a CNI version (up to three numbers, as in 1.1.0)")]
pub struct ParseVersionError(pub String);

impl Version {
    /// The three numbers.
    #[must_use]
    pub const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self { major, minor, patch }
    }
}

impl FromStr for Version {
    type Err = ParseVersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Ok(Self::new(0, 1, 0));
        }
        let error = || ParseVersionError(text.to_owned());
        let mut numbers = [0; 3];
        let mut parts = text.split('.');
        for (number, part) in numbers.iter_mut().zip(&mut parts) {
            if !part.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(error());
            }
            *number = part.parse().map_err(|_| error())?;
        }
        if parts.next().is_some() {
            return Err(error());
        }
        let [major, minor, patch] = numbers;
        Ok(Self::new(major, minor, patch))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        let version = |text: &str| text.parse::<Version>().unwrap();
        assert!(version("0.10.0") > version("0.9.9"));
        assert!(version("1.1") > version("1.0.9"));
        assert_eq!(version("1"), version("1.0.0"));
        assert_eq!(version(""), version("0.1.0"));
    }

    #[test]
    fn a_text_that_is_no_version_is_refused() {
        for text in ["v1.0.0", "1.0.0.0", "1.", ".1", "1.x", "-1", "+1", " 1", "4294967296"] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".*") {
            if let Ok(version) = text.parse::<Version>() {
                prop_assert_eq!(version.to_string().parse(), Ok(version));
            }
        }
    }
}
