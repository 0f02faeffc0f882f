//! The certificate that servers show, and the authority by which others believe it.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::account::Account;

/// Where a certificate, its key and the authority behind it are, in PEM. It is for `127.0.0.1`, where clients
/// go, and for `localhost`, where Patroni goes.
#[derive(Debug, Clone)]
pub struct Tls {
    /// The certificate.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
    /// The authority.
    pub authority: PathBuf,
}

impl Tls {
    /// Where the copies of `folder` are.
    pub(crate) fn inside(folder: &Path) -> Self {
        Self {
            certificate: folder.join("tls.pem"),
            key: folder.join("tls.key"),
            authority: folder.join("tls-ca.pem"),
        }
    }

    /// Whether `folder` has copies of what is in the files now.
    pub(crate) fn installed(&self, folder: &Path) -> bool {
        let copies = Self::inside(folder);
        let all = |tls: &Self| {
            let files = [&tls.certificate, &tls.key, &tls.authority];
            files.map(|file| fs::read(file).ok())
        };
        all(self) == all(&copies)
    }

    /// Copies all three into `folder`, where `account` can read them and nobody else reads the key; answers the copies.
    /// Those who use them find the old or the new, never half of one.
    pub(crate) fn install(&self, folder: &Path, account: Option<Account>) -> Result<Self, Error> {
        let copies = Self::inside(folder);
        for (from, to, mode) in [
            (&self.key, &copies.key, 0o600),
            (&self.certificate, &copies.certificate, 0o644),
            (&self.authority, &copies.authority, 0o644),
        ] {
            copy(from, to, mode, account)?;
        }
        Ok(copies)
    }

    /// What libpq's programs need in their environment for the same.
    pub(crate) fn env(&self) -> [(&'static str, &OsStr); 2] {
        [
            ("PGSSLMODE", OsStr::new("verify-full")),
            ("PGSSLROOTCERT", self.authority.as_os_str()),
        ]
    }

    /// What a URL says so that a client of libpq's kind believes this authority, and a server at `127.0.0.1` only.
    pub(crate) fn query(&self) -> String {
        format!(
            "?sslmode=verify-full&sslrootcert={}",
            self.authority_in_url()
        )
    }

    /// Where the authority is, as a URL has it.
    pub(crate) fn authority_in_url(&self) -> String {
        written(&self.authority)
    }
}

/// A path as a URL has it, and a list of URLs with commas between.
pub(crate) fn written(path: &Path) -> String {
    let bytes = path.as_os_str().as_encoded_bytes().iter();
    let one = |byte: &u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
            char::from(*byte).to_string()
        }
        other => format!("%{other:02X}"),
    };
    bytes.map(one).collect()
}

fn copy(from: &Path, to: &Path, mode: u32, account: Option<Account>) -> Result<(), Error> {
    let new = to.with_extension("new");
    fs::copy(from, &new).map_err(Error::files(from))?;
    fs::set_permissions(&new, fs::Permissions::from_mode(mode)).map_err(Error::files(&new))?;
    account.map_or(Ok(()), |account| account.own(&new))?;
    fs::rename(&new, to).map_err(Error::files(to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_anything_in_it_is_one_value_of_one_url_of_a_list() {
        let path = Path::new("/home/ann, bob/a&b+c/ca.pem");

        assert_eq!(written(path), "/home/ann%2C%20bob/a%26b%2Bc/ca.pem");
    }
}
