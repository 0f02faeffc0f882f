//! Every page as it looks, and whether everybody can use it: pictures in `target/screenshots`, names, labels, landmarks,
//! contrast and sizes by a checker of our own.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::browser::Browser;
use crate::purchase::{filled_cart, joined, stocked};

/// Finds what keeps people out of a page. It knows the serious rules only: see the file.
const CHECKER: &str = include_str!("checker.js");
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
        let faults = browser.run(CHECKER).await;
        for fault in faults.as_array().unwrap_or_else(|| panic!("{faults}")) {
            found.push(format!(
                "{name}, {look}: {}",
                fault.as_str().unwrap_or_default()
            ));
        }
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
            "label",
        ),
        (
            "document.querySelector('main form button').textContent = ''",
            "name",
        ),
        (
            "document.querySelector('h1').style.color = '#999'",
            "contrast",
        ),
        (
            "document.querySelector('main').setAttribute('role', 'none')",
            "landmark",
        ),
        (
            "document.querySelector('.mark img').removeAttribute('alt')",
            "alt",
        ),
        (
            "document.documentElement.removeAttribute('lang')",
            "language",
        ),
        (
            "document.querySelector('main').style.minWidth = '3000px'",
            "sideways",
        ),
    ] {
        browser.go("/sign-in").await;
        browser.sees("#login").await;
        browser.run(&format!("{planted}; return true")).await;

        let found = browser.run(CHECKER).await;

        assert!(found.to_string().contains(word), "{word}: {found}");
    }
    shop.close().await;
}
