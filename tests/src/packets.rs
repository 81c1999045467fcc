use std::{
    io::{Read as _, Write as _},
    net::{IpAddr, SocketAddr, TcpListener, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use crate::Namespace;

// Neighbour discovery takes seconds to try again when its first packets are
// lost on a busy machine.
const TRIES: u32 = 60;
/// Enough for a first packet that waits for neighbour discovery.
const FEW_TRIES: u32 = 12;
const PAUSE: Duration = Duration::from_millis(150);

/// A UDP service that answers each packet with the address that the packet
/// came from. It ends with this value.
#[derive(Debug)]
pub struct EchoServer {
    port: u16,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl EchoServer {
    /// Listens on a free port of all addresses of the namespace, those of the
    /// other family than the one asked about included.
    #[must_use]
    pub fn start(namespace: &Namespace) -> Self {
        let socket = namespace.run(|| UdpSocket::bind("[::]:0").expect("a port of a fresh namespace"));
        socket
            .set_read_timeout(Some(Duration::from_millis(50)))
            .expect("a time limit that is not zero");
        let port = socket.local_addr().expect("a bound socket").port();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let mut packet = [0; 64];
            while !stopped.load(Ordering::Relaxed) {
                if let Ok((_, from)) = socket.recv_from(&mut packet) {
                    let _ = socket.send_to(from.ip().to_canonical().to_string().as_bytes(), from);
                }
            }
        });
        Self {
            port,
            stop,
            thread: Some(thread),
        }
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for EchoServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Sends packets from one namespace to an address where an [`EchoServer`]
/// listens; what address they arrived from, or `None` when none came back.
#[must_use]
pub fn answers_as(from: &Namespace, to: &str, server: &EchoServer) -> Option<IpAddr> {
    answer_within(from, to, server, TRIES)
}

fn answer_within(from: &Namespace, to: &str, server: &EchoServer, tries: u32) -> Option<IpAddr> {
    let target = SocketAddr::new(to.parse().expect("an IP address"), server.port());
    from.run(|| {
        let any = if target.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let socket = UdpSocket::bind(any).expect("a free port");
        socket
            .set_read_timeout(Some(PAUSE))
            .expect("a time limit that is not zero");
        let mut packet = [0; 64];
        for _ in 0..tries {
            // No route, or an address that is still tentative: not yet.
            if socket.send_to(b"who am I", target).is_err() {
                thread::sleep(PAUSE);
                continue;
            }
            if let Ok((length, _)) = socket.recv_from(&mut packet) {
                return String::from_utf8_lossy(&packet[..length]).parse().ok();
            }
        }
        None
    })
}

/// Whether packets from one namespace to an address come back.
#[must_use]
pub fn answers(from: &Namespace, to: &str, server: &EchoServer) -> bool {
    answers_as(from, to, server).is_some()
}

/// Whether a few packets from one namespace to an address stay unanswered. To
/// be asked where the same packets are answered otherwise.
#[must_use]
pub fn is_silent(from: &Namespace, to: &str, server: &EchoServer) -> bool {
    answer_within(from, to, server, FEW_TRIES).is_none()
}

/// A TCP service for programs of other processes: writes the caller's address
/// and a newline to each connection, and closes it.
#[derive(Debug)]
pub struct TcpGreeter {
    port: u16,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl TcpGreeter {
    /// Listens on a free port of all addresses of the namespace.
    #[must_use]
    pub fn start(namespace: &Namespace) -> Self {
        let listener = namespace.run(|| TcpListener::bind("[::]:0").expect("a port of a fresh namespace"));
        listener.set_nonblocking(true).expect("a socket of our own");
        let port = listener.local_addr().expect("a bound socket").port();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                match listener.accept() {
                    Ok((mut stream, from)) => {
                        let _ = writeln!(stream, "{}", from.ip().to_canonical());
                        let _ = stream.shutdown(std::net::Shutdown::Write);
                        let _ = stream.read(&mut [0; 1]);
                    }
                    Err(_) => thread::sleep(Duration::from_millis(5)),
                }
            }
        });
        Self {
            port,
            stop,
            thread: Some(thread),
        }
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for TcpGreeter {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
