use anyhow::{Context as _, Result, bail};

/// What was asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// Pairs that count.
    pub(crate) rounds: usize,
    /// Leave cofferdam out.
    pub(crate) go_only: bool,
    /// Show where cofferdam's time goes.
    pub(crate) split: bool,
}

const USAGE: &str = "usage: bench [--rounds N] [--go-only | --split]";

impl Options {
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut options = Self {
            rounds: 100,
            go_only: false,
            split: false,
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
                "--split" => options.split = true,
                _ => bail!(USAGE),
            }
        }
        if options.rounds == 0 {
            bail!("--rounds 0 measures nothing");
        }
        Ok(options)
    }

    /// Pairs before those that count.
    pub(crate) fn warm_up(&self) -> usize {
        (self.rounds / 10).max(3)
    }
}
