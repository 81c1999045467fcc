use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use cofferdam_journal::NamespaceRecord;
use cofferdam_protocol::{CniError, PluginConfig};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use thiserror::Error;

use super::{Tree, TreeError};
use crate::{Installation, call::members, files::location, trace::Call};

/// Bytes of a recording.
pub const MOST_BYTES: usize = 8 << 20;

/// The only format that there is.
const FORMAT: u32 = 1;

/// One call of a runtime, whole: what it takes to run it again.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recording {
    /// Of this document.
    pub format: u32,
    /// The version of Cofferdam that recorded it.
    pub cofferdam: String,
    /// The version of the contract that it has.
    pub contract: String,
    /// When the call began: RFC 3339, UTC.
    pub time: String,
    /// How long it took.
    pub milliseconds: u64,
    /// How long it might have taken.
    pub budget_milliseconds: u64,
    /// The kernel's name of the node's boot.
    pub boot: String,
    /// The directory that all of Cofferdam's are below.
    pub root: String,
    /// What the executable was called as.
    pub name: String,
    /// The variables of the request.
    pub variables: BTreeMap<String, String>,
    /// What came on standard input.
    pub configuration: String,
    /// The container's namespace, as it was told. A DEL may come without.
    #[serde(deserialize_with = "present")]
    pub namespace: Option<NamespaceRecord>,
    /// Those that could be run.
    pub plugins: Vec<RecordedPlugin>,
    /// Whether legacy iptables filters, by family: IPv4 and IPv6.
    pub legacy_filters: [bool; 2],
    /// The files that were there: policies, records, what is known of other
    /// attachments.
    pub files: Tree,
    /// What the kernel told of both namespaces at the beginning.
    pub surroundings: Vec<Told>,
    /// What the kernel told afterwards, in order.
    pub told: Vec<Told>,
    /// Random bytes, in order, as hexadecimal digits.
    pub random: String,
    /// What clocks told, in order: nanoseconds.
    pub clocks: Vec<u64>,
    /// What the components asked for, in order.
    pub calls: Vec<Call>,
    /// What the runtime got.
    pub outcome: Outcome,
}

/// A plugin and its component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedPlugin {
    /// The plugin.
    pub name: String,
    /// The SHA-256 digest of its component.
    pub digest: String,
}

/// A question to the kernel, and its answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// The question, with its arguments.
    pub call: String,
    /// Whether it changes something.
    #[serde(default, skip_serializing_if = "is_false")]
    pub changes: bool,
    /// `Ok` or `Err`, with what there is to it.
    pub answer: Value,
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_false(value: &bool) -> bool {
    !value
}

/// What may be nothing, and has to be there all the same.
fn present<'d, D: Deserializer<'d>>(from: D) -> Result<Option<NamespaceRecord>, D::Error> {
    Option::deserialize(from)
}

/// How the call ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// The exit status.
    pub exit: u8,
    /// The document that was printed.
    pub stdout: String,
    /// Of DEL: how components failed. A runtime is not told of that where the
    /// journal says that all is undone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub complaints: Vec<String>,
}

/// Why a document is no recording that can be run again.
#[derive(Debug, Error)]
pub enum RecordingError {
    /// It is longer than any.
    #[error("it has more than {MOST_BYTES} bytes, which no recording has")]
    TooLong,
    /// It is cut off, or something else.
    #[error("it is no recording, or not a whole one: {0}")]
    Malformed(serde_json::Error),
    /// It is of a newer version.
    #[error("it has the format {0}, and this version of Cofferdam knows {FORMAT}; use a newer one")]
    Format(u32),
    /// A file in it can't be.
    #[error("files: {0}")]
    Files(#[from] TreeError),
    /// Its random bytes are none.
    #[error("random: it is no sequence of pairs of hexadecimal digits")]
    Random,
}

/// What tells the format, whatever else there is.
#[derive(Deserialize)]
struct Head {
    format: u32,
}

impl Recording {
    /// The format of what is recorded now.
    pub(super) const FORMAT: u32 = FORMAT;

    /// Reads a document that may be anybody's.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(bytes: &[u8]) -> Result<Self, RecordingError> {
        if bytes.len() > MOST_BYTES {
            return Err(RecordingError::TooLong);
        }
        let head: Head = serde_json::from_slice(bytes).map_err(RecordingError::Malformed)?;
        if head.format != FORMAT {
            return Err(RecordingError::Format(head.format));
        }
        let recording: Self = serde_json::from_slice(bytes).map_err(RecordingError::Malformed)?;
        recording.files.check()?;
        recording.random_bytes().ok_or(RecordingError::Random)?;
        Ok(recording)
    }

    /// Writes its files into a directory that nobody else writes in, which is to
    /// be the root of an installation.
    ///
    /// # Errors
    /// A file can't be written.
    pub fn lay_out(&self, root: &Path) -> Result<(), TreeError> {
        // Where they can't be told, nothing asks for them either.
        let records = self.records().unwrap_or_default();
        self.files.lay_out(root, &records)
    }

    /// The directories of address records, by their paths below the root.
    fn records(&self) -> Result<Vec<PathBuf>, CniError> {
        let root = Installation::below("");
        let config = PluginConfig::parse(&self.configuration)?;
        let (_, members) = members(&self.name, &config)?;
        let locations = members.iter().filter_map(|member| location(&member.config).ok());
        let records = locations.map(|location| root.resolve(&location));
        Ok(records.chain([root.records()]).collect())
    }

