//! The pages over real HTTP: what every page wears, what every form refuses, and that nothing typed is lost or run.

#![allow(clippy::print_stdout, reason = "figures are shown to whoever runs it")]

mod forms;
mod lists;
mod office;

use api::common::Money;
use api::order::{Cart, CartItem, Category, ListCategoriesResponse, ListProductsResponse, Product};
use api::user::Tokens;
use auth::Role;
use reqwest::{Method, StatusCode};

use crate::front::{Asking, Front, Heard};

/// What no page may carry out of what was typed.
const SCRIPT: &str = "\"><script>alert(1)</script>";
const PRODUCT: &str = "prd_01h455vb4pex5vsknk084sn02q";
const CART: &str = "crt_01h455vb4pex5vsknk084sn02q";

/// Every form, with fields that it takes.
const FORMS: [(&str, &[&str]); 12] = [
    ("/register", &["name", "email", "password", "next"]),
    ("/sign-in", &["login", "password", "next", "then", "kept.x"]),
    ("/cart/items", &["product", "quantity"]),
    ("/cart/lines", &["product", "quantity", "version", "remove"]),
    (
        "/checkout",
        &["key", "cart", "address", "expected", "currency"],
    ),
    ("/orders/ord_01h455vb4pex5vsknk084sn02q/cancel", &["key"]),
    ("/account", &["name", "email", "version"]),
    (
        "/account/addresses",
        &[
            "recipient",
            "line1",
            "city",
            "postal_code",
            "country",
            "next",
        ],
    ),
    ("/account/password", &["current_password", "new_password"]),
    ("/account/close", &["sure"]),
    ("/wallet/topups", &["amount", "currency", "key", "next"]),
    (
        "/account/notifications/ntf_01h455vb4pex5vsknk084sn02q/read",
        &[],
    ),
];

fn product(at: usize) -> Product {
    Product {
        id: PRODUCT.into(),
        sku: format!("KIT-MUG-{at}"),
        name: format!("Enamel Camp Mug {at}"),
        description: "A mug.".into(),
        category: "kitchen".into(),
        price: Some(dollars(1400)),
        active: true,
        available: 3,
        version: 1,
        ..Product::default()
    }
}

fn dollars(amount: i64) -> Money {
    Money {
        amount,
        currency: "USD".into(),
    }
}

fn stock(front: &Front) {
    let products = (0..24).map(product).collect();
    front.fake.says(
        "Catalog/ListProducts",
        &ListProductsResponse {
            products,
            next_cursor: "more".into(),
        },
    );
    front.fake.says("Catalog/GetProduct", &product(0));
    let kitchen = Category {
        name: "kitchen".into(),
        products: 24,
    };
    front.fake.says(
        "Catalog/ListCategories",
        &ListCategoriesResponse {
            categories: vec![kitchen],
        },
    );
}

/// The value of the cookie `name` that an answer sets.
fn cookie(heard: &Heard, name: &str) -> Option<String> {
    let lines = heard.headers.get_all("set-cookie").iter();
    let mut pairs =
        lines.filter_map(|line| line.to_str().unwrap().split(';').next()?.split_once('='));
    pairs
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}

/// A browser: what it keeps, and the token of the form it was shown.
struct Browser {
    cookies: String,
    token: String,
}

impl Browser {
    /// Opens the door's page, signed in or not.
    async fn open(front: &Front, signed_in: bool) -> Self {
        Self::open_as(front, signed_in.then_some(Role::Customer)).await
    }

    /// Opens the door's page, signed in as `role`, if as any.
    async fn open_as(front: &Front, role: Option<Role>) -> Self {
        let page = front.ask(Method::GET, "/sign-in").hear().await;
        let token = between(&page.text, "name=\"form_token\" value=\"", "\"");
        let mut cookies = format!("form={}", cookie(&page, "form").unwrap());
        if let Some(role) = role {
            let access = front.token(front.account, role);
            let session = format!("; access={access}; refresh=r; cart={CART}.1");
            cookies.push_str(&session);
        }
        Self { cookies, token }
    }

    fn get(&self, front: &Front, path: &str) -> Asking {
        let asking = front.ask(Method::GET, path);
        asking.header("cookie", &self.cookies)
    }

    fn post(&self, front: &Front, path: &str, fields: &[(&str, &str)]) -> Asking {
        let mut all = vec![("form_token", &*self.token)];
        all.extend(fields);
        sent(front, path, &all).header("cookie", &self.cookies)
    }
}

fn sent(front: &Front, path: &str, fields: &[(&str, &str)]) -> Asking {
    let Asking(request) = front.ask(Method::POST, path);
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(fields);
    let kind = "application/x-www-form-urlencoded";
    Asking(request.header("content-type", kind).body(body.finish()))
}

