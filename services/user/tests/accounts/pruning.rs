//! What is deleted when it has had its time.

use crate::house::House;

#[tokio::test]
async fn what_has_had_its_time_goes_and_the_rest_stays() {
    let house = House::open().await;
    for email in ["ann@example.com", "bob@example.com"] {
        let (_, tokens) = house.customer(email).await;
        house.logout(&tokens.refresh_token, true).await;
        house.login(email).await;
        let _ = house.try_login(email, "a wrong guess").await;
    }
    let [sessions, revocations, lockouts] = [
        "update sessions set expires_at = now() where account_id = (select id from accounts order by id limit 1)",
        "update revocations set raised_at = now() - interval '61 minutes' where account_id = (select id from accounts order by id limit 1)",
        "update lockouts set failed_at = now() - interval '25 hours' where identity = (select min(identity::text)::bytea from lockouts)",
    ];
    for aged in [sessions, revocations, lockouts] {
        house.meddle(aged).await;
    }

    user::prune::once(&house.tools.db).await;

    for left in [
        "select count(*) from sessions",
        "select count(*) from revocations",
        "select count(*) from lockouts",
    ] {
        assert_eq!(house.count(left).await, 1, "{left}");
    }
}
