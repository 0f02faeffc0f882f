//! Forms: whose token is missing, whose fields are nonsense, whose session has ended.

use super::*;

#[tokio::test]
async fn no_form_is_taken_without_the_token_of_this_browser_or_from_another_site() {
    let front = Front::with(&[("RATE_SIGN_IN", "10000/1m")]).await;
    let (customer, admin, other) = (
        Browser::open(&front, true).await,
        Browser::open_as(&front, Some(Role::Admin)).await,
        Browser::open(&front, false).await,
    );
    front.fake.forget();
    let forms = FORMS.into_iter().map(|form| (form, &customer));
    let office = office::FORMS.into_iter().map(|form| (form, &admin));
    for ((path, fields), mine) in forms.chain(office) {
        let mut typed: Vec<(&str, &str)> = fields.iter().map(|name| (*name, "1")).collect();
        let missing = sent(&front, path, &typed)
            .header("cookie", &mine.cookies)
            .hear()
            .await;
        let foreign = mine
            .post(&front, path, &typed)
            .header("sec-fetch-site", "cross-site")
            .hear()
            .await;
        let origin = mine
            .post(&front, path, &typed)
            .header("origin", "https://evil.example")
            .hear()
            .await;
        typed.push(("form_token", &other.token));
        let others = sent(&front, path, &typed)
            .header("cookie", &mine.cookies)
            .hear()
            .await;

        for heard in [missing, foreign, origin, others] {
            assert_eq!(
                heard.status,
                StatusCode::FORBIDDEN,
                "{path}: {}",
                heard.text
            );
        }
    }
    assert_eq!(
        front.fake.all_asked(),
        [],
        "what was refused reached a service"
    );
}

#[tokio::test]
async fn every_form_bears_nothing_nonsense_scripts_and_too_much_and_runs_none_of_it() {
    let front = Front::with(&[("RATE_SIGN_IN", "10000/1m")]).await;
    let (customer, admin) = (
        Browser::open(&front, true).await,
        Browser::open_as(&front, Some(Role::Admin)).await,
    );
    let huge = "x".repeat(70_000);
    let forms = FORMS.into_iter().map(|form| (form, &customer));
    let office = office::FORMS.into_iter().map(|form| (form, &admin));
    for ((path, fields), browser) in forms.chain(office) {
        for value in ["", "-1", SCRIPT, "\u{0}\u{202e}\r\nset-cookie: a=b"] {
            let typed: Vec<(&str, &str)> = fields.iter().map(|name| (*name, value)).collect();

            let heard = browser.post(&front, path, &typed).hear().await;

            assert_ne!(heard.status.as_u16(), 500, "{path} {value}: {}", heard.text);
            assert!(!heard.text.contains("<script>"), "{path}: {}", heard.text);
            assert_eq!(cookie(&heard, "a"), None, "{path}");
            let to = heard.header("location");
            assert!(
                to.is_empty() || (to.starts_with('/') && !to.starts_with("//")),
                "{path}: {to}"
            );
        }
        let heard = browser.post(&front, path, &[("name", &huge)]).hear().await;
        assert_eq!(heard.status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
    }
}

#[tokio::test]
async fn what_was_typed_stands_there_again_beside_what_is_wrong_with_it_but_no_password() {
    let front = Front::open().await;
    let browser = Browser::open(&front, false).await;
    let typed = [
        ("name", "Ann <b>"),
        ("email", "no email"),
        ("password", "a secret"),
    ];

    let heard = browser.post(&front, "/register", &typed).hear().await;

    assert_eq!(heard.status, StatusCode::BAD_REQUEST);
    assert!(
        heard.text.contains("value=\"Ann &#60;b&#62;\"")
            && heard.text.contains("value=\"no email\""),
        "{}",
        heard.text
    );
    assert!(
        heard.text.contains("aria-invalid=\"true\""),
        "{}",
        heard.text
    );
    assert!(!heard.text.contains("a secret"));
}

#[tokio::test]
async fn a_form_whose_session_has_ended_is_kept_until_its_sender_has_signed_in() {
    let front = Front::open().await;
    let browser = Browser::open(&front, false).await;
    let typed = [
        ("recipient", "Ann"),
        ("city", "Delft"),
        ("line1", "Oude Delft 1"),
    ];

    let heard = browser
        .post(&front, "/account/addresses", &typed)
        .hear()
        .await;

    assert_eq!(heard.status, StatusCode::UNAUTHORIZED);
    assert!(
        heard.text.contains("name=\"kept.city\" value=\"Delft\""),
        "{}",
        heard.text
    );
    let tokens = Tokens {
        access_token: front.token(front.account, Role::Customer),
        refresh_token: "r".into(),
        expires_in: 900,
        account_id: front.account_id(),
    };
    front.fake.says("Auth/Login", &tokens);
    let again = [
        ("login", "ann@example.org"),
        ("password", "a secret"),
        ("then", "/account/addresses"),
        ("kept.city", "Delft"),
    ];
    let heard = browser.post(&front, "/sign-in", &again).hear().await;
    assert!(
        heard.text.contains("name=\"city\"") && heard.text.contains("value=\"Delft\""),
        "{}",
        heard.text
    );
    assert_eq!(cookie(&heard, "refresh").as_deref(), Some("r"));
}
