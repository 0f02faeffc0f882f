//! Weights and drains: what operators say of instances, laid over what the directory knows.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::watch;
use tracing::{info, warn};

/// What an instance weighs when nobody says otherwise.
pub const WEIGHT: u32 = 100;
/// More tells nothing finer, and keeps sums far from their bounds.
const HEAVIEST: u32 = 1_000_000;
/// How often the file is looked at: a change must be in effect within two seconds.
const LOOK: Duration = Duration::from_millis(500);

/// What is said of one instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Adjusted {
    /// How many calls it gets, beside the others' weights.
    pub weight: u32,
    /// Whether it gets no new calls at all.
    pub drained: bool,
}

/// What is said of instances, by their ids.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Overlay(pub HashMap<String, Adjusted>);

/// Where the overlay in force can be seen; the last one stays when its source is gone.
pub type Overlays = watch::Receiver<Arc<Overlay>>;

impl Default for Adjusted {
    fn default() -> Self {
        Self {
            weight: WEIGHT,
            drained: false,
        }
    }
}

impl Overlay {
    /// The weight of the instance called `id`; zero is none.
    pub(crate) fn weight(&self, id: &str) -> u32 {
        let said = self.0.get(id).copied().unwrap_or_default();
        if said.drained {
            0
        } else {
            said.weight.min(HEAVIEST)
        }
    }

    /// Reads `{"order-1": {"weight": 50}, "order-2": {"drained": true}}`.
    ///
    /// # Errors
    /// When it is not that.
    pub fn read(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}

/// No overlay: all weigh the same.
pub fn none() -> Overlays {
    watch::channel(Arc::default()).1
}

/// Follows the file at `path`, for as long as somebody looks. What it said last stays when it cannot be read.
pub fn file(path: impl Into<PathBuf>) -> Overlays {
    let path = path.into();
    let (sender, overlays) = watch::channel(Arc::default());
    tokio::spawn(async move {
        let mut last = None;
        while !sender.is_closed() {
            let text = tokio::fs::read_to_string(&path).await;
            let text = text.map_err(|error| error.to_string());
            if last.as_ref() != Some(&text) {
                follow(&sender, &path, text.as_ref());
                last = Some(text);
            }
            tokio::time::sleep(LOOK).await;
        }
    });
    overlays
}

fn follow(sender: &watch::Sender<Arc<Overlay>>, path: &Path, text: Result<&String, &String>) {
    let path = path.display();
    let read = text.map_err(Clone::clone);
    match read.and_then(|text| Overlay::read(text).map_err(|error| error.to_string())) {
        Ok(overlay) => {
            info!(%path, instances = overlay.0.len(), "weights and drains are in effect");
            sender.send_replace(Arc::new(overlay));
        }
        Err(error) => warn!(%path, %error, "weights and drains stay as they were"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_an_instance_counts_and_others_weigh_as_always() {
        let overlay =
            Overlay::read(r#"{"a": {"weight": 50}, "b": {"drained": true}, "c": {}}"#).unwrap();

        let weights = ["a", "b", "c", "d"].map(|id| overlay.weight(id));

        assert_eq!(weights, [50, 0, WEIGHT, WEIGHT]);
    }

    #[test]
    fn a_slip_in_a_name_is_told() {
        assert!(Overlay::read(r#"{"a": {"wieght": 50}}"#).is_err());
    }
}
