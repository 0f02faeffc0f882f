//! What each route needs to succeed: something to act on, a body, a version.

use drill::{Answer, Customer};
use serde_json::{Value, json};
use sqlx::{query, query_scalar};
use testkit::matrix::{Route, Who};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::Asker;
use crate::open::{PATIENT, SETTLED, Shop, Wanted};
use crate::people::{PASSWORD, Person, text};

/// A shop and those who ask it for everything.
pub(crate) struct Cast {
    pub(crate) shop: Shop,
    owner: Person,
    other: Person,
    support: Person,
    admin: Person,
    mug: String,
    /// A customer with nothing, for requests that end the caller's own account or session.
    guest: Option<Person>,
}

/// A request that succeeds when the right one sends it.
pub(crate) struct Scene {
    pub(crate) target: String,
    version: String,
    pub(crate) body: Option<Value>,
}

/// Routes after which the caller's account or session is not what it was.
const PARTING: [&str; 4] = [
    "/v1/me",
    "/v1/me/password",
    "/v1/auth/logout",
    "/v1/auth/refresh",
];

impl Cast {
    /// Opens a shop and lets everybody sign in.
    pub(crate) async fn meet() -> Self {
        let settings = &[
            ("RATE_SIGN_IN", "1000000/1m"),
            ("RATE_ADDRESS", "1000000/1m"),
            PATIENT,
        ];
        let shop = Shop::wanted(Wanted {
            count: 1,
            own_pair: false,
            settings,
        })
        .await;
        let mug = shop.shelve(1_000_000).await;
        let mut cast = Self {
            owner: Person::join(&shop, "customer").await,
            other: Person::join(&shop, "customer").await,
            support: Person::join(&shop, "support").await,
            admin: Person::join(&shop, "admin").await,
            mug,
            guest: None,
            shop,
        };
        for person in [
            &mut cast.owner,
            &mut cast.other,
            &mut cast.support,
            &mut cast.admin,
        ] {
            let funds = json!({"amount": {"amount": 900_000, "currency": "USD"}});
            person.makes("/v1/me/wallet/topups", &funds).await;
        }
        cast
    }

    /// What nobody but the owner may be shown.
    pub(crate) fn owner_s_marks(&self) -> [String; 2] {
        [self.owner.id.clone(), self.owner.email.clone()]
    }

    /// Prepares what `route` needs when `asker` sends it.
    pub(crate) async fn scene(&mut self, route: &Route, asker: Asker) -> Scene {
        self.guest = None;
        if PARTING.contains(&&*route.path) {
            let role = ["customer", "customer", "support", "admin"][asker.0 as usize];
            self.guest = Some(Person::join(&self.shop, role).await);
        }
        let (id, version) = self.subject(route, asker).await;
        self.shop.caught_up().await;
        let mut target = route.target(Some(id.as_str()).filter(|id| !id.is_empty()));
        if let Some((_, example)) = route.parameters.get(1) {
            target = target.replace(example, &self.mug); // A product in a cart.
        }
        Scene {
            target,
            version,
            body: route.body.clone().map(|body| self.body(route, asker, body)),
        }
    }

