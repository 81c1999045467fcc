use std::path::{Path, PathBuf};

use super::{tool::Tool, workplace::Workplace};

const OWN: &str = if cfg!(windows) {
    ".venv/Scripts/componentize-py.exe"
} else {
    ".venv/bin/componentize-py"
};
const SOURCE: &str = if cfg!(windows) {
    r"`py -m venv .venv` and `.venv\Scripts\pip install -r requirements.txt` in the project's directory"
} else {
    "`python3 -m venv .venv && .venv/bin/pip install -r requirements.txt` in the project's directory"
};
const COMPONENTIZE: Tool = Tool {
    name: "componentize-py",
    own: Some(OWN),
    source: SOURCE,
};

pub(super) fn missing(project: &Path) -> Vec<String> {
    let tool = COMPONENTIZE.find(project);
    tool.is_none().then(|| COMPONENTIZE.missing()).into_iter().collect()
}

pub(super) fn build(place: &Workplace<'_>) -> anyhow::Result<PathBuf> {
    let component = place.made("component.wasm");
    // Copies: the interpreter writes what it compiled beside its sources.
    place.copy(&place.sdk(), "sources")?;
    place.copy(&place.sources(), "sources")?;
    COMPONENTIZE
        .call(place.project)?
        .arg("--quiet")
        .arg("--wit-path")
        .arg(place.wit())
        .args(["--world", "plugin", "componentize"])
        // Nothing of WASI: the interpreter asks for files and sockets otherwise.
        .arg("--stub-wasi")
        .arg("--python-path")
        .arg(place.made("sources"))
        .arg("--output")
        .arg(&component)
        .arg("app")
        .run()?;
    Ok(component)
}
