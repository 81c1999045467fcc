//! Prints docs/contract.md.

// That is what it is for.
#![allow(clippy::print_stdout)]

use cofferdam_tests::{Products, wit};

fn main() {
    let (resolve, package) = wit::read(&Products::workspace().join("wit"));
    print!("{}", wit::reference(&resolve, package));
}
