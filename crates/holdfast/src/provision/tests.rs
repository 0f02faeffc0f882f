//! What is made, and who may read it.

use std::collections::BTreeMap;

use stack::Folder;

use super::*;

fn floor() -> Floor {
    let each = |all: &[&str]| all.iter().map(|addr| addr.parse().unwrap()).collect();
    Floor {
        edge: vec!["shop.example".to_owned()],
        haproxy: each(&["10.0.3.11", "10.0.3.12"]),
        postgres: each(&["10.0.2.31", "10.0.2.32", "10.0.2.33"]),
        redis: each(&["10.0.4.41", "10.0.4.42"]),
        sentinel: each(&["10.0.4.51", "10.0.4.52", "10.0.4.53"]),
        etcd: 3,
    }
}

/// Every file, by its folder and name.
fn files(out: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut folders = vec![out.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(out).unwrap().display().to_string();
            match fs::read_to_string(&path) {
                Ok(text) => drop(files.insert(name, text)),
                Err(_) => folders.push(path),
            }
        }
    }
    files
}

fn holders(files: &BTreeMap<String, String>, what: &str) -> Vec<String> {
    let holds = files.iter().filter(|(_, text)| text.contains(what.trim()));
    holds.map(|(name, _)| name.clone()).collect()
}

#[test]
fn what_is_secret_is_where_it_is_needed_and_nowhere_else() {
    let out = Folder::scratch().unwrap();

    run(out.path(), &floor()).unwrap();

    let files = files(out.path());
    let secret = |name: &str| holders(&files, &files[&format!("authority/{name}")]);
    assert_eq!(
        secret("master-key"),
        ["authority/master-key", "user/master-key"]
    );
    assert_eq!(secret("ca.key"), ["authority/ca.key"]);
    assert_eq!(
        secret("password-order"),
        [
            "authority/password-order",
            "order/database-replica-urls",
            "order/database-urls"
        ]
    );
    assert_eq!(
        secret("password-superuser"),
        [
            "authority/password-superuser",
            "owner/database-owner-url",
            "postgres/superuser-password"
        ]
    );
    assert_eq!(
        secret("order.key"),
        ["authority/order.key", "order/peer.key"]
    );
    assert_eq!(
        secret("server.key"),
        ["authority/server.key", "gateway/server.key"]
    );
    let public = files.keys().filter(|name| name.starts_with("public/"));
    assert_eq!(public.collect::<Vec<_>>(), ["public/certs/ca.pem"]);
    assert!(!files.contains_key("gateway/database-urls"));
}

#[test]
fn done_again_it_keeps_secrets_and_what_sentinels_have_learnt() {
    let out = Folder::scratch().unwrap();
    run(out.path(), &floor()).unwrap();
    let before = files(out.path());
    let learnt = out.path().join("sentinel-1/sentinel.conf");
    fs::write(&learnt, "sentinel known-replica").unwrap();

    run(out.path(), &floor()).unwrap();

    let after = files(out.path());
    for name in [
        "user/master-key",
        "order/database-urls",
        "gateway/service-token",
    ] {
        assert_eq!(before[name], after[name], "{name}");
    }
    assert_eq!(after["sentinel-1/sentinel.conf"], "sentinel known-replica");
    assert_eq!(before["authority/ca.pem"], after["authority/ca.pem"]);
}

#[test]
fn told_otherwise_what_sentinels_have_learnt_is_begun_anew() {
    let (out, mut floor) = (Folder::scratch().unwrap(), floor());
    run(out.path(), &floor).unwrap();
    let learnt = out.path().join("sentinel-1/sentinel.conf");
    fs::write(&learnt, "sentinel known-replica").unwrap();
    floor.redis.reverse();

    run(out.path(), &floor).unwrap();

    let now = fs::read_to_string(&learnt).unwrap();
    assert!(now.contains("monitor holdfast 10.0.4.42 6379 2"), "{now}");
}

#[test]
fn every_address_is_a_name_in_the_certificate_of_who_answers_there() {
    let (out, floor) = (Folder::scratch().unwrap(), floor());

    let reached = floor.reached();

    assert_eq!(reached.edge, ["shop.example"]);
    for addr in floor.haproxy.iter().chain(&floor.postgres) {
        assert!(reached.database.contains(&addr.to_string()), "{addr}");
    }
    for addr in floor.redis.iter().chain(&floor.sentinel) {
        assert!(reached.redis.contains(&addr.to_string()), "{addr}");
    }
    run(out.path(), &floor).unwrap();
}

#[test]
fn urls_lead_to_every_address_over_tls() {
    let floor = floor();

    assert_eq!(
        floor.urls("order:x", 5433, "order"),
        "postgres://order:x@10.0.3.11:5433/order?sslmode=verify-full&sslrootcert=/run/secrets/ca.pem,\
         postgres://order:x@10.0.3.12:5433/order?sslmode=verify-full&sslrootcert=/run/secrets/ca.pem"
    );
    assert_eq!(
        cache::url(&floor, "x"),
        "rediss+sentinel://:x@10.0.4.51:26379,10.0.4.52:26379,10.0.4.53:26379/holdfast\
         ?ssl_ca_certs=/run/secrets/ca.pem&sentinel_password=x"
    );
}
