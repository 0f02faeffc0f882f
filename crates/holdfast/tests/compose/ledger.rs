//! What control wrote down of those that were killed.

use holdfast::compose::{Shop, until};
use holdfast::say;
use sqlx::PgPool;

/// Who says which life it is in, under a name that stays. Services are known by addresses here, which may be another's
/// afterwards; etcd and HAProxy say nothing of their lives, and the engine may have them back between two questions.
const NAMED: [&str; 1] = ["pg-"];

/// A fault: who had it, what it was, after how long it was noticed, for how long it lasted, what it followed from.
type Fault = (String, String, f64, Option<f64>, Option<String>);

/// Waits until each of the `killed` has its fault, and every fault is over; prints them.
pub(crate) async fn tells(shop: &Shop, killed: &[String]) {
    let control = shop.store("control").await.unwrap();
    let mut all = Vec::new();
    until("every fault is written down, and over", async || {
        // Whose database may be away for a moment, as anybody's.
        let Ok(faults) = faults(&control).await else {
            return false;
        };
        let told = |name: &&String| faults.iter().any(|(component, ..)| component == *name);
        let named = |name: &&String| NAMED.iter().any(|begin| name.starts_with(begin));
        let over = faults.iter().all(|(_, _, _, lasted, _)| lasted.is_some());
        let done = over && killed.iter().filter(named).all(|name| told(&name));
        all = faults;
        done
    })
    .await
    .unwrap();
    for (component, kind, noticed, lasted, cause) in all {
        let lasted = lasted.unwrap_or_default();
        let cause = cause.map_or_else(String::new, |cause| format!(", by {cause}"));
        say::line(format_args!(
            "in the ledger: {component} {kind}, noticed after {noticed:.1} s, over after {lasted:.1} s{cause}"
        ));
    }
}

async fn faults(control: &PgPool) -> sqlx::Result<Vec<Fault>> {
    sqlx::query_as(
        "select f.component, f.type, extract(epoch from f.detected_at - f.occurred_at)::float8,
                extract(epoch from f.resolved_at - f.occurred_at)::float8, c.component || ' ' || c.type
           from faults f left join faults c on c.number = f.cause order by f.number",
    )
    .fetch_all(control)
    .await
}
