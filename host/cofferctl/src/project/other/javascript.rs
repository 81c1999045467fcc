use std::path::{Path, PathBuf};

use super::{tool::Tool, workplace::Workplace};

const NODE: Tool = Tool::new("node", "https://nodejs.org, 20 or newer");
const OWN: &str = if cfg!(windows) {
    "node_modules/.bin/componentize-js.cmd"
} else {
    "node_modules/.bin/componentize-js"
};
const COMPONENTIZE: Tool = Tool {
    name: "componentize-js",
    own: Some(OWN),
    source: "`npm install` in the project's directory",
};

pub(super) fn missing(project: &Path) -> Vec<String> {
    [&NODE, &COMPONENTIZE]
        .into_iter()
        .filter(|tool| tool.find(project).is_none())
        .map(Tool::missing)
        .collect()
}

pub(super) fn build(place: &Workplace<'_>) -> anyhow::Result<PathBuf> {
    let component = place.made("component.wasm");
    COMPONENTIZE
        .call(place.project)?
        .directory(place.project)
        .arg("src/plugin.js")
        .arg("--wit")
        .arg(place.wit())
        .args(["--world-name", "plugin", "--out"])
        .arg(&component)
        // Nothing of WASI: the engine has a clock, random numbers, a console and
        // fetch otherwise, and with them files.
        .args(["--disable", "stdio", "random", "clocks", "http", "fetch-event"])
        .run()?;
    Ok(component)
}
