//! Instances that are told of and are not there: what they would say of themselves, twice a second.

use std::time::Duration;

use api::control::registry_client::RegistryClient;
use api::control::{
    Allowance, AttendRequest, Decision, Desired, GetLockRequest, ListDecisionsRequest,
    ListScalingRequest, Report, ServiceScaling, WatchScalingRequest,
};
use api::control::{Lock, locks_client::LocksClient};
use discovery::Channel;
use tokio::time::{Instant, interval, timeout};
use tokio_util::task::AbortOnDropHandle;
use tonic::Streaming;

use crate::shop::Control;

/// How long anything may take to come about, on a machine that does much else.
pub(crate) const LIMIT: Duration = Duration::from_secs(40);

/// How much one instance is asked, and of that what it answers and what it refuses, a second.
#[derive(Clone, Copy)]
pub(crate) struct Rate {
    pub(crate) answers: u64,
    pub(crate) refuses: u64,
}

/// Instances of the order service that tell of themselves for as long as this is kept.
pub(crate) struct Crowd {
    _telling: Vec<AbortOnDropHandle<()>>,
}

impl Crowd {
    /// So many instances, each of which tells each of `controls` that this is its rate.
    pub(crate) fn gather(controls: &[&Control], count: usize, rate: Rate) -> Self {
        let controls = controls.iter();
        let told = controls.flat_map(|control| {
            let registry = control.registry.clone();
            (1..=count).map(move |number| {
                let telling = tell(registry.clone(), format!("order-{number}"), rate);
                AbortOnDropHandle::new(tokio::spawn(telling))
            })
        });
        Self {
            _telling: told.collect(),
        }
    }
}

async fn tell(registry: RegistryClient<Channel>, instance: String, rate: Rate) {
    let (begun, mut ticks) = (Instant::now(), interval(Duration::from_millis(500)));
    loop {
        ticks.tick().await;
        let millis = u64::try_from(begun.elapsed().as_millis()).unwrap();
        let report = Report {
            address: format!("{instance}.example:50051"),
            instance: instance.clone(),
            service: "order".to_owned(),
            incarnation: "first".to_owned(),
            ready: true,
            requests: rate.answers * millis / 1_000,
            shed: rate.refuses * millis / 1_000,
            memory_bytes: 50 << 20,
            cpu_millis: millis / 4,
            ..Report::default()
        };
        let request = AttendRequest {
            report: Some(report),
            ..AttendRequest::default()
        };
        // One that is killed hears nothing.
        let _ = registry.clone().attend(request).await;
    }
}

/// What operators say: what one instance answers, and how many there may be.
pub(crate) fn allowed(each: Option<u32>, least: u32, most: u32) -> Allowance {
    Allowance {
        requests_per_instance: each,
        min_instances: Some(least),
        max_instances: Some(most),
        ..Allowance::default()
    }
}

impl Control {
    /// How the order service is scaled.
    pub(crate) async fn scaled(&self) -> ServiceScaling {
        let listed = self.scaling.clone().list(ListScalingRequest {}).await;
        let mut services = listed.unwrap().into_inner().services.into_iter();
        services.find(|one| one.service == "order").unwrap()
    }

    /// All decisions on the order service, the last one first.
    pub(crate) async fn decisions(&self) -> Vec<Decision> {
        let request = ListDecisionsRequest {
            service: "order".to_owned(),
            ..ListDecisionsRequest::default()
        };
        let found = self.scaling.clone().decisions(request).await;
        found.unwrap().into_inner().decisions
    }

    /// Follows how many instances of the order service are wanted.
    pub(crate) async fn follow(&self) -> Follower {
        let request = WatchScalingRequest {
            service: "order".to_owned(),
        };
        let stream = self.scaling.clone().watch(request).await;
        Follower(stream.unwrap().into_inner())
    }

    /// Waits until somebody has the turn to decide, and is not `not`; tells who.
    pub(crate) async fn leader(&self, not: &str) -> String {
        let end = Instant::now() + LIMIT;
        loop {
            let holder = self.turn().await.holders.into_iter().next();
            if let Some(holder) = holder.filter(|holder| holder.owner != not) {
                return holder.owner;
            }
            assert!(Instant::now() < end, "nobody has the turn");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Who has the turn to decide, and who waits for it.
    pub(crate) async fn turn(&self) -> Lock {
        let name = "scaler.leader".to_owned();
        let locks = LocksClient::new(self.channel.clone());
        let found = locks.clone().get(GetLockRequest { name }).await;
        found.map(tonic::Response::into_inner).unwrap_or_default()
    }
}

/// Somebody who follows.
pub(crate) struct Follower(Streaming<Desired>);

impl Follower {
    /// Waits until that is told which is `so`, and answers it.
    pub(crate) async fn hears(&mut self, so: impl Fn(&Desired) -> bool) -> Desired {
        let heard = async {
            loop {
                let told = self.0.message().await.unwrap().unwrap();
                if so(&told) {
                    return told;
                }
            }
        };
        timeout(LIMIT, heard).await.expect("it is told in time")
    }
}
