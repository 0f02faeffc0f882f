//! What people are called.

use std::fmt;

use super::Invalid;

/// What somebody is called: 1 to 100 characters.
#[derive(Clone, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// Takes `text` for a name, less the spaces around it.
    ///
    /// # Errors
    /// When nothing is left, or more than 100 characters, or it holds control characters.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        line("name", text, 1..=100)
            .map(Self)
            .map_err(|_| Invalid::new("name", "1 to 100 characters, without control characters"))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Keeps names out of logs.
impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Name(..)")
    }
}

/// Takes `text` for one line of as many characters as `lengths` allows, less the spaces around it.
pub(super) fn line(
    field: &'static str,
    text: &str,
    lengths: std::ops::RangeInclusive<usize>,
) -> Result<String, Invalid> {
    let text = text.trim();
    let fits = lengths.contains(&text.chars().count());
    if !fits || text.chars().any(char::is_control) {
        return Err(Invalid::new(
            field,
            "its length, or a control character in it",
        ));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_of_at_most_a_hundred_characters() {
        assert!(Name::new(" Ann ").is_ok_and(|name| name.as_str() == "Ann"));
        assert!(Name::new(&"é".repeat(100)).is_ok());
        for bad in ["", "   ", "Ann\u{0}", "Ann\nBob"] {
            assert!(Name::new(bad).is_err(), "{bad:?}");
        }
        assert!(Name::new(&"é".repeat(101)).is_err());
    }
}