    /// Makes what `route` acts on; answers its id and its version.
    async fn subject(&mut self, route: &Route, asker: Asker) -> (String, String) {
        let mug = self.mug.clone();
        let rest = |prefix: &str| route.path.strip_prefix(prefix);
        if rest("/v1/carts/{id}").is_some() {
            let (id, _) = self.owner.makes("/v1/carts", &json!({})).await;
            let line = json!({"product_id": mug, "quantity": 1});
            self.owner
                .makes(&format!("/v1/carts/{id}/items"), &line)
                .await
        } else if rest("/v1/me/addresses/{id}").is_some() {
            let address = json!({"recipient": "Ann", "line1": "1 Quay", "city": "Delft", "postal_code": "2611", "country": "NL"});
            self.owner.makes("/v1/me/addresses", &address).await
        } else if rest("/v1/me/notifications/{id}").is_some() {
            (self.notification().await, String::new())
        } else if let Some(act) = rest("/v1/orders/{id}") {
            (self.order(act).await, String::new())
        } else if route.path == "/v1/me" && asker.0 != Who::Nobody {
            let version = self.caller(asker).unwrap().reads("/v1/me").await;
            (String::new(), format!("\"{}\"", version["version"]))
        } else if route.path.contains("/products/{id}") {
            self.admin.makes("/v1/admin/products", &product()).await
        } else if route.path.contains("/news/{id}") {
            self.article(!route.path.ends_with("/publish")).await
        } else if rest("/v1/admin/sagas/{id}").is_some() {
            self.owner.buys(&mug).await;
            let sagas = self.support.reads("/v1/admin/sagas?limit=1").await;
            (text(&sagas["data"][0]["id"]), String::new())
        } else if rest("/v1/admin/users/{id}").is_some() {
            (
                Person::join(&self.shop, "customer").await.id,
                "\"1\"".into(),
            )
        } else if rest("/v1/admin/resources/{service}").is_some() {
            let said = self.admin.reads("/v1/admin/resources/user").await;
            ("user".to_owned(), format!("\"{}\"", said["version"]))
        } else if rest("/v1/admin/scaling/{service}").is_some() {
            ("order".to_owned(), String::new())
        } else if rest("/v1/admin/locks/{name}").is_some() {
            (self.lock().await, String::new())
        } else if rest("/v1/admin/faults/{number}").is_some() {
            (self.fault().await, String::new())
        } else if rest("/v1/admin/registry/{instance}").is_some() {
            self.instance().await
        } else {
            (String::new(), String::new())
        }
    }

