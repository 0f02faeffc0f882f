//! Where a neighbour keeps its data: for the length of a test, or between runs.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use nix::unistd::Uid;

use crate::{Error, watchdog};

/// Where all of them go when the project's own path is closed to the account that Postgres runs as.
const ELSEWHERE: &str = "/var/lib/holdfast";

/// A folder of a neighbour's own.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    kept: bool,
}

impl Folder {
    /// Makes an empty folder that is removed with this value, or with this process.
    ///
    /// # Errors
    /// When the machine's temporary folder cannot be written.
    pub fn scratch() -> Result<Self, Error> {
        Self::scratch_inside(&std::env::temp_dir(), "holdfast-")
    }

    /// The same inside `base`, with a name that begins with `prefix`.
    pub(crate) fn scratch_inside(base: &Path, prefix: &str) -> Result<Self, Error> {
        let path = tempfile::Builder::new()
            .prefix(prefix)
            .permissions(fs::Permissions::from_mode(0o755))
            .tempdir_in(base)
            .map_err(Error::files(base))?
            .keep();
        watchdog::remove_at_end(&path);
        Ok(Self { path, kept: false })
    }

    /// Opens `path`, making it when it is not there; what is in it stays.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn kept(path: &Path) -> Result<Self, Error> {
        fs::create_dir_all(path).map_err(Error::files(path))?;
        let path = path.canonicalize().map_err(Error::files(path))?;
        Ok(Self { path, kept: true })
    }

    /// Opens `path`, or a folder under `/var/lib/holdfast` when we are root and other accounts cannot get to `path`.
    ///
    /// # Errors
    /// When neither can be made.
    pub fn kept_or_elsewhere(path: &Path) -> Result<Self, Error> {
        let wanted = Self::kept(path)?;
        if !Uid::effective().is_root() || open_to_others(&wanted.path) {
            return Ok(wanted);
        }
        let name = wanted
            .path
            .to_string_lossy()
            .trim_matches('/')
            .replace('/', "-");
        Self::kept(&Path::new(ELSEWHERE).join(name))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        match fs::remove_dir_all(&self.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                tracing::debug!(%error, path = %self.path.display(), "the watchdog removes it later");
            }
            _ => {}
        }
    }
}

/// Whether an account that owns nothing on the way can get to `path`.
fn open_to_others(path: &Path) -> bool {
    path.ancestors()
        .filter_map(|step| fs::metadata(step).ok())
        .all(|found| found.permissions().mode() & 0o001 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scratch_folder_goes_with_its_value_and_a_kept_one_stays() {
        let scratch = Folder::scratch().unwrap();
        let inside = scratch.path().join("inside");
        let kept = Folder::kept(&inside).unwrap().path().to_owned();
        assert!(kept.is_dir());

        let path = scratch.path().to_owned();
        drop(scratch);

        assert!(!path.exists());
    }

    #[test]
    fn a_path_below_a_closed_folder_is_not_open_to_others() {
        let scratch = Folder::scratch().unwrap();
        let closed = scratch.path().join("closed");
        fs::create_dir_all(closed.join("data")).unwrap();
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();

        assert!(open_to_others(scratch.path()));
        assert!(!open_to_others(&closed.join("data")));
    }
}
