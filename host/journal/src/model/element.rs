use cofferdam_network::nftables::{Element, Value};

/// The comment of an element that attachments share: none of them is its owner.
pub const SHARED_ELEMENT: &str = "shared";

/// The key of an element, as `nft` writes it.
#[must_use]
pub fn element_text(element: &Element) -> String {
    let parts: Vec<String> = element.key.iter().map(part).collect();
    parts.join(" . ")
}

fn part(value: &Value) -> String {
    match value {
        Value::Address(address) => address.to_string(),
        Value::Ether(mac) => mac.to_string(),
        Value::InterfaceName(name) => format!("{name:?}"),
        Value::Protocol(number) => number.to_string(),
        Value::Port(number) => number.to_string(),
        Value::Mark(mark) => format!("{mark:#x}"),
    }
}
