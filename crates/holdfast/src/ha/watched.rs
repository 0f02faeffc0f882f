//! Whom the control service looks after in this form of the shop, as its settings say it.

use std::path::Path;

use stack::{Cluster, Etcd, HaProxy, Node};

use super::backup::list;
use crate::certs;

/// How many settings that takes.
pub(super) const COUNT: usize = 8;

/// The database nodes, etcd and both HAProxies; gateways over HTTPS. Services and Redis are found as by all others.
pub(super) fn settings(
    cluster: &Cluster,
    certs: &Path,
    spool: &Path,
    backups: &Path,
) -> [(&'static str, String); COUNT] {
    let node = |node: &std::sync::Arc<Node>| part(node.name(), node.shown_rest(), "");
    let etcd = |member: &Etcd| part(member.name(), member.port(), "/health");
    let haproxy = |one: &HaProxy| part(one.name(), one.admin(), "/");
    let nodes: Vec<_> = cluster.nodes().iter().map(node).collect();
    let etcd = cluster.etcd().iter().map(etcd);
    let parts: Vec<_> = etcd
        .chain(cluster.haproxies().iter().map(haproxy))
        .collect();
    let [(_, edge), _] = certs::edge(certs);
    [
        ("PATRONI_URLS", nodes.join(",")),
        ("WATCHED", parts.join(",")),
        ("RESTS_ON", rests(cluster)),
        (
            "GATEWAY_TLS_CA",
            certs::authority_of(certs).display().to_string(),
        ),
        ("GATEWAY_PROXY_PROTOCOL", "true".to_owned()),
        ("CERTIFICATES", edge),
        ("FAULT_SPOOL", spool.display().to_string()),
        ("BACKUP_STAMP", list::file(backups).display().to_string()),
    ]
}

fn part(name: &str, port: u16, page: &str) -> String {
    format!("{name}=http://127.0.0.1:{port}{page}")
}

/// Patroni finds a leader by etcd, and control its database by the HAProxies.
fn rests(cluster: &Cluster) -> String {
    let etcd: Vec<&str> = cluster.etcd().iter().map(Etcd::name).collect();
    let haproxies: Vec<&str> = cluster.haproxies().iter().map(HaProxy::name).collect();
    format!(
        "postgres={},control-database={}",
        etcd.join("+"),
        haproxies.join("+")
    )
}
