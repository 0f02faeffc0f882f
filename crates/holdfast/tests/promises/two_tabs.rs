//! Two tabs of one browser, whose session two gateways carry on in the same moment.

use reqwest::{Method, StatusCode};

use crate::open::{Shop, Wanted};
use crate::people::Person;
use crate::visitor::Visitor;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_tabs_that_two_gateways_carry_on_at_once_both_stay_signed_in() {
    let wanted = Wanted {
        count: 2,
        own_pair: false,
        settings: &[],
    };
    let shop = Shop::wanted(wanted).await;
    let ann = Person::join(&shop, "customer").await;
    let mut one = Visitor::of(&shop, &ann).await;
    for _ in 0..5 {
        // As if it had ended.
        one.forget("access");
        let mut other = one.clone();
        (one.shop, other.shop) = (shop.gateway(0), shop.gateway(1));

        let (mine, theirs) = tokio::join!(
            one.ask(Method::GET, "/account", &[]),
            other.ask(Method::GET, "/account", &[]),
        );

        let statuses = [mine.status(), theirs.status()];
        assert_eq!(statuses, [StatusCode::OK; 2]);
        let before = one.cookies.clone();
        // A browser keeps what came last.
        one.keep(&theirs);
        assert_ne!(one.cookies, before);
    }
    shop.close().await;
}
