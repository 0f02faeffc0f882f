//! What control decided on how many instances there are to be, as administrators see it.

use api::control::{
    Decision, Desired, Fit, GetForecastRequest, InstanceUse, ListScalingResponse, LoadForecast,
    LoadPoint, ServiceScaling,
};
use auth::Role;
use reqwest::Method;
use serde_json::json;

use crate::front::Front;

/// A service that was scaled, as control tells of it.
fn scaled() -> ServiceScaling {
    ServiceScaling {
        service: "order".to_owned(),
        desired: Some(Desired {
            service: "order".to_owned(),
            count: 4,
            why: "forecast".to_owned(),
            floor: 2,
            forecast: Some(4),
            version: 7,
            decided_at: "2026-11-27T08:00:00Z".to_owned(),
            valid_until: "2026-11-27T08:02:10Z".to_owned(),
            expired: false,
        }),
        present: 3,
        least: 2,
        most: 8,
        load_per_second: 120.5,
        per_instance: Some(100.0),
        per_instance_from: "learned".to_owned(),
        instances: vec![InstanceUse {
            instance: "order-1".to_owned(),
            asked_per_second: 40.5,
            refused_per_second: 0.5,
            latency_millis: 3.25,
            cpu: 0.75,
            memory_bytes: 50_000_000,
            in_flight: 9,
            limit: 64,
        }],
        fit: Some(Fit {
            cpu_request_millis: 800,
            memory_request_bytes: 60_000_000,
            memory_limit_bytes: 75_000_000,
            steps: 288,
        }),
        decisions: vec![
            decision(7, Some(2), "forecast", Some(4)),
            decision(1, None, "load", None),
        ],
    }
}

fn decision(version: i64, before: Option<u32>, why: &str, forecast: Option<u32>) -> Decision {
    Decision {
        service: "order".to_owned(),
        version,
        count: forecast.unwrap_or(2),
        before,
        why: why.to_owned(),
        floor: 2,
        forecast,
        load_per_second: 120.5,
        per_instance: forecast.map(|_| 100.0),
        least: 1,
        most: 9,
        decided_at: "2026-11-27T08:00:00Z".to_owned(),
    }
}

#[tokio::test]
async fn a_service_that_was_scaled_is_shown_with_all_that_it_was_decided_by() {
    let front = Front::open().await;
    let services = vec![
        scaled(),
        ServiceScaling {
            service: "user".to_owned(),
            least: 1,
            most: 8,
            ..ServiceScaling::default()
        },
    ];
    front
        .fake
        .says("Scaling/List", &ListScalingResponse { services });

    let heard = front
        .by(Role::Admin, Method::GET, "/v1/admin/scaling")
        .hear()
        .await;

    let shown = heard.json();
    let [order, user] = &shown["data"].as_array().unwrap()[..] else {
        panic!("{heard:?}")
    };
    assert_eq!(
        *order,
        json!({
            "object": "scaling", "service": "order", "present": 3, "least": 2, "most": 8,
            "desired": {
                "count": 4, "why": "forecast", "floor": 2, "forecast": 4, "version": 7,
                "decided_at": "2026-11-27T08:00:00Z", "valid_until": "2026-11-27T08:02:10Z", "expired": false,
            },
            "load_per_second": 120.5, "per_instance": 100.0, "per_instance_from": "learned",
            "instances": [{
                "instance": "order-1", "asked_per_second": 40.5, "refused_per_second": 0.5, "latency_millis": 3.25,
                "cpu": 0.75, "memory_bytes": 50_000_000, "in_flight": 9, "limit": 64,
            }],
            "fit": {
                "cpu_request_millis": 800, "memory_request_bytes": 60_000_000, "memory_limit_bytes": 75_000_000, "steps": 288,
            },
            "decisions": [
                {
                    "version": 7, "count": 4, "before": 2, "why": "forecast", "floor": 2, "forecast": 4,
                    "load_per_second": 120.5, "per_instance": 100.0, "least": 1, "most": 9,
                    "decided_at": "2026-11-27T08:00:00Z",
                },
                {
                    "version": 1, "count": 2, "before": null, "why": "load", "floor": 2, "forecast": null,
                    "load_per_second": 120.5, "per_instance": null, "least": 1, "most": 9,
                    "decided_at": "2026-11-27T08:00:00Z",
                },
            ],
        })
    );
    // Nothing was decided on it yet.
    assert_eq!(
        [&user["desired"], &user["fit"], &user["per_instance"]],
        [&json!(null); 3]
    );
}

#[tokio::test]
async fn a_forecast_is_shown_beside_what_came() {
    let front = Front::open().await;
    let at = |at: &str, came, expected, bounds: Option<[f64; 2]>| LoadPoint {
        at: at.to_owned(),
        came,
        expected,
        lower: bounds.map(|[lower, _]| lower),
        upper: bounds.map(|[_, upper]| upper),
    };
    let forecast = LoadForecast {
        service: "order".to_owned(),
        model: "MSTL(day) + SES of the logarithm".to_owned(),
        none: String::new(),
        made_at: "2026-11-27T08:00:00Z".to_owned(),
        holds_until: "2026-11-27T08:30:00Z".to_owned(),
        history: vec![at("2026-11-27T07:55:00Z", Some(100.0), Some(97.5), None)],
        forecast: vec![at(
            "2026-11-27T08:00:00Z",
            None,
            Some(110.0),
            Some([90.0, 130.5]),
        )],
        judged_steps: 288,
        mean_error: 2.5,
        error_share: 0.025,
        standing: "good".to_owned(),
    };
    front.fake.says("Scaling/Forecast", &forecast);

    let path = "/v1/admin/scaling/order/forecast";
    let heard = front.by(Role::Admin, Method::GET, path).hear().await;

    assert_eq!(
        heard.json(),
        json!({
            "object": "forecast", "service": "order", "model": "MSTL(day) + SES of the logarithm", "none": "",
            "made_at": "2026-11-27T08:00:00Z", "holds_until": "2026-11-27T08:30:00Z",
            "history": [{"at": "2026-11-27T07:55:00Z", "came": 100.0, "expected": 97.5, "lower": null, "upper": null}],
            "forecast": [{"at": "2026-11-27T08:00:00Z", "came": null, "expected": 110.0, "lower": 90.0, "upper": 130.5}],
            "judged_steps": 288, "mean_error": 2.5, "error_share": 0.025, "standing": "good",
        })
    );
    let asked: Vec<GetForecastRequest> = front.fake.asked("Scaling/Forecast");
    assert_eq!(asked[0].service, "order");
}
