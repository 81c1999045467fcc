//! The two ends of a conversation, for tests that run a program through
//! `cofferctl run`.
//!
//! `probe ADDRESS PORT` connects over TCP, tries again for some seconds, and
//! prints the line that it is sent. `probe --serve PORT` prints `ready`, tells
//! each caller its address, and ends with its standard input.

#![allow(clippy::print_stdout)]

use std::{
    io::{Read as _, Write as _},
    net::{IpAddr, SocketAddr, TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

const PATIENCE: Duration = Duration::from_secs(5);
const USAGE: &str = "usage: probe ADDRESS PORT | probe --serve PORT";

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let first = arguments.next().context(USAGE)?;
    let port: u16 = arguments.next().context(USAGE)?.parse()?;
    if first == "--serve" {
        serve(port)
    } else {
        ask(SocketAddr::new(first.parse()?, port))
    }
}

fn ask(target: SocketAddr) -> Result<()> {
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

fn serve(port: u16) -> Result<()> {
    let listener = TcpListener::bind((IpAddr::from([0, 0, 0, 0]), port))?;
    println!("ready");
    thread::spawn(move || {
        for stream in listener.incoming() {
            if let Ok(mut stream) = stream
                && let Ok(from) = stream.peer_addr()
            {
                let _ = writeln!(stream, "{}", from.ip());
            }
        }
    });
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
