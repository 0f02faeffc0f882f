//! What administrators did, in whichever service, is one list that nobody can change.

use holdfast::house::{Kind, Place};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::query;

use crate::open::Shop;
use crate::people::{Person, text};

/// Does something in each service; answers what, newest first.
async fn acts(shop: &Shop, admin: &mut Person) -> Vec<[String; 2]> {
    let mug = json!({"sku": "MUG-2", "name": "Mug", "category": "Tests", "price": {"amount": 1_000, "currency": "USD"}});
    admin.makes("/v1/admin/products", &mug).await;
    let article = json!({"title": "Open", "body": "We are."});
    admin.makes("/v1/admin/news", &article).await;
    let version = [("If-Match", Some("\"1\""))];
    let other = Person::join(shop, "customer").await.id;
    let role = json!({"role": "support"});
    for (path, body) in [
        (format!("/v1/admin/users/{other}"), role),
        (
            "/v1/admin/resources/order".to_owned(),
            json!({"max_instances": 4}),
        ),
    ] {
        let done = admin
            .customer
            .ask(Method::PATCH, &path, &version, Some(body));
        let done = done.await.unwrap();
        assert_eq!(done.status, StatusCode::OK, "{path}: {}", done.text);
    }
    [
        ["control", "resource.update"],
        ["user", "account.administer"],
        ["news", "article.create"],
        ["order", "product.create"],
    ]
    .map(|act| act.map(str::to_owned))
    .to_vec()
}

fn told(list: &Value) -> Vec<[String; 2]> {
    let acts = list["data"].as_array().unwrap().iter();
    acts.map(|act| [text(&act["service"]), text(&act["action"])])
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acts_in_all_services_are_one_list_page_by_page_with_before_and_after() {
    let shop = Shop::open().await;
    let mut admin = Person::join(&shop, "admin").await;
    let done = acts(&shop, &mut admin).await;

    let all = admin.reads("/v1/admin/audit").await;
    assert_eq!(told(&all), done, "{all}");
    let change = &all["data"][0];
    assert_eq!(
        (&change["subject_id"], &change["actor_id"]),
        (&json!("order"), &json!(admin.id))
    );
    assert_eq!(change["before"]["max_instances"], Value::Null);
    assert_eq!(change["after"]["max_instances"], json!(4));
    assert_eq!(all["data"][2]["before"], Value::Null);

    let (mut paged, mut path) = (Vec::new(), "/v1/admin/audit?limit=1".to_owned());
    loop {
        let page = admin.reads(&path).await;
        paged.extend(told(&page));
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/v1/admin/audit?limit=1&cursor={next}");
    }
    assert_eq!(paged, done);
    for (filter, left) in [
        ("service=news".to_owned(), 1),
        ("subject_id=order".to_owned(), 1),
        (format!("actor_id={}", admin.id), 4),
        (
            format!(
                "actor_id={}&service=user&subject_id={}",
                admin.id,
                text(&all["data"][1]["subject_id"])
            ),
            1,
        ),
    ] {
        let found = admin.reads(&format!("/v1/admin/audit?{filter}")).await;
        assert_eq!(told(&found).len(), left, "{filter}: {found}");
    }
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_from_which_a_service_is_missing_is_none_and_those_that_answer_have_theirs() {
    let shop = Shop::empty(false, &[("REQUEST_TIMEOUT", "2s")], Place::Here).await;
    for kind in Kind::ALL {
        shop.house.add(kind, &[]).await.unwrap();
    }
    shop.house.ready().await.unwrap();
    let mut admin = Person::join(&shop, "admin").await;
    let done = acts(&shop, &mut admin).await;
    shop.seat(Kind::News, 0).stop().await;

    let whole = admin
        .customer
        .send(Method::GET, "/v1/admin/audit", None, None)
        .await;
    let order = admin.reads("/v1/admin/audit?service=order").await;

    assert_eq!(whole.unwrap().status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(told(&order), done[3..]);
    shop.close().await;
}

#[tokio::test]
async fn no_service_can_change_or_remove_what_was_done() {
    for service in ["user", "order", "news", "control"] {
        let database = testkit::database(service).await;
        let act = "insert into audit (id, actor_id, action, subject)
            values (gen_random_uuid(), gen_random_uuid(), 'act', 'of')";
        query(act).execute(database.pool()).await.unwrap();

        for deed in [
            "update audit set subject = 'other'",
            "delete from audit",
            "truncate audit",
        ] {
            let refused = query(deed).execute(database.pool()).await.unwrap_err();
            let code = refused
                .as_database_error()
                .and_then(|error| error.code().map(String::from));
            assert_eq!(
                code.as_deref(),
                Some("42501"),
                "{service}: {deed}: {refused}"
            );
        }
    }
}
