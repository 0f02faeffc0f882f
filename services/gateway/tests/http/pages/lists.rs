//! The lists of the back office: what is looked for is what the API is asked, page after page.

use api::control::{Backup, ListBackupsRequest, ListBackupsResponse, Restore};
use api::news::ListArticlesRequest;
use api::order::ListSagasRequest;
use api::user::{ListAccountsRequest, ListAccountsResponse};

use super::*;

#[tokio::test]
async fn an_account_is_looked_for_by_its_email_or_its_number() {
    let front = Front::open().await;
    let support = Browser::open_as(&front, Some(Role::Support)).await;
    let page = ListAccountsResponse {
        accounts: Vec::new(),
        next_cursor: "next".into(),
    };
    front.fake.says("Users/ListAccounts", &page);

    for who in ["%20ann%40example.com", "204-518-73-6"] {
        let path = format!("/admin/users?who={who}&role=admin");
        let heard = support.get(&front, &path).hear().await;
        assert_eq!(heard.status, StatusCode::OK, "{}", heard.text);
        // The way to the next page looks for the same.
        let next = format!(
            "/admin/users?who={}&#38;role=admin&#38;cursor=next",
            who.replace("%20", "")
        );
        assert!(heard.text.contains(&next), "{next}: {}", heard.text);
    }

    let asked: Vec<ListAccountsRequest> = front.fake.asked("Users/ListAccounts");
    let asked: Vec<_> = asked
        .iter()
        .map(|one| (&*one.email, &*one.registration_number, &*one.role))
        .collect();
    let expected = [
        ("ann@example.com", "", "admin"),
        ("", "204-518-73-6", "admin"),
    ];
    assert_eq!(asked, expected);
}

#[tokio::test]
async fn sagas_are_found_by_their_order_and_articles_by_their_state() {
    let front = Front::open().await;
    let admin = Browser::open_as(&front, Some(Role::Admin)).await;
    let order = "ord_01h455vb4pex5vsknk084sn02q";

    let sagas = format!("/admin/sagas?open=true&order_id={order}");
    let sagas = admin.get(&front, &sagas).hear().await;
    let news = admin.get(&front, "/admin/news?state=draft").hear().await;
    let bad = admin.get(&front, "/admin/sagas?order_id=mine").hear().await;

    assert_eq!(
        (sagas.status, news.status),
        (StatusCode::OK, StatusCode::OK)
    );
    let asked: Vec<ListSagasRequest> = front.fake.asked("SagaAdmin/ListSagas");
    assert_eq!(
        (asked.len(), asked[0].open, &*asked[0].order_id),
        (1, true, order)
    );
    let asked: Vec<ListArticlesRequest> = front.fake.asked("News/ListArticles");
    assert_eq!((&*asked[0].state, asked[0].include_drafts), ("draft", true));
    assert!(
        bad.text.contains("Nothing can be found that way."),
        "{}",
        bad.text
    );
}

#[tokio::test]
async fn a_backup_is_shown_with_whether_it_counts() {
    let front = Front::open().await;
    let admin = Browser::open_as(&front, Some(Role::Admin)).await;
    let backup = |label: &str, restore| Backup {
        label: label.into(),
        extent: "full".into(),
        ended_at: "2026-11-26T20:36:45Z".into(),
        bytes: 22_992_515,
        added_bytes: 4_522_340,
        restore,
        ..Backup::default()
    };
    let restore = |wrong: &str| Restore {
        restored_at: "2026-11-26T20:37:41Z".into(),
        wrong: wrong.into(),
        rpo_seconds: 2.5,
        rto_seconds: 8.25,
    };
    let all = ListBackupsResponse {
        backups: vec![
            backup("20261127-204226F", None),
            backup("20261126-204226F", Some(restore(""))),
            backup("20261125-204226F", Some(restore("a row too few"))),
        ],
        next_cursor: String::new(),
    };
    front.fake.says("Backups/ListBackups", &all);

    let heard = admin.get(&front, "/admin/backups?extent=full").hear().await;

    assert_eq!(heard.status, StatusCode::OK, "{}", heard.text);
    for part in [
        "22.9 MB",
        "4.5 MB",
        "class=\"state unproven\"",
        "class=\"state proven\">counts",
        "2.5 s",
        "8.2 s",
        "class=\"state worthless\">does not count",
    ] {
        assert!(heard.text.contains(part), "{part}: {}", heard.text);
    }
    // What went wrong says nothing of how long it takes.
    assert_eq!(heard.text.matches("2.5 s").count(), 1);
    let asked: Vec<ListBackupsRequest> = front.fake.asked("Backups/ListBackups");
    assert_eq!(asked[0].extent, "full");
}
