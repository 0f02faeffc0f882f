//! Accounts as their owners see and change them.

use api::user::{Account, CreateAddressRequest, ExportAccountRequest, UpdateAccountRequest};
use serde_json::Value;
use tonic::{Code, Status};

use crate::addresses::home;
use crate::house::{House, PASSWORD, refusal, why};

async fn update(
    house: &House,
    account: &Account,
    name: Option<&str>,
    email: Option<&str>,
) -> Result<Account, Status> {
    let request = UpdateAccountRequest {
        id: account.id.clone(),
        version: account.version,
        name: name.map(str::to_owned),
        email: email.map(str::to_owned),
    };
    house.ask(house.users.clone().update_account(request)).await
}

#[tokio::test]
async fn a_change_is_seen_at_once_and_leaves_alone_what_it_does_not_speak_of() {
    let house = House::open().await;
    let ann = house.register("ann@example.com").await;
    house.find(&ann.id).await.unwrap();

    let renamed = update(&house, &ann, Some("Anna Example"), None)
        .await
        .unwrap();

    assert_eq!(
        (renamed.name.as_str(), renamed.version),
        ("Anna Example", 2)
    );
    assert_eq!(renamed.email, ann.email);
    assert_eq!(house.find(&ann.id).await.unwrap(), renamed);
}

#[tokio::test]
async fn a_new_email_signs_in_and_the_old_one_is_free_again() {
    let house = House::open().await;
    let ann = house.register("ann@example.com").await;

    update(&house, &ann, None, Some("anna@example.com"))
        .await
        .unwrap();

    house.login("anna@example.com").await;
    assert_eq!(
        why(house.try_login("ann@example.com", PASSWORD).await),
        "BAD_CREDENTIALS"
    );
    house.register("ann@example.com").await;
}

#[tokio::test]
async fn an_email_that_another_account_has_is_refused() {
    let house = House::open().await;
    let ann = house.register("ann@example.com").await;
    house.register("bob@example.com").await;

    let refused = update(&house, &ann, Some("Bob"), Some("BOB@example.com")).await;

    assert_eq!(
        refusal(refused),
        (Code::AlreadyExists, "EMAIL_TAKEN".to_owned())
    );
    assert_eq!(house.find(&ann.id).await.unwrap(), ann);
}

#[tokio::test]
async fn of_two_changes_at_once_one_wins_and_the_other_hears_so() {
    let house = House::open().await;
    let ann = house.register("ann@example.com").await;

    let (one, other) = tokio::join!(
        update(&house, &ann, Some("One"), None),
        update(&house, &ann, Some("Other"), None)
    );

    assert!(one.is_ok() != other.is_ok());
    let lost = if one.is_ok() { other } else { one };
    assert_eq!(
        refusal(lost),
        (Code::FailedPrecondition, "STALE".to_owned())
    );
}

#[tokio::test]
async fn what_breaks_a_rule_or_is_not_there_is_refused_by_name() {
    let house = House::open().await;
    let mut ann = house.register("ann@example.com").await;

    assert_eq!(why(update(&house, &ann, Some(" "), None).await), "INVALID");
    assert_eq!(
        why(update(&house, &ann, None, Some("ann")).await),
        "INVALID"
    );
    assert_eq!(
        why(house.find("ord_01h455vb4pex5vsknk084sn02q").await),
        "INVALID"
    );
    ann.id = api::id::ACCOUNT.write(uuid::Uuid::now_v7());
    assert_eq!(
        why(update(&house, &ann, Some("Ann"), None).await),
        "NOT_FOUND"
    );
    assert_eq!(why(house.find(&ann.id).await), "NOT_FOUND");
}

#[tokio::test]
async fn an_export_holds_everything_kept_about_the_account() {
    let house = House::open().await;
    let (ann, _) = house.customer("ann@example.com").await;
    let request = CreateAddressRequest {
        account_id: ann.id.clone(),
        address: Some(home()),
    };
    let address = house.ask(house.users.clone().create_address(request)).await;
    house
        .meddle("insert into wallets (account_id, balance) select id, 1999 from accounts")
        .await;
    house
        .meddle(
            "insert into transfers (id, kind, debit, credit, amount)
            select gen_random_uuid(), 'topup', 'ffffffff-ffff-ffff-ffff-ffffffffffff', id, 1999 from accounts",
        )
        .await;
    house
        .meddle("insert into notifications (id, account_id, kind, subject) select gen_random_uuid(), id, 'order.shipped', 'ord_x' from accounts")
        .await;

    let request = ExportAccountRequest { id: ann.id.clone() };
    let exported = house.ask(house.users.clone().export_account(request)).await;

    let exported: Value = serde_json::from_str(&exported.unwrap().json).unwrap();
    assert_eq!(exported["account"]["email"], "ann@example.com");
    assert_eq!(exported["account"]["name"], "Ann Example");
    assert_eq!(
        exported["account"]["registration_number"],
        ann.registration_number
    );
    assert_eq!(exported["addresses"][0]["id"], address.unwrap().id);
    assert_eq!(exported["addresses"][0]["city"], "Potsdam");
    assert_eq!(exported["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(exported["wallet"]["balance"], 1999);
    assert_eq!(exported["transfers"][0]["amount"], 1999);
    assert_eq!(exported["notifications"][0]["kind"], "order.shipped");
    let account_tables = "select count(distinct table_name) from information_schema.columns
        where table_schema = 'public' and column_name in ('account_id', 'account', 'debit', 'actor_id')
        and table_name not in ('addresses', 'sessions', 'wallets', 'transfers', 'notifications', 'audit')";
    // Of the other tables that name an account none tells anything about it that is not exported: answers of a week's
    // keys, what orders were paid with (their transfers are here), and how its tokens ended.
    assert_eq!(
        house.count(account_tables).await,
        3,
        "keys, payments, revocations"
    );
}

#[tokio::test]
async fn a_change_at_one_instance_is_seen_at_another_that_remembers_the_account() {
    let house = House::open().await;
    let other = house.another().await;
    let ann = house.register("ann@example.com").await;
    other.knows_what(&house);
    assert_eq!(other.find(&ann.id).await.unwrap(), ann);

    let renamed = update(&house, &ann, Some("Anna Example"), None).await;
    other.knows_what(&house);

    assert_eq!(other.find(&ann.id).await.unwrap(), renamed.unwrap());
}
