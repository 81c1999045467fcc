//! The names of plugins and keys, which are parts of file names.

/// The longest name, in bytes.
pub(crate) const LONGEST: usize = 64;

/// 1 to 64 letters, digits, hyphens and underscores, the first a letter or
/// digit. A dot would make one plugin's file another's.
#[must_use]
pub fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let begins_well = name.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric);
    begins_well && name.len() <= LONGEST && name.bytes().all(plain)
}
