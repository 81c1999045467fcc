//! Requests and responses, and what they may hold.

use std::fmt;

use cofferdam_protocol::{Url, UrlProblem};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs)]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Get, Self::Head, Self::Post, Self::Put, Self::Patch, Self::Delete];

    /// As HTTP and policies write it: `GET`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// The method of that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.word() == word)
    }

    /// Whether a request has a body, perhaps an empty one.
    #[must_use]
    pub fn has_body(self) -> bool {
        matches!(self, Self::Post | Self::Put | Self::Patch)
    }
}

/// One line of a head.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// In lower case in a response.
    pub name: String,
    /// Printable ASCII, blanks and tabs.
    pub value: String,
}

/// A request that can be read in one way only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    method: Method,
    url: Url,
    headers: Vec<Header>,
    body: Vec<u8>,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// 200 to 599.
    pub status: u16,
    /// Those whose values are text.
    pub headers: Vec<Header>,
    /// All of it.
    pub body: Vec<u8>,
}

impl Response {
    /// Headers that one may have, and their bytes.
    pub const HEADERS: usize = 64;
    /// The same in bytes, names and values together.
    pub const HEADER_BYTES: usize = 32 << 10;
    /// Bytes of a body.
    pub const BODY: usize = 1 << 20;
}

/// Why a request is not sent.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum RequestError {
    /// The URL is none.
    #[error("the URL {url:?}: {problem}")]
    Url {
        /// It, shortened.
        url: String,
        /// What is wrong with it.
        problem: UrlProblem,
    },
    /// There are too many headers.
    #[error(
        "a request has at most {} headers, of {} bytes together",
        Request::HEADERS,
        Request::HEADER_BYTES
    )]
    Headers,
    /// A header has no name, or one with other characters.
    #[error("{0:?} is no header's name: letters, digits and !#$%&'*+-.^_`|~")]
    HeaderName(String),
    /// A header's value has a line break or something else that is no text.
    #[error("the value of header {0:?} has characters other than printable ASCII, or begins or ends with a blank")]
    HeaderValue(String),
    /// The header is the host's.
    #[error("the header {0:?} is set by the host")]
    HostsHeader(String),
    /// The body is too long.
    #[error("a request's body has at most {} bytes", Request::BODY)]
    Body,
    /// There is one where none may be.
    #[error("a {0} request has no body")]
    BodyOfMethod(Method),
}

/// Headers by which the connection, the credential and the body are spoken of.
const HOSTS: [&str; 12] = [
    "host",
    "authorization",
    "cookie",
    "connection",
    "content-length",
    "transfer-encoding",
    "accept-encoding",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "keep-alive",
];
const PROXYS: &str = "proxy-";
/// Characters of a URL that an error shows.
const SHOWN: usize = 100;

impl Request {
    /// Headers that one may have.
    pub const HEADERS: usize = 32;
    /// Bytes of their names and values together.
    pub const HEADER_BYTES: usize = 8 << 10;
    /// Bytes of a body.
    pub const BODY: usize = 64 << 10;

    /// Takes a request if nothing in it is the host's to say, or can be read in
    /// two ways.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(method: Method, url: &str, headers: Vec<Header>, body: Vec<u8>) -> Result<Self, RequestError> {
        let url = url.parse().map_err(|problem| RequestError::Url {
            url: url.chars().take(SHOWN).collect(),
            problem,
        })?;
        let bytes: usize = headers
            .iter()
            .map(|header| header.name.len() + header.value.len())
            .sum();
        if headers.len() > Self::HEADERS || bytes > Self::HEADER_BYTES {
            return Err(RequestError::Headers);
        }
        headers.iter().try_for_each(check_header)?;
        if body.len() > Self::BODY {
            return Err(RequestError::Body);
        }
        if !body.is_empty() && !method.has_body() {
            return Err(RequestError::BodyOfMethod(method));
        }
        Ok(Self {
            method,
            url,
            headers,
            body,
        })
    }

    /// What is asked for.
    #[must_use]
    pub fn method(&self) -> Method {
        self.method
    }

    /// Where.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Lines of its head, without the host's.
    #[must_use]
    pub fn headers(&self) -> &[Header] {
        &self.headers
    }

    /// Empty where the method has none.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

fn check_header(header: &Header) -> Result<(), RequestError> {
    let Header { name, value } = header;
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_token) {
        return Err(RequestError::HeaderName(name.chars().take(SHOWN).collect()));
    }
    let plain = name.to_ascii_lowercase();
    if HOSTS.contains(&plain.as_str()) || plain.starts_with(PROXYS) {
        return Err(RequestError::HostsHeader(plain));
    }
    if !is_value(value) {
        return Err(RequestError::HeaderValue(plain));
    }
    Ok(())
}

/// Whether a header may have the value.
pub(crate) fn is_value(value: &str) -> bool {
    let is_text = |byte: u8| byte.is_ascii_graphic() || matches!(byte, b' ' | b'\t');
    value.bytes().all(is_text) && value.trim_matches([' ', '\t']) == value
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const URL: &str = "https://ipam.example/a";

    fn header(name: &str, value: &str) -> Vec<Header> {
        vec![Header {
            name: name.to_owned(),
            value: value.to_owned(),
        }]
    }

    #[test]
    fn a_header_is_one_line_and_not_the_hosts() {
        for (name, value, taken) in [
            ("Content-Type", "application/json", true),
            ("x-a", "", true),
            ("x-a", "a b\tc", true),
            ("X-Request-Id", "\"1\"", true),
            ("", "a", false),
            ("x a", "a", false),
            ("x:a", "a", false),
            ("x\r\ny", "a", false),
            ("x-ä", "a", false),
            ("x-a", "a\r\nAuthorization: b", false),
            ("x-a", "a\nb", false),
            ("x-a", "a\0b", false),
            ("x-a", "ä", false),
            ("x-a", " a", false),
            ("x-a", "a\t", false),
            ("Host", "other.example", false),
            ("AUTHORIZATION", "Bearer x", false),
            ("cookie", "a=b", false),
            ("Content-Length", "5", false),
            ("transfer-encoding", "chunked", false),
            ("Connection", "close", false),
            ("Proxy-Authorization", "x", false),
            ("Expect", "100-continue", false),
        ] {
            let request = Request::new(Method::Get, URL, header(name, value), Vec::new());
            assert_eq!(request.is_ok(), taken, "{name:?}: {value:?}");
        }
    }

    #[test]
    fn a_request_is_bounded() {
        let many = vec![header("x-a", "b").remove(0); Request::HEADERS + 1];
        assert_eq!(
            Request::new(Method::Get, URL, many, Vec::new()),
            Err(RequestError::Headers)
        );
        let long = header("x-a", &"b".repeat(Request::HEADER_BYTES));
        assert_eq!(
            Request::new(Method::Get, URL, long, Vec::new()),
            Err(RequestError::Headers)
        );
        let body = vec![0; Request::BODY];
        assert!(Request::new(Method::Post, URL, Vec::new(), body.clone()).is_ok());
        let longer = [&body[..], b"x"].concat();
        assert_eq!(
            Request::new(Method::Post, URL, Vec::new(), longer),
            Err(RequestError::Body)
        );
        for method in [Method::Get, Method::Head, Method::Delete] {
            let refused = Request::new(method, URL, Vec::new(), b"x".to_vec());
            assert_eq!(refused, Err(RequestError::BodyOfMethod(method)));
        }
    }
}
