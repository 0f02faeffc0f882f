//! What the API answers to the back office, as far as a page shows it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

/// One instance of a service, as it told of itself last.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Instance {
    pub(super) id: String,
    pub(super) service: String,
    pub(super) address: String,
    pub(super) zone: String,
    pub(super) version: String,
    pub(super) incarnation: String,
    pub(super) started_at: String,
    state: String,
    pub(super) degraded: Vec<String>,
    pub(super) heard_at: String,
    pub(super) weight: u32,
    pub(super) drained: bool,
    pub(super) version_said: i64,
    pub(super) requests: u64,
    pub(super) failed: u64,
    pub(super) shed: u64,
    pub(super) requests_per_second: f64,
    pub(super) latency_millis: f64,
    pub(super) in_flight: u32,
    pub(super) limit: u32,
    pub(super) cpu: f64,
    pub(super) memory_bytes: u64,
}

impl Instance {
    /// How it is, in one word: one that is drained is that before all else, while it is there.
    pub(super) fn state(&self) -> &str {
        if self.drained && self.state == "up" {
            "drained"
        } else {
            &self.state
        }
    }

    /// Whether new requests go to it.
    pub(super) fn takes_requests(&self) -> bool {
        self.state() == "up" && self.weight > 0
    }

    /// Its memory in MiB.
    pub(super) fn mebibytes(&self) -> u64 {
        self.memory_bytes / 1_048_576
    }
}

/// A backup that is there.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Backup {
    pub(super) id: String,
    pub(super) extent: String,
    pub(super) ended_at: String,
    pub(super) bytes: u64,
    pub(super) added_bytes: u64,
    pub(super) restore: Option<Restore>,
}

/// How a backup was restored on trial.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Restore {
    pub(super) restored_at: String,
    pub(super) wrong: Option<String>,
    pub(super) rpo_seconds: f64,
    pub(super) rto_seconds: f64,
}

impl Backup {
    /// Whether it counts: none does before it was restored.
    pub(super) fn state(&self) -> &'static str {
        match &self.restore {
            None => "unproven",
            Some(Restore { wrong: None, .. }) => "proven",
            Some(_) => "worthless",
        }
    }
}

/// What is allowed of a service.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Resource {
    pub(super) service: String,
    pub(super) flags: BTreeMap<String, bool>,
    pub(super) version: i64,
    pub(super) updated_at: String,
    /// The numbers.
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl Resource {
    /// What is said of `name`; nothing, where each instance's own settings count.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.rest.get(name)?.as_i64()
    }

    /// Whether `flag` is on. What was never said is.
    pub(super) fn is_on(&self, flag: &str) -> bool {
        self.flags.get(flag).copied().unwrap_or(true)
    }
}

/// A fault.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Fault {
    pub(super) number: i64,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) component: String,
    pub(super) incarnation: String,
    pub(super) occurred_at: String,
    pub(super) detected_at: String,
    pub(super) cause: Option<i64>,
    pub(super) severity: String,
    pub(super) handling: String,
    pub(super) resolved_at: Option<String>,
    pub(super) resolution: Option<String>,
    pub(super) trace_id: Option<String>,
    pub(super) notes: Vec<Note>,
}

/// What somebody wrote to a fault.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Note {
    pub(super) at: String,
    pub(super) actor_id: String,
    pub(super) text: String,
}

/// The faults of one type.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Counted {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) count: i64,
    pub(super) open: i64,
    pub(super) false_alarms: i64,
    pub(super) mean_seconds_to_detect: f64,
    pub(super) mean_seconds_to_repair: f64,
}

/// A lock.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Lock {
    pub(super) id: String,
    pub(super) holders: Vec<Holder>,
    pub(super) waiters: Vec<Waiter>,
}

/// One that holds a lock.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Holder {
    pub(super) owner: String,
    pub(super) mode: String,
    pub(super) token: i64,
    pub(super) granted_at: String,
    pub(super) expires_at: String,
    pub(super) overdue: bool,
}

/// One that waits for a lock.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Waiter {
    pub(super) owner: String,
    pub(super) mode: String,
    pub(super) waits_until: String,
}

/// A saga.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Saga {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) subject_id: String,
    pub(super) direction: String,
    pub(super) reason: Option<String>,
    pub(super) epoch: i64,
    pub(super) owner: Option<String>,
    pub(super) leased_until: Option<String>,
    pub(super) settle_by: Option<String>,
    pub(super) created_at: String,
    pub(super) ended_at: Option<String>,
}

impl Saga {
    /// How it is, in one word.
    pub(super) fn state(&self) -> &'static str {
        match (&self.ended_at, &*self.direction) {
            (Some(_), "undo") => "undone",
            (Some(_), _) => "ended",
            (None, "undo") => "undoing",
            (None, _) => "running",
        }
    }
}

/// The stock of a product.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Stock {
    pub(super) free: i64,
    pub(super) held: i64,
}

/// One change of a product's free stock.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Movement {
    pub(super) order_id: Option<String>,
    pub(super) kind: String,
    pub(super) quantity: i64,
    pub(super) moved_at: String,
}

/// An account, as those who help it see it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Person {
    pub(super) id: String,
    pub(super) registration_number: String,
    pub(super) email: String,
    pub(super) name: String,
    pub(super) role: String,
    pub(super) disabled: bool,
    pub(super) version: i64,
    pub(super) created_at: String,
}
