//! Follows the slices of a service: lists them, and then watches what becomes of them.

use std::convert::Infallible;
use std::time::Duration;

use retry::Backoff;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::api::Silent;
use super::slices::{List, Meta, Slice, Slices, instances};
use super::{Access, Kubernetes};
use crate::followed::Lists;

/// How long one watch lasts. Each is begun on a connection of its own, so a server that has frozen is left by then.
const WATCH: Duration = Duration::from_mins(1);
/// How much longer the server may take to end it.
const GRACE: Duration = Duration::from_secs(5);
/// A server that is gone is asked twice a second by everybody at first, and then every ten seconds.
const AGAIN: Backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(10));

/// Follows the slices of one service.
pub(super) struct Follower {
    pods: Kubernetes,
    access: Access,
    lists: Lists,
    failures: u32,
}

/// What a watch tells.
#[derive(Deserialize)]
struct Event<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow)]
    object: &'a RawValue,
}

/// The version of any object.
#[derive(Deserialize)]
struct Any {
    #[serde(default)]
    metadata: Meta,
}

impl Follower {
    pub(super) fn new(pods: Kubernetes, access: Access, lists: Lists) -> Self {
        Self {
            pods,
            access,
            lists,
            failures: 0,
        }
    }

    /// Follows for ever. While the API server is gone nobody is told of anything, so the last list stays. Whatever broke a
    /// watch off, 410 Gone among it, it is listed anew.
    pub(super) async fn run(mut self) {
        loop {
            let Err(error) = self.follow().await;
            self.lists.lost(self.failures, &error);
            tokio::time::sleep(AGAIN.draw(self.failures)).await;
            self.failures = self.failures.saturating_add(1);
        }
    }

    async fn follow(&mut self) -> Result<Infallible, Silent> {
        let (mut slices, mut version) = self.list().await?;
        self.tell(&slices);
        self.failures = 0;
        loop {
            self.watch(&mut slices, &mut version).await?;
            // A server that ends each watch at once is not asked without a pause.
            tokio::time::sleep(AGAIN.draw(0)).await;
        }
    }

    async fn list(&self) -> Result<(Slices, String), Silent> {
        let mut answer = self.access.get(&self.path("")).await?;
        let mut text = Vec::new();
        let whole = async {
            while let Some(line) = answer.next().await? {
                text.extend_from_slice(&line);
            }
            Ok::<_, Silent>(())
        };
        tokio::time::timeout(GRACE, whole).await??;
        let list: List = serde_json::from_slice(&text)?;
        let named = |slice: Slice| (slice.metadata.name.clone(), slice);
        Ok((
            list.items.into_iter().map(named).collect(),
            list.metadata.resource_version,
        ))
    }

    /// Watches until the server ends it, as it was asked to.
    async fn watch(&self, slices: &mut Slices, version: &mut String) -> Result<(), Silent> {
        let seconds = WATCH.as_secs();
        let query = format!(
            "&watch=true&allowWatchBookmarks=true&timeoutSeconds={seconds}&resourceVersion={version}"
        );
        let mut answer = self.access.get(&self.path(&query)).await?;
        let heard = async {
            while let Some(line) = answer.next().await? {
                take(slices, version, &line)?;
                self.tell(slices);
            }
            Ok(())
        };
        tokio::time::timeout(WATCH + GRACE, heard).await?
    }

    /// Says who is there. A service of which no slice is left is one that is being made anew, or whose slices were lost:
    /// nobody would say so of a service without pods, which has an empty slice.
    fn tell(&self, slices: &Slices) {
        if !slices.is_empty() {
            self.lists.tell(instances(slices, &self.pods.port));
        }
    }

    fn path(&self, more: &str) -> String {
        let namespace = self.pods.namespace.clone();
        let namespace = namespace.or_else(|| self.access.file("namespace"));
        let namespace = namespace.as_deref().unwrap_or("default");
        let service = &self.pods.service;
        format!(
            "/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3D{service}{more}"
        )
    }
}

/// Takes what happened to one slice, or how far nothing has.
fn take(slices: &mut Slices, version: &mut String, line: &[u8]) -> Result<(), Silent> {
    let event: Event<'_> = serde_json::from_slice(line)?;
    let object = event.object.get();
    if event.kind == "ERROR" {
        return Err(Silent(format!("the API server ended the watch: {object}")));
    }
    let meta = serde_json::from_str::<Any>(object)?.metadata;
    match event.kind.as_str() {
        "ADDED" | "MODIFIED" => {
            slices.insert(meta.name.clone(), serde_json::from_str(object)?);
        }
        "DELETED" => {
            slices.remove(&meta.name);
        }
        // A bookmark tells how far the watch has come, and nothing else.
        _ => {}
    }
    *version = meta.resource_version;
    Ok(())
}
