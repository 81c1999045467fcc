use serde::{Deserialize, Serialize};

/// Who holds a claim.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Owner {
    /// `CNI_CONTAINERID`; empty when the file does not tell.
    pub container_id: String,
    /// `CNI_IFNAME`; absent in claims made by very old plugins.
    pub interface_name: Option<String>,
}

impl Owner {
    /// Reads a claim: the container, and the interface on the next line. What
    /// is no text names nobody.
    pub(super) fn parse(content: &[u8]) -> Self {
        let text = std::str::from_utf8(content).unwrap_or_default().trim();
        if text
            .chars()
            .any(|symbol| symbol.is_control() && !matches!(symbol, '\r' | '\n'))
        {
            return Self::default();
        }
        match text.split_once('\n') {
            None => Self {
                container_id: text.to_owned(),
                interface_name: None,
            },
            Some((container, interface)) => Self {
                container_id: container.trim().to_owned(),
                interface_name: Some(interface.trim().to_owned()),
            },
        }
    }

    /// As the reference plugin writes it, without a line end.
    pub(super) fn content(&self) -> String {
        let container = self.container_id.trim();
        match &self.interface_name {
            Some(interface) => format!("{container}\r\n{}", interface.trim()),
            None => container.to_owned(),
        }
    }

    /// Whether the file of a claim names nobody.
    #[must_use]
    pub fn is_nobody(&self) -> bool {
        self.container_id.is_empty()
    }

    /// Whether a claim with that content is this owner's. In the old format
    /// the container is all that it names.
    #[must_use]
    pub fn holds(&self, claim: &Self) -> bool {
        let same_interface = match (&self.interface_name, &claim.interface_name) {
            (Some(own), Some(other)) => own.trim() == other,
            (Some(_), None) | (None, None) => true,
            (None, Some(_)) => false,
        };
        !claim.is_nobody() && claim.container_id == self.container_id.trim() && same_interface
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn owner(container_id: &str, interface_name: Option<&str>) -> Owner {
        Owner {
            container_id: container_id.to_owned(),
            interface_name: interface_name.map(str::to_owned),
        }
    }

    #[test]
    fn every_layout_in_the_field_is_read() {
        for (content, expected) in [
            ("c1\r\neth0", owner("c1", Some("eth0"))),
            ("c1\neth0\n", owner("c1", Some("eth0"))),
            (" c1 \r\n eth0 ", owner("c1", Some("eth0"))),
            ("c1", owner("c1", None)),
            ("c1\r\n", owner("c1", None)),
            ("", owner("", None)),
            ("\0\0\0\0", owner("", None)),
        ] {
            assert_eq!(Owner::parse(content.as_bytes()), expected, "{content:?}");
        }
        assert!(Owner::parse(b"\xff\xfe").is_nobody());
    }

    #[test]
    fn a_claim_is_its_owners_only() {
        let own = owner("c1", Some("eth0"));
        for (claim, holds) in [
            (owner("c1", Some("eth0")), true),
            (owner("c1", None), true),
            (owner("c1", Some("eth1")), false),
            (owner("c2", Some("eth0")), false),
            (owner("", None), false),
        ] {
            assert_eq!(own.holds(&claim), holds, "{claim:?}");
        }
        assert!(!owner("", None).holds(&owner("", None)));
        assert!(!owner("c1", None).holds(&owner("c1", Some("eth0"))));
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(container in "[A-Za-z0-9][A-Za-z0-9_.-]{0,40}", interface in "[a-z0-9.]{1,15}") {
            let own = owner(&container, Some(&interface));
            prop_assert_eq!(Owner::parse(own.content().as_bytes()), own);
        }

        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = Owner::parse(&bytes);
        }
    }
}
