//! Looks after the house: asks everybody whether they are there, and writes down who is not.
//!
//! It runs in every instance of this service. All of them see a fault, and the ledger makes one row of it.

mod causes;
mod chores;
mod clock;
mod database;
mod foreign;
mod instance;
mod instances;
mod locks;
mod postgres;
mod redis;
mod roll;
mod scene;

use chassis::Instance;

use self::scene::Scene;
use crate::config::Watched;
use crate::tools::Tools;

/// Begins to look after all that `watched` names, beside the requests of `instance`.
pub(crate) fn begin(instance: &Instance, watched: &Watched, tools: &Tools) {
    let Tools { db, ledger, .. } = tools.clone();
    let scene = Scene::new(tools.clone());
    scene.spawn(instance, "spooled faults", move |_| {
        let ledger = ledger.clone();
        async move { ledger.follow().await }
    });
    scene.spawn(instance, "own time", |scene| async move {
        scene.clock.run().await;
    });
    scene.spawn(
        instance,
        "scribe",
        |scene| async move { scene.write().await },
    );
    let (own, rests) = (db.clone(), watched.rests.clone());
    scene.spawn(instance, "own database", move |scene| {
        database::watch(scene, own.clone(), rests.clone())
    });
    let own = db.clone();
    scene.spawn(instance, "overdue locks", move |scene| {
        locks::watch(scene, own.clone())
    });
    let known = tools.clone();
    scene.spawn(instance, "roll", move |_| roll::count(known.clone()));
    for service in &watched.services {
        let service = service.clone();
        scene.spawn(instance, "instances", move |scene| {
            instances::follow(scene, service.clone())
        });
    }
    for part in &watched.parts {
        let part = part.clone();
        scene.spawn(instance, "parts", move |scene| {
            instance::watch_part(scene, part.clone())
        });
    }
    if let Some(patroni) = &watched.patroni {
        let patroni = patroni.clone();
        scene.spawn(instance, "patroni", move |scene| {
            postgres::watch(scene, patroni.clone())
        });
    }
    if let Some(sentinels) = &watched.sentinels {
        let sentinels = sentinels.clone();
        scene.spawn(instance, "sentinels", move |scene| {
            redis::watch(scene, sentinels.clone())
        });
    }
    let chores = watched.chores.clone();
    scene.spawn(instance, "chores", move |scene| {
        chores::watch(scene, chores.clone(), db.clone())
    });
}
