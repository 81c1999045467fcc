use cofferdam_broker::Installation;

use super::Copies;
use crate::used::Used;

impl Copies {
    /// Nothing: this is no node.
    ///
    /// # Errors
    /// None.
    #[allow(clippy::unnecessary_wraps, clippy::unused_self)]
    pub(super) fn copy_what_node_has(&mut self, _: &Installation, _: &str, _: &Used) -> anyhow::Result<()> {
        Ok(())
    }
}
