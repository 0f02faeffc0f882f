//! What somebody finds who has the database and not the master key.

use api::user::CreateAddressRequest;
use sqlx::AssertSqlSafe;

use crate::addresses::home;
use crate::house::{House, PASSWORD};

/// Every row of every table, as text.
async fn everything(house: &House) -> String {
    let tables =
        "select table_name::text from information_schema.tables where table_schema = 'public'";
    let tables: Vec<String> = sqlx::query_scalar(tables)
        .fetch_all(house.database.pool())
        .await
        .unwrap();
    assert!(tables.len() > 8);
    let mut found = String::new();
    for table in tables {
        let rows = AssertSqlSafe(format!("select t::text from \"{table}\" t"));
        let rows: Vec<String> = sqlx::query_scalar(rows)
            .fetch_all(house.database.pool())
            .await
            .unwrap();
        found.push_str(&rows.join("\n"));
    }
    found.to_lowercase()
}

#[tokio::test]
async fn nothing_personal_and_no_secret_stands_in_clear_in_any_table() {
    let house = House::open().await;
    let (ann, tokens) = house.customer("ann@example.com").await;
    let _ = house
        .try_login("somebody@example.com", "a wrong guess")
        .await;
    let request = CreateAddressRequest {
        account_id: ann.id,
        address: Some(home()),
    };
    house
        .ask(house.users.clone().create_address(request))
        .await
        .unwrap();

    let found = everything(&house).await;

    let number = ann.registration_number.replace('-', "");
    assert!(found.contains(&number), "the search finds what is there");
    let secret = auth::RefreshToken::read(&tokens.refresh_token).unwrap();
    let secret = secret.write();
    // None of them stands by chance in a hash, an id or a time.
    for text in [
        "ann example",
        "example",
        "mug lane",
        "potsdam",
        "wx-14467",
        "somebody",
        "guess",
        PASSWORD,
        &secret,
    ] {
        assert!(!found.contains(&text.to_lowercase()), "{text} in clear");
        assert!(
            text.len() < 5 || !found.contains(&hex::encode(text)),
            "{text} in bytes"
        );
        assert!(
            text.len() < 5 || !found.contains(&hex::encode(text.to_lowercase())),
            "{text} in bytes"
        );
    }
    assert!(found.contains("$argon2id$v=19$m=19456,t=2,p=1$"));
}
