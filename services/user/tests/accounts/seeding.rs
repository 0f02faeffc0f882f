//! The accounts that a shop begins with.

use std::time::{Duration, Instant};

use user::seed;

use crate::house::House;

#[tokio::test]
async fn the_demo_accounts_are_made_once_and_sign_in() {
    let house = House::open().await;

    seed::demo(&house.tools).await.unwrap();
    let demo = seed::demo(&house.tools).await.unwrap();

    for account in demo {
        let tokens = house
            .try_login(account.email, account.password)
            .await
            .unwrap();
        let found = house.find(&tokens.account_id).await.unwrap();
        assert_eq!(found.role, account.role.as_str());
    }
    assert_eq!(house.count("select count(*) from accounts").await, 3);
}

#[tokio::test]
async fn a_shop_without_administrator_makes_the_one_it_is_set_to_and_no_second_one() {
    let settings = [
        ("ADMIN_EMAIL", "root@example.com"),
        ("ADMIN_PASSWORD", "three brown cows"),
    ];
    let house = House::with(&settings).await;

    let since = Instant::now();
    while house
        .try_login("root@example.com", "three brown cows")
        .await
        .is_err()
    {
        assert!(since.elapsed() < Duration::from_mins(1), "nobody was made");
        house.meddle("delete from lockouts").await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    let password = "four black sheep".into();
    seed::first_admin(&house.tools, "other@example.com", &password)
        .await
        .unwrap();
    assert_eq!(
        house
            .count("select count(*) from accounts where role = 'admin'")
            .await,
        1
    );
}
