//! What authors of plugins do: make a project, and build its component.

mod build;
mod cargo;
mod carried;
mod checked;
mod contents;
mod found;
mod name;
mod new;
mod other;

pub(crate) use build::{Arguments as BuildArguments, run as build};
pub(crate) use checked::{Checked, workshop};
pub(crate) use found::{Built, Project};
pub(crate) use new::{Arguments as NewArguments, run as new};
