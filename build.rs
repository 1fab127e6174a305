//! Tells cargo when to build again: when the GraphiQL page (`playground/dist`, see `playground/build.sh`) changed, and when a
//! migration of the site database was added.

use std::path::Path;

fn main() {
    let dist = Path::new("playground/dist");
    // Cargo takes a missing path for a changed one and would build the whole package every time. Where the folder
    // cannot be made (a read-only source tree) that is all that happens: the embedding accepts its absence.
    let _ = std::fs::create_dir_all(dist);
    println!("cargo:rerun-if-changed=build.rs");
    // They are embedded by a macro, which cargo does not see through.
    println!("cargo:rerun-if-changed=migrations/site");
    println!("cargo:rerun-if-changed={}", dist.display());
}