    /// The random bytes.
    pub(super) fn random_bytes(&self) -> Option<Vec<u8>> {
        from_hexadecimal(&self.random)
    }
}

/// Two digits a byte.
pub(super) fn to_hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What was made of [`to_hexadecimal`].
pub(super) fn from_hexadecimal(digits: &str) -> Option<Vec<u8>> {
    let value = |digit: u8| {
        char::from(digit)
            .to_digit(16)
            .and_then(|value| u8::try_from(value).ok())
    };
    let pairs = digits.as_bytes().chunks(2);
    let byte = |pair: &[u8]| match pair {
        [high, low] => Some(value(*high)? << 4 | value(*low)?),
        _ => None,
    };
    pairs.map(byte).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn document() -> Value {
        json!({
            "format": 1, "cofferdam": "0.1.0", "contract": "0.1.1", "time": "2026-11-27T14:05:09.123Z",
            "milliseconds": 12, "budget_milliseconds": 30000, "boot": "", "root": "/", "name": "bridge",
            "variables": { "CNI_COMMAND": "ADD" }, "configuration": "{}",
            "namespace": { "identity": { "device": 4, "inode": 7 }, "path": "/run/netns/x" },
            "plugins": [{ "name": "bridge", "digest": "00" }], "legacy_filters": [false, true],
            "files": { "run/cofferdam/a": { "text": "b" }, "run/cofferdam/c": { "link": "d/e" } },
            "surroundings": [{ "call": "links(Host)", "answer": { "Ok": [] } }],
            "told": [{ "call": "delete_link(1)", "changes": true, "answer": { "Ok": null } }],
            "random": "00ff", "clocks": [1, 2],
            "calls": [{ "plugin": "bridge", "function": "links.get", "arguments": [["name", "x"]], "result": null,
                "microseconds": 1, "depth": 0 }],
            "outcome": { "exit": 0, "stdout": "{}" },
        })
    }

    #[test]
    fn a_recording_is_read_as_it_was_written() {
        let text = document().to_string();
        let recording = Recording::parse(text.as_bytes()).unwrap();
        assert_eq!(serde_json::to_string(&recording).unwrap(), text);
        assert_eq!(recording.random_bytes().unwrap(), [0, 0xff]);
    }

    #[test]
    fn address_records_are_where_each_member_has_them() {
        let of = |name: &str, configuration: Value| {
            let mut document = document();
            document["name"] = json!(name);
            document["configuration"] = json!(configuration.to_string());
            Recording::parse(document.to_string().as_bytes())
                .unwrap()
                .records()
                .unwrap()
        };
        let member = |ipam: Value| json!({ "cniVersion": "1.0.0", "name": "mynet", "type": "bridge", "ipam": ipam });
        let usual = PathBuf::from("var/lib/cni/networks");
        assert_eq!(of("bridge", member(json!({}))), [usual.clone(), usual.clone()]);
        let elsewhere = of(
            "bridge",
            member(json!({ "type": "host-local", "dataDir": "/srv/leases" })),
        );
        assert_eq!(elsewhere, [PathBuf::from("srv/leases"), usual]);
    }

    #[test]
    fn a_call_without_a_namespace_says_so() {
        let mut document = document();
        document["namespace"] = Value::Null;
        let recording = Recording::parse(document.to_string().as_bytes()).unwrap();
        assert_eq!(recording.namespace, None);
        assert_eq!(serde_json::to_value(recording).unwrap(), document);
    }

    #[test]
    fn every_part_has_to_be_there_and_no_other() {
        let Value::Object(whole) = document() else { panic!() };
        for part in whole.keys() {
            let mut less = whole.clone();
            less.shift_remove(part);
            let error = Recording::parse(Value::Object(less).to_string().as_bytes()).unwrap_err();
            assert!(error.to_string().contains(&format!("`{part}`")), "{error}");
        }
        let mut more = whole;
        more.insert("more".to_owned(), json!(1));
        let error = Recording::parse(Value::Object(more).to_string().as_bytes()).unwrap_err();
        assert!(error.to_string().contains("`more`"), "{error}");
    }

    proptest! {
        #[test]
        fn whatever_there_is_it_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Recording::parse(&bytes).map_err(|error| error.to_string());
        }

        #[test]
        fn one_that_is_cut_off_is_refused(at in any::<prop::sample::Index>()) {
            let text = document().to_string();
            let cut = &text.as_bytes()[..at.index(text.len())];
            let refused = Recording::parse(cut).map_err(|error| error.to_string());
            prop_assert!(refused.is_err());
        }

        #[test]
        fn one_that_was_changed_is_read_or_refused(
            at in any::<prop::sample::Index>(), byte in any::<u8>(), length in 0_usize..20
        ) {
            let mut bytes = document().to_string().into_bytes();
            let at = at.index(bytes.len());
            let end = (at + length).min(bytes.len());
            bytes.splice(at..end, [byte]);
            if let Ok(recording) = Recording::parse(&bytes) {
                prop_assert!(recording.files.check().is_ok());
            }
        }

        #[test]
        fn bytes_come_back_from_their_digits(bytes in prop::collection::vec(any::<u8>(), 0..20)) {
            prop_assert_eq!(from_hexadecimal(&to_hexadecimal(&bytes)), Some(bytes));
        }
    }
}
