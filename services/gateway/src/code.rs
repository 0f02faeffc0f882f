//! Every code a problem may carry, with its status and title: one row each, so that no two places disagree.

use axum::http::StatusCode;

/// Makes the codes, and the table that says what each one means.
macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $status:ident $text:literal $retryable:literal $title:literal;)+) => {
        /// Why a request failed, in a word that stays the same for ever.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[doc = $doc])+ $name,)+ }

        impl Code {
            /// All of them, as the table lists them.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The status it is answered with.
            pub fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)+ }
            }

            /// The word itself.
            pub fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// Whether the same request may succeed when it is sent again.
            pub fn retryable(self) -> bool {
                match self { $(Self::$name => $retryable,)+ }
            }

            /// A sentence for people, the same for every problem with this code.
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)+ }
            }
        }
    };
}

codes! {
    /// The request breaks a rule of its own shape; `errors` says where.
    Invalid = BAD_REQUEST "invalid" false "The request is not valid.";
    /// The body is no JSON.
    MalformedJson = BAD_REQUEST "malformed_json" false "The body is not JSON.";
    /// The password is too easily guessed.
    WeakPassword = BAD_REQUEST "weak_password" false "The password is too weak.";
    /// The route needs an `Idempotency-Key`.
    KeyMissing = BAD_REQUEST "idempotency_key_missing" false "An Idempotency-Key is required.";
    /// The `Idempotency-Key` is not 1 to 255 printable characters.
    KeyInvalid = BAD_REQUEST "idempotency_key_invalid" false "The Idempotency-Key is not valid.";

    /// No token was sent.
    Unauthenticated = UNAUTHORIZED "unauthenticated" false "Sign in first.";
    /// The token was not made by us, or is no longer good.
    InvalidToken = UNAUTHORIZED "invalid_token" false "The access token is not valid.";
    /// The token has expired.
    TokenExpired = UNAUTHORIZED "token_expired" false "The access token has expired.";
    /// The session behind the token was ended.
    TokenRevoked = UNAUTHORIZED "token_revoked" false "The session was ended.";
    /// Email, registration number or password are wrong.
    BadCredentials = UNAUTHORIZED "bad_credentials" false "These credentials are not right.";
    /// The refresh token is not good, or was used before.
    BadToken = UNAUTHORIZED "bad_token" false "The refresh token is not valid.";

    /// The money is short.
    PaymentDeclined = PAYMENT_REQUIRED "payment_declined" false "The payment was declined.";

    /// The role of the account does not allow this.
    Forbidden = FORBIDDEN "forbidden" false "Your role does not allow this.";
    /// The account was disabled.
    Disabled = FORBIDDEN "disabled" false "This account is disabled.";

    /// There is no such thing, or it belongs to somebody else.
    NotFound = NOT_FOUND "not_found" false "There is no such thing.";
    /// A product of the request does not exist.
    ProductNotFound = NOT_FOUND "product_not_found" false "There is no such product.";
    /// The cart of the request does not exist.
    CartNotFound = NOT_FOUND "cart_not_found" false "There is no such cart.";
    /// No route has this path.
    NoSuchRoute = NOT_FOUND "no_such_route" false "There is no such route.";

    /// The route has no such method.
    MethodNotAllowed = METHOD_NOT_ALLOWED "method_not_allowed" false "The route does not have this method.";
    /// The body came too slowly.
    BodyTimeout = REQUEST_TIMEOUT "body_timeout" true "The body did not arrive in time.";

    /// Fewer are left than were asked for.
    InsufficientStock = CONFLICT "insufficient_stock" false "Not enough is left in stock.";
    /// The payment could not be made in time.
    PaymentUnavailable = CONFLICT "payment_unavailable" false "The payment could not be made in time.";
    /// The total is not the expected one.
    PriceChanged = CONFLICT "price_changed" false "A price has changed.";
    /// The cart was ordered already.
    CartOrdered = CONFLICT "cart_ordered" false "The cart was ordered already.";
    /// The cart has nothing in it.
    CartEmpty = CONFLICT "cart_empty" false "The cart is empty.";
    /// The cart has as many lines as it may.
    CartFull = CONFLICT "cart_full" false "The cart is full.";
    /// The fault has as many notes as it may.
    NotesFull = CONFLICT "notes_full" false "The fault has as many notes as it may.";
    /// The order is still pending.
    NotSettled = CONFLICT "not_settled" true "The order has not settled yet.";
    /// The order is not in a state that allows this.
    IllegalMove = CONFLICT "illegal_move" false "The order is in a state that does not allow this.";
    /// More would be given back than was paid.
    OverRefund = CONFLICT "over_refund" false "More would be given back than was paid.";
    /// The order was never charged.
    NotCharged = CONFLICT "not_charged" false "The order was not charged.";
    /// Another account has this email.
    EmailTaken = CONFLICT "email_taken" false "This email is taken.";
    /// Another product has this stock keeping unit.
    SkuTaken = CONFLICT "sku_taken" false "This stock keeping unit is taken.";
    /// The account has as many addresses as it may.
    TooManyAddresses = CONFLICT "too_many_addresses" false "The account has as many addresses as it may.";
    /// An order of the account is still open.
    OrderOpen = CONFLICT "order_open" false "An order is still open.";
    /// Money is left in the wallet.
    MoneyLeft = CONFLICT "money_left" false "Money is left in the wallet.";
    /// The last administrator stays one.
    LastAdmin = CONFLICT "last_admin" false "The last administrator must stay one.";
    /// The saga has ended.
    SagaEnded = CONFLICT "saga_ended" false "The saga has ended already.";
    /// Something stands in the way.
    Conflict = CONFLICT "conflict" false "Something stands in the way of this.";

    /// Another version is current.
    Stale = PRECONDITION_FAILED "stale" false "Another version is current.";
    /// The body is larger than allowed.
    TooLarge = PAYLOAD_TOO_LARGE "too_large" false "The body is too large.";
    /// The path and query are longer than allowed.
    UriTooLong = URI_TOO_LONG "uri_too_long" false "The path is too long.";
    /// The body is not announced as JSON.
    UnsupportedMediaType = UNSUPPORTED_MEDIA_TYPE "unsupported_media_type" false "The body must be application/json.";
    /// Values are understood, and not allowed; `errors` says which.
    OutOfRange = UNPROCESSABLE_ENTITY "out_of_range" false "A value is out of range.";
    /// The key belongs to another request.
    KeyReused = UNPROCESSABLE_ENTITY "key_reused" false "The Idempotency-Key belongs to another request.";
    /// The route needs an `If-Match`.
    VersionRequired = PRECONDITION_REQUIRED "version_required" false "If-Match with the current ETag is required.";
    /// Too many requests came from one caller.
    RateLimited = TOO_MANY_REQUESTS "rate_limited" true "Too many requests.";
    /// Too many sign-ins failed.
    LockedOut = TOO_MANY_REQUESTS "locked_out" true "Too many failed sign-ins.";
    /// The headers are larger than allowed.
    HeadersTooLarge = REQUEST_HEADER_FIELDS_TOO_LARGE "headers_too_large" false "The headers are too large.";

    /// A bug of ours.
    Internal = INTERNAL_SERVER_ERROR "internal" false "Something went wrong on our side.";
    /// The role may have been taken away, and we would not know.
    RoleUnsure = SERVICE_UNAVAILABLE "role_unsure" true "Roles cannot be confirmed for the moment.";
    /// No keys to check tokens with have arrived yet.
    KeysMissing = SERVICE_UNAVAILABLE "keys_missing" true "Tokens cannot be checked for the moment.";
    /// Nothing was kept.
    NotTaken = SERVICE_UNAVAILABLE "not_taken" true "The request was not taken. Send it again.";
    /// Nobody reachable has what the caller has seen.
    NotYetConsistent = SERVICE_UNAVAILABLE "not_yet_consistent" true "What you have seen is not readable yet.";
    /// Too much of this is going on at once.
    Busy = SERVICE_UNAVAILABLE "busy" true "Too much of this is going on at once.";
    /// Operators have switched this off for a while.
    SwitchedOff = SERVICE_UNAVAILABLE "switched_off" true "This is switched off for a while.";
    /// This gateway has as many requests as it can bear.
    Overloaded = SERVICE_UNAVAILABLE "overloaded" true "The shop is overloaded.";
    /// A part of the shop cannot be reached; nothing was changed.
    Unavailable = SERVICE_UNAVAILABLE "unavailable" true "A part of the shop cannot be reached.";
    /// Nobody can tell whether it happened.
    OutcomeUnknown = GATEWAY_TIMEOUT "outcome_unknown" true "The outcome is not known.";
}

