//! JSON as Go's generic maps leave it: keys sorted, the last of two the one that counts, numbers through a float.

use anyhow::Context as _;
use serde_json::{Number, Value};

/// Whole numbers up to here are the same in a float.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Reads a document into generic maps.
pub(super) fn decode(bytes: &[u8]) -> anyhow::Result<Value> {
    let mut value: Value = serde_json::from_slice(bytes).context("not JSON")?;
    value.sort_all_objects();
    pass_through_float(&mut value);
    Ok(value)
}

/// Writes a document in one line. Objects keep their order.
pub(super) fn encode(value: &Value) -> Vec<u8> {
    let text = value.to_string();
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                escaped.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            other => escaped.push(other),
        }
    }
    escaped.into_bytes()
}

fn pass_through_float(value: &mut Value) {
    match value {
        Value::Number(number) => *number = printed(number),
        Value::Array(elements) => elements.iter_mut().for_each(pass_through_float),
        Value::Object(object) => object.values_mut().for_each(pass_through_float),
        _ => {}
    }
}

/// A float without a fraction is printed without a point.
#[allow(clippy::cast_possible_truncation)] // within the range that is looked for
fn printed(number: &Number) -> Number {
    let float = number.as_f64().expect("a number of JSON is a float");
    if float.fract() == 0.0 && float.abs() <= EXACT {
        Number::from(float as i64)
    } else {
        Number::from_f64(float).expect("a number of JSON is finite")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_comes_out_as_of_a_map() {
        for (given, expected) in [
            (
                r#"{"b":1,"a":{"d":1500.0,"c":1e3}}"#,
                r#"{"a":{"c":1000,"d":1500},"b":1}"#,
            ),
            (r#"{"a":1,"a":2,"A":0.5}"#, r#"{"A":0.5,"a":2}"#),
            (r#"["<&>"]"#, r#"["\u003c\u0026\u003e"]"#),
        ] {
            let written = encode(&decode(given.as_bytes()).unwrap());
            assert_eq!(String::from_utf8(written).unwrap(), expected);
        }
    }
}
