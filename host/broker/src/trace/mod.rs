//! Every call that components make to the host, as the bindings tell of it.

mod calls;
mod tracer;

pub use calls::Call;
pub use tracer::{Traced, Tracer};
