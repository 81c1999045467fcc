use std::sync::Arc;

use cofferdam_protocol::Place;

use crate::{denial::Denial, grant::Grant, question::Question};

/// What one plugin may do for one attachment.
#[derive(Clone, Debug)]
pub struct Grants {
    plugin: Arc<str>,
    network: String,
    tenant: Option<String>,
    covered: bool,
    grants: Vec<Arc<Grant>>,
}

/// A grant allows what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Granted {
    /// Which grant it is, to count against `max` by; the same for one policy,
    /// network and tenant.
    pub grant: usize,
    /// How many objects of this grant one attachment may make.
    pub max: Option<u32>,
}

impl Grants {
    /// `covered` tells whether any part of the policy is for this network and
    /// tenant.
    pub(crate) fn new(
        plugin: Arc<str>,
        network: &str,
        tenant: Option<&str>,
        covered: bool,
        grants: Vec<Arc<Grant>>,
    ) -> Self {
        Self {
            plugin,
            network: network.to_owned(),
            tenant: tenant.map(str::to_owned),
            covered,
            grants,
        }
    }

    /// Whether, and by which grant, something is allowed.
    ///
    /// Where several grants allow it, the one without `max` counts, or else
    /// the one with the largest: limits do not add up.
    ///
    /// # Errors
    /// No grant allows it. The denial names the one that is missing.
    pub fn decide(&self, question: &Question<'_>) -> Result<Granted, Denial> {
        let mut best: Option<Granted> = None;
        for (index, grant) in self.grants.iter().enumerate() {
            if !grant.allows(question) {
                continue;
            }
            let Some(max) = grant.max else {
                return Ok(Granted {
                    grant: index,
                    max: None,
                });
            };
            if best.is_none_or(|best| best.max < Some(max)) {
                best = Some(Granted {
                    grant: index,
                    max: Some(max),
                });
            }
        }
        best.ok_or_else(|| self.deny(question))
    }

    /// Whether anything is granted in a namespace. Where nothing is, a plugin
    /// can do nothing there, and see nothing but what its attachment made.
    #[must_use]
    pub fn reaches(&self, place: Place) -> bool {
        self.grants.iter().any(|grant| grant.place == Some(place))
    }

    /// Whether nothing at all is granted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.grants.is_empty()
    }

    fn deny(&self, question: &Question<'_>) -> Denial {
        if self.covered {
            Denial::missing_grant(question)
        } else {
            Denial::not_covered(question, &self.plugin, &self.network, self.tenant.as_deref())
        }
    }
}
