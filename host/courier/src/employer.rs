//! The process that this one works for.

use std::{
    io,
    os::{fd::AsFd as _, unix::net::UnixStream},
    process,
    sync::mpsc,
    thread,
};

use anyhow::Context as _;
use cofferdam_http::wire::{Errand, read_request, write_outcome};
use rustix::process::{Signal, set_parent_process_death_signal};

use crate::sender::Sender;

/// The kernel ends this process with the one that started it.
pub(crate) fn live_no_longer() -> io::Result<()> {
    Ok(set_parent_process_death_signal(Some(Signal::KILL))?)
}

/// Standard input is one end of a pair of sockets.
pub(crate) fn socket() -> anyhow::Result<UnixStream> {
    let descriptor = io::stdin().as_fd().try_clone_to_owned();
    let socket = UnixStream::from(descriptor.context("take standard input")?);
    socket
        .peer_addr()
        .context("standard input is no socket: this program is executed by cofferdam")?;
    Ok(socket)
}

/// Sends what is asked for, one request after the other. Whoever is left by its
/// employer ends at once, in the middle of a request, too: one thread does
/// nothing but listen.
pub(crate) fn serve(mut socket: UnixStream, sender: Sender) -> anyhow::Result<()> {
    let (give, take) = mpsc::sync_channel::<Errand>(1);
    let answers = socket.try_clone().context("duplicate the socket")?;
    thread::Builder::new().spawn(move || carry_all(&take, answers, &sender))?;
    loop {
        match read_request(&mut socket) {
            Ok(errand) => give.send(errand)?,
            Err(end) if end.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(garbled) => return Err(garbled.into()),
        }
    }
}

fn carry_all(errands: &mpsc::Receiver<Errand>, mut answers: UnixStream, sender: &Sender) {
    for errand in errands {
        let outcome = sender.send(&errand);
        if write_outcome(&mut answers, &outcome).is_err() {
            process::exit(1);
        }
    }
}
