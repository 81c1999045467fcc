//! What the process of the guests and the courier tell each other, over a pair
//! of sockets. Neither trusts the other: whatever comes is bounded and checked.
//!
//! A message is two lengths of four bytes, a head in JSON and a body.

use std::{
    io::{self, Read, Write},
    path::PathBuf,
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{CarryError, Header, Method, Permit, Request, RequestError, Response};

/// Bytes of a head: permits may be many.
const HEAD: usize = 1 << 20;

/// The first message: what the courier is to do, for all of its life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Orders {
    /// In the order of the policies.
    pub permits: Vec<Permit>,
    /// Where credentials are.
    pub credentials: PathBuf,
    /// Where authorities' certificates are.
    pub authorities: PathBuf,
    /// Where the node's own are, the first that is there.
    pub roots: Vec<PathBuf>,
}

/// A request that is to be sent.
#[derive(Debug, Serialize, Deserialize)]
struct Asked {
    plugin: String,
    method: Method,
    url: String,
    headers: Vec<Header>,
    /// Time that it has.
    milliseconds: u64,
}

/// A request as it came.
#[derive(Debug, PartialEq, Eq)]
pub struct Errand {
    /// Who wants it sent.
    pub plugin: String,
    /// What.
    pub request: Request,
    /// Time that it has.
    pub milliseconds: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Told {
    Response { status: u16, headers: Vec<Header> },
    Failed(CarryError),
}

/// Writes the first message.
///
/// # Errors
/// It can't be written.
pub fn write_orders(to: &mut impl Write, orders: &Orders) -> io::Result<()> {
    write(to, orders, &[])
}

/// Reads it.
///
/// # Errors
/// What came is something else.
pub fn read_orders(from: &mut impl Read) -> io::Result<Orders> {
    read(from, 0).map(|(orders, _)| orders)
}

/// Writes a request.
///
/// # Errors
/// It can't be written.
pub fn write_request(to: &mut impl Write, plugin: &str, request: &Request, milliseconds: u64) -> io::Result<()> {
    let asked = Asked {
        plugin: plugin.to_owned(),
        method: request.method(),
        url: request.url().to_string(),
        headers: request.headers().to_vec(),
        milliseconds,
    };
    write(to, &asked, request.body())
}

/// Reads one: the same checks again.
///
/// # Errors
/// What came is something else.
pub fn read_request(from: &mut impl Read) -> io::Result<Errand> {
    let (asked, body): (Asked, _) = read(from, Request::BODY)?;
    let request = Request::new(asked.method, &asked.url, asked.headers, body);
    Ok(Errand {
        plugin: asked.plugin,
        request: request.map_err(|error: RequestError| garbled(error.to_string()))?,
        milliseconds: asked.milliseconds,
    })
}

/// Writes what became of a request.
///
/// # Errors
/// It can't be written.
pub fn write_outcome(to: &mut impl Write, outcome: &Result<Response, CarryError>) -> io::Result<()> {
    match outcome {
        Ok(response) => {
            let told = Told::Response {
                status: response.status,
                headers: response.headers.clone(),
            };
            write(to, &told, &response.body)
        }
        Err(error) => write(to, &Told::Failed(error.clone()), &[]),
    }
}

/// Reads it.
///
/// # Errors
/// What came is something else.
pub fn read_outcome(from: &mut impl Read) -> io::Result<Result<Response, CarryError>> {
    let (told, body) = read(from, Response::BODY)?;
    match told {
        Told::Failed(error) => Ok(Err(error)),
        Told::Response { status, headers } => {
            let bytes: usize = headers
                .iter()
                .map(|header: &Header| header.name.len() + header.value.len())
                .sum();
            if headers.len() > Response::HEADERS || bytes > Response::HEADER_BYTES {
                return Err(garbled("it has too many headers".to_owned()));
            }
            Ok(Ok(Response { status, headers, body }))
        }
    }
}

fn write(to: &mut impl Write, head: &impl Serialize, body: &[u8]) -> io::Result<()> {
    let head = serde_json::to_vec(head)?;
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).map_err(|_| garbled("it is too long".to_owned()));
    let mut message = Vec::with_capacity(8 + head.len() + body.len());
    message.extend(length(&head)?.to_be_bytes());
    message.extend(length(body)?.to_be_bytes());
    message.extend(head);
    message.extend(body);
    to.write_all(&message)
}

