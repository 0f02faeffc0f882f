//! A service of a known capacity: so many requests at a time, each of which takes so long.

use std::sync::Arc;
use std::time::Duration;

use api::order as wire;
use api::order::carts_client::CartsClient;
use api::order::carts_server::{Carts, CartsServer};
use api::order::catalog_client::CatalogClient;
use api::order::catalog_server::{Catalog, CatalogServer};
use api::{Priority, error};
use chassis::{Env, Running, Setting};
use retry::Deadline;
use tokio::sync::{Semaphore, watch};
use tonic::service::Routes;
use tonic::{Request, Response, Status};

/// How many requests it works on at a time.
pub(crate) const SLOTS: usize = 4;
/// How long it works on each.
pub(crate) const WORK: Duration = Duration::from_millis(160);
/// What it is worth to a caller to get an answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// The service. Its carts are checkouts, and wait for a neighbour after the work; its catalogue is browsed.
#[derive(Clone)]
struct Service {
    slots: Arc<Semaphore>,
    neighbour: watch::Receiver<Duration>,
}

/// An instance of it, and how slow its neighbour is.
pub(crate) struct Instance {
    pub(crate) running: Running,
    pub(crate) neighbour: watch::Sender<Duration>,
    channel: discovery::Channel,
}

/// How a request ended for the one who sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    Answer,
    NotTaken,
    Nothing,
    /// It was no request, but a question for health.
    Healthy,
}

impl chassis::Service for Service {
    const SETTINGS: &'static [Setting] = &[];

    fn routes(&self) -> Routes {
        Routes::new(CartsServer::new(self.clone())).add_service(CatalogServer::new(self.clone()))
    }
}

impl Service {
    async fn work(&self) {
        let _slot = self.slots.acquire().await.unwrap();
        tokio::time::sleep(WORK).await;
    }
}

impl Instance {
    pub(crate) async fn start<const N: usize>(settings: [(&str, &str); N]) -> Self {
        let (neighbour, followed) = watch::channel(Duration::ZERO);
        let service = Service {
            slots: Arc::new(Semaphore::new(SLOTS)),
            neighbour: followed,
        };
        let running = chassis::start("capacity", Env::local(settings), |_| Ok(service)).await;
        let running = running.unwrap();
        let channel = running.channel();
        Self {
            running,
            neighbour,
            channel,
        }
    }

    /// Asks how it is, for which there is always room.
    pub(crate) fn look(&self) -> impl Future<Output = Heard> + Send + 'static {
        let mut health = tonic_health::pb::health_client::HealthClient::new(self.channel.clone());
        async move {
            let wanted = tonic_health::pb::HealthCheckRequest::default();
            match health.check(wanted).await {
                Ok(_) => Heard::Healthy,
                Err(_) => Heard::Nothing,
            }
        }
    }

    /// Sends one request.
    pub(crate) fn ask(&self, priority: Priority) -> impl Future<Output = Heard> + Send + 'static {
        let channel = self.channel.clone();
        let asking = async move {
            match priority {
                Priority::Checkout => {
                    let wanted = wire::GetCartRequest::default();
                    let answer = CartsClient::new(channel).get_cart(wanted).await;
                    answer.map(drop)
                }
                Priority::Browsing => {
                    let wanted = wire::GetProductRequest::default();
                    let answer = CatalogClient::new(channel).get_product(wanted).await;
                    answer.map(drop)
                }
            }
        };
        async move {
            match Deadline::after(PATIENCE).scope(asking).await {
                Ok(()) => Heard::Answer,
                Err(why) if error::reason(&why).as_deref() == Some(error::NOT_TAKEN) => {
                    Heard::NotTaken
                }
                Err(_) => Heard::Nothing,
            }
        }
    }
}

#[tonic::async_trait]
impl Carts for Service {
    async fn get_cart(
        &self,
        _: Request<wire::GetCartRequest>,
    ) -> Result<Response<wire::Cart>, Status> {
        self.work().await;
        let slow = *self.neighbour.borrow();
        chassis::apart(tokio::time::sleep(slow)).await;
        Ok(Response::new(wire::Cart::default()))
    }

    async fn create_cart(
        &self,
        _: Request<wire::CreateCartRequest>,
    ) -> Result<Response<wire::Cart>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn set_cart_item(
        &self,
        _: Request<wire::SetCartItemRequest>,
    ) -> Result<Response<wire::Cart>, Status> {
        Err(Status::unimplemented("not here"))
    }
}

#[tonic::async_trait]
impl Catalog for Service {
    async fn get_product(
        &self,
        _: Request<wire::GetProductRequest>,
    ) -> Result<Response<wire::Product>, Status> {
        self.work().await;
        Ok(Response::new(wire::Product::default()))
    }

    async fn list_products(
        &self,
        _: Request<wire::ListProductsRequest>,
    ) -> Result<Response<wire::ListProductsResponse>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn list_categories(
        &self,
        _: Request<wire::ListCategoriesRequest>,
    ) -> Result<Response<wire::ListCategoriesResponse>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn create_product(
        &self,
        _: Request<wire::CreateProductRequest>,
    ) -> Result<Response<wire::Product>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn update_product(
        &self,
        _: Request<wire::UpdateProductRequest>,
    ) -> Result<Response<wire::Product>, Status> {
        Err(Status::unimplemented("not here"))
    }
}
