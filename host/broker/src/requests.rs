//! Who sends the requests of a call's plugins.

use std::{error::Error, fmt, path::Path, sync::Arc};

use cofferdam_http::{Carrier, Method, Permit, wire::Orders};
use cofferdam_policy::Requests;
use cofferdam_sandbox::Sandbox;

use crate::{Installation, Workplace, call::Call, plugins::Plugins, timing};

/// What the operator gives to be added to requests.
const CREDENTIALS: &str = "/etc/cofferdam/credentials";
/// Certificates of authorities that the operator trusts for some services.
const AUTHORITIES: &str = "/etc/cofferdam/authorities";
/// Where distributions keep those that the whole node trusts.
const ROOTS: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Whoever sends requests, or why nobody does, for the plugin.
pub(crate) type Carrying = Result<Box<dyn Carrier>, String>;

/// Finds somebody to send requests.
#[derive(Clone)]
pub(crate) struct Carriers(Arc<Finder>);

type Finder = dyn Fn(&Orders) -> Result<Box<dyn Carrier>, Box<dyn Error>> + Send + Sync;

impl Carriers {
    pub(crate) fn new<E: Error + 'static>(
        find: impl Fn(&Orders) -> Result<Box<dyn Carrier>, E> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(move |orders| find(orders).map_err(Into::into)))
    }
}

impl fmt::Debug for Carriers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Carriers")
    }
}

/// Finds a carrier, if there is something that a plugin of the call may have
/// sent.
pub(crate) fn carrier(call: &Call, plugins: &Plugins, sandbox: &Sandbox) -> Carrying {
    let Some(Carriers(find)) = &call.carriers else {
        return Err(nobody(call).to_owned());
    };
    let permits = plugins.permits(sandbox);
    // What is not granted is asked in a rehearsal as if it were.
    if permits.is_empty() && !call.rehearsing.is_on() {
        return Err("this plugin was not to send requests when the call began".to_owned());
    }
    let found = find(&orders(&call.installation, permits)).map_err(|error| error.to_string());
    timing::phase("courier");
    found
}

fn nobody(call: &Call) -> &'static str {
    if call.workplace == Workplace::Recording {
        "the recording has no response to this request, and none is sent"
    } else {
        "nothing is sent by this program; cofferdam does it"
    }
}

fn orders(installation: &Installation, permits: Vec<Permit>) -> Orders {
    let below = |path: &str| installation.resolve(Path::new(path));
    Orders {
        permits,
        credentials: below(CREDENTIALS),
        authorities: below(AUTHORITIES),
        roots: ROOTS.map(below).into(),
    }
}

/// What a grant says to whoever sends.
pub(crate) fn permit(plugin: &str, granted: Requests<'_>) -> Permit {
    let methods = granted.methods.iter().filter_map(|method| Method::from_word(method));
    Permit {
        plugin: plugin.to_owned(),
        origins: granted.origins.to_vec(),
        methods: methods.collect(),
        paths: granted.paths.map(<[_]>::to_vec),
        credential: granted.credential.map(str::to_owned),
        authority: granted.authority.map(str::to_owned),
    }
}
