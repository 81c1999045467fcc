//! One request's life: reads it, runs the plugin's component, and stands
//! between the component and the kernel. Every operation that a guest asks for
//! is checked against policy, written to the journal, and then done.

mod audit;
mod call;
pub mod codes;
mod component;
mod container;
mod convert;
mod deeds;
mod imports;
mod installation;
mod log;
mod mediator;
mod mode;
#[cfg(test)]
mod picture;
mod pin;
mod random;
mod secrets;
mod session;
mod spent;
pub mod timing;
mod undo;
mod verbs;
mod verify;

pub use call::{Answer, Broker};
pub use installation::Installation;
