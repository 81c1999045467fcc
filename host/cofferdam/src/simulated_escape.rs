//! The CNI plugin with a way out of the sandbox, for the tests of what is on
//! the other side.

use std::process::ExitCode;

fn main() -> ExitCode {
    cofferdam::main()
}
