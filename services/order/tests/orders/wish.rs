//! What somebody wants to order, as the gateway sends it.

use api::common::{Idempotency, Money};
use api::id::{ACCOUNT, CART, PRODUCT};
use api::order::{PlaceItem, PlaceRequest};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// Who orders what, with which key.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub(crate) customer: Uuid,
    pub(crate) key: String,
    pub(crate) route: String,
    pub(crate) request: PlaceRequest,
}

impl Wish {
    /// So many of these, by a customer and with a key that are new.
    pub(crate) fn of(items: &[(Uuid, i32)]) -> Self {
        let item = |&(product, quantity): &(Uuid, i32)| PlaceItem {
            product_id: PRODUCT.write(product),
            quantity,
        };
        Self::new(PlaceRequest {
            items: items.iter().map(item).collect(),
            ..PlaceRequest::default()
        })
    }

    /// What is in this cart.
    pub(crate) fn cart(customer: Uuid, cart: Uuid) -> Self {
        let cart_id = CART.write(cart);
        let wish = Self::new(PlaceRequest {
            cart_id,
            ..PlaceRequest::default()
        });
        wish.by(customer)
    }

    fn new(request: PlaceRequest) -> Self {
        let wish = Self {
            customer: Uuid::now_v7(),
            key: Uuid::now_v7().to_string(),
            route: "POST /v1/orders".to_owned(),
            request,
        };
        wish.signed()
    }

    pub(crate) fn by(mut self, customer: Uuid) -> Self {
        self.customer = customer;
        self.signed()
    }

    pub(crate) fn key(mut self, key: &str) -> Self {
        key.clone_into(&mut self.key);
        self.signed()
    }

    pub(crate) fn route(mut self, route: &str) -> Self {
        route.clone_into(&mut self.route);
        self.signed()
    }

    pub(crate) fn expecting(mut self, amount: i64) -> Self {
        let currency = "USD".to_owned();
        self.request.expected_total = Some(Money { amount, currency });
        self.signed()
    }

    pub(crate) fn account(&self) -> String {
        ACCOUNT.write(self.customer)
    }

    /// With whose key it is, and the hash of what is asked for.
    fn signed(mut self) -> Self {
        self.request.customer_id = ACCOUNT.write(self.customer);
        let asked = (
            &self.request.items,
            &self.request.cart_id,
            &self.request.expected_total,
        );
        let body = format!("{asked:?}");
        let idempotency = idempotency(self.customer, &self.route, &self.key, &body);
        self.request.idempotency = Some(idempotency);
        self
    }
}

pub(crate) fn idempotency(account: Uuid, route: &str, key: &str, body: &str) -> Idempotency {
    Idempotency {
        account_id: ACCOUNT.write(account),
        route: route.to_owned(),
        key: key.to_owned(),
        request_hash: Sha256::digest(body).to_vec(),
    }
}
