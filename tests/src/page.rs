use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

use crate::Namespace;

/// How long a server may take until it listens.
const PATIENCE: Duration = Duration::from_secs(2);

/// The body of the page that a server has at an address and port, seen from a namespace; `None` when there is none after
/// some tries.
///
/// # Panics
/// When the text is no address and port.
#[must_use]
pub fn page(from: &Namespace, to: &str, path: &str) -> Option<String> {
    let to: SocketAddr = to.parse().expect("an address and a port");
    let started = Instant::now();
    from.run(|| {
        loop {
            let page = try_page(to, path);
            if page.is_some() || started.elapsed() > PATIENCE {
                return page;
            }
            thread::sleep(Duration::from_millis(50));
        }
    })
}

fn try_page(to: SocketAddr, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect_timeout(&to, Duration::from_millis(500)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    write!(stream, "GET {path} HTTP/1.0\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned())
}
