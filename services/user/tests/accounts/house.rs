//! A user service of a test's own, and its one client.

use std::future::Future;
use std::sync::{Arc, Mutex};

use api::error::reason;
use api::id::ACCOUNT;
use api::token::{Given, scope};
use api::user::auth_client::AuthClient;
use api::user::users_client::UsersClient;
use api::user::{
    Account, AdministerAccountRequest, GetAccountRequest, LoginRequest, LogoutRequest,
    RefreshRequest, RegisterRequest, Tokens,
};
use chassis::{Env, Running, Setting};
use discovery::Channel;
use testkit::Database;
use tonic::{Code, Status};
use user::{Service, Tools};
use uuid::Uuid;

const NEIGHBOURS: &[Setting] = &[Setting::required("USER_ADDRS", "Where the service is.")];
/// What everybody signs in with here.
pub(crate) const PASSWORD: &str = "three brown cows";
/// What everything is sealed with here.
pub(crate) const MASTER_KEY: &str =
    "abababababababababababababababababababababababababababababababab";

/// A user service with its database. Its client hands on its consistency token.
pub(crate) struct House {
    pub(crate) auth: AuthClient<Channel>,
    pub(crate) users: UsersClient<Channel>,
    pub(crate) database: Arc<Database>,
    pub(crate) tools: Arc<Tools>,
    seen: Mutex<Given>,
    _running: Running,
}

impl House {
    pub(crate) async fn open() -> Self {
        Self::with(&[]).await
    }

    /// One that is set to something else than usual.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        let database = Arc::new(testkit::database("user").await);
        Self::at(database, settings).await
    }

    /// Another instance on the same database.
    pub(crate) async fn another(&self) -> Self {
        Self::at(Arc::clone(&self.database), &[]).await
    }

    async fn at(database: Arc<Database>, settings: &[(&str, &str)]) -> Self {
        let mut given = vec![
            ("DATABASE_URLS", database.primary_url()),
            ("DATABASE_REPLICA_URLS", database.replica_url()),
            ("REDIS_URL", "redis://127.0.0.1:1".to_owned()), // Nobody is there: slower, and nothing else.
            ("MASTER_KEY", MASTER_KEY.to_owned()),
        ];
        given.extend(
            settings
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned())),
        );
        let mut tools = None;
        let connect = |env: &Env| {
            let service = Service::connect(env)?;
            tools = Some(service.tools());
            Ok(service)
        };
        let running = chassis::start("user", Env::local(given), connect).await;
        let running = running.unwrap();
        let env = Env::local([("USER_ADDRS", running.addr.to_string())]).knowing(NEIGHBOURS);
        let channel = env.channel("user").unwrap();
        Self {
            auth: AuthClient::new(channel.clone()),
            users: UsersClient::new(channel),
            database,
            tools: tools.unwrap(),
            seen: Mutex::default(),
            _running: running,
        }
    }

    /// Gives this house's client the consistency token of another's: they are one and the same person.
    pub(crate) fn knows_what(&self, other: &Self) {
        *self.seen.lock().unwrap() = *other.seen.lock().unwrap();
    }

    /// Runs `work` as this house's client: it sees what it has written.
    pub(crate) async fn ask<T>(
        &self,
        work: impl Future<Output = Result<tonic::Response<T>, Status>>,
    ) -> Result<T, Status> {
        let given = *self.seen.lock().unwrap();
        let (answer, seen) = scope(given, work).await;
        if let Given::Token(token) = seen {
            let mut own = self.seen.lock().unwrap();
            *own = own.raised(token);
        }
        answer.map(tonic::Response::into_inner)
    }

    pub(crate) async fn try_register(
        &self,
        email: &str,
        password: &str,
    ) -> Result<Account, Status> {
        let request = RegisterRequest {
            email: email.to_owned(),
            password: password.to_owned(),
            name: "Ann Example".to_owned(),
        };
        self.ask(self.auth.clone().register(request)).await
    }

    pub(crate) async fn register(&self, email: &str) -> Account {
        self.try_register(email, PASSWORD).await.unwrap()
    }

    pub(crate) async fn try_login(&self, email: &str, password: &str) -> Result<Tokens, Status> {
        let request = LoginRequest {
            email: email.to_owned(),
            registration_number: String::new(),
            password: password.to_owned(),
        };
        self.ask(self.auth.clone().login(request)).await
    }

    pub(crate) async fn login_by_number(
        &self,
        number: &str,
        password: &str,
    ) -> Result<Tokens, Status> {
        let request = LoginRequest {
            email: String::new(),
            registration_number: number.to_owned(),
            password: password.to_owned(),
        };
        self.ask(self.auth.clone().login(request)).await
    }

    pub(crate) async fn login(&self, email: &str) -> Tokens {
        self.try_login(email, PASSWORD).await.unwrap()
    }

    /// Someone new, who has signed in.
    pub(crate) async fn customer(&self, email: &str) -> (Account, Tokens) {
        let account = self.register(email).await;
        (account, self.login(email).await)
    }

    /// Someone new who administers the shop.
    pub(crate) async fn admin(&self, email: &str) -> Account {
        let account = self.register(email).await;
        let made = sqlx::query("update accounts set role = 'admin' where id = $1");
        let made = made.bind(uuid(&account)).execute(self.database.pool());
        made.await.unwrap();
        account
    }

    pub(crate) async fn refresh(&self, tokens: &Tokens) -> Result<Tokens, Status> {
        let refresh_token = tokens.refresh_token.clone();
        let request = RefreshRequest { refresh_token };
        self.ask(self.auth.clone().refresh(request)).await
    }

    pub(crate) async fn logout(&self, refresh_token: &str, everywhere: bool) {
        let refresh_token = refresh_token.to_owned();
        let request = LogoutRequest {
            refresh_token,
            everywhere,
        };
        self.ask(self.auth.clone().logout(request)).await.unwrap();
    }

    pub(crate) async fn find(&self, id: &str) -> Result<Account, Status> {
        let request = GetAccountRequest { id: id.to_owned() };
        self.ask(self.users.clone().get_account(request)).await
    }

    pub(crate) async fn administer(
        &self,
        actor: &Account,
        subject: &Account,
        role: Option<&str>,
        disabled: Option<bool>,
    ) -> Result<Account, Status> {
        let request = AdministerAccountRequest {
            actor_id: actor.id.clone(),
            id: subject.id.clone(),
            version: subject.version,
            role: role.map(str::to_owned),
            disabled,
        };
        self.ask(self.users.clone().administer_account(request))
            .await
    }

    /// The number that `sql` selects.
    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        let count = sqlx::query_scalar(sql).fetch_one(self.database.pool());
        count.await.unwrap()
    }

    /// Does in the database what no client could.
    pub(crate) async fn meddle(&self, sql: &'static str) {
        sqlx::query(sql)
            .execute(self.database.pool())
            .await
            .unwrap();
    }
}

pub(crate) fn uuid(account: &Account) -> Uuid {
    ACCOUNT.read(&account.id).unwrap()
}

/// Why a request was refused.
pub(crate) fn refusal<T: std::fmt::Debug>(answer: Result<T, Status>) -> (Code, String) {
    let status = answer.unwrap_err();
    (status.code(), reason(&status).unwrap_or_default())
}

/// The reason alone.
pub(crate) fn why<T: std::fmt::Debug>(answer: Result<T, Status>) -> String {
    refusal(answer).1
}
