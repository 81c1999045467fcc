//! Generated from `wit/`: the traits that the host implements for a guest's
//! imports, and the functions that a guest exports.

#![allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "cni-plugin",
    // For whoever listens, an event with the arguments when a call begins, and
    // one with the result.
    imports: { default: trappable | tracing | verbose_tracing },
    trappable_error_type: {
        "cofferdam:cni/types.error" => crate::CallError,
    },
    with: {
        "cofferdam:cni/namespaces.namespace": crate::handle::Namespace,
        "cofferdam:cni/links.link": crate::handle::Link,
        "cofferdam:cni/store.records": crate::handle::Records,
        "cofferdam:cni/packets.exchange": crate::handle::Exchange,
    },
});

/// What a plugin exports that looks after its attachments.
pub mod keeping {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "cni-keeper",
        with: {
            "cofferdam:cni/types": super::cofferdam::cni::types,
        },
    });
}
