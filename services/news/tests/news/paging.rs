//! Lists, page by page.

use api::common::Page;
use api::news::ListArticlesRequest;
use tonic::Code;

use crate::shop::{Shop, as_one, refusal};

fn wanted(limit: u32, cursor: &str, include_drafts: bool) -> ListArticlesRequest {
    let cursor = cursor.to_owned();
    ListArticlesRequest {
        page: Some(Page { limit, cursor }),
        include_drafts,
        state: String::new(),
    }
}

/// The titles of all pages of `limit` articles; between two of them another one is published.
async fn joined(shop: &Shop, limit: u32, include_drafts: bool) -> Vec<String> {
    let (mut titles, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = wanted(limit, &cursor, include_drafts);
        let page = shop.news.clone().list_articles(page).await.unwrap();
        let page = page.into_inner();
        assert!(page.articles.len() <= limit as usize);
        titles.extend(page.articles.into_iter().map(|article| article.title));
        if page.next_cursor.is_empty() {
            return titles;
        }
        cursor = page.next_cursor;
        shop.published("Meanwhile").await;
    }
}

#[tokio::test]
async fn pages_of_any_size_joined_are_the_whole_list_while_articles_are_published() {
    let shop = Shop::open().await;
    as_one(async {
        for number in 0..12 {
            shop.published(&format!("Article {number}")).await;
        }
        let newest_first: Vec<_> = (0..12).rev().map(|n| format!("Article {n}")).collect();

        let sizes = [50, 13, 12, 11, 5, 3, 1];
        for (limit, include_drafts) in sizes.into_iter().zip([false, true].into_iter().cycle()) {
            let mut titles = joined(&shop, limit, include_drafts).await;
            // Those of the rounds before stand in front.
            titles.retain(|title| title != "Meanwhile");
            assert_eq!(titles, newest_first, "in pages of {limit}");
        }
    })
    .await;
}

#[tokio::test]
async fn those_who_write_find_articles_by_who_may_read_them() {
    let shop = Shop::open().await;
    as_one(async {
        shop.write("Draft").await;
        let planned = shop.write("Planned").await;
        shop.publish(&planned, "2099-01-01T00:00:00Z")
            .await
            .unwrap();
        shop.published("Public").await;
        let titles = async |state: &str| {
            let page = ListArticlesRequest {
                state: state.to_owned(),
                ..wanted(50, "", true)
            };
            let page = shop.news.clone().list_articles(page).await?.into_inner();
            let titles = page.articles.into_iter().map(|article| article.title);
            Ok(titles.collect::<Vec<_>>())
        };

        for (state, expected) in [
            ("draft", &["Draft"][..]),
            ("planned", &["Planned"]),
            ("public", &["Public"]),
            ("", &["Public", "Planned", "Draft"]),
        ] {
            assert_eq!(titles(state).await.unwrap(), expected, "{state}");
        }
        let (code, why) = refusal(titles("burnt").await);
        assert_eq!((code, &*why), (Code::InvalidArgument, "INVALID"));
    })
    .await;
}

#[tokio::test]
async fn articles_of_the_same_moment_are_neither_lost_nor_doubled_between_pages() {
    let shop = Shop::open().await;
    let at = "2026-01-01T00:00:00Z";
    as_one(async {
        for number in 0..7 {
            let draft = shop.write(&format!("Article {number}")).await;
            shop.publish(&draft, at).await.unwrap();
        }

        let mut titles = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = shop
                .news
                .clone()
                .list_articles(wanted(2, &cursor, false))
                .await;
            let page = page.unwrap().into_inner();
            titles.extend(page.articles.into_iter().map(|article| article.title));
            cursor = page.next_cursor;
            if cursor.is_empty() {
                break;
            }
        }

        let expected: Vec<_> = (0..7).rev().map(|n| format!("Article {n}")).collect();
        assert_eq!(titles, expected);
    })
    .await;
}

#[tokio::test]
async fn a_cursor_of_another_list_and_a_page_too_large_are_refused() {
    let shop = Shop::open().await;
    as_one(async {
        for number in 0..3 {
            shop.published(&format!("Article {number}")).await;
        }
        let mut news = shop.news.clone();
        let page = news.list_articles(wanted(1, "", false)).await.unwrap();
        let cursor = page.into_inner().next_cursor;

        let other = news.list_articles(wanted(1, &cursor, true)).await;
        let broken = news.list_articles(wanted(1, "never", false)).await;
        let large = news.list_articles(wanted(101, "", false)).await;

        for answer in [other, broken, large] {
            assert_eq!(refusal(answer).0, Code::InvalidArgument);
        }
    })
    .await;
}
