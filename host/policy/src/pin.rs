/// Which component may act under a policy. Whoever loads the component holds
/// it to this; here it is data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Pin {
    /// Any that the operator installed under the plugin's name.
    #[default]
    Any,
    /// The one with this SHA-256 digest, in 64 hexadecimal digits of lower
    /// case.
    Digest(String),
    /// One that was signed with the private half of this key.
    SignedBy {
        /// What the policy calls the key.
        name: String,
        /// The public half, for Ed25519 (RFC 8032).
        key: [u8; 32],
    },
}
