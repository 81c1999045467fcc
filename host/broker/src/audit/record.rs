use std::time::SystemTime;

use serde::Serialize;

/// Bytes of a text that somebody else may have chosen.
const LONGEST_TEXT: usize = 1024;

/// One line of the log.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Record<'a> {
    /// RFC 3339, UTC, milliseconds.
    time: String,
    pid: u32,
    #[serde(flatten)]
    subject: &'a Subject,
    #[serde(flatten)]
    event: Event,
}

/// Who is spoken of.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Subject {
    pub(super) verb: &'static str,
    pub(super) plugin: String,
    /// `sha256:…`; absent as long as it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) component: Option<String>,
    pub(super) network: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) container: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) interface: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tenant: Option<String>,
}

/// What happened.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub(super) enum Event {
    /// No grant allows it.
    Denied {
        operation: String,
        target: String,
        missing: String,
    },
    /// It was allowed, and is done next.
    Allowed {
        operation: String,
        target: String,
        arguments: String,
    },
    /// The component was not run.
    Refused { reason: String },
    /// The component was ended.
    Ended { reason: String },
    /// What an attachment of an earlier boot held was taken away.
    Reclaimed { target: String },
    /// So many more of one kind were not written.
    Suppressed { of: &'static str, count: u32 },
}

impl<'a> Record<'a> {
    pub(super) fn new(subject: &'a Subject, event: Event) -> Self {
        Self {
            time: humantime::format_rfc3339_millis(SystemTime::now()).to_string(),
            pid: std::process::id(),
            subject,
            event,
        }
    }

    /// A line of ASCII: what a guest chose can neither begin another line nor
    /// tell a terminal anything.
    pub(super) fn line(&self) -> String {
        let json = serde_json::to_string(self).unwrap_or_default();
        let mut line = String::with_capacity(json.len() + 1);
        let mut units = [0; 2];
        for symbol in json.chars() {
            if symbol.is_ascii() && !symbol.is_ascii_control() {
                line.push(symbol);
            } else {
                for unit in symbol.encode_utf16(&mut units) {
                    line.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
        line.push('\n');
        line
    }
}

/// A text, cut where it is too long to be of use.
pub(super) fn bounded(text: impl Into<String>) -> String {
    let mut text = text.into();
    if text.len() > LONGEST_TEXT {
        text.truncate(text.floor_char_boundary(LONGEST_TEXT));
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn subject(plugin: &str) -> Subject {
        Subject {
            verb: "ADD",
            plugin: plugin.to_owned(),
            component: Some("sha256:00".to_owned()),
            network: "mynet".to_owned(),
            container: "c1".to_owned(),
            interface: "eth0".to_owned(),
            tenant: None,
        }
    }

    fn denied(target: &str) -> Event {
        Event::Denied {
            operation: "link.create".to_owned(),
            target: bounded(target),
            missing: String::new(),
        }
    }

    #[test]
    fn a_record_says_who_wanted_what() {
        let line = Record::new(&subject("bridge"), denied("bridge \"docker0\"")).line();
        let record: Value = serde_json::from_str(&line).unwrap();
        for (field, value) in [
            ("event", "denied"),
            ("verb", "ADD"),
            ("plugin", "bridge"),
            ("component", "sha256:00"),
            ("network", "mynet"),
            ("container", "c1"),
            ("interface", "eth0"),
            ("operation", "link.create"),
            ("target", "bridge \"docker0\""),
        ] {
            assert_eq!(record[field], value, "{line}");
        }
        assert!(record.get("tenant").is_none());
        let time = record["time"].as_str().unwrap();
        assert!(humantime::parse_rfc3339(time).is_ok(), "{time}");
    }

    proptest! {
        #[test]
        fn whatever_a_guest_says_is_one_line_of_ascii_and_comes_back(text in any::<String>(), plugin in any::<String>()) {
            let line = Record::new(&subject(&plugin), denied(&text)).line();
            let body = line.strip_suffix('\n').unwrap();
            prop_assert!(body.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{body}");
            let record: Value = serde_json::from_str(body).unwrap();
            prop_assert_eq!(record["plugin"].as_str(), Some(plugin.as_str()));
            let target = bounded(text);
            prop_assert_eq!(record["target"].as_str(), Some(target.as_str()));
        }

        #[test]
        fn a_text_is_cut_at_a_character(text in "\\PC{0,600}") {
            let cut = bounded(text.clone());
            prop_assert!(cut.len() <= LONGEST_TEXT + '…'.len_utf8());
            prop_assert!(text.starts_with(cut.trim_end_matches('…')) || cut == text);
        }
    }
}
