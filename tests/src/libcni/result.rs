//! Results as the library's structs leave them: what a version has no field for is gone, addresses are in Go's form.

use std::net::IpAddr;

use anyhow::{Context as _, bail, ensure};
use serde_json::{Map, Value, json};

use super::{go_json, list::folded};

const VERSIONED: [&str; 3] = ["0.3.0", "0.3.1", "0.4.0"];
const NEWEST: [&str; 2] = ["1.0.0", "1.1.0"];

/// How a field is read, and when it is left out.
#[derive(Clone, Copy)]
enum Field {
    /// Left out when empty or zero.
    Given,
    /// Left out when absent alone.
    Pointer,
    Always,
    Address,
    Prefix,
}

use Field::{Address, Always, Given, Pointer, Prefix};

type Fields = [(&'static str, Field)];

const INTERFACE: &Fields = &[("name", Always), ("mac", Given), ("sandbox", Given)];
const NEWEST_INTERFACE: &Fields = &[
    ("name", Always),
    ("mac", Given),
    ("mtu", Given),
    ("sandbox", Given),
    ("socketPath", Given),
    ("pciID", Given),
];
const IP: &Fields = &[
    ("version", Always),
    ("interface", Pointer),
    ("address", Prefix),
    ("gateway", Address),
];
const ROUTE: &Fields = &[
    ("dst", Prefix),
    ("gw", Address),
    ("mtu", Given),
    ("advmss", Given),
    ("priority", Given),
    ("table", Pointer),
    ("scope", Pointer),
];
const DNS: &Fields = &[
    ("nameservers", Given),
    ("domain", Given),
    ("search", Given),
    ("options", Given),
];

/// What a plugin printed, in the library's hands. Versions before 0.3.0 are not replayed.
#[derive(Clone, Debug, PartialEq)]
pub struct CniResult(Value);

impl CniResult {
    /// Reads what a plugin printed; without a version of its own it has the configuration's.
    pub(super) fn of_output(bytes: &[u8], config_version: &str) -> anyhow::Result<Self> {
        let mut raw = match go_json::decode(bytes)? {
            Value::Null => json!({}),
            raw => raw,
        };
        if raw["cniVersion"].as_str().unwrap_or_default().is_empty() {
            raw["cniVersion"] = json!(config_version);
        }
        Self::of(&raw)
    }

    /// Reads a document that has a version.
    pub(super) fn of(raw: &Value) -> anyhow::Result<Self> {
        let object = raw.as_object().context("a result is an object")?;
        let version = folded(object, "cniVersion").and_then(Value::as_str).unwrap_or("0.1.0");
        Ok(Self(shaped(object, version)?))
    }

    /// The same in another version; in its own one it stays as it is.
    ///
    /// # Errors
    /// The library has no converter.
    pub fn in_version(&self, version: &str) -> anyhow::Result<Self> {
        if self.0["cniVersion"] == version {
            return Ok(self.clone());
        }
        let mut other = self.0.clone();
        other["cniVersion"] = json!(version);
        if NEWEST.contains(&self.0["cniVersion"].as_str().unwrap_or_default()) {
            for ip in other["ips"].as_array_mut().into_iter().flatten() {
                let is_v6 = ip["address"].as_str().unwrap_or_default().contains(':');
                ip["version"] = json!(if is_v6 { "6" } else { "4" });
            }
        }
        Self::of(&other).context(format!("no converter to {version:?}"))
    }

    /// As the library prints it into other documents.
    #[must_use]
    pub fn document(&self) -> &Value {
        &self.0
    }
}

fn shaped(raw: &Map<String, Value>, version: &str) -> anyhow::Result<Value> {
    let is_newest = NEWEST.contains(&version);
    ensure!(
        is_newest || VERSIONED.contains(&version),
        "unsupported CNI result version {version:?}"
    );
    let mut result = Map::new();
    result.insert("cniVersion".to_owned(), json!(version));
    let (interface, ip) = if is_newest {
        (NEWEST_INTERFACE, &IP[1..])
    } else {
        (INTERFACE, IP)
    };
    for (key, fields) in [("interfaces", interface), ("ips", ip), ("routes", ROUTE)] {
        let elements = match folded(raw, key) {
            None | Some(Value::Null) => continue,
            Some(Value::Array(elements)) => elements.iter().map(|element| structure(element, fields)),
            Some(_) => bail!("{key} is no array"),
        };
        let elements = elements.collect::<Result<Vec<_>, _>>().context(key)?;
        if !elements.is_empty() {
            result.insert(key.to_owned(), elements.into());
        }
    }
    let dns = structure(folded(raw, "dns").unwrap_or(&Value::Null), DNS)?;
    if !is_newest || dns != json!({}) {
        result.insert("dns".to_owned(), dns);
    }
    let mut result = Value::Object(result);
    if is_newest {
        result.sort_all_objects();
    }
    Ok(result)
}

fn structure(raw: &Value, fields: &Fields) -> anyhow::Result<Value> {
    let none = Map::new();
    let raw = match raw {
        Value::Null => &none,
        raw => raw.as_object().context("no object")?,
    };
    let mut structure = Map::new();
    for (key, field) in fields {
        let value = folded(raw, key).unwrap_or(&Value::Null);
        if let Some(value) = field.read(value).context(*key)? {
            structure.insert((*key).to_owned(), value);
        }
    }
    Ok(Value::Object(structure))
}

impl Field {
    fn read(self, value: &Value) -> anyhow::Result<Option<Value>> {
        let is_empty = [Value::Null, json!(""), json!(0), json!([])].contains(value);
        Ok(match self {
            Always if value.is_null() => Some(json!("")),
            Always => Some(value.clone()),
            Given => (!is_empty).then(|| value.clone()),
            Pointer => (!value.is_null()).then(|| value.clone()),
            Address if is_empty => None,
            Address => Some(json!(address(value.as_str().context("no text")?)?)),
            Prefix => {
                let (ip, length) = value
                    .as_str()
                    .and_then(|text| text.split_once('/'))
                    .context("no CIDR")?;
                Some(json!(format!("{}/{length}", address(ip)?)))
            }
        })
    }
}

fn address(text: &str) -> anyhow::Result<String> {
    Ok(text.parse::<IpAddr>()?.to_canonical().to_string())
}
