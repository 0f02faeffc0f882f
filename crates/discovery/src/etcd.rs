//! etcd as a registry: each instance keeps a key there under a lease, and others watch the keys.

mod entry;
mod follow;
mod members;
mod register;
mod roll;

use std::time::Duration;

use http::Uri;
use http::uri::Authority;

use self::follow::Follower;
use self::members::Members;
use crate::Network;
use crate::followed::Followed;
use crate::source::Bad;

/// Several houses may share one etcd: the first part of our keys where nobody says another.
const PREFIX: &str = "holdfast";

/// Leases shorter than this would run out while a process waits for its turn on a busy machine, and etcd itself allows no
/// much shorter ones; with longer ones the dead stay listed for too long.
pub const LEASES: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(2)..=Duration::from_secs(15);

/// A registry in etcd: where its members answer, and below which keys it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Etcd {
    members: Vec<Authority>,
    prefix: String,
    network: Network,
}

impl Etcd {
    /// What a text must be, to follow "must be".
    pub const MUST_BE: &str = "`etcd://host:port`, several members with commas between, and a first part of its keys where that is not \
         `holdfast`: `etcd://a:2379,b:2379/shop`";

    /// Reads what stands behind `etcd://`.
    pub(crate) fn read(rest: &str) -> Result<Self, Bad> {
        let (members, prefix) = rest.split_once('/').unwrap_or((rest, PREFIX));
        let member = |text: &str| {
            let member: Option<Authority> = text.trim().parse().ok();
            member.filter(|member| member.port_u16().is_some() && !member.host().is_empty())
        };
        let members: Option<Vec<_>> = members.split(',').map(member).collect();
        let prefix = prefix.trim_matches('/');
        let members = members.filter(|_| !prefix.is_empty());
        Ok(Self {
            members: members.ok_or(Bad(Self::MUST_BE))?,
            prefix: prefix.to_owned(),
            network: Network::default(),
        })
    }

    /// The same registry, reached over `network`.
    #[must_use]
    pub fn over(self, network: Network) -> Self {
        Self { network, ..self }
    }

    /// Follows who is registered as `service`.
    pub(crate) fn follow(&self, service: &str) -> Followed {
        let follower = |lists| Follower::new(self.members(), self.folder(service), lists).run();
        Followed::by(service, follower)
    }

    fn members(&self) -> Members {
        let uris = self.members.iter().map(|member| {
            let uri = Uri::builder().scheme("http").authority(member.clone());
            uri.path_and_query("/")
                .build()
                .expect("an authority makes a URI")
        });
        Members::new(uris, &self.network)
    }

    /// What the keys of `service` begin with.
    fn folder(&self, service: &str) -> String {
        format!("{}/{service}/", self.prefix)
    }
}
