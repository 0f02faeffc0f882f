//! The back office: who is let in, what its forms refuse, and that what was typed stays.

use api::control::{Instance, ListInstancesResponse, Report};
use api::news::Article;

use super::*;

const ARTICLE: &str = "art_01h455vb4pex5vsknk084sn02q";

/// Every form, with fields that it takes.
pub(super) const FORMS: [(&str, &[&str]); 22] = [
    ("/admin/registry/order-1/drain", &["version"]),
    ("/admin/registry/order-1/undrain", &["version"]),
    ("/admin/registry/order-1/weight", &["version", "weight"]),
    (
        "/admin/resources/gateway/change",
        &["version", "step", "rate_account", "search"],
    ),
    ("/admin/faults/1/note", &["text"]),
    ("/admin/locks/scaler.leader/release", &[]),
    (
        "/admin/orders/ord_01h455vb4pex5vsknk084sn02q/ship",
        &["key"],
    ),
    (
        "/admin/orders/ord_01h455vb4pex5vsknk084sn02q/deliver",
        &["key"],
    ),
    (
        "/admin/orders/ord_01h455vb4pex5vsknk084sn02q/cancel",
        &["key"],
    ),
    (
        "/admin/orders/ord_01h455vb4pex5vsknk084sn02q/refund",
        &["key", "amount", "currency"],
    ),
    ("/admin/sagas/sag_01h455vb4pex5vsknk084sn02q/retry", &[]),
    (
        "/admin/products/new",
        &[
            "title",
            "sku",
            "category",
            "price",
            "description",
            "currency",
        ],
    ),
    (
        "/admin/products/prd_01h455vb4pex5vsknk084sn02q/change",
        &["title", "sku", "price", "currency", "version", "step"],
    ),
    (
        "/admin/products/prd_01h455vb4pex5vsknk084sn02q/sell",
        &["version"],
    ),
    (
        "/admin/products/prd_01h455vb4pex5vsknk084sn02q/restock",
        &["units", "key"],
    ),
    (
        "/admin/users/usr_01h455vb4pex5vsknk084sn02q/role",
        &["role", "version"],
    ),
    (
        "/admin/users/usr_01h455vb4pex5vsknk084sn02q/disable",
        &["version"],
    ),
    (
        "/admin/users/usr_01h455vb4pex5vsknk084sn02q/enable",
        &["version"],
    ),
    ("/admin/news/new", &["title", "text"]),
    (
        "/admin/news/art_01h455vb4pex5vsknk084sn02q/edit",
        &["title", "text", "version"],
    ),
    (
        "/admin/news/art_01h455vb4pex5vsknk084sn02q/publish",
        &["publish_at", "version"],
    ),
    (
        "/admin/news/art_01h455vb4pex5vsknk084sn02q/unpublish",
        &["version"],
    ),
];

const LISTS: [&str; 12] = [
    "/admin",
    "/topology",
    "/admin/registry",
    "/admin/resources",
    "/admin/faults",
    "/admin/locks",
    "/admin/backups",
    "/admin/audit",
    "/admin/orders",
    "/admin/products",
    "/admin/users",
    "/admin/news",
];

#[tokio::test]
async fn the_back_office_is_shown_to_nobody_who_may_not_see_it_and_asks_nothing_for_them() {
    let front = Front::open().await;
    let stranger = Browser::open_as(&front, None).await;
    let customer = Browser::open_as(&front, Some(Role::Customer)).await;
    front.fake.forget();
    let questions = FORMS.iter().map(|(path, _)| *path);

    for path in LISTS.into_iter().chain(questions) {
        let heard = stranger.get(&front, path).hear().await;
        assert_eq!(heard.status, StatusCode::SEE_OTHER, "{path}");
        assert!(heard.header("location").starts_with("/sign-in?next=%2F"));
        let heard = customer.get(&front, path).hear().await;
        assert_eq!(heard.status, StatusCode::FORBIDDEN, "{path}");
        assert!(
            heard.text.contains("Your account may not do this."),
            "{path}"
        );
        assert!(!heard.text.contains("/admin"), "{path}: {}", heard.text);
    }
    assert_eq!(front.fake.all_asked(), []);
}