fn read<T: DeserializeOwned>(from: &mut impl Read, longest_body: usize) -> io::Result<(T, Vec<u8>)> {
    let head = read_length(from, HEAD)?;
    let body = read_length(from, longest_body)?;
    let head = read_bytes(from, head)?;
    let body = read_bytes(from, body)?;
    let head = serde_json::from_slice(&head).map_err(|error| garbled(error.to_string()))?;
    Ok((head, body))
}

fn read_length(from: &mut impl Read, longest: usize) -> io::Result<usize> {
    let mut bytes = [0; 4];
    from.read_exact(&mut bytes)?;
    usize::try_from(u32::from_be_bytes(bytes))
        .ok()
        .filter(|length| *length <= longest)
        .ok_or_else(|| garbled(format!("a part of it has more than {longest} bytes")))
}

/// As many as come: no memory for what is only promised.
fn read_bytes(from: &mut impl Read, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(length as u64).read_to_end(&mut bytes)?;
    if bytes.len() < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(bytes)
}

fn garbled(problem: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("a message is garbled: {problem}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::{collection::vec, prelude::*};

    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let headers = vec![Header {
            name: "accept".to_owned(),
            value: "application/json".to_owned(),
        }];
        let request = Request::new(
            Method::Post,
            "https://ipam.example/a?b",
            headers.clone(),
            b"{}".to_vec(),
        )
        .unwrap();
        let mut bytes = Vec::new();
        write_request(&mut bytes, "remote", &request, 250).unwrap();
        let errand = read_request(&mut bytes.as_slice()).unwrap();
        assert_eq!((errand.plugin.as_str(), errand.milliseconds), ("remote", 250));
        assert_eq!(errand.request, request);

        for outcome in [
            Ok(Response {
                status: 201,
                headers,
                body: b"\0\xff".to_vec(),
            }),
            Err(CarryError::Os {
                errno: 111,
                context: "refused".to_owned(),
            }),
        ] {
            let mut bytes = Vec::new();
            write_outcome(&mut bytes, &outcome).unwrap();
            assert_eq!(read_outcome(&mut bytes.as_slice()).unwrap(), outcome);
        }
    }

    #[test]
    fn a_request_that_a_guest_could_not_make_is_refused_here_too() {
        for (url, name, method) in [
            ("https://ipam.example/../a", "accept", "GET"),
            ("https://ipam.example/a", "authorization", "GET"),
            ("https://ipam.example/a", "accept", "TRACE"),
            ("file:///etc/shadow", "accept", "GET"),
        ] {
            let head = serde_json::json!({
                "plugin": "remote", "method": method, "url": url, "milliseconds": 1,
                "headers": [{ "name": name, "value": "x" }],
            });
            let mut bytes = Vec::new();
            write(&mut bytes, &head, b"").unwrap();
            assert!(read_request(&mut bytes.as_slice()).is_err(), "{head}");
        }
    }

    #[test]
    fn no_memory_is_taken_for_a_promise() {
        let promised = [u32::MAX.to_be_bytes(), 0_u32.to_be_bytes()].concat();
        assert!(read_request(&mut promised.as_slice()).is_err());
        let promised = [0_u32.to_be_bytes(), u32::MAX.to_be_bytes()].concat();
        assert!(read_outcome(&mut promised.as_slice()).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..200), head in "\\PC{0,80}", body in vec(any::<u8>(), 0..20)) {
            let framed = |head: &[u8]| {
                let lengths = [head.len(), body.len()].map(|length| u32::try_from(length).unwrap().to_be_bytes());
                [&lengths.concat(), head, &body].concat()
            };
            for message in [bytes.clone(), framed(head.as_bytes()), framed(&bytes)] {
                let _ = read_orders(&mut message.as_slice());
                let _ = read_request(&mut message.as_slice());
                let _ = read_outcome(&mut message.as_slice());
            }
        }
    }
}