fn between(text: &str, before: &str, after: &str) -> String {
    let rest = text
        .split_once(before)
        .unwrap_or_else(|| panic!("no {before} in {text}"))
        .1;
    rest.split_once(after).unwrap().0.to_owned()
}

#[tokio::test]
async fn the_first_page_is_small_and_loads_nothing_that_is_not_ours() {
    let front = Front::open().await;
    stock(&front);

    let page = front.ask(Method::GET, "/").hear().await;

    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert!(page.text.contains("Enamel Camp Mug 0"));
    let policy = page.header("content-security-policy");
    for part in [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!page.text.contains("style=\"") && !page.text.contains("<script>"));
    let (mut packed, mut plain, mut requests) = (0, 0, 0);
    let links = ["<link rel=\"stylesheet\" href=\"", "<script src=\""];
    let links = links.iter().flat_map(|mark| page.text.split(mark).skip(1));
    let paths = links.map(|rest| rest.split('"').next().unwrap());
    for path in std::iter::once("/").chain(paths) {
        let asked = front
            .ask(Method::GET, path)
            .header("accept-encoding", "gzip");
        let answer = asked.0.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        packed += answer.bytes().await.unwrap().len();
        plain += front.ask(Method::GET, path).hear().await.text.len();
        requests += 1;
    }
    println!(
        "the first page: {} bytes; with style and scripts {plain}, {packed} as sent, in {requests} requests",
        page.text.len()
    );
    assert!(packed < 60_000, "{packed} bytes");
    assert!(page.text.len() < 60_000);
}

#[tokio::test]
async fn a_page_of_ones_own_leads_to_the_door_and_back() {
    let front = Front::open().await;

    for path in [
        "/account",
        "/orders",
        "/wallet",
        "/checkout",
        "/account/security",
    ] {
        let heard = front.ask(Method::GET, path).hear().await;

        assert_eq!(heard.status, StatusCode::SEE_OTHER, "{path}");
        assert!(
            heard.header("location").starts_with("/sign-in?next=%2F"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_refused_checkout_says_when_to_try_again_and_keeps_its_key_and_address() {
    let front = Front::open().await;
    let browser = Browser::open(&front, true).await;
    let item = CartItem {
        product_id: PRODUCT.into(),
        name: "Enamel Camp Mug".into(),
        quantity: 1,
        unit_price: Some(dollars(1400)),
    };
    let cart = Cart {
        id: CART.into(),
        items: vec![item],
        total: Some(dollars(1400)),
        status: "open".into(),
        version: 2,
        ..Cart::default()
    };
    front.fake.says("Carts/GetCart", &cart);
    let away = api::error::status(tonic::Code::Unavailable, "NOT_TAKEN", "later");
    front.fake.refuses("Orders/Place", away);
    let typed = [
        ("key", "the-key-of-this-form"),
        ("cart", CART),
        ("expected", "1400"),
        ("currency", "USD"),
    ];

    let heard = browser.post(&front, "/checkout", &typed).hear().await;

    assert_eq!(
        heard.status,
        StatusCode::SERVICE_UNAVAILABLE,
        "{}",
        heard.text
    );
    assert!(!heard.header("retry-after").is_empty());
    assert!(
        heard.text.contains("value=\"the-key-of-this-form\""),
        "{}",
        heard.text
    );
    assert_eq!(cookie(&heard, "cart"), Some(format!("{CART}.1")));
}

#[tokio::test]
async fn a_missing_page_is_a_page_to_people_and_a_problem_to_programs() {
    let front = Front::open().await;

    let page = front
        .ask(Method::GET, "/nowhere")
        .header("accept", "text/html")
        .hear()
        .await;
    let problem = front.ask(Method::GET, "/nowhere").hear().await;
    let api = front
        .ask(Method::GET, "/v1/nowhere")
        .header("accept", "text/html")
        .hear()
        .await;

    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.text.contains("<h1>"), "{}", page.text);
    assert_eq!(problem.said(), "404 no_such_route");
    assert_eq!(api.said(), "404 no_such_route");
}

#[tokio::test]
async fn the_shop_speaks_the_language_that_is_asked_for_or_chosen() {
    let front = Front::open().await;
    stock(&front);

    let chinese = front
        .ask(Method::GET, "/products")
        .header("accept-language", "zh-CN")
        .hear()
        .await;
    let chosen = front
        .ask(Method::GET, "/products")
        .header("accept-language", "zh")
        .header("cookie", "language=en")
        .hear()
        .await;
    let switched = front
        .ask(Method::GET, "/language/zh?back=//evil.example")
        .hear()
        .await;

    assert!(chinese.text.contains("<html lang=\"zh\">") && chinese.text.contains("US$14.00"));
    assert!(chosen.text.contains("<html lang=\"en\">"));
    assert_eq!(
        (
            switched.header("location"),
            cookie(&switched, "language").as_deref()
        ),
        ("/", Some("zh"))
    );
}
