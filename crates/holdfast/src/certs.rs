//! A certificate authority for development, and a server certificate by it.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

/// Writes `ca.pem`, `server.pem` and `server.key` into `folder`, for a server that is called by one of `names`. An
/// authority that is there already signs again; its key is `ca.key`.
///
/// # Errors
/// When a file cannot be read or written, or a name is none.
pub fn write(folder: &Path, names: &[String]) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let authority = authority(folder)?;
    let key = KeyPair::generate()?;
    let mut server = CertificateParams::new(names.to_vec()).context("the names of the server")?;
    server
        .distinguished_name
        .push(DnType::CommonName, "Holdfast, for development");
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    server.use_authority_key_identifier_extension = true;
    let server = server.signed_by(&key, &authority)?;
    save(&folder.join("server.pem"), &server.pem(), 0o644)?;
    save(&folder.join("server.key"), &key.serialize_pem(), 0o600)
}

/// Reads the authority of `folder`, or makes one.
fn authority(folder: &Path) -> anyhow::Result<Issuer<'static, KeyPair>> {
    let (certificate, key) = (folder.join("ca.pem"), folder.join("ca.key"));
    let mut params = CertificateParams::default();
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

fn save(path: &Path, text: &str, mode: u32) -> anyhow::Result<()> {
    let mut options = OpenOptions::new();
    let file = options
        .create(true)
        .write(true)
        .truncate(true)
        .mode(mode)
        .open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .with_context(|| path.display().to_string())
}
