//! Settings: what is wrong is said in one sentence, and what is secret is not said at all.

use std::process::ExitCode;
use std::time::Duration;

use chassis::{Env, NotStarted, Setting, Value as _};
use proptest::prelude::*;
use secrecy::{ExposeSecret as _, SecretString};

use crate::tiny::Service;

const TABLE: &[Setting] = &[
    Setting::new("SETTLE_BY", "15m", "how long."),
    Setting::required("DATABASE_URLS", "where the database is.").secret(),
    Setting::optional("ZONE", "where this instance stands."),
];

fn env<const N: usize>(given: [(&str, &str); N]) -> Env {
    Env::of(given).knowing(TABLE)
}

async fn refused<const N: usize>(given: [(&str, &str); N]) -> NotStarted {
    let started = chassis::start("tiny", Env::local(given), Service::connect).await;
    started.err().unwrap()
}

#[tokio::test]
async fn a_wrong_setting_stops_the_start_with_one_sentence_and_exit_code_64() {
    let refused = refused([("DRAIN_LIMIT", "soon")]).await;

    assert_eq!(
        refused.to_string(),
        "DRAIN_LIMIT must be a time such as `500ms`, `30s`, `15m`, `2h` or `7d`, and is `soon`"
    );
    assert_eq!(ExitCode::from(refused), ExitCode::from(64));
}

#[tokio::test]
async fn a_slip_of_the_finger_stops_the_start() {
    let refused = refused([("GREETNG", "hi")]).await;

    assert_eq!(
        refused.to_string(),
        "GREETNG is not a setting of this service; GREETING is, and is not set"
    );
}

#[tokio::test]
async fn a_short_service_token_stops_the_start_and_is_not_shown() {
    let refused = refused([("SERVICE_TOKEN", "hunter2")]).await.to_string();

    assert!(refused.starts_with("SERVICE_TOKEN must be 16 or more"));
    assert!(!refused.contains("hunter2"));
}

#[tokio::test]
async fn every_shared_setting_is_checked_at_the_start() {
    for (name, value) in [
        ("LISTEN", "here"),
        ("ADMIN_LISTEN", "80"),
        ("LOG", "order=loud"),
        ("LOG_FORMAT", "xml"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector"),
        ("MIN_IN_FLIGHT", "0"),
        ("MAX_IN_FLIGHT", "0"),
        ("DRAIN_GRACE", "1"),
    ] {
        let sentence = refused([(name, value)]).await.to_string();
        assert!(sentence.starts_with(name), "{sentence}");
        assert!(!sentence.contains('\n'), "{sentence}");
    }
}

#[tokio::test]
async fn a_neighbours_address_without_a_port_stops_the_start() {
    let refused = refused([("TINY_ADDRS", "10.0.0.1:50051,tiny")]).await;

    assert_eq!(
        refused.to_string(),
        "TINY_ADDRS must be a list of `host:port` with commas between, and is `10.0.0.1:50051,tiny`"
    );
}

#[tokio::test]
async fn a_wrong_registry_or_directory_stops_the_start_with_one_sentence() {
    for (name, value, said) in [
        (
            "TINY_ADDRS",
            "etcd://127.0.0.1",
            "TINY_ADDRS must be `etcd://host:port`",
        ),
        (
            "TINY_ADDRS",
            "dns://tiny",
            "TINY_ADDRS must be `dns://host:port`",
        ),
        (
            "TINY_ADDRS",
            "kubernetes://tiny",
            "TINY_ADDRS must be `kubernetes://service.namespace:port`",
        ),
        (
            "TINY_ADDRS",
            "consul://a:1",
            "TINY_ADDRS must be a list of `host:port`, or begin with",
        ),
        (
            "REGISTRY",
            "127.0.0.1:2379",
            "REGISTRY must be `etcd://host:port`",
        ),
        (
            "REGISTRY_LEASE",
            "1s",
            "REGISTRY_LEASE must be from 2s to 15s",
        ),
    ] {
        let sentence = refused([(name, value)]).await.to_string();
        assert!(sentence.starts_with(said), "{sentence}");
        assert!(!sentence.contains('\n'), "{sentence}");
    }
}

#[tokio::test]
async fn what_registers_must_say_where_it_is_reached() {
    let registry = ("REGISTRY", "etcd://127.0.0.1:2379");

    let nowhere = refused([registry, ("LISTEN", "0.0.0.0:0")]).await;
    let wrong = refused([registry, ("ADVERTISE", "tiny")]).await;

    assert!(nowhere.to_string().starts_with("ADVERTISE is not set: "));
    assert_eq!(
        wrong.to_string(),
        "ADVERTISE must be `host:port`, and is `tiny`"
    );
}

#[tokio::test]
async fn a_taken_address_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap().to_string();

    let refused = refused([("LISTEN", &addr)]).await;

    assert!(
        refused
            .to_string()
            .starts_with(&format!("cannot listen on {addr}: "))
    );
    assert_eq!(ExitCode::from(refused), ExitCode::FAILURE);
}