impl Code {
    /// The code that a service's reason stands for, if it is one we know.
    pub fn of(reason: &str) -> Option<Self> {
        let same = |code: &&Self| code.text().eq_ignore_ascii_case(reason);
        Self::ALL.iter().find(same).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_two_codes_share_a_word() {
        let words: HashSet<_> = Code::ALL.iter().map(|code| code.text()).collect();

        assert_eq!(words.len(), Code::ALL.len());
    }

    #[test]
    fn every_reason_named_in_the_contract_has_a_code() {
        let unknown: Vec<String> = reasons_of_the_contract()
            .into_iter()
            .filter(|reason| Code::of(reason).is_none())
            .collect();

        assert_eq!(unknown, Vec::<String>::new(), "give each a row in `codes!`");
    }

    /// Every word of the protos that looks like a reason, less the names of gRPC's own codes and of enum values.
    fn reasons_of_the_contract() -> HashSet<String> {
        const GRPC: [&str; 8] = [
            "INVALID_ARGUMENT",
            "FAILED_PRECONDITION",
            "ALREADY_EXISTS",
            "RESOURCE_EXHAUSTED",
            "PERMISSION_DENIED",
            "UNAUTHENTICATED",
            "SCREAMING_SNAKE_CASE",
            "UNAVAILABLE",
        ];
        let mut found = HashSet::new();
        let packages = std::fs::read_dir("../../proto/holdfast").unwrap();
        let files = packages.flat_map(|package| {
            let folder = package.unwrap().path().join("v1");
            std::fs::read_dir(folder).unwrap()
        });
        for file in files {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            let comments = text.lines().filter_map(|line| line.split_once("//"));
            for word in comments.flat_map(|(_, comment)| {
                comment.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            }) {
                let shouted = word.len() > 1
                    && word.contains('_')
                    && word.chars().all(|c| c.is_ascii_uppercase() || c == '_');
                if shouted && !GRPC.contains(&word) {
                    found.insert(word.to_owned());
                }
            }
        }
        assert!(
            found.len() > 15,
            "the protos name more reasons than that: {found:?}"
        );
        found
    }
}