#[tokio::test]
async fn a_form_of_the_back_office_whose_session_has_ended_is_kept_line_by_line() {
    let front = Front::open().await;
    let browser = Browser::open_as(&front, None).await;
    let typed = [("title", "Open"), ("text", "One line.\r\nAnother <line>.")];

    let heard = browser.post(&front, "/admin/news/new", &typed).hear().await;

    assert_eq!(heard.status, StatusCode::UNAUTHORIZED);
    for kept in [
        "name=\"kept.title\" value=\"Open\"",
        "name=\"kept.text\" value=\"One line.\r\nAnother &#60;line&#62;.\"",
    ] {
        assert!(heard.text.contains(kept), "{kept}: {}", heard.text);
    }
    // A form of nobody's session that is over, but whose token is of another one: sent again as it was typed.
    let admin = Browser::open_as(&front, Some(Role::Admin)).await;
    let mut typed = typed.to_vec();
    typed.push(("form_token", "old"));
    let heard = sent(&front, "/admin/news/new", &typed)
        .header("cookie", &admin.cookies)
        .hear()
        .await;
    assert_eq!(heard.status, StatusCode::FORBIDDEN);
    assert!(
        heard.text.contains("<textarea id=\"text\"")
            && heard.text.contains("Another &#60;line&#62;."),
        "{}",
        heard.text
    );
}

#[tokio::test]
async fn who_was_second_is_told_so_with_what_is_there_now_and_keeps_what_was_typed() {
    let front = Front::open().await;
    let admin = Browser::open_as(&front, Some(Role::Admin)).await;
    let now = Article {
        id: ARTICLE.into(),
        title: "Closed".into(),
        body: "For a week.".into(),
        version: 7,
        ..Article::default()
    };
    front.fake.says("News/GetArticle", &now);
    let stale = "another version is current";
    let stale = api::error::status(tonic::Code::FailedPrecondition, "STALE", stale);
    front.fake.refuses("News/UpdateArticle", stale);
    let path = format!("/admin/news/{ARTICLE}/edit");
    let typed = [("title", "Open"), ("text", "As ever."), ("version", "3")];

    let heard = admin.post(&front, &path, &typed).hear().await;

    assert_eq!(
        heard.status,
        StatusCode::PRECONDITION_FAILED,
        "{}",
        heard.text
    );
    for part in [
        "Somebody else was first.",
        "<dd>Closed</dd>",
        "<dd>For a week.</dd>",
        "name=\"title\" type=\"text\" value=\"Open\"",
        "As ever.</textarea>",
        "name=\"version\" value=\"7\"",
    ] {
        assert!(heard.text.contains(part), "{part}: {}", heard.text);
    }
}

#[tokio::test]
async fn a_drain_is_asked_about_and_goes_out_with_the_version_that_was_seen() {
    let front = Front::open().await;
    let admin = Browser::open_as(&front, Some(Role::Admin)).await;
    let report = Report {
        instance: "order-1".into(),
        service: "order".into(),
        ..Report::default()
    };
    let one = Instance {
        report: Some(report),
        version_said: 4,
        ..Instance::default()
    };
    let all = ListInstancesResponse {
        instances: vec![one],
    };
    front.fake.says("Registry/ListInstances", &all);
    let path = "/admin/registry/order-1/drain";

    let asked = admin.get(&front, path).hear().await;
    assert_eq!(asked.status, StatusCode::OK, "{}", asked.text);
    assert!(asked.text.contains("order-1 gets no new requests"));
    assert!(
        asked
            .text
            .contains("No other instance of order takes requests")
    );
    assert!(asked.text.contains("name=\"version\" value=\"4\""));
    let done = admin.post(&front, path, &[("version", "4")]).hear().await;

    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    assert_eq!(
        done.header("location"),
        "/admin/registry?done=drained&what=order-1"
    );
    let sent: Vec<api::control::UpdateInstanceRequest> =
        front.fake.asked("Registry/UpdateInstance");
    let sent = &sent[0];
    assert_eq!(
        (&*sent.instance, sent.version, sent.drained),
        ("order-1", 4, Some(true))
    );
    assert_eq!((sent.weight, &sent.actor_id), (None, &front.account_id()));
}

#[tokio::test]
async fn what_a_path_says_was_done_is_told_of_a_name_only() {
    let front = Front::open().await;
    let admin = Browser::open_as(&front, Some(Role::Admin)).await;

    let good = "/admin/registry?done=drained&what=order-1";
    let good = admin.get(&front, good).hear().await;
    let bad = "/admin/registry?done=drained&what=order-1%3A%20call%20this%20number";
    let bad = admin.get(&front, bad).hear().await;

    assert!(
        good.text.contains("Done by you to order-1."),
        "{}",
        good.text
    );
    assert!(!bad.text.contains("Done by you"), "{}", bad.text);
}
