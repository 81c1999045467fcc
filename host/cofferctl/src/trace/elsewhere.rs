use clap::Args;
use cofferdam_broker::{Installation, trace::Call};

use crate::plan::{self, End};

/// There is no kernel to attach anything on.
#[derive(Debug, Args)]
pub(super) struct Kernel {}

impl Kernel {
    /// Nothing is attached.
    ///
    /// # Errors
    /// None.
    #[allow(clippy::unused_self, clippy::unnecessary_wraps)]
    pub(super) fn add(&self, _: &Installation, _: &plan::Arguments) -> anyhow::Result<Option<(Vec<Call>, End)>> {
        Ok(None)
    }
}
