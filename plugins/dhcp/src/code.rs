//! Options by their numbers (RFC 2132).

pub(crate) const PAD: u8 = 0;
pub(crate) const SUBNET_MASK: u8 = 1;
pub(crate) const ROUTERS: u8 = 3;
pub(crate) const DNS_SERVERS: u8 = 6;
pub(crate) const HOST_NAME: u8 = 12;
pub(crate) const DOMAIN_NAME: u8 = 15;
pub(crate) const STATIC_ROUTES: u8 = 33;
pub(crate) const REQUESTED_ADDRESS: u8 = 50;
pub(crate) const LEASE_TIME: u8 = 51;
pub(crate) const OVERLOAD: u8 = 52;
pub(crate) const MESSAGE_TYPE: u8 = 53;
pub(crate) const SERVER: u8 = 54;
pub(crate) const PARAMETERS: u8 = 55;
pub(crate) const LARGEST_MESSAGE: u8 = 57;
pub(crate) const RENEWAL: u8 = 58;
pub(crate) const REBINDING: u8 = 59;
pub(crate) const VENDOR_CLASS: u8 = 60;
pub(crate) const CLIENT_IDENTIFIER: u8 = 61;
pub(crate) const USER_CLASS: u8 = 77;
pub(crate) const SEARCH_LIST: u8 = 119;
pub(crate) const CLASSLESS_ROUTES: u8 = 121;
pub(crate) const END: u8 = 255;

/// The names that configurations may use.
const NAMES: [(&str, u8); 6] = [
    ("dhcp-client-identifier", CLIENT_IDENTIFIER),
    ("subnet-mask", SUBNET_MASK),
    ("routers", ROUTERS),
    ("host-name", HOST_NAME),
    ("user-class", USER_CLASS),
    ("vendor-class-identifier", VENDOR_CLASS),
];

/// What the client itself says with each message, or what is no option.
const OF_THE_CLIENT: [u8; 8] = [
    PAD,
    REQUESTED_ADDRESS,
    OVERLOAD,
    MESSAGE_TYPE,
    SERVER,
    PARAMETERS,
    LARGEST_MESSAGE,
    END,
];

/// An option by its name or number.
pub(crate) fn parse(text: &str) -> Option<u8> {
    let named = NAMES.iter().find(|(name, _)| *name == text);
    named.map(|(_, code)| *code).or_else(|| text.parse().ok())
}

/// The names, for errors.
pub(crate) fn names() -> String {
    NAMES.map(|(name, _)| name).join(", ")
}

/// Whether a configuration may say what is in it.
pub(crate) fn is_for_configuration(code: u8) -> bool {
    !OF_THE_CLIENT.contains(&code)
}
