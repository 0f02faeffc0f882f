//! Who is let through, asked the way a client would.

#![allow(clippy::unwrap_used, reason = "what does not hold ends the test")]

use std::time::{Duration, Instant};

use auth::{Admin, Caller, Claims, Refusal, Role, Signer, Support, Verifier, jwks};
use axum::body::Body;
use axum::routing::get;
use axum::{Extension, Router};
use http::{Request, StatusCode, header};
use time::OffsetDateTime;
use tower::ServiceExt as _;
use uuid::Uuid;

/// A gateway in small: a page for everyone who is someone, one for support, one for admins.
fn gateway(verifier: &Verifier) -> Router {
    Router::new()
        .route("/me", get(|_: Caller| async {}))
        .route("/support", get(|_: Support| async {}))
        .route("/admin", get(|_: Admin| async {}))
        .layer(Extension(verifier.clone()))
}

async fn ask(verifier: &Verifier, path: &str, token: &str) -> Result<(), Refusal> {
    let request = Request::get(path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Body::empty())
        .unwrap();
    let response = gateway(verifier).oneshot(request).await.unwrap();
    match response.extensions().get::<Refusal>() {
        None => {
            assert_eq!(response.status(), StatusCode::OK);
            Ok(())
        }
        Some(refusal) => Err(*refusal),
    }
}

fn claims(role: Role) -> Claims {
    let now = OffsetDateTime::now_utc();
    Claims::new(Uuid::now_v7(), role, Uuid::now_v7(), 1, now)
}

/// A signer, and a verifier that knows its key and has just heard of all revocations.
fn pair() -> (Signer, Verifier) {
    let (signer, _) = Signer::generate();
    let verifier = Verifier::new();
    verifier.replace_keys(&jwks([&signer])).unwrap();
    verifier.trusts_revocations(true);
    (signer, verifier)
}

#[tokio::test]
async fn a_signed_token_tells_who_is_calling() {
    let (signer, verifier) = pair();
    let claims = claims(Role::Customer);

    let caller = verifier.verify(&signer.sign(&claims)).await.unwrap();

    let expected = Caller {
        account: claims.account,
        role: Role::Customer,
        session: claims.session,
    };
    assert_eq!(caller, expected);
}

#[tokio::test]
async fn each_role_reaches_as_far_as_it_should() {
    let (signer, verifier) = pair();
    let not = Err(Refusal::NotAllowed);
    let reach = [
        (Role::Customer, [Ok(()), not, not]),
        (Role::Support, [Ok(()), Ok(()), not]),
        (Role::Admin, [Ok(()), Ok(()), Ok(())]),
        (Role::Service, [Ok(()), not, not]),
    ];

    for (role, expected) in reach {
        let token = signer.sign(&claims(role));
        for (path, expected) in ["/me", "/support", "/admin"].into_iter().zip(expected) {
            let answer = ask(&verifier, path, &token).await;
            assert_eq!(answer, expected, "{role} at {path}");
        }
    }
}

#[tokio::test]
async fn without_a_token_nobody_is_let_through() {
    let (_, verifier) = pair();
    let bare = Request::get("/me").body(Body::empty()).unwrap();

    let response = gateway(&verifier).oneshot(bare).await.unwrap();

    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(response.headers()[header::WWW_AUTHENTICATE], "Bearer");
}

#[tokio::test]
async fn two_authorization_headers_are_none() {
    let (signer, verifier) = pair();
    let token = format!("Bearer {}", signer.sign(&claims(Role::Customer)));
    let request = Request::get("/me")
        .header(header::AUTHORIZATION, &token)
        .header(header::AUTHORIZATION, &token)
        .body(Body::empty())
        .unwrap();

    let response = gateway(&verifier).oneshot(request).await.unwrap();

    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_revoked_token_is_refused_though_it_was_remembered() {
    let (signer, verifier) = pair();
    let claims = claims(Role::Customer);
    let token = signer.sign(&claims);
    ask(&verifier, "/me", &token).await.unwrap();

    verifier.revoke(claims.account, 2);

    assert_eq!(ask(&verifier, "/me", &token).await, Err(Refusal::Revoked));
}

#[tokio::test]
async fn a_token_of_the_raised_epoch_is_good() {
    let (signer, verifier) = pair();
    let mut claims = claims(Role::Customer);
    verifier.revoke(claims.account, 2);

    claims.epoch = 2;

    assert_eq!(ask(&verifier, "/me", &signer.sign(&claims)).await, Ok(()));
}

#[tokio::test]
async fn a_remembered_token_ends_with_the_key_that_signed_it() {
    let (signer, verifier) = pair();
    let token = signer.sign(&claims(Role::Customer));
    ask(&verifier, "/me", &token).await.unwrap();

    let (next, _) = Signer::generate();
    verifier.replace_keys(&jwks([&next])).unwrap();

    assert_eq!(ask(&verifier, "/me", &token).await, Err(Refusal::BadToken));
}

#[tokio::test]
async fn a_token_outlives_the_coming_of_another_key() {
    let (signer, verifier) = pair();
    let token = signer.sign(&claims(Role::Customer));

    let (next, _) = Signer::generate();
    verifier.replace_keys(&jwks([&signer, &next])).unwrap();

    assert_eq!(ask(&verifier, "/me", &token).await, Ok(()));
    let by_next = next.sign(&claims(Role::Customer));
    assert_eq!(ask(&verifier, "/me", &by_next).await, Ok(()));
}

#[tokio::test]
async fn a_key_set_without_our_keys_leaves_those_before() {
    let (signer, verifier) = pair();
    let token = signer.sign(&claims(Role::Customer));

    assert!(verifier.replace_keys(r#"{"keys":[]}"#).is_err());
    assert!(verifier.replace_keys("<html>").is_err());

    assert_eq!(ask(&verifier, "/me", &token).await, Ok(()));
}

#[tokio::test]
async fn before_any_key_has_arrived_the_answer_is_later_and_not_no() {
    let (signer, _) = pair();
    let fresh = Verifier::new();

    let refused = ask(&fresh, "/me", &signer.sign(&claims(Role::Customer))).await;

    assert_eq!(refused, Err(Refusal::NoKeys));
    assert_eq!(Refusal::NoKeys.status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn while_revocations_are_not_followed_customers_go_on_and_roles_do_not() {
    let (signer, verifier) = pair();
    let [customer, support, admin] =
        [Role::Customer, Role::Support, Role::Admin].map(|role| signer.sign(&claims(role)));

    verifier.trusts_revocations(false);

    let unsure = Err(Refusal::RoleUnsure);
    assert_eq!(ask(&verifier, "/me", &customer).await, Ok(()));
    assert_eq!(ask(&verifier, "/support", &support).await, unsure);
    assert_eq!(ask(&verifier, "/admin", &admin).await, unsure);
}

#[tokio::test]
async fn what_was_heard_of_revocations_is_good_for_five_seconds() {
    let (signer, verifier) = pair();
    let admin = signer.sign(&claims(Role::Admin));
    let ago = |seconds| Instant::now().checked_sub(Duration::from_secs(seconds));

    verifier.followed_until(ago(2).unwrap());
    assert_eq!(ask(&verifier, "/admin", &admin).await, Ok(()));

    verifier.followed_until(ago(5).unwrap());
    let unsure = Err(Refusal::RoleUnsure);
    assert_eq!(ask(&verifier, "/admin", &admin).await, unsure);
}
