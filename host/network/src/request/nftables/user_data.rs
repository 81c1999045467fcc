//! Comments as `nft` keeps them in the kernel's opaque user data: a type, a
//! length, a value, the comment with a NUL at its end. Their type is 0 for
//! tables, rules and elements alike (libnftnl's `udata.h`).

const COMMENT: u8 = 0;
const SET_KEY_BYTE_ORDER: u8 = 0;
const SET_DATA_BYTE_ORDER: u8 = 1;
/// Bytes of a comment with its NUL.
const COMMENT_MAXIMUM: usize = 128;

/// A comment, cut to 127 bytes at the boundary of a character.
pub(crate) fn comment(text: &str) -> Vec<u8> {
    let mut end = text.len().min(COMMENT_MAXIMUM - 1);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let value = [&text.as_bytes()[..end], &[0]].concat();
    let mut data = Vec::new();
    put(&mut data, COMMENT, &value);
    data
}

/// The comment in it; empty when there is none.
pub(crate) fn read_comment(mut data: &[u8]) -> String {
    while let [kind, length, rest @ ..] = data {
        let Some((value, rest)) = rest.split_at_checked(usize::from(*length)) else {
            break;
        };
        if *kind == COMMENT {
            return super::attribute::text_of(value);
        }
        data = rest;
    }
    String::new()
}

/// How `nft` is to read a set's keys and a map's values.
pub(crate) fn byte_orders(key: u32, data: Option<u32>) -> Vec<u8> {
    let mut user_data = Vec::new();
    put(&mut user_data, SET_KEY_BYTE_ORDER, &key.to_ne_bytes());
    if let Some(data) = data {
        put(&mut user_data, SET_DATA_BYTE_ORDER, &data.to_ne_bytes());
    }
    user_data
}

fn put(data: &mut Vec<u8>, kind: u8, value: &[u8]) {
    let length = u8::try_from(value.len()).expect("a value here has at most 128 bytes");
    data.extend([kind, length]);
    data.extend_from_slice(value);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_long_comment_ends_before_the_character_that_does_not_fit() {
        let text = format!("{}äbc", "x".repeat(126));
        assert_eq!(read_comment(&comment(&text)), "x".repeat(126));
        let text = format!("{}abc", "x".repeat(126));
        assert_eq!(read_comment(&comment(&text)), format!("{}a", "x".repeat(126)));
    }

    proptest! {
        #[test]
        fn a_short_comment_is_read_as_it_was(text in "[^\0]{0,31}") {
            prop_assert_eq!(read_comment(&comment(&text)), text);
        }

        #[test]
        fn any_bytes_are_read_to_an_end(data: Vec<u8>) {
            read_comment(&data);
        }
    }
}
