//! What may be done with an order, each asked about first.

use axum::Router;
use axum::extract::Path;
use axum::http::Method;
use axum::response::Response;
use axum::routing::get;
use serde_json::json;

use super::{PATH, found};
use crate::api::Problem;
use crate::form::{Sent, Typed};
use crate::look::field::Filling;
use crate::look::{Money, words::Office};
use crate::office::deed::{Deed, path_of, refusal};
use crate::office::{Staff, brief, done};
use crate::shop::{key_for, new_key};
use crate::trouble::Trouble;
use crate::visit::Visitor;

/// The routes of these pages.
pub(super) fn routes() -> Router {
    Router::new()
        .route("/admin/orders/{id}/{step}", get(ask).post(take))
        .route("/admin/orders/{id}/refund", get(ask_refund).post(refund))
}

/// One step of an order on its way, or off it.
#[derive(Clone, Copy)]
enum Step {
    Ship,
    Deliver,
    Cancel,
}

impl Step {
    fn read(word: &str) -> Result<Self, Trouble> {
        match word {
            "ship" => Ok(Self::Ship),
            "deliver" => Ok(Self::Deliver),
            "cancel" => Ok(Self::Cancel),
            _ => Err(Problem::new(404, "not_found").into()),
        }
    }

    /// Its last part at the API, and the word for that it was done.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Ship => ("ship", "shipped"),
            Self::Deliver => ("deliver", "delivered"),
            Self::Cancel => ("cancel", "order_cancelled"),
        }
    }

    /// Its title, what it does, its button.
    fn said(self, o: &Office) -> [&'static str; 3] {
        match self {
            Self::Ship => [o.ship_this, o.ship_says, o.ship],
            Self::Deliver => [o.deliver_this, o.deliver_says, o.deliver],
            Self::Cancel => [o.cancel_this, o.cancel_says, o.cancel],
        }
    }
}

async fn ask(
    Staff(visitor): Staff,
    Path((id, step)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    asked(&visitor, &id, Step::read(&step)?, &Filling::default()).await
}

async fn asked(
    visitor: &Visitor,
    id: &str,
    step: Step,
    filling: &Filling,
) -> Result<Response, Trouble> {
    let order = found(visitor, id).await?;
    let [title, says, button] = step.said(visitor.locale().office());
    let frame = visitor.frame(title.replace("{}", &brief(&order.id)));
    let says = says.replace("{}", &frame.money(&order.total));
    let key = key_for(&filling.typed, filling.problem.as_ref());
    let deed = Deed::of(frame, path_of(PATH, id), button)
        .says(says)
        .with("key", key)
        .refused(filling, None);
    let deed = if matches!(step, Step::Cancel) {
        deed.risky()
    } else {
        deed
    };
    Ok(deed.shown(visitor))
}

async fn take(
    visitor: Visitor,
    Path((id, step)): Path<(String, String)>,
    Sent(typed): Sent,
) -> Result<Response, Trouble> {
    let step = Step::read(&step)?;
    let (part, did) = step.words();
    let mut asking = visitor.ask(
        Method::POST,
        format!("{}/{part}", path_of("/v1/orders", &id)),
    );
    if matches!(step, Step::Cancel) {
        asking = asking.key(&typed.some("key").map_or_else(new_key, str::to_owned));
    }
    match asking.done().await {
        Ok(()) => Ok(done(&path_of(PATH, &id), did, &id)),
        Err(trouble) => {
            let filling = Filling::refused(typed, refusal(trouble)?);
            asked(&visitor, &id, step, &filling).await
        }
    }
}

async fn ask_refund(Staff(visitor): Staff, Path(id): Path<String>) -> Result<Response, Trouble> {
    asked_refund(&visitor, &id, &Filling::default()).await
}

async fn asked_refund(visitor: &Visitor, id: &str, filling: &Filling) -> Result<Response, Trouble> {
    let order = found(visitor, id).await?;
    let o = visitor.locale().office();
    let frame = visitor.frame(o.refund_this.replace("{}", &brief(&order.id)));
    let says = o.refund_says.replace("{}", &frame.money(&order.total));
    let fields = vec![filling.plain(&frame, "amount", "text", "off", 20)];
    Ok(Deed::of(frame, path_of(PATH, id), o.refund)
        .says(says)
        .fields(fields)
        .with("currency", &order.total.currency)
        .with("key", key_for(&filling.typed, filling.problem.as_ref()))
        .risky()
        .refused(filling, None)
        .shown(visitor))
}

async fn refund(
    visitor: Visitor,
    Path(id): Path<String>,
    Sent(typed): Sent,
) -> Result<Response, Trouble> {
    match given_back(&visitor, &id, &typed).await {
        Ok(()) => Ok(done(&path_of(PATH, &id), "refunded", &id)),
        Err(trouble) => {
            let filling = Filling::refused(typed, refusal(trouble)?);
            asked_refund(&visitor, &id, &filling).await
        }
    }
}

async fn given_back(visitor: &Visitor, id: &str, typed: &Typed) -> Result<(), Trouble> {
    let amount = Money::read(typed.get("amount"), typed.get("currency"));
    let amount = amount.ok_or_else(|| Problem::new(400, "invalid").at("amount"))?;
    let key = typed.some("key").map_or_else(new_key, str::to_owned);
    let path = format!("{}/refunds", path_of("/v1/orders", id));
    let asking = visitor.ask(Method::POST, path).key(&key);
    asking.json(&json!({ "amount": amount })).done().await
}
