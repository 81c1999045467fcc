//! `CNI_ARGS`: `KEY=VALUE;KEY=VALUE`.

use thiserror::Error;

use crate::quoting::{quote, quote_list};

/// One element of `CNI_ARGS`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// What stands before the first `=`.
    pub key: String,
    /// What follows it; `None` when there is no `=`.
    pub value: Option<String>,
}

impl Argument {
    /// As it stood in `CNI_ARGS`.
    fn pair(&self) -> String {
        match &self.value {
            Some(value) => format!("{}={value}", self.key),
            None => self.key.clone(),
        }
    }
}

/// Splits `CNI_ARGS`. Nothing is refused: a `;` at the end gives an element
/// with an empty key and no value. An empty text has no elements.
#[must_use]
pub fn parse(text: &str) -> Vec<Argument> {
    if text.is_empty() {
        return Vec::new();
    }
    text.split(';')
        .map(|pair| match pair.split_once('=') {
            Some((key, value)) => Argument {
                key: key.to_owned(),
                value: Some(value.to_owned()),
            },
            None => Argument {
                key: pair.to_owned(),
                value: None,
            },
        })
        .collect()
}

/// Puts elements together again: the opposite of [`parse`].
#[must_use]
pub fn to_text(arguments: &[Argument]) -> String {
    let pairs: Vec<String> = arguments.iter().map(Argument::pair).collect();
    pairs.join(";")
}

/// A plugin that reads `CNI_ARGS` strictly does not take it. The texts are the
/// reference library's.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ArgsError {
    /// Not exactly one `=`.
    #[error("ARGS: invalid pair {}", quote(.0))]
    InvalidPair(String),
    /// `IgnoreUnknown` is neither true nor false.
    #[error("ARGS: invalid pair {}: expected 1, true, 0 or false", quote(.0))]
    InvalidBoolean(String),
    /// Keys that the plugin does not know, without `IgnoreUnknown`.
    #[error("ARGS: unknown args {}", quote_list(.0.iter().map(String::as_str)))]
    Unknown(Vec<String>),
}

/// What the plugins that know their arguments make of `CNI_ARGS`: an unknown
/// key is an error, unless `IgnoreUnknown` is true, anywhere in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StrictArgs {
    values: Vec<(String, String)>,
}

impl StrictArgs {
    /// Takes the values of the known keys; their letter case counts.
    ///
    /// # Errors
    /// An element has not exactly one `=`, or an unknown key.
    pub fn read(arguments: &[Argument], known: &[&str]) -> Result<Self, ArgsError> {
        let mut values = Vec::new();
        let mut unknown = Vec::new();
        let mut ignore_unknown = false;
        for argument in arguments {
            let Some(value) = argument.value.as_ref().filter(|value| !value.contains('=')) else {
                return Err(ArgsError::InvalidPair(argument.pair()));
            };
            if argument.key == "IgnoreUnknown" {
                ignore_unknown = boolean(value).ok_or_else(|| ArgsError::InvalidBoolean(argument.pair()))?;
            } else if known.contains(&argument.key.as_str()) {
                values.push((argument.key.clone(), value.clone()));
            } else {
                unknown.push(argument.pair());
            }
        }
        if unknown.is_empty() || ignore_unknown {
            Ok(Self { values })
        } else {
            Err(ArgsError::Unknown(unknown))
        }
    }

    /// The value of a known key; the last one where there are several.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.values
            .iter()
            .rev()
            .find(|(candidate, _)| candidate == key)
            .map(|(_, value)| value.as_str())
    }
}

fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" => Some(true),
        "0" | "false" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<StrictArgs, String> {
        StrictArgs::read(&parse(text), &["IP", "MAC"]).map_err(|error| error.to_string())
    }

    #[test]
    fn an_element_is_split_at_its_first_equals_sign() {
        let argument = |key: &str, value: Option<&str>| Argument {
            key: key.to_owned(),
            value: value.map(str::to_owned),
        };
        assert_eq!(parse(""), []);
        assert_eq!(
            parse("A=1;B;C=d=e;=x;"),
            [
                argument("A", Some("1")),
                argument("B", None),
                argument("C", Some("d=e")),
                argument("", Some("x")),
                argument("", None),
            ]
        );
    }

    #[test]
    fn a_strict_reader_takes_what_it_knows() {
        let args = read("IP=10.0.0.1;MAC=;IP=10.0.0.2").unwrap();
        assert_eq!(args.get("IP"), Some("10.0.0.2"));
        assert_eq!(args.get("MAC"), Some(""));
        assert_eq!(read("").unwrap().get("IP"), None);
    }

    #[test]
    fn a_strict_reader_refuses_the_rest() {
        for (text, error) in [
            ("IP=1;", r#"ARGS: invalid pair """#),
            ("IP", r#"ARGS: invalid pair "IP""#),
            ("IP=a=b", r#"ARGS: invalid pair "IP=a=b""#),
            ("IgnoreUnknown=1;X", r#"ARGS: invalid pair "X""#),
            ("FOO=BAR", r#"ARGS: unknown args ["FOO=BAR"]"#),
            ("FOO=BAR;IP=1;ip=2", r#"ARGS: unknown args ["FOO=BAR" "ip=2"]"#),
            ("FOO=BAR;IgnoreUnknown=0", r#"ARGS: unknown args ["FOO=BAR"]"#),
            (
                "IgnoreUnknown=maybe",
                r#"ARGS: invalid pair "IgnoreUnknown=maybe": expected 1, true, 0 or false"#,
            ),
        ] {
            assert_eq!(read(text).unwrap_err(), error);
        }
    }

    #[test]
    fn unknown_keys_pass_with_ignore_unknown_anywhere() {
        for text in [
            "IgnoreUnknown=1;K8S_POD_NAME=p;IP=1",
            "K8S_POD_NAME=p;IP=1;IgnoreUnknown=True",
        ] {
            assert_eq!(read(text).unwrap().get("IP"), Some("1"));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_split_and_put_together(text in ".*") {
            let arguments = parse(&text);
            prop_assert_eq!(to_text(&arguments), text);
            let _ = StrictArgs::read(&arguments, &["IP"]);
        }
    }
}
