use anyhow::{Context as _, Result, bail};

/// What was asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// Pairs that count.
    pub(crate) rounds: usize,
    /// Leave cofferdam out.
    pub(crate) go_only: bool,
    pub(crate) what: What,
    /// Attachments beside which growth is measured at most.
    pub(crate) up_to: usize,
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

const USAGE: &str = "usage: bench [--rounds N] [--go-only | --split | --growth [--up-to N] | --parallel]";

impl Options {
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut options = Self {
            rounds: 100,
            go_only: false,
            what: What::Workloads,
            up_to: usize::MAX,
        };
        while let Some(argument) = arguments.next() {
            let mut number = || {
                let text = arguments.next().context(USAGE)?;
                text.parse()
                    .with_context(|| format!("{argument} {text:?} is not a number"))
            };
            match argument.as_str() {
                "--rounds" => options.rounds = number()?,
                "--up-to" => options.up_to = number()?,
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
