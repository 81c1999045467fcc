/// The number of custom sections in a component.
const CUSTOM: u8 = 0;

/// Puts a custom section at the end of a component.
pub(super) fn append(component: &mut Vec<u8>, name: &str, content: &[u8]) {
    let mut body = number(name.len());
    body.extend(name.as_bytes());
    body.extend(content);
    component.push(CUSTOM);
    component.extend(number(body.len()));
    component.extend(body);
}

/// A number as WebAssembly has it (unsigned LEB128): seven bits a byte, the
/// lowest first, and a mark on all but the last.
fn number(mut rest: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = rest.to_le_bytes()[0] & 0x7f;
        rest >>= 7;
        if rest == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::metadata::describe;

    /// A component with nothing in it.
    const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

    #[test]
    fn what_was_put_in_is_read_whatever_its_length() {
        for length in [0, 1, 90, 91, 127, 128, 20_000, 3_000_000] {
            let mut component = EMPTY.to_vec();
            let said = serde_json::json!({ "name": "a", "description": "x".repeat(length), "needs": [] });
            append(&mut component, "cofferdam:plugin", said.to_string().as_bytes());
            append(&mut component, "cofferdam:config-schema", b"{}");
            let description = describe(&component).unwrap();
            assert_eq!(description.metadata.unwrap().description.len(), length);
            assert_eq!(description.schema.unwrap(), "{}");
        }
    }
}
