//! DHCP messages, as a server reads and writes them.

use std::collections::BTreeMap;

/// A client looks for servers (RFC 2131, as all of these).
pub const DISCOVER: u8 = 1;
/// A server offers an address.
pub const OFFER: u8 = 2;
/// A client asks for the address that it was offered, or goes on with its own.
pub const REQUEST: u8 = 3;
/// It is lent.
pub const ACK: u8 = 5;
/// It is not.
pub const NAK: u8 = 6;
/// The client gives it back.
pub const RELEASE: u8 = 7;

/// The server's own address.
pub const SERVER: [u8; 4] = [10, 77, 0, 1];
const COOKIE: [u8; 4] = [99, 130, 83, 99];

/// What a client said.
#[derive(Clone, Debug)]
pub struct Message {
    /// [`DISCOVER`] and so on.
    pub kind: u8,
    /// What an answer has to repeat.
    pub transaction: [u8; 4],
    /// The client's.
    pub mac: [u8; 6],
    /// The address that it has.
    pub address: [u8; 4],
    /// What each is set to, as it came.
    pub options: BTreeMap<u8, Vec<u8>>,
}

impl Message {
    /// Absent for what is no message.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut options = BTreeMap::new();
        let mut rest = bytes.get(240..)?;
        while let [code, length, after @ ..] = rest {
            if *code == 255 {
                break;
            }
            let (value, after) = after.split_at_checked(usize::from(*length))?;
            options.insert(*code, value.to_vec());
            rest = after;
        }
        Some(Self {
            kind: *options.get(&53)?.first()?,
            transaction: bytes[4..8].try_into().ok()?,
            mac: bytes[28..34].try_into().ok()?,
            address: bytes[12..16].try_into().ok()?,
            options,
        })
    }
}

/// An answer that lends an address, with these options beside the server's
/// identifier.
pub fn answer(to: &Message, kind: u8, lent: [u8; 4], options: &[(u8, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![0; 240];
    bytes[..3].copy_from_slice(&[2, 1, 6]);
    bytes[4..8].copy_from_slice(&to.transaction);
    bytes[16..20].copy_from_slice(&lent);
    bytes[28..34].copy_from_slice(&to.mac);
    bytes[236..].copy_from_slice(&COOKIE);
    for (code, value) in [(53, &[kind][..]), (54, &SERVER)].iter().chain(options) {
        bytes.extend([*code, u8::try_from(value.len()).unwrap()]);
        bytes.extend(*value);
    }
    bytes.push(255);
    bytes
}

/// Offers and grants one address, with these options.
pub fn lend(to: &Message, lent: [u8; 4], options: &[(u8, &[u8])]) -> Vec<Vec<u8>> {
    match to.kind {
        DISCOVER => vec![answer(to, OFFER, lent, options)],
        REQUEST => vec![answer(to, ACK, lent, options)],
        _ => Vec::new(),
    }
}
