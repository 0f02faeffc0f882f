//! The wire of products.

use std::sync::Arc;

use api::cursor::Page;
use api::order as wire;
use api::{id, time};
use tonic::{Request, Response, Status};

use super::{read_amount, read_id, write_money};
use crate::domain::listing::{Place, Sort, Wanted};
use crate::domain::product::{Category, Facts, Product};
use crate::error::Error;
use crate::{Tools, browse, shelve};

/// Answers `holdfast.order.v1.Catalog`.
pub(super) fn service(tools: &Arc<Tools>) -> wire::catalog_server::CatalogServer<Catalog> {
    let tools = tools.clone();
    wire::catalog_server::CatalogServer::new(Catalog { tools })
}

pub(super) struct Catalog {
    tools: Arc<Tools>,
}

#[tonic::async_trait]
impl wire::catalog_server::Catalog for Catalog {
    async fn list_products(
        &self,
        request: Request<wire::ListProductsRequest>,
    ) -> Result<Response<wire::ListProductsResponse>, Status> {
        let request = request.into_inner();
        let wanted = read_wanted(&request)?;
        let page = Page::<Place>::read(format!("products {wanted:?}"), request.page)?;
        let after = page.after().cloned();
        let found = browse::list(&self.tools, wanted, after, page.rows()).await?;
        let (found, next_cursor) = page.cut(found, |listed| listed.place.clone());
        let products = found.into_iter();
        let products = products.map(|listed| self.write(listed.product)).collect();
        Ok(Response::new(wire::ListProductsResponse {
            products,
            next_cursor,
        }))
    }

    async fn get_product(
        &self,
        request: Request<wire::GetProductRequest>,
    ) -> Result<Response<wire::Product>, Status> {
        let id = read_id(id::PRODUCT, "id", &request.into_inner().id)?;
        let found = browse::product(&self.tools, id).await?;
        Ok(Response::new(self.write(found)))
    }

    async fn list_categories(
        &self,
        _: Request<wire::ListCategoriesRequest>,
    ) -> Result<Response<wire::ListCategoriesResponse>, Status> {
        let found = browse::categories(&self.tools).await?;
        let categories = found.into_iter().map(write_category).collect();
        Ok(Response::new(wire::ListCategoriesResponse { categories }))
    }

    async fn create_product(
        &self,
        request: Request<wire::CreateProductRequest>,
    ) -> Result<Response<wire::Product>, Status> {
        let request = request.into_inner();
        let actor = read_id(id::ACCOUNT, "actor_id", &request.actor_id)?;
        let facts = self.read_new(request)?;
        let added = shelve::create(&self.tools, actor, facts).await?;
        Ok(Response::new(self.write(added)))
    }

    async fn update_product(
        &self,
        request: Request<wire::UpdateProductRequest>,
    ) -> Result<Response<wire::Product>, Status> {
        let request = request.into_inner();
        let (actor, id) = (
            read_id(id::ACCOUNT, "actor_id", &request.actor_id)?,
            read_id(id::PRODUCT, "id", &request.id)?,
        );
        let version = request.version;
        let facts = self.read_change(request)?;
        let changed = shelve::update(&self.tools, actor, id, version, facts).await?;
        Ok(Response::new(self.write(changed)))
    }
}

impl Catalog {
    fn read_new(&self, request: wire::CreateProductRequest) -> Result<Facts, Error> {
        let mut facts = Facts::new()
            .sku(request.sku)?
            .name(&request.name)?
            .description(request.description)?
            .category(&request.category)?;
        if let Some(price) = request.price {
            facts = facts.price(read_amount(&self.tools.currency, "price", &price)?)?;
        }
        Ok(facts)
    }

    fn read_change(&self, request: wire::UpdateProductRequest) -> Result<Facts, Error> {
        let mut facts = Facts::new();
        if let Some(sku) = request.sku {
            facts = facts.sku(sku)?;
        }
        if let Some(name) = request.name {
            facts = facts.name(&name)?;
        }
        if let Some(description) = request.description {
            facts = facts.description(description)?;
        }
        if let Some(category) = request.category {
            facts = facts.category(&category)?;
        }
        if let Some(price) = request.price {
            facts = facts.price(read_amount(&self.tools.currency, "price", &price)?)?;
        }
        if let Some(active) = request.active {
            facts = facts.active(active);
        }
        Ok(facts)
    }

    fn write(&self, product: Product) -> wire::Product {
        wire::Product {
            id: id::PRODUCT.write(product.id),
            sku: product.sku,
            name: product.name,
            description: product.description,
            category: product.category,
            price: Some(write_money(&self.tools.currency, product.price)),
            active: product.active,
            version: product.version,
            created_at: time::write(product.created_at),
            updated_at: time::write(product.updated_at),
            available: product.available,
        }
    }
}

fn read_wanted(request: &wire::ListProductsRequest) -> Result<Wanted, Status> {
    let sort = match request.sort() {
        wire::ProductSort::Unspecified => None,
        wire::ProductSort::Newest => Some(Sort::Newest),
        wire::ProductSort::Name => Some(Sort::Name),
        wire::ProductSort::PriceAsc => Some(Sort::Cheapest),
        wire::ProductSort::PriceDesc => Some(Sort::Dearest),
    };
    let wanted = Wanted::new(
        &request.query,
        &request.category,
        request.include_inactive,
        sort,
    );
    Ok(wanted.map_err(Error::from)?)
}

fn write_category(category: Category) -> wire::Category {
    wire::Category {
        name: category.name,
        products: category.products,
    }
}
