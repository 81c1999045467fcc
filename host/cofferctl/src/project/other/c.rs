use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::{
    bindings::{self, FOR_C},
    tool::{Step, Tool},
    workplace::Workplace,
};

const CLANG: Tool = Tool::new("clang", "`apt install clang` on Debian, https://releases.llvm.org");
const LINKER: Tool = Tool::new("wasm-ld", "`apt install lld` on Debian, https://releases.llvm.org");
const COMPONENT_LINKER: Tool = Tool::new(
    "wasm-component-ld",
    "it comes with Rust (https://rustup.rs), or `cargo install --locked wasm-component-ld`",
);
const RUSTC: Tool = Tool::new("rustc", "https://rustup.rs");
const LIBRARY: &str = "wasi-libc is missing: `apt install wasi-libc` on Debian, \
                       https://github.com/WebAssembly/wasi-sdk";
const BUILTINS: &str = "clang's builtins for wasm32 are missing: `apt install libclang-rt-NN-dev-wasm32` on Debian, \
                        with the number of `clang --version`";
const TARGET: &str = "--target=wasm32-wasi";

pub(super) fn missing(project: &Path) -> Vec<String> {
    let mut missing: Vec<String> = [&CLANG, &LINKER, &FOR_C]
        .into_iter()
        .filter(|tool| tool.find(project).is_none())
        .map(Tool::missing)
        .collect();
    if component_linker(project).is_none() {
        missing.push(COMPONENT_LINKER.missing());
    }
    if CLANG.find(project).is_some() {
        missing.extend(missing_libraries(project));
    }
    missing
}

/// What clang has to find by itself.
fn missing_libraries(project: &Path) -> Vec<String> {
    let ask = |arguments: &[&str]| -> Option<String> { clang(project).ok()?.args(arguments).ask() };
    let has_library = ask(&["-fsyntax-only", "-include", "stdlib.h", "-x", "c", "-"]).is_some();
    let has_builtins = ask(&["-print-libgcc-file-name"]).is_some_and(|path| Path::new(&path).is_file());
    let all = [(has_library, LIBRARY), (has_builtins, BUILTINS)];
    all.into_iter()
        .filter(|(is_there, _)| !is_there)
        .map(|(_, missing)| missing.to_owned())
        .collect()
}

fn clang(project: &Path) -> anyhow::Result<Step> {
    Ok(CLANG.call(project)?.arg(TARGET))
}

/// Makes a component of what wasm-ld links. Rust has one that it does not put
/// on `PATH`.
fn component_linker(project: &Path) -> Option<PathBuf> {
    COMPONENT_LINKER.find(project).or_else(|| {
        let ask = |what: &str| RUSTC.call(project).ok()?.arg("--print").arg(what).ask();
        let below = format!("lib/rustlib/{}/bin", ask("host-tuple")?);
        let path = Path::new(&ask("sysroot")?)
            .join(below)
            .join(COMPONENT_LINKER.file_name());
        path.is_file().then_some(path)
    })
}

pub(super) fn build(place: &Workplace<'_>) -> anyhow::Result<PathBuf> {
    bindings::make(&FOR_C, "c", place)?;
    let mut sources = place.all_sources("c")?;
    sources.push(place.made("plugin.c"));
    let mut objects = vec![place.made("plugin_component_type.o")];
    for (number, source) in sources.iter().enumerate() {
        objects.push(compile(place, source, number)?);
    }
    link(place, &objects)
}

fn compile(place: &Workplace<'_>, source: &Path, number: usize) -> anyhow::Result<PathBuf> {
    // Two sources may have one name.
    let object = place.made(&format!("{number}.o"));
    clang(place.project)?
        .compiling()
        .args(["-std=gnu11", "-Os", "-ffunction-sections", "-Wall", "-Wextra"])
        .arg("-I")
        .arg(place.directory())
        .arg("-I")
        .arg(place.sdk())
        .arg("-c")
        .arg(source)
        .arg("-o")
        .arg(&object)
        .run()?;
    Ok(object)
}

/// A step of its own, without `-O`: with it, clang has `wasm-opt` go over what
/// was linked where there is one, and that knows no components.
fn link(place: &Workplace<'_>, objects: &[PathBuf]) -> anyhow::Result<PathBuf> {
    let component = place.made("component.wasm");
    let component_linker = component_linker(place.project).with_context(|| COMPONENT_LINKER.missing())?;
    let linker = LINKER.find(place.project).with_context(|| LINKER.missing())?;
    clang(place.project)?
        .arg("-mexec-model=reactor")
        .arg(format!("-fuse-ld={}", component_linker.display()))
        // What is not called is not linked, and what is not linked is not imported.
        .arg(format!(
            "-Wl,--wasm-ld-path={},--gc-sections,--strip-all",
            linker.display()
        ))
        .args(objects)
        .arg("-o")
        .arg(&component)
        .run()?;
    Ok(component)
}
