//! The audit log: what was denied, who was ended, and, where the policy asks
//! for it, what was allowed. One JSON document a line (`docs/audit.md`).

mod log;
mod record;
mod trail;

pub(crate) use log::AuditLog;
pub(crate) use trail::Trail;
