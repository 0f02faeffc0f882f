//! Where a server's program is: Debian keeps some where an ordinary user's shell does not look.

use std::env;
use std::fs;
use std::path::PathBuf;

use crate::Error;
use crate::postgres::binaries::Binaries;

/// Looked through after what the shell knows.
const ELSEWHERE: [&str; 4] = ["/usr/sbin", "/sbin", "/usr/local/sbin", "/opt/homebrew/bin"];

/// Finds `program`; `hint` says what installs it.
pub(crate) fn find(program: &'static str, hint: &'static str) -> Result<PathBuf, Error> {
    let known = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&known).chain(ELSEWHERE.map(PathBuf::from));
    folders
        .map(|folder| folder.join(program))
        .find(|path| fs::metadata(path).is_ok_and(|found| found.is_file()))
        .ok_or(Error::Missing { program, hint })
}

/// Says of each program of the highly available form whether it is on this machine.
pub fn installed() -> [(&'static str, bool); 6] {
    let there = |program| (program, find(program, "").is_ok());
    [
        there("etcd"),
        there("patroni"),
        there("haproxy"),
        there("redis-server"),
        there("pgbackrest"),
        ("Postgres 15 or newer", Binaries::find().is_ok()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_nobody_has_is_missed_with_what_installs_it() {
        let missed = find("no-such-program", "apt-get install it").unwrap_err();

        let said = missed.to_string();
        assert_eq!(said, "no-such-program is not installed: apt-get install it");
        assert!(find("sh", "").is_ok());
    }
}
