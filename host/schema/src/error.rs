use thiserror::Error;

/// A text is no schema that is understood here.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}{problem}", at(.path))]
pub struct SchemaError {
    /// Where in the schema, such as `properties.mtu`; empty for the whole.
    pub path: String,
    /// What is wrong there, and the way out.
    pub problem: String,
}

fn at(path: &str) -> String {
    if path.is_empty() {
        String::new()
    } else {
        format!("{path}: ")
    }
}
