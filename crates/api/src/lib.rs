//! The wire contract, generated from `proto/`, with the words that all of it shares.

pub mod cursor;
pub mod error;
pub mod id;
mod priority;
pub mod time;
pub mod token;

pub use priority::Priority;

pub use wire::common::v1 as common;
pub use wire::control::v1 as control;
pub use wire::etcd;
pub use wire::keda;
pub use wire::news::v1 as news;
pub use wire::order::v1 as order;
pub use wire::user::v1 as user;

/// The packages below `proto`, nested as they name each other.
#[allow(
    missing_docs,
    clippy::pedantic,
    unreachable_pub,
    reason = "generated; the docs stand in proto/"
)]
mod wire {
    pub mod control {
        pub mod v1 {
            tonic::include_proto!("holdfast.control.v1");
        }
    }
    pub mod keda {
        tonic::include_proto!("externalscaler");
    }
    pub mod etcd {
        tonic::include_proto!("etcdserverpb");
    }
    pub mod common {
        pub mod v1 {
            tonic::include_proto!("holdfast.common.v1");
        }
    }
    pub mod user {
        pub mod v1 {
            tonic::include_proto!("holdfast.user.v1");
        }
    }
    pub mod order {
        pub mod v1 {
            tonic::include_proto!("holdfast.order.v1");
        }
    }
    pub mod news {
        pub mod v1 {
            tonic::include_proto!("holdfast.news.v1");
        }
    }
}

/// The descriptors of all packages, for reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
