//! The back office at `/admin`: one file for each of its places.

mod audit;
mod backups;
mod deed;
mod faults;
mod house;
mod locks;
mod news;
mod orders;
mod people;
mod places;
mod products;
mod registry;
mod resources;
mod sagas;
mod scaling;
mod seen;
mod sheet;
mod stock;

use axum::Router;
use axum::extract::{FromRequestParts, RawQuery};
use axum::http::request::Parts;
use axum::response::Response;
use serde::de::DeserializeOwned;

use crate::api::Problem;
use crate::form::Typed;
use crate::session::Standing;
use crate::shop::seen::List;
use crate::shop::{go, query};
use crate::trouble::Trouble;
use crate::visit::Visitor;

/// How many rows a list shows at once.
const ROWS: &str = "20";
/// The same as a number.
const PAGE: usize = 20;

/// The routes of the back office.
pub(crate) fn routes() -> Router {
    Router::new()
        .merge(house::routes())
        .merge(registry::routes())
        .merge(resources::routes())
        .merge(scaling::routes())
        .merge(faults::routes())
        .merge(locks::routes())
        .merge(backups::routes())
        .merge(orders::routes())
        .merge(sagas::routes())
        .merge(products::routes())
        .merge(stock::routes())
        .merge(people::routes())
        .merge(news::routes())
        .merge(audit::routes())
}

/// A visitor whose token says that they help customers. Nothing rests on it, for the API judges every question by itself: it
/// keeps people from forms that they could not send.
struct Staff(Visitor);

/// A visitor whose token says that they are an administrator, likewise.
struct Admin(Visitor);

impl<S: Sync> FromRequestParts<S> for Staff {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Trouble> {
        let visitor = signed_in(parts).await?;
        if visitor.standing() >= Standing::Support {
            return Ok(Self(visitor));
        }
        Err(Problem::new(403, "forbidden").into())
    }
}

impl<S: Sync> FromRequestParts<S> for Admin {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Trouble> {
        let visitor = signed_in(parts).await?;
        if visitor.standing() == Standing::Admin {
            return Ok(Self(visitor));
        }
        Err(Problem::new(403, "forbidden").into())
    }
}

async fn signed_in(parts: &Parts) -> Result<Visitor, Trouble> {
    let visitor = Visitor::of(&parts.extensions)?;
    match visitor.token().await? {
        Some(_) => Ok(visitor),
        None => Err(Problem::new(401, "unauthenticated").into()),
    }
}

/// What the query of a list asks for.
struct Asked(Typed);

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Trouble> {
        let RawQuery(query) = RawQuery::from_request_parts(parts, state)
            .await
            .unwrap_or(RawQuery(None));
        Ok(Self(Typed::read(query.unwrap_or_default().as_bytes())))
    }
}

impl Asked {
    /// What is asked of `name`; empty where nothing is.
    fn get(&self, name: &str) -> &str {
        self.0.get(name)
    }

    /// The query for the API: `names` as they were asked, a page of the list and where it begins.
    fn query(&self, names: &[&'static str]) -> String {
        let asked = names.iter().map(|name| (*name, self.0.some(name)));
        let page = [("limit", Some(ROWS)), ("cursor", self.0.some("cursor"))];
        query(&asked.chain(page).collect::<Vec<_>>())
    }

    /// Cuts a list that the API answers whole, in the order of `id`, to the page that is asked for.
    fn cut<T>(&self, list: &mut List<T>, id: impl Fn(&T) -> &str) {
        let after = self.get("cursor");
        list.data.retain(|one| id(one) > after);
        if list.data.len() > PAGE {
            list.data.truncate(PAGE);
            list.next_cursor = list.data.last().map(|last| id(last).to_owned());
        }
    }

    /// Where the page after this one is, in the list at `path`.
    fn next<T>(&self, path: &str, names: &[&'static str], list: &List<T>) -> Option<String> {
        let cursor = list.next_cursor.as_deref()?;
        let asked = names.iter().map(|name| (*name, self.0.some(name)));
        let next = [("cursor", Some(cursor))];
        let next = query(&asked.chain(next).collect::<Vec<_>>());
        Some(format!("{path}?{next}"))
    }
}

/// A list of the API; an empty one and the problem, where what was asked for is none.
async fn listed<T: DeserializeOwned>(
    visitor: &Visitor,
    path: String,
) -> Result<(List<T>, Option<Problem>), Trouble> {
    match visitor.get(path).hear().await {
        Ok(list) => Ok((list, None)),
        Err(Trouble(problem)) if problem.status == 400 => Ok((List::default(), Some(*problem))),
        Err(trouble) => Err(trouble),
    }
}

/// Goes to `path`, which says that `done` was done to `what`.
fn done(path: &str, done: &str, what: &str) -> Response {
    let query = query(&[("done", Some(done)), ("what", Some(what))]);
    go(&format!("{path}?{query}"))
}

/// The end of an id: enough to tell it from its neighbours.
fn brief(id: &str) -> String {
    match id.split_once('_') {
        Some((kind, rest)) if rest.len() > 12 && rest.is_ascii() => {
            format!("{kind}_…\u{2060}{}", &rest[rest.len() - 8..])
        }
        _ => id.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_list_is_cut_to_pages_that_together_are_all_of_it() {
        let all: Vec<String> = (0..50).map(|number| format!("order-{number:02}")).collect();
        let (mut seen, mut cursor, mut pages) = (Vec::new(), Some(String::new()), 0);

        while let Some(after) = cursor {
            let asked = Asked(Typed::of([("cursor", &*after)]));
            let mut list = List {
                data: all.clone(),
                next_cursor: None,
            };
            asked.cut(&mut list, |id| id);
            seen.extend(list.data);
            (cursor, pages) = (list.next_cursor, pages + 1);
        }

        assert_eq!((seen, pages), (all, 3));
    }
}
