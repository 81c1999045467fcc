use cofferdam_guest_sdk::{Address, Attachment, Dns, Failure, Interface, Place, Route};
use serde::Deserialize;

use crate::ground::prefix;

/// A result as the configuration writes it, true or not. In words and gateways
/// `{.}` is a dot: a word of the configuration is one that a plugin may tell.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Report {
    /// Names, in the node's namespace or in one with a path; else in the
    /// container's.
    interfaces: Vec<(String, Option<String>)>,
    /// With the position of the interface.
    addresses: Vec<(String, Option<u32>)>,
    routes: Vec<String>,
    /// Of all addresses.
    gateway: Option<String>,
    /// Of all interfaces.
    mtu: Option<u32>,
    nameservers: Vec<String>,
    domain: Option<String>,
    search: Vec<String>,
    options: Vec<String>,
}

impl Report {
    pub(crate) fn told(&self) -> Result<Attachment, Failure> {
        let gateway = self.gateway.as_deref().map(|text| plain(text).parse()).transpose();
        let gateway = gateway.map_err(|_| Failure::invalid_config("the gateway is no address"))?;
        let addresses = self.addresses.iter().map(|(address, interface)| {
            Ok(Address {
                interface: *interface,
                gateway,
                ..Address::new(prefix(address)?)
            })
        });
        let routes = self.routes.iter().map(|to| Ok(Route::to(prefix(to)?)));
        Ok(Attachment {
            interfaces: self.interfaces.iter().map(|told| interface(told, self.mtu)).collect(),
            addresses: addresses.collect::<Result<_, Failure>>()?,
            routes: routes.collect::<Result<_, Failure>>()?,
            dns: Dns {
                nameservers: words(&self.nameservers),
                domain: self.domain.as_deref().map(plain),
                search: words(&self.search),
                options: words(&self.options),
            },
        })
    }
}

fn interface((name, place): &(String, Option<String>), mtu: Option<u32>) -> Interface {
    let place = match place.as_deref() {
        None => Place::Container,
        Some("host") => Place::Host,
        Some(path) => Place::Elsewhere(path.to_owned()),
    };
    Interface {
        place,
        mtu,
        ..Interface::in_container(name.clone())
    }
}

fn words(words: &[String]) -> Vec<String> {
    words.iter().map(|word| plain(word)).collect()
}

fn plain(word: &str) -> String {
    word.replace("{.}", ".")
}
