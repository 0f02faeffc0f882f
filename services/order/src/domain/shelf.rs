//! Decides orders against what is on the shelf and in the carts, one after the other. No I/O, no clock, no chance.

use std::collections::HashMap;

use time::OffsetDateTime;
use uuid::Uuid;

use super::new_order::{Item, NewOrder, Refusal};
use super::order::{Line, Moves, Order, Reason, Settled, Status};

/// What a group of orders is decided against. What one order gets, the next one no longer finds.
#[derive(Debug, Default)]
pub struct Shelf {
    /// The products that are asked for.
    pub goods: HashMap<Uuid, Good>,
    /// The carts that are ordered.
    pub carts: HashMap<Uuid, Basket>,
}

/// A product on the shelf.
#[derive(Clone, Debug)]
pub struct Good {
    /// What it is called.
    pub name: String,
    /// What one costs, in minor units.
    pub price: i64,
    /// How many are free.
    pub free: i64,
}

/// A cart that is ordered.
#[derive(Clone, Debug)]
pub struct Basket {
    /// Whose it is.
    pub customer: Uuid,
    /// Whether an order has consumed it.
    pub ordered: bool,
    /// What is in it, by product.
    pub items: Vec<Item>,
}

impl Shelf {
    /// Decides `new`: an order that is pending, or rejected for want of stock; or none at all.
    ///
    /// # Errors
    /// Why no order is written.
    pub fn decide(&mut self, new: &NewOrder, now: OffsetDateTime) -> Result<Order, Refusal> {
        let lines = self.lines(new)?;
        let cost = |line: &Line| i64::from(line.quantity) * line.unit_price;
        let total = lines.iter().map(cost).sum();
        if !new.expects(total) {
            return Err(Refusal::PriceChanged);
        }
        let status = if self.take(&lines) {
            self.consume(new.cart());
            Status::Pending
        } else {
            Status::Rejected(Reason::InsufficientStock)
        };
        Ok(order(new, lines, total, status, now))
    }

    /// What is ordered, at the names and prices of this moment.
    fn lines(&self, new: &NewOrder) -> Result<Vec<Line>, Refusal> {
        let items = match new.cart() {
            None => new.items().unwrap_or_default(),
            Some(cart) => self.cart(cart, new.customer)?,
        };
        items.iter().map(|item| self.line(*item)).collect()
    }

    fn cart(&self, cart: Uuid, customer: Uuid) -> Result<&[Item], Refusal> {
        let cart = self.carts.get(&cart);
        let cart = cart.filter(|cart| cart.customer == customer);
        let cart = cart.ok_or(Refusal::CartNotFound)?;
        if cart.ordered {
            return Err(Refusal::CartOrdered);
        }
        if cart.items.is_empty() {
            return Err(Refusal::CartEmpty);
        }
        Ok(&cart.items)
    }

    fn line(&self, item: Item) -> Result<Line, Refusal> {
        let product = item.product;
        let good = self.goods.get(&product);
        let good = good.ok_or(Refusal::ProductNotFound { product })?;
        Ok(Line {
            product,
            name: good.name.clone(),
            quantity: item.quantity,
            unit_price: good.price,
        })
    }

    /// Takes every line off the shelf, or none of them.
    fn take(&mut self, lines: &[Line]) -> bool {
        let enough = |line: &Line| {
            let good = self.goods.get(&line.product);
            good.is_some_and(|good| good.free >= i64::from(line.quantity))
        };
        if !lines.iter().all(enough) {
            return false;
        }
        for line in lines {
            if let Some(good) = self.goods.get_mut(&line.product) {
                good.free -= i64::from(line.quantity);
            }
        }
        true
    }

    fn consume(&mut self, cart: Option<Uuid>) {
        if let Some(cart) = cart.and_then(|cart| self.carts.get_mut(&cart)) {
            cart.ordered = true;
        }
    }
}

