//! The one secret that all others at rest hang on.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretBox};
use zeroize::Zeroizing;

use crate::Sealer;

/// The one secret that all others at rest hang on: 32 bytes that stand in no database.
///
/// It is never used itself; what seals and what indexes are two keys made from it.
pub struct MasterKey(SecretBox<[u8; 32]>);

/// Says that a text is no master key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a master key is 32 bytes, written as 64 hexadecimal digits or in base 64")]
pub struct BadMasterKey;

impl MasterKey {
    /// Reads a master key, written as 64 hexadecimal digits or in base 64.
    ///
    /// # Errors
    /// When `text` is neither, or not of 32 bytes.
    pub fn read(text: &str) -> Result<Self, BadMasterKey> {
        let text = text.trim();
        let bytes = hex::decode(text).or_else(|_| STANDARD.decode(text));
        let bytes = Zeroizing::new(bytes.map_err(|_| BadMasterKey)?);
        let key = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| BadMasterKey)?;
        Ok(Self(SecretBox::new(Box::new(key))))
    }

    /// What seals under this key.
    pub fn sealer(&self) -> Sealer {
        Sealer::new(&self.derive("holdfast seal 1"))
    }

    /// What makes hashes that can be looked up, and that tell nothing to anyone without this key.
    pub fn index(&self) -> Index {
        Index(hmac::Key::new(
            hmac::HMAC_SHA256,
            &*self.derive("holdfast index 1"),
        ))
    }

    fn derive(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        let master = hmac::Key::new(hmac::HMAC_SHA256, self.0.expose_secret());
        Zeroizing::new(digest(&master, purpose.as_bytes()))
    }
}

/// Makes keyed hashes, so that what is sealed can still be found and be unique.
pub struct Index(hmac::Key);

impl Index {
    /// The hash of `text`, apart from those of the same text in another `column`.
    pub fn hash(&self, column: &str, text: &str) -> [u8; 32] {
        digest(&self.0, format!("{column}\0{text}").as_bytes())
    }
}

fn digest(key: &hmac::Key, bytes: &[u8]) -> [u8; 32] {
    let tag = hmac::sign(key, bytes);
    tag.as_ref().try_into().expect("HMAC-SHA256 has 32 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_master_key_is_read_from_hexadecimal_and_from_base_64() {
        let hex = MasterKey::read(&"ab".repeat(32)).unwrap();
        let base64 = MasterKey::read(&STANDARD.encode([0xab; 32])).unwrap();

        let hashes = [hex, base64].map(|key| key.index().hash("email", "ann@example.com"));

        assert_eq!(hashes[0], hashes[1]);
    }

    #[test]
    fn a_short_master_key_is_refused() {
        assert_eq!(MasterKey::read(&"ab".repeat(31)).err(), Some(BadMasterKey));
        assert_eq!(MasterKey::read("change me").err(), Some(BadMasterKey));
    }

    #[test]
    fn a_hash_depends_on_the_key_the_column_and_the_text() {
        let index = MasterKey::read(&"ab".repeat(32)).unwrap().index();
        let other = MasterKey::read(&"cd".repeat(32)).unwrap().index();

        let hashes = [
            index.hash("email", "ann"),
            index.hash("email", "bob"),
            index.hash("name", "ann"),
            other.hash("email", "ann"),
        ];

        for (at, hash) in hashes.iter().enumerate() {
            assert!(!hashes[at + 1..].contains(hash));
        }
    }
}
