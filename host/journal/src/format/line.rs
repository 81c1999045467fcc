use serde::Serialize;

/// Digits of the checksum and the blank after it.
const PREFIX: usize = 9;

/// Appends `CRC32 JSON LF` to a buffer, or nothing on an error: a value that
/// JSON can't hold, as a path that is no text.
pub(crate) fn append_line<T: Serialize>(buffer: &mut Vec<u8>, value: &T) -> serde_json::Result<()> {
    let start = buffer.len();
    buffer.extend_from_slice(&[b' '; PREFIX]);
    if let Err(error) = serde_json::to_writer(&mut *buffer, value) {
        buffer.truncate(start);
        return Err(error);
    }
    let (prefix, json) = buffer.split_at_mut(start + PREFIX);
    let mut checksum = crc32fast::hash(json);
    // JSON on one line holds no line feed: serde_json escapes it in strings.
    for digit in prefix.iter_mut().skip(start).take(PREFIX - 1).rev() {
        *digit = b"0123456789abcdef"[(checksum & 0xf) as usize];
        checksum >>= 4;
    }
    buffer.push(b'\n');
    Ok(())
}

/// The JSON of a line without its line feed, if the checksum is right.
pub(crate) fn parse_line(line: &[u8]) -> Option<&[u8]> {
    let (prefix, json) = line.split_at_checked(PREFIX)?;
    let digits = prefix.strip_suffix(b" ")?;
    // Written in small letters only: a line has one spelling.
    if !digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    let checksum = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    (crc32fast::hash(json) == checksum).then_some(json)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_is_checksum_blank_json_and_line_feed() {
        let mut buffer = b"before\n".to_vec();
        append_line(&mut buffer, &serde_json::json!({"a": "b\nc"})).unwrap();
        let json = br#"{"a":"b\nc"}"#;
        let expected = format!(
            "before\n{:08x} {}\n",
            crc32fast::hash(json),
            std::str::from_utf8(json).unwrap()
        );
        assert_eq!(String::from_utf8(buffer).unwrap(), expected);
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(text in ".*") {
            let mut buffer = Vec::new();
            append_line(&mut buffer, &text).unwrap();
            prop_assert_eq!(buffer.pop(), Some(b'\n'));
            prop_assert!(!buffer.contains(&b'\n'));
            let json = parse_line(&buffer).unwrap();
            prop_assert_eq!(serde_json::from_slice::<String>(json).unwrap(), text);
        }

        #[test]
        fn one_changed_byte_is_noticed(text in "[a-z]{1,40}", place in any::<prop::sample::Index>(), change in 1..=255u8) {
            let mut buffer = Vec::new();
            append_line(&mut buffer, &text).unwrap();
            buffer.pop();
            let place = place.index(buffer.len());
            buffer[place] ^= change;
            prop_assert_eq!(parse_line(&buffer), None);
        }

        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = parse_line(&bytes);
        }
    }
}
