//! `/v1/admin`: what support and administrators see and do.

mod audit;
mod backups;
mod faults;
mod locks;
mod news;
mod orders;
mod products;
mod registry;
mod resources;
mod sagas;
mod scaling;
mod stock;
mod users;

use utoipa_axum::router::OpenApiRouter;

use crate::state::Edge;

/// The routes of this module.
pub(crate) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new()
        .merge(audit::routes())
        .merge(backups::routes())
        .merge(faults::routes())
        .merge(locks::routes())
        .merge(news::routes())
        .merge(orders::routes())
        .merge(products::routes())
        .merge(registry::routes())
        .merge(resources::routes())
        .merge(sagas::routes())
        .merge(scaling::routes())
        .merge(stock::routes())
        .merge(users::routes())
}
