//! The CNI plugin that container runtimes execute.

use std::process::ExitCode;

fn main() -> ExitCode {
    cofferdam::main()
}
