//! Undoing, and what makes it harder than it looks.

mod farewells;
mod others;
mod pairs;
mod plans;
mod random;
mod sharing;
mod whole;
