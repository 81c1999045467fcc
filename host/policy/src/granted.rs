use std::{collections::BTreeSet, fmt, hash::Hasher as _, sync::Arc};

use thiserror::Error;

use crate::{dimension::Dimension, written::WrittenGrant};

/// That something is allowed, and what to count for it.
///
/// Where one of the grants that allow it has no limit, nothing is counted.
/// Otherwise it counts against each of them, and is allowed as long as one of
/// them has room in all of its limits. So limits do not add up, and a further
/// grant never takes anything away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Granted {
    /// Empty: nothing is counted.
    allowances: Vec<Allowance>,
}

/// The limits of one grant; it has at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Allowance {
    limits: Vec<(Counter, u32)>,
}

/// What a limit counts: the objects that are there now and were made under
/// one grant, by one attachment or by all of a network or tenant.
///
/// The text is a name of plain characters, the same in every process as long
/// as the grant's line stays the same (its limits may change), to record the
/// object under.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Counter {
    /// Whose objects are counted together.
    pub scope: Scope,
    plugin: Arc<str>,
    grant: u64,
}

/// Whose objects a limit counts together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Those of this attachment.
    Attachment,
    /// Those of all attachments of this network.
    Network(Arc<str>),
    /// Those of all attachments of this tenant; those without a tenant count
    /// together.
    Tenant(Option<Arc<str>>),
}

/// The limits of all grants that allow it are reached. The text is for the
/// plugin; it names the limit of one grant.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the grant allows {max} of these for {scope}, and they are used up")]
pub struct Exhausted {
    /// How many there may be.
    pub max: u32,
    /// Whose.
    pub scope: Scope,
}

impl Granted {
    /// What to record with the object that is made: the counters to raise by
    /// one, until the object is gone. None for most questions.
    #[must_use]
    pub fn counters(&self) -> BTreeSet<&Counter> {
        let limits = self.allowances.iter().flat_map(|allowance| &allowance.limits);
        limits.map(|(counter, _)| counter).collect()
    }

    /// The limits of each grant that allows it. One whose limits all have room
    /// is enough; none at all: nothing is counted.
    pub fn allowances(&self) -> impl Iterator<Item = &[(Counter, u32)]> {
        self.allowances.iter().map(|allowance| allowance.limits.as_slice())
    }

    /// Whether there is room for one more object, where `used` tells how many
    /// are recorded under a counter.
    ///
    /// # Errors
    /// No grant has room.
    pub fn check(&self, mut used: impl FnMut(&Counter) -> u32) -> Result<(), Exhausted> {
        let mut exhausted = None;
        for allowance in &self.allowances {
            match allowance.limits.iter().find(|(counter, max)| used(counter) >= *max) {
                Some((counter, max)) => {
                    exhausted.get_or_insert_with(|| Exhausted {
                        max: *max,
                        scope: counter.scope.clone(),
                    });
                }
                None => return Ok(()),
            }
        }
        exhausted.map_or(Ok(()), Err)
    }

    pub(crate) fn count_against(
        &mut self,
        plugin: &Arc<str>,
        network: &Arc<str>,
        tenant: Option<&Arc<str>>,
        grant: &WrittenGrant,
    ) {
        let key = key(grant);
        let limit = |scope, max: Option<u32>| {
            let plugin = Arc::clone(plugin);
            max.map(|max| {
                (
                    Counter {
                        scope,
                        plugin,
                        grant: key,
                    },
                    max,
                )
            })
        };
        let limits = grant.grant.limits;
        let all = [
            limit(Scope::Attachment, limits.attachment),
            limit(Scope::Network(Arc::clone(network)), limits.network),
            limit(Scope::Tenant(tenant.cloned()), limits.tenant),
        ];
        self.allowances.push(Allowance {
            limits: all.into_iter().flatten().collect(),
        });
    }
}

/// Tells a grant from others by what it says, its limits left out.
fn key(grant: &WrittenGrant) -> u64 {
    let mut fnv = Fnv::default();
    let limits = [Dimension::Max, Dimension::MaxPerNetwork, Dimension::MaxPerTenant].map(Dimension::key);
    let fields = grant
        .grant
        .fields()
        .into_iter()
        .filter(|(key, _)| !limits.contains(key));
    for (key, value) in grant.origin.selection.fields().chain(fields) {
        fnv.write(key.as_bytes());
        fnv.write(b"=");
        fnv.write(value.as_bytes());
        fnv.write(b"\n");
    }
    fnv.finish()
}

impl fmt::Display for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.scope {
            Scope::Attachment => f.write_str("attachment")?,
            Scope::Network(network) => write!(f, "network:{}", Plain(network))?,
            Scope::Tenant(Some(tenant)) => write!(f, "tenant:{}", Plain(tenant))?,
            Scope::Tenant(None) => f.write_str("no-tenant")?,
        }
        write!(f, ":{}:{:016x}", self.plugin, self.grant)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Attachment => "one attachment",
            Self::Network(_) => "all attachments of the network together",
            Self::Tenant(Some(_)) => "all attachments of the tenant together",
            Self::Tenant(None) => "all attachments without a tenant together",
        })
    }
}

/// A name in which everything but letters, digits, `-`, `_` and `.` is
/// written as `%` and two digits a byte.
struct Plain<'a>(&'a str);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0.bytes() {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.') {
                write!(f, "{}", char::from(byte))?;
            } else {
                write!(f, "%{byte:02x}")?;
            }
        }
        Ok(())
    }
}

/// FNV-1a in 64 bits: the same everywhere, unlike the standard library's
/// hashers, and nobody but the operator chooses what goes in.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl std::hash::Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
