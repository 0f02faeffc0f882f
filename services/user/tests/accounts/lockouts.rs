//! What slows down guessing.

use std::time::Duration;

use futures::future::join_all;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::house::{House, PASSWORD, refusal, why};

async fn guess(house: &House, times: usize) {
    for _ in 0..times {
        let guessed = house.try_login("ann@example.com", "a wrong guess").await;
        assert_eq!(why(guessed), "BAD_CREDENTIALS");
    }
}

#[tokio::test]
async fn after_five_wrong_passwords_even_the_right_one_has_to_wait_and_then_is_right() {
    let house = House::open().await;
    house.register("ann@example.com").await;
    guess(&house, 5).await;
    house
        .meddle("update lockouts set locked_until = now() + interval '20 seconds'")
        .await;

    let locked = house
        .try_login("ann@example.com", PASSWORD)
        .await
        .unwrap_err();

    let wait = locked
        .get_details_retry_info()
        .unwrap()
        .retry_delay
        .unwrap();
    assert!(
        wait > Duration::ZERO && wait <= Duration::from_secs(20),
        "{wait:?}"
    );
    assert_eq!(
        refusal::<()>(Err(locked)),
        (Code::ResourceExhausted, "LOCKED_OUT".to_owned())
    );
    house
        .meddle("update lockouts set locked_until = now()")
        .await;
    house.login("ann@example.com").await;
    assert_eq!(house.count("select count(*) from lockouts").await, 0);
}

#[tokio::test]
async fn the_fifth_wrong_password_locks_for_a_second_and_each_further_one_for_twice_as_long() {
    let house = House::open().await;
    house.register("ann@example.com").await;
    guess(&house, 4).await;
    let locked = "select count(*) from lockouts where locked_until > failed_at";
    assert_eq!(house.count(locked).await, 0);

    for seconds in [1, 2, 4] {
        house
            .meddle("update lockouts set locked_until = now()")
            .await;
        guess(&house, 1).await;
        let wait = "select extract(epoch from locked_until - failed_at)::bigint from lockouts";
        assert_eq!(house.count(wait).await, seconds);
    }
}

#[tokio::test]
async fn a_name_that_no_account_has_is_locked_like_one_that_is() {
    let house = House::open().await;

    for _ in 0..5 {
        let guessed = house.try_login("nobody@example.com", "a wrong guess").await;
        assert_eq!(why(guessed), "BAD_CREDENTIALS");
    }
    house
        .meddle("update lockouts set locked_until = now() + interval '1 minute'")
        .await;

    let locked = house.try_login("Nobody@example.com", "a wrong guess").await;
    assert_eq!(why(locked), "LOCKED_OUT");
}

#[tokio::test]
async fn guesses_by_email_and_by_number_are_counted_together() {
    let house = House::open().await;
    let ann = house.register("ann@example.com").await;

    guess(&house, 3).await;
    for _ in 0..2 {
        let guessed = house
            .login_by_number(&ann.registration_number, "a wrong guess")
            .await;
        assert_eq!(why(guessed), "BAD_CREDENTIALS");
    }

    assert_eq!(
        house.count("select failures::bigint from lockouts").await,
        5
    );
}

#[tokio::test]
async fn a_right_password_forgives_the_wrong_ones_before() {
    let house = House::open().await;
    house.register("ann@example.com").await;

    for _ in 0..2 {
        guess(&house, 4).await;
        house.login("ann@example.com").await;
    }
}

#[tokio::test]
async fn guessing_forty_times_at_once_is_no_way_around() {
    let house = House::with(&[("PASSWORD_CHECKS", "1")]).await;
    house.register("ann@example.com").await;

    let guesses = (0..40).map(|_| house.try_login("ann@example.com", "a wrong guess"));
    let reasons: Vec<String> = join_all(guesses).await.into_iter().map(why).collect();

    let checked = reasons
        .iter()
        .filter(|reason| *reason == "BAD_CREDENTIALS")
        .count();
    assert!((5..=9).contains(&checked), "{checked} were checked");
    assert_eq!(
        reasons
            .iter()
            .filter(|reason| *reason == "LOCKED_OUT")
            .count(),
        40 - checked
    );
}
