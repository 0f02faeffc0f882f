//! Every page as it looks, in pictures in `target/screenshots`, and whether everybody can use it.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::barriers::barriers;
use crate::browser::Browser;
use crate::purchase::{filled_cart, joined, stocked};

const PAGES: [(&str, &str); 16] = [
    ("home", "/"),
    ("catalogue", "/products"),
    ("category", "/products?category=coffee&sort=price_asc"),
    ("search", "/products?q=lamp"),
    ("news", "/news"),
    ("missing", "/nowhere"),
    ("sign-in", "/sign-in"),
    ("register", "/register"),
    ("cart", "/cart"),
    ("checkout", "/checkout"),
    ("orders", "/orders"),
    ("account", "/account"),
    ("addresses", "/account/addresses"),
    ("security", "/account/security"),
    ("notifications", "/account/notifications"),
    ("wallet", "/wallet"),
];
/// Name, width, dark.
const LOOKS: [(&str, u32, bool); 4] = [
    ("light", 1280, false),
    ("dark", 1280, true),
    ("narrow", 320, false),
    ("wide", 1920, false),
];

fn folder() -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = root.join("target/screenshots");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Takes pictures of the page in every look, and checks it in each.
pub(crate) async fn looked_at(browser: &Browser, name: &str, found: &mut Vec<String>) {
    for (look, width, dark) in LOOKS {
        let picture = browser.picture(width, dark).await;
        let bytes = STANDARD.decode(picture).unwrap();
        std::fs::write(folder().join(format!("{name}-{look}.png")), bytes).unwrap();
        let barriers = barriers(browser).await;
        found.extend(barriers.iter().map(|one| format!("{name}, {look}: {one}")));
    }
}

#[tokio::test]
#[ignore = "it needs a browser: make test-browser"]
async fn every_page_can_be_used_by_everybody_in_light_dark_narrow_and_wide() {
    let shop = stocked(false).await;
    let browser = Browser::open(&shop.gateway(0)).await;
    joined(&browser, "Ann Example").await;
    filled_cart(&browser).await;
    let mut found = Vec::new();

    for (name, path) in PAGES {
        browser.go(path).await;
        browser.sees("main").await;
        looked_at(&browser, name, &mut found).await;
    }
    browser.go("/products?category=coffee").await;
    browser.press(".card-of a").await;
    browser.sees(".product").await;
    looked_at(&browser, "product", &mut found).await;
    browser.go("/checkout").await;
    browser.press("#place button").await;
    browser.sees("#order").await;
    looked_at(&browser, "order", &mut found).await;
    browser.go("/language/zh?back=/products").await;
    looked_at(&browser, "catalogue-zh", &mut found).await;

    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
    shop.close().await;
}

#[tokio::test]
#[ignore = "it needs a browser: make test-browser"]
async fn what_keeps_people_out_is_found_where_it_is_planted() {
    let shop = stocked(false).await;
    let browser = Browser::open(&shop.gateway(0)).await;
    browser.go("/sign-in").await;
    browser.sees("#login").await;
    for (planted, word) in [
        (
            "document.querySelector('label[for=login]').remove()",
            "label:",
        ),
        (
            "document.querySelector('main form button').textContent = ''",
            "button-name:",
        ),
        (
            "document.querySelector('h1').style.color = '#999'",
            "color-contrast:",
        ),
        (
            "document.querySelector('.mark img').removeAttribute('alt')",
            "image-alt:",
        ),
        (
            "document.documentElement.removeAttribute('lang')",
            "html-has-lang:",
        ),
        ("document.title = ''", "document-title:"),
        (
            "for (const one of document.querySelectorAll('.bottom a')) one.style = 'font-size: 6px; min-height: 0; padding: 0; margin: 0'",
            "target-size:",
        ),
        (
            "document.querySelector('main').setAttribute('role', 'none')",
            "landmark",
        ),
        (
            "document.querySelector('h1').insertAdjacentHTML('afterend', '<h3>Also</h3>')",
            "leaves out a rank",
        ),
        (
            "document.querySelector('#login').setAttribute('aria-describedby', 'nothing')",
            "description",
        ),
        (
            "document.querySelector('main').style.minWidth = '3000px'",
            "sideways",
        ),
    ] {
        browser.go("/sign-in").await;
        browser.sees("#login").await;
        browser.run(&format!("{planted}; return true")).await;

        let found = barriers(&browser).await;

        assert!(
            found.iter().any(|one| one.contains(word)),
            "{word}: {found:?}"
        );
    }
    shop.close().await;
}
