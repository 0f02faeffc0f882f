//! What people say of a fault.

use axum::Router;
use axum::extract::Path;
use axum::http::Method;
use axum::response::Response;
use axum::routing::get;
use serde_json::json;

use super::PATH;
use crate::form::{Sent, Typed};
use crate::look::field::Filling;
use crate::office::deed::{Deed, path_of, refusal};
use crate::office::seen::Fault;
use crate::office::{Admin, done};
use crate::trouble::Trouble;
use crate::visit::Visitor;

/// The routes of these pages.
pub(super) fn routes() -> Router {
    Router::new().route("/admin/faults/{number}/note", get(ask_note).post(note))
}

async fn ask_note(Admin(visitor): Admin, Path(number): Path<String>) -> Result<Response, Trouble> {
    asked_note(&visitor, &number, &Filling::default()).await
}

async fn asked_note(
    visitor: &Visitor,
    number: &str,
    filling: &Filling,
) -> Result<Response, Trouble> {
    let fault: Fault = visitor
        .get(path_of("/v1/admin/faults", number))
        .hear()
        .await?;
    let o = visitor.locale().office();
    let frame = visitor.frame(o.note_this.replace("{}", &fault.number.to_string()));
    let fields = vec![filling.field(&frame, "text", "area", "off", 2000)];
    Ok(Deed::of(frame, path_of(PATH, number), o.add_note)
        .says(o.note_says)
        .fields(fields)
        .refused(filling, None)
        .shown(visitor))
}

async fn note(
    visitor: Visitor,
    Path(number): Path<String>,
    Sent(typed): Sent,
) -> Result<Response, Trouble> {
    let path = format!("{}/notes", path_of("/v1/admin/faults", &number));
    let body = json!({ "text": text(&typed) });
    match visitor.ask(Method::POST, path).json(&body).done().await {
        Ok(()) => Ok(done(
            &path_of(PATH, &number),
            "noted",
            &format!("fault_{number}"),
        )),
        Err(trouble) => {
            let filling = Filling::refused(typed, refusal(trouble)?);
            asked_note(&visitor, &number, &filling).await
        }
    }
}

/// What was typed, with ends of lines as everybody but forms has them.
fn text(typed: &Typed) -> String {
    typed.get("text").replace("\r\n", "\n")
}
