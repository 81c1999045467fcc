use std::{fs, path::PathBuf, sync::OnceLock};

use cofferdam_sandbox::Sandbox;

/// The component that makes the calls which its configuration lists (none:
/// it does nothing), and its compiled form. Compiled once a process.
pub(crate) fn hostile() -> (&'static [u8], &'static [u8]) {
    static COMPILED: OnceLock<(Vec<u8>, Vec<u8>)> = OnceLock::new();
    let (wasm, code) = COMPILED.get_or_init(|| {
        let path = built("cofferdam_hostile.wasm");
        let wasm =
            fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}; tools/build.sh builds it", path.display()));
        let code = Sandbox::new().unwrap().compile(&wasm).unwrap();
        (wasm, code)
    });
    (wasm, code)
}

/// A component that holds nothing, and its compiled form. Compiled once a
/// process.
pub(crate) fn empty() -> (&'static [u8], &'static [u8]) {
    static COMPILED: OnceLock<Vec<u8>> = OnceLock::new();
    let code = COMPILED.get_or_init(|| Sandbox::new().unwrap().compile(EMPTY).unwrap());
    (EMPTY, code)
}

/// Magic number, version and layer.
const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

/// The declaration of a component that makes none: its grants alone bound it.
pub(crate) const UNDECLARED: &str = "null";

/// Where the build puts components: `COFFERDAM_COMPONENTS`, or else cargo's
/// target directory that this very program was built into (a fuzzer has one of
/// its own: then the workspace's).
fn built(name: &str) -> PathBuf {
    const COMPONENTS: &str = "wasm32-wasip2/component";
    let named = std::env::var_os("COFFERDAM_COMPONENTS").map(PathBuf::from);
    let directory = named.unwrap_or_else(|| {
        let program = std::env::current_exe().unwrap_or_default();
        let mut beside = program.ancestors().map(|above| above.join(COMPONENTS));
        let usual = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target");
        let built = beside.find(|directory| directory.is_dir());
        built.unwrap_or_else(|| PathBuf::from(usual).join(COMPONENTS))
    });
    directory.join(name)
}
