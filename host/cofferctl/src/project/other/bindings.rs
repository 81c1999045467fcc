use super::{tool::Tool, workplace::Workplace};

/// Makes bindings of the contract, with its feature for the language.
pub(super) const FOR_C: Tool = Tool::new(
    "wit-bindgen",
    "`cargo install --locked --no-default-features --features c wit-bindgen-cli@0.61.1`",
);
pub(super) const FOR_GO: Tool = Tool::new(
    "wit-bindgen",
    "`cargo install --locked --no-default-features --features go wit-bindgen-cli@0.61.1`",
);

/// Has bindings made where things are made.
///
/// # Errors
/// The tool says why.
pub(super) fn make(tool: &Tool, language: &str, place: &Workplace<'_>) -> anyhow::Result<()> {
    tool.call(place.project)?
        .arg(language)
        .arg(place.wit())
        .arg("--out-dir")
        .arg(place.directory())
        .run()
}
