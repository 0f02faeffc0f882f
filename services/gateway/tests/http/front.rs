//! A gateway of a test's own, with a caller who is signed in.

use std::time::Duration;

use api::user::{GetKeysResponse, ListRevocationsResponse};
use auth::{Claims, Role, Signer};
use chassis::{Env, Running};
use gateway::Gateway;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::fake::Fake;

/// How long anything here may take.
const LIMIT: Duration = Duration::from_mins(1);

/// A gateway, the neighbour behind it, and who calls.
pub(crate) struct Front {
    pub(crate) running: Running,
    pub(crate) fake: Fake,
    pub(crate) signer: Signer,
    pub(crate) account: Uuid,
    pub(crate) http: reqwest::Client,
    scheme: &'static str,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Front {
    /// Opens a gateway as it is without any settings.
    pub(crate) async fn open() -> Self {
        Self::with(&[]).await
    }

    /// Opens a gateway with these settings, and waits until it can check tokens.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        let (fake, addr) = Fake::open().await;
        let (signer, _) = Signer::generate();
        let jwks = auth::jwks([&signer]);
        fake.says("Auth/GetKeys", &GetKeysResponse { jwks });
        fake.says("Auth/ListRevocations", &ListRevocationsResponse::default());
        let addr = addr.to_string();
        let neighbours =
            ["USER_ADDRS", "ORDER_ADDRS", "NEWS_ADDRS", "CONTROL_ADDRS"].map(|name| (name, &*addr));
        let env = Env::local(neighbours.iter().chain(settings).copied());
        let running = chassis::start("gateway", env, Gateway::connect)
            .await
            .unwrap();
        let front = Self {
            running,
            fake,
            signer,
            account: Uuid::now_v7(),
            http: reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .unwrap(),
            scheme: if settings.iter().any(|(name, _)| *name == "TLS_CERT") {
                "https"
            } else {
                "http"
            },
        };
        front.trusted().await;
        front
    }

    /// Waits until the gateway knows the keys and follows the revocations.
    async fn trusted(&self) {
        until(async || self.has("user").await).await;
    }

    /// Whether the gateway says that it is ready and has `part`. Asked where nothing counts against a limit.
    pub(crate) async fn has(&self, part: &str) -> bool {
        let admin = format!("http://{}/readyz", self.running.admin_addr);
        let answer = self.http.get(&admin).send().await.unwrap();
        let ready = answer.status() == StatusCode::OK;
        let report: Value = answer.json().await.unwrap();
        ready
            && !report["degraded"]
                .as_array()
                .unwrap()
                .contains(&part.into())
    }

    /// A token for `account` in `role`, good from now on.
    pub(crate) fn token(&self, account: Uuid, role: Role) -> String {
        self.signer.sign(&Self::claims(account, role))
    }

    pub(crate) fn claims(account: Uuid, role: Role) -> Claims {
        Claims::new(account, role, Uuid::now_v7(), 1, OffsetDateTime::now_utc())
    }

    /// A request without a token.
    pub(crate) fn ask(&self, method: Method, path: &str) -> Asking {
        let url = format!("{}://{}{path}", self.scheme, self.running.addr);
        Asking(self.http.request(method, url))
    }

    /// A request of the customer who owns this front.
    pub(crate) fn customer(&self, method: Method, path: &str) -> Asking {
        self.by(Role::Customer, method, path)
    }

    /// A request of the same account in another role.
    pub(crate) fn by(&self, role: Role, method: Method, path: &str) -> Asking {
        let token = self.token(self.account, role);
        Asking(self.ask(method, path).0.bearer_auth(token))
    }

    /// The account as it stands on the wire.
    pub(crate) fn account_id(&self) -> String {
        api::id::ACCOUNT.write(self.account)
    }
}

/// A request that is being put together.
pub(crate) struct Asking(pub(crate) RequestBuilder);

impl Asking {
    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        Self(self.0.header(name, value))
    }

    pub(crate) fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        Self(self.0.json(body))
    }

    /// A body announced as JSON, whatever it is.
    pub(crate) fn raw(self, body: impl Into<reqwest::Body>) -> Self {
        Self(self.0.header("content-type", "application/json").body(body))
    }

    pub(crate) async fn hear(self) -> Heard {
        let sent = tokio::time::timeout(LIMIT, self.0.send()).await;
        let response = sent.expect("an answer in time").unwrap();
        Heard {
            status: response.status(),
            headers: response.headers().clone(),
            text: response.text().await.unwrap(),
        }
    }
}

impl Heard {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The code of the problem that this must be, with all that a problem has.
    pub(crate) fn problem(&self) -> String {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{self:?}"
        );
        let body = self.json();
        assert_eq!(body["status"], self.status.as_u16(), "{self:?}");
        assert!(
            body["type"].is_string() && body["title"].is_string(),
            "{self:?}"
        );
        assert!(body["retryable"].is_boolean(), "{self:?}");
        body["code"].as_str().unwrap().to_owned()
    }

    /// Status and code in one word, to compare with.
    pub(crate) fn said(&self) -> String {
        format!("{} {}", self.status.as_u16(), self.problem())
    }
}

/// Waits until `holds`, with a limit.
pub(crate) async fn until(mut holds: impl AsyncFnMut() -> bool) {
    let waited = tokio::time::timeout(LIMIT, async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    waited.await.expect("it came to hold in time");
}
