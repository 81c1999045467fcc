use anyhow::{Context as _, Result, bail};

/// What was asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// Pairs that count.
    pub(crate) rounds: usize,
    /// Leave cofferdam out.
    pub(crate) go_only: bool,
    pub(crate) what: What,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// Every workload, on all sides.
    Workloads,
    /// Where cofferdam's time goes.
    Split,
    /// An ADD beside many attachments.
    Growth,
    /// Many ADDs at once.
    Parallel,
}

const USAGE: &str = "usage: bench [--rounds N] [--go-only | --split | --growth | --parallel]";

impl Options {
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut options = Self {
            rounds: 100,
            go_only: false,
            what: What::Workloads,
        };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--rounds" => {
                    let number = arguments.next().context(USAGE)?;
                    options.rounds = number
                        .parse()
                        .with_context(|| format!("--rounds {number:?} is not a number"))?;
                }
                "--go-only" => options.go_only = true,
                "--split" => options.what = What::Split,
                "--growth" => options.what = What::Growth,
                "--parallel" => options.what = What::Parallel,
                _ => bail!(USAGE),
            }
        }
        if options.rounds == 0 {
            bail!("--rounds 0 measures nothing");
        }
        if options.go_only && options.what != What::Workloads {
            bail!(USAGE);
        }
        Ok(options)
    }

    /// Pairs before those that count.
    pub(crate) fn warm_up(&self) -> usize {
        (self.rounds / 10).max(3)
    }
}
