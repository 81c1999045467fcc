use cofferdam_protocol::IpPrefix;
use serde::{Deserialize, Serialize};

/// What the kernel tells about an address of a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressInfo {
    /// The address with its prefix length.
    pub address: IpPrefix,
    /// `RT_SCOPE_*`.
    pub scope: u8,
    /// `IFA_F_TENTATIVE`: duplicate detection is running.
    pub tentative: bool,
    /// `IFA_F_DADFAILED`: somebody else has it.
    pub duplicate: bool,
}
