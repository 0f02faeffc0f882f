//! Adding a product, and changing one: looked over before it is done.

use axum::Router;
use axum::extract::Path;
use axum::http::Method;
use axum::response::Response;
use axum::routing::get;

use super::form::{self, Wanted};
use super::{PATH, changed, found};
use crate::api::Problem;
use crate::form::{Sent, Typed};
use crate::look::field::Filling;
use crate::office::deed::{Deed, Stale, path_of, refusal};
use crate::office::{Admin, done};
use crate::shop::seen::Product;
use crate::trouble::Trouble;
use crate::visit::Visitor;

/// The routes of these pages.
pub(super) fn routes() -> Router {
    Router::new()
        .route("/admin/products/new", get(blank).post(create))
        .route("/admin/products/{id}/change", get(ask).post(change))
}

async fn blank(Admin(visitor): Admin) -> Response {
    asked_new(&visitor, &Filling::of(Typed::of([("currency", "USD")])))
}

fn asked_new(visitor: &Visitor, filling: &Filling) -> Response {
    let o = visitor.locale().office();
    let frame = visitor.frame(o.add_product);
    let fields = form::fields(filling, &frame);
    Deed::of(frame, PATH, o.add_product)
        .says(o.product_new_says)
        .fields(fields)
        .with("currency", filling.value("currency"))
        .refused(filling, None)
        .shown(visitor)
}

async fn create(visitor: Visitor, Sent(typed): Sent) -> Result<Response, Trouble> {
    let made = async {
        let body = Wanted::read(&typed)?.body();
        let asking = visitor.ask(Method::POST, "/v1/admin/products");
        asking.json(&body).hear::<Product>().await
    };
    match made.await {
        Ok(made) => Ok(done(&path_of(PATH, &made.id), "product_added", &made.id)),
        Err(trouble) => {
            let filling = Filling::refused(typed, refusal(trouble)?);
            Ok(asked_new(&visitor, &filling))
        }
    }
}

async fn ask(Admin(visitor): Admin, Path(id): Path<String>) -> Result<Response, Trouble> {
    asked(&visitor, &id, None).await
}

/// Draws the form, with what there is or with what was typed.
async fn asked(visitor: &Visitor, id: &str, kept: Option<Filling>) -> Result<Response, Trouble> {
    let one = found(visitor, id).await?;
    let filling = kept.unwrap_or_else(|| Filling::of(form::typed_of(&one)));
    let o = visitor.locale().office();
    let frame = visitor.frame(o.change_this.replace("{}", &one.name));
    let now = Wanted::of(&one).said(&frame);
    let stale = Stale::of(visitor, &filling, "order", &one.id, now).await;
    let fields = form::fields(&filling, &frame);
    Ok(Deed::of(frame, path_of(PATH, id), o.look_over)
        .says(o.product_says)
        .fields(fields)
        .with("currency", &one.price.currency)
        .with("version", one.version)
        .refused(&filling, stale)
        .shown(visitor))
}

async fn change(
    visitor: Visitor,
    Path(id): Path<String>,
    Sent(typed): Sent,
) -> Result<Response, Trouble> {
    if typed.get("step") == "edit" {
        return asked(&visitor, &id, Some(Filling::of(typed))).await;
    }
    let one = found(&visitor, &id).await?;
    let wanted = match Wanted::read(&typed) {
        Ok(wanted) => wanted,
        Err(Trouble(problem)) => {
            return asked(&visitor, &id, Some(Filling::refused(typed, *problem))).await;
        }
    };
    let version = typed.number("version").unwrap_or(0);
    if typed.get("step") != "do" && version == one.version {
        return looked_over(&visitor, &one, typed, &wanted).await;
    }
    match changed(&visitor, &id, version, &wanted.body()).await {
        Ok(()) => Ok(done(&path_of(PATH, &id), "product", &id)),
        Err(trouble) => {
            let filling = Filling::refused(typed, refusal(trouble)?);
            asked(&visitor, &id, Some(filling)).await
        }
    }
}

/// Says once more what was typed, as what it changes.
async fn looked_over(
    visitor: &Visitor,
    one: &Product,
    typed: Typed,
    wanted: &Wanted,
) -> Result<Response, Trouble> {
    let o = visitor.locale().office();
    let frame = visitor.frame(o.change_this.replace("{}", &one.name));
    let changes = wanted.changes(&Wanted::of(one), &frame);
    if changes.is_empty() {
        let same = Problem::new(400, "nothing_changed");
        return asked(visitor, &one.id, Some(Filling::refused(typed, same))).await;
    }
    let deed = Deed::of(frame, path_of(PATH, &one.id), o.make_change).says(o.product_sure);
    Ok(deed.looked_over(&typed, changes).shown(visitor))
}
