//! Where the primary is: at an address of its own, or where most of the Sentinels say.

use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use redis::{
    Client, ConnectionAddr, ConnectionInfo, ErrorKind, IntoConnectionInfo as _, RedisResult,
};
use tokio::time::timeout;

/// What an address begins with that names Sentinels.
const SCHEME: &str = "redis+sentinel://";
/// Where a Sentinel answers if its address does not say.
const PORT: u16 = 26_379;
/// How long a Sentinel may take to say where the primary is.
const ASK: Duration = Duration::from_millis(500);

/// Where the primary is.
pub(crate) enum Place {
    Fixed(ConnectionInfo),
    Named(Sentinels),
    /// The address was not one.
    Nowhere,
}

/// Who knows where the primary is.
pub(crate) struct Sentinels {
    each: Vec<Client>,
    /// What they call it.
    name: String,
    /// How to speak to it: an address of its kind, in which host and port do not count.
    like: ConnectionInfo,
}

impl Place {
    /// Reads an address: `redis://host:port/db`, or `redis+sentinel://host:port,host:port/name/db`. A user and a password,
    /// `user:password@`, are for the servers, not for the Sentinels.
    pub(crate) fn read(address: &str) -> RedisResult<Self> {
        match address.strip_prefix(SCHEME) {
            Some(rest) => Ok(Self::Named(Sentinels::read(rest)?)),
            None => Ok(Self::Fixed(address.into_connection_info()?)),
        }
    }

    /// Where the primary is now.
    pub(crate) async fn primary(&self) -> RedisResult<ConnectionInfo> {
        match self {
            Self::Fixed(info) => Ok(info.clone()),
            Self::Named(sentinels) => sentinels.primary().await,
            Self::Nowhere => Err((ErrorKind::InvalidClientConfig, "no address").into()),
        }
    }

    /// Whether the primary may be elsewhere tomorrow.
    pub(crate) fn may_move(&self) -> bool {
        matches!(self, Self::Named(_))
    }
}

impl Sentinels {
    fn read(rest: &str) -> RedisResult<Self> {
        let wrong = || {
            (
                ErrorKind::InvalidClientConfig,
                "not host:port,host:port/name/db",
            )
        };
        let (login, rest) = match rest.rsplit_once('@') {
            Some((login, rest)) => (format!("{login}@"), rest),
            None => (String::new(), rest),
        };
        let (hosts, rest) = rest.split_once('/').ok_or_else(wrong)?;
        let (name, db) = rest.split_once('/').unwrap_or((rest, ""));
        if name.is_empty() {
            return Err(wrong().into());
        }
        let each = hosts.split(',').map(|host| Client::open(sentinel(host)));
        Ok(Self {
            each: each.collect::<RedisResult<_>>()?,
            name: name.to_owned(),
            like: format!("redis://{login}localhost/{db}").into_connection_info()?,
        })
    }

    /// Asks all of them at once, and goes by what most of them say: one that was frozen or cut off for a while may still name
    /// who was the primary before.
    async fn primary(&self) -> RedisResult<ConnectionInfo> {
        let mut asked: FuturesUnordered<_> = self.each.iter().map(|one| self.ask(one)).collect();
        let mut named: Vec<(ConnectionAddr, usize)> = Vec::new();
        while let Some(answer) = asked.next().await {
            let Some(addr) = answer else { continue };
            match named.iter_mut().find(|(other, _)| *other == addr) {
                Some((_, votes)) => *votes += 1,
                None => named.push((addr, 1)),
            }
            if named.iter().any(|(_, votes)| votes * 2 > self.each.len()) {
                break;
            }
        }
        let most = named.into_iter().max_by_key(|(_, votes)| *votes);
        let (addr, _) = most.ok_or((ErrorKind::Io, "no sentinel names a primary"))?;
        Ok(self.like.clone().set_addr(addr))
    }

    /// Where one of them has the primary; nothing, if it does not know or does not answer in time.
    async fn ask(&self, sentinel: &Client) -> Option<ConnectionAddr> {
        let asked = async {
            let mut wire = sentinel.get_multiplexed_async_connection().await?;
            let mut ask = redis::cmd("SENTINEL");
            ask.arg("GET-MASTER-ADDR-BY-NAME").arg(&self.name);
            ask.query_async::<Option<(String, u16)>>(&mut wire).await
        };
        let (host, port) = timeout(ASK, asked).await.ok()?.ok()??;
        Some(ConnectionAddr::Tcp(host, port))
    }
}

/// The address of a Sentinel at `host`, with or without its port.
fn sentinel(host: &str) -> String {
    let bare = host.rsplit(']').next().unwrap_or(host);
    if bare.contains(':') {
        format!("redis://{host}")
    } else {
        format!("redis://{host}:{PORT}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(address: &str) -> Sentinels {
        match Place::read(address) {
            Ok(Place::Named(sentinels)) => sentinels,
            Ok(_) => panic!("`{address}` names no Sentinels"),
            Err(error) => panic!("`{address}`: {error}"),
        }
    }

    #[test]
    fn an_address_of_sentinels_says_where_they_are_and_how_to_speak_to_the_primary() {
        let read = named("redis+sentinel://ann:pw@10.0.0.1:26380,[::1],sentinel-3:7/mymaster/2");

        let hosts: Vec<String> = read
            .each
            .iter()
            .map(|one| one.get_connection_info().addr().to_string())
            .collect();
        assert_eq!(hosts, ["10.0.0.1:26380", "::1:26379", "sentinel-3:7"]);
        assert_eq!(
            (&*read.name, read.like.redis_settings().db()),
            ("mymaster", 2)
        );
        assert_eq!(read.like.redis_settings().username(), Some("ann"));
    }

    #[test]
    fn a_database_and_a_login_may_be_left_out() {
        let read = named("redis+sentinel://one,two/mymaster");

        let settings = read.like.redis_settings();
        assert_eq!((read.each.len(), settings.db()), (2, 0));
        assert_eq!(settings.password(), None);
    }

    #[test]
    fn an_address_without_sentinels_or_a_name_is_refused() {
        for address in [
            "redis+sentinel://one:26379",
            "redis+sentinel://one:26379/",
            "redis+sentinel:///mymaster",
            "redis+sentinel://one:port/mymaster",
            "redis+sentinel://one/mymaster/db",
            "sentinel://one/mymaster",
        ] {
            assert!(Place::read(address).is_err(), "{address}");
        }
    }
}
