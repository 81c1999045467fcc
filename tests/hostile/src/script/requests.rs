use cofferdam_guest_sdk::{
    Failure,
    bindings::http::{self, Header, Method, Request},
};

use super::{Outcome, Script, failure};

impl Script {
    /// Keeps status, headers and body, as far as the body is text.
    pub(super) fn request(&mut self, method: &str, url: &str, headers: &[(String, String)], body: Vec<u8>) -> Outcome {
        let headers = headers.iter().map(|(name, value)| Header {
            name: name.clone(),
            value: value.clone(),
        });
        let response = http::send(&Request {
            method: named(method)?,
            url: url.to_owned(),
            headers: headers.collect(),
            body,
        })
        .map_err(failure)?;
        let headers: Vec<(String, String)> = response
            .headers
            .into_iter()
            .map(|header| (header.name, header.value))
            .collect();
        let body = String::from_utf8_lossy(&response.body)
            .chars()
            .take(200)
            .collect::<String>();
        self.saw((response.status, response.body.len(), headers, body));
        Ok(())
    }
}

fn named(method: &str) -> Result<Method, Failure> {
    Ok(match method {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "PATCH" => Method::Patch,
        "DELETE" => Method::Delete,
        _ => return Err(Failure::invalid_config(format!("{method:?} is no method"))),
    })
}
