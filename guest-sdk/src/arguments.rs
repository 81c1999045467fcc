use crate::{Failure, bindings::plugin, codes};

/// Keys that some reference plugin defines. The same text goes to the main
/// plugin and to its IPAM plugin, so each has to let the other's pass.
const CONVENTIONAL: [&str; 3] = ["IP", "MAC", "GATEWAY"];

/// `CNI_ARGS`, in the caller's order.
///
/// ```
/// # use cofferdam_guest_sdk::Arguments;
/// let arguments = Arguments::new(vec![("MAC".into(), Some("02:00:5e:00:53:01".into()))]);
/// assert_eq!(arguments.get("MAC"), Some("02:00:5e:00:53:01"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arguments(Vec<(String, Option<String>)>);

impl Arguments {
    /// From pairs; the value is what follows the first `=`, absent when there
    /// is none.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::Arguments;
    /// let arguments = Arguments::new(vec![("MAC".into(), Some("02:00:5e:00:53:01".into()))]);
    /// assert_eq!(arguments.get("IP"), None);
    /// ```
    #[must_use]
    pub fn new(pairs: Vec<(String, Option<String>)>) -> Self {
        Self(pairs)
    }

    /// The value of a key, without any check of the rest; the last one wins.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::Arguments;
    /// let arguments = Arguments::new(vec![("MAC".into(), Some("02:00:5e:00:53:01".into()))]);
    /// assert_eq!(arguments.get("MAC"), Some("02:00:5e:00:53:01"));
    /// ```
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0
            .iter()
            .rev()
            .find(|(candidate, _)| candidate == key)
            .and_then(|(_, value)| value.as_deref())
    }

    /// Checks every pair as the reference plugins do, for a plugin that reads
    /// these keys.
    ///
    /// A pair has exactly one `=`. A key is one of `known`, of the
    /// conventional `IP`, `MAC` and `GATEWAY` (which may be meant for another
    /// plugin of the same request), or `IgnoreUnknown`; when that one is true,
    /// any other is let pass as well.
    ///
    /// ```
    /// use cofferdam_guest_sdk::Arguments;
    ///
    /// let arguments = Arguments::new(vec![("FOO".into(), Some("BAR".into()))]);
    /// assert_eq!(
    ///     arguments.strict(&["MAC"]).unwrap_err().message,
    ///     r#"ARGS: unknown args ["FOO=BAR"]"#,
    /// );
    /// ```
    ///
    /// # Errors
    /// A pair is not valid, or a key is not known.
    pub fn strict(&self, known: &[&str]) -> Result<&Self, Failure> {
        let mut ignore_unknown = false;
        let mut unknown = Vec::new();
        for (key, value) in &self.0 {
            let value = match value {
                Some(value) if !value.contains('=') => value,
                _ => {
                    let pair = pair(key, value.as_deref());
                    return Err(refused(format!("ARGS: invalid pair {pair:?}")));
                }
            };
            if key == "IgnoreUnknown" {
                ignore_unknown = boolean(value)?;
            } else if !known.contains(&key.as_str()) && !CONVENTIONAL.contains(&key.as_str()) {
                unknown.push(format!("{:?}", pair(key, Some(value))));
            }
        }
        if unknown.is_empty() || ignore_unknown {
            return Ok(self);
        }
        Err(refused(format!("ARGS: unknown args [{}]", unknown.join(" "))))
    }
}

impl From<Vec<plugin::Argument>> for Arguments {
    fn from(arguments: Vec<plugin::Argument>) -> Self {
        Self(
            arguments
                .into_iter()
                .map(|argument| (argument.key, argument.value))
                .collect(),
        )
    }
}

fn pair(key: &str, value: Option<&str>) -> String {
    match value {
        Some(value) => [key, "=", value].concat(),
        None => key.to_owned(),
    }
}

fn boolean(text: &str) -> Result<bool, Failure> {
    if text == "1" || text.eq_ignore_ascii_case("true") {
        return Ok(true);
    }
    if text == "0" || text.eq_ignore_ascii_case("false") {
        return Ok(false);
    }
    Err(refused(format!(
        "ARGS: IgnoreUnknown={text:?} is neither 1, true, 0 nor false"
    )))
}

fn refused(message: String) -> Failure {
    Failure::new(codes::INVALID_ENVIRONMENT, message).with_details("environment variable CNI_ARGS")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_passes_has_one_equals_sign_in_each_pair_and_no_stranger(
            text in r"((MAC|IP|FOO|IgnoreUnknown|\PC{0,3})[=]{0,2}(1|0|true|\PC{0,4})[;]{0,1}){0,4}"
        ) {
            let arguments = arguments(&text);
            if arguments.strict(&[]).is_ok() && !text.is_empty() {
                let ignores = text.contains("IgnoreUnknown");
                for pair in text.split(';') {
                    prop_assert_eq!(pair.matches('=').count(), 1, "{}", pair);
                    let key = pair.split('=').next().unwrap();
                    prop_assert!(ignores || CONVENTIONAL.contains(&key), "{}", pair);
                }
            }
        }
    }

    fn arguments(text: &str) -> Arguments {
        if text.is_empty() {
            return Arguments::default();
        }
        Arguments::new(
            text.split(';')
                .map(|pair| match pair.split_once('=') {
                    Some((key, value)) => (key.to_owned(), Some(value.to_owned())),
                    None => (pair.to_owned(), None),
                })
                .collect(),
        )
    }

    #[test]
    fn pairs_are_read_as_strictly_as_the_reference_plugins_do() {
        for (text, refusal) in [
            ("", None),
            ("MAC=02:00:00:00:00:01", None),
            ("MAC=a;IP=b;GATEWAY=c", None),
            ("FOO=BAR", Some(r#"ARGS: unknown args ["FOO=BAR"]"#)),
            ("FOO=BAR;mac=x", Some(r#"ARGS: unknown args ["FOO=BAR" "mac=x"]"#)),
            ("FOO=BAR;IgnoreUnknown=1", None),
            ("IgnoreUnknown=TRUE;FOO=BAR", None),
            ("FOO=BAR;IgnoreUnknown=false", Some(r#"ARGS: unknown args ["FOO=BAR"]"#)),
            ("MAC=a;", Some(r#"ARGS: invalid pair """#)),
            ("MAC=a=b", Some(r#"ARGS: invalid pair "MAC=a=b""#)),
            ("MAC", Some(r#"ARGS: invalid pair "MAC""#)),
            (
                "IgnoreUnknown=yes",
                Some(r#"ARGS: IgnoreUnknown="yes" is neither 1, true, 0 nor false"#),
            ),
        ] {
            let arguments = arguments(text);
            let outcome = arguments.strict(&["MAC"]).err().map(|failure| failure.message);
            assert_eq!(outcome.as_deref(), refusal, "{text}");
        }
    }

    #[test]
    fn the_last_of_two_values_wins() {
        assert_eq!(arguments("MAC=a;MAC=b").get("MAC"), Some("b"));
        assert_eq!(arguments("MAC=a").get("IP"), None);
    }
}
