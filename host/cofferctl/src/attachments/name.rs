use std::str::FromStr;

use anyhow::bail;
use cofferdam_journal::AttachmentSummary;

use crate::output::cut;

/// Candidates that an error lists.
const LISTED: usize = 10;
/// Characters of each.
const LONGEST: usize = 200;

/// How people name an attachment: `NETWORK/CONTAINER/INTERFACE`, where the
/// beginning of the container's id will do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    network: String,
    container: String,
    interface: String,
}

impl FromStr for Name {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        match text.split('/').collect::<Vec<_>>()[..] {
            [network, container, interface] if !network.is_empty() && !interface.is_empty() => Ok(Self {
                network: network.to_owned(),
                container: container.to_owned(),
                interface: interface.to_owned(),
            }),
            _ => bail!("an attachment is named NETWORK/CONTAINER/INTERFACE, as `cofferctl attachments` lists them"),
        }
    }
}

impl Name {
    pub(crate) fn network(&self) -> &str {
        &self.network
    }

    /// The one attachment that is meant, with the journals of all its units.
    pub(crate) fn find<'a>(&self, summaries: &'a [AttachmentSummary]) -> anyhow::Result<Vec<&'a AttachmentSummary>> {
        let mut meant: Vec<(&str, &AttachmentSummary)> = summaries
            .iter()
            .filter_map(|summary| Some((self.container_if_meant(summary)?, summary)))
            .collect();
        // A whole id is meant, also where another one begins with it.
        if meant.iter().any(|(container, _)| *container == self.container) {
            meant.retain(|(container, _)| *container == self.container);
        }
        let mut containers: Vec<&str> = meant.iter().map(|(container, _)| *container).collect();
        containers.sort_unstable();
        containers.dedup();
        match containers.len() {
            0 => bail!("{self} is not attached; `cofferctl attachments` lists what is"),
            1 => Ok(meant.into_iter().map(|(_, summary)| summary).collect()),
            count => bail!("{self} can be any of {count} attachments: {}", self.listed(&containers)),
        }
    }

    fn container_if_meant<'a>(&self, summary: &'a AttachmentSummary) -> Option<&'a str> {
        let id = &summary.header.as_ref()?.attachment;
        let meant = id.network == self.network
            && id.interface_name == self.interface
            && id.container_id.starts_with(&self.container);
        meant.then_some(id.container_id.as_str())
    }

    fn listed(&self, containers: &[&str]) -> String {
        let Self { network, interface, .. } = self;
        let mut listed: Vec<String> = containers
            .iter()
            .take(LISTED)
            .map(|container| cut(&format!("{network}/{container}/{interface}"), LONGEST))
            .collect();
        if containers.len() > LISTED {
            listed.push(format!("and {} more", containers.len() - LISTED));
        }
        listed.join(", ")
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}/{}", self.network, self.container, self.interface)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_attachment_has_three_parts() {
        let name: Name = "mynet/abc/eth0".parse().unwrap();
        assert_eq!(name.to_string(), "mynet/abc/eth0");
        for text in ["", "mynet", "mynet/abc", "mynet/abc/eth0/x", "/abc/eth0", "mynet/abc/"] {
            assert!(text.parse::<Name>().is_err(), "{text}");
        }
    }
}
