use std::path::PathBuf;

use clap::Args;
use cofferdam_broker::Installation;
use cofferdam_protocol::NetworkList;

use super::super::findings::Finding;
use crate::request::configurations;

/// Where networks are.
#[derive(Debug, Args)]
pub(in crate::conflist) struct Place {
    /// Where networks are configured; otherwise what NETCONFPATH says, or
    /// /etc/cni/net.d.
    #[arg(long, value_name = "DIR")]
    conf_dir: Option<PathBuf>,
}

impl Place {
    pub(in crate::conflist) fn networks(&self) -> PathBuf {
        configurations(self.conf_dir.as_deref())
    }
}

/// Nothing: this is no node, and what one has is not known here.
///
/// # Errors
/// None.
pub(in crate::conflist) fn unmet(_: &Installation, _: &Place, _: &NetworkList) -> anyhow::Result<Vec<Finding>> {
    Ok(Vec::new())
}
