//! The answer to a registration or a sign-in is lost on the way: what the customer hears, and what was done.

use std::time::Duration;

use drill::{Answer, Customer};
use holdfast::house::{Kind, Place};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::query_scalar;
use testkit::{Fate, Wire};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::open::{SETTLED, Shop};
use crate::people::{PASSWORD, Person};

/// How often the wire is cut.
const CUTS: u64 = 25;

/// A shop whose gateway reaches the user service by this wire.
async fn shop() -> (Shop, Wire) {
    let settings = &[("RATE_SIGN_IN", "1000000/1m")];
    let shop = Shop::empty(false, settings, Place::Here).await;
    for kind in [Kind::User, Kind::News, Kind::Order] {
        shop.house.add(kind, &[]).await.unwrap();
    }
    let wire = Wire::to(shop.seat(Kind::User, 0).addr()).await;
    let user = wire.addr().to_string();
    let front = [("USER_ADDRS", &*user)];
    shop.house.add(Kind::Gateway, &front).await.unwrap();
    shop.house.ready().await.unwrap();
    (shop, wire)
}

/// Cuts the connection over which `word` is sent, once: in every other round while it is worked on, else while the answer
/// is on its way.
fn cut_once(wire: &Wire, word: String, round: u64) {
    let (mut cut, mut later) = (false, Duration::from_millis(round * 4));
    if round % 2 == 1 {
        wire.delay(Duration::from_millis(400));
        later = Duration::from_millis(300);
    }
    wire.on_sent(move |bytes| {
        let found = bytes
            .windows(word.len())
            .any(|part| part == word.as_bytes());
        if found && !std::mem::replace(&mut cut, true) {
            return Fate::PassThenCut(later);
        }
        Fate::Pass
    });
}

async fn post(customer: &mut Customer, path: &str, body: &Value) -> Answer {
    let sent = customer.send(Method::POST, path, None, Some(body.clone()));
    sent.await.unwrap()
}

/// Sends until it is known what came of it.
async fn until_known(customer: &mut Customer, path: &str, body: &Value) -> Answer {
    let end = Instant::now() + SETTLED;
    loop {
        let answer = post(customer, path, body).await;
        if ![503, 504].contains(&answer.status.as_u16()) {
            return answer;
        }
        assert!(Instant::now() < end, "{path}: {}", answer.text);
        sleep(Duration::from_millis(20)).await;
    }
}

/// Checks that a lost answer is said to be unknown, and answers whether it was lost.
fn lost(answer: &Answer) -> bool {
    if answer.status.is_success() {
        return false;
    }
    let said = (answer.status, answer.code());
    let unknown = (StatusCode::GATEWAY_TIMEOUT, "outcome_unknown");
    assert_eq!(said, unknown, "{}", answer.text);
    true
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration_whose_answer_is_lost_is_unknown_and_registers_nobody_twice() {
    let (shop, wire) = shop().await;
    let (mut unknown, mut done) = (0, 0);
    for round in 0..CUTS {
        let mut customer = Customer::of(shop.gateway(0));
        let email = format!("{}@example.com", Uuid::now_v7().simple());
        let account = json!({"email": email, "password": PASSWORD, "name": "Ann"});
        cut_once(&wire, email.clone(), round);

        let first = post(&mut customer, "/v1/auth/register", &account).await;
        wire.heal();
        let again = until_known(&mut customer, "/v1/auth/register", &account).await;

        let was_lost = lost(&first);
        unknown += usize::from(was_lost);
        // The second finds the account of the first, or makes it: what is taken is the customer's own.
        let taken = (again.status, again.code()) == (StatusCode::CONFLICT, "email_taken");
        done += usize::from(was_lost && taken);
        assert!(
            taken || (was_lost && again.status == StatusCode::CREATED),
            "{}",
            again.text
        );
        let proof = json!({"email": email, "password": PASSWORD});
        let signed_in = until_known(&mut customer, "/v1/auth/login", &proof).await;
        assert_eq!(signed_in.status, StatusCode::OK, "{}", signed_in.text);
    }
    let accounts: i64 = query_scalar("select count(*) from accounts")
        .fetch_one(shop.user.pool())
        .await
        .unwrap();
    assert_eq!(u64::try_from(accounts).unwrap(), CUTS);
    assert!(
        done > 0 && unknown > done,
        "{done} of {unknown}: not both were tested"
    );
    holdfast::say::line(format_args!(
        "{unknown} of {CUTS} registrations unknown, {done} of them done; {accounts} accounts"
    ));
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_whose_answer_is_lost_is_unknown_and_counts_as_no_wrong_password() {
    let (shop, wire) = shop().await;
    let mut person = Person::join(&shop, "customer").await;
    let proof = json!({"email": person.email, "password": PASSWORD});
    let mut unknown = 0;
    for round in 0..CUTS {
        cut_once(&wire, person.email.clone(), round);

        let first = post(&mut person.customer, "/v1/auth/login", &proof).await;
        wire.heal();
        let again = until_known(&mut person.customer, "/v1/auth/login", &proof).await;

        unknown += usize::from(lost(&first));
        assert_eq!(again.status, StatusCode::OK, "{}", again.text);
    }
    let count = async |table: &str| -> i64 {
        let count = sqlx::AssertSqlSafe(format!("select count(*) from {table}"));
        query_scalar(count)
            .fetch_one(shop.user.pool())
            .await
            .unwrap()
    };
    assert_eq!(count("lockouts").await, 0, "guesses");
    // One before, one for each that was answered, and at most one for each that was not.
    let sessions = count("sessions").await;
    let (least, most) = (1 + CUTS, 1 + 2 * CUTS);
    let sessions = u64::try_from(sessions).unwrap();
    assert!(
        (least..=most.min(50)).contains(&sessions),
        "{sessions} sessions"
    );
    assert!(unknown > 0, "no answer was lost, so nothing was tested");
    assert_eq!(person.reads("/v1/me").await["email"], *person.email);
    shop.close().await;
}
