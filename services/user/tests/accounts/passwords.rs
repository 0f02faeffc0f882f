//! Changing a password.

use api::user::{Account, ChangePasswordRequest, Tokens};
use tonic::Status;

use crate::house::{House, PASSWORD, why};

const NEW: &str = "four black sheep";

async fn change(house: &House, account: &Account, from: &str, to: &str) -> Result<Tokens, Status> {
    let request = ChangePasswordRequest {
        id: account.id.clone(),
        current_password: from.to_owned(),
        new_password: to.to_owned(),
    };
    house
        .ask(house.users.clone().change_password(request))
        .await
}

#[tokio::test]
async fn a_changed_password_replaces_the_old_one_and_ends_every_other_session() {
    let house = House::open().await;
    let (ann, before) = house.customer("ann@example.com").await;

    let after = change(&house, &ann, PASSWORD, NEW).await.unwrap();

    assert_eq!(why(house.refresh(&before).await), "BAD_TOKEN");
    assert!(house.refresh(&after).await.is_ok());
    assert_eq!(
        why(house.try_login("ann@example.com", PASSWORD).await),
        "BAD_CREDENTIALS"
    );
    assert!(house.try_login("ann@example.com", NEW).await.is_ok());
}

#[tokio::test]
async fn a_password_is_changed_only_by_who_knows_it_and_to_a_good_one() {
    let house = House::open().await;
    let (ann, before) = house.customer("ann@example.com").await;

    assert_eq!(
        why(change(&house, &ann, "not it", NEW).await),
        "BAD_CREDENTIALS"
    );
    assert_eq!(
        why(change(&house, &ann, PASSWORD, "password1").await),
        "WEAK_PASSWORD"
    );
    assert_eq!(
        why(change(&house, &ann, PASSWORD, "ann@example.com").await),
        "WEAK_PASSWORD"
    );

    assert!(house.refresh(&before).await.is_ok());
    house.login("ann@example.com").await;
}

#[tokio::test]
async fn guesses_at_the_current_password_are_held_up_like_those_at_sign_in() {
    let house = House::open().await;
    let ann = house.register("ann@example.com").await;
    for _ in 0..5 {
        assert_eq!(
            why(change(&house, &ann, "not it", NEW).await),
            "BAD_CREDENTIALS"
        );
    }
    house
        .meddle("update lockouts set locked_until = now() + interval '1 minute'")
        .await;

    assert_eq!(why(change(&house, &ann, PASSWORD, NEW).await), "LOCKED_OUT");
    assert_eq!(
        why(house.try_login("ann@example.com", PASSWORD).await),
        "LOCKED_OUT"
    );
}

#[tokio::test]
async fn of_two_changes_at_once_one_wins_and_its_password_is_the_one() {
    let house = House::open().await;
    let ann = house.register("ann@example.com").await;
    let [left, right] = ["four black sheep", "five white geese"];

    let (one, other) = tokio::join!(
        change(&house, &ann, PASSWORD, left),
        change(&house, &ann, PASSWORD, right)
    );

    assert!(one.is_ok() != other.is_ok());
    let (won, lost) = if one.is_ok() {
        (left, right)
    } else {
        (right, left)
    };
    assert!(house.try_login("ann@example.com", won).await.is_ok());
    assert_eq!(
        why(house.try_login("ann@example.com", lost).await),
        "BAD_CREDENTIALS"
    );
    assert_eq!(house.count("select count(*) from sessions").await, 2);
}
