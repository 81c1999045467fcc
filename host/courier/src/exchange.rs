//! One request and its response, over one connection.

use std::{sync::Arc, time::Duration};

use cofferdam_http::{CarryError, Header, Request, Response};
use ureq::{
    Agent, Body, Error,
    config::Config,
    http,
    tls::{RootCerts, TlsConfig, TlsProvider},
    unversioned::{resolver::DefaultResolver, transport::DefaultConnector},
};

use crate::{
    failure::{carry_error, no_http, too_many_headers},
    resolver::OriginResolver,
    trust::Certificates,
};

/// How this program calls itself.
const USER_AGENT: &str = concat!("cofferdam/", env!("CARGO_PKG_VERSION"));
/// Statuses that end an exchange and have a meaning.
const STATUSES: std::ops::RangeInclusive<u16> = 200..=599;

/// Sends a request, and reads all of the response. `what` is for errors.
pub(crate) fn exchange(
    request: &Request,
    authorization: Option<&str>,
    trusted: Certificates,
    time: Duration,
    what: &str,
) -> Result<Response, CarryError> {
    let resolver = OriginResolver {
        origin: request.url().origin().clone(),
        system: DefaultResolver::default(),
    };
    let agent = Agent::with_parts(config(trusted, time), DefaultConnector::default(), resolver);
    let head = head(request, authorization).map_err(|error| no_http(what, &error))?;
    let answered = if request.method().has_body() {
        agent.run(head.map(|()| request.body()))
    } else {
        agent.run(head)
    };
    let answered = answered.map_err(|error| carry_error(&error, what))?;
    response(answered, what)
}

/// Nothing is followed, kept, unpacked, or sent by way of others.
fn config(trusted: Certificates, time: Duration) -> Config {
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .root_certs(RootCerts::Specific(trusted))
        .build();
    Agent::config_builder()
        .tls_config(tls)
        .proxy(None)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .max_idle_connections(0)
        .max_response_header_size(Response::HEADER_BYTES)
        .user_agent(USER_AGENT)
        .accept_encoding("identity")
        .timeout_global(Some(time))
        .build()
}

fn head(request: &Request, authorization: Option<&str>) -> Result<http::Request<()>, http::Error> {
    let mut head = http::Request::builder()
        .method(request.method().word())
        .uri(request.url().to_string());
    for Header { name, value } in request.headers() {
        head = head.header(name, value);
    }
    if let Some(authorization) = authorization {
        let mut value = http::HeaderValue::from_str(authorization)?;
        value.set_sensitive(true);
        head = head.header(http::header::AUTHORIZATION, value);
    }
    head.body(())
}

fn response(answered: http::Response<Body>, what: &str) -> Result<Response, CarryError> {
    let status = answered.status().as_u16();
    if !STATUSES.contains(&status) {
        return Err(no_http(what, &format!("its status is {status}")));
    }
    let (parts, mut body) = answered.into_parts();
    if parts.headers.len() > Response::HEADERS {
        return Err(too_many_headers(what));
    }
    let as_text = |value: &http::HeaderValue| value.to_str().ok().map(str::to_owned);
    let headers = parts.headers.iter().filter_map(|(name, value)| {
        Some(Header {
            name: name.as_str().to_owned(),
            value: as_text(value)?,
        })
    });
    let headers = headers.collect();
    let limit = Response::BODY as u64;
    // With a limit that the body has to exceed to be refused.
    let read = body.with_config().limit(limit + 1).read_to_vec();
    let body = read.map_err(|error| carry_error(&error, what))?;
    if body.len() as u64 > limit {
        return Err(carry_error(&Error::BodyExceedsLimit(limit), what));
    }
    Ok(Response { status, headers, body })
}
