//! One call by our balanced channel, beside the same by tonic's own.

use std::time::Instant;

use futures::future::try_join_all;
use tonic::client::GrpcService;
use tonic::codegen::{Body, Bytes, StdError};
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use super::scene::{Scene, balanced};
use crate::bench::contest::{Turn, Turns, Way, contest};
use crate::bench::figure::Measured;
use crate::bench::took::over_and_over;

/// How many call at once.
const CALLERS: usize = 32;

const BARE: &str = "tonic alone";
const OURS: &str = "balanced, with deadline, budget, load, trace";

pub(super) async fn measure(scene: &Scene, turns: Turns) -> anyhow::Result<Measured> {
    let at = scene.health.at;
    let bare = Endpoint::from_shared(format!("http://{at}"))?.connect_lazy();
    let ours = balanced(at)?;
    let (bare, ours) = (HealthClient::new(bare), HealthClient::new(ours));
    let of: Vec<u32> = scene.health.pid().into_iter().collect();
    let ways = [
        Way::new(BARE, of.clone(), move |until| call(bare.clone(), until)).with_client(),
        Way::new(OURS, of, move |until| call(ours.clone(), until)).with_client(),
    ];
    let found = contest("one call inside", turns, &ways).await?;
    Ok(Measured {
        figures: found.beside("a call inside, both ends", OURS, BARE).into(),
        table: found.table,
    })
}

fn call<C>(client: HealthClient<C>, until: Instant) -> Turn<'static>
where
    C: GrpcService<tonic::body::Body> + Clone + 'static,
    C::Error: Into<StdError>,
    C::ResponseBody: Body<Data = Bytes> + Send + 'static,
    <C::ResponseBody as Body>::Error: Into<StdError> + Send,
{
    Box::pin(async move {
        let caller = async || {
            let mut client = client.clone();
            let call = async || {
                client.check(HealthCheckRequest::default()).await?;
                Ok(())
            };
            over_and_over(until, call).await
        };
        let all = try_join_all((0..CALLERS).map(|_| caller())).await?;
        Ok(all.into_iter().sum())
    })
}
