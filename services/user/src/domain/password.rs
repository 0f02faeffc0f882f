//! Passwords, before they are hashed.

use secrecy::{ExposeSecret as _, SecretString};

use super::Email;

/// The longest password that is looked at, in characters.
pub const LONGEST: usize = 128;
/// The shortest password that is taken, in characters.
pub const SHORTEST: usize = 8;

/// What everybody tries first, of those that are long enough to be taken.
const USUAL: [&str; 24] = [
    "12345678",
    "123456789",
    "1234567890",
    "password",
    "password1",
    "passw0rd",
    "qwertyuiop",
    "qwerty123",
    "iloveyou",
    "sunshine",
    "princess",
    "football",
    "baseball",
    "superman",
    "starwars",
    "trustno1",
    "letmein1",
    "welcome1",
    "1q2w3e4r",
    "1qaz2wsx",
    "zaq12wsx",
    "abcd1234",
    "11111111",
    "changeme",
];

/// A password, kept out of logs. Any of them may be tried; only some may be chosen.
#[derive(Clone, Debug)]
pub struct Password(SecretString);

impl Password {
    /// Takes `text` as it is. What is too long is cut off from being right, not cut.
    pub fn new(text: String) -> Self {
        Self(SecretString::from(text))
    }

    /// The password itself.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Whether anybody could have chosen it: beyond this length it is not even hashed.
    pub fn may_be_right(&self) -> bool {
        self.expose().chars().take(LONGEST + 1).count() <= LONGEST
    }

    /// Why the owner of `email` may not choose it, if so.
    pub fn weakness(&self, email: &Email) -> Option<&'static str> {
        let text = self.expose();
        let length = text.chars().take(LONGEST + 1).count();
        let folded = text.to_lowercase();
        let first = text.chars().next();
        if !(SHORTEST..=LONGEST).contains(&length) {
            Some("a password has 8 to 128 characters")
        } else if USUAL.contains(&folded.as_str()) {
            Some("this password is among the first that anybody tries")
        } else if text.chars().all(|c| Some(c) == first) {
            Some("a password is more than one character over and over")
        } else if folded == email.folded() {
            Some("a password is something else than the email")
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_anybody_would_try_first_may_not_be_chosen() {
        let email = Email::new("ann@example.com").unwrap();
        let weak = [
            "",
            "seven77",
            "Password1",
            "aaaaaaaaaaaa",
            "Ann@example.com",
        ];
        for weak in weak.map(str::to_owned).into_iter().chain(["x1".repeat(65)]) {
            assert!(
                Password::new(weak.clone()).weakness(&email).is_some(),
                "{weak}"
            );
        }
    }

    #[test]
    fn eight_characters_of_any_kind_may_be_chosen() {
        let email = Email::new("ann@example.com").unwrap();
        for good in [
            "drei kühe",
            "correct horse battery staple",
            "パスワードは秘密",
        ] {
            assert_eq!(
                Password::new(good.to_owned()).weakness(&email),
                None,
                "{good}"
            );
        }
    }

    #[test]
    fn a_password_does_not_show_in_a_log() {
        let shown = format!("{:?}", Password::new("drei kühe".to_owned()));

        assert!(!shown.contains("kühe"));
    }
}
