//! Becoming a customer.

use futures::StreamExt as _;
use futures::future::join_all;
use futures::stream::FuturesUnordered;
use tonic::Code;
use tonic_types::StatusExt as _;
use user::domain::RegistrationNumber;

use crate::house::{House, PASSWORD, refusal, why};

#[tokio::test]
async fn a_new_customer_gets_a_registration_number_of_their_own() {
    let house = House::open().await;

    let ann = house.register("ann@example.com").await;
    let bob = house.register("bob@example.com").await;

    let number: RegistrationNumber = ann.registration_number.parse().unwrap();
    assert_eq!(number.to_string(), ann.registration_number);
    assert_ne!(ann.registration_number, bob.registration_number);
    assert_eq!(
        (ann.role.as_str(), ann.version, ann.disabled),
        ("customer", 1, false)
    );
    assert_eq!(house.find(&ann.id).await.unwrap(), ann);
}

#[tokio::test]
async fn twenty_registrations_of_one_email_at_once_make_one_account() {
    let house = House::open().await;
    let spellings = [
        "ann@example.com",
        "Ann@Example.com",
        "ANN@EXAMPLE.COM",
        " ann@example.com ",
    ];

    let tries = (0..20).map(|at| house.try_register(spellings[at % 4], PASSWORD));
    let (made, refused): (Vec<_>, Vec<_>) =
        join_all(tries).await.into_iter().partition(Result::is_ok);

    assert_eq!((made.len(), refused.len()), (1, 19));
    for refused in refused {
        assert_eq!(
            refusal(refused),
            (Code::AlreadyExists, "EMAIL_TAKEN".to_owned())
        );
    }
    assert_eq!(house.count("select count(*) from accounts").await, 1);
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_and_writes_nothing() {
    let house = House::open().await;

    assert_eq!(
        why(house.try_register("ann@example.com", "short").await),
        "WEAK_PASSWORD"
    );
    assert_eq!(
        why(house.try_register("ann@example.com", "password1").await),
        "WEAK_PASSWORD"
    );
    assert_eq!(
        why(house
            .try_register("ann@example.com", &"x1".repeat(65))
            .await),
        "WEAK_PASSWORD"
    );
    assert_eq!(
        why(house.try_register("ann at example.com", PASSWORD).await),
        "INVALID"
    );

    assert_eq!(house.count("select count(*) from accounts").await, 0);
}

#[tokio::test]
async fn when_too_many_passwords_wait_the_next_is_told_to_come_again() {
    let house = House::with(&[("PASSWORD_CHECKS", "1"), ("PASSWORD_QUEUE", "2")]).await;
    let turn = house.tools.passwords.turn().await.unwrap();
    let emails: Vec<String> = (0..12)
        .map(|at| format!("customer{at}@example.com"))
        .collect();
    let tries = emails
        .iter()
        .map(|email| house.try_register(email, PASSWORD));
    let mut tries: FuturesUnordered<_> = tries.collect();

    // As long as somebody has the turn, two wait for it and nobody else does.
    for _ in 0..10 {
        let status = tries.next().await.unwrap().unwrap_err();
        assert!(status.get_details_retry_info().is_some());
        assert_eq!(why::<()>(Err(status)), "BUSY");
    }
    drop(turn);

    let made: Vec<_> = tries.collect().await;
    assert!(
        made.len() == 2 && made.iter().all(Result::is_ok),
        "{made:?}"
    );
}
