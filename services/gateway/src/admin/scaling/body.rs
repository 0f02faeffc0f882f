//! How the scaling of services is shown.

use api::control::{Decision, Desired, Fit, InstanceUse, LoadForecast, LoadPoint, ServiceScaling};
use serde::Serialize;
use utoipa::ToSchema;

/// How a service is scaled.
#[derive(Serialize, ToSchema)]
pub(super) struct ScalingBody {
    /// Always `scaling`.
    #[schema(example = "scaling")]
    object: &'static str,
    /// The service.
    #[schema(example = "order")]
    service: String,
    /// How many are wanted; null where nothing was decided yet.
    desired: Option<DesiredBody>,
    /// How many instances take requests.
    present: u32,
    /// How many there may be at least.
    least: u32,
    /// How many there may be at most.
    most: u32,
    /// Requests a second that are asked of all of them together.
    load_per_second: f64,
    /// Requests a second that one of them is taken to answer; null where nobody knows.
    per_instance: Option<f64>,
    /// From where that is known: `said` by operators, `learned` from what instances refused, or empty.
    per_instance_from: String,
    /// What each does and uses.
    instances: Vec<UseBody>,
    /// What would fit one; null where less than a day is known.
    fit: Option<FitBody>,
    /// The last ten decisions, the last one first.
    decisions: Vec<DecisionBody>,
}

/// How many are wanted.
#[derive(Serialize, ToSchema)]
struct DesiredBody {
    /// How many.
    count: u32,
    /// What decided: `load`, `forecast`, `cool_down`, `least` or `most`.
    #[schema(example = "forecast")]
    why: String,
    /// How many the load needs that is there.
    floor: u32,
    /// How many the load needs that is to come; null where nothing is expected.
    forecast: Option<u32>,
    /// Counts the decisions.
    version: i64,
    decided_at: String,
    /// Until when it holds unless it is decided again.
    valid_until: String,
    /// Whether it holds no more; then `count` is what the load needed when somebody looked.
    expired: bool,
}

/// What an instance does and uses, of late.
#[derive(Serialize, ToSchema)]
struct UseBody {
    /// What it is called.
    #[schema(example = "order-1")]
    instance: String,
    /// Requests a second that are asked of it.
    asked_per_second: f64,
    /// Those of them that find no room.
    refused_per_second: f64,
    /// How long one takes in the middle.
    latency_millis: f64,
    /// What part of a processor it uses.
    cpu: f64,
    memory_bytes: u64,
    /// Requests under way.
    in_flight: u32,
    /// How many may be worked on at once, for now.
    limit: u32,
}

/// What an instance is to be given, by what the busiest one used in a week.
#[derive(Serialize, ToSchema)]
struct FitBody {
    /// Thousandths of a processor: 95 of a hundred times it was no more.
    cpu_request_millis: u64,
    /// A fifth more than it ever was.
    memory_request_bytes: u64,
    /// Half more than it ever was.
    memory_limit_bytes: u64,
    /// How many steps of five minutes are known.
    steps: i64,
}

/// One decision.
#[derive(Serialize, ToSchema)]
struct DecisionBody {
    /// Counts the decisions on this service.
    version: i64,
    /// How many were wanted from then on.
    count: u32,
    /// How many were wanted before; null with the first.
    before: Option<u32>,
    /// What decided.
    #[schema(example = "load")]
    why: String,
    /// How many the load needed that was there.
    floor: u32,
    /// How many the load needed that was to come.
    forecast: Option<u32>,
    /// Requests a second.
    load_per_second: f64,
    /// Requests a second that one instance was taken to answer.
    per_instance: Option<f64>,
    /// How many there might be at least.
    least: u32,
    /// How many there might be at most.
    most: u32,
    decided_at: String,
}

