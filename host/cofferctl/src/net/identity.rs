use sha2::{Digest as _, Sha512};

/// Bytes of the digest that are in an id.
const DIGEST_BYTES: usize = 10;

/// The id of the container that has a namespace: the same one as `cnitool`
/// gives it.
pub(super) fn container_id(netns: &str) -> String {
    let digest = Sha512::digest(netns.as_bytes());
    digest
        .iter()
        .take(DIGEST_BYTES)
        .fold(String::from("cnitool-"), |id, byte| format!("{id}{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_is_named_by_the_digest_of_its_namespaces_path() {
        // printf /var/run/netns/testing | sha512sum
        assert_eq!(container_id("/var/run/netns/testing"), "cnitool-77383ca0a0715733ca6f");
    }
}
