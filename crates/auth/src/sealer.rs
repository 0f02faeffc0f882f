//! Keeping bytes secret at rest.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use zeroize::Zeroizing;

/// How sealed bytes begin, so that a later form can be told from this one.
const FORM: u8 = 1;

/// Seals bytes under a key, each to the place it is kept in.
///
/// The place (`accounts.email` of one account, say) is authenticated with the bytes: copied to another row or column they
/// no longer open.
pub struct Sealer(RandomizedNonceKey);

/// Says that sealed bytes do not open: another key, another place, or not what was written.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("sealed bytes do not open with this key at this place")]
pub struct Unsealable;

impl Sealer {
    /// Seals under `key` with AES-256-GCM.
    pub fn new(key: &[u8; 32]) -> Self {
        Self(RandomizedNonceKey::new(&AES_256_GCM, key).expect("the key has the cipher's length"))
    }

    /// Seals `plain` to `place`.
    pub fn seal(&self, plain: &[u8], place: &[u8]) -> Vec<u8> {
        let mut text = plain.to_vec();
        let nonce = self
            .0
            .seal_in_place_append_tag(Aad::from(place), &mut text)
            .expect("personal columns are far below the cipher's 64 GiB");
        [&[FORM], nonce.as_ref().as_slice(), &text].concat()
    }

    /// Opens what was sealed to `place`.
    ///
    /// # Errors
    /// When the bytes were sealed with another key or to another place, or were changed.
    pub fn open(&self, sealed: &[u8], place: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unsealable> {
        let (&form, rest) = sealed.split_first().ok_or(Unsealable)?;
        let (nonce, text) = rest.split_at_checked(NONCE_LEN).ok_or(Unsealable)?;
        if form != FORM {
            return Err(Unsealable);
        }
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Unsealable)?;
        let mut text = Zeroizing::new(text.to_vec());
        let plain = self
            .0
            .open_in_place(nonce, Aad::from(place), &mut text)
            .map_err(|_| Unsealable)?
            .len();
        text.truncate(plain);
        Ok(text)
    }

    /// Makes a key of its own for the contents of `place`, and answers it with its sealed form, which is kept beside them.
    pub fn envelope(&self, place: &[u8]) -> (Self, Vec<u8>) {
        let mut key = Zeroizing::new([0; 32]);
        aws_lc_rs::rand::fill(&mut *key).expect("the system's source of randomness never ends");
        let sealed = self.seal(&*key, place);
        (Self::new(&key), sealed)
    }

    /// Opens the key that [`Self::envelope`] made for `place`.
    ///
    /// # Errors
    /// When the sealed key was made for another place or under another key, or was changed.
    pub fn open_envelope(&self, sealed: &[u8], place: &[u8]) -> Result<Self, Unsealable> {
        let key = self.open(sealed, place)?;
        let key = <&[u8; 32]>::try_from(key.as_slice()).map_err(|_| Unsealable)?;
        Ok(Self::new(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sealer() -> Sealer {
        Sealer::new(&[7; 32])
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens_at_its_place(plain: Vec<u8>, place: Vec<u8>) {
            let sealed = sealer().seal(&plain, &place);
            let opened = sealer().open(&sealed, &place).unwrap();
            prop_assert_eq!(opened.as_slice(), plain.as_slice());
        }

        #[test]
        fn a_changed_byte_does_not_open(plain: Vec<u8>, at: prop::sample::Index, change in 1_u8..) {
            let mut sealed = sealer().seal(&plain, b"here");
            let at = at.index(sealed.len());
            sealed[at] ^= change;
            prop_assert!(sealer().open(&sealed, b"here").is_err());
        }

        #[test]
        fn any_bytes_open_or_are_refused(bytes: Vec<u8>) {
            prop_assert!(sealer().open(&bytes, b"here").is_err());
        }
    }

    #[test]
    fn bytes_moved_to_another_row_do_not_open() {
        let sealed = sealer().seal(b"ann@example.com", b"row 1");

        assert_eq!(sealer().open(&sealed, b"row 2"), Err(Unsealable));
    }

    #[test]
    fn the_same_bytes_never_look_the_same() {
        assert_ne!(sealer().seal(b"ann", b"row"), sealer().seal(b"ann", b"row"));
    }

    #[test]
    fn an_envelope_opens_under_its_own_master_only() {
        let (key, sealed) = sealer().envelope(b"account 1");
        let text = key.seal(b"Ann", b"name");

        let opened = sealer().open_envelope(&sealed, b"account 1").unwrap();

        assert_eq!(opened.open(&text, b"name").unwrap().as_slice(), b"Ann");
        let other = Sealer::new(&[8; 32]);
        assert!(other.open_envelope(&sealed, b"account 1").is_err());
        assert!(sealer().open_envelope(&sealed, b"account 2").is_err());
    }
}
