//! Signing access tokens, and saying with which public keys they are verified.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::Claims;
use crate::claims::TYPE;

/// Signs access tokens with one key.
pub struct Signer {
    kid: String,
    public: Vec<u8>,
    key: EncodingKey,
}

/// Says that bytes are no signing key of ours.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("not an Ed25519 key in PKCS #8")]
pub struct BadKey;

impl Signer {
    /// Makes a new key, and answers it with the PKCS #8 form it is kept in (sealed).
    pub fn generate() -> (Self, Zeroizing<Vec<u8>>) {
        let pair =
            Ed25519KeyPair::generate().expect("the system's source of randomness never ends");
        let document = pair.to_pkcs8v1().expect("a new key can be written");
        let pkcs8 = Zeroizing::new(document.as_ref().to_vec());
        (Self::of(&pair, &pkcs8), pkcs8)
    }

    /// Reads a key from its PKCS #8 form.
    ///
    /// # Errors
    /// When the bytes are no such key.
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, BadKey> {
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8).map_err(|_| BadKey)?;
        Ok(Self::of(&pair, pkcs8))
    }

    fn of(pair: &Ed25519KeyPair, pkcs8: &[u8]) -> Self {
        let public = pair.public_key().as_ref().to_vec();
        Self {
            kid: hex::encode(&Sha256::digest(&public)[..16]),
            public,
            key: EncodingKey::from_ed_der(pkcs8),
        }
    }

    /// The name of the key, made from its public half.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Signs `claims`.
    pub fn sign(&self, claims: &Claims) -> String {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.kid.clone());
        header.typ = Some(TYPE.to_owned());
        jsonwebtoken::encode(&header, claims, &self.key)
            .expect("this key has signed before it was taken")
    }

    /// The public half as a JSON Web Key (RFC 8037).
    fn jwk(&self) -> Value {
        json!({
            "kty": "OKP",
            "crv": "Ed25519",
            "alg": "EdDSA",
            "use": "sig",
            "kid": self.kid,
            "x": URL_SAFE_NO_PAD.encode(&self.public),
        })
    }
}

/// The public halves of `signers` as a JSON Web Key Set (RFC 7517).
pub fn jwks<'a>(signers: impl IntoIterator<Item = &'a Signer>) -> String {
    let keys: Vec<Value> = signers.into_iter().map(Signer::jwk).collect();
    json!({ "keys": keys }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_was_kept_has_its_name_and_public_half_again() {
        let (signer, pkcs8) = Signer::generate();

        let again = Signer::from_pkcs8(&pkcs8).unwrap();

        assert_eq!(jwks([&again]), jwks([&signer]));
    }

    #[test]
    fn a_key_set_holds_no_private_half() {
        let (signer, pkcs8) = Signer::generate();

        let set = jwks([&signer]);

        let private = URL_SAFE_NO_PAD.encode(&pkcs8[16..48]);
        assert!(!set.contains(&private) && !set.contains("\"d\""));
    }

    #[test]
    fn bytes_that_are_no_key_are_refused() {
        assert!(Signer::from_pkcs8(&[0; 48]).is_err());
    }
}
