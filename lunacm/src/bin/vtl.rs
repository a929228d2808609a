//! The `vtl` program: what is typed in, the client's files changed or shown, an exit status out.

use std::process::ExitCode;

use luna_shell::{Folders, Stdio};
use lunacm::vtl;

fn main() -> ExitCode {
    luna_rest::guard_memory();
    let typed: Vec<String> =
        std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    vtl::run(&typed, Folders::of_user(), Box::new(Stdio::new(false, None))).into()
}
