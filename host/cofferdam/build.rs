//! Has the linker pack the relocations of the executable: at its start it
//! takes those of some eight thousand pointers, which are a few kilobytes when
//! packed.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_ENV").as_deref() == Ok("musl") {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}
