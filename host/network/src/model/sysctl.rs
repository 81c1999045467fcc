use std::{fmt, path::PathBuf};

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The name of a kernel setting below `net`, part by part, so that an
/// interface name with a dot in it can't be taken for two parts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct SysctlKey(Vec<String>);

impl SysctlKey {
    /// Checks the parts: two to eight of them, the first is `net`, none is
    /// empty, `.` or `..`, or holds a slash, a NUL or white space.
    ///
    /// # Errors
    /// [`Error::Invalid`] names the key and what is wrong with it.
    pub fn new(parts: Vec<String>) -> Result<Self> {
        let invalid = |why: &str| Error::Invalid(format!("sysctl key {parts:?}: {why}"));
        if parts.first().map(String::as_str) != Some("net") {
            return Err(invalid("only settings below net can be named"));
        }
        if !(2..=8).contains(&parts.len()) {
            return Err(invalid("a key has two to eight parts"));
        }
        for part in &parts {
            let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'/';
            if part.is_empty() || part == "." || part == ".." || part.len() > 64 || !part.bytes().all(plain) {
                return Err(invalid("a part is empty, a dot, too long, or holds a slash or blank"));
            }
        }
        Ok(Self(parts))
    }

    /// The parts, `net` first.
    #[must_use]
    pub fn parts(&self) -> &[String] {
        &self.0
    }

    /// The file below `/proc/sys` that holds it.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        let mut path = PathBuf::from("/proc/sys");
        path.extend(&self.0);
        path
    }
}

impl TryFrom<Vec<String>> for SysctlKey {
    type Error = Error;

    fn try_from(parts: Vec<String>) -> Result<Self> {
        Self::new(parts)
    }
}

impl From<SysctlKey> for Vec<String> {
    fn from(key: SysctlKey) -> Self {
        key.0
    }
}

/// With slashes, as `sysctl(8)` takes it whatever the interface's name:
/// `net/ipv4/conf/eth0.5/arp_notify`.
impl fmt::Display for SysctlKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("/"))
    }
}
