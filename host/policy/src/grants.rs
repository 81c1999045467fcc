use std::sync::Arc;

use cofferdam_protocol::{Origin, PathPrefix, Place};

use crate::{
    bound::Bound, denial::Denial, dimension::Dimension, grant::Grant, granted::Granted, key_pattern::KeyPattern,
    operation::Operation, question::Question, written::WrittenGrant,
};

/// What one plugin may do for one attachment.
#[derive(Clone, Debug)]
pub struct Grants {
    plugin: Arc<str>,
    network: Arc<str>,
    tenant: Option<Arc<str>>,
    covered: bool,
    grants: Vec<Arc<WrittenGrant>>,
}

/// Requests that one grant allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requests<'g> {
    /// Where to.
    pub origins: &'g [Origin],
    /// Asking what: `GET`.
    pub methods: &'g [&'static str],
    /// What their paths begin with; absent: any.
    pub paths: Option<&'g [PathPrefix]>,
    /// The name of the credential that they get.
    pub credential: Option<&'g str>,
    /// The name of the authority whose certificates are trusted; absent: those
    /// that the node trusts.
    pub authority: Option<&'g str>,
}

impl Grants {
    /// `covered` tells whether any file of the policy is for this network and
    /// tenant.
    pub(crate) fn new(
        plugin: Arc<str>,
        network: &str,
        tenant: Option<&str>,
        covered: bool,
        grants: Vec<Arc<WrittenGrant>>,
    ) -> Self {
        Self {
            plugin,
            network: network.into(),
            tenant: tenant.map(Into::into),
            covered,
            grants,
        }
    }

    /// Whether something is allowed, and what to count for it.
    ///
    /// # Errors
    /// No grant allows it. The denial names the one that is missing.
    pub fn decide(&self, question: &Question<'_>) -> Result<Granted, Denial> {
        let mut granted = None;
        for grant in self.grants.iter().filter(|grant| grant.grant.allows(question)) {
            if grant.grant.limits.is_none() {
                return Ok(Granted::default());
            }
            granted.get_or_insert_with(Granted::default).count_against(
                &self.plugin,
                &self.network,
                self.tenant.as_ref(),
                grant,
            );
        }
        granted.ok_or_else(|| self.deny(question))
    }

    /// Whether anything is granted in a namespace. Where nothing is, a plugin
    /// can do nothing there, and see nothing but what its attachment made.
    #[must_use]
    pub fn reaches(&self, place: Place) -> bool {
        self.grants.iter().any(|grant| grant.grant.place == Some(place))
    }

    /// Whether one of these operations is granted in a namespace at all, on
    /// whatever.
    #[must_use]
    pub fn has_any(&self, operations: &[Operation], place: Place) -> bool {
        let granted = |grant: &Grant| operations.iter().any(|operation| grant.operations.contains(*operation));
        self.grants
            .iter()
            .any(|grant| grant.grant.place == Some(place) && granted(&grant.grant))
    }

    /// Whether links of a kind may be made in a namespace at all, whatever they
    /// are called.
    #[must_use]
    pub fn may_create(&self, place: Place, kind: &str) -> bool {
        let question = Question::link_create(place, kind, "");
        self.grants.iter().any(|grant| {
            let grant = &grant.grant;
            grant.operations.contains(Operation::LinkCreate)
                && [Dimension::Place, Dimension::Kinds]
                    .iter()
                    .all(|dimension| grant.holds(*dimension, &question))
        })
    }

    /// The directories below `net`, by their names, that hold the settings
    /// which are granted in a namespace, for reading or writing.
    pub fn setting_directories(&self, place: Place) -> impl Iterator<Item = &str> {
        let of_place = self.grants.iter().filter(move |grant| grant.grant.place == Some(place));
        let keys = of_place.filter_map(|grant| match grant.grant.bound(Dimension::Keys) {
            Some(Bound::Keys(keys)) => Some(keys),
            _ => None,
        });
        keys.flatten().filter_map(KeyPattern::directory)
    }

    /// Whether a link of this name could be seen, were it of the right kind.
    /// Where it could not, there is no need to look whether it is there, and
    /// how long that takes tells nothing.
    #[must_use]
    pub fn may_see(&self, place: Place, name: &str) -> bool {
        let question = Question::LinkSee {
            place,
            kind: None,
            name,
        };
        self.grants.iter().any(|grant| {
            let grant = &grant.grant;
            grant.operations.contains(Operation::LinkSee)
                && [Dimension::Place, Dimension::LinkNames]
                    .iter()
                    .all(|dimension| grant.holds(*dimension, &question))
        })
    }

    /// The same for taking a link of the node.
    #[must_use]
    pub fn may_take(&self, name: &str) -> bool {
        let question = Question::DeviceTake {
            kind: "",
            name,
            is_nodes: false,
        };
        self.grants.iter().any(|grant| {
            let grant = &grant.grant;
            grant.operations.contains(Operation::DeviceTake) && grant.holds(Dimension::LinkNames, &question)
        })
    }

    /// What requests to services may be sent, and how; those that come first
    /// go before.
    pub fn requests(&self) -> impl Iterator<Item = Requests<'_>> {
        let of_requests = self
            .iter()
            .filter(|grant| grant.operations.contains(Operation::HttpRequest));
        of_requests.map(|grant| {
            let name = |dimension| match grant.bound(dimension) {
                Some(Bound::Name(name)) => Some(&**name),
                _ => None,
            };
            Requests {
                origins: match grant.bound(Dimension::Origins) {
                    Some(Bound::Origins(origins)) => origins,
                    _ => &[],
                },
                methods: match grant.bound(Dimension::Methods) {
                    Some(Bound::Words(methods)) => methods,
                    _ => &[],
                },
                paths: match grant.bound(Dimension::UrlPaths) {
                    Some(Bound::UrlPaths(paths)) => Some(paths),
                    _ => None,
                },
                credential: name(Dimension::Credential),
                authority: name(Dimension::Authority),
            }
        })
    }

    /// Whether nothing at all is granted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.grants.is_empty()
    }

    /// Whether any file of the policy is for this attachment.
    pub(crate) fn is_covered(&self) -> bool {
        self.covered
    }

    /// The plugin, and the network and tenant of the attachment.
    pub(crate) fn whose(&self) -> (&str, &str, Option<&str>) {
        (&self.plugin, &self.network, self.tenant.as_deref())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Grant> {
        self.grants.iter().map(|grant| &grant.grant)
    }

    fn deny(&self, question: &Question<'_>) -> Denial {
        if self.covered {
            Denial::missing_grant(question)
        } else {
            Denial::not_covered(question, &self.plugin, &self.network, self.tenant.as_deref())
        }
    }
}
