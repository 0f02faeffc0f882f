//! The smallest service there is: this file is its `lib.rs` and its `grpc.rs`, `config.rs` stands beside it, and its
//! `main.rs` would be `chassis::main("tiny", tiny::Service::connect).await`.

// Said, since tests of another folder use this file too.
#[path = "tiny/config.rs"]
pub(crate) mod config;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use api::order as wire;
use api::order::carts_client::CartsClient;
use api::order::carts_server::{Carts, CartsServer};
use api::token::{Given, Token};
use chassis::{Env, Guest, Instance, Running, Setting, Wrong};
use retry::Deadline;
use tokio::sync::Semaphore;
use tonic::service::Routes;
use tonic::{Request, Response, Status};

use config::Config;

/// The token that the service has seen when it was asked to.
pub(crate) const FAR: &str = "7.1.ff";

/// The service.
pub(crate) struct Service {
    answers: Answers,
}

impl Service {
    pub(crate) fn connect(env: &Env) -> Result<Self, Wrong> {
        Self::connect_with(env, Outside::default())
    }

    fn connect_with(env: &Env, outside: Outside) -> Result<Self, Wrong> {
        let config = Config::read(env)?;
        assert!(config.password.is_none_or(|_| !config.greeting.is_empty()));
        let answers = Answers {
            greeting: config.greeting,
            next: config.next,
            outside,
        };
        Ok(Self { answers })
    }
}

impl chassis::Service for Service {
    const SETTINGS: &'static [Setting] = config::SETTINGS;
    const CALLERS: &'static [&'static str] = &["tiny"];
    const GUESTS: &'static [Guest] = &[Guest {
        name: "guest",
        asks: "holdfast.order.v1.Carts",
    }];

    fn begin(&self, instance: &Instance) {
        let outside = self.answers.outside.clone();
        instance.needs("database", move || {
            std::future::ready(outside.database.load(Ordering::SeqCst))
        });
        let outside = self.answers.outside.clone();
        instance.spawn("counting", move |closing| count(outside.clone(), closing));
    }

    fn routes(&self) -> Routes {
        Routes::new(CartsServer::new(self.answers.clone()))
    }
}

/// Work beside the requests: panics once, then runs until it is asked to end.
async fn count(outside: Outside, closing: tokio_util::sync::CancellationToken) {
    assert!(outside.begun.fetch_add(1, Ordering::SeqCst) > 0);
    closing.cancelled().await;
    let unanswered = outside.waiting.load(Ordering::SeqCst);
    outside.ended.store(unanswered == 0, Ordering::SeqCst);
}

/// What a test does to the service from outside, and sees of it.
#[derive(Clone, Default)]
pub(crate) struct Outside {
    /// Whether its database can be reached.
    pub(crate) database: Arc<AtomicBool>,
    /// How often work in the background was begun.
    pub(crate) begun: Arc<AtomicUsize>,
    /// Whether it has ended, after the last request.
    pub(crate) ended: Arc<AtomicBool>,
    /// How many requests came to it.
    pub(crate) asked: Arc<AtomicUsize>,
    /// How many requests wait to be let go.
    pub(crate) waiting: Arc<AtomicUsize>,
    go: Arc<Gate>,
}

impl Outside {
    /// Lets go of one request that waits.
    pub(crate) fn let_go(&self) {
        self.go.0.add_permits(1);
    }
}

struct Gate(Semaphore);

impl Default for Gate {
    fn default() -> Self {
        Self(Semaphore::new(0))
    }
}

/// Counts a request that waits, until it is answered or dropped.
struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count.clone())
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[derive(Clone)]
struct Answers {
    greeting: String,
    next: Option<discovery::Channel>,
    outside: Outside,
}

#[tonic::async_trait]
impl Carts for Answers {
    /// Does what the id says.
    async fn get_cart(
        &self,
        request: Request<wire::GetCartRequest>,
    ) -> Result<Response<wire::Cart>, Status> {
        self.outside.asked.fetch_add(1, Ordering::SeqCst);
        let deed = request.into_inner().id;
        let mut answer = wire::Cart {
            version: i64::try_from(Deadline::current().remaining().as_micros()).unwrap(),
            ..wire::Cart::default()
        };
        match deed.as_str() {
            "greet" => answer.id = self.greeting.clone(),
            "panic" => panic!("as asked"),
            "wait" => self.wait().await,
            "see" => api::token::saw(far()),
            "see and fail" => {
                api::token::saw(far());
                return Err(Status::not_found("as asked"));
            }
            "given" => answer.id = words(api::token::given()),
            _ => answer = self.pass_on(&deed, answer).await?,
        }
        Ok(Response::new(answer))
    }

