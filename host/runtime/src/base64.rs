//! Base64 with padding (RFC 4648, section 4), as Go writes bytes into JSON:
//! the result cache holds the network list in this form.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const PADDING: u8 = b'=';

/// Encodes bytes.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |position: usize| u32::from(group.get(position).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for position in 0..4 {
            text.push(if position <= group.len() {
                digit(bits, position)
            } else {
                char::from(PADDING)
            });
        }
    }
    text
}

/// Decodes a text; line breaks inside are skipped, as Go does. `None` when it
/// is no base64.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    if !digits.len().is_multiple_of(4) {
        return None;
    }
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3);
    let groups = digits.len() / 4;
    for (number, group) in digits.chunks(4).enumerate() {
        let padding = group.iter().rev().take_while(|byte| **byte == PADDING).count();
        if padding > 2 || (padding > 0 && number + 1 != groups) {
            return None;
        }
        let mut bits = 0;
        for byte in group.get(..4 - padding)? {
            bits = bits << 6 | value(*byte)?;
        }
        let [_, decoded @ ..] = (bits << (6 * padding)).to_be_bytes();
        bytes.extend_from_slice(decoded.get(..3 - padding)?);
    }
    Some(bytes)
}

/// The digit for six of 24 bits, the highest ones being position 0.
fn digit(bits: u32, position: usize) -> char {
    let index = bits >> (18 - 6 * position) & 0x3f;
    let byte = usize::try_from(index).ok().and_then(|index| ALPHABET.get(index));
    char::from(byte.copied().unwrap_or(PADDING))
}

fn value(digit: u8) -> Option<u32> {
    ALPHABET
        .iter()
        .position(|byte| *byte == digit)
        .and_then(|position| u32::try_from(position).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{decode, encode};

    #[test]
    fn encodes_the_test_vectors_of_the_rfc() {
        let table = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ];
        for (plain, encoded) in table {
            assert_eq!(encode(plain.as_bytes()), encoded);
            assert_eq!(decode(encoded).as_deref(), Some(plain.as_bytes()));
        }
    }

    #[test]
    fn refuses_what_is_no_base64() {
        for text in ["Z", "Zg=", "Zg", "Z===", "====", "Zg==Zg==", "Z!==", "Zm9v Zm9v"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded_again(bytes: Vec<u8>) {
            prop_assert_eq!(decode(&encode(&bytes)), Some(bytes));
        }

        #[test]
        fn decoding_never_panics(text: String) {
            let _ = decode(&text);
        }
    }
}
