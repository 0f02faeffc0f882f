//! Access tokens that end before their time, as gateways hear of it.

use std::time::{Duration, Instant};

use api::id::ACCOUNT;
use api::user::{ChangePasswordRequest, GetKeysRequest, ListRevocationsRequest, Tokens};
use auth::{Refusal, Verifier};

use crate::house::{House, PASSWORD, uuid};

/// What a gateway does of its own accord.
struct Gateway {
    verifier: Verifier,
    since: String,
}

impl Gateway {
    async fn new(house: &House) -> Self {
        let keys = house
            .ask(house.auth.clone().get_keys(GetKeysRequest {}))
            .await;
        let verifier = Verifier::new();
        verifier.replace_keys(&keys.unwrap().jwks).unwrap();
        let since = String::new();
        Self { verifier, since }
    }

    /// Asks once what was revoked, and tells how many it heard of.
    async fn follow(&mut self, house: &House) -> usize {
        let since = self.since.clone();
        let mut client = house.auth.clone();
        let asked = client.list_revocations(ListRevocationsRequest { since });
        let asked = asked.await.unwrap().into_inner();
        for revocation in &asked.revocations {
            let account = ACCOUNT.read(&revocation.account_id).unwrap();
            self.verifier.revoke(account, revocation.session_epoch);
        }
        self.since = asked.next;
        asked.revocations.len()
    }

    async fn judge(&self, tokens: &Tokens) -> Result<(), Refusal> {
        self.verifier.verify(&tokens.access_token).await.map(drop)
    }
}

#[tokio::test]
async fn signing_out_everywhere_voids_the_access_tokens_and_signing_in_anew_gives_a_good_one() {
    let house = House::open().await;
    let (_, before) = house.customer("ann@example.com").await;
    let mut gateway = Gateway::new(&house).await;
    gateway.follow(&house).await;
    assert_eq!(gateway.judge(&before).await, Ok(()));

    house.logout(&before.refresh_token, true).await;
    gateway.follow(&house).await;

    assert_eq!(gateway.judge(&before).await, Err(Refusal::Revoked));
    let after = house.login("ann@example.com").await;
    assert_eq!(gateway.judge(&after).await, Ok(()));
}

#[tokio::test]
async fn a_changed_password_voids_what_was_signed_before_and_not_what_it_answers() {
    let house = House::open().await;
    let (ann, before) = house.customer("ann@example.com").await;
    let mut gateway = Gateway::new(&house).await;

    let request = ChangePasswordRequest {
        id: ann.id,
        current_password: PASSWORD.to_owned(),
        new_password: "four black sheep".to_owned(),
    };
    let after = house
        .ask(house.users.clone().change_password(request))
        .await;
    gateway.follow(&house).await;

    assert_eq!(gateway.judge(&before).await, Err(Refusal::Revoked));
    assert_eq!(gateway.judge(&after.unwrap()).await, Ok(()));
}

#[tokio::test]
async fn a_role_or_its_loss_voids_the_tokens_that_name_another() {
    let house = House::open().await;
    let root = house.admin("root@example.com").await;
    let (bob, customer) = house.customer("bob@example.com").await;
    let mut gateway = Gateway::new(&house).await;

    house
        .administer(&root, &bob, Some("support"), None)
        .await
        .unwrap();
    gateway.follow(&house).await;

    assert_eq!(gateway.judge(&customer).await, Err(Refusal::Revoked));
    let support = house.refresh(&customer).await.unwrap();
    let caller = gateway
        .verifier
        .verify(&support.access_token)
        .await
        .unwrap();
    assert_eq!(
        (caller.account, caller.role),
        (uuid(&bob), auth::Role::Support)
    );
}

#[tokio::test]
async fn a_gateway_hears_of_a_revocation_that_commits_after_later_ones() {
    let house = House::open().await;
    let (ann, late) = house.customer("ann@example.com").await;
    let (_, early) = house.customer("bob@example.com").await;
    let mut gateway = Gateway::new(&house).await;
    let mut slow = house.database.pool().begin().await.unwrap();
    sqlx::query("insert into revocations (account_id, session_epoch) values ($1, 2)")
        .bind(uuid(&ann))
        .execute(&mut *slow)
        .await
        .unwrap();

    house.logout(&early.refresh_token, true).await;
    gateway.follow(&house).await;
    gateway.follow(&house).await;
    slow.commit().await.unwrap();
    gateway.follow(&house).await;

    assert_eq!(gateway.judge(&early).await, Err(Refusal::Revoked));
    assert_eq!(gateway.judge(&late).await, Err(Refusal::Revoked));
}

#[tokio::test]
async fn what_was_heard_is_not_told_for_ever_and_a_new_gateway_hears_all() {
    let house = House::open().await;
    let (_, ann) = house.customer("ann@example.com").await;
    let mut gateway = Gateway::new(&house).await;
    house.logout(&ann.refresh_token, true).await;
    while gateway.follow(&house).await == 0 {}

    house.register("bob@example.com").await;

    // Told again as long as any transaction of the whole cluster runs that began before it.
    let since = Instant::now();
    while gateway.follow(&house).await > 0 {
        assert!(since.elapsed() < Duration::from_mins(1), "told for ever");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for strange in ["", "no mark of ours", "99.5"] {
        let mut gateway = Gateway::new(&house).await;
        gateway.since = strange.to_owned();
        assert_eq!(gateway.follow(&house).await, 1, "since {strange:?}");
    }
}
