//! Addresses in Go's text form: an IPv4 address that is written as an IPv6 one
//! is an IPv4 address.

pub(super) mod prefix {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::IpPrefix;

    pub(in crate::result) fn serialize<S: Serializer>(prefix: &IpPrefix, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&prefix.to_canonical())
    }

    pub(in crate::result) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<IpPrefix, D::Error> {
        IpPrefix::deserialize(deserializer).map(|prefix| prefix.to_canonical())
    }
}

pub(super) mod address {
    use std::net::IpAddr;

    use serde::{Deserializer, Serializer};

    use crate::json::de::empty_as_none;

    #[allow(clippy::ref_option)] // as serde calls it
    pub(in crate::result) fn serialize<S: Serializer>(
        address: &Option<IpAddr>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match address {
            Some(address) => serializer.collect_str(&address.to_canonical()),
            None => serializer.serialize_none(),
        }
    }

    pub(in crate::result) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<IpAddr>, D::Error> {
        let address: Option<IpAddr> = empty_as_none(deserializer)?;
        Ok(address.map(|address| address.to_canonical()))
    }
}
