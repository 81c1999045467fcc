//! Requests to services, which the host sends: an address management server,
//! an inventory. Grant: `http.request`.
//!
//! The credential is the operator's and added by the host; a plugin sees none.
//! Nothing is retried and no redirect followed. What a service did, the host
//! can't undo: ask in an ADD for what a DEL gives back, in the attachment's
//! name, so that asking twice is as asking once.
//!
//! ```no_run
//! use cofferdam_guest_sdk::{Failure, http};
//!
//! #[derive(serde::Serialize)]
//! struct Wanted<'a> {
//!     container: &'a str,
//! }
//!
//! #[derive(serde::Deserialize)]
//! struct Given {
//!     address: String,
//! }
//!
//! fn ask(container: &str) -> Result<Given, Failure> {
//!     http::Request::post("https://ipam.example/addresses")
//!         .json(&Wanted { container })?
//!         .send()?
//!         .success()?
//!         .json()
//! }
//! ```

use std::fmt::Write as _;

use serde::{Serialize, de::DeserializeOwned};

use crate::{Error, Failure, bindings::http, codes};

/// Characters of a response's body that a failure shows.
const SHOWN: usize = 200;

/// What is asked for.
///
/// ```no_run
/// use cofferdam_guest_sdk::{Error, http::{Method, Request}};
///
/// fn is_there(url: &str) -> Result<bool, Error> {
///     Ok(Request::new(Method::Head, url).send()?.status != 404)
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
}

/// A request that is not sent yet.
///
/// ```no_run
/// use cofferdam_guest_sdk::{Failure, http::{Method, Request}};
///
/// fn rename(service: &str) -> Result<(), Failure> {
///     let old = format!("{service}/names/old");
///     let name = Request::get(&old).header("accept", "text/plain").send()?.success()?.body;
///     Request::put(format!("{service}/names/new")).body("text/plain", name).send()?.success()?;
///     Request::delete(&old).send()?.success()?;
///     // The same, in so many words.
///     Request::new(Method::Delete, old).send()?;
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a request does nothing before it is sent"]
pub struct Request {
    method: Method,
    url: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    /// A request; the URL is `http` or `https`, without user name and fragment.
    pub fn new(method: Method, url: impl Into<String>) -> Self {
        Self {
            method,
            url: url.into(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// To read something.
    pub fn get(url: impl Into<String>) -> Self {
        Self::new(Method::Get, url)
    }

    /// To have something made.
    pub fn post(url: impl Into<String>) -> Self {
        Self::new(Method::Post, url)
    }

    /// To put something in its place.
    pub fn put(url: impl Into<String>) -> Self {
        Self::new(Method::Put, url)
    }

    /// To have something removed.
    pub fn delete(url: impl Into<String>) -> Self {
        Self::new(Method::Delete, url)
    }

    /// The same with a header. `host`, `authorization` and others that speak of
    /// the connection or the body are the host's.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The same with a body, which POST, PUT and PATCH may have: at most 65536
    /// bytes.
    pub fn body(mut self, content_type: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.body = bytes.into();
        self.header("content-type", content_type)
    }

    /// The same with a value in JSON, for a service that answers in JSON.
    ///
    /// # Errors
    /// The value can't be written as JSON.
    pub fn json(self, value: &impl Serialize) -> Result<Self, Failure> {
        let body = serde_json::to_vec(value)
            .map_err(|error| Failure::internal(format!("a request can't be written as JSON: {error}")))?;
        Ok(self.header("accept", "application/json").body("application/json", body))
    }

    /// Sends it, and waits for the whole response, whatever its status.
    ///
    /// # Errors
    /// [`Error::Denied`] where no grant is for it, and others where there is no
    /// response; whether the service got the request is not known then.
    pub fn send(self) -> Result<Response, Error> {
        let headers = self
            .headers
            .into_iter()
            .map(|(name, value)| http::Header { name, value });
        let sent = http::Request {
            method: self.method.into(),
            url: self.url.clone(),
            headers: headers.collect(),
            body: self.body,
        };
        let received = http::send(&sent)?;
        Ok(Response {
            method: self.method,
            url: self.url,
            status: received.status,
            headers: received
                .headers
                .into_iter()
                .map(|header| (header.name, header.value))
                .collect(),
            body: received.body,
        })
    }
}

/// What a service answered.
///
/// ```no_run
/// use cofferdam_guest_sdk::{Error, http::{Request, Response}};
///
/// fn kind_of(url: &str) -> Result<Option<String>, Error> {
///     let response: Response = Request::get(url).send()?;
///     let kind = response.header("content-type").map(str::to_owned);
///     Ok(kind.filter(|_| response.is_success()))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    method: Method,
    url: String,
    /// 200 to 599.
    pub status: u16,
    /// Names in lower case, with values that are text.
    pub headers: Vec<(String, String)>,
    /// At most 1048576 bytes.
    pub body: Vec<u8>,
}

impl Response {
    /// The first header of a name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether the service did what it was asked for.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The response, if it is one of success.
    ///
    /// # Errors
    /// It is none; a runtime is to try again later where the service says that
    /// it is busy (429, 502, 503, 504).
    pub fn success(self) -> Result<Self, Failure> {
        if self.is_success() {
            return Ok(self);
        }
        let code = match self.status {
            429 | 502..=504 => codes::TRY_AGAIN_LATER,
            _ => codes::INTERNAL,
        };
        Err(Failure::new(code, format!("{} answered {}", self.asked(), self.status)).with_details(self.beginning()))
    }

    /// Its body, read as JSON.
    ///
    /// # Errors
    /// It is not what is wanted.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let text = format!("{} answered what is not understood: {error}", self.asked());
            Failure::internal(text).with_details(self.beginning())
        })
    }

    fn asked(&self) -> String {
        let url = self.url.split('?').next().unwrap_or_default();
        format!("{} {url}", self.method.word())
    }

    fn beginning(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        text.chars().take(SHOWN).collect()
    }
}

