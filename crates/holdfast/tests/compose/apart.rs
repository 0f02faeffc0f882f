//! Who reaches whom: from outside two doors, from the edge nothing behind them.

use std::collections::BTreeSet;

use holdfast::compose::{Container, Shop, TOOLS, run};

use crate::PLACE;

/// Every port at which anything of the house answers.
const PORTS: &str = "5432 5433 8008 2379 2380 6379 26379 50051 9090 8080 8404";

/// Prints each of the addresses and ports at which somebody answers.
const KNOCK: &str = r"
import socket, sys
from concurrent.futures import ThreadPoolExecutor
def knock(at):
    try:
        socket.create_connection(at, timeout=2).close()
        return '%s:%d' % at
    except OSError:
        return None
hosts, ports = sys.argv[1].split(), [int(port) for port in sys.argv[2].split()]
with ThreadPoolExecutor(512) as pool:
    print('\n'.join(filter(None, pool.map(knock, [(host, port) for host in hosts for port in ports]))))
";

/// What answers somebody who stands on this network.
async fn answering(shop: &Shop, stands_on: &str) -> BTreeSet<String> {
    let all = shop.containers().await.unwrap();
    let hosts: Vec<String> = all.iter().flat_map(Container::addresses).collect();
    let hosts = hosts.join(" ");
    let network = format!("--network={}", shop.network(stands_on));
    let knock = [
        "docker",
        "run",
        "--rm",
        &network,
        "--entrypoint=python3",
        TOOLS,
    ];
    let knock = [&knock[..], &["-c", KNOCK, &hosts, PORTS]].concat();
    let open = run(&knock).await.unwrap();
    open.lines().map(str::to_owned).collect()
}

/// The networks, by the third number of their addresses.
const NETWORKS: [&str; 5] = ["edge", "core", "data", "store", "redis"];

/// From the edge only both doors answer, and from every other network nobody who does not stand on it.
pub(crate) async fn nobody_reaches_beyond_their_own_network(shop: &Shop) {
    for (at, name) in NETWORKS.into_iter().enumerate() {
        let open = answering(shop, name).await;

        let own = format!("{}.{at}.", PLACE.subnet);
        let beyond = open.iter().filter(|one| !one.starts_with(&own));
        assert_eq!(beyond.collect::<Vec<_>>(), Vec::<&String>::new(), "{name}");
        assert!(!open.is_empty(), "nobody answers on {name}");
        if name == "edge" {
            let doors = [11, 12].map(|last| format!("{own}{last}:8080"));
            assert_eq!(open, doors.into());
        }
    }
}

/// The engine listens on the loopback for both doors, and for nothing else of the house.
pub(crate) async fn this_machine_offers_two_doors_on_its_loopback(shop: &Shop) {
    let mut offered = BTreeSet::new();
    for container in shop.containers().await.unwrap() {
        let ports = container.told["NetworkSettings"]["Ports"].as_object();
        let each = ports.into_iter().flatten();
        for bound in each.filter_map(|(_, bound)| bound.as_array()).flatten() {
            let (ip, port) = (&bound["HostIp"], &bound["HostPort"]);
            assert_eq!(ip, "127.0.0.1");
            offered.insert(format!("https://localhost:{}", port.as_str().unwrap()));
        }
    }

    let fronts = shop.fronts.iter().map(|front| front.url().to_owned());
    assert_eq!(offered, fronts.collect());
}
