//! What administrators do.

use api::common::{ListAuditRequest, Page};
use api::user::ListAccountsRequest;
use serde_json::{Value, json};
use tonic::Code;

use crate::house::{House, refusal, why};

#[tokio::test]
async fn an_act_and_its_audit_are_one() {
    let house = House::open().await;
    let root = house.admin("root@example.com").await;
    let bob = house.register("bob@example.com").await;

    let made = house
        .administer(&root, &bob, Some("support"), None)
        .await
        .unwrap();

    assert_eq!((made.role.as_str(), made.version), ("support", 2));
    assert_eq!(house.find(&bob.id).await.unwrap(), made);
    let request = ListAuditRequest {
        subject_id: bob.id.clone(),
        ..ListAuditRequest::default()
    };
    let acts = house.ask(house.users.clone().list_audit(request)).await;
    let [act] = &acts.unwrap().entries[..] else {
        panic!("one act, one row");
    };
    let [before, after]: [Value; 2] =
        [&act.before, &act.after].map(|json| serde_json::from_str(json).unwrap());
    assert_eq!(
        (act.actor_id.as_str(), act.action.as_str()),
        (root.id.as_str(), "account.administer")
    );
    assert_eq!(before, json!({ "role": "customer", "disabled": false }));
    assert_eq!(after, json!({ "role": "support", "disabled": false }));
}

#[tokio::test]
async fn a_refused_act_leaves_no_trace() {
    let house = House::open().await;
    let root = house.admin("root@example.com").await;
    let mut bob = house.register("bob@example.com").await;

    assert_eq!(
        why(house.administer(&root, &bob, Some("king"), None).await),
        "INVALID"
    );
    assert_eq!(
        why(house.administer(&root, &bob, Some("service"), None).await),
        "INVALID"
    );
    assert_eq!(
        why(house.administer(&root, &bob, None, None).await),
        "INVALID"
    );
    let by_bob = house.administer(&bob, &bob, Some("admin"), None).await;
    assert_eq!(
        refusal(by_bob),
        (Code::PermissionDenied, "FORBIDDEN".to_owned())
    );
    bob.version = 7;
    assert_eq!(
        why(house.administer(&root, &bob, Some("admin"), None).await),
        "STALE"
    );
    bob.id = api::id::ACCOUNT.write(uuid::Uuid::now_v7());
    assert_eq!(
        why(house.administer(&root, &bob, Some("admin"), None).await),
        "NOT_FOUND"
    );

    assert_eq!(house.count("select count(*) from audit").await, 0);
    assert_eq!(house.count("select count(*) from revocations").await, 0);
}

#[tokio::test]
async fn a_disabled_account_loses_its_sessions_and_an_enabled_one_signs_in_again() {
    let house = House::open().await;
    let root = house.admin("root@example.com").await;
    let (bob, tokens) = house.customer("bob@example.com").await;

    let disabled = house
        .administer(&root, &bob, None, Some(true))
        .await
        .unwrap();
    assert_eq!(why(house.refresh(&tokens).await), "BAD_TOKEN");

    house
        .administer(&root, &disabled, None, Some(false))
        .await
        .unwrap();
    house.login("bob@example.com").await;
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let house = House::open().await;
    let root = house.admin("root@example.com").await;
    let last = (Code::FailedPrecondition, "LAST_ADMIN".to_owned());

    assert_eq!(
        refusal(house.administer(&root, &root, Some("customer"), None).await),
        last
    );
    assert_eq!(
        refusal(house.administer(&root, &root, None, Some(true)).await),
        last
    );

    assert!(
        house
            .find(&root.id)
            .await
            .is_ok_and(|root| root.role == "admin")
    );
}

#[tokio::test]
async fn of_two_administrators_who_step_down_at_once_one_stays() {
    let house = House::open().await;
    let mut ann = house.admin("ann@example.com").await;
    let mut bob = house.admin("bob@example.com").await;
    for _ in 0..20 {
        let (left, right) = tokio::join!(
            house.administer(&ann, &ann, Some("customer"), None),
            house.administer(&bob, &bob, Some("customer"), None)
        );

        assert!(left.is_ok() != right.is_ok(), "{left:?} and {right:?}");
        let (gone, there) = if let Ok(gone) = &left {
            (gone, &bob)
        } else {
            (right.as_ref().unwrap(), &ann)
        };
        let back = house
            .administer(there, gone, Some("admin"), None)
            .await
            .unwrap();
        if left.is_ok() { ann = back } else { bob = back }
    }
}

#[tokio::test]
async fn accounts_are_listed_newest_first_page_by_page_and_by_role() {
    let house = House::open().await;
    let mut all = vec![house.admin("root@example.com").await.id];
    for at in 0..4 {
        all.insert(
            0,
            house
                .register(&format!("customer{at}@example.com"))
                .await
                .id,
        );
    }

    let (mut listed, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = Some(Page { limit: 2, cursor });
        let request = ListAccountsRequest {
            page,
            ..ListAccountsRequest::default()
        };
        let page = house
            .ask(house.users.clone().list_accounts(request))
            .await
            .unwrap();
        assert!(page.accounts.len() <= 2);
        listed.extend(page.accounts.into_iter().map(|account| account.id));
        cursor = page.next_cursor;
        if cursor.is_empty() {
            break;
        }
    }
    let request = ListAccountsRequest {
        role: "admin".to_owned(),
        ..ListAccountsRequest::default()
    };
    let admins = house
        .ask(house.users.clone().list_accounts(request))
        .await
        .unwrap();

    assert_eq!(listed, all);
    assert_eq!(admins.accounts.len(), 1);
    assert_eq!(admins.accounts[0].id, all[4]);
}

#[tokio::test]
async fn an_account_is_found_by_the_whole_of_its_email_and_by_its_registration_number() {
    let house = House::open().await;
    let bob = house.register("bob@example.com").await;
    house.register("ann@example.com").await;
    let find = async |role: &str, email: &str, number: &str| {
        let request = ListAccountsRequest {
            role: role.to_owned(),
            email: email.to_owned(),
            registration_number: number.to_owned(),
            ..ListAccountsRequest::default()
        };
        let found = house.ask(house.users.clone().list_accounts(request)).await;
        found.map(|found| {
            let ids = found.accounts.into_iter().map(|account| account.id);
            ids.collect::<Vec<_>>()
        })
    };
    let number = &bob.registration_number;
    let plain = number.replace('-', "");

    for (role, email, number) in [
        ("", "Bob@Example.com", ""),
        ("", "", number),
        ("customer", "", &*plain),
        ("", "bob@example.com", number),
    ] {
        let found = find(role, email, number).await.unwrap();
        assert_eq!(
            found,
            std::slice::from_ref(&bob.id),
            "{role} {email} {number}"
        );
    }
    for (role, email, number) in [
        ("", "nobody@example.com", ""),
        ("admin", "bob@example.com", ""),
        ("", "ann@example.com", number),
    ] {
        let found = find(role, email, number).await;
        assert_eq!(found.unwrap(), [""; 0], "{role} {email} {number}");
    }
    assert_eq!(why(find("", "bob@", "").await), "INVALID");
    assert_eq!(why(find("", "", "204").await), "INVALID");
}
