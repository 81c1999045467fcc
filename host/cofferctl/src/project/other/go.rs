use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

use super::{
    bindings::{self, FOR_GO},
    tool::Tool,
    workplace::Workplace,
};

const GO: Tool = Tool::new("go", "https://go.dev/dl, 1.25 or newer");
const WASM_TOOLS: Tool = Tool::new(
    "wasm-tools",
    "`cargo install --locked --no-default-features --features component wasm-tools@1.258.3`",
);
/// The package that the bindings expect the plugin to be.
const PACKAGE: &str = "export_cofferdam_cni_plugin";
/// What the bindings import, and is in the project.
const RUNTIME: &str = "go.bytecodealliance.org/pkg";

pub(super) fn missing(project: &Path) -> Vec<String> {
    [&GO, &FOR_GO, &WASM_TOOLS]
        .into_iter()
        .filter(|tool| tool.find(project).is_none())
        .map(Tool::missing)
        .collect()
}

pub(super) fn build(place: &Workplace<'_>) -> anyhow::Result<PathBuf> {
    bindings::make(&FOR_GO, "go", place)?;
    place.copy(&place.sdk().join("cofferdam"), "cofferdam")?;
    place.copy(&place.sources(), PACKAGE)?;
    use_own_runtime(place)?;
    let (core, typed) = (place.made("core.wasm"), place.made("typed.wasm"));
    GO.call(place.project)?
        .compiling()
        .directory(place.directory())
        .env("GOOS", "wasip1")
        .env("GOARCH", "wasm")
        .env("GOFLAGS", "-mod=mod")
        .args(["build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s", "-o"])
        .arg(&core)
        .arg(".")
        .run()?;
    WASM_TOOLS
        .call(place.project)?
        .args(["component", "embed", "--world", "plugin"])
        .args([&place.wit(), &core])
        .arg("-o")
        .arg(&typed)
        .run()?;
    let component = place.made("component.wasm");
    let adapter = format!("wasi_snapshot_preview1={}", place.sdk().join("wasi.wat").display());
    WASM_TOOLS
        .call(place.project)?
        .args(["component", "new"])
        .arg(&typed)
        .arg("--adapt")
        .arg(adapter)
        .arg("-o")
        .arg(&component)
        .run()?;
    Ok(component)
}

/// Has the bindings import the project's runtime, so that nothing is fetched.
fn use_own_runtime(place: &Workplace<'_>) -> anyhow::Result<()> {
    let path = place.made("go.mod");
    let module = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
    let own = place.sdk().join("pkg");
    let text = format!("{module}\nreplace {RUNTIME} => {}\n", own.display());
    fs::write(&path, text).with_context(|| format!("write {}", path.display()))
}
