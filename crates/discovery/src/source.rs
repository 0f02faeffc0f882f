//! Where it is said who is there, as a setting says it: a list, or one of the directories.

use std::str::FromStr;

use http::uri::Authority;

use crate::dns::Dns;
use crate::etcd::Etcd;
use crate::kubernetes::{self, Kubernetes};
use crate::{Directory, Fixed};

/// What a text must be and is not, to follow "must be".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bad(pub &'static str);

/// Where it is said who is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// These addresses, for ever.
    Fixed(Vec<String>),
    /// What a name stands for.
    Dns(Dns),
    /// Who is registered in etcd.
    Etcd(Etcd),
    /// The pods of a service.
    Kubernetes(Kubernetes),
}

impl Source {
    /// Opens it for the instances of `service`; `cluster` is where Kubernetes answers.
    pub fn open(&self, service: &str, cluster: &kubernetes::Access) -> Box<dyn Directory> {
        match self {
            Self::Fixed(addrs) => Box::new(Fixed::new(addrs)),
            Self::Dns(name) => Box::new(name.follow(service)),
            Self::Etcd(etcd) => Box::new(etcd.follow(service)),
            Self::Kubernetes(pods) => Box::new(pods.follow(service, cluster.clone())),
        }
    }
}

impl FromStr for Source {
    type Err = Bad;

    fn from_str(text: &str) -> Result<Self, Bad> {
        match text.split_once("://") {
            None => list(text).map(Self::Fixed),
            Some(("dns", rest)) => Dns::read(rest).map(Self::Dns),
            Some(("etcd", rest)) => Etcd::read(rest).map(Self::Etcd),
            Some(("kubernetes", rest)) => Kubernetes::read(rest).map(Self::Kubernetes),
            Some(_) => Err(Bad(
                "a list of `host:port`, or begin with `dns://`, `etcd://` or `kubernetes://`",
            )),
        }
    }
}

fn list(text: &str) -> Result<Vec<String>, Bad> {
    let parts = text.split(',').map(|part| {
        let part = part.trim();
        authority(part).map(|_| part.to_owned())
    });
    let list: Option<Vec<String>> = parts.collect();
    list.ok_or(Bad("a list of `host:port` with commas between"))
}

/// Reads `host:port`.
pub(crate) fn authority(text: &str) -> Option<Authority> {
    let read: Authority = text.parse().ok()?;
    (read.port_u16().is_some() && !read.host().is_empty()).then_some(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_told_by_its_beginning() {
        let read = |text: &str| text.parse::<Source>().unwrap();

        assert!(matches!(read("a:1, b:2"), Source::Fixed(list) if list == ["a:1", "b:2"]));
        assert!(matches!(read("dns://order:50051"), Source::Dns(_)));
        assert!(matches!(read("etcd://a:2379,b:2379"), Source::Etcd(_)));
        assert!(matches!(
            read("kubernetes://order.shop:grpc"),
            Source::Kubernetes(_)
        ));
    }

    #[test]
    fn what_is_none_of_them_is_refused_with_what_it_must_be() {
        for (text, said) in [
            ("a:1,b", "host:port"),
            ("", "host:port"),
            ("zookeeper://a:1", "`etcd://`"),
            ("etcd://", "etcd://host:port"),
            ("etcd://a:2379,", "etcd://host:port"),
            ("etcd://a:2379/", "etcd://host:port"),
            ("dns://order", "dns://host:port"),
            ("dns://10.0.0.2:53/", "dns://host:port"),
            ("dns://resolver/order:1", "dns://host:port"),
            ("kubernetes://order", "kubernetes://service.namespace:port"),
            ("kubernetes://:1", "kubernetes://service.namespace:port"),
            (
                "kubernetes://a.b.c:1",
                "kubernetes://service.namespace:port",
            ),
        ] {
            let bad = text.parse::<Source>().unwrap_err();

            assert!(bad.0.contains(said), "{text}: {}", bad.0);
        }
    }
}
