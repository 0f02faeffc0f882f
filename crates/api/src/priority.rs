//! Which calls come first when an instance cannot take all of them.

/// What a request is for, as far as it matters when there is not room for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Priority {
    /// Somebody is buying, paying, or getting in to do so.
    Checkout,
    /// Anything else, and all that nobody has thought of.
    Browsing,
}

/// The calls that come before browsing. What is begun is brought to its end first, so all that a saga asks is among them.
const CHECKOUT: &[&str] = &[
    "/holdfast.order.v1.Carts/CreateCart",
    "/holdfast.order.v1.Carts/GetCart",
    "/holdfast.order.v1.Carts/SetCartItem",
    "/holdfast.order.v1.Orders/Cancel",
    "/holdfast.order.v1.Orders/Place",
    "/holdfast.order.v1.Orders/Refund",
    "/holdfast.user.v1.Auth/GetKeys",
    "/holdfast.user.v1.Auth/ListRevocations",
    "/holdfast.user.v1.Auth/Login",
    "/holdfast.user.v1.Auth/Refresh",
    "/holdfast.user.v1.Wallet/Charge",
    "/holdfast.user.v1.Wallet/Refund",
    "/holdfast.user.v1.Wallet/TopUp",
];

impl Priority {
    /// The priority of the call at `path`, such as `/holdfast.order.v1.Orders/Place`.
    pub fn of(path: &str) -> Self {
        if CHECKOUT.contains(&path) {
            Self::Checkout
        } else {
            Self::Browsing
        }
    }

    /// Its name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Checkout => "checkout",
            Self::Browsing => "browsing",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_that_comes_first_is_in_the_contract() {
        let contract = include_str!("../contract.txt");
        for path in CHECKOUT {
            let (service, method) = path[1..].split_once('/').unwrap();
            let found = contract
                .lines()
                .any(|line| line.starts_with(&format!("{service}.{method}: ")));

            assert!(found, "{path} is no call of the contract");
        }
    }

    #[test]
    fn what_nobody_has_thought_of_is_browsing() {
        assert_eq!(
            Priority::of("/holdfast.order.v1.Orders/Place"),
            Priority::Checkout
        );
        for path in [
            "/holdfast.order.v1.Catalog/GetProduct",
            "/holdfast.news.v1.News/ListArticles",
            "/made.up.v9.Thing/Do",
            "",
        ] {
            assert_eq!(Priority::of(path), Priority::Browsing, "{path}");
        }
    }
}
