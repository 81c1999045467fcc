//! Holds documents against JSON Schemas, for tests.
//!
//! A crate of its own, and no dependency of tests alone, so that it can be
//! named where `cofferctl` is built for tests (`tools/build.sh`): with the
//! features that it brings to crates of Wasmtime's, both builds share Wasmtime.

pub use jsonschema::{Validator, draft7, meta};
