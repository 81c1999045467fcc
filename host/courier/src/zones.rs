//! Zones of firewalld.

use std::{
    io,
    os::{fd::AsFd as _, unix::net::UnixStream},
    time::Duration,
};

use anyhow::Context as _;
use cofferdam_firewalld::Firewalld;

use crate::confinement;

/// Asks firewalld what the employer asks, by the connection that is standard
/// output.
pub(crate) fn serve(employer: &UnixStream, time_limit: Duration) -> anyhow::Result<()> {
    let bus = io::stdout().as_fd().try_clone_to_owned();
    let firewalld = Firewalld::resume(bus.context("take standard output")?.into(), time_limit);
    confinement::confine_to_descriptors()?;
    cofferdam_firewalld::serve(employer, firewalld)?;
    Ok(())
}
