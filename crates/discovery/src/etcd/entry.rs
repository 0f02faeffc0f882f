//! What an instance writes of itself: a key's value.

use api::etcd::KeyValue;
use serde::{Deserialize, Serialize};

use crate::Instance;

/// An instance as it stands in a key's value.
#[derive(Serialize, Deserialize)]
struct Written {
    id: String,
    addr: String,
    #[serde(default)]
    zone: String,
    #[serde(default = "is_ready")]
    ready: bool,
}

const fn is_ready() -> bool {
    true
}

/// An instance as it was last written: by which lease, and at which revision of the whole store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) instance: Instance,
    pub(super) lease: i64,
    pub(super) revision: i64,
}

impl Entry {
    /// Reads a key's value; none where somebody else has written it.
    pub(super) fn read(written: &KeyValue) -> Option<Self> {
        let said: Written = serde_json::from_slice(&written.value).ok()?;
        Some(Self {
            instance: Instance {
                id: said.id,
                addr: said.addr,
                zone: said.zone,
                ready: said.ready,
            },
            lease: written.lease,
            revision: written.mod_revision,
        })
    }
}

/// Writes `instance` as a key's value.
pub(super) fn write(instance: &Instance) -> Vec<u8> {
    let Instance {
        id,
        addr,
        zone,
        ready,
    } = instance.clone();
    let written = Written {
        id,
        addr,
        zone,
        ready,
    };
    serde_json::to_vec(&written).expect("texts and a flag make JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_as_the_same() {
        let instance = Instance {
            id: "order-1".to_owned(),
            addr: "10.0.0.1:50051".to_owned(),
            zone: "a".to_owned(),
            ready: false,
        };

        let read = Entry::read(&KeyValue {
            value: write(&instance),
            lease: 7,
            mod_revision: 3,
            ..KeyValue::default()
        });

        let (lease, revision) = (7, 3);
        let wanted = Entry {
            instance,
            lease,
            revision,
        };
        assert_eq!(read, Some(wanted));
    }

    #[test]
    fn a_strangers_value_is_no_instance_and_what_it_does_not_say_is_usual() {
        let read = |value: &str| {
            Entry::read(&KeyValue {
                value: value.into(),
                ..KeyValue::default()
            })
        };

        assert_eq!(read("hello"), None);
        assert_eq!(read(r#"{"id": "a"}"#), None);
        let read = read(r#"{"id": "a", "addr": "a:1", "weight": 3}"#).unwrap();
        assert!(read.instance.ready && read.instance.zone.is_empty());
    }
}