#[test]
fn a_setting_that_nobody_sets_has_its_default() {
    let env = env([]);

    let minutes: Duration = env.get("SETTLE_BY").unwrap();
    let zone: Option<String> = env.optional("ZONE").unwrap();

    assert_eq!((minutes, zone), (Duration::from_mins(15), None));
}

#[test]
fn a_required_setting_that_is_missing_is_explained() {
    let wrong = env([]).get::<String>("DATABASE_URLS").unwrap_err();

    assert_eq!(
        wrong.to_string(),
        "DATABASE_URLS is not set: where the database is."
    );
}

#[test]
fn any_setting_may_stand_in_a_file() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, "postgres://order:secret@db\n").unwrap();
    let path = file.path().to_str().unwrap();

    let url: SecretString = env([("DATABASE_URLS_FILE", path)])
        .get("DATABASE_URLS")
        .unwrap();

    assert_eq!(url.expose_secret(), "postgres://order:secret@db");
}

#[test]
fn a_setting_that_is_given_twice_is_refused() {
    let wrong = env([("ZONE", "a"), ("ZONE_FILE", "/b")]).optional::<String>("ZONE");

    assert_eq!(
        wrong.unwrap_err().to_string(),
        "ZONE and ZONE_FILE are both set; keep one"
    );
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let wrong = env([("ZONE_FILE", "/nowhere/zone")]).optional::<String>("ZONE");

    let sentence = wrong.unwrap_err().to_string();
    assert!(sentence.starts_with("ZONE_FILE names `/nowhere/zone`, which cannot be read: "));
}

#[test]
fn a_secret_is_in_no_sentence_and_in_no_debug_output() {
    let env = env([("DATABASE_URLS", "hunter2")]);

    let wrong = env.get::<u16>("DATABASE_URLS").unwrap_err().to_string();
    let secret: SecretString = env.get("DATABASE_URLS").unwrap();

    for shown in [wrong, format!("{env:?}"), format!("{secret:?}")] {
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

#[test]
fn what_stands_in_no_table_is_not_read() {
    let wrong = env([("HOME", "/root")]).get::<String>("HOME").unwrap_err();

    assert_eq!(
        wrong.to_string(),
        "HOME is read, but stands in no table of settings"
    );
}

#[test]
fn the_page_on_settings_has_every_line_of_every_table() {
    let page = chassis::settings_page(&[("order", TABLE)]);

    for setting in TABLE.iter().chain(chassis::SETTINGS) {
        assert!(page.contains(&format!("| `{}` |", setting.name())));
    }
    assert!(page.contains("| `DATABASE_URLS` | **required** | where the database is. Secret. |"));
}

proptest! {
    #[test]
    fn any_text_is_a_time_or_refused(text in "[0-9]{0,25}[a-z]{0,3}") {
        let _ = Duration::read(&text);
    }

    #[test]
    fn whole_seconds_read_back(seconds: u32) {
        let read = Duration::read(&format!("{seconds}s"));
        prop_assert_eq!(read, Some(Duration::from_secs(seconds.into())));
    }
}
