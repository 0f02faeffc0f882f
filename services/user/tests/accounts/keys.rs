//! The keys that tokens are signed with: how they come and go.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use api::user::{GetKeysRequest, Tokens};
use auth::MasterKey;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use user::keyring::Keyring;
use user::vault::Vault;

use crate::house::House;

/// The names of the published keys.
async fn published(house: &House) -> BTreeSet<String> {
    let keys = house
        .ask(house.auth.clone().get_keys(GetKeysRequest {}))
        .await;
    let set: Value = serde_json::from_str(&keys.unwrap().jwks).unwrap();
    let kid = |key: &Value| key["kid"].as_str().unwrap().to_owned();
    set["keys"].as_array().unwrap().iter().map(kid).collect()
}

/// The name of the key that signed `tokens`.
fn signed_by(tokens: &Tokens) -> String {
    let header = tokens.access_token.split('.').next().unwrap();
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

/// Lets time pass, as the keys see it.
async fn pass(house: &House, time: &'static str) {
    house.meddle(time).await;
    house.tools.keyring.refresh().await.unwrap();
}

#[tokio::test]
async fn a_key_is_published_before_it_signs_and_after_it_has_signed() {
    let house = House::open().await;
    house.register("ann@example.com").await;
    let first = signed_by(&house.login("ann@example.com").await);
    assert_eq!(published(&house).await, BTreeSet::from([first.clone()]));

    // Ten minutes before its time is over, the next one appears; the first still signs.
    pass(&house, "update signing_keys set active_from = active_from - interval '29 days 23 hours 51 minutes'").await;
    let both = published(&house).await;
    assert_eq!(both.len(), 2);
    assert_eq!(signed_by(&house.login("ann@example.com").await), first);

    // Its time has come.
    pass(
        &house,
        "update signing_keys set active_from = active_from - interval '11 minutes'",
    )
    .await;
    let second = signed_by(&house.login("ann@example.com").await);
    assert_ne!(second, first);
    assert_eq!(published(&house).await, both);

    // All that the first one signed has expired.
    pass(
        &house,
        "update signing_keys set active_from = active_from - interval '30 minutes'",
    )
    .await;
    assert_eq!(published(&house).await, BTreeSet::from([second]));
}

#[tokio::test]
async fn instances_that_start_at_once_share_one_key() {
    let house = House::open().await;
    let (second, third) = tokio::join!(house.another(), house.another());

    let sets = tokio::join!(published(&house), published(&second), published(&third));

    assert_eq!(sets.0.len(), 1);
    assert_eq!((&sets.0, &sets.0), (&sets.1, &sets.2));
}

#[tokio::test]
async fn under_another_master_key_no_key_is_made_and_none_is_lost() {
    let house = House::open().await;
    let before = published(&house).await;

    let other = MasterKey::read(&"cd".repeat(32)).unwrap();
    let vault = Arc::new(Vault::new(&other));
    let keyring = Keyring::new(house.database.db(), vault, Duration::from_hours(720));

    assert!(keyring.refresh().await.is_err());
    assert!(!keyring.is_ready());
    assert_eq!(house.count("select count(*) from signing_keys").await, 1);
    house.tools.keyring.refresh().await.unwrap();
    assert_eq!(published(&house).await, before);
}
