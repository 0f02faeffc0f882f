//! What is written down of a customer, as it happens.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::*;
use crate::Answer;

const ANN: Uuid = Uuid::from_u128(1);

#[allow(clippy::unnecessary_wraps, reason = "as it is written down")]
fn answer(status: u16, body: Value) -> anyhow::Result<Answer> {
    Ok(Answer {
        status: StatusCode::from_u16(status).unwrap(),
        text: body.to_string(),
        body,
        replayed: false,
        etag: None,
        kept: false,
        retry_after: None,
    })
}

/// An order that was due at second 1, sent at 2 and ended at 3.
fn order<'a>(start: Instant, body: &'a Value, answer: &'a anyhow::Result<Answer>) -> Operation<'a> {
    let at = |second| start + Duration::from_secs(second);
    Operation {
        customer: ANN,
        act: Act::Order,
        method: &Method::POST,
        path: "/v1/orders",
        key: Some("k-1"),
        body: Some(body),
        due: at(1),
        sent: at(2),
        ended: at(3),
        answer,
    }
}

fn lines(path: &std::path::Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines().map(serde_json::from_str);
    lines.map(Result::unwrap).collect()
}

#[test]
fn each_operation_is_a_line_with_its_key_times_and_answer_as_soon_as_it_ends() {
    let (folder, start) = (tempfile::tempdir().unwrap(), Instant::now());
    let path = folder.path().join("history.jsonl");
    let history = History::default().written_to(&path, start).unwrap();
    let items = json!({"items": [{"quantity": 2}]});
    let busy = answer(503, json!({"code": "overloaded"}));
    let id = "ord_1";
    let taken = json!({"id": id, "status": "pending", "total": {"amount": 20}});
    let taken = answer(201, taken);

    history.ended(&order(start, &items, &busy));
    history.ended(&order(start, &items, &taken));

    let lines = lines(&path);
    let common = json!({"customer": ANN, "act": "order", "method": "POST", "path": "/v1/orders", "key": "k-1",
        "wanted": items, "due": 1.0, "sent": 2.0, "ended": 3.0});
    let with = |heard: Value| {
        let mut line = common.clone();
        let heard = heard.as_object().unwrap().clone();
        line.as_object_mut().unwrap().extend(heard);
        line
    };
    assert_eq!(lines[0], with(json!({"status": 503, "code": "overloaded"})));
    assert_eq!(
        lines[1],
        with(json!({"status": 201, "order": id, "stands": "pending", "total": 20}))
    );
    history.written().unwrap();
}

#[test]
fn what_was_not_answered_says_why_and_nobodys_password_is_written_down() {
    let (folder, start) = (tempfile::tempdir().unwrap(), Instant::now());
    let path = folder.path().join("history.jsonl");
    let history = History::forgetful().written_to(&path, start).unwrap();
    let proof = json!({"password": "secret"});
    let silence = Err(anyhow::anyhow!("deadline has elapsed"));
    let sign_in = Operation {
        act: Act::SignIn,
        path: "/v1/auth/login",
        key: None,
        ..order(start, &proof, &silence)
    };

    history.ended(&sign_in);

    let lines = lines(&path);
    assert_eq!(lines[0]["error"], "deadline has elapsed");
    assert!(lines[0].get("wanted").is_none() && lines[0].get("key").is_none());
}

#[test]
fn a_forgetful_one_keeps_nothing() {
    let now = Instant::now();
    let look = Look {
        began: now,
        ended: now,
        answered: true,
    };
    let (keeps, forgets) = (History::default(), History::forgetful());

    keeps.looked(look);
    forgets.looked(look);

    assert_eq!((keeps.answered(), forgets.answered()), (1, 0));
}
