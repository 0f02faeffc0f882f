//! A certificate authority for development, and by it a certificate for the edge and for each service.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use discovery::tls;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use stack::Tls;
use time::{Duration, OffsetDateTime};

use crate::house::Kind;

/// Where the database and Redis are reached in the HA form, by clients and by the database's own Patroni: each looks for the
/// name by which it came.
const HERE: [&str; 2] = ["127.0.0.1", "localhost"];
/// What the database and Redis are called.
const POSTGRES: &str = "postgres";
const REDIS: &str = "redis";
/// How long a certificate is good, in days. Made again, it begins anew.
const GOOD: i64 = 365;
/// How long an authority is.
const GOOD_AUTHORITY: i64 = 3650;

/// By which names and addresses others come to what is certified.
#[derive(Debug, Clone)]
pub struct Reached {
    /// Customers, to the edge.
    pub edge: Vec<String>,
    /// Services, and its own nodes, to the database.
    pub database: Vec<String>,
    /// Services, and each other, to Redis and its Sentinels.
    pub redis: Vec<String>,
}

/// Writes `ca.pem` into `folder` and certificates by it, each with its key: `server.pem` and `server.key` for the edge, which
/// is called by one of `names`, `postgres.pem` and `postgres.key` for the database, `redis.pem` and `redis.key` for Redis and
/// its Sentinels, and `user.pem`, `user.key` and so on, by which services prove themselves to each other. An authority that is
/// there already signs again; its key is `ca.key`.
///
/// # Errors
/// When a file cannot be read or written, or a name is none.
pub fn write(folder: &Path, names: &[String]) -> anyhow::Result<()> {
    let here = || HERE.map(str::to_owned).to_vec();
    write_for(
        folder,
        &Reached {
            edge: names.to_vec(),
            database: here(),
            redis: here(),
        },
    )
}

/// The same, where it is reached otherwise.
///
/// # Errors
/// As [`write()`].
pub fn write_for(folder: &Path, reached: &Reached) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let authority = authority(folder)?;
    let certify = |name: &str, names: &[String]| certify(folder, name, names, &authority);
    let called = |name: &str, hosts: &[String]| [&[tls::name(name)], hosts].concat();
    certify("server", &reached.edge)?;
    certify(POSTGRES, &called(POSTGRES, &reached.database))?;
    certify(REDIS, &called(REDIS, &reached.redis))?;
    for kind in Kind::ALL {
        certify(kind.name(), &called(kind.name(), &[]))?;
    }
    Ok(())
}

/// Writes a certificate for the edge into `folder` that has expired a minute ago, by the authority that is there.
///
/// # Errors
/// When it cannot be written.
pub fn expire_edge(folder: &Path) -> anyhow::Result<()> {
    let authority = authority(folder)?;
    let expired = OffsetDateTime::now_utc() - Duration::MINUTE;
    certify_until(
        folder,
        "server",
        &HERE.map(str::to_owned),
        &authority,
        expired,
    )
}

/// Puts `text` back into the file at `path`: a certificate, or its key.
///
/// # Errors
/// When it cannot be written.
pub fn put_back(path: &Path, text: &str) -> anyhow::Result<()> {
    let private = path.extension().is_some_and(|word| word == "key");
    save(path, text, if private { 0o600 } else { 0o644 })
}

/// The settings by which a gateway shows customers what is for the edge, from `folder`.
pub fn edge(folder: &Path) -> [(&'static str, String); 2] {
    let file = |name: &str| folder.join(name).display().to_string();
    [
        ("TLS_CERT", file("server.pem")),
        ("TLS_KEY", file("server.key")),
    ]
}

/// Where the authority of `folder` is.
pub fn authority_of(folder: &Path) -> PathBuf {
    folder.join("ca.pem")
}

/// What the database shows, from `folder`.
pub fn postgres(folder: &Path) -> Tls {
    of(POSTGRES, folder)
}

/// What Redis and its Sentinels show, from `folder`.
pub fn redis(folder: &Path) -> Tls {
    of(REDIS, folder)
}

fn of(name: &str, folder: &Path) -> Tls {
    Tls {
        certificate: folder.join(format!("{name}.pem")),
        key: folder.join(format!("{name}.key")),
        authority: folder.join("ca.pem"),
    }
}

/// The settings by which a service of `kind` finds its own in `folder`.
pub fn settings(folder: &Path, kind: Kind) -> [(String, String); 3] {
    let name = kind.name();
    [
        ("PEER_TLS_CERT", format!("{name}.pem")),
        ("PEER_TLS_KEY", format!("{name}.key")),
        ("PEER_TLS_CA", "ca.pem".to_owned()),
    ]
    .map(|(setting, file)| (setting.to_owned(), folder.join(file).display().to_string()))
}

/// Certifies `name`, which others know by `names`.
fn certify(
    folder: &Path,
    name: &str,
    names: &[String],
    authority: &Issuer<'static, KeyPair>,
) -> anyhow::Result<()> {
    let end = OffsetDateTime::now_utc() + Duration::days(GOOD);
    certify_until(folder, name, names, authority, end)
}

fn certify_until(
    folder: &Path,
    name: &str,
    names: &[String],
    authority: &Issuer<'static, KeyPair>,
    end: OffsetDateTime,
) -> anyhow::Result<()> {
    let key = KeyPair::generate()?;
    let params = CertificateParams::new(names);
    let params = params.with_context(|| format!("the names of {name}"))?;
    let mut params = good_until(params, end);
    let common = format!("Holdfast {name}, for development");
    params.distinguished_name.push(DnType::CommonName, common);
    params.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedKeyUsagePurpose::ClientAuth,
    ];
    params.use_authority_key_identifier_extension = true;
    let certificate = params.signed_by(&key, authority)?;
    let pem = certificate.pem();
    save(
        &folder.join(format!("{name}.key")),
        &key.serialize_pem(),
        0o600,
    )?;
    save(&folder.join(format!("{name}.pem")), &pem, 0o644)
}

/// Reads the authority of `folder`, or makes one.
fn authority(folder: &Path) -> anyhow::Result<Issuer<'static, KeyPair>> {
    let (certificate, key) = (folder.join("ca.pem"), folder.join("ca.key"));
    let end = OffsetDateTime::now_utc() + Duration::days(GOOD_AUTHORITY);
    let mut params = good_until(CertificateParams::default(), end);
    params
        .distinguished_name
        .push(DnType::CommonName, "Holdfast development authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    if let (Ok(key), true) = (fs::read_to_string(&key), certificate.exists()) {
        return Ok(Issuer::new(
            params,
            KeyPair::from_pem(&key).context("ca.key")?,
        ));
    }
    let pair = KeyPair::generate()?;
    save(&certificate, &params.self_signed(&pair)?.pem(), 0o644)?;
    save(&key, &pair.serialize_pem(), 0o600)?;
    Ok(Issuer::new(params, pair))
}

/// Good from yesterday on, for clocks that are behind.
fn good_until(mut params: CertificateParams, end: OffsetDateTime) -> CertificateParams {
    params.not_before = OffsetDateTime::now_utc() - Duration::days(1);
    params.not_after = end;
    params
}

/// Puts it there in one go: whoever reads meanwhile finds the old or the new.
pub(crate) fn save(path: &Path, text: &str, mode: u32) -> anyhow::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = Path::new(&name);
    // Left behind by one that was killed.
    let _ = fs::remove_file(new);
    let mut options = OpenOptions::new();
    let file = options.create_new(true).write(true).mode(mode).open(new);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .and_then(|()| fs::rename(new, path))
        .with_context(|| path.display().to_string())
}
