//! Whose request it is, so that it counts once however often it is sent. No I/O, no clock, no chance.

use time::OffsetDateTime;
use uuid::Uuid;

use super::Invalid;

/// A key of one account on one route, with the hash of the request that it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    name: Name,
    hash: Vec<u8>,
}

/// A key without the request: two requests with the same name are one, or one too many.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name {
    /// Who sent it.
    pub account: Uuid,
    /// Method and route template: `POST /v1/orders`.
    pub route: String,
    /// What the caller chose.
    pub text: String,
}

impl Key {
    /// A key of `account` on `route`, for the request of this hash.
    ///
    /// # Errors
    /// When the text is not 1 to 255 printable characters, the route empty or long, or the hash no SHA-256.
    pub fn new(account: Uuid, route: String, text: String, hash: Vec<u8>) -> Result<Self, Invalid> {
        let printable = |text: &str| text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
        if !(1..=255).contains(&text.len()) || !printable(&text) {
            return Err(Invalid::new(
                "idempotency.key",
                "1 to 255 printable ASCII characters",
            ));
        }
        if !(1..=100).contains(&route.len()) || !printable(&route) {
            return Err(Invalid::new(
                "idempotency.route",
                "a method and a route template of at most 100 characters",
            ));
        }
        if hash.len() != 32 {
            return Err(Invalid::new("idempotency.request_hash", "32 bytes"));
        }
        let name = Name {
            account,
            route,
            text,
        };
        Ok(Self { name, hash })
    }

    /// The key without the request.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// The hash of the request it stands for.
    pub fn hash(&self) -> &[u8] {
        &self.hash
    }

    /// The same id for the same name claimed at the same moment, whoever derives it. A key that was forgotten, and is sent
    /// again, stands for something else.
    pub fn derived_id(&self, since: OffsetDateTime) -> Uuid {
        let Name {
            account,
            route,
            text,
        } = &self.name;
        let since = since.unix_timestamp_nanos();
        // No route has a line break: no two names are written alike.
        Uuid::new_v5(account, format!("{since}\n{route}\n{text}").as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(route: &str, text: &str) -> Result<Key, Invalid> {
        Key::new(Uuid::nil(), route.to_owned(), text.to_owned(), vec![0; 32])
    }

    proptest! {
        #[test]
        fn a_key_has_one_to_255_printable_characters(text in ".{0,300}") {
            let good = (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
            prop_assert_eq!(key("POST /v1/orders", &text).is_ok(), good);
        }

        #[test]
        fn ids_of_different_names_differ(a in "[ -~]{1,20}", b in "[ -~]{1,20}", c in "[ -~]{1,20}", d in "[ -~]{1,20}") {
            let same = (&a, &b) == (&c, &d);
            let since = OffsetDateTime::UNIX_EPOCH;
            let [one, other] = [key(&a, &b), key(&c, &d)].map(|key| key.unwrap().derived_id(since));
            prop_assert_eq!(one == other, same);
        }
    }

    #[test]
    fn a_hash_that_is_no_sha_256_is_refused() {
        let refused = Key::new(
            Uuid::nil(),
            "POST /v1/orders".into(),
            "k".into(),
            vec![0; 31],
        );

        assert_eq!(refused.unwrap_err().field, "idempotency.request_hash");
    }
}
