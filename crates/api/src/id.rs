//! Ids as callers see them: a prefix that names the kind, and a UUID in base 32.

use type_safe_id::{DynamicType, TypeSafeId};
use uuid::Uuid;

/// A kind of id, known by its prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind(&'static str);

/// An account: `usr_...`.
pub const ACCOUNT: Kind = Kind("usr");
/// A request for a lock: `acq_...`.
pub const ACQUISITION: Kind = Kind("acq");
/// An address of an account: `adr_...`.
pub const ADDRESS: Kind = Kind("adr");
/// An article: `art_...`.
pub const ARTICLE: Kind = Kind("art");
/// An entry of the audit: `aud_...`.
pub const AUDIT: Kind = Kind("aud");
/// A cart: `crt_...`.
pub const CART: Kind = Kind("crt");
/// A movement of stock: `mov_...`.
pub const MOVEMENT: Kind = Kind("mov");
/// A notification: `ntf_...`.
pub const NOTIFICATION: Kind = Kind("ntf");
/// An order: `ord_...`.
pub const ORDER: Kind = Kind("ord");
/// A product: `prd_...`.
pub const PRODUCT: Kind = Kind("prd");
/// A refund: `rfd_...`.
pub const REFUND: Kind = Kind("rfd");
/// A saga: `sag_...`.
pub const SAGA: Kind = Kind("sag");
/// A transfer of money: `trf_...`.
pub const TRANSFER: Kind = Kind("trf");

/// How long an id is after its prefix.
const WRITTEN: usize = "_".len() + 26;

/// Why a text is no id of the kind asked for.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not an id of this kind: it begins with `{prefix}_` and has 26 characters after that")]
pub struct BadId {
    prefix: &'static str,
}

impl Kind {
    /// Writes `id` as callers see it.
    pub fn write(self, id: Uuid) -> String {
        let tag = DynamicType::new(self.0).expect("the prefixes above are lower-case letters");
        TypeSafeId::from_type_and_uuid(tag, id).to_string()
    }

    /// Reads an id of this kind.
    ///
    /// # Errors
    /// When `text` is malformed or of another kind.
    pub fn read(self, text: &str) -> Result<Uuid, BadId> {
        let bad = BadId { prefix: self.0 };
        // The parser panics at a long prefix that is cut in the middle of a letter.
        if text.len() != self.0.len() + WRITTEN {
            return Err(bad);
        }
        let id: TypeSafeId<DynamicType> = text.parse().map_err(|_| bad)?;
        if id.type_prefix() != self.0 {
            return Err(BadId { prefix: self.0 });
        }
        Ok(id.uuid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_id_reads_back_as_it_was_written(bytes: [u8; 16]) {
            let id = Uuid::from_bytes(bytes);
            prop_assert_eq!(ORDER.read(&ORDER.write(id)), Ok(id));
        }

        #[test]
        fn any_text_is_an_id_or_refused(text in ".{0,40}") {
            if let Ok(id) = ORDER.read(&text) {
                prop_assert_eq!(ORDER.write(id), text);
            }
        }
    }

    #[test]
    fn a_long_text_of_wide_letters_is_refused() {
        let text = format!("{}_01h455vb4pex5vsknk084sn02q", "\u{e9}".repeat(40));

        let read = ORDER.read(&text);

        assert!(read.is_err());
    }

    #[test]
    fn an_id_of_another_kind_is_refused() {
        let product = PRODUCT.write(Uuid::now_v7());

        assert!(ORDER.read(&product).is_err());
    }
}
