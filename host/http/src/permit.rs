use cofferdam_protocol::{Origin, PathPrefix, Url};
use serde::{Deserialize, Serialize};

use crate::Method;

/// What a grant lets be sent, for those who hold no policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permit {
    /// Whose requests.
    pub plugin: String,
    /// Where to.
    pub origins: Vec<Origin>,
    /// Asking what.
    pub methods: Vec<Method>,
    /// Absent: any path.
    pub paths: Option<Vec<PathPrefix>>,
    /// The name of a credential.
    pub credential: Option<String>,
    /// The name of an authority whose certificates are the only ones to be
    /// trusted.
    pub authority: Option<String>,
}

impl Permit {
    /// Whether it is for such a request.
    #[must_use]
    pub fn allows(&self, plugin: &str, method: Method, url: &Url) -> bool {
        let has_path = |paths: &Vec<PathPrefix>| paths.iter().any(|prefix| prefix.covers(url.path()));
        self.plugin == plugin
            && self.methods.contains(&method)
            && self.origins.contains(url.origin())
            && self.paths.as_ref().is_none_or(has_path)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_permit_is_for_one_plugins_requests_within_all_of_its_bounds() {
        let permit = Permit {
            plugin: "remote".to_owned(),
            origins: vec!["https://ipam.example".parse().unwrap()],
            methods: vec![Method::Post],
            paths: Some(vec!["/v1".parse().unwrap()]),
            credential: None,
            authority: None,
        };
        for (plugin, method, url, allowed) in [
            ("remote", Method::Post, "https://ipam.example/v1/a", true),
            ("remote", Method::Post, "https://ipam.example:443/v1?x", true),
            ("other", Method::Post, "https://ipam.example/v1/a", false),
            ("remote", Method::Get, "https://ipam.example/v1/a", false),
            ("remote", Method::Post, "http://ipam.example/v1/a", false),
            ("remote", Method::Post, "https://ipam.example:8443/v1/a", false),
            ("remote", Method::Post, "https://other.example/v1/a", false),
            ("remote", Method::Post, "https://ipam.example/v2/a", false),
        ] {
            assert_eq!(
                permit.allows(plugin, method, &url.parse().unwrap()),
                allowed,
                "{method} {url}"
            );
        }
    }
}
