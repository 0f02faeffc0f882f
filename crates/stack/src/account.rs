//! Whom a program runs as: Postgres refuses to run as root.

use std::path::Path;

use nix::unistd::{Gid, Uid, User, chown};

use crate::Error;

/// The home of such an account. With ours, libpq would look for a certificate where it may not look, and speak no TLS.
pub(crate) const HOME: &str = "/";

/// An account of this machine that is not the one we run as.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Account {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl Account {
    /// Finds whom Postgres has to run as: nobody else for an ordinary user, `postgres` for root.
    pub(crate) fn for_postgres() -> Result<Option<Self>, Error> {
        if !Uid::effective().is_root() {
            return Ok(None);
        }
        match User::from_name("postgres") {
            Ok(Some(user)) => Ok(Some(Self {
                uid: user.uid.as_raw(),
                gid: user.gid.as_raw(),
            })),
            _ => Err(Error::Missing {
                program: "the account `postgres`",
                hint: "apt-get install postgresql makes it; or run as an ordinary user",
            }),
        }
    }

    /// Gives `path` to this account.
    pub(crate) fn own(self, path: &Path) -> Result<(), Error> {
        chown(
            path,
            Some(Uid::from_raw(self.uid)),
            Some(Gid::from_raw(self.gid)),
        )
        .map_err(|errno| Error::files(path)(errno.into()))
    }
}
