//! A server that does as a test says.

use std::{
    net::{SocketAddr, UdpSocket},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use super::wire::Message;
use crate::Namespace;

/// A DHCP server that does as a test says, and remembers what it heard.
pub struct Server {
    heard: Arc<Mutex<Vec<Message>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// `answer` makes the messages that go back to all.
    pub fn start(node: &Namespace, mut answer: impl FnMut(&Message) -> Vec<Vec<u8>> + Send + 'static) -> Self {
        let socket = node.run(|| {
            let socket = UdpSocket::bind("0.0.0.0:67").unwrap();
            socket.set_broadcast(true).unwrap();
            socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
            socket
        });
        let (heard, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (listening, stopped) = (Arc::clone(&heard), Arc::clone(&stop));
        let thread = thread::spawn(move || {
            let mut buffer = [0; 2000];
            while !stopped.load(Ordering::Relaxed) {
                let Ok((length, _)) = socket.recv_from(&mut buffer) else {
                    continue;
                };
                let Some(message) = Message::read(&buffer[..length]) else {
                    continue;
                };
                let answers = answer(&message);
                listening.lock().unwrap().push(message);
                for answer in answers {
                    let _ = socket.send_to(&answer, SocketAddr::from(([255, 255, 255, 255], 68)));
                }
            }
        });
        Self {
            heard,
            stop,
            thread: Some(thread),
        }
    }

    /// How many messages of a kind came; of an address that the client has,
    /// where one is given.
    pub fn count(&self, kind: u8, of: Option<[u8; 4]>) -> usize {
        let heard = self.heard.lock().unwrap();
        let is_it = |message: &&Message| message.kind == kind && of.is_none_or(|address| message.address == address);
        heard.iter().filter(is_it).count()
    }

    /// All that came.
    pub fn heard(&self) -> Vec<Message> {
        self.heard.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
