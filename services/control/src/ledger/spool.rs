//! What could not be written yet: a queue in memory, and as a file, which outlives this process.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tracing::{error, warn};

use crate::domain::fault::Entry;

/// How many entries are kept; what comes after them is dropped, for what began a trouble tells most of it.
pub const MOST: usize = 1_000;

/// A bounded queue of entries.
#[derive(Debug)]
pub struct Spool {
    path: PathBuf,
    entries: VecDeque<Entry>,
}

impl Spool {
    /// Opens the one at `path`, with what an earlier life of this process could not write.
    pub fn open(path: PathBuf) -> Self {
        let entries = read(&path).unwrap_or_else(|error| {
            if error.kind() != io::ErrorKind::NotFound {
                warn!(path = %path.display(), %error, "what was spooled before cannot be read");
            }
            VecDeque::new()
        });
        Self { path, entries }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// The oldest one.
    pub fn first(&self) -> Option<&Entry> {
        self.entries.front()
    }

    /// Adds `entry`, where there is room for it.
    pub fn push(&mut self, entry: Entry) {
        if self.entries.len() >= MOST {
            metrics::counter!("faults_dropped_total").increment(1);
            return error!(?entry, "the spool is full; a fault is dropped");
        }
        self.entries.push_back(entry);
        self.save();
    }

    /// Takes the oldest one away.
    pub fn pop(&mut self) {
        self.entries.pop_front();
        self.save();
    }

    /// Writes all of it anew: it is small, and rarely changes.
    fn save(&self) {
        if let Err(error) = write(&self.path, &self.entries) {
            let path = self.path.display();
            warn!(%path, %error, "what is spooled would not outlive this process");
        }
    }
}

fn read(path: &Path) -> io::Result<VecDeque<Entry>> {
    let text = fs::read_to_string(path)?;
    let read = |line| serde_json::from_str(line).map_err(io::Error::other);
    text.lines().take(MOST).map(read).collect()
}

/// Replaces the file at once: after a crash it is as it was before or after.
fn write(path: &Path, entries: &VecDeque<Entry>) -> io::Result<()> {
    if entries.is_empty() {
        return match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
    }
    let mut text = String::new();
    for entry in entries {
        text += &serde_json::to_string(entry).map_err(io::Error::other)?;
        text.push('\n');
    }
    let new = path.with_extension("new");
    fs::write(&new, text)?;
    fs::rename(new, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fault::{Kind, Subject};

    fn entry(number: usize) -> Entry {
        let subject = Subject::new(Kind::DiskFull, format!("disk-{number}"), "");
        Entry::Handled(subject.unwrap(), "swept".to_owned())
    }

    #[test]
    fn what_was_spooled_is_there_in_its_order_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("faults.jsonl");
        let mut spool = Spool::open(path.clone());
        (0..3).for_each(|number| spool.push(entry(number)));
        spool.pop();

        let again = Spool::open(path);

        assert_eq!(again.entries, [entry(1), entry(2)]);
    }

    #[test]
    fn a_full_spool_keeps_the_oldest() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(folder.path().join("faults.jsonl"));
        (0..MOST + 5).for_each(|number| spool.push(entry(number)));

        assert_eq!(spool.len(), MOST);
        assert_eq!(spool.first(), Some(&entry(0)));
        assert_eq!(spool.entries.back(), Some(&entry(MOST - 1)));
    }

    #[test]
    fn an_emptied_spool_leaves_no_file_and_a_broken_one_is_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("faults.jsonl");
        let mut spool = Spool::open(path.clone());
        spool.push(entry(0));
        spool.pop();
        assert!(!path.exists());

        fs::write(&path, "half a l").unwrap();

        assert!(Spool::open(path).is_empty());
    }
}
