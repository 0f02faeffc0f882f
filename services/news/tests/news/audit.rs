//! What is kept of the acts of administrators.

use api::common::{AuditEntry, ListAuditRequest, Page};
use api::id::ACCOUNT;
use serde_json::Value;
use uuid::Uuid;

use crate::shop::{Shop, as_one, editor};

async fn audit(shop: &Shop, request: ListAuditRequest) -> (Vec<AuditEntry>, String) {
    let page = shop.news.clone().list_audit(request).await;
    let page = page.unwrap().into_inner();
    (page.entries, page.next_cursor)
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[tokio::test]
async fn every_act_is_kept_with_who_did_it_and_what_it_changed() {
    let shop = Shop::open().await;
    as_one(async {
        let draft = shop.write("Before").await;
        let renamed = shop.rename(&draft, "After").await.unwrap();
        let published = shop.publish(&renamed, "").await.unwrap();
        shop.unpublish(&published).await.unwrap();

        let (acts, next) = audit(&shop, ListAuditRequest::default()).await;

        let names: Vec<_> = acts.iter().map(|act| act.action.as_str()).collect();
        let expected = [
            "article.unpublish",
            "article.publish",
            "article.update",
            "article.create",
        ];
        assert_eq!(names, expected);
        assert!(next.is_empty());
        let update = &acts[2];
        assert_eq!(
            (&update.actor_id, &update.subject_id),
            (&editor(), &draft.id)
        );
        assert_eq!(json(&update.before)["title"], "Before");
        assert_eq!(json(&update.after)["title"], "After");
        assert!(acts[3].before.is_empty());
        assert_eq!(json(&acts[1].after)["publish_at"], published.publish_at);
    })
    .await;
}

#[tokio::test]
async fn an_act_that_was_refused_leaves_nothing_behind() {
    let shop = Shop::open().await;
    as_one(async {
        let draft = shop.write("Title").await;
        shop.rename(&draft, "Other").await.unwrap();
        shop.rename(&draft, "Too late").await.unwrap_err();

        let (acts, _) = audit(&shop, ListAuditRequest::default()).await;

        assert_eq!(acts.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn acts_are_found_by_subject_by_account_and_page_by_page() {
    let shop = Shop::open().await;
    as_one(async {
        let (one, other) = (shop.write("One").await, shop.write("Other").await);
        shop.rename(&one, "One more").await.unwrap();
        let nobody = ACCOUNT.write(Uuid::from_u128(9));
        let wanted = |subject: &str, actor: &str, limit, cursor: &str| ListAuditRequest {
            subject_id: subject.to_owned(),
            actor_id: actor.to_owned(),
            page: Some(Page {
                limit,
                cursor: cursor.to_owned(),
            }),
            before_id: String::new(),
        };

        assert_eq!(audit(&shop, wanted(&one.id, "", 0, "")).await.0.len(), 2);
        assert_eq!(
            audit(&shop, wanted(&other.id, &editor(), 0, ""))
                .await
                .0
                .len(),
            1
        );
        assert_eq!(audit(&shop, wanted("", &nobody, 0, "")).await.0.len(), 0);
        let (first, next) = audit(&shop, wanted("", "", 2, "")).await;
        let (second, end) = audit(&shop, wanted("", "", 2, &next)).await;
        assert_eq!((first.len(), second.len(), end.as_str()), (2, 1, ""));
        assert!(first[1].id > second[0].id);
    })
    .await;
}
