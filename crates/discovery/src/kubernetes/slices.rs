//! `EndpointSlices`, as far as we read them, and the instances that they tell of.

use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;

use super::{joined, label};
use crate::Instance;

/// The port at which pods are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Port {
    Number(u16),
    /// Whatever number the service's port of this name has.
    Name(String),
}

impl Port {
    pub(super) fn read(text: &str) -> Option<Self> {
        match text.parse() {
            Ok(0) => None,
            Ok(number) => Some(Self::Number(number)),
            Err(_) => label(text).map(Self::Name),
        }
    }
}

/// A list of slices.
#[derive(Debug, Deserialize)]
pub(super) struct List {
    pub(super) metadata: Meta,
    #[serde(default)]
    pub(super) items: Vec<Slice>,
}

/// What every object has.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Meta {
    pub(super) name: String,
    pub(super) resource_version: String,
}

/// Some of the endpoints of one service.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Slice {
    pub(super) metadata: Meta,
    endpoints: Option<Vec<Endpoint>>,
    ports: Option<Vec<SlicePort>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Endpoint {
    addresses: Vec<String>,
    #[serde(default)]
    conditions: Conditions,
    target_ref: Option<Target>,
    zone: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Conditions {
    ready: Option<bool>,
}

#[derive(Clone, Debug, Deserialize)]
struct Target {
    name: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct SlicePort {
    name: Option<String>,
    port: Option<u16>,
}

/// All slices of one service, by their names.
pub(super) type Slices = BTreeMap<String, Slice>;

/// The instances that `slices` tell of, no name and no address twice. While endpoints move from slice to slice one may stand
/// in two of them, and with two families of addresses every pod does: one that is ready counts, then one of the slice that
/// was written last.
pub(super) fn instances(slices: &Slices, port: &Port) -> Vec<Instance> {
    let mut newest: Vec<&Slice> = slices.values().collect();
    newest.sort_by_key(|slice| std::cmp::Reverse(slice.age()));
    let mut all: Vec<Instance> = newest
        .into_iter()
        .flat_map(|slice| slice.instances(port))
        .collect();
    all.sort_by_key(|one| !one.ready);
    let (mut ids, mut addrs) = (HashSet::new(), HashSet::new());
    all.retain(|one| ids.insert(one.id.clone()) & addrs.insert(one.addr.clone()));
    all.sort_by(|one, other| one.id.cmp(&other.id));
    all
}

impl Slice {
    /// Counts up with every write; not promised, and true of every version so far.
    fn age(&self) -> u64 {
        self.metadata.resource_version.parse().unwrap_or_default()
    }

    fn instances(&self, port: &Port) -> Vec<Instance> {
        let Some(port) = self.port(port) else {
            return Vec::new();
        };
        let endpoints = self.endpoints.iter().flatten();
        endpoints
            .filter_map(|endpoint| endpoint.instance(port))
            .collect()
    }

    fn port(&self, wanted: &Port) -> Option<u16> {
        match wanted {
            Port::Number(number) => Some(*number),
            Port::Name(name) => {
                let mut ports = self.ports.iter().flatten();
                ports.find(|port| port.name.as_ref() == Some(name))?.port
            }
        }
    }
}

impl Endpoint {
    /// All of an endpoint's addresses lead to the same pod: readers take the first.
    fn instance(&self, port: u16) -> Option<Instance> {
        let addr = joined(self.addresses.first()?, port)?;
        let pod = self.target_ref.as_ref().and_then(|pod| pod.name.clone());
        Some(Instance {
            id: pod.unwrap_or_else(|| addr.clone()),
            addr,
            zone: self.zone.clone().unwrap_or_default(),
            // What is not said is to be taken for ready.
            ready: self.conditions.ready.unwrap_or(true),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn slices(all: &[Value]) -> Slices {
        let read = |slice: &Value| {
            let slice: Slice = serde_json::from_value(slice.clone()).unwrap();
            (slice.metadata.name.clone(), slice)
        };
        all.iter().map(read).collect()
    }

    fn slice(name: &str, version: u32, endpoints: &Value) -> Value {
        json!({
            "metadata": {"name": name, "resourceVersion": version.to_string()},
            "addressType": "IPv4",
            "endpoints": endpoints,
            "ports": [{"name": "grpc", "port": 50051}, {"name": "http", "port": 80}],
        })
    }

    fn pod(name: &str, addr: &str, ready: &Value) -> Value {
        json!({"addresses": [addr], "conditions": {"ready": ready}, "zone": "a",
               "targetRef": {"kind": "Pod", "name": name}})
    }

    fn seen(all: &[Value], port: &Port) -> Vec<(String, bool)> {
        let list = instances(&slices(all), port);
        list.into_iter()
            .map(|one| (format!("{} {}", one.id, one.addr), one.ready))
            .collect()
    }

    #[test]
    fn pods_are_called_at_the_port_of_that_name_or_number() {
        let one = [slice("s", 1, &json!([pod("p", "10.0.0.1", &json!(null))]))];
        let at = |port| seen(&one, &port);

        assert_eq!(
            at(Port::Name("grpc".to_owned())),
            [("p 10.0.0.1:50051".to_owned(), true)]
        );
        assert_eq!(
            at(Port::Number(9090)),
            [("p 10.0.0.1:9090".to_owned(), true)]
        );
        assert!(at(Port::Name("admin".to_owned())).is_empty());
    }

    #[test]
    fn a_pod_that_stands_in_two_slices_is_there_once_and_ready_if_it_is_in_one() {
        let old = slice("s-1", 1, &json!([pod("p", "10.0.0.1", &json!(true))]));
        let new = slice("s-2", 2, &json!([pod("p", "10.0.0.9", &json!(true))]));
        let ending = slice("s-3", 3, &json!([pod("p", "10.0.0.1", &json!(false))]));
        let port = Port::Number(1);

        assert_eq!(
            seen(&[old.clone(), new], &port),
            [("p 10.0.0.9:1".to_owned(), true)]
        );
        assert_eq!(
            seen(&[old, ending.clone()], &port),
            [("p 10.0.0.1:1".to_owned(), true)]
        );
        assert_eq!(seen(&[ending], &port), [("p 10.0.0.1:1".to_owned(), false)]);
    }

    #[test]
    fn a_slice_without_endpoints_and_an_address_of_many_colons_are_read() {
        let none = slice("s-1", 1, &json!(null));
        let six = slice("s-2", 2, &json!([{"addresses": ["fd00::1"]}]));

        let seen = seen(&[none, six], &Port::Number(1));

        assert_eq!(seen, [("[fd00::1]:1 [fd00::1]:1".to_owned(), true)]);
    }
}
