//! What is known of the configurations that plugins have.

use cofferdam_broker::Installation;
use cofferdam_schema::Schema;

use crate::metadata::describe;

/// What is known of a plugin's configuration.
pub(super) enum Known {
    /// The schema of the component that is installed under its name, and will
    /// refuse what does not fit.
    Component(Schema),
    /// Nothing is installed under the name of a plugin that ships with
    /// Cofferdam: what there is, such as the reference project's executable,
    /// has the same keys.
    Keys(Schema),
    Nothing,
}

/// Two keys of configurations whose type is `cofferdam`.
const COFFERDAM: &str = r#"{ "properties": { "plugin": {}, "chain": {} } }"#;

macro_rules! schemas {
    ($($name:literal)*) => {
        [$((
            $name,
            include_str!(concat!("../../../../plugins/", $name, "/src/config.schema.json")),
        )),*]
    };
}

/// Those of the plugins that ship.
const SHIPPED: [(&str, &str); 18] = schemas! {
    "bandwidth"
    "bridge"
    "dhcp"
    "dummy"
    "firewall"
    "host-device"
    "host-local"
    "ipvlan"
    "loopback"
    "macvlan"
    "portmap"
    "ptp"
    "sbr"
    "static"
    "tap"
    "tuning"
    "vlan"
    "vrf"
};

/// What is known of the plugin of that name.
pub(super) fn known(installation: &Installation, plugin: &str) -> Known {
    if plugin == "cofferdam" {
        return of_text(COFFERDAM);
    }
    let store = installation.components();
    if let Ok(digest) = store.resolve(plugin) {
        // One that can't be read is told of elsewhere.
        let text = store.wasm(digest).ok().and_then(|wasm| describe(&wasm).ok()?.schema);
        let schema = text.and_then(|text| Schema::parse(&text).ok());
        return schema.map_or(Known::Nothing, Known::Component);
    }
    let shipped = SHIPPED.iter().find(|(name, _)| *name == plugin);
    shipped.map_or(Known::Nothing, |(_, text)| of_text(text))
}

fn of_text(text: &str) -> Known {
    Schema::parse(text).map_or(Known::Nothing, Known::Keys)
}

#[cfg(test)]
mod of_sources;
#[cfg(test)]
mod sources;