/// Names and values as a URL has them after its question mark.
///
/// ```
/// use cofferdam_guest_sdk::http::query;
///
/// assert_eq!(query(&[("network", "a b"), ("interface", "eth0")]), "network=a%20b&interface=eth0");
/// ```
#[must_use]
pub fn query(pairs: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        if !text.is_empty() {
            text.push('&');
        }
        encode(name, &mut text);
        text.push('=');
        encode(value, &mut text);
    }
    text
}

/// All but the unreserved characters of RFC 3986.
fn encode(text: &str, into: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            into.push(char::from(byte));
        } else {
            let _ = write!(into, "%{byte:02X}");
        }
    }
}

impl Method {
    fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl From<Method> for http::Method {
    fn from(method: Method) -> Self {
        match method {
            Method::Get => Self::Get,
            Method::Head => Self::Head,
            Method::Post => Self::Post,
            Method::Put => Self::Put,
            Method::Patch => Self::Patch,
            Method::Delete => Self::Delete,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn response(status: u16, body: &str) -> Response {
        Response {
            method: Method::Post,
            url: "https://ipam.example/addresses?secret".to_owned(),
            status,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn only_success_is_success() {
        for (status, code) in [
            (200, None),
            (204, None),
            (299, None),
            (302, Some(codes::INTERNAL)),
            (404, Some(codes::INTERNAL)),
            (409, Some(codes::INTERNAL)),
            (429, Some(codes::TRY_AGAIN_LATER)),
            (500, Some(codes::INTERNAL)),
            (503, Some(codes::TRY_AGAIN_LATER)),
        ] {
            let failure = response(status, "").success().err();
            assert_eq!(failure.map(|failure| failure.code), code, "{status}");
        }
    }

    #[test]
    fn a_failure_says_what_was_asked_without_the_query() {
        let failure = response(409, "taken").success().unwrap_err();
        assert_eq!(failure.message, "POST https://ipam.example/addresses answered 409");
        assert_eq!(failure.details.as_deref(), Some("taken"));
        let failure = response(200, "<html>").json::<u32>().unwrap_err();
        assert!(
            failure
                .message
                .starts_with("POST https://ipam.example/addresses answered what is not understood")
        );
    }

    #[test]
    fn a_query_keeps_its_parts_apart() {
        let encoded = query(&[("a&b", "c=d"), ("e", "f/g?h#i%"), ("ä", "")]);
        assert_eq!(encoded, "a%26b=c%3Dd&e=f%2Fg%3Fh%23i%25&%C3%A4=");
    }
}
