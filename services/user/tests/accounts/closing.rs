//! Closing an account.

use api::user::{Account, CloseAccountRequest, CreateAddressRequest, ListAccountsRequest};
use tonic::{Code, Status};

use crate::addresses::home;
use crate::house::{House, PASSWORD, refusal, why};

async fn close(house: &House, account: &Account) -> Result<(), Status> {
    let request = CloseAccountRequest {
        id: account.id.clone(),
    };
    house
        .ask(house.users.clone().close_account(request))
        .await
        .map(drop)
}

#[tokio::test]
async fn a_closed_account_is_blank_in_the_database_and_gone_everywhere_else() {
    let house = House::open().await;
    let (ann, tokens) = house.customer("ann@example.com").await;
    let request = CreateAddressRequest {
        account_id: ann.id.clone(),
        address: Some(home()),
    };
    house
        .ask(house.users.clone().create_address(request))
        .await
        .unwrap();
    house.find(&ann.id).await.unwrap();

    close(&house, &ann).await.unwrap();

    let blank = "select count(*) from accounts where closed_at is not null and num_nonnulls(data_key, email, email_hash, name, password) = 0";
    assert_eq!(house.count(blank).await, 1);
    let left = "select (select count(*) from addresses) + (select count(*) from sessions)";
    assert_eq!(house.count(left).await, 0);
    assert_eq!(why(house.find(&ann.id).await), "NOT_FOUND");
    assert_eq!(why(house.refresh(&tokens).await), "BAD_TOKEN");
    assert_eq!(
        why(house.try_login("ann@example.com", PASSWORD).await),
        "BAD_CREDENTIALS"
    );
    let by_number = house
        .login_by_number(&ann.registration_number, PASSWORD)
        .await;
    assert_eq!(why(by_number), "BAD_CREDENTIALS");
    let mut users = house.users.clone();
    let listed = users.list_accounts(ListAccountsRequest::default());
    assert!(house.ask(listed).await.unwrap().accounts.is_empty());
    assert_eq!(why(close(&house, &ann).await), "NOT_FOUND");
}

#[tokio::test]
async fn a_closed_accounts_email_is_free_again_and_its_number_is_not() {
    let house = House::open().await;
    let ann = house.register("ann@example.com").await;
    close(&house, &ann).await.unwrap();

    let again = house.register("ann@example.com").await;

    assert_ne!(again.registration_number, ann.registration_number);
    let twice = "update accounts set registration_number =
        (select registration_number from accounts where closed_at is not null)";
    let twice = sqlx::query(twice).execute(house.database.pool()).await;
    assert!(
        twice.is_err(),
        "the number of a closed account was given again"
    );
}

#[tokio::test]
async fn an_account_with_money_left_stays_open() {
    let house = House::open().await;
    let (ann, tokens) = house.customer("ann@example.com").await;
    house
        .meddle("insert into wallets (account_id, balance) select id, 1 from accounts")
        .await;

    let refused = close(&house, &ann).await;

    assert_eq!(
        refusal(refused),
        (Code::FailedPrecondition, "MONEY_LEFT".to_owned())
    );
    assert!(house.refresh(&tokens).await.is_ok());
    house.meddle("update wallets set balance = 0").await;
    close(&house, &ann).await.unwrap();
}

#[tokio::test]
async fn the_last_administrator_does_not_close_the_door_behind_them() {
    let house = House::open().await;
    let root = house.admin("root@example.com").await;

    assert_eq!(why(close(&house, &root).await), "LAST_ADMIN");
}
