//! The `comptoir` program: the command line of the library, and nothing else.

use std::process::ExitCode;

/// Answers are many small, short-lived pieces: mimalloc saves about a tenth of the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    comptoir::cli::main()
}
