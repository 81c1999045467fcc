use anyhow::Result;
use cofferdam_tests::libcni::CniResult;
use serde_json::{Value, json};

/// One result of all: everybody's interfaces and addresses, and what else the first one has.
pub(crate) fn merged(results: &[CniResult], version: &str) -> Result<Value> {
    let mut merged = json!({ "cniVersion": version });
    let (mut interfaces, mut ips) = (Vec::new(), Vec::new());
    for (number, result) in results.iter().enumerate() {
        let document = result.in_version(version)?.document().clone();
        let before = interfaces.len();
        interfaces.extend(elements(&document["interfaces"]));
        for mut ip in elements(&document["ips"]) {
            if let Some(position) = ip["interface"].as_u64() {
                ip["interface"] = json!(before as u64 + position);
            }
            ips.push(ip);
        }
        if number == 0 {
            merged = document;
        }
    }
    merged["interfaces"] = interfaces.into();
    merged["ips"] = ips.into();
    Ok(merged)
}

fn elements(array: &Value) -> Vec<Value> {
    array.as_array().cloned().unwrap_or_default()
}
