//! Refresh tokens: what a session is continued with.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretBox};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

const SECRET: usize = 32;

/// What a session is continued with: its id, which finds it, and a secret, which proves it.
///
/// Only its hash is kept. A plain hash will do: the secret is 256 bits of chance, there is nothing to guess.
#[derive(Debug)]
pub struct RefreshToken {
    session: Uuid,
    secret: SecretBox<[u8; SECRET]>,
}

impl RefreshToken {
    /// Makes a new one for `session`.
    pub fn new(session: Uuid) -> Self {
        let mut secret = SecretBox::new(Box::new([0; SECRET]));
        aws_lc_rs::rand::fill(secrecy::ExposeSecretMut::expose_secret_mut(&mut secret))
            .expect("the system's source of randomness never ends");
        Self { session, secret }
    }

    /// Reads one; nothing when `text` is none.
    pub fn read(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (session, secret) = bytes.split_at_checked(16)?;
        Some(Self {
            session: Uuid::from_slice(session).ok()?,
            secret: SecretBox::new(Box::new(secret.try_into().ok()?)),
        })
    }

    /// Writes it as its owner keeps it.
    pub fn write(&self) -> String {
        URL_SAFE_NO_PAD.encode(
            [
                self.session.as_bytes(),
                self.secret.expose_secret().as_slice(),
            ]
            .concat(),
        )
    }

    /// The session it continues, if its hash says so too.
    pub fn session(&self) -> Uuid {
        self.session
    }

    /// Masks `next` so that only whoever has this token reads it. A token is traded once, so a mask hides one secret.
    pub fn mask(&self, next: &Self) -> [u8; SECRET] {
        self.masked(next.secret.expose_secret())
    }

    /// Reads what [`Self::mask`] has masked; of anything else it makes a token that is good for nothing.
    #[must_use]
    pub fn unmask(&self, masked: &[u8; SECRET]) -> Self {
        let secret = SecretBox::new(Box::new(self.masked(masked)));
        Self {
            session: self.session,
            secret,
        }
    }

    fn masked(&self, bytes: &[u8; SECRET]) -> [u8; SECRET] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.secret.expose_secret());
        let mask = hmac::sign(&key, b"the token that follows");
        let mut masked = *bytes;
        for (byte, mask) in masked.iter_mut().zip(mask.as_ref()) {
            *byte ^= mask;
        }
        masked
    }

    /// What is kept of it.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.secret.expose_secret()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_refresh_token_reads_back_as_it_was_written(session: [u8; 16]) {
            let token = RefreshToken::new(Uuid::from_bytes(session));
            let read = RefreshToken::read(&token.write()).unwrap();
            prop_assert_eq!((read.session(), read.hash()), (token.session(), token.hash()));
        }

        #[test]
        fn any_text_is_a_refresh_token_or_refused(text in ".{0,80}") {
            let _ = RefreshToken::read(&text);
        }
    }

    #[test]
    fn the_next_token_is_read_by_whoever_has_the_one_before_it_and_by_nobody_else() {
        let session = Uuid::now_v7();
        let [given, next, other] = [(); 3].map(|()| RefreshToken::new(session));

        let masked = given.mask(&next);

        assert_eq!(given.unmask(&masked).write(), next.write());
        assert_ne!(other.unmask(&masked).hash(), next.hash());
        assert_ne!(&masked, next.secret.expose_secret());
    }

    #[test]
    fn no_two_refresh_tokens_are_alike() {
        let session = Uuid::now_v7();

        assert_ne!(
            RefreshToken::new(session).hash(),
            RefreshToken::new(session).hash()
        );
    }

    #[test]
    fn a_refresh_token_does_not_show_its_secret_in_a_log() {
        let token = RefreshToken::new(Uuid::now_v7());

        assert!(format!("{token:?}").contains("REDACTED"));
    }
}
