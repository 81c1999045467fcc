use std::fmt::Display;

use cofferdam_guest_sdk::{Arguments, Failure, codes};
use serde::Deserialize;

use crate::code;

/// Bytes of an option's value.
const LONGEST_VALUE: usize = 255;

/// The network's configuration, as far as this plugin reads it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Config {
    ipam: Option<Ipam>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ipam {
    request: Vec<RequestOption>,
    provide: Vec<ProvideOption>,
    /// Metric of all routes; 0 leaves the kernel's choice.
    pub(crate) priority: u32,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RequestOption {
    option: String,
    skip_default: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ProvideOption {
    option: String,
    value: String,
    from_arg: String,
}

/// What is asked of a server, and told to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wishes {
    /// Options that are asked for.
    pub(crate) requested: Vec<u8>,
    /// Options that are told, each once.
    pub(crate) provided: Vec<(u8, Vec<u8>)>,
}

impl Config {
    pub(crate) fn ipam(&self) -> Result<&Ipam, Failure> {
        self.ipam
            .as_ref()
            .ok_or_else(|| Failure::new(codes::INVALID_CONFIG, "IPAM config missing 'ipam' key"))
    }
}

impl Ipam {
    /// Whether it makes sense, for whichever attachment.
    pub(crate) fn validate(&self) -> Result<(), Failure> {
        self.wishes(&Arguments::default()).map(drop)
    }

    /// What is asked and told for an attachment with these `CNI_ARGS`.
    pub(crate) fn wishes(&self, args: &Arguments) -> Result<Wishes, Failure> {
        Ok(Wishes {
            requested: self.requested()?,
            provided: self.provided(args)?,
        })
    }

    fn requested(&self) -> Result<Vec<u8>, Failure> {
        let mut requested = Vec::new();
        for (number, wanted) in self.request.iter().enumerate() {
            push(&mut requested, option(&wanted.option, "request", number)?);
        }
        if !self.request.iter().any(|wanted| wanted.skip_default) {
            push(&mut requested, code::ROUTERS);
            push(&mut requested, code::SUBNET_MASK);
        }
        if requested.is_empty() {
            requested = vec![code::SUBNET_MASK, code::ROUTERS, code::DOMAIN_NAME, code::DNS_SERVERS];
        }
        Ok(requested)
    }

    fn provided(&self, args: &Arguments) -> Result<Vec<(u8, Vec<u8>)>, Failure> {
        let mut provided: Vec<(u8, Vec<u8>)> = Vec::new();
        for (number, given) in self.provide.iter().enumerate() {
            let code = option(&given.option, "provide", number)?;
            if !code::is_for_configuration(code) {
                let text = format!("option {code} is the client's own to tell");
                return Err(refused("provide", number, text));
            }
            let from_arg = args.get(&given.from_arg).filter(|_| !given.from_arg.is_empty());
            let value = from_arg.unwrap_or(&given.value);
            if value.is_empty() {
                continue;
            }
            if value.len() > LONGEST_VALUE {
                let text = format!(
                    "the value of option {code} has {} bytes, and {LONGEST_VALUE} is the most",
                    value.len()
                );
                return Err(refused("provide", number, text));
            }
            provided.retain(|(known, _)| *known != code);
            provided.push((code, value.as_bytes().to_vec()));
        }
        Ok(provided)
    }
}

fn push(requested: &mut Vec<u8>, code: u8) {
    if !requested.contains(&code) {
        requested.push(code);
    }
}

fn option(text: &str, key: &str, number: usize) -> Result<u8, Failure> {
    code::parse(text).ok_or_else(|| {
        let text = format!(
            "Can not parse option {text:?}: it is none of {}, and no number from 0 to 255",
            code::names()
        );
        refused(key, number, text)
    })
}

fn refused(key: &str, number: usize, text: impl Display) -> Failure {
    Failure::new(codes::INVALID_CONFIG, format!("ipam.{key}[{number}]: {text}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use cofferdam_guest_sdk::config::parse;

    use super::*;

    fn wishes(ipam: &str, args: &[(&str, &str)]) -> Result<Wishes, Failure> {
        let config: Config = parse(&format!(r#"{{"ipam": {ipam}}}"#)).unwrap();
        let pairs = args
            .iter()
            .map(|(key, value)| ((*key).to_owned(), Some((*value).to_owned())));
        config.ipam().unwrap().wishes(&Arguments::new(pairs.collect()))
    }

    #[test]
    fn routers_and_mask_are_asked_for_unless_that_is_skipped() {
        for (ipam, requested) in [
            ("{}", vec![3, 1]),
            (
                r#"{"request": [{"option": "121"}, {"option": "routers"}]}"#,
                vec![121, 3, 1],
            ),
            (r#"{"request": [{"option": "121", "skipDefault": true}]}"#, vec![121]),
            (
                r#"{"request": [{"option": "host-name"}, {"option": "12"}]}"#,
                vec![12, 3, 1],
            ),
        ] {
            assert_eq!(wishes(ipam, &[]).unwrap().requested, requested, "{ipam}");
        }
    }

    #[test]
    fn what_is_told_is_of_the_configuration_or_of_an_argument() {
        let ipam = r#"{"provide": [
            {"option": "host-name", "value": "web", "fromArg": "K8S_POD_NAME"},
            {"option": "60", "fromArg": "CLASS"},
            {"option": "user-class", "value": "a"}, {"option": "77", "value": "b"}
        ]}"#;
        let provided = |args| wishes(ipam, args).unwrap().provided;
        assert_eq!(provided(&[]), [(12, b"web".to_vec()), (77, b"b".to_vec())]);
        let args = [("K8S_POD_NAME", "web-0"), ("CLASS", "pods")];
        let expected = [(12, b"web-0".to_vec()), (60, b"pods".to_vec()), (77, b"b".to_vec())];
        assert_eq!(provided(&args), expected);
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_place() {
        let long = format!(r#"{{"provide": [{{"option": "12", "value": "{}"}}]}}"#, "x".repeat(256));
        for (ipam, words) in [
            (
                r#"{"request": [{"option": "dns"}]}"#,
                r#"ipam.request[0]: Can not parse option "dns""#,
            ),
            (
                r#"{"request": [{"option": "3"}, {"option": "256"}]}"#,
                "ipam.request[1]: ",
            ),
            (
                r#"{"provide": [{"option": "53", "value": "x"}]}"#,
                "ipam.provide[0]: option 53 is",
            ),
            (long.as_str(), "ipam.provide[0]: the value of option 12 has 256 bytes"),
        ] {
            let failure = wishes(ipam, &[]).unwrap_err();
            assert_eq!(failure.code, 7);
            assert!(failure.message.starts_with(words), "{}", failure.message);
        }
        assert!(parse::<Config>("{}").unwrap().ipam().is_err());
    }
}
