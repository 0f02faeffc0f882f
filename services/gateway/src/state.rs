//! What every handler may use: the services' clients, the verifier of tokens, the limits.

use std::sync::{Arc, PoisonError, RwLock};

use api::{control, news, order, user};
use auth::Verifier;
use axum::extract::FromRef;
use axum::http::Extensions;
use axum::http::request::Parts;
use chassis::{Allowance, Room};
use discovery::Channel;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::body::BodyLimits;
use crate::client::Client;
use crate::config::Settings;
use crate::fallback::Fallback;
use crate::follow::Published;
use crate::limits::Limits;
use crate::way::Ways;

pub(crate) type AuthClient = user::auth_client::AuthClient<Channel>;
pub(crate) type UsersClient = user::users_client::UsersClient<Channel>;
pub(crate) type WalletClient = user::wallet_client::WalletClient<Channel>;
pub(crate) type CatalogClient = order::catalog_client::CatalogClient<Channel>;
pub(crate) type InventoryClient = order::inventory_client::InventoryClient<Channel>;
pub(crate) type CartsClient = order::carts_client::CartsClient<Channel>;
pub(crate) type OrdersClient = order::orders_client::OrdersClient<Channel>;
pub(crate) type SagasClient = order::saga_admin_client::SagaAdminClient<Channel>;
pub(crate) type NewsClient = news::news_client::NewsClient<Channel>;
pub(crate) type AuditClient = control::audit_client::AuditClient<Channel>;
pub(crate) type BackupsClient = control::backups_client::BackupsClient<Channel>;
pub(crate) type FaultsClient = control::faults_client::FaultsClient<Channel>;
pub(crate) type ResourcesClient = control::resources_client::ResourcesClient<Channel>;
pub(crate) type ScalingClient = control::scaling_client::ScalingClient<Channel>;
pub(crate) type LocksClient = control::locks_client::LocksClient<Channel>;
pub(crate) type RegistryClient = control::registry_client::RegistryClient<Channel>;

/// The gateway's state. Clones share everything.
#[derive(Clone)]
pub(crate) struct Edge(Arc<Inner>);

struct Inner {
    settings: Settings,
    clients: Clients,
    verifier: Verifier,
    limits: Limits,
    fallback: Fallback,
    published: Published,
    draining: CancellationToken,
    said: RwLock<Allowance>,
    room: Room,
    ways: Ways,
    streams: Arc<Semaphore>,
}

/// The way to each service.
pub(crate) struct Channels {
    /// To the user service.
    pub(crate) user: Channel,
    /// To the order service.
    pub(crate) order: Channel,
    /// To the news service.
    pub(crate) news: Channel,
    /// To the control service; the shop goes on without it.
    pub(crate) control: Channel,
}

struct Clients {
    auth: AuthClient,
    users: UsersClient,
    wallet: WalletClient,
    catalog: CatalogClient,
    inventory: InventoryClient,
    carts: CartsClient,
    orders: OrdersClient,
    sagas: SagasClient,
    news: NewsClient,
    resources: ResourcesClient,
    scaling: ScalingClient,
    locks: LocksClient,
    registry: RegistryClient,
    audit: AuditClient,
    backups: BackupsClient,
    faults: FaultsClient,
}

impl Edge {
    /// Puts together what the handlers need.
    pub(crate) fn new(
        settings: Settings,
        channels: Channels,
        limits: Limits,
        fallback: Fallback,
    ) -> Self {
        Self(Arc::new(Inner {
            clients: Clients::over(channels),
            verifier: Verifier::new(),
            limits,
            fallback,
            published: Published::default(),
            draining: CancellationToken::new(),
            said: RwLock::default(),
            room: Room::new("gateway", settings.room),
            ways: Ways::default(),
            streams: Arc::new(Semaphore::new(settings.streams)),
            settings,
        }))
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub(crate) fn verifier(&self) -> &Verifier {
        &self.0.verifier
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    pub(crate) fn published(&self) -> &Published {
        &self.0.published
    }

    /// Ends what would go on for ever, such as streams of events.
    pub(crate) fn draining(&self) -> &CancellationToken {
        &self.0.draining
    }

    /// Does what operators say of the gateway.
    pub(crate) fn heed(&self, said: &Allowance) {
        self.0.limits.change(self.0.settings.quotas.or_said(said));
        *self.0.said.write().unwrap_or_else(PoisonError::into_inner) = said.clone();
    }

    /// Whether what is behind `switch` is on.
    pub(crate) fn is_on(&self, switch: &str) -> bool {
        let said = self.0.said.read().unwrap_or_else(PoisonError::into_inner);
        said.is_on(switch)
    }

    /// Who is let in while there is not room for all.
    pub(crate) fn room(&self) -> &Room {
        &self.0.room
    }

    /// What requests of a route have in common.
    pub(crate) fn ways(&self) -> &Ways {
        &self.0.ways
    }

    /// How many more streams of events are opened at once.
    pub(crate) fn streams(&self) -> &Arc<Semaphore> {
        &self.0.streams
    }

    /// Whose request it is, by address.
    pub(crate) fn client(&self, parts: &Parts) -> Client {
        Client::of(parts, &self.0.settings.trusted_proxies)
    }

    /// Gives a request what its extractors and layers look for.
    pub(crate) fn equip(&self, extensions: &mut Extensions) {
        extensions.insert(self.clone());
        extensions.insert(self.0.verifier.clone());
        extensions.insert(BodyLimits {
            bytes: self.0.settings.body_bytes,
            within: self.0.settings.body_timeout,
        });
    }
}

impl Clients {
    fn over(channels: Channels) -> Self {
        let Channels {
            user,
            order,
            news,
            control,
        } = channels;
        Self {
            auth: AuthClient::new(user.clone()),
            users: UsersClient::new(user.clone()),
            wallet: WalletClient::new(user),
            catalog: CatalogClient::new(order.clone()),
            inventory: InventoryClient::new(order.clone()),
            carts: CartsClient::new(order.clone()),
            orders: OrdersClient::new(order.clone()),
            sagas: SagasClient::new(order),
            news: NewsClient::new(news),
            resources: ResourcesClient::new(control.clone()),
            scaling: ScalingClient::new(control.clone()),
            locks: LocksClient::new(control.clone()),
            registry: RegistryClient::new(control.clone()),
            audit: AuditClient::new(control.clone()),
            backups: BackupsClient::new(control.clone()),
            faults: FaultsClient::new(control),
        }
    }
}

/// Lets a handler ask for one client by its type.
impl FromRef<Edge> for Fallback {
    fn from_ref(edge: &Edge) -> Self {
        edge.0.fallback.clone()
    }
}

macro_rules! clients {
    ($($field:ident: $client:ty;)+) => {
        $(impl FromRef<Edge> for $client {
            fn from_ref(edge: &Edge) -> Self {
                edge.0.clients.$field.clone()
            }
        })+
    };
}

clients! {
    auth: AuthClient;
    users: UsersClient;
    wallet: WalletClient;
    catalog: CatalogClient;
    inventory: InventoryClient;
    carts: CartsClient;
    orders: OrdersClient;
    sagas: SagasClient;
    news: NewsClient;
    resources: ResourcesClient;
    scaling: ScalingClient;
    locks: LocksClient;
    registry: RegistryClient;
    audit: AuditClient;
    backups: BackupsClient;
    faults: FaultsClient;
}
