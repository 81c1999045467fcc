use std::time::Duration;

use cofferdam_http::{
    CarryError, Permit, Response,
    wire::{Errand, Orders},
};

use crate::{credential::Credential, exchange::exchange, failure::no_key, trust::Trust};

/// No call has more time.
const LONGEST: Duration = Duration::from_secs(600);

/// Sends what its orders permit.
pub(crate) struct Sender {
    orders: Orders,
    trust: Trust,
}

impl Sender {
    pub(crate) fn new(orders: Orders, trust: Trust) -> Self {
        Self { orders, trust }
    }

    /// Sends a request, and gives the response if the credential is not in it.
    pub(crate) fn send(&self, errand: &Errand) -> Result<Response, CarryError> {
        let url = errand.request.url();
        let what = format!("{} {}{}", errand.request.method(), url.origin(), url.path());
        // Who asks may be somebody who took the place of whoever checked that.
        let permit = self
            .permit(errand)
            .ok_or_else(|| CarryError::Denied(format!("{what}: no grant is for it")))?;
        let credential = permit.credential.as_deref();
        let credential = credential.map(|name| Credential::read(&self.orders.credentials, name));
        let credential = credential.transpose().map_err(|error| no_key(&what, &error))?;
        let trusted = self
            .trust
            .certificates(permit)
            .map_err(|problem| no_key(&what, &problem))?;
        let time = Duration::from_millis(errand.milliseconds).min(LONGEST);
        let authorization = credential.as_ref().map(Credential::authorization);
        let outcome = exchange(&errand.request, authorization, trusted, time, &what);
        match credential {
            Some(credential) => without(&credential, outcome, &what),
            None => outcome,
        }
    }

    fn permit(&self, errand: &Errand) -> Option<&Permit> {
        let (method, url) = (errand.request.method(), errand.request.url());
        let mut permits = self.orders.permits.iter();
        permits.find(|permit| permit.allows(&errand.plugin, method, url))
    }
}

/// An outcome that does not tell the credential, which the service has by now.
fn without(credential: &Credential, outcome: Result<Response, CarryError>, what: &str) -> Result<Response, CarryError> {
    let tells = |response: &Response| {
        let mut headers = response.headers.iter();
        credential.is_in(&response.body)
            || headers
                .any(|header| credential.is_in(header.value.as_bytes()) || credential.is_in(header.name.as_bytes()))
    };
    match outcome {
        Ok(response) if tells(&response) => Err(CarryError::Conflict(format!(
            "{what}: the response repeats the credential, and is kept back; the service must not do that"
        ))),
        Ok(response) => Ok(response),
        Err(error) => Err(error.hiding(|text| credential.hide(text))),
    }
}
