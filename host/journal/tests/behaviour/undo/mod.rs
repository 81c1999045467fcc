//! Undoing, and what makes it harder than it looks.

mod others;
mod pairs;
mod sharing;
mod whole;
