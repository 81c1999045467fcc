//! Whose certificates are trusted.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use cofferdam_http::{Permit, wire::Orders};
use ureq::tls::{Certificate, PemItem, parse_pem};

/// Bytes of certificates in a file.
const LONGEST: u64 = 4 << 20;

pub(crate) type Certificates = Arc<Vec<Certificate<'static>>>;

/// Certificates of authorities by their names, or why they can't be used.
/// Without a name: those that the node trusts.
#[derive(Default)]
pub(crate) struct Trust(BTreeMap<Option<String>, Result<Certificates, String>>);

impl Trust {
    /// Reads what the permits may need, as long as everything can be read.
    pub(crate) fn read(orders: &Orders) -> Self {
        let mut trust = Self::default();
        let secure = |permit: &&Permit| permit.origins.iter().any(|origin| origin.is_secure());
        for permit in orders.permits.iter().filter(secure) {
            let name = permit.authority.clone();
            let certificates = || match &name {
                Some(name) => read(&orders.authorities.join(format!("{name}.pem"))),
                None => of_node(&orders.roots),
            };
            trust.0.entry(name.clone()).or_insert_with(certificates);
        }
        trust
    }

    /// Those that count for a permit.
    pub(crate) fn certificates(&self, permit: &Permit) -> Result<Certificates, String> {
        let read = self.0.get(&permit.authority);
        read.cloned().unwrap_or_else(|| Ok(Certificates::default()))
    }
}

fn of_node(places: &[PathBuf]) -> Result<Certificates, String> {
    let there = places.iter().find(|place| place.is_file());
    match there {
        Some(place) => read(place),
        None => {
            let places: Vec<String> = places.iter().map(|place| place.display().to_string()).collect();
            Err(format!(
                "the node has no list of authorities that it trusts ({}); install ca-certificates, or name one with ca",
                places.join(", ")
            ))
        }
    }
}

fn read(place: &Path) -> Result<Certificates, String> {
    let told = |problem: &dyn std::fmt::Display| format!("authority {} can't be used: {problem}", place.display());
    let bytes = bytes(place).map_err(|error| told(&error))?;
    let certificates: Vec<Certificate<'static>> = parse_pem(&bytes)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate.to_owned()),
            _ => None,
        })
        .collect();
    if certificates.is_empty() {
        return Err(told(&"there is no certificate in it, in the form PEM"));
    }
    Ok(Arc::new(certificates))
}

fn bytes(place: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(place)?.take(LONGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}
