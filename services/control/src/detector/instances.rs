//! Watches everybody whom a directory names.

use std::collections::HashMap;

use discovery::Instance as Listed;
use discovery::pulse::Pulse;
use tokio::task::{AbortHandle, JoinSet};

use super::instance::{Place, Watch};
use super::scene::Scene;
use crate::config::Service;

/// Watches the instances of `service`, each from when it is listed on.
pub(super) async fn follow(scene: Scene, service: Service) {
    let mut list = service.directory.watch();
    // Those who are watched end with this.
    let mut tasks = JoinSet::new();
    let mut watched: HashMap<Listed, AbortHandle> = HashMap::new();
    loop {
        let listed = list.borrow_and_update().clone();
        watched.retain(|_, watch| !watch.is_finished());
        for one in listed.iter() {
            let seat = Listed {
                ready: true,
                ..one.clone()
            };
            if watched.contains_key(&seat) {
                continue;
            }
            let Ok(addr) = seat.addr.parse() else {
                continue;
            };
            let place = Place {
                service: service.name,
                me: seat.clone(),
                list: list.clone(),
            };
            let pulse = Pulse::new(addr, service.manner.clone());
            let watch = Watch::new(component(service.name, &seat), pulse, Some(place));
            watched.insert(seat, tasks.spawn(watch.run(scene.clone())));
        }
        while tasks.try_join_next().is_some() {}
        if list.changed().await.is_err() {
            // The list is what it is for ever.
            while tasks.join_next().await.is_some() {}
            return;
        }
    }
}

/// What the ledger calls an instance: its name where it has one of its own, `order-1`, or else where it is.
fn component(service: &str, one: &Listed) -> String {
    if one.id.starts_with(service) {
        one.id.clone()
    } else {
        format!("{service}@{}", one.id)
    }
}
