//! One call by our balanced channel, beside the same by tonic's own.

use std::time::Instant;

use futures::future::{LocalBoxFuture, try_join_all};
use tonic::client::GrpcService;
use tonic::codegen::{Body, Bytes, StdError};
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use super::scene::{Scene, balanced};
use crate::bench::contest::{Turns, Way, contest};

/// How many call at once.
const CALLERS: usize = 32;

pub(super) async fn measure(scene: &Scene, turns: Turns) -> anyhow::Result<String> {
    let at = scene.health.at;
    let bare = Endpoint::from_shared(format!("http://{at}"))?.connect_lazy();
    let ours = balanced(at)?;
    let (bare, ours) = (HealthClient::new(bare), HealthClient::new(ours));
    let of: Vec<u32> = scene.health.pid().into_iter().collect();
    let ways = [
        Way {
            name: "tonic alone",
            of: of.clone(),
            own: true,
            work: Box::new(move |until| call(bare.clone(), until)),
        },
        Way {
            name: "balanced, with deadline, budget, load, trace",
            of,
            own: true,
            work: Box::new(move |until| call(ours.clone(), until)),
        },
    ];
    contest("one call inside", turns, &ways).await
}

fn call<C>(client: HealthClient<C>, until: Instant) -> LocalBoxFuture<'static, anyhow::Result<u64>>
where
    C: GrpcService<tonic::body::Body> + Clone + 'static,
    C::Error: Into<StdError>,
    C::ResponseBody: Body<Data = Bytes> + Send + 'static,
    <C::ResponseBody as Body>::Error: Into<StdError> + Send,
{
    Box::pin(async move {
        let caller = async || {
            let (mut client, mut done) = (client.clone(), 0);
            while Instant::now() < until {
                client.check(HealthCheckRequest::default()).await?;
                done += 1;
            }
            anyhow::Ok(done)
        };
        let all = try_join_all((0..CALLERS).map(|_| caller())).await?;
        Ok(all.into_iter().sum())
    })
}
