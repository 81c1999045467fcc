use cofferdam_guest_sdk::Failure;
use serde::Deserialize;

/// Smaller packets IPv4 does not have to carry whole (RFC 791).
const SMALLEST: u32 = 576;
/// What fits into an IP packet.
const LARGEST: u32 = 65535;

/// The plugin's configuration. Keys match whatever their case, and those that
/// are not here are passed over: runtimes add some.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Config {
    mtu: Option<u32>,
}

impl Config {
    /// The MTU that the interface is to have.
    pub(crate) fn mtu(&self) -> Result<u32, Failure> {
        match self.mtu {
            Some(mtu) if (SMALLEST..=LARGEST).contains(&mtu) => Ok(mtu),
            Some(mtu) => Err(Failure::invalid_config(format!(
                "mtu: {mtu} is not from {SMALLEST} to {LARGEST}"
            ))),
            None => Err(Failure::invalid_config(
                "mtu: it is missing; say how many bytes, as in \"mtu\": 1400",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use cofferdam_guest_sdk::config::parse;

    use super::*;

    fn mtu(config: &str) -> Result<u32, Failure> {
        parse::<Config>(config)?.mtu()
    }

    #[test]
    fn an_mtu_is_given_and_fits() {
        assert_eq!(mtu(r#"{ "type": "my-plugin", "mtu": 1400 }"#), Ok(1400));
        for (config, words) in [
            ("{}", "it is missing"),
            (r#"{ "mtu": 100 }"#, "100 is not from"),
            (r#"{ "mtu": 70000 }"#, "70000 is not from"),
            (r#"{ "mtu": "1400" }"#, "mtu"),
        ] {
            let failure = mtu(config).expect_err(config);
            assert!(failure.message.contains(words), "{config}: {failure}");
        }
    }
}
