use serde::Deserialize;

use super::{CniError, code};
use crate::{
    json::{self, de::empty_as_none},
    quoting::quote,
};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Document {
    code: u32,
    msg: String,
    #[serde(deserialize_with = "empty_as_none")]
    details: Option<String>,
}

impl CniError {
    /// What a plugin that failed has to say, as its caller tells it on.
    ///
    /// `exit` says in words how it ended: `exit status 1`.
    #[must_use]
    pub fn from_output(stdout: &[u8], stderr: &[u8], exit: &str) -> Self {
        let silent = || Self::new(code::UNKNOWN, format!("netplugin failed with no error message: {exit}"));
        if stdout.is_empty() && stderr.is_empty() {
            return silent();
        }
        if stdout.is_empty() {
            let said = quote(&String::from_utf8_lossy(stderr));
            return Self::new(code::UNKNOWN, format!("netplugin failed: {said}: {exit}"));
        }
        let said = String::from_utf8_lossy(stdout);
        match json::from_str::<Document>(&said) {
            // `{}`: better how it ended than nothing at all.
            Ok(document) if document.code == 0 && document.msg.is_empty() => silent(),
            Ok(document) => Self {
                code: document.code,
                message: document.msg,
                details: document.details,
            },
            Err(error) => Self::new(
                code::UNKNOWN,
                format!(
                    "netplugin failed but error parsing its diagnostic message {}: {error}",
                    quote(&said)
                ),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_failed_plugin_is_told_on_by_what_it_left() {
        let error =
            |stdout: &str, stderr: &str| CniError::from_output(stdout.as_bytes(), stderr.as_bytes(), "exit status 2");
        for (stdout, stderr, expected) in [
            (
                "",
                "",
                CniError::new(0, "netplugin failed with no error message: exit status 2"),
            ),
            (
                "",
                "panic: \"x\"\n",
                CniError::new(0, r#"netplugin failed: "panic: \"x\"\n": exit status 2"#),
            ),
            (
                r#"{"cniVersion":"1.0.0","code":11,"msg":"later","details":"in use"}"#,
                "ignored",
                CniError::new(11, "later").with_details("in use"),
            ),
            ("{ \"Code\": 100,\n \"MSG\": \"own\" }", "", CniError::new(100, "own")),
            (
                "{}",
                "",
                CniError::new(0, "netplugin failed with no error message: exit status 2"),
            ),
        ] {
            assert_eq!(error(stdout, stderr), expected);
        }
        assert_eq!(
            error("oops", "").message,
            "netplugin failed but error parsing its diagnostic message \"oops\": \
             expected value at line 1 column 1"
        );
    }

    proptest! {
        #[test]
        fn any_bytes_give_an_error_with_a_message(
            stdout in proptest::collection::vec(any::<u8>(), 0..64),
            stderr in proptest::collection::vec(any::<u8>(), 0..64),
        ) {
            let error = CniError::from_output(&stdout, &stderr, "exit status 1");
            prop_assert!(!error.message.is_empty());
        }

        #[test]
        fn a_printed_error_is_read_back(code in 1u32.., message in ".+", details in ".*") {
            let error = CniError::new(code, message).with_details(details);
            let text = error.to_json(Some("1.1.0"));
            prop_assert_eq!(CniError::from_output(text.as_bytes(), b"", ""), error);
        }
    }
}
