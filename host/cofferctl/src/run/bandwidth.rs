use std::str::FromStr;

use anyhow::{Context as _, anyhow, bail, ensure};
use serde_json::{Map, Value, json};

/// How it is written.
pub(super) const FORM: &str = "ingress|egress=RATE[/BURST]";

/// Bits of the smallest burst that is chosen: some full packets.
const LEAST_BURST: u64 = 256_000;
/// Bits of the largest one that is chosen; the kernel counts no more bytes.
const MOST_BURST: u64 = 32_000_000_000;

/// Which packets are meant, as seen from the container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Ingress,
    Egress,
}

/// A limit to what a container gets or sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limit {
    direction: Direction,
    /// Bits a second.
    rate: u64,
    /// Bits at once after a pause.
    burst: u64,
}

/// The capability `bandwidth` of these limits.
pub(super) fn bandwidth(limits: &[Limit]) -> anyhow::Result<Value> {
    let mut keys = Map::new();
    for limit in limits {
        let (name, rate, burst) = match limit.direction {
            Direction::Ingress => ("ingress", "ingressRate", "ingressBurst"),
            Direction::Egress => ("egress", "egressRate", "egressBurst"),
        };
        ensure!(
            keys.insert(rate.to_owned(), json!(limit.rate)).is_none(),
            "--bandwidth: {name} is limited twice; write {FORM} once for each direction"
        );
        keys.insert(burst.to_owned(), json!(limit.burst));
    }
    Ok(Value::Object(keys))
}

impl FromStr for Limit {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        parse(text).map_err(|error| {
            anyhow!("{error}; write {FORM}, in bits a second and bits, such as ingress=10M or egress=512k/1M")
        })
    }
}

fn parse(text: &str) -> anyhow::Result<Limit> {
    let (direction, limit) = text.split_once('=').context("there is no rate")?;
    let direction = match direction {
        "ingress" => Direction::Ingress,
        "egress" => Direction::Egress,
        _ => bail!("{direction:?} is neither ingress nor egress"),
    };
    let (rate, burst) = match limit.split_once('/') {
        Some((rate, burst)) => (bits(rate)?, Some(bits(burst)?)),
        None => (bits(limit)?, None),
    };
    Ok(Limit {
        direction,
        rate,
        burst: burst.unwrap_or_else(|| (rate / 10).clamp(LEAST_BURST, MOST_BURST)),
    })
}

/// A number with a unit of thousands.
fn bits(text: &str) -> anyhow::Result<u64> {
    let units = [('k', 1_000), ('K', 1_000), ('M', 1_000_000), ('G', 1_000_000_000)];
    let unit = units.into_iter().find(|(letter, _)| text.ends_with(*letter));
    let (digits, unit) = unit.map_or((text, 1), |(letter, unit)| {
        (text.strip_suffix(letter).unwrap_or(text), unit)
    });
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.parse::<u64>().ok().filter(|number| is_number && *number > 0);
    let bits = number.and_then(|number| number.checked_mul(unit));
    bits.with_context(|| format!("{text:?} is not a number of bits with k, M, G or nothing behind it"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn limits(texts: &[&str]) -> anyhow::Result<Value> {
        let limits: Vec<Limit> = texts.iter().map(|text| text.parse().unwrap()).collect();
        bandwidth(&limits)
    }

    #[test]
    fn each_direction_has_a_rate_and_a_burst() {
        assert_eq!(
            limits(&["ingress=10M", "egress=512k/1M"]).unwrap(),
            json!({ "ingressRate": 10_000_000, "ingressBurst": 1_000_000,
                    "egressRate": 512_000, "egressBurst": 1_000_000 })
        );
    }

    #[test]
    fn a_burst_that_is_not_said_lets_full_packets_through_and_can_be_counted() {
        let burst = |text| limits(&[text]).unwrap()["egressBurst"].as_u64().unwrap();
        assert_eq!(burst("egress=8000"), LEAST_BURST);
        assert_eq!(burst("egress=1000G"), MOST_BURST);
    }

    #[test]
    fn what_is_wrong_is_said_with_the_form() {
        for (text, said) in [
            ("10M", "there is no rate"),
            ("in=10M", "neither ingress nor egress"),
            ("ingress=", "\"\" is not a number"),
            ("ingress=0", "\"0\" is not a number"),
            ("ingress=+1", "\"+1\" is not a number"),
            ("ingress=10MM", "\"10MM\" is not a number"),
            ("ingress=10Mbit", "\"10Mbit\" is not a number"),
            ("ingress=99999999999999G", "is not a number"),
            ("egress=1M/x", "\"x\" is not a number"),
        ] {
            let error = format!("{:#}", text.parse::<Limit>().unwrap_err());
            assert!(error.contains(said) && error.contains(FORM), "{text}: {error}");
        }
        let error = limits(&["egress=1M", "egress=2M"]).unwrap_err().to_string();
        assert!(error.contains("--bandwidth: egress is limited twice"), "{error}");
    }
}
