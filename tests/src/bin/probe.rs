//! Speaks to a service from inside a container, for tests that run a program
//! through `cofferctl run`: `probe ADDRESS PORT` connects over TCP, tries again
//! for some seconds, and prints the line that it is sent.

#![allow(clippy::print_stdout)]

use std::{
    io::Read as _,
    net::{IpAddr, SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

const PATIENCE: Duration = Duration::from_secs(5);

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let address: IpAddr = arguments.next().context("usage: probe ADDRESS PORT")?.parse()?;
    let port: u16 = arguments.next().context("usage: probe ADDRESS PORT")?.parse()?;
    let target = SocketAddr::new(address, port);
    let started = Instant::now();
    loop {
        match TcpStream::connect_timeout(&target, Duration::from_secs(1)) {
            Ok(mut stream) => {
                stream.set_read_timeout(Some(PATIENCE))?;
                let mut line = String::new();
                stream.read_to_string(&mut line)?;
                print!("{line}");
                return Ok(());
            }
            Err(error) if started.elapsed() > PATIENCE => bail!("{target}: {error}"),
            Err(_) => thread::sleep(Duration::from_millis(50)),
        }
    }
}
