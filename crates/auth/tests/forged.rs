//! Tokens that are none of ours, or no longer.

#![allow(clippy::unwrap_used, reason = "what does not hold ends the test")]

use auth::{Claims, Refusal, Role, Signer, Verifier, jwks};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use proptest::prelude::*;
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

/// Someone who even has the key, and a verifier that knows it.
struct Forge {
    signer: Signer,
    key: EncodingKey,
    verifier: Verifier,
}

impl Forge {
    fn new() -> Self {
        let (signer, pkcs8) = Signer::generate();
        let verifier = Verifier::new();
        verifier.replace_keys(&jwks([&signer])).unwrap();
        let key = EncodingKey::from_ed_der(&pkcs8);
        Self {
            signer,
            key,
            verifier,
        }
    }

    fn header(&self) -> Header {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.signer.kid().to_owned());
        header.typ = Some("at+jwt".to_owned());
        header
    }

    async fn judge(&self, token: &str) -> Result<(), Refusal> {
        self.verifier.verify(token).await.map(drop)
    }

    /// Signs usual claims, some of which were changed; null takes one out.
    async fn with(&self, changes: Value) -> Result<(), Refusal> {
        let mut claims = serde_json::to_value(usual()).unwrap();
        let fields = claims.as_object_mut().unwrap();
        for (name, value) in changes.as_object().unwrap() {
            fields.insert(name.clone(), value.clone());
        }
        fields.retain(|_, value| !value.is_null());
        let token = jsonwebtoken::encode(&self.header(), &claims, &self.key).unwrap();
        self.judge(&token).await
    }

    async fn with_header(&self, header: &Header) -> Result<(), Refusal> {
        let token = jsonwebtoken::encode(header, &usual(), &self.key).unwrap();
        self.judge(&token).await
    }

    /// Writes a token without signing it.
    async fn unsigned(&self, header: &Value) -> Result<(), Refusal> {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let claims = serde_json::to_value(usual()).unwrap();
        let token = format!("{}.{}.", part(header), part(&claims));
        self.judge(&token).await
    }
}

fn usual() -> Claims {
    let now = OffsetDateTime::now_utc();
    Claims::new(Uuid::now_v7(), Role::Admin, Uuid::now_v7(), 1, now)
}

fn seconds_from_now(seconds: i64) -> i64 {
    OffsetDateTime::now_utc().unix_timestamp() + seconds
}

const BAD: Result<(), Refusal> = Err(Refusal::BadToken);

#[tokio::test]
async fn the_forge_makes_good_tokens_when_nothing_is_changed() {
    let forge = Forge::new();

    assert_eq!(forge.with(json!({})).await, Ok(()));
    assert_eq!(forge.with_header(&forge.header()).await, Ok(()));
}

#[tokio::test]
async fn an_expired_token_is_refused() {
    let forge = Forge::new();

    let expired = forge.with(json!({ "exp": seconds_from_now(-10) })).await;

    assert_eq!(expired, Err(Refusal::Expired));
}

#[tokio::test]
async fn a_token_that_is_not_valid_yet_is_refused() {
    let forge = Forge::new();

    let early = forge.with(json!({ "nbf": seconds_from_now(60) })).await;

    assert_eq!(early, BAD);
}

#[tokio::test]
async fn a_token_of_another_issuer_or_for_another_audience_is_refused() {
    let forge = Forge::new();

    assert_eq!(forge.with(json!({ "iss": "another shop" })).await, BAD);
    assert_eq!(forge.with(json!({ "aud": "another shop" })).await, BAD);
}

#[tokio::test]
async fn a_token_that_leaves_out_a_claim_is_refused() {
    let forge = Forge::new();

    for claim in ["exp", "nbf", "iss", "aud", "sub", "sid", "role", "epoch"] {
        let without = forge.with(json!({ claim: null })).await;
        assert_eq!(without, BAD, "without {claim}");
    }
}

#[tokio::test]
async fn a_token_signed_with_another_key_under_our_name_is_refused() {
    let forge = Forge::new();
    let (_, stranger) = Signer::generate();

    let key = EncodingKey::from_ed_der(&stranger);
    let token = jsonwebtoken::encode(&forge.header(), &usual(), &key).unwrap();

    assert_eq!(forge.judge(&token).await, BAD);
}

#[tokio::test]
async fn a_token_of_an_unknown_key_is_refused() {
    let forge = Forge::new();
    let (stranger, _) = Signer::generate();

    assert_eq!(forge.judge(&stranger.sign(&usual())).await, BAD);
}

#[tokio::test]
async fn a_token_without_key_name_or_of_another_type_is_refused() {
    let forge = Forge::new();
    let (mut nameless, mut other) = (forge.header(), forge.header());

    nameless.kid = None;
    other.typ = Some("JWT".to_owned());

    assert_eq!(forge.with_header(&nameless).await, BAD);
    assert_eq!(forge.with_header(&other).await, BAD);
}

#[tokio::test]
async fn a_token_without_signature_is_refused_however_none_is_spelt() {
    let forge = Forge::new();

    for alg in ["none", "None", "NONE", "", "EdDSA"] {
        let header = json!({ "alg": alg, "kid": forge.signer.kid(), "typ": "at+jwt" });
        assert_eq!(forge.unsigned(&header).await, BAD, "alg {alg:?}");
    }
}

#[tokio::test]
async fn a_token_signed_with_the_public_key_as_a_shared_secret_is_refused() {
    let forge = Forge::new();
    let set: Value = serde_json::from_str(&jwks([&forge.signer])).unwrap();
    let public = set["keys"][0]["x"].as_str().unwrap();
    let key = EncodingKey::from_secret(&URL_SAFE_NO_PAD.decode(public).unwrap());

    let mut header = forge.header();
    header.alg = Algorithm::HS256;
    let token = jsonwebtoken::encode(&header, &usual(), &key).unwrap();

    assert_eq!(forge.judge(&token).await, BAD);
}

#[tokio::test]
async fn a_megabyte_of_token_is_not_looked_at() {
    let forge = Forge::new();

    assert_eq!(forge.judge(&"a".repeat(1 << 20)).await, BAD);
}

#[test]
fn any_text_is_a_token_of_ours_or_refused() {
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.build().unwrap();
    let forge = Forge::new();
    let good = forge.signer.sign(&usual());
    let of = good.clone();
    let changed = (any::<prop::sample::Index>(), "[A-Za-z0-9_.-]").prop_map(move |(at, with)| {
        let at = at.index(of.len());
        format!("{}{with}{}", &of[..at], &of[at + 1..])
    });

    proptest!(|(text in prop_oneof![".{0,80}".boxed(), changed.boxed()])| {
        let judged = runtime.block_on(forge.judge(&text));
        prop_assert!(text == good || judged.is_err());
    });
}
