//! `/admin/audit`: who did what; also the last acts on one thing, which its own page shows.

use std::collections::HashMap;

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use futures::future::join_all;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::seen::Person;
use super::sheet::{Cell, Filter, Sheet, Table};
use super::{Admin, Asked, brief, listed};
use crate::look::Frame;
use crate::shop::seen::List;
use crate::shop::{query, segment};
use crate::trouble::Trouble;
use crate::visit::Visitor;

const PATH: &str = "/admin/audit";
const BY: [&str; 3] = ["service", "subject_id", "actor_id"];
/// Of how many accounts a page says the names; of others it says the ids.
const NAMES: usize = 8;
/// What changes with every act, and says nothing.
const ALWAYS: [&str; 2] = ["version", "updated_at"];

/// The routes of this page.
pub(super) fn routes() -> Router {
    Router::new().route(PATH, get(list))
}

/// One act of an administrator.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Act {
    service: String,
    actor_id: String,
    action: String,
    subject_id: String,
    before: Value,
    after: Value,
    pub(super) acted_at: String,
    /// Of the account, where it could be read.
    #[serde(skip)]
    name: Option<String>,
}

async fn list(Admin(visitor): Admin, asked: Asked) -> Result<Response, Trouble> {
    let path = format!("/v1/admin/audit?{}", asked.query(&BY));
    let (mut list, problem) = listed::<Act>(&visitor, path).await?;
    name(&visitor, &mut list.data).await;
    let frame = visitor.frame(visitor.locale().office().audit);
    let o = frame.o;
    let services = ["control", "news", "order", "user"].map(|name| (name, name));
    let services = [("", o.all)].into_iter().chain(services).collect();
    let rows = list.data.iter().map(|act| act.row(&frame, true)).collect();
    let columns = vec![
        o.when,
        o.who,
        o.what,
        o.to_what,
        o.where_done,
        o.how_changed,
    ];
    let table = Table::of(columns, rows, o.no_acts).more(asked.next(PATH, &BY, &list));
    let sheet = Sheet::of(frame)
        .lead(o.audit_lead)
        .problem(problem)
        .filters(vec![
            Filter::choice("service", o.service, asked.get("service"), services),
            Filter::text("subject_id", o.to_what, asked.get("subject_id")),
            Filter::text("actor_id", o.who, asked.get("actor_id")),
        ]);
    Ok(sheet.table(table).shown(&visitor))
}

/// What was done last to `subject`; none, for whom it is not shown to, or while it cannot be read.
pub(super) async fn history(
    visitor: &Visitor,
    frame: &Frame,
    service: &str,
    subject: &str,
) -> Option<Table> {
    if !frame.is_admin() {
        return None;
    }
    let mut acts = acts(visitor, service, subject, "5").await?;
    name(visitor, &mut acts).await;
    let o = frame.o;
    let rows = acts.iter().map(|act| act.row(frame, false)).collect();
    let columns = vec![o.when, o.who, o.what, o.how_changed];
    let more = query(&[("subject_id", Some(subject))]);
    let more = Some(format!("{PATH}?{more}")).filter(|_| acts.len() == 5);
    let table = Table::of(columns, rows, o.no_acts).under(o.history);
    Some(table.more(more))
}

/// Who changed `subject` last.
pub(super) async fn last(visitor: &Visitor, service: &str, subject: &str) -> Option<Act> {
    let mut acts = acts(visitor, service, subject, "1").await?;
    name(visitor, &mut acts).await;
    acts.pop()
}

async fn acts(visitor: &Visitor, service: &str, subject: &str, limit: &str) -> Option<Vec<Act>> {
    let asked = query(&[
        ("service", Some(service)),
        ("subject_id", Some(subject)),
        ("limit", Some(limit)),
    ]);
    let list = visitor.get(format!("/v1/admin/audit?{asked}"));
    let list: List<Act> = list.hear().await.ok()?;
    Some(list.data)
}

/// Finds the names of those who acted.
async fn name(visitor: &Visitor, acts: &mut [Act]) {
    let mut ids: Vec<String> = acts.iter().map(|act| act.actor_id.clone()).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.truncate(NAMES);
    let found = ids.into_iter().map(async |id| {
        let account = visitor.get(format!("/v1/admin/users/{}", segment(&id)));
        let account: Person = account.hear().await.ok()?;
        Some((id, account.name))
    });
    let names: HashMap<String, String> = join_all(found).await.into_iter().flatten().collect();
    for act in acts {
        act.name = names.get(&act.actor_id).cloned();
    }
}

impl Act {
    /// Who did it.
    pub(super) fn who(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.actor_id)
    }

    /// What became of it: each value that is another one now.
    pub(super) fn changed(&self) -> String {
        let empty = Map::new();
        let before = self.before.as_object().unwrap_or(&empty);
        let after = self.after.as_object().unwrap_or(&empty);
        let names = before
            .keys()
            .chain(after.keys().filter(|name| !before.contains_key(*name)));
        let changes = names.filter_map(|name| {
            let (was, is) = (before.get(name), after.get(name));
            if was == is || ALWAYS.contains(&&**name) {
                return None;
            }
            Some(match (was, is) {
                (None, Some(is)) => format!("{name}: {}", short(is)),
                (was, is) => format!("{name}: {} → {}", said(was), said(is)),
            })
        });
        changes.collect::<Vec<_>>().join(", ")
    }

    fn row(&self, frame: &Frame, whole: bool) -> Vec<Cell> {
        let who = Cell::link(format!("/admin/users/{}", self.actor_id), self.who());
        let mut row = vec![
            Cell::moment(frame, &self.acted_at),
            who,
            Cell::plain(frame.o.word(&self.action)),
        ];
        if whole {
            row.push(self.subject());
            row.push(Cell::plain(&self.service));
        }
        row.push(Cell::plain(self.changed()));
        row
    }

    /// The way to what it was done to.
    fn subject(&self) -> Cell {
        let id = &self.subject_id;
        let kind = self.action.split('.').next().unwrap_or_default();
        let list = match kind {
            "account" => "users",
            "article" => "news",
            "fault" => "faults",
            "instance" => "registry",
            "lock" => "locks",
            "order" => "orders",
            "product" | "stock" => "products",
            "resource" => "resources",
            "saga" => "sagas",
            _ => return Cell::code(id),
        };
        let name = id.strip_prefix("fault_").unwrap_or(id);
        Cell::link(format!("/admin/{list}/{}", segment(name)), brief(id))
    }
}

fn said(value: Option<&Value>) -> String {
    value.map_or_else(|| "–".to_owned(), short)
}

/// A value, as far as it fits into a line.
fn short(value: &Value) -> String {
    let text = match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn act(before: &Value, after: &Value) -> Act {
        let act = json!({"service": "control", "actor_id": "usr_1", "action": "instance.adjust",
            "subject_id": "order-1", "before": before, "after": after, "acted_at": ""});
        serde_json::from_value(act).unwrap()
    }

    #[test]
    fn an_act_is_told_by_what_is_another_value_afterwards() {
        let before = json!({"drained": false, "weight": 100, "version": 1});
        let after = json!({"drained": true, "weight": 100, "version": 2});

        assert_eq!(act(&before, &after).changed(), "drained: false → true");
        assert_eq!(
            act(&Value::Null, &after).changed(),
            "drained: true, weight: 100"
        );
        assert_eq!(act(&after, &after).changed(), "");
    }

    #[test]
    fn a_long_text_is_cut_between_two_characters() {
        let long = json!({"body": "\u{4e2d}".repeat(100)});

        assert!(act(&Value::Null, &long).changed().ends_with('…'));
    }
}
