use anyhow::{Context as _, bail};
use cofferdam_broker::Installation;
use cofferdam_protocol::{Dns, NetworkList, json::Node};
use cofferdam_runtime::{AttachmentRequest, ResultCache, Runtime, RuntimeError};

use super::resolver::Resolver;
use crate::output::complain;

/// The networks of one container.
#[derive(Clone)]
pub(crate) struct Attachments {
    runtime: Runtime<Resolver>,
    networks: Vec<NetworkList>,
    /// Of each network.
    capability_args: Vec<Option<Node>>,
    request: AttachmentRequest,
}

impl Attachments {
    pub(super) fn new(
        installation: &Installation,
        resolver: Resolver,
        networks: Vec<NetworkList>,
        capability_args: Vec<Option<Node>>,
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
            capability_args,
            request,
        })
    }

    pub(crate) fn with_container(self, id: Option<String>, namespace: &str) -> Self {
        self.with_id(id).in_namespace(namespace)
    }

    /// The container's id; without one a random one.
    pub(crate) fn with_id(mut self, id: Option<String>) -> Self {
        self.request.container_id = id.unwrap_or_else(random_id);
        self
    }

    pub(crate) fn in_namespace(mut self, namespace: &str) -> Self {
        namespace.clone_into(&mut self.request.netns);
        self
    }

    pub(crate) fn networks(&self) -> &[NetworkList] {
        &self.networks
    }

    /// The container's id.
    pub(crate) fn id(&self) -> &str {
        &self.request.container_id
    }

    /// A container of the same name would be detached together with this one.
    pub(crate) fn refuse_taken_id(&self) -> anyhow::Result<()> {
        let id = self.id();
        let mut others = self.runtime.cache().attachments_of(id);
        others.sort_by(|one, other| one.request.interface_name.cmp(&other.request.interface_name));
        let Some(first) = others.first() else { return Ok(()) };
        let names: Vec<String> = others.iter().map(|other| format!("{:?}", other.network)).collect();
        let (network, interface, namespace) = (&first.network, &first.request.interface_name, &first.request.netns);
        bail!(
            "--name: a container {id:?} is attached already, to network {}; choose another name, or, where that one is no \
             more, detach it from each: `cofferctl net del {network} {namespace} --ifname {interface} --id {id}`",
            names.join(" and ")
        )
    }

    /// Attaches to all networks, as `eth0`, `eth1`, … in their order. What they
    /// say of name resolution.
    pub(crate) fn add_all(&self, verbose: bool) -> anyhow::Result<Vec<Dns>> {
        let mut name_resolution = Vec::new();
        for (network, request) in self.requests() {
            let result = self
                .runtime
                .add(network, &request)
                .with_context(|| format!("network {:?}", network.name))?;
            if verbose {
                complain(&format!("{}: {}", network.name, result.to_json()?));
            }
            name_resolution.push(result.attachment.dns);
        }
        Ok(name_resolution)
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
        let networks = self.networks.iter().zip(&self.capability_args).enumerate();
        networks.map(|(number, (network, capability_args))| {
            let request = AttachmentRequest {
                interface_name: format!("eth{number}"),
                capability_args: capability_args.clone(),
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

/// A name that nobody else has.
pub(crate) fn random_id() -> String {
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
