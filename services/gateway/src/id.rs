//! Ids as callers send and see them: a value that exists is well-formed and of its kind.

use std::fmt;

use auth::Caller;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// Makes a type for one kind of id.
macro_rules! ids {
    ($($name:ident = $kind:ident $example:literal $doc:literal;)+) => {
        $(
            #[doc = $doc]
            #[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
            #[serde(transparent)]
            #[schema(value_type = String, example = $example)]
            pub(crate) struct $name(String);

            impl $name {
                /// The id as it stands on the wire.
                pub(crate) fn into_wire(self) -> String {
                    self.0
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str(&self.0)
                }
            }

            impl<'de> Deserialize<'de> for $name {
                fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                    let text = String::deserialize(from)?;
                    match api::id::$kind.read(&text) {
                        Ok(_) => Ok(Self(text)),
                        Err(bad) => Err(D::Error::custom(bad)),
                    }
                }
            }
        )+
    };
}

ids! {
    AccountId = ACCOUNT "usr_01h455vb4pex5vsknk084sn02q" "An account.";
    AddressId = ADDRESS "adr_01h455vb4pex5vsknk084sn02q" "An address of an account.";
    ArticleId = ARTICLE "art_01h455vb4pex5vsknk084sn02q" "An article.";
    CartId = CART "crt_01h455vb4pex5vsknk084sn02q" "A cart.";
    NotificationId = NOTIFICATION "ntf_01h455vb4pex5vsknk084sn02q" "A notification.";
    OrderId = ORDER "ord_01h455vb4pex5vsknk084sn02q" "An order.";
    ProductId = PRODUCT "prd_01h455vb4pex5vsknk084sn02q" "A product.";
    SagaId = SAGA "sag_01h455vb4pex5vsknk084sn02q" "A saga.";
}

/// The name of a lock or of an instance: 1 to 200 letters, digits, `.`, `_`, `:` and `-`.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Name(pub(crate) String);

impl TryFrom<String> for Name {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
        let good = (1..=200).contains(&text.len()) && text.bytes().all(allowed);
        good.then_some(Self(text)).ok_or("no such name")
    }
}

/// The caller's own account, as it stands on the wire.
pub(crate) fn account(caller: Caller) -> String {
    api::id::ACCOUNT.write(caller.account)
}