fn order(
    new: &NewOrder,
    lines: Vec<Line>,
    total: i64,
    status: Status,
    now: OffsetDateTime,
) -> Order {
    let settled = Settled {
        status,
        version: 1,
        at: now,
    };
    Order {
        id: new.id,
        customer: new.customer,
        status,
        version: 1,
        lines,
        total,
        currency: new.currency.clone(),
        address: new.address,
        cart: new.cart(),
        created_at: now,
        settled: (status != Status::Pending).then_some(settled),
        moves: Moves::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::key::Key;
    use crate::domain::new_order::{self, Expected, Items};
    use proptest::prelude::*;

    const MUG: Uuid = Uuid::from_u128(1);
    const CART: Uuid = Uuid::from_u128(2);
    const ANN: Uuid = Uuid::from_u128(3);

    fn new(basket: new_order::Basket) -> NewOrder {
        let key = Key::new(ANN, "POST /v1/orders".into(), "k".into(), vec![0; 32]).unwrap();
        NewOrder::new(Uuid::nil(), ANN, key, basket, "USD".into())
    }

    fn mugs(quantity: i32) -> NewOrder {
        let product = MUG;
        let items = Items::new(vec![Item { product, quantity }]).unwrap();
        new(new_order::Basket::Items(items))
    }

    fn shelf(free: i64) -> Shelf {
        let (name, price) = ("mug".to_owned(), 700);
        let goods = HashMap::from([(MUG, Good { name, price, free })]);
        let carts = HashMap::new();
        Shelf { goods, carts }
    }

    fn decide(shelf: &mut Shelf, new: &NewOrder) -> Result<Status, Refusal> {
        let order = shelf.decide(new, OffsetDateTime::UNIX_EPOCH)?;
        Ok(order.status)
    }

    proptest! {
        #[test]
        fn no_more_is_sold_than_there_is(free in 0_i64..200, wanted in prop::collection::vec(1_i32..20, 0..60)) {
            let mut shelf = shelf(free);
            let mut sold = 0;
            for quantity in wanted {
                if decide(&mut shelf, &mugs(quantity)) == Ok(Status::Pending) { sold += i64::from(quantity) }
            }
            prop_assert_eq!(sold + shelf.goods[&MUG].free, free);
            prop_assert!(shelf.goods[&MUG].free >= 0);
        }
    }

    #[test]
    fn what_one_order_gets_the_next_one_no_longer_finds() {
        let mut shelf = shelf(1);

        let first = decide(&mut shelf, &mugs(1));
        let second = decide(&mut shelf, &mugs(1));

        assert_eq!(first, Ok(Status::Pending));
        assert_eq!(second, Ok(Status::Rejected(Reason::InsufficientStock)));
    }

    #[test]
    fn a_cart_is_consumed_by_one_order_and_left_open_by_a_rejected_one() {
        let (customer, ordered) = (ANN, false);
        let items = vec![Item {
            product: MUG,
            quantity: 2,
        }];
        let cart = Basket {
            customer,
            ordered,
            items,
        };
        let mut shelf = shelf(1);
        shelf.carts.insert(CART, cart);
        let order = new(new_order::Basket::Cart(CART));

        let short = decide(&mut shelf, &order);
        shelf.goods.get_mut(&MUG).unwrap().free = 9;
        let enough = decide(&mut shelf, &order);
        let again = decide(&mut shelf, &order);

        assert_eq!(short, Ok(Status::Rejected(Reason::InsufficientStock)));
        assert_eq!(enough, Ok(Status::Pending));
        assert_eq!(again, Err(Refusal::CartOrdered));
    }

    #[test]
    fn a_cart_of_somebody_else_is_not_found() {
        let mut shelf = shelf(1);
        let (customer, ordered, items) = (Uuid::max(), false, Vec::new());
        let cart = Basket {
            customer,
            ordered,
            items,
        };
        shelf.carts.insert(CART, cart);

        let decided = decide(&mut shelf, &new(new_order::Basket::Cart(CART)));

        assert_eq!(decided, Err(Refusal::CartNotFound));
    }

    #[test]
    fn another_total_than_the_customer_was_shown_is_refused() {
        let mut order = mugs(2);
        let currency = "USD".to_owned();
        order.expected = Some(Expected {
            amount: 1_399,
            currency,
        });

        let decided = decide(&mut shelf(9), &order);

        assert_eq!(decided, Err(Refusal::PriceChanged));
    }

    #[test]
    fn a_product_that_is_not_for_sale_is_named() {
        let decided = decide(&mut Shelf::default(), &mugs(1));

        assert_eq!(decided, Err(Refusal::ProductNotFound { product: MUG }));
    }
}
