use std::net::IpAddr;

/// Whether an address, if a container has it, tells its packets from those
/// of others. Loopback and link-local addresses every namespace and every
/// link has of its own; the rest is nobody's, or a group's.
pub(crate) fn can_be_own(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let unusable = [0, 127].contains(&v4.octets()[0]) || v4.octets()[0] >= 224;
            !unusable && !v4.is_link_local()
        }
        IpAddr::V6(v6) => {
            let of_ipv4 = v6.to_ipv4_mapped().is_some();
            !v6.is_unspecified() && !v6.is_loopback() && !v6.is_multicast() && !v6.is_unicast_link_local() && !of_ipv4
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::can_be_own;

    #[test]
    fn an_address_that_many_have_is_nobodys_own() {
        for (address, expected) in [
            ("10.22.0.5", true),
            ("192.0.2.1", true),
            ("fd00::5", true),
            ("2001:db8::5", true),
            ("0.0.0.0", false),
            ("0.0.0.1", false),
            ("127.0.0.1", false),
            ("127.9.9.9", false),
            ("169.254.169.254", false),
            ("224.0.0.1", false),
            ("239.255.255.255", false),
            ("240.0.0.1", false),
            ("255.255.255.255", false),
            ("::", false),
            ("::1", false),
            ("fe80::1", false),
            ("ff02::1", false),
            ("::ffff:10.22.0.5", false),
        ] {
            assert_eq!(can_be_own(address.parse().unwrap()), expected, "{address}");
        }
    }
}
