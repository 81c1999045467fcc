//! Undoing, and what makes it harder than it looks.

mod devices;
mod farewells;
mod others;
mod owners;
mod pairs;
mod plans;
mod random;
mod sharing;
mod whole;
