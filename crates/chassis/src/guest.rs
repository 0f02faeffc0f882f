//! Guests: those who come to one service for one thing.

use tonic::Status;

/// Somebody who is no service of the house and asks one for a single thing, by a certificate of the house and without its
/// token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guest {
    /// What its certificate names, as that of a service does.
    pub name: &'static str,
    /// The gRPC service that it may ask, with its package.
    pub asks: &'static str,
}

impl Guest {
    /// Lets it ask what is at `path`, or not.
    ///
    /// # Errors
    /// When that is anything but the one thing that it comes for.
    pub(crate) fn admit(&self, path: &str) -> Result<(), Status> {
        let asked = path
            .strip_prefix('/')
            .and_then(|path| path.rsplit_once('/'));
        if asked.is_some_and(|(service, _)| service == self.asks) {
            return Ok(());
        }
        let sentence = format!("{} asks only {} here", self.name, self.asks);
        Err(Status::permission_denied(sentence))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_is_let_in_to_one_thing_and_to_nothing_that_is_called_nearly_so() {
        let guest = Guest {
            name: "guest",
            asks: "shop.Open",
        };
        let is_let_in = |path: &str| guest.admit(path).is_ok();

        assert!(is_let_in("/shop.Open/Ask"));
        for path in [
            "/shop.OpenToo/Ask",
            "/a.shop.Open/Ask",
            "/shop.Open",
            "/shop.Open/shop.Other/Ask",
            "//shop.Open/Ask",
            "/",
        ] {
            assert!(!is_let_in(path), "{path}");
        }
    }
}
