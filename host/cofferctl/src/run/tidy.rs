use std::{
    fs,
    time::{Duration, Instant},
};

use cofferdam_broker::Installation;
use cofferdam_journal::{AttachmentId, Owner, Records, StateDirectory};
use cofferdam_protocol::NetworkList;

/// Time for the records' lock.
const WAIT: Duration = Duration::from_secs(5);

/// Removes the bookkeeping that outlives an attachment, as far as Cofferdam
/// made it and nobody uses it.
pub(super) fn tidy(installation: &Installation, networks: &[NetworkList]) -> anyhow::Result<()> {
    let state_path = installation.state();
    for network in networks {
        let id = AttachmentId {
            network: network.name.clone(),
            container_id: String::new(),
            interface_name: String::new(),
            unit: String::new(),
        };
        let directory = installation.records().join(&network.name);
        let deadline = Instant::now() + WAIT;
        if let Some(records) = Records::open_existing(&directory, &state_path, &id, Owner::default(), deadline)? {
            records.tidy()?;
        }
    }
    let cache = installation.root().join("var/lib/cni");
    // Directories that others use are not empty, and stay.
    for directory in [cache.join("results"), cache.join("networks"), cache] {
        let _ = fs::remove_dir(directory);
    }
    if state_path.is_dir() {
        StateDirectory::open(&state_path)?.tidy()?;
    }
    Ok(())
}
