use cofferdam_guest_sdk::{Failure, RateLimit, Request};
use serde::Deserialize;

/// The plugin's configuration, and what the runtime passes on: rates in bits a
/// second, bursts in bits; seen from the container.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Config {
    ingress_rate: Option<u64>,
    ingress_burst: Option<u64>,
    egress_rate: Option<u64>,
    egress_burst: Option<u64>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Capabilities {
    bandwidth: Option<Config>,
}

/// What is limited of a container.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bandwidth {
    /// What it gets.
    pub(crate) ingress: Option<RateLimit>,
    /// What it sends.
    pub(crate) egress: Option<RateLimit>,
}

/// In microseconds, as the reference plugin has it.
const LATENCY: u32 = 25_000;
/// More bytes of a burst than the kernel can count.
const TOO_LARGE: u64 = u32::MAX as u64;

impl Bandwidth {
    pub(crate) fn is_limited(&self) -> bool {
        self.ingress.is_some() || self.egress.is_some()
    }
}

impl Config {
    /// What the configuration says for all attachments; nothing where it
    /// leaves it to the runtime.
    pub(crate) fn bandwidth(self) -> Result<Option<Bandwidth>, Failure> {
        if self == Self::default() {
            return Ok(None);
        }
        self.limits().map(Some)
    }

    fn limits(self) -> Result<Bandwidth, Failure> {
        Ok(Bandwidth {
            ingress: limit("ingress", self.ingress_rate, self.ingress_burst)?,
            egress: limit("egress", self.egress_rate, self.egress_burst)?,
        })
    }
}

/// By the configuration, or else as the runtime says. One key in the
/// configuration, and the runtime has no say.
pub(crate) fn bandwidth(request: &Request<Config>) -> Result<Bandwidth, Failure> {
    if let Some(bandwidth) = request.config.bandwidth()? {
        return Ok(bandwidth);
    }
    let capabilities: Capabilities = request.capabilities()?;
    capabilities.bandwidth.unwrap_or_default().limits()
}

/// Zero is as good as absent.
fn limit(direction: &str, rate: Option<u64>, burst: Option<u64>) -> Result<Option<RateLimit>, Failure> {
    let (rate, burst) = (rate.unwrap_or_default(), burst.unwrap_or_default());
    let invalid = |why: &str| Err(Failure::internal(format!("{direction}: {why}")));
    match (rate, burst) {
        (0, 0) => return Ok(None),
        (_, 0) => return invalid("if rate is set, burst must also be set"),
        (0, _) => return invalid("if burst is set, rate must also be set"),
        _ => {}
    }
    let (rate, bytes) = (rate / 8, burst / 8);
    if bytes >= TOO_LARGE {
        return invalid("burst cannot be more than 4GB");
    }
    if rate == 0 || bytes == 0 {
        return invalid("rate and burst are at least 8 bits");
    }
    Ok(Some(RateLimit {
        rate,
        burst: u32::try_from(bytes).unwrap_or(u32::MAX),
        latency: LATENCY,
    }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use cofferdam_guest_sdk::config::parse;

    use super::*;

    fn bandwidth_of(text: &str) -> Result<Option<Bandwidth>, Failure> {
        parse::<Config>(text).unwrap().bandwidth()
    }

    #[test]
    fn bits_become_bytes_and_directions_are_the_containers() {
        let bandwidth = bandwidth_of(r#"{"ingressRate":8000000,"ingressBurst":800000}"#)
            .unwrap()
            .unwrap();
        let expected = RateLimit {
            rate: 1_000_000,
            burst: 100_000,
            latency: 25_000,
        };
        assert_eq!(bandwidth.ingress, Some(expected));
        assert_eq!(bandwidth.egress, None);
    }

    #[test]
    fn zero_is_no_limit_and_still_the_configurations_word() {
        assert_eq!(bandwidth_of(r#"{"egressRate":0}"#).unwrap(), Some(Bandwidth::default()));
        assert_eq!(bandwidth_of("{}").unwrap(), None);
    }

    #[test]
    fn keys_match_in_any_case_and_a_wrong_type_is_told_with_its_place() {
        let config: Config = parse(r#"{"IngressRate":8000,"INGRESSBURST":800}"#).unwrap();
        assert!(config.bandwidth().unwrap().unwrap().is_limited());
        let failure = parse::<Config>(r#"{"egressRate":"8000"}"#).unwrap_err();
        assert!(
            failure
                .message
                .ends_with("egressRate: expected an integer, found \"8000\"")
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_direction() {
        for (text, named) in [
            (
                r#"{"egressRate":1000}"#,
                "egress: if rate is set, burst must also be set",
            ),
            (
                r#"{"ingressBurst":1000}"#,
                "ingress: if burst is set, rate must also be set",
            ),
            (
                r#"{"ingressRate":1000,"ingressBurst":34359738360}"#,
                "ingress: burst cannot be more than 4GB",
            ),
            (
                r#"{"egressRate":7,"egressBurst":1000}"#,
                "egress: rate and burst are at least 8 bits",
            ),
        ] {
            let failure = bandwidth_of(text).unwrap_err();
            assert_eq!(failure.message, named);
        }
    }
}
