//! What a refresh token is good for, and when it ends.

use api::user::Tokens;
use futures::future::join_all;
use tonic::Code;

use crate::house::{House, refusal, why};

/// As if every token had been traded longer ago than its grace lasts.
const PAST_GRACE: &str = "update sessions set renewed_at = renewed_at - interval '11 seconds'";

#[tokio::test]
async fn a_refresh_token_is_traded_for_new_ones_again_and_again() {
    let house = House::open().await;
    let (ann, mut tokens) = house.customer("ann@example.com").await;

    for _ in 0..105 {
        let next = house.refresh(&tokens).await.unwrap();
        assert_ne!(next.refresh_token, tokens.refresh_token);
        assert_eq!(next.account_id, ann.id);
        tokens = next;
    }

    let remembered = "select cardinality(traded)::bigint from sessions";
    assert_eq!(house.count(remembered).await, 100);
}

#[tokio::test]
async fn a_token_that_was_traded_before_ends_its_whole_session() {
    let house = House::open().await;
    let (_, stolen) = house.customer("ann@example.com").await;
    let second = house.refresh(&stolen).await.unwrap();
    let third = house.refresh(&second).await.unwrap();

    let thief = house.refresh(&stolen).await;

    assert_eq!(
        refusal(thief),
        (Code::Unauthenticated, "BAD_TOKEN".to_owned())
    );
    assert_eq!(why(house.refresh(&third).await), "BAD_TOKEN");
    assert_eq!(house.count("select count(*) from sessions").await, 0);
}

#[tokio::test]
async fn a_stolen_session_leaves_the_others_alone() {
    let house = House::open().await;
    let (_, phone) = house.customer("ann@example.com").await;
    let laptop = house.login("ann@example.com").await;
    house.refresh(&phone).await.unwrap();
    house.meddle(PAST_GRACE).await;

    assert_eq!(why(house.refresh(&phone).await), "BAD_TOKEN");

    assert!(house.refresh(&laptop).await.is_ok());
}

#[tokio::test]
async fn ten_trades_of_one_token_at_once_are_answered_the_same_and_the_session_goes_on() {
    let house = House::open().await;
    let other = house.another().await;
    let (_, tokens) = house.customer("ann@example.com").await;

    let turns = [&house, &other].into_iter().cycle().take(10);
    let trades = join_all(turns.map(|house| house.refresh(&tokens))).await;

    let next: Vec<_> = trades.into_iter().map(Result::unwrap).collect();
    let same = |one: &&Tokens| one.refresh_token == next[0].refresh_token;
    assert_eq!(next.iter().filter(same).count(), 10);
    assert!(house.refresh(&next[0]).await.is_ok());
}

#[tokio::test]
async fn a_token_that_was_just_traded_and_stolen_ends_the_session_at_the_next_trade() {
    let house = House::open().await;
    let (_, stolen) = house.customer("ann@example.com").await;
    let ann = house.refresh(&stolen).await.unwrap();

    let thief = house.refresh(&stolen).await.unwrap();

    assert_eq!(thief.refresh_token, ann.refresh_token);
    let thief = house.refresh(&thief).await.unwrap();
    house.meddle(PAST_GRACE).await;
    assert_eq!(why(house.refresh(&ann).await), "BAD_TOKEN");
    assert_eq!(why(house.refresh(&thief).await), "BAD_TOKEN");
}

#[tokio::test]
async fn grace_ends_with_its_time_with_its_session_and_with_the_next_trade() {
    let house = House::open().await;
    let (_, old) = house.customer("ann@example.com").await;
    let next = house.refresh(&old).await.unwrap();
    house.meddle("update sessions set expires_at = now()").await;
    assert_eq!(why(house.refresh(&old).await), "BAD_TOKEN");

    let (_, old) = house.customer("bob@example.com").await;
    house.refresh(&old).await.unwrap();
    house.meddle(PAST_GRACE).await;
    assert_eq!(why(house.refresh(&old).await), "BAD_TOKEN");

    let (_, old) = house.customer("cy@example.com").await;
    let next_of_cy = house.refresh(&old).await.unwrap();
    house.refresh(&next_of_cy).await.unwrap();
    assert_eq!(why(house.refresh(&old).await), "BAD_TOKEN");
    assert_eq!(why(house.refresh(&next).await), "BAD_TOKEN");
}

#[tokio::test]
async fn what_an_instance_that_keeps_no_successors_has_traded_is_not_answered_again() {
    let house = House::open().await;
    let (_, old) = house.customer("ann@example.com").await;
    house.refresh(&old).await.unwrap();
    house
        .meddle("update sessions set token_hash = sha256('another')")
        .await;

    assert_eq!(why(house.refresh(&old).await), "BAD_TOKEN");

    assert_eq!(house.count("select count(*) from sessions").await, 1);
}

#[tokio::test]
async fn a_made_up_token_ends_nothing() {
    let house = House::open().await;
    let (_, tokens) = house.customer("ann@example.com").await;
    let session = auth::RefreshToken::read(&tokens.refresh_token)
        .unwrap()
        .session();

    let mut made_up = tokens.clone();
    made_up.refresh_token = auth::RefreshToken::new(session).write();
    assert_eq!(why(house.refresh(&made_up).await), "BAD_TOKEN");
    made_up.refresh_token = "no token at all".to_owned();
    assert_eq!(why(house.refresh(&made_up).await), "BAD_TOKEN");
    house
        .logout(&auth::RefreshToken::new(session).write(), true)
        .await;

    assert!(house.refresh(&tokens).await.is_ok());
}

#[tokio::test]
async fn a_session_that_was_not_renewed_in_time_is_over() {
    let house = House::open().await;
    let (_, tokens) = house.customer("ann@example.com").await;

    house.meddle("update sessions set expires_at = now()").await;

    assert_eq!(why(house.refresh(&tokens).await), "BAD_TOKEN");
}

#[tokio::test]
async fn signing_out_ends_one_session_and_may_be_repeated() {
    let house = House::open().await;
    let (_, phone) = house.customer("ann@example.com").await;
    let laptop = house.login("ann@example.com").await;

    house.logout(&phone.refresh_token, false).await;
    house.logout(&phone.refresh_token, false).await;
    house.logout("no token at all", true).await;

    assert_eq!(why(house.refresh(&phone).await), "BAD_TOKEN");
    assert!(house.refresh(&laptop).await.is_ok());
}

#[tokio::test]
async fn signing_out_everywhere_ends_every_session_of_the_account_alone() {
    let house = House::open().await;
    let (_, phone) = house.customer("ann@example.com").await;
    let laptop = house.login("ann@example.com").await;
    let (_, bob) = house.customer("bob@example.com").await;

    house.logout(&laptop.refresh_token, true).await;

    assert_eq!(why(house.refresh(&phone).await), "BAD_TOKEN");
    assert_eq!(why(house.refresh(&laptop).await), "BAD_TOKEN");
    assert!(house.refresh(&bob).await.is_ok());
}

#[tokio::test]
async fn the_fifty_first_session_ends_the_one_unused_for_longest() {
    let house = House::open().await;
    let (_, first) = house.customer("ann@example.com").await;
    house
        .meddle(
            "insert into sessions (id, account_id, token_hash, renewed_at, expires_at)
            select gen_random_uuid(), id, sha256('x'), now() + interval '1 minute', now() + interval '1 day'
            from accounts, generate_series(1, 49)",
        )
        .await;

    house.login("ann@example.com").await;

    assert_eq!(house.count("select count(*) from sessions").await, 50);
    assert_eq!(why(house.refresh(&first).await), "BAD_TOKEN");
}
