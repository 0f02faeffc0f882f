//! What happens to articles.

use std::time::Duration;

use api::news::{CreateArticleRequest, GetArticleRequest, UpdateArticleRequest};
use time::OffsetDateTime;
use tonic::Code;

use crate::shop::{Shop, as_one, editor, refusal};

#[tokio::test]
async fn a_draft_is_for_those_who_write_it_and_for_nobody_else() {
    let shop = Shop::open().await;
    as_one(async {
        let draft = shop.write("Plans").await;

        let public = shop.find(&draft.id).await;
        let inside = GetArticleRequest {
            id: draft.id.clone(),
            include_drafts: true,
        };
        let inside = shop.news.clone().get_article(inside).await;

        assert_eq!(refusal(public), (Code::NotFound, "NOT_FOUND".to_owned()));
        assert_eq!(inside.unwrap().into_inner(), draft);
        assert!(shop.front().await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn an_article_published_now_is_public_at_once_and_gone_when_it_is_taken_back() {
    let shop = Shop::open().await;
    as_one(async {
        let published = shop.published("Opening hours").await;
        assert_eq!(shop.find(&published.id).await.unwrap(), published);
        assert_eq!(shop.front().await, ["Opening hours"]);

        let draft = shop.unpublish(&published).await.unwrap();

        assert_eq!((draft.publish_at.as_str(), draft.version), ("", 3));
        assert_eq!(refusal(shop.find(&draft.id).await).0, Code::NotFound);
        assert!(shop.front().await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn an_article_appears_at_its_time_though_nobody_does_anything_then() {
    let shop = Shop::open().await;
    let due = OffsetDateTime::now_utc() + Duration::from_secs(5);
    let draft = shop.write("Sale").await;
    let waiting = shop.publish(&draft, &api::time::write(due)).await.unwrap();

    // Without a token, so that every cache may serve.
    let mut looks = 0;
    while shop.find(&waiting.id).await.is_err() || shop.front().await.is_empty() {
        looks += 1;
        let late = OffsetDateTime::now_utc() - due;
        assert!(late < Duration::from_secs(15), "it has not appeared");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    assert!(looks > 0 && OffsetDateTime::now_utc() >= due, "too early");
}

#[tokio::test]
async fn of_two_editors_at_once_one_wins_and_the_other_hears_so() {
    let shop = Shop::open().await;
    let mut article = shop.write("Round 0").await;
    for round in 1..=20 {
        let (ann, bob) = (format!("Ann {round}"), format!("Bob {round}"));

        let (ann, bob) = tokio::join!(shop.rename(&article, &ann), shop.rename(&article, &bob));

        let (won, lost) = if ann.is_ok() { (ann, bob) } else { (bob, ann) };
        assert_eq!(
            refusal(lost),
            (Code::FailedPrecondition, "STALE".to_owned())
        );
        article = won.unwrap();
        assert_eq!(article.version, round + 1);
    }
}

#[tokio::test]
async fn a_change_leaves_alone_what_it_does_not_speak_of() {
    let shop = Shop::open().await;
    let published = shop.published("Old").await;

    let renamed = shop.rename(&published, "New").await.unwrap();

    assert_eq!(renamed.title, "New");
    assert_eq!(renamed.body, published.body);
    assert_eq!(renamed.publish_at, published.publish_at);
    assert_eq!(renamed.version, published.version + 1);
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_by_name_and_writes_nothing() {
    let shop = Shop::open().await;
    let mut news = shop.news.clone();
    let good = CreateArticleRequest {
        actor_id: editor(),
        title: "Title".to_owned(),
        body: String::new(),
    };
    let bad = [
        CreateArticleRequest {
            title: " ".to_owned(),
            ..good.clone()
        },
        CreateArticleRequest {
            title: "t".repeat(201),
            ..good.clone()
        },
        CreateArticleRequest {
            body: "b".repeat(20_001),
            ..good.clone()
        },
        CreateArticleRequest {
            body: "\0".to_owned(),
            ..good.clone()
        },
        CreateArticleRequest {
            actor_id: "nobody".to_owned(),
            ..good.clone()
        },
    ];

    for request in bad {
        let answer = news.create_article(request).await;
        assert_eq!(
            refusal(answer),
            (Code::InvalidArgument, "INVALID".to_owned())
        );
    }

    let kept = sqlx::query_scalar::<_, i64>("select count(*) from articles");
    assert_eq!(kept.fetch_one(shop.database.pool()).await.unwrap(), 0);
}

#[tokio::test]
async fn an_article_that_is_none_is_not_found_and_an_id_that_is_none_is_invalid() {
    let shop = Shop::open().await;
    let nobody = api::id::ARTICLE.write(uuid::Uuid::now_v7());
    let edit = UpdateArticleRequest {
        actor_id: editor(),
        id: nobody.clone(),
        version: 1,
        ..UpdateArticleRequest::default()
    };

    assert_eq!(refusal(shop.find(&nobody).await).0, Code::NotFound);
    let edited = shop.news.clone().update_article(edit).await;
    assert_eq!(refusal(edited).0, Code::NotFound);
    assert_eq!(refusal(shop.find("art_1").await).0, Code::InvalidArgument);
    let product = api::id::PRODUCT.write(uuid::Uuid::now_v7());
    assert_eq!(refusal(shop.find(&product).await).0, Code::InvalidArgument);
}

#[tokio::test]
async fn a_time_that_is_none_publishes_nothing() {
    let shop = Shop::open().await;
    let draft = shop.write("Sale").await;

    for at in ["tomorrow", "2026-13-01T00:00:00Z", "2026-11-20 12:00"] {
        assert_eq!(
            refusal(shop.publish(&draft, at).await).0,
            Code::InvalidArgument
        );
    }

    let again = shop.rename(&draft, "Still a draft").await.unwrap();
    assert_eq!((again.publish_at.as_str(), again.version), ("", 2));
}