/// What load is expected of a service.
#[derive(Serialize, ToSchema)]
pub(super) struct ForecastBody {
    /// Always `forecast`.
    #[schema(example = "forecast")]
    object: &'static str,
    /// The service.
    #[schema(example = "order")]
    service: String,
    /// What it was made by; empty where nothing is expected.
    #[schema(example = "MSTL(day) + SES of the logarithm")]
    model: String,
    /// Why nothing is expected; empty where something is.
    none: String,
    /// When it was made; empty where none was yet.
    made_at: String,
    /// Until when it holds; empty where there is none.
    holds_until: String,
    /// What came in the last day, in steps of five minutes, beside what had been expected.
    history: Vec<PointBody>,
    /// What is expected of the next hour.
    forecast: Vec<PointBody>,
    /// How many steps of the last day had been foreseen.
    judged_steps: u32,
    /// Requests a second that were missed in the middle.
    mean_error: f64,
    /// The same as a share of what came.
    error_share: f64,
    /// What is made of it: `good`, `unproven` or `bad`.
    #[schema(example = "good")]
    standing: String,
}

/// One step of five minutes.
#[derive(Serialize, ToSchema)]
struct PointBody {
    /// When it begins.
    at: String,
    /// Requests a second that came; null where nobody looked.
    came: Option<f64>,
    /// Requests a second that were or are expected; null where nothing was.
    expected: Option<f64>,
    /// In nine of ten times no less.
    lower: Option<f64>,
    /// In nine of ten times no more.
    upper: Option<f64>,
}

fn all<A, B: From<A>>(those: Vec<A>) -> Vec<B> {
    those.into_iter().map(Into::into).collect()
}

impl From<ServiceScaling> for ScalingBody {
    fn from(scaling: ServiceScaling) -> Self {
        Self {
            object: "scaling",
            service: scaling.service,
            desired: scaling.desired.map(Into::into),
            present: scaling.present,
            least: scaling.least,
            most: scaling.most,
            load_per_second: scaling.load_per_second,
            per_instance: scaling.per_instance,
            per_instance_from: scaling.per_instance_from,
            instances: all(scaling.instances),
            fit: scaling.fit.map(Into::into),
            decisions: all(scaling.decisions),
        }
    }
}

impl From<Desired> for DesiredBody {
    fn from(desired: Desired) -> Self {
        Self {
            count: desired.count,
            why: desired.why,
            floor: desired.floor,
            forecast: desired.forecast,
            version: desired.version,
            decided_at: desired.decided_at,
            valid_until: desired.valid_until,
            expired: desired.expired,
        }
    }
}

impl From<InstanceUse> for UseBody {
    fn from(used: InstanceUse) -> Self {
        Self {
            instance: used.instance,
            asked_per_second: used.asked_per_second,
            refused_per_second: used.refused_per_second,
            latency_millis: used.latency_millis,
            cpu: used.cpu,
            memory_bytes: used.memory_bytes,
            in_flight: used.in_flight,
            limit: used.limit,
        }
    }
}

impl From<Fit> for FitBody {
    fn from(fit: Fit) -> Self {
        Self {
            cpu_request_millis: fit.cpu_request_millis,
            memory_request_bytes: fit.memory_request_bytes,
            memory_limit_bytes: fit.memory_limit_bytes,
            steps: fit.steps,
        }
    }
}

impl From<Decision> for DecisionBody {
    fn from(decision: Decision) -> Self {
        Self {
            version: decision.version,
            count: decision.count,
            before: decision.before,
            why: decision.why,
            floor: decision.floor,
            forecast: decision.forecast,
            load_per_second: decision.load_per_second,
            per_instance: decision.per_instance,
            least: decision.least,
            most: decision.most,
            decided_at: decision.decided_at,
        }
    }
}

impl From<LoadForecast> for ForecastBody {
    fn from(made: LoadForecast) -> Self {
        Self {
            object: "forecast",
            service: made.service,
            model: made.model,
            none: made.none,
            made_at: made.made_at,
            holds_until: made.holds_until,
            history: all(made.history),
            forecast: all(made.forecast),
            judged_steps: made.judged_steps,
            mean_error: made.mean_error,
            error_share: made.error_share,
            standing: made.standing,
        }
    }
}

impl From<LoadPoint> for PointBody {
    fn from(point: LoadPoint) -> Self {
        Self {
            at: point.at,
            came: point.came,
            expected: point.expected,
            lower: point.lower,
            upper: point.upper,
        }
    }
}
