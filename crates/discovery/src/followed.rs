//! A list that a task keeps up to date, for as long as somebody looks.

use std::fmt::Display;
use std::sync::Arc;

use tokio::sync::watch;
use tracing::{info, warn};

use crate::{Directory, Instance};

/// A list that a task keeps up to date, for as long as somebody looks.
#[derive(Clone, Debug)]
pub(crate) struct Followed(watch::Receiver<Arc<[Instance]>>);

/// Where the task says what it has found.
#[derive(Clone)]
pub(crate) struct Lists {
    service: String,
    told: watch::Sender<Arc<[Instance]>>,
}

impl Followed {
    /// Follows the instances of `service` by `work`, which never ends by itself.
    pub(crate) fn by<F>(service: &str, work: impl FnOnce(Lists) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (told, list) = watch::channel(Arc::from([]));
        let service = service.to_owned();
        let nobody_looks = told.clone();
        let work = work(Lists { service, told });
        tokio::spawn(async move {
            tokio::select! {
                () = nobody_looks.closed() => {}
                () = work => {}
            }
        });
        Self(list)
    }
}

impl Directory for Followed {
    fn watch(&self) -> watch::Receiver<Arc<[Instance]>> {
        self.0.clone()
    }
}

impl Lists {
    /// Says who is there now; nobody hears of a list that is as the last one.
    pub(crate) fn tell(&self, list: Vec<Instance>) {
        let told = self.told.send_if_modified(|last| {
            let new = **last != *list;
            if new {
                *last = list.into();
            }
            new
        });
        if told {
            let list = self.told.borrow();
            let ids: Vec<&str> = list.iter().map(|one| one.id.as_str()).collect();
            info!(peer.service = self.service, instances = ?ids, "who is there has changed");
            #[allow(clippy::cast_precision_loss, reason = "there are few instances")]
            metrics::gauge!("discovery_instances", "peer" => self.service.clone())
                .set(list.len() as f64);
        }
    }

    /// Says that whoever knows does not answer; the last list stays.
    pub(crate) fn lost(&self, failures: u32, error: &impl Display) {
        // Once, not at every attempt.
        if failures == 0 {
            warn!(peer.service = self.service, %error, "the directory does not answer; the last list stays");
        }
        metrics::counter!("discovery_failures_total", "peer" => self.service.clone()).increment(1);
    }
}
