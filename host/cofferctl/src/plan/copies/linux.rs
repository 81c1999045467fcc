use std::{
    io,
    path::{Path, PathBuf},
};

use cofferdam_broker::Installation;

use super::{Copies, tree::copy_tree};
use crate::used::{Files, Used};

/// The list of what containers may have set.
const ALLOW_LIST: &str = "/etc/cni/tuning/allowlist.conf";
/// Where address records are unless a configuration says otherwise.
const RECORDS: &str = "/var/lib/cni/networks";

impl Copies {
    pub(super) fn copy_what_node_has(
        &mut self,
        installation: &Installation,
        network: &str,
        used: &Used,
    ) -> anyhow::Result<()> {
        self.copy_records(installation, network, used)?;
        self.copy_state(installation)
    }

    /// The network's address records, and the files that tell plugins what to
    /// do.
    fn copy_records(&mut self, installation: &Installation, network: &str, used: &Used) -> anyhow::Result<()> {
        let named = used.components.values().flat_map(|Files { records, .. }| records);
        let mut locations: Vec<PathBuf> = named.cloned().chain([RECORDS.into()]).collect();
        locations.sort();
        locations.dedup();
        for location in locations {
            let of_network = location.join(network);
            let copy = self.scratch.below_root(&of_network)?;
            let copied = copy_tree(&installation.resolve(&of_network), &copy);
            self.remark_unless_copied(copied, "the addresses that are taken", &of_network)?;
        }
        let resolvers = used.components.values().flat_map(|Files { resolvers, .. }| resolvers);
        for file in resolvers.map(PathBuf::as_path).chain([Path::new(ALLOW_LIST)]) {
            if installation.resolve(file).exists() {
                let copied = self.scratch.copy_file(installation, file);
                self.remark_unless_copied(copied, "what is in it", file)?;
            }
        }
        Ok(())
    }

    fn copy_state(&mut self, installation: &Installation) -> anyhow::Result<()> {
        let state = installation.state();
        let copied = copy_tree(&state, &self.state());
        self.remark_unless_copied(copied, "what other attachments own and share", &state)
    }

    /// What this user may not read is taken for empty.
    fn remark_unless_copied(&mut self, copied: anyhow::Result<()>, what: &str, path: &Path) -> anyhow::Result<()> {
        match copied {
            Err(error) if is_not_permitted(&error) => {
                self.remarks.push(format!(
                    "{what} can't be read by this user ({}), and is taken for nothing",
                    path.display()
                ));
                Ok(())
            }
            copied => copied,
        }
    }
}

fn is_not_permitted(error: &anyhow::Error) -> bool {
    let io = error.chain().find_map(|cause| cause.downcast_ref::<io::Error>());
    io.is_some_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
}
