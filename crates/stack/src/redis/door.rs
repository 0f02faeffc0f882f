//! The door of a Redis or a Sentinel: open to everybody on this machine, or over TLS and with a password.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use ::redis::{Client, IntoConnectionInfo as _, RedisResult, TlsCertificates};

use super::config::NAME;
use crate::{Error, Tls};

/// How servers and Sentinels are spoken to, by clients and by each other.
pub(super) enum Door {
    /// Plainly, by everybody.
    Open,
    /// Over TLS, by those who know the password.
    Locked(Lock),
}

/// TLS and a password.
pub(super) struct Lock {
    /// What is shown, where it is made.
    made: Tls,
    /// Where the copies are that Redis reads.
    folder: PathBuf,
    password: String,
}

impl Door {
    /// A locked door where there is something to show, by copies in `folder`, and a password that nobody can guess. What is
    /// behind it is gone with the processes, so the password need not outlive them.
    pub(super) fn of(made: Option<Tls>, folder: &Path) -> Result<Self, Error> {
        let Some(made) = made else {
            return Ok(Self::Open);
        };
        made.install(folder, None)?;
        Ok(Self::Locked(Lock {
            made,
            folder: folder.to_owned(),
            password: format!("{:032x}", rand::random::<u128>()),
        }))
    }

    /// What whoever listens at `port` is told. Behind a lock nothing plain is left; replicas and Sentinels come by TLS as well.
    pub(super) fn at(&self, port: u16) -> String {
        let Self::Locked(lock) = self else {
            return format!("port {port}\n");
        };
        format!(
            "port 0
tls-port {port}
tls-replication yes
tls-auth-clients no
tls-protocols \"TLSv1.3\"
{}requirepass {}
",
            lock.files()
                .map(|(setting, file)| format!("{setting} \"{file}\"\n"))
                .concat(),
            lock.password
        )
    }

    /// What a server is told so that the other one lets it in.
    pub(super) fn to_primary(&self) -> String {
        match self {
            Self::Open => String::new(),
            Self::Locked(lock) => format!("masterauth {}\n", lock.password),
        }
    }

    /// What a Sentinel is told so that servers let it in. Among themselves they use the password that they ask for.
    pub(super) fn to_servers(&self) -> String {
        match self {
            Self::Open => String::new(),
            Self::Locked(lock) => format!("sentinel auth-pass {NAME} {}\n", lock.password),
        }
    }

    /// A client of whoever listens at `port`.
    pub(super) fn client(&self, port: u16) -> RedisResult<Client> {
        let Self::Locked(lock) = self else {
            return Client::open(("127.0.0.1", port));
        };
        let url = format!("rediss://:{}@127.0.0.1:{port}", lock.password);
        let authority = fs::read(&lock.made.authority)?;
        let certificates = TlsCertificates {
            client_tls: None,
            root_cert: Some(authority),
        };
        Client::build_with_tls(url.into_connection_info()?, certificates)
    }

    /// The URL by which clients of ours find the primary that Sentinels at `hosts` name.
    pub(super) fn url(&self, hosts: &str) -> String {
        match self {
            Self::Open => format!("redis+sentinel://{hosts}/{NAME}"),
            Self::Locked(lock) => format!(
                "rediss+sentinel://:{password}@{hosts}/{NAME}?ssl_ca_certs={}&sentinel_password={password}",
                lock.made.authority_in_url(),
                password = lock.password
            ),
        }
    }

    /// What a server is to be told, now that other certificates were made since it was last asked; nothing, if none were.
    pub(super) fn renewed(&self) -> Result<Option<Vec<String>>, Error> {
        let Self::Locked(lock) = self else {
            return Ok(None);
        };
        if lock.made.installed(&lock.folder) {
            return Ok(None);
        }
        lock.made.install(&lock.folder, None)?;
        let words = ["CONFIG", "SET"].map(str::to_owned).into_iter();
        let files = lock
            .files()
            .map(|(setting, file)| [setting.to_owned(), file]);
        Ok(Some(words.chain(files.into_iter().flatten()).collect()))
    }
}

impl Lock {
    fn files(&self) -> [(&'static str, String); 3] {
        let copies = Tls::inside(&self.folder);
        [
            ("tls-cert-file", copies.certificate),
            ("tls-key-file", copies.key),
            ("tls-ca-cert-file", copies.authority),
        ]
        .map(|(setting, file)| (setting, file.display().to_string()))
    }
}

/// Without the password.
impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "Open",
            Self::Locked(_) => "Locked",
        })
    }
}
