//! A certificate authority of one test's own, and a folder in which a service finds what it has certified.

use std::fs;
use std::path::PathBuf;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    date_time_ymd,
};

/// An authority.
pub(crate) struct Authority {
    pub(crate) pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its key.
pub(crate) struct Proof {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

/// The three files by which a service proves itself.
pub(crate) struct Files(tempfile::TempDir);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "An authority for tests");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self {
            pem: params.self_signed(&key).unwrap().pem(),
            issuer: Issuer::new(params, key),
        }
    }

    /// Certifies an instance of `service`.
    pub(crate) fn certify(&self, service: &str) -> Proof {
        self.sign(&Self::params(service))
    }

    /// The same, too long ago.
    pub(crate) fn certify_once(&self, service: &str) -> Proof {
        let mut params = Self::params(service);
        params.not_after = date_time_ymd(2001, 1, 1);
        self.sign(&params)
    }

    fn params(service: &str) -> CertificateParams {
        let mut params = CertificateParams::new([discovery::tls::name(service)]).unwrap();
        params.use_authority_key_identifier_extension = true;
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        params
    }

    fn sign(&self, params: &CertificateParams) -> Proof {
        let key = KeyPair::generate().unwrap();
        Proof {
            certificate: params.signed_by(&key, &self.issuer).unwrap().pem(),
            key: key.serialize_pem(),
        }
    }
}

impl Files {
    /// A folder in which a service finds `proof` of itself, and whom to believe.
    pub(crate) fn new(proof: &Proof, authorities: &[&Authority]) -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        files.prove(proof);
        files.believe(authorities);
        files
    }

    /// Puts another proof there.
    pub(crate) fn prove(&self, proof: &Proof) {
        self.write("own.pem", &proof.certificate);
        self.write("own.key", &proof.key);
    }

    /// Lets it believe these from now on, and nobody else.
    pub(crate) fn believe(&self, authorities: &[&Authority]) {
        let pem: String = authorities.iter().map(|one| one.pem.as_str()).collect();
        self.write("ca.pem", &pem);
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// The settings that name them.
    pub(crate) fn settings(&self) -> [(&'static str, String); 3] {
        [
            ("PEER_TLS_CERT", "own.pem"),
            ("PEER_TLS_KEY", "own.key"),
            ("PEER_TLS_CA", "ca.pem"),
        ]
        .map(|(setting, file)| (setting, self.path(file).display().to_string()))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}
