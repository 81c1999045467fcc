use cofferdam_guest_sdk::Failure;
use serde::Deserialize;

/// The configuration of the plugin that calls this one.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Config {
    ipam: Ipam,
}

/// This plugin's part of it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Ipam {
    service: String,
}

impl Config {
    /// Where the service has its addresses.
    pub(crate) fn addresses(&self) -> Result<String, Failure> {
        if self.ipam.service.is_empty() {
            let text = "ipam.service is missing: the service's URL, as in \"https://ipam.example:8443/v1\"";
            return Err(Failure::invalid_config(text));
        }
        Ok(format!("{}/addresses", self.ipam.service.trim_end_matches('/')))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use cofferdam_guest_sdk::config::parse;

    use super::*;

    #[test]
    fn the_service_is_a_url_with_or_without_a_path() {
        for (service, addresses) in [
            ("https://ipam.example", "https://ipam.example/addresses"),
            ("https://ipam.example/", "https://ipam.example/addresses"),
            ("https://ipam.example:8443/v1", "https://ipam.example:8443/v1/addresses"),
        ] {
            let config: Config = parse(&format!(r#"{{ "ipam": {{ "service": "{service}" }} }}"#)).unwrap();
            assert_eq!(config.addresses().unwrap(), addresses);
        }
        assert!(Config::default().addresses().is_err());
    }
}
