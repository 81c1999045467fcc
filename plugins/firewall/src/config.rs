use cofferdam_guest_sdk::Failure;
use serde::Deserialize;

/// The plugin's configuration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Config {
    backend: Option<String>,
    iptables_admin_chain_name: Option<String>,
    firewalld_zone: Option<String>,
    ingress_policy: Option<String>,
}

/// Who is told of what containers may send and get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    /// firewalld where it runs, else iptables.
    Either,
    Iptables,
    Firewalld,
}

/// From where containers are reached, besides from outside and from bridges
/// that have no policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IngressPolicy {
    /// From everywhere.
    Open,
    /// From their own bridge, and from no other that has a policy.
    SameBridge,
    /// From none of these.
    Isolated,
}

impl Config {
    /// The chain that an operator may decide in first.
    pub(crate) fn admin_chain(&self) -> &str {
        let given = self.iptables_admin_chain_name.as_deref();
        given.filter(|name| !name.is_empty()).unwrap_or("CNI-ADMIN")
    }

    /// The zone that containers are in.
    pub(crate) fn zone(&self) -> &str {
        let given = self.firewalld_zone.as_deref();
        given.filter(|name| !name.is_empty()).unwrap_or("trusted")
    }

    pub(crate) fn backend(&self) -> Result<Backend, Failure> {
        match self.backend.as_deref() {
            None | Some("") => Ok(Backend::Either),
            Some("iptables") => Ok(Backend::Iptables),
            Some("firewalld") => Ok(Backend::Firewalld),
            Some(other) => Err(Failure::invalid_config(format!(
                "backend: unknown firewall backend {other:?}"
            ))),
        }
    }

    pub(crate) fn ingress_policy(&self) -> Result<IngressPolicy, Failure> {
        match self.ingress_policy.as_deref() {
            None | Some("" | "open") => Ok(IngressPolicy::Open),
            Some("same-bridge") => Ok(IngressPolicy::SameBridge),
            Some("isolated") => Ok(IngressPolicy::Isolated),
            Some(other) => Err(Failure::invalid_config(format!(
                "ingressPolicy: unknown ingress policy: {other:?}"
            ))),
        }
    }

    pub(crate) fn validate(&self) -> Result<(), Failure> {
        self.backend()?;
        self.ingress_policy().map(drop)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use cofferdam_guest_sdk::config::parse;

    use super::*;

    #[test]
    fn what_is_not_said_is_as_usual() {
        let text = r#"{"backend":"","iptablesAdminChainName":"","firewalldZone":"","ingressPolicy":""}"#;
        let config: Config = parse(text).unwrap();
        assert!(config.validate().is_ok());
        assert_eq!(config.backend().unwrap(), Backend::Either);
        assert_eq!(config.admin_chain(), "CNI-ADMIN");
        assert_eq!(config.zone(), "trusted");
        assert_eq!(config.ingress_policy().unwrap(), IngressPolicy::Open);
    }

    #[test]
    fn what_is_not_known_is_refused_by_name() {
        for (text, words) in [
            (r#"{"backend":"pf"}"#, "unknown firewall backend \"pf\""),
            (r#"{"ingressPolicy":"closed"}"#, "unknown ingress policy: \"closed\""),
        ] {
            let failure = parse::<Config>(text).unwrap().validate().unwrap_err();
            assert!(failure.message.contains(words), "{text}: {failure}");
        }
    }
}
