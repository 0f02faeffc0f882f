//! Ports that nobody else takes.

use std::fs::{self, File, OpenOptions, Permissions};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::Error;

/// Below every range from which a kernel takes the near end of a connection that is made: a port in there could be
/// taken by a client between the moment it was found free and the moment its server listens.
const FROM: u16 = 14_000;
const TO: u16 = 30_000;

/// One open and locked file for each port that this process has claimed: the locks end with the process.
static CLAIMED: Mutex<Vec<(u16, File)>> = Mutex::new(Vec::new());

/// How many were tried: each claim goes on where the one before has ended.
static TRIED: AtomicU16 = AtomicU16::new(0);

/// Claims a port of the loopback for this process, until it ends: nobody listens on it, and no other call gets it.
///
/// # Errors
/// When there is none left.
pub fn free_port() -> Result<u16, Error> {
    let folder = claims()?;
    let start = u16::try_from(std::process::id() % u32::from(TO - FROM)).unwrap_or_default();
    for _ in FROM..TO {
        let step = TRIED.fetch_add(1, Ordering::Relaxed) % (TO - FROM);
        let port = FROM + (start + step) % (TO - FROM);
        if let Some(claim) = claim(&folder.join(port.to_string()))
            && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
        {
            claimed().push((port, claim));
            return Ok(port);
        }
    }
    Err(Error::run("a listener on the loopback")(
        std::io::Error::from(std::io::ErrorKind::AddrInUse),
    ))
}

/// Claims `port` for this process, until it ends, if nobody listens on it; says whether it could. What it has claimed before
/// is its own.
///
/// # Errors
/// When the folder of the claims cannot be made.
pub(crate) fn claim_port(port: u16) -> Result<bool, Error> {
    let mut claimed = claimed();
    if !claimed.iter().any(|(ours, _)| *ours == port) {
        let Some(claim) = claim(&claims()?.join(port.to_string())) else {
            return Ok(false);
        };
        claimed.push((port, claim));
    }
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok())
}

fn claimed() -> MutexGuard<'static, Vec<(u16, File)>> {
    CLAIMED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Locks the file that stands for a port. One of another account's, which we may not open, is taken too.
fn claim(path: &PathBuf) -> Option<File> {
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .ok()?;
    file.try_lock().ok()?;
    Some(file)
}

/// The folder of the locks, which every account of this machine shares.
fn claims() -> Result<PathBuf, Error> {
    let folder = std::env::temp_dir().join("holdfast-ports");
    if !folder.is_dir() {
        fs::create_dir_all(&folder).map_err(Error::files(&folder))?;
        // Another account may have made it a moment ago, with the same permissions.
        let _ = fs::set_permissions(&folder, Permissions::from_mode(0o1777));
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::thread;

    use super::*;

    #[test]
    fn a_port_is_given_once_though_nobody_listens_on_it_yet() {
        let ask = || (0..50).map(|_| free_port().unwrap()).collect::<Vec<_>>();
        let asking: Vec<_> = (0..8).map(|_| thread::spawn(ask)).collect();

        let given: Vec<u16> = asking
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect();

        let different: HashSet<u16> = given.iter().copied().collect();
        assert_eq!(different.len(), 400);
        assert!(different.iter().all(|port| (FROM..TO).contains(port)));
    }

    #[test]
    fn a_port_on_which_somebody_listens_is_left_out() {
        let next = free_port().unwrap() + 1;
        let _taken = TcpListener::bind((Ipv4Addr::LOCALHOST, next));

        assert_ne!(free_port().unwrap(), next);
    }
}
