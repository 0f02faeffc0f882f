//! The containers of `docker-compose.yml` fit together, and fit the programs: what needs no engine to be seen.
//!
//! Each rule is a function that says what is wrong, and is shown what it must find: the file with one fault written into it.

mod bounds;
mod file;
mod machines;
mod rules;
mod watched;

use file::House;

/// A rule: what is wrong by it, in words.
type Rule = fn(&House) -> Vec<String>;

/// Every rule, with a fault that it has to find: in which file, what stands there, and what is written in its place.
const RULES: [(Rule, [&str; 3]); 25] = [
    (
        rules::settings_are_known,
        [
            "docker-compose.yml",
            "LOG_FORMAT: json",
            "LOG_FORMATS: json",
        ],
    ),
    (
        rules::what_is_required_is_set,
        [
            "docker-compose.yml",
            "      USER_ADDRS: dns://user:50051\n    depends_on",
            "    depends_on",
        ],
    ),
    (
        rules::files_of_settings_are_in_a_volume,
        [
            "docker-compose.yml",
            "MASTER_KEY_FILE: /run/secrets/",
            "MASTER_KEY_FILE: /run/secret/",
        ],
    ),
    (
        rules::neighbours_are_where_they_listen,
        ["docker-compose.yml", "dns://news:50051", "dns://news:50052"],
    ),
    (
        rules::doors_lead_to_gateways,
        [
            "deploy/haproxy/haproxy.cfg",
            "gateway:8080 check",
            "gateway:8443 check",
        ],
    ),
    (
        rules::doors_lead_to_gateways,
        [
            "docker-compose.yml",
            "${PORT_2:-8081}:8080",
            "${PORT_2:-8081}:8081",
        ],
    ),
    (
        rules::customers_come_over_tls_and_are_named,
        ["deploy/haproxy/haproxy.cfg", "send-proxy-v2 ", ""],
    ),
    (
        rules::customers_come_over_tls_and_are_named,
        [
            "docker-compose.yml",
            "TRUSTED_PROXIES: ${SUBNET:-10.213}.1.11,",
            "TRUSTED_PROXIES: ${SUBNET:-10.213}.2.11,",
        ],
    ),
    (
        rules::probes_are_where_they_answer,
        ["deploy/haproxy/haproxy.cfg", "GET /readyz", "GET /ready"],
    ),
    (
        rules::probes_are_where_they_answer,
        [
            "deploy/haproxy/haproxy.cfg",
            "check port 9090",
            "check port 9091",
        ],
    ),
    (
        rules::images_are_ours_by_name_and_version,
        [
            "docker-compose.yml",
            "image: holdfast/news:0.1.0\n    build: *build-news",
            "image: holdfast/new:0.1.0\n    build: *build-news",
        ],
    ),
    (
        rules::images_are_ours_by_name_and_version,
        [
            "Dockerfile",
            "image.version=\"0.1.0\"",
            "image.version=\"0.0.9\"",
        ],
    ),
    (
        rules::images_of_others_are_pinned_and_may_be_chosen,
        [
            "docker-compose.yml",
            "${REDIS_IMAGE:-redis:8}",
            "${REDIS_IMAGE:-redis:latest}",
        ],
    ),
    (
        rules::checks_use_what_their_image_holds,
        [
            "docker-compose.yml",
            "[\"CMD\", \"redis-cli\", \"-e\", \"--tls\"",
            "[\"CMD-SHELL\", \"redis-cli\", \"-e\", \"--tls\"",
        ],
    ),
    (
        bounds::all_are_in_the_sandbox,
        [
            "docker-compose.yml",
            "x-etcd: &etcd\n  <<: *sandbox",
            "x-etcd: &etcd\n  pids_limit: 9",
        ],
    ),
    (
        bounds::only_doors_are_published,
        [
            "docker-compose.yml",
            "127.0.0.1:${PORT:-8080}",
            "0.0.0.0:${PORT:-8080}",
        ],
    ),
    (
        bounds::only_doors_are_published,
        [
            "docker-compose.yml",
            "  data:\n    internal: true\n",
            "  data:\n    internal: false\n",
        ],
    ),
    (
        bounds::networks_are_no_wider_than_who_meets_there,
        [
            "docker-compose.yml",
            "networks: [core, redis]",
            "networks: [core, data]",
        ],
    ),
    (
        bounds::volumes_are_met_before_they_are_used,
        ["Dockerfile", "redis-1 redis-2", "redis-1"],
    ),
    (
        bounds::the_database_is_set_up_as_in_make_ha,
        [
            "deploy/postgres/patroni.yml",
            "synchronous_mode_strict: true",
            "synchronous_mode_strict: false",
        ],
    ),
    (
        watched::control_looks_after_the_floor,
        [
            "docker-compose.yml",
            "haproxy-2=http://${SUBNET:-10.213}.1.12:8405/alive",
            "haproxy-2=${SUBNET:-10.213}.3.12:5432",
        ],
    ),
    (
        watched::control_looks_after_the_floor,
        [
            "docker-compose.yml",
            "control-database=haproxy-1+haproxy-2",
            "control-database=haproxy-1+haproxy-3",
        ],
    ),
    (
        machines::no_kind_of_machine_is_named,
        [
            "Dockerfile",
            "FROM ${BUILD_IMAGE} AS skeleton",
            "FROM --platform=linux/amd64 ${BUILD_IMAGE} AS skeleton",
        ],
    ),
    (
        machines::no_kind_of_machine_is_named,
        [
            "docker-compose.yml",
            "x-redis: &redis\n",
            "x-redis: &redis\n  platform: linux/amd64\n",
        ],
    ),
    (
        machines::no_kind_of_machine_is_named,
        [
            "deploy/postgres/Dockerfile",
            "pgbackrest \\",
            "pgbackrest:amd64 \\",
        ],
    ),
];

#[test]
fn the_containers_fit_together_and_fit_the_programs() {
    let house = House::read();

    let wrong: Vec<String> = RULES.iter().flat_map(|(rule, _)| rule(&house)).collect();

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_finds_the_fault_that_is_made_for_it() {
    for (rule, [file, was, is]) in RULES {
        let mut house = House::read();
        house.write(file, was, is);

        assert!(!rule(&house).is_empty(), "{file}: `{is}` is not found");
    }
}
