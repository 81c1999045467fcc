use std::path::PathBuf;

use anyhow::bail;
use cofferdam_broker::Installation;
use cofferdam_journal::NamespaceRecord;
use cofferdam_network::namespace::NamespaceIdentity;
use cofferdam_simulation::Sides;

use super::{super::Arguments, Node};

impl Node {
    /// A node that has nothing yet, in the place of the one that this is not.
    ///
    /// # Errors
    /// A container's namespace is to be looked into.
    pub(in crate::plan) fn read(_: &Installation, arguments: &Arguments, _: PathBuf) -> anyhow::Result<Self> {
        if let Some((_, netns)) = arguments.container() {
            bail!("--netns {}: only Linux has network namespaces", netns.display());
        }
        Ok(Self {
            sides: Sides::bare(),
            namespace: NamespaceRecord {
                identity: NamespaceIdentity { device: 0, inode: 0 },
                path: arguments.namespace_path()?,
                cookie: None,
            },
            remarks: vec!["this is no Linux node: one is imagined that has nothing but lo".to_owned()],
        })
    }
}
