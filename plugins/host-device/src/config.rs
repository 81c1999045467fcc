use cofferdam_guest_sdk::{
    Failure, Request,
    config::{DnsConfig, IpamConfig, first_mac},
    devices::Selector,
};
use serde::Deserialize;

/// What the key `kernelpath` begins with.
const DEVICES: &str = "/sys/devices/";

/// The plugin's configuration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Config {
    device: Option<String>,
    hwaddr: Option<String>,
    kernelpath: Option<String>,
    #[serde(rename = "pciBusID")]
    pci_bus_id: Option<String>,
    pub(crate) ipam: IpamConfig,
    pub(crate) dns: DnsConfig,
}

/// What a device plugin allotted to the container.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Capabilities {
    #[serde(rename = "deviceID")]
    device_id: Option<String>,
}

impl Config {
    /// The device that is asked for: of several keys the first, as far as the
    /// configuration itself says. Absent where it leaves that to the runtime.
    ///
    /// # Errors
    /// A key's value can't be of any device.
    pub(crate) fn device(&self) -> Result<Option<Selector>, Failure> {
        if let Some(name) = given(&self.device) {
            return Ok(Some(Selector::Name(name)));
        }
        if let Some(mac) = given(&self.hwaddr) {
            let mac = first_mac([Some(mac.as_str())]).map_err(|failure| failure.within("hwaddr"))?;
            return Ok(mac.map(Selector::Mac));
        }
        if let Some(path) = given(&self.kernelpath) {
            if !path.starts_with(DEVICES) || path.split('/').any(|step| step == "..") {
                let text = format!("kernelpath {path:?} is no absolute path of a device below {DEVICES}");
                return Err(Failure::invalid_config(text));
            }
            return Ok(Some(Selector::KernelPath(path)));
        }
        Ok(given(&self.pci_bus_id).map(Selector::Pci))
    }

    /// The same with what the runtime says, which stands in place of
    /// `pciBusID`.
    ///
    /// # Errors
    /// Neither says anything.
    pub(crate) fn asked_device(request: &Request<Self>) -> Result<Selector, Failure> {
        let capabilities: Capabilities = request.capabilities()?;
        chosen(request.config.device()?, given(&capabilities.device_id))
    }
}

fn chosen(configured: Option<Selector>, allotted: Option<String>) -> Result<Selector, Failure> {
    match (configured, allotted) {
        (None | Some(Selector::Pci(_)), Some(id)) => Ok(Selector::Id(id)),
        (Some(selector), _) => Ok(selector),
        (None, None) => Err(Failure::invalid_config(
            "specify either \"device\", \"hwaddr\", \"kernelpath\" or \"pciBusID\"",
        )),
    }
}

/// An empty text is as good as none.
fn given(text: &Option<String>) -> Option<String> {
    text.clone().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use cofferdam_guest_sdk::config::parse;

    use super::*;

    fn device(text: &str) -> Result<Option<Selector>, Failure> {
        parse::<Config>(text).unwrap().device()
    }

    #[test]
    fn of_several_keys_the_first_names_the_device() {
        let all =
            r#"{"device":"eth5","hwaddr":"02:00:00:00:00:05","kernelpath":"/sys/devices/a","pciBusID":"0000:03:00.1"}"#;
        for (text, selector) in [
            (all, Some(Selector::Name("eth5".to_owned()))),
            (
                r#"{"DEVICE":"","HWaddr":"02:00:00:00:00:05","pciBusID":"0000:03:00.1"}"#,
                Some(Selector::Mac("02:00:00:00:00:05".parse().unwrap())),
            ),
            (
                r#"{"kernelPath":"/sys/devices/pci0000:00/0000:00:1f.6","pciBusID":"0000:03:00.1"}"#,
                Some(Selector::KernelPath("/sys/devices/pci0000:00/0000:00:1f.6".to_owned())),
            ),
            (
                r#"{"pcibusid":"0000:03:00.1"}"#,
                Some(Selector::Pci("0000:03:00.1".to_owned())),
            ),
            (r#"{"device":null}"#, None),
        ] {
            assert_eq!(device(text).unwrap(), selector, "{text}");
        }
    }

    #[test]
    fn a_value_that_no_device_has_is_told_with_its_key() {
        for (text, key) in [
            (r#"{"hwaddr":"02:00"}"#, "hwaddr"),
            (r#"{"kernelpath":"devices/a"}"#, "kernelpath"),
            (r#"{"kernelpath":"/sys/class/net"}"#, "kernelpath"),
            (r#"{"kernelpath":"/sys/devices/../class/net"}"#, "kernelpath"),
        ] {
            let failure = device(text).unwrap_err();
            assert!(failure.message.contains(key), "{text}: {failure}");
        }
    }

    #[test]
    fn what_was_allotted_stands_in_place_of_a_pci_address_alone() {
        let pci = || Some(Selector::Pci("0000:03:00.1".to_owned()));
        let name = || Some(Selector::Name("eth5".to_owned()));
        let id = || Some("0000:04:00.0".to_owned());
        assert_eq!(chosen(pci(), id()).unwrap(), Selector::Id("0000:04:00.0".to_owned()));
        assert_eq!(chosen(None, id()).unwrap(), Selector::Id("0000:04:00.0".to_owned()));
        assert_eq!(Some(chosen(name(), id()).unwrap()), name());
        assert_eq!(Some(chosen(pci(), None).unwrap()), pci());
        assert!(chosen(None, None).unwrap_err().message.contains("\"pciBusID\""));
    }
}
