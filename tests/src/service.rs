use std::{
    fs,
    io::{self, BufRead as _, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    process::Command,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use tempfile::TempDir;

use crate::{Namespace, finish};

/// A request as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// `POST`.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// All of it.
    pub body: Vec<u8>,
}

impl Asked {
    /// The value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("a body in JSON")
    }
}

/// An HTTP server in a namespace, whose every answer is a test's. It ends when
/// this value goes.
pub struct Service {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    ends: Arc<AtomicBool>,
    listening: Option<JoinHandle<()>>,
}

type Answer = dyn Fn(&Asked, &mut dyn Write) -> io::Result<()> + Send + Sync;

impl Service {
    /// Answers by HTTP, at an address of the namespace and a port of the
    /// kernel's choice.
    pub fn start(
        namespace: &Namespace,
        address: &str,
        answer: impl Fn(&Asked, &mut dyn Write) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self::with(namespace, address, None, Arc::new(answer))
    }

    /// The same by HTTPS.
    pub fn start_secure(
        namespace: &Namespace,
        address: &str,
        authority: &Authority,
        answer: impl Fn(&Asked, &mut dyn Write) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self::with(namespace, address, Some(authority.config()), Arc::new(answer))
    }

    fn with(namespace: &Namespace, address: &str, tls: Option<Arc<ServerConfig>>, answer: Arc<Answer>) -> Self {
        let listener = namespace.run(|| TcpListener::bind((address, 0)).expect("an address of the namespace"));
        let address = listener.local_addr().expect("a socket has an address");
        listener.set_nonblocking(true).expect("a socket of our own");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let ends = Arc::new(AtomicBool::new(false));
        let (heard, over) = (Arc::clone(&asked), Arc::clone(&ends));
        let listening = thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                let Ok((stream, _)) = listener.accept() else {
                    thread::sleep(Duration::from_millis(2));
                    continue;
                };
                let (tls, answer, heard) = (tls.clone(), Arc::clone(&answer), Arc::clone(&heard));
                // One that is slow, or goes on for ever, ends with its client.
                thread::spawn(move || {
                    let _ = serve(stream, tls, &*answer, &heard);
                });
            }
        });
        Self {
            address,
            asked,
            ends,
            listening: Some(listening),
        }
    }

    /// Where it is: `10.99.0.1:40000`.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// All requests that came, in their order.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        let _ = self.listening.take().map(JoinHandle::join);
    }
}

fn serve(
    stream: TcpStream,
    tls: Option<Arc<ServerConfig>>,
    answer: &Answer,
    heard: &Mutex<Vec<Asked>>,
) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    stream.set_write_timeout(Some(Duration::from_secs(20)))?;
    match tls {
        None => converse(stream, answer, heard),
        Some(config) => {
            let connection = ServerConnection::new(config).map_err(io::Error::other)?;
            let mut stream = StreamOwned::new(connection, stream);
            converse(&mut stream, answer, heard)?;
            stream.conn.send_close_notify();
            stream.flush()
        }
    }
}

fn converse(mut stream: impl Read + Write, answer: &Answer, heard: &Mutex<Vec<Asked>>) -> io::Result<()> {
    let asked = read(&mut stream)?;
    heard.lock().unwrap_or_else(PoisonError::into_inner).push(asked.clone());
    answer(&asked, &mut stream)?;
    stream.flush()
}

fn read(stream: &mut impl Read) -> io::Result<Asked> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Asked {
        method,
        target,
        headers,
        body,
    })
}

/// An authority with a certificate for one service, made by `openssl`.
#[derive(Debug)]
pub struct Authority {
    directory: TempDir,
}

impl Authority {
    /// `names` are those of the certificate: `DNS:ipam.example,IP:10.99.0.1`.
    #[must_use]
    pub fn new(names: &str) -> Self {
        let directory = TempDir::with_prefix("cofferdam-test-").expect("needs a writable temporary directory");
        let authority = Self { directory };
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
        authority.openssl(
            &[
                &[
                    "req",
                    "-x509",
                    "-days",
                    "2",
                    "-subj",
                    "/CN=authority",
                    "-keyout",
                    "ca.key",
                    "-out",
                    "ca.pem",
                ][..],
                &key,
            ]
            .concat(),
        );
        let request = [
            "req",
            "-subj",
            "/CN=service",
            "-keyout",
            "service.key",
            "-out",
            "service.csr",
        ];
        authority.openssl(&[&request[..], &key].concat());
        fs::write(authority.path("names"), format!("subjectAltName={names}\n")).expect("a directory of our own");
        authority.openssl(&[
            "x509",
            "-req",
            "-days",
            "2",
            "-in",
            "service.csr",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-extfile",
            "names",
            "-out",
            "service.pem",
        ]);
        authority
    }

    /// Its own certificate.
    #[must_use]
    pub fn pem(&self) -> String {
        fs::read_to_string(self.path("ca.pem")).expect("openssl made it")
    }

    fn config(&self) -> Arc<ServerConfig> {
        let certificates = CertificateDer::pem_file_iter(self.path("service.pem")).expect("openssl made it");
        let certificates = certificates
            .map(|certificate| certificate.expect("a certificate"))
            .collect();
        let key = PrivateKeyDer::from_pem_file(self.path("service.key")).expect("openssl made it");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions of the provider")
            .with_no_client_auth()
            .with_single_cert(certificates, key)
            .expect("a key for the certificate");
        Arc::new(config)
    }

    fn path(&self, file: &str) -> std::path::PathBuf {
        self.directory.path().join(file)
    }

    fn openssl(&self, arguments: &[&str]) {
        let mut openssl = Command::new("openssl");
        openssl.current_dir(self.directory.path()).args(arguments);
        let _ = finish(&mut openssl, b"").printed(format_args!("openssl {arguments:?}"));
    }
}
