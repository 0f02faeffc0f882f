//! The files of this repository.

use std::fs;
use std::path::{Path, PathBuf};

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// A file: where it is below the root, and what it says.
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Every Rust file below `crates/` and `services/`.
pub(crate) fn sources() -> Vec<File> {
    let mut found = Vec::new();
    for folder in ["crates", "services"] {
        collect(&root().join(folder), "rs", &mut found);
    }
    assert!(
        found.len() > 20,
        "the sources are not where this test looks for them"
    );
    found.sort();
    found.iter().map(|path| read(path)).collect()
}

/// Every file of our own wire contract; what the servers of others speak, they explain themselves.
pub(crate) fn protos() -> Vec<File> {
    let mut found = Vec::new();
    collect(&root().join("proto/holdfast"), "proto", &mut found);
    found.sort();
    found.iter().map(|path| read(path)).collect()
}

/// Every file below `folder` whose name ends with `.end`.
fn collect(folder: &Path, end: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, end, found);
        } else if path.extension().is_some_and(|found| found == end) {
            found.push(path);
        }
    }
}

fn read(path: &Path) -> File {
    let text = fs::read_to_string(path).unwrap();
    let path = path
        .strip_prefix(root())
        .unwrap()
        .to_string_lossy()
        .into_owned();
    File { path, text }
}
