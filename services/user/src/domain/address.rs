//! Where things are sent to.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Invalid;
use super::name::line;

/// How many addresses an account has at most.
pub const MOST: usize = 20;

/// An address of an account.
#[derive(Clone, Debug)]
pub struct Address {
    /// Names it.
    pub id: Uuid,
    /// What it says.
    pub draft: AddressDraft,
    /// Counts its changes, from 1.
    pub version: i64,
}

/// What an address says. As JSON it is what is sealed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressDraft {
    recipient: String,
    line1: String,
    line2: String,
    city: String,
    postal_code: String,
    country: String,
}

/// The parts of an address, as somebody wrote them.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    /// Who receives.
    pub recipient: String,
    /// Street and number.
    pub line1: String,
    /// More of it, or nothing.
    pub line2: String,
    /// The city.
    pub city: String,
    /// The postal code.
    pub postal_code: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
}

impl AddressDraft {
    /// Makes an address of `parts`, each less the spaces around it.
    ///
    /// # Errors
    /// The first part that breaks its rule.
    pub fn new(parts: &Parts) -> Result<Self, Invalid> {
        let part = |field, text: &str, least| {
            line(field, text, least..=200)
                .map_err(|_| Invalid::new(field, "1 to 200 characters on one line"))
        };
        Ok(Self {
            recipient: part("address.recipient", &parts.recipient, 1)?,
            line1: part("address.line1", &parts.line1, 1)?,
            line2: part("address.line2", &parts.line2, 0)?,
            city: part("address.city", &parts.city, 1)?,
            postal_code: part("address.postal_code", &parts.postal_code, 1)?,
            country: country(&parts.country)?,
        })
    }

    /// The parts again.
    pub fn parts(self) -> Parts {
        Parts {
            recipient: self.recipient,
            line1: self.line1,
            line2: self.line2,
            city: self.city,
            postal_code: self.postal_code,
            country: self.country,
        }
    }
}

/// Keeps addresses out of logs.
impl fmt::Debug for AddressDraft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AddressDraft(..)")
    }
}

fn country(text: &str) -> Result<String, Invalid> {
    let letters = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase());
    letters.then(|| text.to_owned()).ok_or(Invalid::new(
        "address.country",
        "two upper-case letters, as ISO 3166-1 has them",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts() -> Parts {
        Parts {
            recipient: "Ann Example".to_owned(),
            line1: "1 Mug Lane".to_owned(),
            line2: String::new(),
            city: "Potsdam".to_owned(),
            postal_code: "14467".to_owned(),
            country: "DE".to_owned(),
        }
    }

    #[test]
    fn only_the_second_line_may_be_empty() {
        assert!(AddressDraft::new(&parts()).is_ok());
        let empty: [fn(&mut Parts); 5] = [
            |parts| parts.recipient.clear(),
            |parts| parts.line1 = "  ".to_owned(),
            |parts| parts.city.clear(),
            |parts| parts.postal_code.clear(),
            |parts| parts.country.clear(),
        ];
        for empty in empty {
            let mut parts = parts();
            empty(&mut parts);
            assert!(AddressDraft::new(&parts).is_err());
        }
    }

    #[test]
    fn a_part_of_more_than_two_hundred_characters_is_refused() {
        let mut parts = parts();

        parts.line2 = "x".repeat(201);

        let refused = AddressDraft::new(&parts).unwrap_err();
        assert_eq!(refused.field, "address.line2");
    }

    #[test]
    fn a_country_is_two_capitals() {
        for bad in ["de", "DEU", "D1", "ÄÖ", ""] {
            let mut parts = parts();
            parts.country = bad.to_owned();
            assert!(AddressDraft::new(&parts).is_err(), "{bad}");
        }
    }
}