    /// A lock that is held.
    async fn lock(&self) -> String {
        let name = Uuid::now_v7().to_string();
        let held = "insert into lock_claims (name, owner, id, attempt, instance, exclusive, place, ttl_ms, waits_until, token,
                granted_at, expires_at, timeline)
            select $1, 'somebody', gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), true, nextval('lock_places'), 3600000,
                now(), nextval('lock_tokens'), now(), now() + interval '1 hour', timeline_id from pg_control_checkpoint()";
        let held = query(held).bind(&name).execute(self.shop.control.pool());
        held.await.unwrap();
        name
    }

    /// A fault that is over.
    async fn fault(&self) -> String {
        let over = "insert into faults (type, component, incarnation, occurred_at, detected_at, severity, resolved_at, resolution)
            values ('instance_killed', $1, '1', now(), now(), 'minor', now(), 'restarted') returning number";
        let component = Uuid::now_v7().to_string();
        let over = query_scalar(over)
            .bind(component)
            .fetch_one(self.shop.control.pool());
        let number: i64 = over.await.unwrap();
        number.to_string()
    }

    /// An instance that control has heard of.
    async fn instance(&mut self) -> (String, String) {
        let end = Instant::now() + SETTLED;
        loop {
            let registry = self.admin.reads("/v1/admin/registry?service=news").await;
            let one = &registry["data"][0];
            if one.is_object() {
                return (text(&one["id"]), format!("\"{}\"", one["version_said"]));
            }
            assert!(Instant::now() < end, "control has heard of nobody");
            sleep(std::time::Duration::from_millis(50)).await;
        }
    }

    /// Completes the smallest body that the description allows with what there is.
    fn body(&self, route: &Route, asker: Asker, mut body: Value) -> Value {
        let caller = self.guest.as_ref().unwrap_or(match asker {
            (Who::Customer, false) => &self.other,
            (Who::Support, _) => &self.support,
            (Who::Admin, _) => &self.admin,
            _ => &self.owner,
        });
        match &*route.path {
            "/v1/auth/login" => body = json!({"email": caller.email, "password": PASSWORD}),
            "/v1/auth/register" => {
                let email = format!("{}@example.com", Uuid::now_v7().simple());
                body = json!({"email": email, "password": PASSWORD, "name": "Ann"});
            }
            "/v1/auth/refresh" | "/v1/auth/logout" => {
                body["refresh_token"] = (*caller.refresh).into();
            }
            "/v1/me/password" => {
                let new = "battery staple correct horse";
                body = json!({"current_password": PASSWORD, "new_password": new});
            }
            "/v1/me" => body["name"] = "Ann".into(),
            "/v1/orders" => body["items"] = json!([{"product_id": self.mug, "quantity": 1}]),
            "/v1/carts/{id}/items" => body["product_id"] = (*self.mug).into(),
            "/v1/orders/{id}/refunds" => body["amount"]["amount"] = 1.into(),
            "/v1/admin/products" => body = product(),
            "/v1/admin/products/{id}" => body["name"] = "Jug".into(),
            "/v1/admin/news/{id}" => body["title"] = "More news".into(),
            "/v1/admin/users/{id}" => body["disabled"] = true.into(),
            _ => {}
        }
        body
    }

    async fn order(&mut self, act: &str) -> String {
        let id = self.owner.buys(&self.mug).await;
        // The stream of an order that may go on does not end.
        if act == "/events" {
            self.owner
                .makes(&format!("/v1/orders/{id}/cancel"), &json!({}))
                .await;
        }
        if act == "/deliver" {
            self.support
                .makes(&format!("/v1/orders/{id}/ship"), &json!({}))
                .await;
        }
        id
    }

    /// The last thing that the owner was told.
    async fn notification(&mut self) -> String {
        self.owner.buys(&self.mug).await;
        let end = Instant::now() + SETTLED;
        loop {
            let told = self.owner.reads("/v1/me/notifications?limit=1").await;
            let id = text(&told["data"][0]["id"]);
            if !id.is_empty() {
                return id;
            }
            assert!(Instant::now() < end, "the owner is told nothing");
            sleep(std::time::Duration::from_millis(50)).await;
        }
    }

    async fn article(&mut self, public: bool) -> (String, String) {
        let draft = json!({"title": "News", "body": ""});
        let (id, version) = self.admin.makes("/v1/admin/news", &draft).await;
        if !public {
            return (id, version);
        }
        let path = format!("/v1/admin/news/{id}/publish");
        let headers = [("If-Match", Some(&*version))];
        let published = self
            .admin
            .customer
            .ask(reqwest::Method::POST, &path, &headers, Some(json!({})))
            .await
            .unwrap();
        (id, published.etag.unwrap())
    }

    fn caller(&mut self, (who, own): Asker) -> Option<&mut Person> {
        if who != Who::Nobody && self.guest.is_some() {
            return self.guest.as_mut();
        }
        match who {
            Who::Nobody => None,
            Who::Customer if own => Some(&mut self.owner),
            Who::Customer => Some(&mut self.other),
            Who::Support => Some(&mut self.support),
            Who::Admin => Some(&mut self.admin),
        }
    }

    /// Sends `route` as `asker`.
    pub(crate) async fn send(&mut self, route: &Route, scene: &Scene, asker: Asker) -> Answer {
        let mut stranger = Customer::of(self.shop.gateway(0));
        let customer = self
            .caller(asker)
            .map_or(&mut stranger, |person| &mut person.customer);
        let key = Uuid::now_v7().to_string();
        let headers = [
            ("Idempotency-Key", route.keyed.then_some(&*key)),
            ("If-Match", route.versioned.then_some(&*scene.version)),
        ];
        let method: reqwest::Method = route.method.parse().unwrap();
        // A stream that does not end: how it begins tells who may see it.
        if route.path == "/v1/admin/faults/events" {
            let begun = customer.open(method.clone(), &scene.target, &headers, None);
            let begun = begun.await.unwrap();
            if begun.status().is_success() {
                return Answer {
                    status: begun.status(),
                    text: String::new(),
                    body: Value::Null,
                    replayed: false,
                    etag: None,
                    kept: false,
                    retry_after: None,
                };
            }
        }
        customer
            .ask(method, &scene.target, &headers, scene.body.clone())
            .await
            .unwrap()
    }
}

impl Scene {
    /// The same request with another body.
    pub(crate) fn saying(&self, body: Value) -> Self {
        Self {
            target: self.target.clone(),
            version: self.version.clone(),
            body: Some(body),
        }
    }

    /// The same request at another target.
    pub(crate) fn at(&self, target: String) -> Self {
        Self {
            target,
            version: self.version.clone(),
            body: self.body.clone(),
        }
    }

    /// The same request for something that does not exist.
    pub(crate) fn of_nothing(&self, route: &Route) -> Self {
        Self {
            target: route.target(None),
            version: self.version.clone(),
            body: self.body.clone(),
        }
    }
}

fn product() -> Value {
    let sku = Uuid::now_v7().simple().to_string().to_uppercase();
    json!({"sku": sku, "name": "Cup", "category": "Tests", "price": {"amount": 900, "currency": "USD"}})
}
