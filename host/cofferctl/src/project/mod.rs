//! What authors of plugins do: make a project, and build its component.

mod build;
mod cargo;
mod carried;
mod checked;
mod name;
mod new;

pub(crate) use build::{Arguments as BuildArguments, run as build};
pub(crate) use cargo::{Built, Project};
pub(crate) use checked::{Checked, workshop};
pub(crate) use new::{Arguments as NewArguments, run as new};