    async fn create_cart(
        &self,
        _request: Request<wire::CreateCartRequest>,
    ) -> Result<Response<wire::Cart>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn set_cart_item(
        &self,
        _request: Request<wire::SetCartItemRequest>,
    ) -> Result<Response<wire::Cart>, Status> {
        Err(Status::unimplemented("not here"))
    }
}

impl Answers {
    async fn wait(&self) {
        let _waiting = Waiting::new(&self.outside.waiting);
        let let_go = self.outside.go.0.acquire().await;
        let_go.unwrap().forget();
    }

    /// Asks the next one. `customer_id` is what was left here, `version` what was left there.
    async fn pass_on(&self, deed: &str, here: wire::Cart) -> Result<wire::Cart, Status> {
        let deed = deed.strip_prefix("ask: ");
        let (Some(next), Some(deed)) = (&self.next, deed) else {
            return Err(Status::invalid_argument("nobody here does that"));
        };
        let mut answer = ask(next, deed).await?;
        answer.customer_id = here.version.to_string();
        Ok(answer)
    }
}

fn far() -> Token {
    FAR.parse().unwrap()
}

fn words(given: Given) -> String {
    match given {
        Given::Nothing => "nothing".to_owned(),
        Given::Malformed => "malformed".to_owned(),
        Given::Token(token) => token.to_string(),
    }
}

/// Asks for a deed.
pub(crate) async fn ask(channel: &discovery::Channel, deed: &str) -> Result<wire::Cart, Status> {
    let request = wire::GetCartRequest {
        id: deed.to_owned(),
        ..wire::GetCartRequest::default()
    };
    let answer = CartsClient::new(channel.clone()).get_cart(request).await;
    answer.map(Response::into_inner)
}

/// The service, running, and a hand on it.
pub(crate) struct Tiny {
    pub(crate) running: Running,
    pub(crate) outside: Outside,
    pub(crate) channel: discovery::Channel,
}

impl Tiny {
    pub(crate) async fn start<const N: usize>(settings: [(&'static str, &str); N]) -> Self {
        let settings = settings.map(|(name, value)| (name, value.to_owned()));
        Self::start_as("tiny", settings).await
    }

    /// The same, called `name`.
    pub(crate) async fn start_as(
        name: &'static str,
        settings: impl IntoIterator<Item = (&'static str, String)>,
    ) -> Self {
        let outside = Outside::default();
        let connect = |env: &Env| Service::connect_with(env, outside.clone());
        let running = chassis::start(name, Env::local(settings), connect).await;
        let running = running.unwrap();
        Self {
            channel: running.channel(),
            running,
            outside,
        }
    }

    /// One that asks `self`.
    pub(crate) async fn before(
        &self,
        settings: impl IntoIterator<Item = (&'static str, String)>,
    ) -> Self {
        before(self.running.addr, settings).await
    }

    pub(crate) async fn ask(&self, deed: &str) -> Result<wire::Cart, Status> {
        ask(&self.channel, deed).await
    }

    /// How many requests came to it.
    pub(crate) fn asked(&self) -> usize {
        self.outside.asked.load(Ordering::SeqCst)
    }

    /// Waits until `count` requests wait.
    pub(crate) async fn waiting(&self, count: usize) {
        eventually(|| self.outside.waiting.load(Ordering::SeqCst) == count).await;
    }

    /// Asks the admin port.
    pub(crate) async fn admin(&self, path: &str) -> (u16, String) {
        let url = format!("http://{}{path}", self.running.admin_addr);
        let answer = reqwest::get(url).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}

/// One that asks whoever is at `addr`.
pub(crate) async fn before(
    addr: SocketAddr,
    settings: impl IntoIterator<Item = (&'static str, String)>,
) -> Tiny {
    let next = ("TINY_ADDRS", addr.to_string());
    let env = Env::local(settings.into_iter().chain([next]));
    let running = chassis::start("tiny", env, Service::connect).await.unwrap();
    Tiny {
        channel: running.channel(),
        running,
        outside: Outside::default(),
    }
}

/// Why one does not start.
pub(crate) async fn refused(settings: impl IntoIterator<Item = (&'static str, String)>) -> String {
    let started = chassis::start("tiny", Env::local(settings), Service::connect).await;
    started.err().unwrap().to_string()
}

/// Waits until something is so, for a minute at most.
pub(crate) async fn eventually(so: impl Fn() -> bool) {
    let looking = async {
        let mut looks = tokio::time::interval(Duration::from_millis(5));
        while !so() {
            looks.tick().await;
        }
    };
    let limit = Duration::from_mins(1);
    tokio::time::timeout(limit, looking).await.unwrap();
}
