/// A number for some texts in their order, the same in every build and on every
/// node, to make names of: FNV-1a in 64 bits. Whoever chooses the texts can
/// choose two with the same number.
///
/// ```
/// use cofferdam_guest_sdk::digest;
///
/// assert_eq!(digest(&["mynet", "c1"]), digest(&["mynet", "c1"]));
/// assert_ne!(digest(&["mynet", "c1"]), digest(&["mynetc", "1"]));
/// ```
#[must_use]
pub fn digest(texts: &[&str]) -> u64 {
    // No text holds the byte 0xff.
    let bytes = texts.iter().flat_map(|text| text.bytes().chain([0xff]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |digest, byte| {
        (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
