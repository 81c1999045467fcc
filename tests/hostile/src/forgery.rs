//! What the types of the SDK rule out: handles that nobody gave, and text that
//! is none.

use cofferdam_guest_sdk::{
    Failure,
    bindings::{
        links::{self, Link},
        namespaces::{self, Namespace},
        store::Records,
        types,
    },
};

/// False when there is no such attack.
pub(crate) fn tried(attack: &str) -> Result<bool, Failure> {
    match attack {
        "forged-link" => drop(forged_link(7).info()),
        "forged-link-0" => drop(forged_link(0).info()),
        "forged-link-max" => drop(forged_link(u32::MAX - 1).info()),
        "forged-link-dropped" => drop(forged_link(7)),
        "forged-namespace" => drop(links::find(&forged_namespace(7), "lo")),
        "forged-records" => drop(forged_records(7).claim("10.22.0.77")),
        "link-that-is-a-namespace" => drop(forged_link(host()?.take_handle()).info()),
        "namespace-that-is-a-link" => {
            let link = links::find(&namespaces::container().map_err(failure)?, "lo").map_err(failure)?;
            drop(links::find(&forged_namespace(link.take_handle()), "lo"));
        }
        "records-that-are-a-namespace" => drop(forged_records(host()?.take_handle()).owned()),
        "used-after-drop" => {
            let number = host()?.handle();
            drop(links::find(&forged_namespace(number), "lo"));
        }
        "dropped-twice" => {
            let host = host()?;
            drop(forged_namespace(host.handle()));
            drop(host);
        }
        "name-without-utf8" => drop(links::find(&host()?, &text_of(&[0xff, 0xfe, b'l', b'o']))),
        "surrogate" => drop(links::find(&host()?, &text_of(&[0xed, 0xa0, 0x80]))),
        "overlong" => drop(links::find(&host()?, &text_of(&[0xc0, 0xaf]))),
        "message-without-utf8" => return Err(Failure::internal(text_of(&[0xff, b'"', b'}']))),
        _ => return Ok(false),
    }
    Ok(true)
}

fn host() -> Result<Namespace, Failure> {
    namespaces::host().map_err(failure)
}

fn failure(error: types::Error) -> Failure {
    cofferdam_guest_sdk::Error::from(error).into()
}

fn forged_link(number: u32) -> Link {
    // SAFETY: to the guest a handle is a number; what the host makes of one
    // that it did not give is what is tried.
    unsafe { Link::from_handle(number) }
}

fn forged_namespace(number: u32) -> Namespace {
    // SAFETY: as above.
    unsafe { Namespace::from_handle(number) }
}

fn forged_records(number: u32) -> Records {
    // SAFETY: as above.
    unsafe { Records::from_handle(number) }
}

fn text_of(bytes: &[u8]) -> String {
    // SAFETY: nothing in the guest reads it; it is copied to the host as it is.
    unsafe { String::from_utf8_unchecked(bytes.to_vec()) }
}
