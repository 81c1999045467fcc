//! An ADD that is not only imagined.

mod child;
mod real;

use clap::Args;
use cofferdam_broker::{Installation, trace::Call};

pub(crate) use self::child::{COMMAND as CHILD, run as run_child};
use crate::plan::{self, End};

/// Whether it is done.
#[derive(Debug, Args)]
pub(super) struct Kernel {
    /// Attaches the container of --netns, on the kernel. DEL has to follow.
    #[arg(long)]
    real: bool,
}

impl Kernel {
    /// Attaches the container, if that is wanted.
    ///
    /// # Errors
    /// It can't be begun.
    pub(super) fn add(
        &self,
        installation: &Installation,
        arguments: &plan::Arguments,
    ) -> anyhow::Result<Option<(Vec<Call>, End)>> {
        self.real.then(|| real::add(installation, arguments)).transpose()
    }
}
