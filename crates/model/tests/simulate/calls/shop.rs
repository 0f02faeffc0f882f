//! An instance of the service: it registers in etcd, and does what it is asked while it can.

use std::future::pending;
use std::time::Duration;

use api::error::{self, NOT_TAKEN};
use api::order::inventory_server::{Inventory, InventoryServer};
use api::order::{
    GetStockRequest, ListMovementsRequest, ListMovementsResponse, RestockRequest, Stock,
};
use discovery::{Etcd, Instance, Source};
use tokio::sync::watch;
use tonic::service::Routes;
use tonic::{Code, Request, Response, Status};

use super::book::{Book, Call, Kind};
use super::{ETCD, LEASE};
use crate::course::{Illness, Ills};
use crate::net::Host;
use crate::wire;

/// An instance.
#[derive(Clone)]
pub(crate) struct Shop {
    pub(crate) name: Host,
    pub(crate) book: Book,
    pub(crate) ills: Ills,
    pub(crate) bug: &'static str,
}

/// The registry, as `host` reaches it.
pub(crate) fn registry(host: Host) -> Etcd {
    match format!("etcd://{}", wire::addr(ETCD)).parse() {
        Ok(Source::Etcd(etcd)) => etcd.over(wire::network(host, &[ETCD], |_| {})),
        other => unreachable!("{other:?}"),
    }
}

/// Runs one life of it.
pub(crate) async fn run(shop: Shop) {
    let name = shop.name;
    let instance = Instance {
        id: name.to_owned(),
        addr: wire::addr(name),
        zone: String::new(),
        ready: true,
    };
    tokio::spawn(async move {
        let listed = watch::channel(false).0;
        let etcd = registry(name);
        etcd.keep("order", &instance, LEASE, listed, pending())
            .await;
    });
    wire::serve(name, Routes::new(InventoryServer::new(shop))).await;
}

impl Shop {
    async fn take(&self, id: &str) -> Result<Response<Stock>, Status> {
        let call = Call::read(id).ok_or_else(|| Status::invalid_argument("no call"))?;
        self.book.came(&call);
        if self.ills.of("everywhere") == Some(Illness::Refusing) {
            let why = "not for the moment";
            return Err(error::status(Code::Unavailable, NOT_TAKEN, why));
        }
        let ill = self.ills.of(self.name);
        assert!(ill.is_none() || self.bug != "an instance panics");
        // Whether it is done before it fails, or not at all.
        let before = call.number.is_multiple_of(2);
        if ill.is_none() || before {
            let once = call.kind == Kind::Keyed && self.bug != "keys are forgotten";
            self.book.done(&call, once);
        }
        match ill {
            Some(_) if self.bug == "it says yes to what it has not done" => {}
            Some(Illness::Broken) => return Err(Status::unavailable("broken")),
            Some(_) => {
                tokio::time::sleep(Duration::from_secs(3)).await;
                return Err(Status::unavailable("slow, and broken"));
            }
            None => tokio::time::sleep(Duration::from_millis(5)).await,
        }
        Ok(Response::new(Stock::default()))
    }
}

#[tonic::async_trait]
impl Inventory for Shop {
    async fn get_stock(
        &self,
        request: Request<GetStockRequest>,
    ) -> Result<Response<Stock>, Status> {
        self.take(&request.into_inner().product_id).await
    }

    async fn restock(&self, request: Request<RestockRequest>) -> Result<Response<Stock>, Status> {
        self.take(&request.into_inner().product_id).await
    }

    async fn list_movements(
        &self,
        _: Request<ListMovementsRequest>,
    ) -> Result<Response<ListMovementsResponse>, Status> {
        Err(Status::unimplemented("nobody asks for them"))
    }
}
