/// Whether Go takes a key of a document for this field: equal but for the
/// case of letters, where `ſ` (U+017F) counts as `s` and the Kelvin sign
/// (U+212A) as `k`.
#[must_use]
pub fn matches(key: &str, field: &str) -> bool {
    key.chars().map(fold).eq(field.chars().map(fold))
}

fn fold(character: char) -> char {
    match character {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        other => other.to_ascii_lowercase(),
    }
}
