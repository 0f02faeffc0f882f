//! Who is let in: tokens of ours, as long as they hold.

use api::user::{ListRevocationsResponse, Revocation};
use auth::{Role, Signer};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;

use crate::fake::Answer;
use crate::front::{Front, until};

async fn me(front: &Front, token: &str) -> String {
    let asking = front
        .ask(Method::GET, "/v1/me")
        .header("authorization", &format!("Bearer {token}"));
    asking.hear().await.said()
}

#[tokio::test]
async fn a_token_that_is_not_ours_or_no_longer_good_is_refused() {
    let front = Front::open().await;
    let good = front.token(front.account, Role::Customer);
    let (stranger, _) = Signer::generate();
    let claims = Front::claims(front.account, Role::Admin);
    let mut expired = claims.clone();
    (expired.iat, expired.nbf, expired.exp) = (1, 1, 1_000);
    let body = good.split('.').nth(1).unwrap();
    let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"at+jwt"}"#);
    let hmac = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"at+jwt"}"#);

    assert_eq!(
        me(&front, &front.signer.sign(&expired)).await,
        "401 token_expired"
    );
    for token in [
        stranger.sign(&claims),
        format!("{none}.{body}."),
        format!("{hmac}.{body}.AAAA"),
        format!("{}x", &good[..good.len() - 1]),
        "nonsense".to_owned(),
        "a".repeat(5_000),
    ] {
        assert_eq!(me(&front, &token).await, "401 invalid_token", "{token}");
    }
    assert_eq!(front.fake.all_asked(), vec![]);
}

#[tokio::test]
async fn without_a_token_the_caller_is_told_how_to_sign_in() {
    let front = Front::open().await;

    let heard = front.ask(Method::GET, "/v1/me").hear().await;

    assert_eq!(heard.said(), "401 unauthenticated");
    assert_eq!(heard.header("www-authenticate"), "Bearer");
}

#[tokio::test]
async fn two_authorization_headers_are_refused() {
    let front = Front::open().await;

    let heard = front
        .customer(Method::GET, "/v1/me")
        .header("authorization", "Bearer other")
        .hear()
        .await;

    assert_eq!(heard.said(), "401 invalid_token");
}

#[tokio::test]
async fn a_revoked_token_is_refused_within_seconds() {
    let front = Front::open().await;
    let token = front.token(front.account, Role::Customer);
    assert_ne!(me_status(&front, &token).await, 401);
    let revocation = Revocation {
        account_id: front.account_id(),
        session_epoch: 2,
    };
    let revoked = ListRevocationsResponse {
        revocations: vec![revocation],
        next: "n".into(),
    };

    front.fake.says("Auth/ListRevocations", &revoked);

    until(async || me_status(&front, &token).await == 401).await;
    assert_eq!(me(&front, &token).await, "401 token_revoked");
}

#[tokio::test]
async fn without_news_of_revocations_customers_are_served_and_roles_are_not_trusted() {
    let front = Front::open().await;

    front
        .fake
        .follows("Auth/ListRevocations", |_, _| Answer::Silence);

    let admin = async || {
        front
            .by(Role::Admin, Method::GET, "/v1/admin/users")
            .hear()
            .await
    };
    until(async || admin().await.status == 503).await;
    assert_eq!(admin().await.said(), "503 role_unsure");
    let customer = front.customer(Method::GET, "/v1/me/addresses").hear().await;
    assert_eq!(customer.status, 200);
}

#[tokio::test]
async fn a_new_key_is_taken_up_and_the_published_set_follows() {
    let front = Front::open().await;

    let heard = front
        .ask(Method::GET, "/.well-known/jwks.json")
        .hear()
        .await;

    assert_eq!(heard.header("content-type"), "application/jwk-set+json");
    assert_eq!(heard.json()["keys"][0]["kid"], front.signer.kid());
}

async fn me_status(front: &Front, token: &str) -> u16 {
    let asking = front
        .ask(Method::GET, "/v1/me")
        .header("authorization", &format!("Bearer {token}"));
    asking.hear().await.status.as_u16()
}
