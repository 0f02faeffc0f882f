//! Whose request it is by address: the peer's own, or what a trusted proxy says of it, in a PROXY header or in
//! `X-Forwarded-For`.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use axum::extract::ConnectInfo;
use axum::http::request::Parts;

use crate::proxied::Announced;

/// A client as it is counted: an IPv4 address, or the network of 64 bits that one IPv6 customer is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Client(IpAddr);

/// The networks whose word on the client's address is taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Proxies(Vec<Network>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    bits: u8,
}

/// Says that a text is no list of networks.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "`{0}` is no network; write addresses or networks such as 10.0.0.0/8, with commas between them"
)]
pub(crate) struct BadNetwork(String);

impl Client {
    /// The client behind a request.
    pub(crate) fn of(parts: &Parts, proxies: &Proxies) -> Self {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.0.ip());
        let announced = parts.extensions.get::<Announced>();
        let peer = announced.and_then(|client| client.0).unwrap_or(peer);
        let lines = parts.headers.get_all("x-forwarded-for").iter();
        let hops: Vec<&str> = lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(','))
            .collect();
        Self::at(proxies.furthest(peer.to_canonical(), &hops))
    }

    /// Whom the one at `address` counts as.
    fn at(address: IpAddr) -> Self {
        Self(match address {
            IpAddr::V4(_) => address,
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        })
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => address.fmt(f),
            IpAddr::V6(network) => write!(f, "{network}/64"),
        }
    }
}

impl Proxies {
    /// Walks from `peer` to the caller for as long as those who vouch are trusted. Whatever stands before the first
    /// stranger may be made up, and is not looked at.
    fn furthest(&self, peer: IpAddr, hops: &[&str]) -> IpAddr {
        let mut known = peer;
        for hop in hops.iter().rev() {
            if !self.trusts(known) {
                break;
            }
            let Some(next) = address(hop) else { break };
            known = next;
        }
        known
    }

    /// Whether the word of `address` is taken.
    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }
}

/// The address in one part of `X-Forwarded-For`, with or without a port.
fn address(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let with_port = hop.parse::<SocketAddr>().map(|address| address.ip());
    let bare = hop.trim_start_matches('[').trim_end_matches(']');
    with_port
        .or_else(|_| bare.parse())
        .ok()
        .map(|address: IpAddr| address.to_canonical())
}

impl Network {
    fn contains(self, address: IpAddr) -> bool {
        let same = |one: u128, two: u128, width: u32| {
            let rest = width.saturating_sub(u32::from(self.bits));
            // Shifting by the whole width would overflow; a network of no bits holds everything.
            one.checked_shr(rest) == two.checked_shr(rest)
        };
        match (self.address, address) {
            (IpAddr::V4(one), IpAddr::V4(two)) => {
                same(one.to_bits().into(), two.to_bits().into(), 32)
            }
            (IpAddr::V6(one), IpAddr::V6(two)) => same(one.to_bits(), two.to_bits(), 128),
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = BadNetwork;

    fn from_str(text: &str) -> Result<Self, BadNetwork> {
        let bad = || BadNetwork(text.to_owned());
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u8>().map_err(|_| bad())?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| bad())?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(width);
        if bits > width {
            return Err(bad());
        }
        Ok(Self { address, bits })
    }
}

impl FromStr for Proxies {
    type Err = BadNetwork;

    fn from_str(text: &str) -> Result<Self, BadNetwork> {
        let parts = text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty());
        parts.map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(proxies: &str, peer: &str, hops: &[&str]) -> String {
        let proxies: Proxies = proxies.parse().unwrap();
        proxies.furthest(peer.parse().unwrap(), hops).to_string()
    }

    #[test]
    fn a_stranger_cannot_claim_another_address() {
        assert_eq!(seen("", "203.0.113.9", &["10.0.0.1"]), "203.0.113.9");
        assert_eq!(
            seen("10.0.0.0/8", "203.0.113.9", &["10.0.0.1"]),
            "203.0.113.9"
        );
    }

    #[test]
    fn a_trusted_proxy_is_believed_and_what_the_client_added_is_not() {
        assert_eq!(
            seen("10.0.0.0/8", "10.1.2.3", &["203.0.113.9"]),
            "203.0.113.9"
        );
        assert_eq!(
            seen("10.0.0.0/8", "10.1.2.3", &["6.6.6.6", "203.0.113.9"]),
            "203.0.113.9"
        );
        assert_eq!(
            seen("10.0.0.0/8", "10.1.2.3", &["203.0.113.9", " 10.9.9.9"]),
            "203.0.113.9"
        );
    }

    #[test]
    fn a_hop_that_is_no_address_ends_the_walk() {
        assert_eq!(
            seen("10.0.0.0/8", "10.1.2.3", &["203.0.113.9", "unknown"]),
            "10.1.2.3"
        );
        assert_eq!(
            seen("10.0.0.0/8", "10.1.2.3", &["[2001:db8::1]:443"]),
            "2001:db8::1"
        );
    }

    #[test]
    fn a_network_holds_its_own_addresses_only() {
        for (network, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.8"),
            ("0.0.0.0/0", "8.8.8.8", "::1"),
            ("fd00::/8", "fd12::1", "fe80::1"),
        ] {
            let network: Network = network.parse().unwrap();
            assert!(network.contains(inside.parse().unwrap()));
            assert!(!network.contains(outside.parse().unwrap()));
        }
    }

    #[test]
    fn a_wrong_network_is_named() {
        assert_eq!(
            "10.0.0.0/33".parse::<Proxies>(),
            Err(BadNetwork("10.0.0.0/33".into()))
        );
    }

    #[test]
    fn all_addresses_of_one_ipv6_customer_count_as_one() {
        let [one, two, other] = ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:3::1"]
            .map(|address| Client::at(address.parse().unwrap()));

        assert_eq!(one, two);
        assert_ne!(one, other);
        assert_eq!(one.to_string(), "2001:db8:1:2::/64");
    }
}
