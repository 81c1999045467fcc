//! What values look like.

use serde_json::{Value, json};

use super::NAME;
use crate::dimension::{Dimension, Form};

/// Kinds of links: what `parse::values` takes.
const KIND: &str = "^[A-Za-z0-9_-]+$";
/// A backslash stands before `*` or another one only.
const PATTERN: &str = r"^([^\\]|\\[*\\])+$";
const PREFIX: &str = "^[0-9A-Fa-f:.]+/[0-9]{1,3}$";
/// `net` and one to seven parts: `*`, or anything but `.` and `..`.
const KEY: &str = r"^net(/(?!\.{1,2}(/|$))([^/\\]|\\[*\\])+){1,7}$";
/// Absolute, without `..`.
const PATH: &str = r"^/(?!([\s\S]*/)?\.\.(/|$))";

/// A scheme, a host, and perhaps a port.
const ORIGIN: &str = r"^https?://([A-Za-z0-9_.-]+|\[[0-9A-Fa-f:]+\])(:[1-9][0-9]{0,4})?$";
/// Without query and fragment.
const URL_PATH: &str = r"^/[A-Za-z0-9._~!$&'()*+,;=:@/%-]*$";

/// A value and a mask, each in hexadecimal or decimal.
const MARK: &str = r"^(\*|0[xX][0-9A-Fa-f]{1,8}|0|[1-9][0-9]{0,9})(/(0[xX][0-9A-Fa-f]{1,8}|[1-9][0-9]{0,9}))?$";

/// The schema of a dimension's value.
pub(super) fn of(dimension: Dimension) -> Value {
    let mut schema = match dimension.form() {
        Form::Word(words) => json!({ "enum": words }),
        Form::Words(words) => list(json!({ "enum": words })),
        Form::Kinds => list(text(KIND)),
        Form::Texts => list(json!({ "type": "string" })),
        Form::Patterns => list(text(PATTERN)),
        Form::Prefixes => list(text(PREFIX)),
        Form::Ranges(range) => {
            let number = json!({ "type": "integer", "minimum": range.first, "maximum": range.last });
            let pair = json!({ "type": "array", "minItems": 2, "maxItems": 2, "items": number });
            list(json!({ "anyOf": [number, pair] }))
        }
        Form::Keys => list(text(KEY)),
        Form::Paths => list(text(PATH)),
        Form::Marks => list(text(MARK)),
        Form::Origins => list(text(ORIGIN)),
        Form::UrlPaths => list(text(URL_PATH)),
        Form::Name => text(NAME),
        Form::Count => json!({ "type": "integer", "minimum": 1, "maximum": u32::MAX }),
    };
    schema["description"] = Value::from(dimension.meaning());
    schema
}

/// The schema of a list of names or patterns.
pub(super) fn patterns(description: &str) -> Value {
    let mut schema = list(text(PATTERN));
    schema["description"] = Value::from(description);
    schema
}

fn text(pattern: &str) -> Value {
    json!({ "type": "string", "pattern": pattern })
}

fn list(items: Value) -> Value {
    json!({ "type": "array", "minItems": 1, "items": items })
}
