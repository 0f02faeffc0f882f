//! Somebody at the pages, without a browser: what it would send is sent by hand.

use std::time::Duration;

use reqwest::header::{COOKIE, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response, StatusCode};

use crate::open::Shop;
use crate::people::Person;

/// How long any page may take.
const LIMIT: Duration = Duration::from_secs(30);

/// Somebody at the pages: the cookies of their browser, and the token for its forms.
#[derive(Clone)]
pub(crate) struct Visitor {
    http: Client,
    /// The gateway that is asked.
    pub(crate) shop: String,
    pub(crate) cookies: String,
    token: String,
}

impl Visitor {
    /// Signs in by the form.
    pub(crate) async fn of(shop: &Shop, person: &Person) -> Self {
        // Events of an order that is his to see would never end.
        let http = Client::builder().redirect(Policy::none()).timeout(LIMIT);
        let http = http.build().unwrap();
        let mut visitor = Self {
            http,
            shop: shop.gateway(0),
            cookies: String::new(),
            token: String::new(),
        };
        let door = visitor.ask(Method::GET, "/sign-in", &[]).await;
        visitor.keep(&door);
        let page = door.text().await.unwrap();
        let (_, rest) = page.split_once("name=\"form_token\" value=\"").unwrap();
        rest.split('"')
            .next()
            .unwrap()
            .clone_into(&mut visitor.token);
        let password = crate::people::PASSWORD;
        let fields = [("login", &*person.email), ("password", password)];
        let inside = visitor.ask(Method::POST, "/sign-in", &fields).await;
        assert_eq!(inside.status(), StatusCode::SEE_OTHER);
        visitor.keep(&inside);
        visitor
    }

    /// Keeps the cookies that an answer sets, as a browser does.
    pub(crate) fn keep(&mut self, answer: &Response) {
        for line in answer.headers().get_all(SET_COOKIE) {
            let pair = line.to_str().unwrap().split(';').next().unwrap();
            self.forget(pair.split('=').next().unwrap());
            let all = [&*self.cookies, pair]
                .into_iter()
                .filter(|one| !one.is_empty());
            self.cookies = all.collect::<Vec<_>>().join("; ");
        }
    }

    /// Forgets the cookie called `name`.
    pub(crate) fn forget(&mut self, name: &str) {
        let others = self.cookies.split("; ");
        let others = others.filter(|one| one.split('=').next() != Some(name));
        self.cookies = others.collect::<Vec<_>>().join("; ");
    }

    /// Asks for a page, or sends a form.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Response {
        let asked = self
            .http
            .request(method.clone(), format!("{}{path}", self.shop));
        let asked = asked.header(COOKIE, &self.cookies);
        let asked = if method == Method::POST {
            let mut body = url::form_urlencoded::Serializer::new(String::new());
            body.append_pair("form_token", &self.token)
                .extend_pairs(fields);
            let kind = "application/x-www-form-urlencoded";
            asked.header("content-type", kind).body(body.finish())
        } else {
            asked
        };
        asked.send().await.unwrap()
    }
}
