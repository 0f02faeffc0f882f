//! Faults as callers ask for them and see them.

use api::control::{self as wire, ListFaultsRequest};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::page::page_of;

/// Which faults are wanted.
#[derive(Clone, Debug, Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct FaultsQuery {
    /// How many rows; 20 when it is left out.
    #[garde(range(min = 1, max = 100))]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `next_cursor` of the page before; left out for the first page.
    #[garde(length(max = 2048))]
    cursor: Option<String>,
    /// Only those that last.
    #[garde(skip)]
    open: Option<bool>,
    /// Only of this type.
    #[garde(length(min = 1, max = 40))]
    #[serde(rename = "type")]
    #[param(rename = "type", min_length = 1, max_length = 40)]
    kind: Option<String>,
    /// Only of this component.
    #[garde(length(min = 1, max = 100))]
    #[param(min_length = 1, max_length = 100)]
    component: Option<String>,
    /// Only those that occurred then or later; RFC 3339.
    #[garde(length(min = 1, max = 40))]
    #[param(min_length = 1, max_length = 40)]
    since: Option<String>,
}

impl FaultsQuery {
    pub(super) fn into_wire(self) -> ListFaultsRequest {
        ListFaultsRequest {
            page: Some(page_of(self.limit, self.cursor)),
            open: self.open.unwrap_or_default(),
            r#type: self.kind.unwrap_or_default(),
            component: self.component.unwrap_or_default(),
            since: self.since.unwrap_or_default(),
        }
    }
}

/// Over which time is to be counted.
#[derive(Clone, Debug, Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct SinceQuery {
    /// Only faults that occurred then or later; RFC 3339.
    #[garde(length(min = 1, max = 40))]
    #[param(min_length = 1, max_length = 40)]
    pub(super) since: Option<String>,
}

/// What is to be written to a fault.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub(super) struct NoteBody {
    #[garde(length(chars, min = 1, max = 2000))]
    #[schema(min_length = 1, max_length = 2000, example = "The rack lost power.")]
    pub(super) text: String,
}

/// A fault.
#[derive(Serialize, ToSchema)]
pub(super) struct FaultBody {
    number: i64,
    /// Always `fault`.
    #[schema(example = "fault")]
    object: &'static str,
    #[schema(example = "instance_killed")]
    r#type: String,
    /// Who has it.
    #[schema(example = "order-1")]
    component: String,
    /// The life in which the component had it; its second time in one life ends in `#2`.
    incarnation: String,
    /// The last moment at which all was well.
    occurred_at: String,
    detected_at: String,
    /// The number of the fault that it follows from.
    cause: Option<i64>,
    /// `minor`, `major` or `critical`.
    #[schema(example = "major")]
    severity: String,
    /// What was done about it.
    handling: String,
    /// Null while it lasts.
    resolved_at: Option<String>,
    /// `restarted`, `resumed`, `replaced` or `false_alarm`; null while it lasts.
    #[schema(example = "restarted")]
    resolution: Option<String>,
    trace_id: Option<String>,
    notes: Vec<FaultNote>,
    version: i64,
    updated_at: String,
}

/// What somebody wrote to a fault.
#[derive(Serialize, ToSchema)]
pub(super) struct FaultNote {
    at: String,
    actor_id: String,
    text: String,
}

impl From<wire::Fault> for FaultBody {
    fn from(fault: wire::Fault) -> Self {
        let some = |text: String| Some(text).filter(|text| !text.is_empty());
        let notes = fault.notes.into_iter().map(|note| FaultNote {
            at: note.at,
            actor_id: note.actor_id,
            text: note.text,
        });
        Self {
            number: fault.number,
            object: "fault",
            r#type: fault.r#type,
            component: fault.component,
            incarnation: fault.incarnation,
            occurred_at: fault.occurred_at,
            detected_at: fault.detected_at,
            cause: Some(fault.cause).filter(|number| *number > 0),
            severity: fault.severity,
            handling: fault.handling,
            resolved_at: some(fault.resolved_at),
            resolution: some(fault.resolution),
            trace_id: some(fault.trace_id),
            notes: notes.collect(),
            version: fault.version,
            updated_at: fault.updated_at,
        }
    }
}

/// The faults of one type.
#[derive(Serialize, ToSchema)]
pub(super) struct StatisticsBody {
    #[schema(example = "instance_killed")]
    r#type: String,
    count: i64,
    /// How many of them last.
    open: i64,
    false_alarms: i64,
    /// Without false alarms; 0 where there are no others.
    mean_seconds_to_detect: f64,
    /// Of those that are over, without false alarms; 0 where there are none.
    mean_seconds_to_repair: f64,
}

impl From<wire::TypeStatistics> for StatisticsBody {
    fn from(counted: wire::TypeStatistics) -> Self {
        Self {
            r#type: counted.r#type,
            count: counted.count,
            open: counted.open,
            false_alarms: counted.false_alarms,
            mean_seconds_to_detect: counted.mean_seconds_to_detect,
            mean_seconds_to_repair: counted.mean_seconds_to_repair,
        }
    }
}
