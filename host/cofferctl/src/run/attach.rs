use anyhow::{Context as _, bail};
use cofferdam_broker::Installation;
use cofferdam_protocol::{NetworkList, json::Node};
use cofferdam_runtime::{AttachmentRequest, ResultCache, Runtime, RuntimeError};

use super::resolver::Resolver;
use crate::output::complain;

/// The networks of one container.
#[derive(Clone)]
pub(crate) struct Attachments {
    runtime: Runtime<Resolver>,
    networks: Vec<NetworkList>,
    request: AttachmentRequest,
}

impl Attachments {
    pub(super) fn new(
        installation: &Installation,
        resolver: Resolver,
        networks: Vec<NetworkList>,
        args: &str,
    ) -> anyhow::Result<Self> {
        let cache = ResultCache::new(installation.root().join("var/lib/cni"));
        let request = AttachmentRequest {
            args: pairs(args)?,
            ..AttachmentRequest::default()
        };
        Ok(Self {
            runtime: Runtime::new(resolver, cache),
            networks,
            request,
        })
    }

    pub(crate) fn with_container(self, id: Option<String>, namespace: &str) -> Self {
        self.with_id(id).in_namespace(namespace)
    }

    /// The container's id; without one a random one.
    pub(super) fn with_id(mut self, id: Option<String>) -> Self {
        self.request.container_id = id.unwrap_or_else(random_id);
        self
    }

    pub(super) fn in_namespace(mut self, namespace: &str) -> Self {
        namespace.clone_into(&mut self.request.netns);
        self
    }

    pub(super) fn with_capabilities(mut self, text: Option<&str>) -> anyhow::Result<Self> {
        if let Some(text) = text {
            let node = Node::parse(text).context("--cap-args is not JSON")?;
            self.request.capability_args = Some(node);
        }
        Ok(self)
    }

    pub(crate) fn networks(&self) -> &[NetworkList] {
        &self.networks
    }

    /// Attaches to all networks, as `eth0`, `eth1`, … in their order.
    pub(crate) fn add_all(&self, verbose: bool) -> anyhow::Result<()> {
        for (network, request) in self.requests() {
            let result = self
                .runtime
                .add(network, &request)
                .with_context(|| format!("network {:?}", network.name))?;
            if verbose {
                complain(&format!("{}: {}", network.name, result.to_json()?));
            }
        }
        Ok(())
    }

    /// Asks whether all is as it was attached, of those networks whose version
    /// has the question.
    pub(crate) fn check_all(&self) -> anyhow::Result<()> {
        for (network, request) in self.requests() {
            match self.runtime.check(network, &request) {
                Ok(()) | Err(RuntimeError::NoCheck { .. }) => {}
                Err(error) => return Err(error).with_context(|| format!("network {:?}", network.name)),
            }
        }
        Ok(())
    }

    /// Detaches from all networks, last first, whatever one of them says.
    pub(crate) fn del_all(&self) -> Vec<anyhow::Error> {
        let requests: Vec<_> = self.requests().collect();
        requests
            .into_iter()
            .rev()
            .filter_map(|(network, request)| {
                let detached = self.runtime.del(network, &request);
                detached.with_context(|| format!("network {:?}", network.name)).err()
            })
            .collect()
    }

    fn requests(&self) -> impl Iterator<Item = (&NetworkList, AttachmentRequest)> {
        self.networks.iter().enumerate().map(|(number, network)| {
            let request = AttachmentRequest {
                interface_name: format!("eth{number}"),
                ..self.request.clone()
            };
            (network, request)
        })
    }
}

fn pairs(text: &str) -> anyhow::Result<Vec<(String, String)>> {
    let pairs = text.split(';').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| match pair.split_once('=') {
            Some((key, value)) if !key.is_empty() && !value.is_empty() => Ok((key.to_owned(), value.to_owned())),
            _ => bail!("--args: {pair:?} is not KEY=VALUE"),
        })
        .collect()
}

fn random_id() -> String {
    let mut bytes = [0; 8];
    // A number of this process is as good where there is no randomness.
    if getrandom::fill(&mut bytes).is_err() {
        bytes = u64::from(std::process::id()).to_le_bytes();
    }
    bytes
        .iter()
        .fold(String::from("run-"), |id, byte| format!("{id}{byte:02x}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn args_are_pairs() {
        assert_eq!(
            pairs("A=1;B=2=3").unwrap(),
            [("A".into(), "1".into()), ("B".into(), "2=3".into())]
        );
        assert!(pairs("").unwrap().is_empty());
        for text in ["A", "A=", "=1"] {
            assert!(pairs(text).is_err(), "{text}");
        }
    }
}
