//! Where things are sent to.

use api::user::{
    Account, Address, CreateAddressRequest, DeleteAddressRequest, ListAddressesRequest,
    UpdateAddressRequest,
};
use futures::future::join_all;
use tonic::{Code, Status};

use crate::house::{House, refusal, why};

pub(crate) fn home() -> Address {
    Address {
        recipient: "Ann Example".to_owned(),
        line1: "1 Mug Lane".to_owned(),
        city: "Potsdam".to_owned(),
        postal_code: "WX-14467".to_owned(),
        country: "DE".to_owned(),
        ..Address::default()
    }
}

async fn create(house: &House, account: &Account, address: Address) -> Result<Address, Status> {
    let request = CreateAddressRequest {
        account_id: account.id.clone(),
        address: Some(address),
    };
    house.ask(house.users.clone().create_address(request)).await
}

async fn update(house: &House, account: &Account, address: Address) -> Result<Address, Status> {
    let request = UpdateAddressRequest {
        account_id: account.id.clone(),
        address: Some(address),
    };
    house.ask(house.users.clone().update_address(request)).await
}

async fn delete(house: &House, account: &Account, address: &Address) -> Result<(), Status> {
    let request = DeleteAddressRequest {
        account_id: account.id.clone(),
        id: address.id.clone(),
        version: address.version,
    };
    house
        .ask(house.users.clone().delete_address(request))
        .await
        .map(drop)
}

async fn list(house: &House, account: &Account) -> Vec<Address> {
    let account_id = account.id.clone();
    let request = ListAddressesRequest { account_id };
    let listed = house.ask(house.users.clone().list_addresses(request)).await;
    listed.unwrap().addresses
}

#[tokio::test]
async fn an_address_is_kept_changed_and_removed() {
    let house = House::open().await;
    let ann = house.register("ann@example.com").await;

    let mut kept = create(&house, &ann, home()).await.unwrap();
    assert_eq!(list(&house, &ann).await, [kept.clone()]);

    kept.line2 = "Back door".to_owned();
    let changed = update(&house, &ann, kept).await.unwrap();
    assert_eq!((changed.line2.as_str(), changed.version), ("Back door", 2));
    assert_eq!(list(&house, &ann).await, std::slice::from_ref(&changed));

    delete(&house, &ann, &changed).await.unwrap();
    assert!(list(&house, &ann).await.is_empty());
}

#[tokio::test]
async fn who_changes_an_older_version_hears_so() {
    let house = House::open().await;
    let ann = house.register("ann@example.com").await;
    let old = create(&house, &ann, home()).await.unwrap();
    update(&house, &ann, old.clone()).await.unwrap();

    let stale = (Code::FailedPrecondition, "STALE".to_owned());
    assert_eq!(refusal(update(&house, &ann, old.clone()).await), stale);
    assert_eq!(refusal(delete(&house, &ann, &old).await), stale);
}

#[tokio::test]
async fn what_belongs_to_another_is_not_there() {
    let house = House::open().await;
    let ann = house.register("ann@example.com").await;
    let bob = house.register("bob@example.com").await;
    let address = create(&house, &ann, home()).await.unwrap();

    assert_eq!(
        why(update(&house, &bob, address.clone()).await),
        "NOT_FOUND"
    );
    assert_eq!(why(delete(&house, &bob, &address).await), "NOT_FOUND");

    assert!(list(&house, &bob).await.is_empty());
    assert_eq!(list(&house, &ann).await, [address]);
}

#[tokio::test]
async fn of_twenty_five_addresses_at_once_twenty_are_kept() {
    let house = House::open().await;
    let ann = house.register("ann@example.com").await;

    let tries = join_all((0..25).map(|_| create(&house, &ann, home()))).await;

    let refused: Vec<_> = tries.into_iter().filter(Result::is_err).collect();
    assert_eq!(refused.len(), 5);
    for refused in refused {
        assert_eq!(why(refused), "TOO_MANY_ADDRESSES");
    }
    assert_eq!(list(&house, &ann).await.len(), 20);
}

#[tokio::test]
async fn an_address_that_breaks_a_rule_is_refused_and_not_kept() {
    let house = House::open().await;
    let ann = house.register("ann@example.com").await;

    let mut bad = home();
    bad.country = "Germany".to_owned();

    assert_eq!(why(create(&house, &ann, bad).await), "INVALID");
    assert!(list(&house, &ann).await.is_empty());
}
