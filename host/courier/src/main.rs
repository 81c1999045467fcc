//! Speaks with others for `cofferdam`, which gives up what its plugins must not
//! reach. It ends with the process that started it.
//!
//! Where a plugin that imports `http` is granted `http.request`, it sends the
//! requests. What may be sent is said in the first message, for good; after that
//! this process can connect to services, read credentials, and do nothing else.
//!
//! Where a plugin may put addresses into zones of firewalld, and that runs, it
//! asks firewalld, by a connection that it is given; it can do nothing else.

mod confinement;
mod credential;
mod employer;
mod exchange;
mod failure;
mod resolver;
mod sender;
mod trust;
mod zones;

use std::process::ExitCode;

use cofferdam_http::{
    CarryError,
    wire::{read_orders, write_outcome},
};

use self::{sender::Sender, trust::Trust};

#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        // There is nobody to tell, but for the socket.
        Err(_) => ExitCode::FAILURE,
    }
}

fn run() -> anyhow::Result<()> {
    employer::live_no_longer()?;
    confinement::give_up_inheritance()?;
    let mut socket = employer::socket()?;
    if let Some(time_limit) = cofferdam_firewalld::role(std::env::args().skip(1)) {
        return zones::serve(&socket, time_limit);
    }
    let orders = read_orders(&mut socket)?;
    let trust = Trust::read(&orders);
    if let Err(error) = confinement::confine(&orders) {
        let context = format!("cofferdam-courier can't give up what it does not need, and sends nothing: {error}");
        let errno = rustix::io::Errno::PERM.raw_os_error();
        write_outcome(&mut socket, &Err(CarryError::Os { errno, context }))?;
        return Err(error.into());
    }
    employer::serve(socket, Sender::new(orders, trust))
}
