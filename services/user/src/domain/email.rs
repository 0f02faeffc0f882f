//! Email addresses, as far as they can be judged without writing to them.

use std::fmt;

use super::Invalid;

const RULE: &str = "an email address such as ann@example.com, of at most 254 characters";

/// An email address. Shown as it was given, compared without regard to case.
#[derive(Clone)]
pub struct Email(String);

impl Email {
    /// Takes `text` for an email address, less the spaces around it.
    ///
    /// # Errors
    /// When it has not the shape of one.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        if !has_shape(text) {
            return Err(Invalid::new("email", RULE));
        }
        Ok(Self(text.to_owned()))
    }

    /// The address as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same for every way to write its letters: what it is found and kept unique by.
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }
}

/// Keeps addresses out of logs.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(..)")
    }
}

impl PartialEq for Email {
    fn eq(&self, other: &Self) -> bool {
        self.folded() == other.folded()
    }
}

fn has_shape(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"\"(),:;<>[\\]@".contains(c);
    let label = |label: &str| {
        (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
    };
    text.len() <= 254
        && (1..=64).contains(&local.len())
        && local.chars().all(plain)
        && domain
            .chars()
            .all(|c| c.is_alphanumeric() || "-.".contains(c))
        && domain.contains('.')
        && domain.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn usual_addresses_are_taken_and_others_refused() {
        for good in [
            "ann@example.com",
            " ann.b+shop@mail.example.co.uk ",
            "ännchen@exämple.de",
        ] {
            assert!(Email::new(good).is_ok(), "{good}");
        }
        let bad = [
            "",
            "ann",
            "@example.com",
            "ann@",
            "ann@example",
            "a b@example.com",
            "ann@@example.com",
        ];
        let worse = [
            "ann@exa mple.com",
            "ann@.com",
            "ann@example..com",
            "ann@-a.com",
            "ann\n@example.com",
        ];
        for bad in bad.into_iter().chain(worse) {
            assert!(Email::new(bad).is_err(), "{bad:?}");
        }
        assert!(Email::new(&format!("ann@{}.com", "a".repeat(260))).is_err());
    }

    #[test]
    fn letters_count_the_same_in_upper_and_lower_case() {
        let (shout, plain) = (Email::new("ANN@Example.com"), Email::new("ann@example.com"));

        assert_eq!(shout.unwrap(), plain.unwrap());
    }

    proptest! {
        #[test]
        fn any_text_is_an_address_or_refused(text in ".{0,300}") {
            if let Ok(email) = Email::new(&text) {
                prop_assert!(email.as_str().len() <= 254);
                prop_assert_eq!(Email::new(email.as_str()), Ok(email));
            }
        }
    }
}
