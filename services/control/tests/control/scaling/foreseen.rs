//! What is expected, by what came in the days before, and what would fit an instance.

use api::control::{GetForecastRequest, LoadForecast};
use control::domain::history::{DAY, step_of};
use time::OffsetDateTime;
use tonic::Code;

use super::crowd::{Crowd, Rate, allowed};
use crate::house::until;
use crate::shop::{Control, Shop, refusal, start_with};

/// Three days up to now, each with its noon; the last one was foreseen, a tenth too high.
const DAYS: &str = "
    insert into scaling_load (service, step, total, samples, cpu, memory, foreseen)
    select 'order', $1 - back, 2 * load, 2, 0.2, 104857600, case when back <= 288 then load * 1.1 end
    from generate_series(1, 864) back, lateral (select 100 - 80 * cos(2 * pi() * ($1 - back) / 288) as load) day";

async fn forecast(control: &Control, service: &str) -> Result<LoadForecast, tonic::Status> {
    let service = service.to_owned();
    let mut scaling = control.scaling.clone();
    let found = scaling.forecast(GetForecastRequest { service });
    Ok(found.await?.into_inner())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_each_day_is_expected_and_shown_with_its_error() {
    let shop = Shop::open_with(async |database| {
        let step = step_of(OffsetDateTime::now_utc());
        let days = sqlx::query(DAYS).bind(step);
        days.execute(database.pool()).await.unwrap();
        start_with(database, &[]).await
    })
    .await;
    let control = &shop.control;
    control
        .allow("order", 1, allowed(Some(1_000), 1, 8))
        .await
        .unwrap();
    let rate = Rate {
        answers: 5,
        refuses: 0,
    };
    let _crowd = Crowd::gather(&[control], 1, rate);

    until("a forecast is there", async || {
        !forecast(control, "order")
            .await
            .unwrap()
            .forecast
            .is_empty()
    })
    .await;

    let told = forecast(control, "order").await.unwrap();
    assert_eq!(told.model, "MSTL(day) + SES of the logarithm");
    assert!(told.holds_until > told.made_at && told.none.is_empty());
    assert_eq!(told.forecast.len(), 12);
    for point in &told.forecast {
        let bounds = point.lower.unwrap()..=point.upper.unwrap();
        assert!(bounds.contains(&point.expected.unwrap()), "{point:?}");
    }
    assert!(told.history.len() >= DAY, "{}", told.history.len());
    assert!(
        (280..=288).contains(&told.judged_steps),
        "{}",
        told.judged_steps
    );
    assert!(
        (told.error_share - 0.1).abs() < 0.01,
        "{}",
        told.error_share
    );
    assert_eq!(&*told.standing, "good");
    let fit = control.scaled().await.fit.unwrap();
    assert_eq!(
        (fit.cpu_request_millis, fit.memory_request_bytes),
        (200, 120 << 20)
    );
    let refused = forecast(control, "orders").await;
    assert_eq!(refusal(refused), (Code::NotFound, "NOT_FOUND".to_owned()));
}
