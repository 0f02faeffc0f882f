//! A transaction and each of its statements have spans, within the trace of whoever asked.

#![allow(clippy::unwrap_used, reason = "what cannot be had ends the test")]

mod support;

use std::sync::{Arc, Mutex};

use db::{Error, Group, Tx};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use support::{database, keyed, mark};
use tracing::span::{Attributes, Id};
use tracing::{Instrument as _, Subscriber, info_span};
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

/// Notes every span by its name and those around it.
#[derive(Clone, Default)]
struct Noted(Arc<Mutex<Vec<String>>>);

impl<S: Subscriber + for<'a> LookupSpan<'a>> tracing_subscriber::Layer<S> for Noted {
    fn on_new_span(&self, _: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let names = context.span_scope(id).unwrap().from_root();
        let path = names.map(|span| span.name()).collect::<Vec<_>>().join("/");
        self.0.lock().unwrap().push(path);
    }
}

fn mark_all<'t>(tx: &'t mut Tx, keys: &'t [String]) -> BoxFuture<'t, Result<Vec<bool>, Error>> {
    async move { Ok(vec![mark(tx, &keys[0]).await?]) }.boxed()
}

#[tokio::test]
async fn every_statement_stands_in_the_trace_of_whoever_asked() {
    let database = database().await;
    let db = database.db();
    let noted = Noted::default();
    let subscriber = tracing_subscriber::registry().with(noted.clone());
    let _guard = tracing::subscriber::set_default(subscriber);

    keyed(&db, "a")
        .instrument(info_span!("request"))
        .await
        .unwrap();
    let group = Group::start(&db, "mark", mark_all);
    let lone = group.submit("b".to_owned());
    lone.instrument(info_span!("order")).await.unwrap();

    let noted = noted.0.lock().unwrap().clone();
    let of = |path: &str| noted.iter().filter(|noted| *noted == path).count();
    // Begin, two inserts, commit.
    assert_eq!(of("request/db.transaction/db.statement"), 4, "{noted:?}");
    assert_eq!(
        of("order/db.group/db.transaction/db.statement"),
        4,
        "{noted:?}"
    );
}
