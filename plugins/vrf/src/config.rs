use cofferdam_guest_sdk::Failure;
use serde::Deserialize;

/// The plugin's configuration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Config {
    vrfname: String,
    table: u32,
}

impl Config {
    /// The name of the VRF.
    pub(crate) fn name(&self) -> Result<&str, Failure> {
        if self.vrfname.is_empty() {
            let text = "configuration is expected to have a valid vrf name: vrfname is missing";
            return Err(Failure::internal(text));
        }
        Ok(&self.vrfname)
    }

    /// Its routing table; absent leaves it to the host.
    pub(crate) fn table(&self) -> Option<u32> {
        (self.table != 0).then_some(self.table)
    }
}
